"""Answers to orders and signals: what passes, what is made smaller, what is refused, and why.

Pure: the same state, snapshot and order give the same answer. Nothing here raises for anything
that an agent sends; what cannot be measured is refused, unless it is a proven reduction.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from risk.assess import OrderCheck
from risk.domain.decisions import (
    Decision,
    OrderRequest,
    Outcome,
    Reason,
    ReasonCode,
    SignalRequest,
    Told,
)
from risk.domain.events import OrderValidation, SignalValidation, Verdict
from risk.domain.orders import Side
from risk.domain.policy import Instrument
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, TradingState
from risk.limits.evaluation import surroundings
from risk.limits.guard import CLOSENESS, LimitGuard
from risk.limits.rulebook import Rulebook
from risk.limits.views import OrderView, SentOrder
from risk.manager.forms import malformed, off_tick, rounded_down
from risk.measures.sizing import position_size
from risk.portfolio.committed import scopes_of

#: How long an answer may be acted upon.
ANSWER_LIFE = timedelta(seconds=5)
#: What the new part of an order is multiplied by where trading is throttled.
THROTTLED_SIZE = 0.5
#: Advice without a size: what loses 0.7 % of equity at two and a half daily deviations.
SIZING = {"risk_per_trade": 0.007, "stop_deviations": 2.5, "max_position": 0.20}
#: A first guess at the room in an asset, as a multiple of equity: more than any limit allows.
_MORE_THAN_ALLOWED = 16.0
#: What that guess may be off by, as a share of it, and a little more.
_LITTLE = 3.0 * CLOSENESS

# Quantities are floats: what differs by less than this share is the same quantity.
_SAME = 1e-9
_ANY_STEP = Instrument()


class Room(NamedTuple):
    """How much more of one asset may be traded now.

    Attributes
    ----------
    quantity : float
        Units that would pass as one order.
    value : float or None
        Quote currency, at the mark; None without one.
    decision : Decision
        What more would be answered: its failures are what binds.
    """

    quantity: float
    value: float | None
    decision: Decision


class RiskManager:
    """Answers for one book at one moment.

    Measures the snapshot once; each order then costs what it changes.

    Parameters
    ----------
    state : RiskState
        After the step over `snapshot`.
    snapshot : Snapshot
    sent : mapping of strategy to sequence of SentOrder, optional
        Orders that each strategy sent before, oldest first.
    """

    def __init__(
        self,
        state: RiskState,
        snapshot: Snapshot,
        *,
        sent: Mapping[str, Sequence[SentOrder]] | None = None,
    ) -> None:
        self._state = state
        self._snapshot = snapshot
        self._sent = sent or {}
        self._equity = snapshot.equity
        self._check = OrderCheck(snapshot)
        self._pending = _pending_units(snapshot)
        self._rulebook, self._guard = self._prepared()
        self._tightest: dict[PositionKey, tuple[TradingState, Scope]] = {}

    def _prepared(self) -> tuple[Rulebook | None, LimitGuard | None]:
        state, policy = self._state, self._state.policy
        if policy is None:
            return None, None
        rulebook = Rulebook(policy, state.portfolio, state.limits)
        around = surroundings(
            policy,
            self._snapshot,
            equity=self._equity,
            performance=state.performance,
            courses=state.courses,
        )
        return rulebook, LimitGuard(rulebook, self._check, around)

    # --- answers ---------------------------------------------------------------------------

    def validate_order(self, request: OrderRequest) -> Decision:
        """Approve, resize or reject an order, with reasons.

        Parameters
        ----------
        request : OrderRequest
            Anything: what makes no order is refused with a reason.
        """
        wrong = tuple(malformed(request, self._state.portfolio))
        if wrong:
            return self._answer(request, 0.0, wrong)
        least = min(request.quantity, self._reducible(request.key, Side(request.side)))
        if least >= request.quantity * (1.0 - _SAME):
            return self._answer_reduction(request)
        return self._answer_new_risk(request, least)

    def validate_signal(self, request: SignalRequest) -> Decision:
        """What an order of that kind would be answered; advises a size where none is named.

        Parameters
        ----------
        request : SignalRequest
            Without a quantity, the advice is the volatility size of the policy's sizing rule.
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
            unknown = Reason(
                ReasonCode.NOT_MEASURED, Outcome.FAILED, f"volatility of {request.asset}"
            )
            return self._answer(order, 0.0, (unknown,))
        return self.validate_order(order)

    def room(self, key: PositionKey, side: Side) -> Room:
        """The largest order that would pass now, and what keeps it from being larger.

        Asked twice: for more than any limit allows, and for a little more than what passes of
        that, so that the size is exact and only that fails which binds.
        """
        mark = self._snapshot.mark(key.asset)
        usable = mark.known and self._equity is not None and self._equity > 0.0
        beyond = _MORE_THAN_ALLOWED * self._equity / mark.price if usable and self._equity else 1.0
        least = self._reducible(key, side)
        order = OrderRequest(
            client_order_id=f"room/{self._snapshot.id}",
            portfolio=self._state.portfolio,
            strategy=key.strategy,
            asset=key.asset,
            venue=key.venue,
            side=side,
            quantity=beyond + least,
        )
        decision = self.validate_order(order)
        if decision.verdict is not Verdict.APPROVE and not any(self._blocking(order)):
            decision = self.validate_order(self._just_beyond(order, least, decision.allowed))
        value = decision.allowed * mark.price if mark.known else None
        return Room(decision.allowed, value, decision)

    def _just_beyond(self, order: OrderRequest, least: float, allowed: float) -> OrderRequest:
        """The order for a little more than what was allowed of it, whatever scales it down."""
        scaled, _ = self._scaled(order, least)
        if scaled <= least:
            return order
        policy = self._state.policy
        lot = policy.instruments[order.asset].lot if policy else 0.0
        wanted = max(allowed, least) + lot + _LITTLE * scaled
        factor = (scaled - least) / (order.quantity - least)
        return replace(order, quantity=least + (wanted - least) / factor)

    def tightest(self, key: PositionKey) -> tuple[TradingState, Scope]:
        """The tightest trading state of all scopes that enclose a position, and whose it is."""
        found = self._tightest.get(key)
        if found is None:
            standings = self._state.standings
            scopes = self._enclosing(key)
            states = [standings[s].state if s in standings else TradingState.NORMAL for s in scopes]
            worst = max(range(len(scopes)), key=lambda n: states[n])
            found = self._tightest[key] = (states[worst], scopes[worst])
        return found

    def _enclosing(self, key: PositionKey) -> tuple[Scope, ...]:
        if self._rulebook is not None:
            return self._rulebook.enclosing(key)
        return (Scope(ScopeKind.PORTFOLIO, self._state.portfolio), *scopes_of(key))

    # --- reductions ------------------------------------------------------------------------

    def _reducible(self, key: PositionKey, side: Side) -> float:
        """Units of an order on `side` that can only make the position smaller.

        What is held, less the orders on that side that may still be filled; orders on the other
        side may never be.
        """
        held = self._snapshot.ledger.positions.get(key)
        remaining = (held.quantity if held else 0.0) + self._pending.get((key, side), 0.0)
        return max(0.0, -side.sign * remaining)

    def _answer_reduction(self, request: OrderRequest) -> Decision:
        """A proven reduction passes everything but a halt, unless it says it is an emergency."""
        proven = Reason(ReasonCode.REDUCTION_PROVEN, Outcome.PASSED, request.asset)
        stopped = [*self._duplicate(request), *self._halted(request)]
        if stopped:
            return self._answer(request, 0.0, (*stopped, proven))
        return self._answer(request, request.quantity, (proven, *self._warnings(request)))

    def _halted(self, request: OrderRequest) -> Iterator[Reason]:
        state, scope = self.tightest(request.key)
        if state is TradingState.HALTED and not request.emergency:
            yield Reason(ReasonCode.HALTED, Outcome.FAILED, scope.name, scope)

    def _warnings(self, request: OrderRequest) -> Iterator[Reason]:
        """The limits that closing a hedge crosses, which does not stop it."""
        order = self._view(request)
        if self._guard is None or not order.mark.known or not self._equity:
            return
        for asked in self._guard.raised_by(order):
            told = asked.reason()
            yield told._replace(code=ReasonCode.REDUCTION_RAISES_RISK, outcome=Outcome.WARNED)

    # --- new risk --------------------------------------------------------------------------

    def _answer_new_risk(self, request: OrderRequest, least: float) -> Decision:
        blocking = tuple(self._blocking(request))
        if blocking or self._guard is None:
            skipped: Sequence[Told] = self._guard.skipped(request.key) if self._guard else ()
            return self._only_reducing(request, least, (*blocking, *skipped))
        size, scaled = self._scaled(request, least)
        order = self._view(request).resized(size)
        checks = self._guard.check(order)
        if all(asked.passed for asked in checks):
            allowed = size
        else:
            allowed = self._guard.largest(order, least=least)
        stepped, steps = self._in_steps(request, allowed)
        evidence: tuple[Told, ...] = (*scaled, *steps, *checks)
        if stepped < least or stepped <= 0.0:
            return self._only_reducing(request, least, evidence)
        return self._answer(request, stepped, evidence)

    def _blocking(self, request: OrderRequest) -> Iterator[Reason]:
        """What stops new risk whatever its size."""
        yield from self._duplicate(request)
        if request.reduce_only:
            yield Reason(ReasonCode.REDUCTION_NOT_PROVEN, Outcome.FAILED, request.asset)
        yield from self._not_allowed(request)
        yield from self._closed(request)
        yield from self._unmeasured(request)

    def _not_allowed(self, request: OrderRequest) -> Iterator[Reason]:
        """What the policy does not name may not be traded."""
        policy, rulebook = self._state.policy, self._rulebook
        if policy is None or rulebook is None:
            yield Reason(ReasonCode.NO_POLICY, Outcome.FAILED, self._state.portfolio)
            return
        if request.strategy not in policy.strategies:
            yield Reason(ReasonCode.STRATEGY_UNKNOWN, Outcome.FAILED, request.strategy)
        if request.asset not in policy.instruments:
            known = request.asset in self._snapshot.marks
            code = ReasonCode.ASSET_NOT_ALLOWED if known else ReasonCode.ASSET_UNKNOWN
            yield Reason(code, Outcome.FAILED, request.asset)
            return
        bare = rulebook.without_limit(request.key)
        if bare is not None:
            yield Reason(ReasonCode.SCOPE_WITHOUT_LIMIT, Outcome.FAILED, bare.name, bare)
        price = off_tick(request, policy.instruments[request.asset])
        if price is not None:
            yield price

    def _closed(self, request: OrderRequest) -> Iterator[Reason]:
        state, scope = self.tightest(request.key)
        if state is TradingState.HALTED:
            yield Reason(ReasonCode.HALTED, Outcome.FAILED, scope.name, scope)
        elif state is TradingState.REDUCE_ONLY:
            yield Reason(ReasonCode.REDUCTIONS_ONLY, Outcome.FAILED, scope.name, scope)

    def _unmeasured(self, request: OrderRequest) -> Iterator[Reason]:
        mark = self._snapshot.mark(request.asset)
        if not mark.known:
            yield Reason(ReasonCode.MARK_MISSING, Outcome.FAILED, request.asset)
        elif not mark.trust.allows_new_risk:
            yield Reason(ReasonCode.MARK_NOT_TRUSTED, Outcome.FAILED, request.asset)
        if self._equity is None:
            yield Reason(ReasonCode.EQUITY_UNKNOWN, Outcome.FAILED, self._state.portfolio)
        elif not self._equity > 0.0:
            yield Reason(
                ReasonCode.EQUITY_NOT_POSITIVE,
                Outcome.FAILED,
                self._state.portfolio,
                value=self._equity,
            )

    def _duplicate(self, request: OrderRequest) -> Iterator[Reason]:
        if self._check.is_pending(request.client_order_id):
            yield Reason(ReasonCode.DUPLICATE_ORDER, Outcome.FAILED, request.client_order_id)

    def _scaled(self, request: OrderRequest, least: float) -> tuple[float, tuple[Reason, ...]]:
        """The size that de-risking leaves of an order: the strictest factor on its new part."""
        state, scope = self.tightest(request.key)
        factors = []
        if state is TradingState.THROTTLED:
            factors.append((THROTTLED_SIZE, ReasonCode.THROTTLED, scope))
        if not factors:
            return request.quantity, ()
        factor, code, scope = min(factors, key=lambda each: each[0])
        size = least + factor * (request.quantity - least)
        return size, (Reason(code, Outcome.FAILED, scope.name, scope, value=factor),)

    def _in_steps(self, request: OrderRequest, allowed: float) -> tuple[float, tuple[Reason, ...]]:
        """The quantity in the exchange's steps, and what they took away."""
        policy = self._state.policy
        instrument = policy.instruments[request.asset] if policy else _ANY_STEP
        stepped = rounded_down(allowed, instrument.lot)
        if stepped < instrument.least:
            least = Reason(
                ReasonCode.BELOW_LEAST,
                Outcome.FAILED,
                request.asset,
                value=stepped,
                threshold=instrument.least,
            )
            return 0.0, (least,)
        if stepped < allowed and allowed == request.quantity:
            lot = Reason(
                ReasonCode.OFF_LOT,
                Outcome.FAILED,
                request.asset,
                value=allowed,
                threshold=instrument.lot,
            )
            return stepped, (lot,)
        return stepped, ()

    def _only_reducing(
        self, request: OrderRequest, least: float, evidence: tuple[Told, ...]
    ) -> Decision:
        """What reduces passes all the same, except of an order that has its answer already."""
        stopped = [*self._duplicate(request), *self._halted(request)]
        return self._answer(request, 0.0 if stopped else least, evidence)

    # --- advice ----------------------------------------------------------------------------

    def _advised(self, request: SignalRequest) -> float:
        """Units by volatility; NaN while they cannot be told, which is no order."""
        day, mark = self._snapshot.models.day, self._snapshot.mark(request.asset)
        column = day.column(request.asset)
        if column is None or not mark.known or not self._equity or self._equity <= 0.0:
            return math.nan
        volatility = math.sqrt(float(day.filter.variance[column]))
        if not (math.isfinite(volatility) and volatility > 0.0):
            return math.nan
        return position_size(self._equity, volatility, **SIZING) / mark.price

    # --- words -----------------------------------------------------------------------------

    def _view(self, request: OrderRequest) -> OrderView:
        return OrderView(
            at=self._snapshot.at,
            key=request.key,
            side=Side(request.side),
            quantity=request.quantity,
            mark=self._snapshot.mark(request.asset),
            order_type=request.order_type,
            limit_price=request.limit_price,
            sent=self._sent.get(request.strategy, ()),
        )

    def _answer(
        self, request: OrderRequest, allowed: float, evidence: tuple[Told, ...]
    ) -> Decision:
        """The decision: approved where all of it passes, resized where a part of it does."""
        side = Side(request.side) if request.side in tuple(Side) else None
        requested = request.quantity if allowed > 0.0 else _number_or_zero(request.quantity)
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
            side=side,
            evidence=evidence,
            trading_state=self.tightest(request.key)[0],
            snapshot_id=self._snapshot.id,
            limits_version=self._state.policy.version if self._state.policy else 0,
            expires_at=self._snapshot.at + ANSWER_LIFE,
        )


