"""The state of a book at a glance."""

from datetime import datetime

import msgspec

from risk.api.operations import READERS, Call, Operation
from risk.domain.gate import GateView
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState


class StatusAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """What is live now.

    Attributes
    ----------
    portfolio : str
    trading_state : str
        Of the whole book; single scopes may be tighter, see `breakers`.
    cause : str or None
        Why, one sentence.
    at : datetime or None
        The market's time of the last cycle. UTC.
    cycle : int
        Complete cycles.
    snapshot_id : str
    snapshot_age : float
        Seconds since the market of the last cycle was read.
    fresh : bool
        Whether new risk may be answered on it.
    journalling : bool
        Whether decisions can be written down; while they cannot, no new risk is approved.
    keys_certain : bool
        Whether changes of keys are known; while not, the last known ones stay in force.
    limits_version : int
        Of the policy in force; 0 for none.
    ledger_seq, action_seq : int
    equity : float or None
        Quote currency; None while something held cannot be valued.
    gross_exposure, net_exposure : float
        Held, quote currency.
    size_factor : float
        What every newly wanted size is multiplied by.
    size : float
        What new risk of the whole book is scaled by: below 1 only where `trading_state` is
        THROTTLED. Single scopes may be scaled further, see `breakers`.
    latches : list of str
        Scopes held tighter by people, as ``strategy:trend``.
    reservations : int
        Orders that room is set aside for, of the strategies that the key sees.
    """

    portfolio: str
    trading_state: str
    cause: str | None
    at: datetime | None
    cycle: int
    snapshot_id: str
    snapshot_age: float
    fresh: bool
    journalling: bool
    keys_certain: bool
    limits_version: int
    ledger_seq: int
    action_seq: int
    equity: float | None
    gross_exposure: float
    net_exposure: float
    size_factor: float
    size: float
    latches: list[str]
    reservations: int


async def _status(call: Call) -> StatusAnswer:
    view = call.view
    sight = call.sight(view)
    state, snapshot, assessment = view.state, view.snapshot, view.assessment
    standing, cause = trading_state(view)
    return StatusAnswer(
        portfolio=call.desk.portfolio,
        trading_state=standing.name,
        cause=cause,
        at=state.at,
        cycle=state.cycle,
        snapshot_id=snapshot.id,
        snapshot_age=view.snapshot_age,
        fresh=view.fresh,
        journalling=view.journalling,
        keys_certain=call.desk.keys.certain,
        limits_version=0 if state.policy is None else state.policy.version,
        ledger_seq=snapshot.ledger_seq,
        action_seq=snapshot.action_seq,
        equity=assessment.equity,
        gross_exposure=assessment.held.exposure.gross,
        net_exposure=assessment.held.exposure.net,
        size_factor=state.sizing.factor,
        size=_size(view, standing),
        latches=[scope.label for scope in view.latches if sight.scope(scope)],
        reservations=sum(
            sight.strategy(held.order.strategy) for held in view.open_reservations.values()
        ),
    )


def trading_state(view: GateView) -> tuple[TradingState, str | None]:
    """The book's own state and why: what rules found, or what people hold it at, if tighter."""
    whole = Scope(ScopeKind.PORTFOLIO, view.state.portfolio)
    standing, latch = view.state.standing(), view.latches.get(whole)
    # Before the first step nothing is known, and nothing may be traded.
    found = (standing.state, standing.cause) if standing else (TradingState.REDUCE_ONLY, None)
    if latch is not None and latch.state >= found[0]:
        return latch.state, latch.reason
    return found


def _size(view: GateView, ruling: TradingState) -> float:
    """What the whole book's new risk is scaled by; latches scale nothing, they stop."""
    standing = view.state.standing()
    return standing.size if standing is not None and ruling is TradingState.THROTTLED else 1.0


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/status",
        summary="The trading state, and how fresh everything is.",
        handle=_status,
        abilities=READERS,
        answer=StatusAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
