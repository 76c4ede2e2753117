"""Answers to orders and signals: what passes, what is made smaller, what is refused, and why.

Pure: the same state, snapshot and order give the same answer. Nothing here raises for anything
that an agent sends; what cannot be measured is refused, unless it is a proven reduction.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.assess import OrderCheck
from risk.domain.decisions import (
    Decision,
    Evidence,
    OrderRequest,
    Outcome,
    Reason,
    ReasonCode,
    SignalRequest,
)
from risk.domain.events import Verdict
from risk.domain.ledger import Ledger
from risk.domain.orders import Side
from risk.domain.policy import Instrument
from risk.domain.positions import PositionKey
from risk.domain.reductions import FULL_SIZE, Sizing
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from risk.limits.evaluation import surroundings
from risk.limits.guard import LimitGuard
from risk.limits.largest import CLOSENESS, NEGLIGIBLE
from risk.limits.rulebook import Rulebook
from risk.limits.sent import NOTHING_SENT, SentOrders
from risk.limits.views import OrderView, Surroundings
from risk.limits.windowed import WindowedLimit
from risk.manager.crowding import OpenOrders
from risk.manager.forms import (
    failed,
    has_side,
    in_steps,
    is_finite,
    is_name,
    malformed,
    off_tick,
    steps_between,
)
from risk.manager.places import Place, Places, halted
from risk.measures.sizing import position_size
from risk.portfolio.following import moved_between

#: How long an answer may be acted upon.
ANSWER_LIFE = timedelta(seconds=5)
#: Advice without a size: what loses 0.7 % of equity at two and a half daily deviations.
SIZING = {"risk_per_trade": 0.007, "stop_deviations": 2.5, "max_position": 0.20}
#: The most room that is looked for, as a multiple of equity: no sensible book has so much.
MOST_ROOM = 16.0
#: What is asked for beyond the room that was found, as a share of it: more than the search for
#: it may be off by.
_LITTLE = 3.0 * CLOSENESS
# Quantities are floats: what differs by less than this share is the same quantity.
_SAME = 1e-9


class Room(NamedTuple):
    """How much more of one asset may be traded now.

    Attributes
    ----------
    quantity : float
        Units that would pass as one order; beyond what reduces, ``MOST_ROOM`` times equity at the
        most.
    value : float or None
        Quote currency, at the mark; None without one.
    decision : Decision
        What more would be answered: its failures are what binds.
    order : float
        Units to ask for, for that much to pass: more than `quantity` where each order is scaled.
    """

    quantity: float
    value: float | None
    decision: Decision
    order: float


class OrdersLeft(NamedTuple):
    """How many more orders may be sent, by the limits that count them.

    Attributes
    ----------
    orders, alike : int
        In all, and of one size, whichever that is.
    exhausted : tuple of Reason
        Why there may be none.
    """

    orders: int
    alike: int
    exhausted: tuple[Reason, ...]


class _Rules(NamedTuple):
    """The limits in force, and what neither an order nor the ledger changes of what they see."""

    rulebook: Rulebook
    around: Surroundings


def _rules_of(state: RiskState, snapshot: Snapshot) -> _Rules | None:
    policy = state.policy
    if policy is None:
        return None
    around = surroundings(
        policy,
        snapshot,
        equity=snapshot.equity,
        performance=state.performance,
        courses=state.courses,
    )
    return _Rules(Rulebook(policy, state.portfolio, state.limits), around)


class RiskManager:
    """Answers for one book at one moment.

    Measures the snapshot once; each order then costs what it changes.

    Parameters
    ----------
    state : RiskState
        After the step over `snapshot`.
    snapshot : Snapshot
    sent : mapping of strategy to SentOrders, optional
        Orders that each strategy sent before.
    barred : tuple of Reason
        What stops new risk whatever the order, apart from what the snapshot tells.
    check, rules, guard, places, open_orders : OrderCheck, tuple, LimitGuard, and so on, or None
        Of the snapshot and the state, where they are known already.
    """

    def __init__(
        self,
        state: RiskState,
        snapshot: Snapshot,
        *,
        sent: Mapping[str, SentOrders] | None = None,
        barred: tuple[Reason, ...] = (),
        check: OrderCheck | None = None,
        rules: "_Rules | None" = None,
        guard: LimitGuard | None = None,
        places: Places | None = None,
        open_orders: OpenOrders | None = None,
    ) -> None:
        self._state = state
        self._snapshot = snapshot
        self._sent = sent if sent is not None else {}
        self._equity = snapshot.equity if places is None else places.equity
        self._check = check or OrderCheck(snapshot)
        self._rules = rules if rules is not None else _rules_of(state, snapshot)
        self._guard = guard or self._new_guard()
        rulebook = None if self._rules is None else self._rules.rulebook
        self._barred = barred
        self._places = places or Places(state, snapshot, rulebook, self._equity, barred)
        self._open_orders = open_orders or OpenOrders.of(snapshot)
        self._version = state.policy.version if state.policy else 0
        self._at = snapshot.at
        self._expires_at = snapshot.at + ANSWER_LIFE

    def _new_guard(self) -> LimitGuard | None:
        if self._rules is None:
            return None
        rulebook, around = self._rules
        current = around if around.equity == self._equity else replace(around, equity=self._equity)
        return LimitGuard(rulebook, self._check, current)

    def following(self, ledger: Ledger) -> "RiskManager":
        """Answers for the same market once the ledger has moved on."""
        before = self._snapshot
        snapshot = before.over(ledger)
        moved = moved_between(before, snapshot)
        check = self._check.following(snapshot, moved)
        same_equity = (
            self._equity is not None
            and not moved.held
            and ledger.cash == before.ledger.cash
            # Of a book that may come to hold what nobody can value equity is not known.
            and all(snapshot.mark(each.key.asset).known for each, _ in moved.added)
        )
        return RiskManager(
            self._state,
            snapshot,
            sent=self._sent,
            barred=self._barred,
            check=check,
            rules=self._rules,
            guard=self._guard.following(check, moved.keys) if same_equity and self._guard else None,
            places=self._places.following(snapshot, moved) if same_equity else None,
            open_orders=self._open_orders.following(moved),
        )

    def under(
        self, standings: Mapping[Scope, Standing], barred: tuple[Reason, ...]
    ) -> "RiskManager":
        """Answers on the same book under other trading states, or with new risk barred.

        Parameters
        ----------
        standings : mapping of Scope to Standing
            In place of the state's.
        barred : tuple of Reason
            What stops new risk whatever the order.
        """
        return RiskManager(
            replace(self._state, standings=standings),
            self._snapshot,
            sent=self._sent,
            barred=barred,
            check=self._check,
            rules=self._rules,
            guard=self._guard,
            open_orders=self._open_orders,
        )

    # --- answers ---------------------------------------------------------------------------

    def advance_to(self, at: datetime) -> None:
        """Answer as of a later time from now on; the market stays as it was measured.

        Parameters
        ----------
        at : datetime
            The market's time, UTC; an earlier one than before changes nothing.
        """
        if at > self._at:
            self._at, self._expires_at = at, at + ANSWER_LIFE

    def validate_order(self, request: OrderRequest) -> Decision:
        """Approve, resize or reject an order, with reasons.

        Parameters
        ----------
        request : OrderRequest
            Anything: what makes no order is refused with a reason. Its size is taken for what the
            agent wants after de-risking: see `validate_signal`.
        """
        return self._validate(request, FULL_SIZE)

    def _validate(self, request: OrderRequest, sizing: Sizing) -> Decision:
        wrong = malformed(request, self._state.portfolio)
        if wrong:
            return self._answer_malformed(request, tuple(wrong))
        place = self._places.at(request.strategy, request.asset, request.venue, request.side)
        least = min(request.quantity, place.reducible)
        if least >= request.quantity * (1.0 - _SAME):
            return self._answer_reduction(request, place)
        return self._answer_new_risk(request, place, least, sizing)

    def duplicate(self, request: OrderRequest) -> Decision:
        """The refusal of an order whose id another one has."""
        return self._answer_malformed(request, (_duplicate(request),))

    def misnamed(self, request: OrderRequest) -> Decision:
        """The refusal of an order whose id is one that orders cannot have."""
        reason = failed(ReasonCode.NAME_NOT_VALID, "client order id")
        return self._answer_malformed(request, (reason,))

    def validate_signal(self, request: SignalRequest) -> Decision:
        """What an order of that kind would be answered; advises a size where none is named.

        Parameters
        ----------
        request : SignalRequest
            Its size is what the strategy would want of a book at its high: the drawdown ladder
            makes it smaller here, once, and not again when the order comes. Without a quantity,
            the advice begins with a volatility size (``SIZING``).
        """
        advised = self._advised(request) if request.quantity is None else request.quantity
        order = OrderRequest(
            client_order_id=f"signal/{self._snapshot.id}",
            portfolio=request.portfolio,
            strategy=request.strategy,
            asset=request.asset,
            venue=request.venue,
            side=request.side,
            quantity=advised,
        )
        if request.quantity is None and math.isnan(advised):
            unknown = failed(ReasonCode.NOT_MEASURED, f"volatility of {request.asset}")
            return self._answer_malformed(order, (unknown,))
        return self._validate(order, self._state.sizing)

    def room(self, key: PositionKey, side: Side) -> Room:
        """The largest order that would pass now, and what keeps it from being larger.

        Asked twice: for the most that is looked for, and for a little more than what passes of
        that, so that the size is exact and only that fails which binds.
        """
        mark, place = self._snapshot.mark(key.asset), self._places.at(*key, side)
        # Without mark or equity only what reduces passes, whatever else is asked for.
        most = MOST_ROOM * self._equity if self._equity is not None else 0.0
        beyond = most / mark.price if mark.known and most > 0.0 else 1.0
        order = OrderRequest(
            client_order_id=f"room/{self._snapshot.id}",
            portfolio=self._state.portfolio,
            strategy=key.strategy,
            asset=key.asset,
            venue=key.venue,
            side=side,
            quantity=beyond + place.reducible,
        )
        decision = self.validate_order(order)
        if decision.verdict is not Verdict.APPROVE and not self._blocking(order, place):
            decision = self.validate_order(_just_beyond(order, place, decision.allowed))
        value = decision.allowed * mark.price if mark.known else None
        sent = _before_scaling(order, place, decision.allowed)
        return Room(decision.allowed, value, decision, sent)

    def orders_left(self, request: OrderRequest, at_most: int) -> OrdersLeft:
        """How many more orders for an asset and side a strategy may send, of whatever sizes.

        Parameters
        ----------
        request : OrderRequest
            One that is an order, and has a mark.
        at_most : int
            As many as are wanted.
        """
        orders = alike = at_most
        exhausted = list[Reason]()
        if self._guard is None:
            return OrdersLeft(orders, alike, ())
        place = self._places.at(request.strategy, request.asset, request.venue, request.side)
        view = self._view(request, place, request.quantity)
        sizes = {request.quantity, *view.sent.sizes(request.asset, place.side)}
        for limit in self._guard.order_limits(place.key):
            if not isinstance(limit, WindowedLimit):
                continue
            worst = max(_counted(limit, replace(view, requested=each)) for each in sizes)
            more = math.floor(min(at_most, max(0.0, 1.0 + limit.hard - worst)))
            alike = min(alike, more)
            orders = orders if limit.of_one_size else min(orders, more)
            if not more:
                exhausted.append(_too_often(limit, worst))
        return OrdersLeft(orders, alike, tuple(exhausted))

    @property
    def looks_back(self) -> float:
        """Seconds for which any limit remembers the orders that were sent."""
        limits = () if self._rules is None else self._rules.rulebook.order_limits
        return max((n.seconds for n in limits if isinstance(n, WindowedLimit)), default=0.0)

    def tightest(self, key: PositionKey) -> tuple[TradingState, Scope]:
        """The tightest trading state of all scopes that enclose a position, and whose it is."""
        return self._places.tightest(key)

    # --- reductions ------------------------------------------------------------------------

    def _answer_reduction(self, request: OrderRequest, place: Place) -> Decision:
        """A proven reduction passes everything but a halt, unless it says it is an emergency."""
        proven = Reason(ReasonCode.REDUCTION_PROVEN, Outcome.PASSED, request.asset)
        stopped = self._stopped(request, place)
        if stopped:
            return self._answer(request, place, 0.0, (*stopped, proven))
        evidence = (proven, *self._warnings(request, place))
        return self._answer(request, place, request.quantity, evidence)

    def _stopped(self, request: OrderRequest, place: Place) -> list[Reason]:
        """What stops even a reduction."""
        found = []
        if self._check.is_pending(request.client_order_id):
            found.append(_duplicate(request))
        # Text such as "false" is true, and says nothing.
        if place.state is TradingState.HALTED and request.emergency is not True:
            found.append(halted(place.scope))
        return found

    def _warnings(self, request: OrderRequest, place: Place) -> Iterator[Reason]:
        """The limits that closing a hedge crosses, which does not stop it."""
        if self._guard is None or not place.mark.known or not self._equity:
            return
        for asked in self._guard.raised_by(self._view(request, place, request.quantity)):
            told = asked.reason()
            yield told._replace(code=ReasonCode.REDUCTION_RAISES_RISK, outcome=Outcome.WARNED)

    # --- new risk --------------------------------------------------------------------------

    def _answer_new_risk(
        self, request: OrderRequest, place: Place, least: float, sizing: Sizing
    ) -> Decision:
        blocking = self._blocking(request, place)
        if blocking or self._guard is None:
            skipped = (self._guard.skipped(place.key),) if self._guard else ()
            return self._only_reducing(request, place, least, (*blocking, *skipped))
        size, scaled = _scaled(request, place, least, sizing)
        order = self._view(request, place, size)
        checks = self._guard.check(order)
        allowed = size if checks.passed else self._largest(order, place.instrument, least)
        stepped, steps = in_steps(request, place.instrument, allowed)
        # A fitted tail may be heavier of the smaller order: what steps make of it is asked again.
        while least < stepped < allowed:
            again = self._guard.check(order.resized(stepped))
            if again.passed:
                break
            checks = again
            allowed = self._largest(order.resized(stepped), place.instrument, least)
            stepped, steps = in_steps(request, place.instrument, allowed)
        evidence: tuple[Evidence, ...] = (*scaled, *steps, checks)
        if stepped < least or stepped <= 0.0:
            return self._only_reducing(request, place, least, evidence)
        return self._answer(request, place, stepped, evidence)

    def _largest(self, order: OrderView, instrument: Instrument, least: float) -> float:
        """The largest quantity that passes; where lots are coarse, the largest number of them.

        What is found lies a little below the edge, which is often on a lot itself.
        """
        assert self._guard is not None, "limits were asked"
        found = self._guard.largest(order, least=least)
        edge = min(order.quantity, found * (1.0 + _LITTLE) + NEGLIGIBLE * order.quantity)
        for quantity in steps_between(found, edge, instrument):
            if self._guard.check(order.resized(quantity)).passed:
                return quantity
        return found

    def _blocking(self, request: OrderRequest, place: Place) -> list[Reason]:
        """What stops new risk whatever its size."""
        found = []
        if self._check.is_pending(request.client_order_id):
            found.append(_duplicate(request))
        if request.reduce_only:
            found.append(failed(ReasonCode.REDUCTION_NOT_PROVEN, request.asset))
        price = off_tick(request, place.instrument)
        if price is not None:
            found.append(price)
        found += place.closed
        found += self._open_orders.closed(place.key.strategy)
        return found

    def _only_reducing(
        self, request: OrderRequest, place: Place, least: float, evidence: tuple[Evidence, ...]
    ) -> Decision:
        """What reduces passes all the same, except of an order that has its answer already."""
        stopped = self._stopped(request, place)
        return self._answer(request, place, 0.0 if stopped else least, evidence)

    # --- advice ----------------------------------------------------------------------------

    def _advised(self, request: SignalRequest) -> float:
        """Units by volatility; NaN while they cannot be told, which is no order."""
        if not is_name(request.asset):
            return math.nan
        day, mark = self._snapshot.models.day, self._snapshot.mark(request.asset)
        column = day.column(request.asset)
        if column is None or not mark.known or not self._equity or self._equity <= 0.0:
            return math.nan
        volatility = math.sqrt(float(day.filter.variance[column]))
        if not (math.isfinite(volatility) and volatility > 0.0):
            return math.nan
        return position_size(self._equity, volatility, **SIZING) / mark.price

    # --- words -----------------------------------------------------------------------------

    def _view(self, request: OrderRequest, place: Place, quantity: float) -> OrderView:
        return OrderView(
            at=self._at,
            key=place.key,
            side=place.side,
            quantity=quantity,
            mark=place.mark,
            order_type=request.order_type,
            limit_price=request.limit_price,
            sent=self._sent.get(request.strategy, NOTHING_SENT),
            requested=request.quantity,
        )

    def _answer(
        self, request: OrderRequest, place: Place, allowed: float, evidence: tuple[Evidence, ...]
    ) -> Decision:
        """The decision: approved where all of it passes, resized where a part of it does."""
        requested = request.quantity
        if allowed <= 0.0:
            verdict = Verdict.REJECT
        elif allowed >= requested * (1.0 - _SAME):
            verdict, allowed = Verdict.APPROVE, requested
        else:
            verdict = Verdict.RESIZE
        return Decision(
            client_order_id=request.client_order_id,
            strategy=request.strategy,
            asset=request.asset,
            verdict=verdict,
            requested=requested,
            allowed=allowed,
            side=place.side,
            evidence=evidence,
            trading_state=place.state,
            snapshot_id=self._snapshot.id,
            limits_version=self._version,
            expires_at=self._expires_at,
        )

    def _answer_malformed(self, request: OrderRequest, wrong: tuple[Reason, ...]) -> Decision:
        """The refusal of what is no order."""
        nowhere = PositionKey("", "", "")
        key = request.key if all(map(is_name, request.key)) else nowhere
        return Decision(
            client_order_id=request.client_order_id if is_name(request.client_order_id) else "",
            strategy=key.strategy,
            asset=key.asset,
            verdict=Verdict.REJECT,
            requested=float(request.quantity) if is_finite(request.quantity) else 0.0,
            allowed=0.0,
            side=Side(request.side) if has_side(request) else None,
            evidence=wrong,
            trading_state=self.tightest(key)[0],
            snapshot_id=self._snapshot.id,
            limits_version=self._version,
            expires_at=self._expires_at,
        )


def _duplicate(request: OrderRequest) -> Reason:
    return failed(ReasonCode.DUPLICATE_ORDER, request.client_order_id)


def _counted(limit: WindowedLimit, view: OrderView) -> float:
    value = limit.measure_order(view)
    return math.inf if value is None else value


def _too_often(limit: WindowedLimit, value: float) -> Reason:
    kind, scope = limit.kind, limit.scope
    return Reason(kind, Outcome.FAILED, limit.name, scope, value, limit.hard, limit.unit)


def _just_beyond(order: OrderRequest, place: Place, allowed: float) -> OrderRequest:
    """The order for a little more than what was allowed of it, whatever scales it down."""
    least = place.reducible
    scaled, _ = _scaled(order, place, least, FULL_SIZE)
    if scaled <= least:
        return order
    wanted = max(allowed, least) + place.instrument.lot + _LITTLE * scaled
    return replace(order, quantity=_before_scaling(order, place, wanted))


def _before_scaling(order: OrderRequest, place: Place, wanted: float) -> float:
    """How much to ask for that `wanted` is left once the order's new part is scaled down."""
    least = place.reducible
    scaled, _ = _scaled(order, place, least, FULL_SIZE)
    if wanted <= least or scaled <= least:
        return wanted
    factor = (scaled - least) / (order.quantity - least)
    return least + (wanted - least) / factor


def _scaled(
    request: OrderRequest, place: Place, least: float, sizing: Sizing
) -> tuple[float, tuple[Reason, ...]]:
    """The size that de-risking leaves of an order: the strictest factor on its new part."""
    factors: list[tuple[float, ReasonCode, str, Scope | None]] = []
    if place.throttle is not None:
        size, scope = place.throttle
        factors.append((size, ReasonCode.THROTTLED, scope.name, scope))
    if sizing.factor < 1.0:
        factors.append((sizing.factor, ReasonCode.DE_RISKING, sizing.cause, None))
    if not factors:
        return request.quantity, ()
    factor, code, subject, whose = min(factors, key=lambda each: each[0])
    scaled = least + factor * (request.quantity - least)
    return scaled, (Reason(code, Outcome.FAILED, subject, whose, value=factor),)