def _pending_units(snapshot: Snapshot) -> dict[tuple[PositionKey, Side], float]:
    """Signed units that may still be filled, of each position and side."""
    found: dict[tuple[PositionKey, Side], float] = {}
    for key, quantity in snapshot.pending:
        side = Side.BUY if quantity > 0.0 else Side.SELL
        found[key, side] = found.get((key, side), 0.0) + quantity
    return found


def _number_or_zero(value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return float(value) if number and math.isfinite(value) else 0.0  # type: ignore[arg-type]
    except OverflowError:
        return 0.0


def order_validation(decision: Decision, snapshot: Snapshot) -> OrderValidation:
    """The event about an answered order."""
    return OrderValidation(
        at=snapshot.at,
        portfolio=snapshot.portfolio,
        cycle=snapshot.id,
        client_order_id=decision.client_order_id,
        strategy=decision.strategy,
        asset=decision.asset,
        verdict=decision.verdict,
        requested_quantity=decision.signed(decision.requested),
        allowed_quantity=decision.signed(decision.allowed),
        reasons=decision.deciding,
    )


def signal_validation(decision: Decision, snapshot: Snapshot) -> SignalValidation:
    """The event about an answered signal."""
    return SignalValidation(
        at=snapshot.at,
        portfolio=snapshot.portfolio,
        cycle=snapshot.id,
        strategy=decision.strategy,
        asset=decision.asset,
        verdict=decision.verdict,
        requested_quantity=decision.signed(decision.requested),
        allowed_quantity=decision.signed(decision.allowed),
        reasons=decision.deciding,
    )
