"""What answers orders between two cycles: the last complete one, led along the live ledger.

Not safe for two threads at once: its owner holds a lock, except for `lead`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

from risk.domain.actions import Action, LatchTrading
from risk.domain.conduct import NO_CONDUCT, Conduct, conduct_less
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.latches import Latch, latched_at, latches_after
from risk.domain.ledger import Ledger
from risk.domain.policy import Policy
from risk.domain.ports import Clock, CycleRecord
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Standing
from risk.domain.trading import TradingState
from risk.errors import GateClosed
from risk.limits.sent import SentOrder, SentOrders
from risk.manager import RiskManager
from risk.manager.obeying import Obeyed, obeyed
from risk.manager.standings import tightened

_STALE = Reason(ReasonCode.SNAPSHOT_STALE, Outcome.FAILED, "snapshot")
_SILENT = Reason(ReasonCode.NOT_JOURNALLED, Outcome.FAILED, "journal")


class _Terms(NamedTuple):
    """What a manager answers under, beside the market and the ledger."""

    barred: tuple[Reason, ...]
    edition: int


class Answering:
    """The Risk Manager of now.

    Parameters
    ----------
    clock : Clock
    stale_after : float
        Seconds on the monotonic clock after which a snapshot carries no new risk.
    """

    def __init__(self, *, clock: Clock, stale_after: float) -> None:
        self._clock = clock
        self._stale_after = stale_after
        self._record: CycleRecord | None = None
        self._read_at = 0.0
        self._manager: RiskManager | None = None
        self._followed: Ledger | None = None
        self._terms: _Terms | None = None
        self._actions: list[Action] = []
        self._edition = 0
        self._latches: Mapping[Scope, Latch] = {}
        self._standings: Mapping[Scope, Standing] = {}
        self._foreseen: CycleRecord | None = None
        self._sent: dict[str, SentOrders] = {}
        self._conduct: dict[str, Conduct] = {}
        self._venue: str | None = None

    # --- cycles ----------------------------------------------------------------------------

    @property
    def record(self) -> CycleRecord:
        """The last complete cycle.

        Raises
        ------
        GateClosed
            Before the first one.
        """
        if self._record is None:
            raise _not_yet()
        return self._record

    def lead(self, record: CycleRecord, ledger: Ledger) -> RiskManager:
        """A manager of this cycle, led to this ledger; takes time, and needs no lock."""
        manager = RiskManager(record.state, record.snapshot, sent=self._sent)
        return manager if ledger is record.snapshot.ledger else manager.following(ledger)

    def serve(
        self, record: CycleRecord, manager: RiskManager, ledger: Ledger, *, read_at: float
    ) -> None:
        """Answer on this cycle from now on.

        Parameters
        ----------
        record : CycleRecord
        manager : RiskManager
            Of it, led to `ledger`.
        ledger : Ledger
        read_at : float
            On the monotonic clock, when its market was read: it may have been saved much later.
        """
        self._record = record
        self._read_at = read_at
        self._manager, self._followed, self._terms = manager, ledger, None
        self._venue = _only_venue(record.state.policy)
        self._foreseen = None
        seen = record.state.action_seq
        self._actions = [a for a in self._actions if a.seq == 0 or a.seq > seen]
        self._judge()
        self._forget_sent(manager.looks_back)
        self._conduct = conduct_less(self._conduct, record.snapshot.conduct)

    def tighten(self, record: CycleRecord) -> None:
        """Obey what a step tightened before its cycle is saved; it loosens nothing.

        Parameters
        ----------
        record : CycleRecord
            Not saved yet.
        """
        if tightened(self._standings, record.state.standings) is not self._standings:
            self._foreseen = record
            self._judge()

    @property
    def age(self) -> float:
        """Seconds since the market of the last cycle was read."""
        return self._clock.monotonic() - self._read_at

    @property
    def fresh(self) -> bool:
        """Whether the snapshot may carry new risk."""
        return self._record is not None and self.age <= self._stale_after

    # --- people ----------------------------------------------------------------------------

    @property
    def latches(self) -> Mapping[Scope, Latch]:
        """What is latched now, whether journalled or not."""
        return self._latches

    def take(self, actions: Iterable[Action]) -> None:
        """Take in what people asked, in the order of its numbers; again does nothing.

        A latch that holds already without a number gets the one that it has here.
        """
        seen = 0 if self._record is None else self._record.state.action_seq
        known = {action.seq: action for action in self._actions if action.seq}
        later = {action.seq: action for action in actions if action.seq > seen}
        # Of one that was asked twice, the second may be numbered long after the first.
        numbered = {_identity(each) for each in later.values() if isinstance(each, LatchTrading)}
        unnumbered = [a for a in self._actions if a.seq == 0 and _identity(a) not in numbered]
        found = {**later, **known}
        if len(found) + len(unnumbered) == len(self._actions) == len(known) + len(unnumbered):
            return
        self._actions = [found[seq] for seq in sorted(found)] + unnumbered
        self._judge()

    def latch(self, asked: LatchTrading) -> None:
        """Hold a scope from the next order on; its number is not known yet."""
        self._actions.append(asked)
        self._judge()

    def ask_anew(self, written: Iterable[LatchTrading]) -> list[LatchTrading]:
        """Latches that hold here, and were written down as ones that are long over.

        Somebody used an old id again. What was let go of under it cannot be let go of once more,
        so that these get ids of their own, and are to be written again.
        """
        if self._record is None:
            return []
        state = self._record.state
        old = {_identity(each) for each in written if each.seq <= state.action_seq}
        again = [a for a in self._actions if a.seq == 0 and _identity(a) in old]
        if not again:
            return []
        self._actions = [a for a in self._actions if a not in again]
        held = latches_after(state.latches, self._actions, at=self._clock.now())
        anew = [
            replace(each, id=str(uuid4()))
            for each in again
            if isinstance(each, LatchTrading) and latched_at(held, [each.scope]) < each.state
        ]
        self._actions += anew
        self._judge()
        return anew

    @property
    def action_seq(self) -> int:
        """The last action that answers know of."""
        last = 0 if self._record is None else self._record.state.action_seq
        return max([last, *(action.seq for action in self._actions)])

    def _judge(self) -> None:
        """Work out what is latched, and what each scope may do."""
        if self._record is None:
            return
        self._latches, standings = self._judged(self._record)
        if self._foreseen is not None:
            # Under what people have asked since too: what they loosened must not shut again.
            standings = tightened(standings, self._judged(self._foreseen).standings)
        self._standings = standings
        self._edition += 1

    def _judged(self, record: CycleRecord) -> Obeyed:
        """What holds over a cycle once people's words that it does not know are obeyed."""
        state = record.state
        later = [a for a in self._actions if a.seq == 0 or a.seq > state.action_seq]
        return obeyed(state, record.snapshot, record.assessment, later, at=self._clock.now())

    # --- orders ----------------------------------------------------------------------------

    def manager(self, ledger: Ledger, *, journalling: bool) -> RiskManager:
        """What answers now.

        Parameters
        ----------
        ledger : Ledger
            The live one.
        journalling : bool
            Whether answers can be written down.

        Raises
        ------
        GateClosed
            Before the first cycle.
        """
        manager = self._manager
        if manager is None:
            raise _not_yet()
        if ledger is not self._followed:
            manager, self._followed = manager.following(ledger), ledger
        terms = _Terms(self._barred(journalling), self._edition)
        if terms != self._terms:
            manager, self._terms = manager.under(self._standings, terms.barred), terms
        self._manager = manager
        manager.advance_to(self._clock.now())
        return manager

    def _barred(self, journalling: bool) -> tuple[Reason, ...]:
        stale = () if self.fresh else (_STALE,)
        return stale if journalling else (*stale, _SILENT)

    @property
    def venue(self) -> str:
        """Where an order goes that names no venue; empty where that is not clear."""
        return self._venue or ""

    def note_sent(self, strategy: str, order: SentOrder) -> None:
        """An order that was let through counts for the limits on how often there may be one."""
        self.sent_of(strategy).add(order)

    def sent_of(self, strategy: str) -> SentOrders:
        """What a strategy sent lately, and may have sent."""
        return self._sent.setdefault(strategy, SentOrders())

    @property
    def all_sent(self) -> Iterable[SentOrders]:
        """What each strategy sent lately."""
        return self._sent.values()

    @property
    def conduct(self) -> Mapping[str, Conduct]:
        """What each strategy asked for of which no served cycle has told."""
        return dict(self._conduct)

    def note_asked(self, strategy: str, *, refused: bool) -> None:
        """Count an order that was answered, of a strategy that the policy names.

        Of names that anybody can make up there is no end, and nothing is set on them.
        """
        policy = self.record.state.policy
        if policy is None or strategy not in policy.strategies:
            return
        counted = self._conduct.get(strategy, NO_CONDUCT)
        self._conduct[strategy] = counted.plus(Conduct(1, int(refused)))

    def _forget_sent(self, seconds: float) -> None:
        since = self._clock.now() - timedelta(seconds=seconds)
        for orders in self._sent.values():
            orders.forget_before(since)


def _not_yet() -> GateClosed:
    return GateClosed("the engine has not measured the book yet: ask again in a moment")


def _identity(action: Action) -> tuple[str, Scope, TradingState] | None:
    # An id that was used for another scope too must not make that one forgotten.
    if isinstance(action, LatchTrading):
        return action.id, action.scope, action.state
    return None


def _only_venue(policy: Policy | None) -> str | None:
    """The venue that a policy names, if it names exactly one: others have no limit, hence none."""
    limits = () if policy is None else policy.limits
    venues = {each.scope.name for each in limits if each.scope.kind is ScopeKind.VENUE}
    return venues.pop() if len(venues) == 1 else None
