"""Which of the wanted orders are placed: all of them, or what the Risk Manager allows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from risk.assess import OrderCheck
from risk.domain.decisions import Decision, OrderRequest, Outcome
from risk.domain.events import Verdict
from risk.domain.ledger import Fill, Ledger
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.ports import Executor, MarketReading
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.lab.replay.book import Placed
from risk.lab.replay.desk import Wish, reserved
from risk.lab.wishing import NO_TRADE_BAND
from risk.limits.evaluation import surroundings
from risk.limits.rulebook import Rulebook
from risk.limits.sent import SentOrder, SentOrders
from risk.limits.types import BOOK_LIMITS
from risk.limits.views import BookView
from risk.manager import RiskManager

#: How long an agent that was told no waits before it asks for the same again, and how long back
#: limits on single orders look at what a strategy sent.
PATIENCE = timedelta(days=1)


class UpTo(StrEnum):
    """How far the managed book's own orders go: to the soft thresholds, or to the hard ones."""

    SOFT = "soft"
    HARD = "hard"


class AsWanted:
    """The rule of the shadow book: every order is placed as wanted, none is made smaller."""

    def size(self, state: RiskState) -> float:  # noqa: ARG002
        """The whole target, whatever the drawdown."""
        return 1.0

    def place(self, state: RiskState, snapshot: Snapshot, wishes: Sequence[Wish]) -> Placed:
        """All of them."""
        growing, reducing = _split(snapshot, wishes)
        grown = _all_reserved(snapshot, growing)
        ordered = measured_with_orders(state, grown) if growing else None
        return Placed(_all_reserved(grown, reducing), ordered)

    def reduce(
        self,
        state: RiskState,  # noqa: ARG002
        market: MarketReading,  # noqa: ARG002
        ledger: Ledger,  # noqa: ARG002
    ) -> Sequence[Fill]:
        """Nothing."""
        return ()


def _all_reserved(snapshot: Snapshot, wishes: Iterable[Wish]) -> Snapshot:
    for wish in wishes:
        snapshot = reserved(snapshot, wish.request, wish.request.quantity)
    return snapshot


class HeldBack(NamedTuple):
    """What kept an order of the managed book smaller than wished.

    Attributes
    ----------
    code : str
        A `ReasonCode`, or the kind of a limit.
    subject : str
        The limit's name, or what the check was about.
    """

    code: str
    subject: str


class _Answer(NamedTuple):
    """A wish that was not granted in full."""

    weight: float
    at: datetime


