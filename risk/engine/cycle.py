"""One cycle: read, load, step, save, publish.

Everything that decides is pure and elsewhere; here is only the order of things, and what to
do when the outside world does not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from risk.alerts.notices import bare_notice, notice_of, notices_of
from risk.domain.actions import Action, OverrideBreaker, ReleaseBreaker, ReleaseReservation
from risk.domain.conduct import Conduct
from risk.domain.events import RiskEvent
from risk.domain.latches import LATCHED, apply_latches
from risk.domain.ledger import Entry, Ledger
from risk.domain.model import DEFAULT_BOOK_MODEL, Model
from risk.domain.notices import Notice
from risk.domain.policy import Policy
from risk.domain.ports import (
    Account,
    AccountReading,
    AskedActions,
    Carried,
    Clock,
    CycleRecord,
    Executor,
    Feed,
    MarketReading,
    Store,
)
from risk.domain.snapshot import ShockMatrix, Snapshot
from risk.domain.trades import round_trips
from risk.engine.cards import begun_in, cards_of
from risk.engine.gate import Gate
from risk.errors import FeedUnavailable, StoreUnavailable
from risk.manager import step
from risk.measures.stops import MAINTENANCE_MARGIN
from risk.policy.adoption import ADOPTED, adopt
from risk.portfolio.choices import CHOSEN, choose
from risk.portfolio.forecasting import roll_models
from risk.stress.matrix import shocks_by

#: Every kind of action that a cycle or the gate applies.
_APPLIED = (*CHOSEN, *ADOPTED, *LATCHED, ReleaseReservation, ReleaseBreaker, OverrideBreaker)

_LOG = structlog.get_logger(__name__)


def take_cycle(
    carried: Carried,
    market: MarketReading,
    account: AccountReading,
    *,
    booked: Ledger | None = None,
    actions: Sequence[Action] = (),
    model_by_setting: str | None = None,
    conduct: Mapping[str, Conduct] | None = None,
) -> CycleRecord:
    """What a reading of market and account leads to. Pure.

    What people chose holds before the bars that closed are taken in: the forecast that ends with
    one stays as it was made, and the next one is of the model chosen.

    Parameters
    ----------
    carried : Carried
        After the last cycle.
    market : MarketReading
    account : AccountReading
    booked : Ledger or None
        With what the account tells booked already; None where the record is to book it.
    actions : sequence of Action
        Not taken in yet, oldest first.
    model_by_setting : str or None
        What measures the book unless a person has chosen; None leaves it as it is.
    conduct : mapping of strategy to Conduct, or None
        What was asked of the gate and no cycle has told yet; None where there is no gate.

    Returns
    -------
    CycleRecord
        As of a replay: it took no time, and was saved at the market's.

    Raises
    ------
    TypeError
        If there is an action of a kind that nothing applies.
    """
    _refuse_unapplied(actions)
    ledger = booked
    if ledger is None:
        ledger = carried.ledger.after_all(fills=account.fills, flows=account.flows)
    snapshot = _snapshot(carried, market, account, ledger, actions, model_by_setting)
    if conduct:
        snapshot = replace(snapshot, conduct=conduct)
    state, events, assessment, episodes = step(carried.state, snapshot)
    return CycleRecord(
        number=carried.state.cycle + 1,
        snapshot=snapshot,
        assessment=assessment,
        state=state,
        events=events,
        episodes=episodes,
        cards=cards_of(episodes, carried.state.breakers, snapshot, assessment, state),
        before=carried.state if begun_in(episodes, carried.state.breakers) else None,
        closes=market.closes,
        duration_ms=0.0,
        wall=market.at,
        entries=() if booked is not None else _numbered(carried.ledger, account),
        notices=notices_of(events, tell=_notice),
    )


def _notice(event: RiskEvent, place: int) -> Notice | None:
    """What people are told of an event, whatever goes wrong in putting it into words.

    An error in a sentence must neither keep a cycle from being saved nor a breaker from latching.
    """
    try:
        return notice_of(event, place)
    except Exception:  # noqa: BLE001 - whatever it was, it is told, and only the words suffer
        _LOG.exception("notice_failed", kind=type(event).__name__, cycle=event.cycle)
        return bare_notice(event, place)


def _snapshot(
    carried: Carried,
    market: MarketReading,
    account: AccountReading,
    ledger: Ledger,
    actions: Sequence[Action],
    model_by_setting: str | None,
) -> Snapshot:
    """All that a step looks at, with what people asked for taken in."""
    state = carried.state
    chosen = choose(carried.models, actions, in_use=state.book_model, by_setting=model_by_setting)
    adopted = adopt(
        state.policy, actions, portfolio=state.portfolio, at=market.at, limits=state.limits
    )
    latched = apply_latches(state.latches, actions, at=market.at)
    rolled = roll_models(chosen.models, market.closes, ledger, market.marks)
    return Snapshot(
        id=str(state.cycle + 1),
        portfolio=state.portfolio,
        at=market.at,
        marks=market.marks,
        ledger=ledger,
        models=rolled.models,
        working_orders=account.working_orders,
        fills=account.fills,
        flows=account.flows,
        scores=rolled.scores,
        hours=rolled.hours,
        shocks=_shocks(carried, rolled.models.day),
        faults=market.faults,
        action_seq=actions[-1].seq if actions else state.action_seq,
        model_changes=chosen.changes,
        policy_changes=adopted.changes,
        latch_changes=latched.changes,
        releases=tuple(each for each in actions if isinstance(each, ReleaseBreaker)),
        overrides=tuple(each for each in actions if isinstance(each, OverrideBreaker)),
        refusals=chosen.refusals + adopted.refusals + latched.refusals,
        prices_end=market.prices_end,
        closes=market.closes,
        maintenance_margin=_maintenance_margin(adopted.policy),
        trades=round_trips(carried.positions_told, account.fills),
    )


def _numbered(before: Ledger, account: AccountReading) -> tuple[tuple[int, Entry], ...]:
    return tuple(enumerate((*account.flows, *account.fills), start=before.seq + 1))


def _shocks(carried: Carried, day: Model) -> ShockMatrix:
    """Those of the last cycle, unless the model that they follow from is another one."""
    if carried.shocks is not None and day is carried.models.day:
        return carried.shocks
    return shocks_by(day)


def _maintenance_margin(policy: Policy | None) -> float:
    return MAINTENANCE_MARGIN if policy is None else policy.maintenance_margin


def _refuse_unapplied(actions: Sequence[Action]) -> None:
    for action in actions:
        if not isinstance(action, _APPLIED):
            raise TypeError(f"nothing applies an action of kind {type(action).__name__}")


def read_account(
    account: Account, executor: Executor, market: MarketReading, carried: Carried
) -> AccountReading:
    """What happened to the account, and then what was done about reductions not met yet.

    Parameters
    ----------
    account : Account
    executor : Executor
    market : MarketReading
    carried : Carried
        After the last cycle.

    Raises
    ------
    FeedUnavailable
        If the account does not answer.
    """
    reading = account.read(market, carried)
    ledger = carried.ledger.after_all(fills=reading.fills, flows=reading.flows)
    done = executor.execute(carried.state.unmet_by(ledger.positions), market, ledger)
    return replace(reading, fills=(*reading.fills, *done))


def carried_after(record: CycleRecord) -> Carried:
    """What the next cycle starts from."""
    snapshot = record.snapshot
    return Carried(
        state=record.state,
        ledger=snapshot.ledger,
        models=snapshot.models,
        shocks=snapshot.shocks,
    )


class Cycle:
    """Turns of the engine over one portfolio.

    Not safe for two threads at once: its owner takes care that turns never overlap.

    Parameters
    ----------
    feed : Feed
    account : Account
    executor : Executor
        Acts on the reductions that the last cycle left unmet, before this one judges the book.
    actions : AskedActions
    store : Store
    clock : Clock
    gate : Gate
        Keeps the live ledger, and answers on each cycle once it is saved.
    carried : Carried
        State after the last saved cycle.
    model_by_setting : str
        A key of ``BOOK_MODELS``: what measures the book unless a person has chosen.
    token : int
        Of the lease; every save carries it.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        account: Account,
        executor: Executor,
        actions: AskedActions,
        store: Store,
        clock: Clock,
        gate: Gate,
        carried: Carried,
        token: int,
        model_by_setting: str = DEFAULT_BOOK_MODEL,
    ) -> None:
        self._feed = feed
        self._account = account
        self._executor = executor
        self._actions = actions
        self._model_by_setting = model_by_setting
        self._store = store
        self._clock = clock
        self._gate = gate
        self._carried = carried
        self._token = token
        self._unsaved: CycleRecord | None = None
        self._read_at = 0.0
        self._unread: MarketReading | None = None

    def turn(self) -> CycleRecord | None:
        """Take one cycle; None if the market, the account or the database did not answer.

        A cycle that could not be saved is kept and tried again before anything new is read:
        it may have been saved after all, and two records must never share a number.

        Raises
        ------
        LeaseLost
            If another authority has taken the portfolio: nothing was written.
        """
        try:
            record = self._unsaved or self._read()
            self._unsaved = record
            # Before anything that can fail: what trips is obeyed, whether or not it can be saved.
            self._gate.tighten(record)
            self._store.save(record, token=self._token)
            self._gate.serve(record, read_at=self._read_at)
        except (FeedUnavailable, StoreUnavailable) as problem:
            _LOG.warning("cycle_missed", problem=str(problem))
            return None
        self._unsaved = None
        self._carried = carried_after(record)
        return record

    def _read(self) -> CycleRecord:
        begun = self._read_at = self._clock.monotonic()
        # First of all: they can be asked for again, what a feed or an account tells cannot.
        actions = self._actions.after(self._carried.state.action_seq)
        self._gate.take_actions(actions)
        self._unread = market = self._market()
        live = replace(self._carried, ledger=self._gate.ledger, told=None)
        account = read_account(self._account, self._executor, market, live)
        if account.fills or account.flows:
            # What no step can digest must not be booked: it would stand there for ever.
            take_cycle(live, market, account, actions=actions)
        ledger, told = self._gate.take_in(account)
        # Counted until the cycle that tells of it is saved and served.
        conduct = self._gate.conduct
        record = take_cycle(
            self._carried,
            market,
            told,
            booked=ledger,
            actions=actions,
            model_by_setting=self._model_by_setting,
            conduct=conduct,
        )
        self._unread = None
        elapsed = self._clock.monotonic() - begun
        return replace(record, duration_ms=elapsed * 1000.0, wall=self._clock.wall())

    def _market(self) -> MarketReading:
        """The market now, with the closes of a reading whose account did not answer."""
        last = self._carried.state.at
        now = self._clock.now()
        market = self._feed.read(now if last is None else max(now, last))
        missed = self._unread
        if missed is None:
            return market
        return replace(
            market,
            closes=missed.closes + market.closes,
            faults=missed.faults + market.faults,
        )
