"""One book led through a history: the step measures it, and a rule says which orders are placed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.assess import OrderCheck
from risk.domain.decisions import OrderRequest
from risk.domain.events import Verdict
from risk.domain.ledger import Flow
from risk.domain.orders import Side
from risk.domain.ports import AccountReading, Carried, CycleRecord, MarketReading
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.lab.paper import DEPOSIT, Mandate
from risk.lab.replay.desk import Targets, reserved, settle, wanted
from risk.limits.evaluation import surroundings
from risk.limits.rulebook import Rulebook
from risk.limits.views import BookView, SentOrder
from risk.manager import RiskManager

#: How long back limits on single orders look at what a strategy sent before.
_REMEMBERED = timedelta(days=1)

#: One turn of the engine: what a reading leads to, and what the next turn starts from.
Turn = Callable[[Carried, MarketReading, AccountReading], tuple[CycleRecord, Carried]]


class Placed(NamedTuple):
    """What came of the orders that were wanted at one close.

    Attributes
    ----------
    snapshot : Snapshot
        With a reservation for every order placed.
    ordered : mapping of limit to float or None, or None
        What each limit measures of the book with its orders of new risk, whichever of them are
        filled; None if there was none.
    """

    snapshot: Snapshot
    ordered: Mapping[str, float | None] | None


#: Says which orders are placed: after the step, for the orders wanted at that close.
Rule = Callable[[RiskState, Snapshot, Sequence[OrderRequest]], Placed]


class Bar(NamedTuple):
    """What is kept of one bar of a book.

    Attributes
    ----------
    at : datetime
        The close. UTC.
    unit_value : float
        Of one unit of the book, which began with 1.
    gross : float
        Gross exposure as a multiple of equity; 0 without equity.
    values : tuple of float or None
        What each limit measured of the book as held, in the policy's order.
    hard : tuple of float
        The hard thresholds in force.
    ordered : tuple of float or None
        As `values`, of the book with the orders of new risk placed at this close; empty if there
        was none.
    """

    at: datetime
    unit_value: float
    gross: float
    values: tuple[float | None, ...]
    hard: tuple[float, ...]
    ordered: tuple[float | None, ...]


@dataclass
class ReplayedBook:
    """A book on its way through a history.

    Attributes
    ----------
    carried : Carried
        After the last bar, with the orders that are pending.
    mandates : tuple of Mandate
    turn : Turn
    rule : Rule
    bars : list of Bar
    """

    carried: Carried
    mandates: tuple[Mandate, ...]
    turn: Turn
    rule: Rule
    bars: list[Bar]

    def live(self, market: MarketReading, targets: Targets) -> None:
        """Take one bar: fill what was pending, measure, decide.

        Parameters
        ----------
        market : MarketReading
        targets : mapping of strategy to mapping of asset to float
            Drawn from closes up to `market.at`.
        """
        settled = settle(self.carried.ledger, market)
        flows = () if settled.ledger.seq else (_deposit(market.at),)
        carried = replace(self.carried, ledger=settled.ledger)
        record, after = self.turn(carried, market, AccountReading(fills=settled.fills, flows=flows))
        requests = tuple(wanted(targets, self.mandates, record.snapshot))
        placed = self.rule(record.state, record.snapshot, requests)
        self.carried = replace(after, ledger=placed.snapshot.ledger)
        self.bars.append(_bar(record, placed.ordered))


def _deposit(at: datetime) -> Flow:
    return Flow(id="replay/deposit", amount=DEPOSIT, at=at, note="paper money")


def _bar(record: CycleRecord, ordered: Mapping[str, float | None] | None) -> Bar:
    performance, limits = record.state.performance, record.state.limits
    assert performance is not None, "a book with a deposit has a value from its first bar on"
    return Bar(
        at=record.snapshot.at,
        unit_value=performance.unit_value,
        gross=record.assessment.leverage or 0.0,
        values=tuple(limit.value for limit in limits.values()),
        hard=tuple(limit.thresholds.hard for limit in limits.values()),
        ordered=() if ordered is None else tuple(ordered.get(name) for name in limits),
    )


# --- rules -----------------------------------------------------------------------------------


def as_wanted(state: RiskState, snapshot: Snapshot, requests: Sequence[OrderRequest]) -> Placed:
    """The rule of the shadow book: every order is placed as it is wanted."""
    growing, reducing = _split(snapshot, requests)
    grown = _all_reserved(snapshot, growing)
    ordered = measured_with_orders(state, grown) if growing else None
    return Placed(_all_reserved(grown, reducing), ordered)


def _all_reserved(snapshot: Snapshot, requests: Iterable[OrderRequest]) -> Snapshot:
    for request in requests:
        snapshot = reserved(snapshot, request, request.quantity)
    return snapshot


class AsAllowed:
    """The rule of the managed book: what the Risk Manager allows is placed, and no more.

    Attributes
    ----------
    verdicts : Counter of Verdict
        Answers given so far.
    """

    def __init__(self) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self._sent: dict[str, list[SentOrder]] = {}

    def __call__(
        self, state: RiskState, snapshot: Snapshot, requests: Sequence[OrderRequest]
    ) -> Placed:
        """Place what the manager allows of each order, one after another."""
        if not requests:
            return Placed(snapshot, None)
        self._forget(snapshot.at - _REMEMBERED)
        growing, reducing = _split(snapshot, requests)
        grown = self._allowed(state, snapshot, growing)
        ordered = None if grown is snapshot else measured_with_orders(state, grown)
        return Placed(self._allowed(state, grown, reducing), ordered)

    def _allowed(
        self, state: RiskState, snapshot: Snapshot, requests: Iterable[OrderRequest]
    ) -> Snapshot:
        manager: RiskManager | None = None
        for request in requests:
            # Measures the book once, so a refusal need not be followed by a new one.
            manager = manager or RiskManager(state, snapshot, sent=self._sent)
            decision = manager.validate_order(request)
            self.verdicts[decision.verdict] += 1
            self._note(request, snapshot.at)
            if decision.allowed > 0.0:
                snapshot, manager = reserved(snapshot, request, decision.allowed), None
        return snapshot

    def _note(self, request: OrderRequest, at: datetime) -> None:
        sent = SentOrder(at, request.asset, Side(request.side), request.quantity)
        self._sent.setdefault(request.strategy, []).append(sent)

    def _forget(self, until: datetime) -> None:
        for orders in self._sent.values():
            while orders and orders[0].at <= until:
                del orders[0]


def _split(
    snapshot: Snapshot, requests: Iterable[OrderRequest]
) -> tuple[list[OrderRequest], list[OrderRequest]]:
    """Orders that take new risk, and those that only make a position smaller."""
    growing: list[OrderRequest] = []
    reducing: list[OrderRequest] = []
    for request in requests:
        held = snapshot.ledger.positions.get(request.key)
        reducible = -Side(request.side).sign * held.quantity if held else 0.0
        (reducing if request.quantity <= reducible else growing).append(request)
    return growing, reducing


def measured_with_orders(state: RiskState, snapshot: Snapshot) -> Mapping[str, float | None]:
    """What each limit on the book measures with the snapshot's pending orders.

    Parameters
    ----------
    state : RiskState
        After the step over the snapshot without them, with a policy.
    snapshot : Snapshot
    """
    assert state.policy is not None, "a replay has a policy"
    around = surroundings(
        state.policy,
        snapshot,
        equity=snapshot.equity,
        performance=state.performance,
        courses=state.courses,
    )
    book = BookView(OrderCheck(snapshot).book, around)
    rulebook = Rulebook(state.policy, state.portfolio, state.limits)
    return {limit.name: limit.measure(book) for limit in rulebook.book_limits}