class AsAllowed:
    """The rule of the managed book: what the Risk Manager allows is placed, and no more.

    Its agent is a sensible one. It wants as much as the drawdown ladder leaves, and nothing of what
    cools down after a stop. Told no, or asked for less, it does not come back with the same wish
    within a day, unless that has changed by more than what is worth a trade.

    Parameters
    ----------
    executor : Executor
        Who trades what the manager asks to be smaller.
    up_to : UpTo
        With ``soft``, the agent asks for no more than what leaves every limit at its soft
        threshold, so that a move of the market before the fill breaks no hard one. Loss limits
        are not looked at so: no order can mend them.

    Attributes
    ----------
    verdicts : Counter of Verdict
        Answers of the manager so far, those to reductions and to what the agent asked for.
    held_back : Counter of HeldBack
        Why new risk was asked for in part or not at all, or not granted in full; an order may
        have several reasons.
    """

    def __init__(self, executor: Executor, up_to: UpTo = UpTo.SOFT) -> None:
        self._executor = executor
        self.verdicts: Counter[Verdict] = Counter()
        self.held_back: Counter[HeldBack] = Counter()
        self._up_to = up_to
        self._refused: dict[PositionKey, _Answer] = {}
        self._sent: dict[str, SentOrders] = {}

    def size(self, state: RiskState) -> float:
        """What the drawdown ladder leaves."""
        return state.sizing.factor

    def reduce(self, state: RiskState, market: MarketReading, ledger: Ledger) -> Sequence[Fill]:
        """What the executor makes of the requests."""
        return self._executor.execute(state.unmet_by(ledger.positions), market, ledger)

    def place(self, state: RiskState, snapshot: Snapshot, wishes: Sequence[Wish]) -> Placed:
        """What the manager allows of each order, one after another."""
        if not wishes:
            return Placed(snapshot, None)
        self._forget(snapshot.at - PATIENCE)
        growing, reducing = _split(snapshot, wishes)
        self._heed(state, growing, snapshot.at)
        free = (wish for wish in growing if wish.request.key not in state.cool_downs)
        news = [wish for wish in free if self._is_news(wish)]
        grown, shrinking = self._grown(state, snapshot, news)
        ordered = None if grown is snapshot else measured_with_orders(state, grown)
        for wish in reducing:
            self._refused.pop(wish.request.key, None)
        smaller = (*shrinking, *(wish.request for wish in reducing))
        return Placed(self._reduced(state, grown, smaller), ordered)

    def _grown(
        self, state: RiskState, snapshot: Snapshot, wishes: Iterable[Wish]
    ) -> tuple[Snapshot, list[OrderRequest]]:
        """The snapshot with the orders that take new risk, and what only reduces after all."""
        shrinking: list[OrderRequest] = []
        for wish in wishes:
            asked = self._asked_for(state, snapshot, wish.request)
            allowed = asked.quantity
            if _reducible(snapshot, asked) < allowed:
                allowed = self._answered(state, snapshot, asked)
            if allowed < wish.request.quantity:
                self._refused[asked.key] = _Answer(wish.weight, snapshot.at)
            else:
                self._refused.pop(asked.key, None)
            if allowed > _reducible(snapshot, asked):
                snapshot = reserved(snapshot, asked, allowed)
            elif allowed > 0.0:
                shrinking.append(replace(asked, quantity=allowed))
        return snapshot, shrinking

    def _asked_for(
        self, state: RiskState, snapshot: Snapshot, request: OrderRequest
    ) -> OrderRequest:
        """The order that the agent sends: as large as its wish, or as its restraint leaves it."""
        if self._up_to is UpTo.HARD:
            return request
        manager = RiskManager(_held_to_soft(state), snapshot, sent=self._sent)
        decision = manager.validate_order(request)
        self._note(decision)
        return replace(request, quantity=decision.allowed)

    def _reduced(
        self, state: RiskState, snapshot: Snapshot, requests: Iterable[OrderRequest]
    ) -> Snapshot:
        for request in requests:
            allowed = self._answered(state, snapshot, request)
            if allowed > 0.0:
                snapshot = reserved(snapshot, request, allowed)
        return snapshot

    def _answered(self, state: RiskState, snapshot: Snapshot, request: OrderRequest) -> float:
        decision = RiskManager(state, snapshot, sent=self._sent).validate_order(request)
        self.verdicts[decision.verdict] += 1
        self._note(decision)
        sent = SentOrder(snapshot.at, request.asset, Side(request.side), request.quantity)
        self._sent.setdefault(request.strategy, SentOrders()).add(sent)
        return decision.allowed

    def _note(self, decision: Decision) -> None:
        if decision.verdict is not Verdict.APPROVE:
            failed = (each for each in decision.reasons if each.outcome is Outcome.FAILED)
            self.held_back.update({HeldBack(each.code, each.subject) for each in failed})

    def _heed(self, state: RiskState, wishes: Iterable[Wish], at: datetime) -> None:
        """A position that is asked to be smaller is not made larger: that is a no as well."""
        asked = {reduction.key for reduction in state.open_reductions}
        for wish in wishes:
            if wish.request.key in asked:
                self._refused[wish.request.key] = _Answer(wish.weight, at)

    def _is_news(self, wish: Wish) -> bool:
        told = self._refused.get(wish.request.key)
        return told is None or abs(wish.weight - told.weight) > NO_TRADE_BAND

    def _forget(self, until: datetime) -> None:
        self._refused = {k: told for k, told in self._refused.items() if told.at > until}
        for orders in self._sent.values():
            orders.forget_before(until)


def _held_to_soft(state: RiskState) -> RiskState:
    """The state as if the soft thresholds were the hard ones, of limits that orders can mend."""
    assert state.policy is not None, "a replay has a policy"
    mendable = _mendable(state.policy)
    limits = {
        name: each._replace(thresholds=each.thresholds._replace(hard=each.thresholds.soft))
        if name in mendable
        else each
        for name, each in state.limits.items()
    }
    return replace(state, limits=limits)


def _mendable(policy: Policy) -> set[str]:
    kinds = {name for name, kind in BOOK_LIMITS.items() if not kind.stops}
    return {limit.name for limit in policy.limits if limit.kind in kinds}


def _split(snapshot: Snapshot, wishes: Iterable[Wish]) -> tuple[list[Wish], list[Wish]]:
    """Wishes that take new risk, and those that only make a position smaller."""
    growing: list[Wish] = []
    reducing: list[Wish] = []
    for wish in wishes:
        only_reduces = wish.request.quantity <= _reducible(snapshot, wish.request)
        (reducing if only_reduces else growing).append(wish)
    return growing, reducing


def _reducible(snapshot: Snapshot, request: OrderRequest) -> float:
    """Units of a request that only make its position smaller; 0 if it makes it larger."""
    held = snapshot.ledger.positions.get(request.key)
    return max(0.0, -Side(request.side).sign * held.quantity) if held else 0.0


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
