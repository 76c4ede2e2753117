"""Laws of the answer to an order: what passes, what never does, and what always must."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from risk.assess import assess
from risk.domain.decisions import (
    Decision,
    OrderRequest,
    Outcome,
    ReasonCode,
    SignalRequest,
)
from risk.domain.events import Verdict
from risk.domain.market import Trust
from risk.domain.orders import Order, OrderType, Side
from risk.domain.policy import Instrument, Policy
from risk.domain.positions import PositionKey
from risk.domain.reductions import Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Pending, Snapshot
from risk.domain.state import RiskState, Standing, TradingState
from risk.limits.base import Limit, LimitBase
from risk.limits.evaluation import surroundings
from risk.limits.guard import LimitGuard
from risk.limits.types import BOOK_LIMITS, limit_of
from risk.limits.views import BookView, OrderView, SentOrder
from risk.manager import RiskManager, order_validation, signal_validation, step
from tests.books import (
    ALIEN,
    ASSETS,
    BTC,
    ETH,
    KNOWN,
    NOW,
    PRICES,
    book_of,
    filled_with,
    held,
    keys,
    marks_of,
    order_of,
    orders,
    reservation_of,
    snapshot_of,
    snapshots,
    subsets_of,
    values,
)
from tests.policies import HARD, WHOLE, definition, policy_of

TREND_BTC = PositionKey("trend", BTC, "sim-a")


def manager_of(snapshot: Snapshot, policy: Policy | None, **changes: object) -> RiskManager:
    """The manager after the book's first step."""
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    return RiskManager(replace(state, **changes), snapshot)  # type: ignore[arg-type]


def request_of(order: Order, **changes: object) -> OrderRequest:
    request = OrderRequest(
        client_order_id=order.client_order_id,
        portfolio=order.portfolio,
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=order.quantity,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def ask(order: Order, snapshot: Snapshot, policy: Policy | None, **changes: object) -> Decision:
    return manager_of(snapshot, policy).validate_order(request_of(order, **changes))


def approved(order: Order, decision: Decision) -> Order:
    return replace(order, quantity=decision.allowed)


def book_kinds(*, monotone: bool | None = None) -> list[str]:
    """Kinds of limits on the book; daily volume is unknown in these books."""
    return [
        kind
        for kind, limit in BOOK_LIMITS.items()
        if kind != "days_to_flat" and monotone in (None, limit.monotone)
    ]


@st.composite
def policies(draw: st.DrawFn, kinds: list[str]) -> Policy:
    """A few limits of these kinds on scopes where they may be, tight enough to matter."""
    limits = []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(kinds))
        allowed = [s for s in SCOPES if s.kind in BOOK_LIMITS[kind].scopes]
        tightness = draw(st.sampled_from((0.02, 0.1, 0.3, 1.0)))
        hard = float(math.ceil(HARD[kind] * tightness)) if kind == "open_positions" else None
        limits.append(
            definition(
                kind,
                draw(st.sampled_from(allowed)),
                HARD[kind] * tightness if hard is None else hard,
                name=f"{number}",
            )
        )
    return policy_of(*limits)


SCOPES = [
    WHOLE,
    Scope(ScopeKind.STRATEGY_TYPE, "following"),
    Scope(ScopeKind.STRATEGY, "trend"),
    Scope(ScopeKind.ASSET, BTC),
    Scope(ScopeKind.ASSET, ETH),
    Scope(ScopeKind.VENUE, "sim-a"),
]


def excesses(snapshot: Snapshot, policy: Policy) -> list[float]:
    """How far the committed book is above each limit of a test; 0 within."""
    assessment = assess(snapshot)
    around = surroundings(policy, snapshot, equity=assessment.equity, performance=None, courses={})
    book = BookView(assessment.committed, around)
    return [_above(limit_of(each), book) for each in policy.limits if each.name.isdigit()]


def _above(limit: LimitBase, book: BookView) -> float:
    assert isinstance(limit, Limit)
    value = limit.measure(book)
    return math.inf if value is None else max(0.0, value - limit.hard) / (1.0 + limit.hard)


def assert_none_deeper(found: list[float], before: list[float]) -> None:
    assert all(
        after <= earlier * (1.0 + 1e-9) + 1e-9 for after, earlier in zip(found, before, strict=True)
    )


# --- new risk ------------------------------------------------------------------------------

_GATES = ("daily_loss", "drawdown")


@settings(max_examples=60)
@given(
    snapshots(whole=True, assets=KNOWN, max_pending=2),
    orders(assets=KNOWN),
    policies([kind for kind in book_kinds(monotone=True) if kind not in _GATES]),
)
def test_no_approval_creates_or_deepens_an_excess_whatever_subset_of_orders_fills(
    snapshot: Snapshot, order: Order, policy: Policy
) -> None:
    """Exact for monotone measures: every subset of the pending orders, one by one."""
    decision = ask(order, snapshot, policy)
    assume(decision.verdict is not Verdict.REJECT)
    assume(ReasonCode.REDUCTION_PROVEN not in decision.deciding)
    assume(not _reduces(order, snapshot))
    after = snapshot.after(approved(order, decision))

    before = excesses(snapshot, policy)
    for subset in subsets_of(after.pending):
        assert_none_deeper(excesses(filled_and_paid(after, subset), policy), before)


_EXPOSURES = [
    "gross_exposure",
    "net_exposure",
    "leverage",
    "concentration",
    "open_positions",
    "correlation_cluster",
]


@settings(max_examples=150)
@given(
    snapshots(whole=True, assets=KNOWN, max_pending=3),
    orders(assets=KNOWN),
    policies(_EXPOSURES),
    st.sampled_from((0.0, 0.3, 0.7)),
)
def test_no_approval_brings_an_excess_about_that_the_same_fills_would_not_have_without_it(
    snapshot: Snapshot, order: Order, policy: Policy, correlation: float
) -> None:
    """Also where other orders, which may never be filled, commit the book to an excess already."""
    policy = replace(policy, cluster_correlation=correlation)
    decision = ask(order, snapshot, policy)
    assume(decision.verdict is not Verdict.REJECT)
    assume(not _reduces(order, snapshot))
    new = Pending(order.key, approved(order, decision).signed_quantity)

    for subset in subsets_of(snapshot.pending):
        without = excesses(filled_and_paid(snapshot, subset), policy)
        assert_none_deeper(excesses(filled_and_paid(snapshot, (*subset, new)), policy), without)


@pytest.mark.parametrize("kind", ["net_exposure", "gross_exposure", "concentration", "leverage"])
def test_orders_the_other_way_that_are_beyond_a_limit_make_no_room(kind: str) -> None:
    """Placed while the limit was wider, and perhaps never filled."""
    selling = reservation_of(order_of(BTC, -2e6, name="resting"))
    snapshot = snapshot_of(book_of({}, reservations=[selling]))

    decision = ask(order_of(BTC, 2e6), snapshot, policy_of(definition(kind, hard=0.5)))

    assert decision.allowed * PRICES[BTC] <= 0.5e6
    assert kind in decision.deciding


def test_a_cluster_that_is_too_large_makes_no_room_for_another_one() -> None:
    policy = policy_of(definition("correlation_cluster", hard=0.5), cluster_correlation=0.99)
    snapshot = snapshot_of(book_of({TREND_BTC: 1e6}, cash=0.0))

    larger = ask(order_of(ETH, 0.9e6), snapshot, policy)
    within = ask(order_of(ETH, 0.5e6), snapshot, policy)

    assert larger.verdict is Verdict.RESIZE
    assert larger.allowed * PRICES[ETH] == pytest.approx(0.5e6, rel=1e-3)
    assert larger.deciding == ("correlation_cluster",)
    assert within.verdict is Verdict.APPROVE


def filled_and_paid(snapshot: Snapshot, fills: Sequence[Pending]) -> Snapshot:
    """The snapshot after these fills at the mark, which leave equity as it was."""
    after = filled_with(snapshot, fills)
    spent = sum(fill.open_quantity * PRICES[fill.key.asset] for fill in fills)
    return replace(after, ledger=replace(after.ledger, cash=after.ledger.cash - spent))


def _reduces(order: Order, snapshot: Snapshot) -> bool:
    position = snapshot.ledger.positions.get(order.key)
    return position is not None and position.quantity * order.signed_quantity < 0.0


@given(snapshots(whole=True, assets=KNOWN, max_pending=3), orders(assets=KNOWN), st.data())
def test_no_approval_creates_or_deepens_an_excess_of_what_is_committed(
    snapshot: Snapshot, order: Order, data: st.DataObject
) -> None:
    """Of every measure, fitted ones too."""
    policy = data.draw(policies([kind for kind in book_kinds() if kind not in _GATES]))
    decision = ask(order, snapshot, policy)
    assume(decision.verdict is not Verdict.REJECT)
    assume(not _reduces(order, snapshot))
    after = snapshot.after(approved(order, decision))

    assert_none_deeper(excesses(after, policy), excesses(snapshot, policy))


@settings(max_examples=40)
@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(book_kinds()))
def test_what_is_resized_would_not_pass_noticeably_larger(
    snapshot: Snapshot, order: Order, policy: Policy
) -> None:
    manager, asked = manager_of(snapshot, policy), 200.0 * order.quantity
    decision = manager.validate_order(request_of(order, quantity=asked))
    assume(decision.verdict is Verdict.RESIZE)
    assert 0.0 < decision.allowed < asked

    def verdict(quantity: float) -> Verdict:
        return manager.validate_order(request_of(order, quantity=quantity)).verdict

    assert verdict(decision.allowed) is Verdict.APPROVE
    noticeably = 0.01 * decision.allowed + 2e-6 * asked
    assert verdict(decision.allowed + noticeably) is not Verdict.APPROVE


@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(book_kinds()))
def test_a_resize_or_a_refusal_names_what_failed(
    snapshot: Snapshot, order: Order, policy: Policy
) -> None:
    decision = ask(order, snapshot, policy)
    failed = [r for r in decision.reasons if r.outcome is Outcome.FAILED]

    assert bool(failed) == (decision.verdict is not Verdict.APPROVE)
    assert tuple(dict.fromkeys(r.code for r in failed)) == decision.deciding or not failed


@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(book_kinds()))
def test_doubling_all_sizes_and_equity_changes_no_verdict(
    snapshot: Snapshot, order: Order, policy: Policy
) -> None:
    once = ask(order, snapshot, policy)
    twice = ask(replace(order, quantity=2.0 * order.quantity), doubled_book(snapshot), policy)

    assert twice.verdict is once.verdict
    assert twice.allowed == pytest.approx(2.0 * once.allowed, rel=1e-3)


def doubled_book(snapshot: Snapshot) -> Snapshot:
    ledger = snapshot.ledger
    return replace(
        snapshot,
        ledger=replace(
            ledger,
            cash=2.0 * ledger.cash,
            net_flows=2.0 * ledger.net_flows,
            positions={
                k: replace(p, quantity=2.0 * p.quantity, realised=2.0 * p.realised)
                for k, p in ledger.positions.items()
            },
            reservations={
                n: replace(
                    r,
                    filled=2.0 * r.filled,
                    order=replace(r.order, quantity=2.0 * r.order.quantity),
                )
                for n, r in ledger.reservations.items()
            },
        ),
        working_orders={
            n: replace(w, quantity=2.0 * w.quantity, filled=2.0 * w.filled)
            for n, w in snapshot.working_orders.items()
        },
    )


#: Kinds that look at nothing but values and their signs.
_MIRRORED = [
    kind
    for kind in book_kinds(monotone=True)
    if kind not in (*_GATES, "stablecoin_exposure", "stress_loss", "correlation_cluster")
]


@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(_MIRRORED))
def test_long_and_short_are_mirrors(snapshot: Snapshot, order: Order, policy: Policy) -> None:
    """With all signs turned and the same equity, the answer is the same."""
    once = ask(order, snapshot, policy)
    turned = replace(order, side=Side.SELL if order.side is Side.BUY else Side.BUY)
    again = ask(turned, mirrored(snapshot), policy)

    assert again.verdict is once.verdict
    assert again.allowed == pytest.approx(once.allowed, rel=1e-3)


def mirrored(snapshot: Snapshot) -> Snapshot:
    """All positions and orders turned round, with cash such that equity stays."""
    ledger = snapshot.ledger
    held_value = sum(p.quantity * PRICES[p.asset] for p in ledger.positions.values())

    def turn(side: Side) -> Side:
        return Side.SELL if side is Side.BUY else Side.BUY

    return replace(
        snapshot,
        ledger=replace(
            ledger,
            cash=ledger.cash + 2.0 * held_value,
            positions={k: replace(p, quantity=-p.quantity) for k, p in ledger.positions.items()},
            reservations={
                n: replace(r, order=replace(r.order, side=turn(r.order.side)))
                for n, r in ledger.reservations.items()
            },
        ),
        working_orders={
            n: replace(w, side=turn(w.side)) for n, w in snapshot.working_orders.items()
        },
    )


@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(book_kinds()))
def test_the_same_question_gets_the_same_answer(
    snapshot: Snapshot, order: Order, policy: Policy
) -> None:
    manager = manager_of(snapshot, policy)
    first = manager.validate_order(request_of(order))
    manager.validate_order(request_of(order, client_order_id="another", quantity=1.0))

    assert manager.validate_order(request_of(order)) == first


def test_an_excess_that_the_order_does_not_touch_does_not_stop_it() -> None:
    snapshot = snapshot_of(held(BTC, 5e5))
    policy = policy_of(definition("net_exposure", Scope(ScopeKind.ASSET, BTC), 0.1))

    assert ask(order_of(ETH, 1e4), snapshot, policy).verdict is Verdict.APPROVE
    assert ask(order_of(BTC, 1e4), snapshot, policy).deciding == ("net_exposure",)


def test_a_limit_that_no_order_can_mend_stops_all_new_risk_in_its_scope() -> None:
    snapshot = snapshot_of(held(BTC, 1e5))
    policy = policy_of(definition("drawdown", WHOLE, 0.05))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    assert state.performance is not None
    fallen = replace(
        state,
        performance=replace(
            state.performance, peak=state.performance.peak._replace(unit_value=1.25)
        ),
    )
    manager = RiskManager(fallen, snapshot)

    assert manager.validate_order(request_of(order_of(ETH, 1e3))).deciding == ("drawdown",)
    reduction = manager.validate_order(request_of(order_of(BTC, -1e4)))
    assert reduction.verdict is Verdict.APPROVE


# --- proven reductions ---------------------------------------------------------------------


@given(
    snapshots(assets=ASSETS),
    policies(book_kinds()),
    st.sampled_from([s for s in TradingState if s is not TradingState.HALTED]),
    st.floats(0.01, 1.0),
    st.data(),
)
def test_a_proven_reduction_is_never_refused_below_halted(
    snapshot: Snapshot, policy: Policy, state: TradingState, share: float, data: st.DataObject
) -> None:
    """Whatever the marks, the equity, the limits and the pending orders are."""
    assume(snapshot.ledger.positions)
    key = data.draw(st.sampled_from(sorted(snapshot.ledger.positions)))
    position = snapshot.ledger.positions[key]
    side = Side.SELL if position.quantity > 0.0 else Side.BUY
    pending = sum(
        p.open_quantity
        for p in snapshot.pending
        if p.key == key and p.open_quantity * side.sign > 0.0
    )
    free = max(0.0, abs(position.quantity) - abs(pending))
    assume(free > 1e-6 * abs(position.quantity))
    manager = manager_of(
        snapshot,
        policy if data.draw(st.booleans()) else None,
        standings={WHOLE: Standing(state, NOW, "set by the test")},
    )

    decision = manager.validate_order(_reduction(key, side, free * share))

    assert decision.verdict is Verdict.APPROVE
    assert decision.deciding == (ReasonCode.REDUCTION_PROVEN,)


def _reduction(key: PositionKey, side: Side, quantity: float) -> OrderRequest:
    return OrderRequest(
        client_order_id="reduction",
        portfolio="demo",
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        side=side,
        quantity=quantity,
    )


@given(values(), st.floats(1.01, 3.0))
def test_a_flip_is_no_reduction_but_what_it_closes_passes(value: float, times: float) -> None:
    snapshot = snapshot_of(held(BTC, value))
    standings = {WHOLE: Standing(TradingState.REDUCE_ONLY, NOW, "set by the test")}
    manager = manager_of(snapshot, policy_of(), standings=standings)

    decision = manager.validate_order(request_of(order_of(BTC, -value * times)))

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed == pytest.approx(abs(value) / PRICES[BTC])
    assert decision.deciding == (ReasonCode.REDUCTIONS_ONLY,)


@given(values())
def test_opening_from_flat_is_no_reduction_whatever_its_flag_says(value: float) -> None:
    decision = ask(order_of(BTC, value), snapshot_of(book_of({})), policy_of(), reduce_only=True)

    assert decision.verdict is Verdict.REJECT
    assert decision.deciding == (ReasonCode.REDUCTION_NOT_PROVEN,)


def test_two_reductions_sent_before_any_fill_never_turn_a_position_round() -> None:
    first = order_of(BTC, -8e4, name="first")
    snapshot = snapshot_of(held(BTC, 1e5)).after(first)

    decision = ask(order_of(BTC, -8e4), snapshot, None)

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed == pytest.approx(2e4 / PRICES[BTC])


def test_a_purchase_that_may_not_fill_proves_no_larger_sale() -> None:
    pending = [reservation_of(order_of(BTC, 1e5, name="buy"))]
    snapshot = snapshot_of(book_of({TREND_BTC: 1e5}, reservations=pending))

    assert ask(order_of(BTC, -2e5), snapshot, None).allowed == pytest.approx(1e5 / PRICES[BTC])


def test_another_strategys_position_proves_nothing() -> None:
    snapshot = snapshot_of(held(BTC, 1e5, strategy="dip"))

    assert ask(order_of(BTC, -1e4), snapshot, None).verdict is Verdict.REJECT


def test_closing_a_hedge_passes_with_a_warning_where_it_raises_risk() -> None:
    hedged = book_of({TREND_BTC: 4e5, PositionKey("dip", BTC, "sim-a"): -4e5})
    policy = policy_of(definition("net_exposure", WHOLE, 0.1))

    decision = ask(order_of(BTC, 4e5, strategy="dip"), snapshot_of(hedged), policy)

    assert decision.verdict is Verdict.APPROVE
    warned = [r for r in decision.reasons if r.outcome is Outcome.WARNED]
    assert [(r.code, r.subject) for r in warned] == [
        (ReasonCode.REDUCTION_RAISES_RISK, "net_exposure portfolio demo")
    ]


def test_a_halt_stops_a_reduction_unless_it_is_declared_an_emergency() -> None:
    standings = {WHOLE: Standing(TradingState.HALTED, NOW, "set by the test")}
    manager = manager_of(snapshot_of(held(BTC, 1e5)), policy_of(), standings=standings)
    reduction = request_of(order_of(BTC, -5e4))

    assert manager.validate_order(reduction).deciding == (ReasonCode.HALTED,)
    urgent = manager.validate_order(replace(reduction, emergency=True))
    assert urgent.verdict is Verdict.APPROVE


def test_an_emergency_opens_nothing() -> None:
    standings = {WHOLE: Standing(TradingState.HALTED, NOW, "set by the test")}
    manager = manager_of(snapshot_of(held(BTC, 1e5)), policy_of(), standings=standings)
    flip = request_of(order_of(BTC, -5e5), emergency=True)

    assert manager.validate_order(request_of(order_of(ETH, 1e3), emergency=True)).verdict is (
        Verdict.REJECT
    )
    assert manager.validate_order(flip).allowed == pytest.approx(1e5 / PRICES[BTC])


# --- trading states ------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES)
def test_the_tightest_enclosing_scope_rules(scope: Scope) -> None:
    standings = {
        WHOLE: Standing(TradingState.CAUTION, NOW, "set by the test"),
        scope: Standing(TradingState.REDUCE_ONLY, NOW, "set by the test"),
    }
    manager = manager_of(snapshot_of(book_of({})), policy_of(), standings=standings)
    inside = order_of(ETH if scope.name == ETH else BTC, 1e3)

    decision = manager.validate_order(request_of(inside))

    assert decision.trading_state is TradingState.REDUCE_ONLY
    assert decision.deciding == (ReasonCode.REDUCTIONS_ONLY,)
    assert decision.reasons[0].scope == scope


def test_a_scope_that_does_not_enclose_the_order_does_not_matter() -> None:
    standings = {Scope(ScopeKind.ASSET, ETH): Standing(TradingState.HALTED, NOW, "set by the test")}
    manager = manager_of(snapshot_of(book_of({})), policy_of(), standings=standings)

    assert manager.validate_order(request_of(order_of(BTC, 1e3))).verdict is Verdict.APPROVE


def test_where_trading_is_throttled_new_risk_is_made_smaller_and_not_refused() -> None:
    standings = {WHOLE: Standing(TradingState.THROTTLED, NOW, "set by the test")}
    manager = manager_of(snapshot_of(held(BTC, -1e5)), policy_of(), standings=standings)

    decision = manager.validate_order(request_of(order_of(BTC, 3e5)))

    # What closes the short position passes whole, what opens a long one by half.
    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed * PRICES[BTC] == pytest.approx(1e5 + 0.5 * 2e5)
    assert decision.deciding == (ReasonCode.THROTTLED,)


# --- what is no order, or cannot be judged -------------------------------------------------


@pytest.mark.parametrize("quantity", [math.nan, math.inf, -math.inf, 10**400, True, "1", None])
def test_a_quantity_that_is_no_finite_number_is_refused(quantity: object) -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(held(BTC, 1e5)), policy_of(), quantity=quantity)

    assert decision.verdict is Verdict.REJECT
    assert decision.deciding == (ReasonCode.QUANTITY_NOT_FINITE,)
    assert decision.requested == 0.0


@pytest.mark.parametrize("quantity", [0, 0.0, -0.0, -1, -1e-12])
def test_nothing_and_less_is_no_quantity(quantity: float) -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(held(BTC, 1e5)), policy_of(), quantity=quantity)

    assert decision.deciding == (ReasonCode.QUANTITY_NOT_POSITIVE,)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"side": "hold"}, ReasonCode.SIDE_UNKNOWN),
        ({"side": "BUY"}, ReasonCode.SIDE_UNKNOWN),
        ({"limit_price": 1.0}, ReasonCode.LIMIT_PRICE_UNEXPECTED),
        ({"order_type": OrderType.LIMIT}, ReasonCode.LIMIT_PRICE_MISSING),
        *[
            (
                {"order_type": OrderType.LIMIT, "limit_price": price},
                ReasonCode.LIMIT_PRICE_NOT_VALID,
            )
            for price in (math.nan, math.inf, 0.0, -1.0, True)
        ],
        ({"portfolio": "other"}, ReasonCode.PORTFOLIO_UNKNOWN),
        ({"strategy": "stranger"}, ReasonCode.STRATEGY_UNKNOWN),
        ({"asset": "btc/usdt"}, ReasonCode.ASSET_UNKNOWN),
        ({"venue": "elsewhere"}, ReasonCode.SCOPE_WITHOUT_LIMIT),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(changes: dict[str, object], code: str) -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), policy_of(), **changes)

    assert decision.verdict is Verdict.REJECT
    assert code in decision.deciding
    assert decision.allowed == 0.0


def test_without_a_policy_nothing_new_passes() -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), None)

    assert decision.deciding == (ReasonCode.NO_POLICY,)
    assert decision.limits_version == 0


def test_an_asset_that_the_policy_does_not_name_is_not_allowed() -> None:
    policy = policy_of(instruments={ETH: Instrument()})

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), policy)

    assert decision.deciding == (ReasonCode.ASSET_NOT_ALLOWED,)


@pytest.mark.parametrize("kind", [ScopeKind.PORTFOLIO, ScopeKind.STRATEGY, ScopeKind.ASSET])
def test_a_scope_without_a_limit_starts_at_zero(kind: ScopeKind) -> None:
    policy = policy_of()
    bare = replace(policy, limits=tuple(x for x in policy.limits if x.scope.kind is not kind))

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), bare)

    assert decision.deciding == (ReasonCode.SCOPE_WITHOUT_LIMIT,)
    assert decision.reasons[0].scope is not None
    assert decision.reasons[0].scope.kind is kind


def test_an_order_id_that_is_pending_is_a_duplicate() -> None:
    snapshot = snapshot_of(held(BTC, 1e5)).after(order_of(ETH, 1e3, name="once"))

    for asset in (ETH, BTC):
        decision = ask(order_of(asset, -1e3, name="once"), snapshot, policy_of())
        assert decision.verdict is Verdict.REJECT
        assert ReasonCode.DUPLICATE_ORDER in decision.deciding


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        (Trust.STALE, ReasonCode.MARK_NOT_TRUSTED),
        (Trust.SUSPECT, ReasonCode.MARK_NOT_TRUSTED),
        (Trust.MISSING, ReasonCode.MARK_MISSING),
    ],
)
def test_a_mark_that_is_not_trusted_stops_new_risk_and_lets_reductions_pass(
    trust: Trust, code: str
) -> None:
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: trust}))

    new = ask(order_of(BTC, 1e3), snapshot, policy_of())
    less = ask(order_of(BTC, -1e3), snapshot, policy_of())

    assert code in new.deciding
    assert less.verdict is Verdict.APPROVE


def test_equity_that_is_unknown_stops_new_risk_in_every_asset() -> None:
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: Trust.MISSING}))

    assert ReasonCode.EQUITY_UNKNOWN in ask(order_of(ETH, 1e3), snapshot, policy_of()).deciding


def test_equity_below_zero_stops_new_risk_and_lets_reductions_pass() -> None:
    snapshot = snapshot_of(book_of({TREND_BTC: 1e5}, cash=-2e5))

    assert ReasonCode.EQUITY_NOT_POSITIVE in ask(order_of(ETH, 1e3), snapshot, None).deciding
    assert ask(order_of(BTC, -1e5), snapshot, None).verdict is Verdict.APPROVE


def test_a_limit_that_cannot_be_measured_refuses_new_risk() -> None:
    snapshot = snapshot_of(book_of({}))
    policy = policy_of(definition("value_at_risk"))

    decision = ask(order_of(ALIEN, 1e3), snapshot, policy)

    assert decision.deciding == (ReasonCode.NOT_MEASURED,)
    assert decision.reasons[0].subject == "value_at_risk portfolio demo"


@given(
    snapshots(),
    policies(book_kinds()),
    st.text(max_size=3),
    st.one_of(st.floats(), st.integers(), st.text(max_size=3), st.none()),
    st.one_of(st.none(), st.floats()),
    st.sampled_from([*Side, "buy", "sideways", ""]),
    st.sampled_from(OrderType),
)
def test_nothing_that_an_agent_sends_raises(
    snapshot: Snapshot,
    policy: Policy,
    name: str,
    quantity: object,
    price: float | None,
    side: str,
    order_type: OrderType,
) -> None:
    manager = manager_of(snapshot, policy)
    for asset in (BTC, name):
        decision = manager.validate_order(
            OrderRequest(
                client_order_id=name,
                portfolio="demo",
                strategy="trend",
                asset=asset,
                venue="sim-a",
                side=side,
                quantity=quantity,  # type: ignore[arg-type]
                order_type=order_type,
                limit_price=price,
            )
        )
        assert math.isfinite(decision.allowed)
        assert all(r.value is None or not math.isnan(r.value) for r in decision.reasons)


@pytest.mark.parametrize(
    "name", ["client_order_id", "portfolio", "strategy", "asset", "venue", "side"]
)
@pytest.mark.parametrize("value", [[], {}, None, b"x", 1.0, np.array([1, 2]), "x" * 10**6])
def test_what_is_no_name_is_refused_and_does_not_raise(name: str, value: object) -> None:
    snapshot = snapshot_of(held(BTC, 1e5))
    code = ReasonCode.SIDE_UNKNOWN if name == "side" else ReasonCode.NAME_NOT_VALID

    for quantity in (1e3, -1e3):
        decision = ask(order_of(BTC, quantity), snapshot, policy_of(), **{name: value})
        assert decision.verdict is Verdict.REJECT
        assert code in decision.deciding
        assert order_validation(decision, snapshot).allowed_quantity == 0.0


@pytest.mark.parametrize("name", ["portfolio", "strategy", "asset", "venue", "side"])
def test_a_signal_of_what_is_no_name_is_refused_too(name: str) -> None:
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.BUY
    )
    wrong = replace(signal, **{name: []})  # type: ignore[arg-type]

    assert manager_of(snapshot_of(book_of({})), policy_of()).validate_signal(wrong).allowed == 0.0


def test_an_order_type_may_come_as_text() -> None:
    """As it does from a message; what is neither type is refused by name."""
    snapshot = snapshot_of(held(BTC, 1e5))

    def asked(kind: object, value: float, price: float | None = None) -> Decision:
        changes = {"order_type": kind, "limit_price": price}
        return ask(order_of(BTC, value), snapshot, policy_of(), **changes)

    assert asked("market", -1e3).verdict is Verdict.APPROVE
    assert asked("limit", 1e3, 5e4).verdict is Verdict.APPROVE
    for kind in ("stop", None, [], 1):
        assert asked(kind, 1e3, 5e4).deciding == (ReasonCode.ORDER_TYPE_UNKNOWN,)


@pytest.mark.parametrize("claim", ["false", "no", 1, [0]])
def test_only_true_is_an_emergency(claim: object) -> None:
    halted = {WHOLE: Standing(TradingState.HALTED, NOW, "set by the test")}
    manager = manager_of(snapshot_of(held(BTC, 1e5)), policy_of(), standings=halted)

    decision = manager.validate_order(request_of(order_of(BTC, -1e3), emergency=claim))

    assert decision.verdict is Verdict.REJECT


# --- the exchange's steps ------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [np.float64(0.37), 0.37])
def test_a_number_of_numpy_is_rounded_like_any_other(quantity: float) -> None:
    order, snapshot = order_of(BTC, 1e3), snapshot_of(book_of({}))

    assert ask(order, snapshot, stepped(lot=0.1), quantity=quantity).allowed == 0.3


def test_prices_and_quantities_beyond_all_steps_do_not_raise() -> None:
    order, snapshot = order_of(BTC, 1e3), snapshot_of(book_of({}))
    absurd = {"order_type": OrderType.LIMIT, "limit_price": 1e307}
    wide = policy_of(instruments={BTC: Instrument(lot=1e-8)}, open_to=1.7e308)

    assert ask(order, snapshot, stepped(tick=0.01), **absurd).allowed == order.quantity
    assert ask(order, snapshot, wide, quantity=1e301).allowed == 1e301


@pytest.mark.parametrize("quantity", [5e-324, 1e-8])
def test_less_than_a_lot_is_nothing(quantity: float) -> None:
    order, snapshot = order_of(BTC, 1e3), snapshot_of(book_of({}))

    decision = ask(order, snapshot, stepped(lot=0.1), quantity=quantity)

    assert (decision.verdict, decision.deciding) == (Verdict.REJECT, (ReasonCode.OFF_LOT,))


def stepped(**steps: float) -> Policy:
    return policy_of(instruments={BTC: Instrument(**steps)})


def test_a_quantity_between_lots_is_rounded_down() -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), stepped(lot=0.1), quantity=0.37)

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed == 0.3
    assert decision.deciding == (ReasonCode.OFF_LOT,)


def test_a_resize_is_rounded_down_to_the_lot() -> None:
    policy = replace(
        stepped(lot=0.25), limits=policy_of(definition("net_exposure", hard=0.1)).limits
    )

    decision = ask(order_of(BTC, 1e6), snapshot_of(book_of({})), policy)

    assert decision.allowed == 2.0  # 10 % of a million at 50,000
    assert decision.deciding == ("net_exposure",)


@pytest.mark.parametrize("wanted", [2.2, 3.0, 5.0, 17.0, 60.0, 999.0])
@pytest.mark.parametrize(
    ("steps", "largest"),
    [
        ({"lot": 0.25}, 2.0),
        ({"lot": 2.0}, 2.0),
        ({"lot": 1.0, "least": 2.0}, 2.0),
        ({"least": 2.0}, 2.0),
        ({"lot": 0.7}, 1.4),
        ({"lot": 0.1}, 2.0),
    ],
)
def test_an_edge_that_lies_on_a_lot_is_reached(
    wanted: float, steps: dict[str, float], largest: float
) -> None:
    limits = policy_of(definition("net_exposure", hard=0.1)).limits  # two bitcoin at 50,000
    policy = replace(stepped(**steps), limits=limits)
    manager = manager_of(snapshot_of(book_of({})), policy)

    def asked(quantity: float) -> Decision:
        return manager.validate_order(request_of(replace(order_of(BTC, 1.0), quantity=quantity)))

    assert asked(wanted).allowed == largest
    assert asked(largest).verdict is Verdict.APPROVE


def test_what_is_rounded_down_to_a_lot_has_passed_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fitted tail may be heavier of a smaller order than of a larger one."""
    measured = LimitGuard._values

    def heavier_between(guard: Any, enclosing: Any, order: OrderView, *, dear: bool) -> Any:
        values = measured(guard, enclosing, order, dear=dear)
        return [1e9, *values[1:]] if 4.0 <= order.quantity < 5.2 else values

    monkeypatch.setattr(LimitGuard, "_values", heavier_between)
    manager = manager_of(snapshot_of(book_of({})), stepped(lot=1.0))

    def asked(quantity: float) -> Decision:
        return manager.validate_order(request_of(replace(order_of(BTC, 1.0), quantity=quantity)))

    assert asked(6.0).allowed == 6.0
    assert (asked(5.3).verdict, asked(5.3).allowed) == (Verdict.RESIZE, 3.0)
    assert asked(3.0).verdict is Verdict.APPROVE


def test_less_than_the_least_quantity_is_refused() -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), stepped(least=0.5), quantity=0.4)

    assert decision.verdict is Verdict.REJECT
    assert decision.deciding == (ReasonCode.BELOW_LEAST,)


def test_a_limit_price_between_ticks_is_refused() -> None:
    changes = {"order_type": OrderType.LIMIT, "limit_price": 50_000.05}

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), stepped(tick=0.1), **changes)

    assert decision.deciding == (ReasonCode.OFF_TICK,)


def test_steps_never_stop_a_reduction() -> None:
    decision = ask(order_of(BTC, -1e3), snapshot_of(held(BTC, 1e5)), stepped(lot=1.0, least=1.0))

    assert decision.verdict is Verdict.APPROVE


# --- limits on single orders ---------------------------------------------------------------


def test_the_window_of_the_order_rate_is_pruned_by_time() -> None:
    snapshot, policy = snapshot_of(book_of({})), policy_of(definition("order_rate", hard=2.0))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state

    def codes(*seconds_ago: float) -> tuple[str, ...]:
        from datetime import timedelta

        sent = [SentOrder(NOW - timedelta(seconds=ago), ETH, Side.BUY, 1.0) for ago in seconds_ago]
        manager = RiskManager(state, snapshot, sent={"trend": sent, "dip": sent * 9})
        return manager.validate_order(request_of(order_of(BTC, 1e3))).deciding

    assert codes(59.9) == ()
    assert codes(59.9, 1.0) == ("order_rate",)
    assert codes(60.0, 59.9) == ()


def test_the_same_order_again_and_again_is_refused() -> None:
    snapshot, policy = snapshot_of(book_of({})), policy_of(definition("repeated_order", hard=2.0))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    again = order_of(BTC, 1e3)
    sent = [SentOrder(NOW, BTC, Side.BUY, again.quantity)] * 2
    manager = RiskManager(state, snapshot, sent={"trend": sent})

    refused = manager.validate_order(request_of(again))

    assert (refused.verdict, refused.deciding) == (Verdict.REJECT, ("repeated_order",))
    assert manager.validate_order(request_of(order_of(BTC, 2e3))).verdict is Verdict.APPROVE


def test_a_smaller_size_does_not_make_a_repeated_order_another_one() -> None:
    snapshot, policy = snapshot_of(book_of({})), policy_of(definition("repeated_order", hard=2.0))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    throttled = {WHOLE: Standing(TradingState.THROTTLED, NOW, "set by the test")}
    again = order_of(BTC, 1e3)
    sent = {"trend": [SentOrder(NOW, BTC, Side.BUY, again.quantity)] * 2}
    manager = RiskManager(replace(state, standings=throttled), snapshot, sent=sent)

    refused = manager.validate_order(request_of(again))

    assert refused.verdict is Verdict.REJECT
    assert "repeated_order" in refused.deciding


@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [
        (Side.BUY, 1.04, True),
        (Side.BUY, 1.06, False),
        (Side.BUY, 0.5, True),
        (Side.SELL, 0.96, True),
        (Side.SELL, 0.94, False),
        (Side.SELL, 2.0, True),
    ],
)
def test_a_price_on_the_costly_side_of_the_mark_is_held_by_the_collar(
    side: Side, price: float, passes: bool
) -> None:
    changes = {
        "side": side,
        "order_type": OrderType.LIMIT,
        "limit_price": price * PRICES[BTC],
    }
    policy = policy_of(definition("price_collar", hard=0.05))

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), policy, **changes)

    assert (decision.verdict is Verdict.APPROVE) == passes


def test_a_large_order_is_cut_to_what_one_order_may_be_worth() -> None:
    policy = policy_of(definition("order_notional", hard=2e4))

    decision = ask(order_of(BTC, 1e5), snapshot_of(book_of({})), policy)

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed * PRICES[BTC] == pytest.approx(2e4, rel=1e-3)


# --- signals and room ----------------------------------------------------------------------


def test_a_signal_without_a_size_gets_advice() -> None:
    """0.7 % of equity at two and a half daily deviations, 20 % of equity at most."""
    snapshot = snapshot_of(book_of({}))
    manager = manager_of(snapshot, policy_of())
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.BUY
    )
    day = snapshot.models.day
    deviation = math.sqrt(day.filter.variance[day.assets.index(BTC)])
    expected = min(1e6 * 0.007 / (2.5 * deviation), 0.2 * 1e6) / PRICES[BTC]

    advice = manager.validate_signal(signal)

    assert advice.allowed == pytest.approx(expected)
    told = signal_validation(advice, snapshot)
    assert (told.verdict, told.allowed_quantity) == (Verdict.APPROVE, advice.allowed)


def test_a_signal_is_cut_to_what_an_order_may_be() -> None:
    manager = manager_of(snapshot_of(book_of({})), policy_of(definition("net_exposure", hard=0.01)))
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.SELL, quantity=5.0
    )

    advice = manager.validate_signal(signal)

    assert advice.verdict is Verdict.RESIZE
    assert advice.allowed * PRICES[BTC] == pytest.approx(1e4, rel=1e-3)


def test_the_drawdown_ladder_makes_a_signal_smaller_and_an_order_not_once_more() -> None:
    manager = manager_of(
        snapshot_of(book_of({})), policy_of(), sizing=Sizing(0.25, "12 % under the high")
    )
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.BUY, quantity=4.0
    )

    advice = manager.validate_signal(signal)
    order = manager.validate_order(request_of(replace(order_of(BTC, 1.0), quantity=advice.allowed)))

    assert (advice.verdict, advice.allowed) == (Verdict.RESIZE, 1.0)
    assert advice.deciding == (ReasonCode.DE_RISKING,)
    assert order.verdict is Verdict.APPROVE


@given(st.floats(0.05, 1.0))
def test_factors_never_stack_the_strictest_rules(factor: float) -> None:
    manager = manager_of(
        snapshot_of(book_of({})),
        policy_of(),
        sizing=Sizing(factor, "under the high"),
        standings={WHOLE: Standing(TradingState.THROTTLED, NOW, "set by the test")},
    )
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.BUY, quantity=4.0
    )

    assert manager.validate_signal(signal).allowed == pytest.approx(4.0 * min(factor, 0.5))


def test_there_is_no_advice_for_an_asset_without_a_known_volatility() -> None:
    manager = manager_of(snapshot_of(book_of({})), policy_of())
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=ALIEN, venue="sim-a", side=Side.BUY
    )

    advice = manager.validate_signal(signal)

    assert (advice.verdict, advice.deciding) == (Verdict.REJECT, (ReasonCode.NOT_MEASURED,))


@given(snapshots(whole=True, assets=KNOWN), keys(KNOWN), st.sampled_from(Side), policies(_MIRRORED))
def test_the_room_is_what_passes_as_one_order(
    snapshot: Snapshot, key: PositionKey, side: Side, policy: Policy
) -> None:
    manager = manager_of(snapshot, policy)
    room = manager.room(key, side)
    assume(room.quantity > 0.0)

    decision = manager.validate_order(_reduction(key, side, room.quantity))

    assert decision.verdict is Verdict.APPROVE
    assert room.value == pytest.approx(room.quantity * PRICES[key.asset])


def test_the_room_names_what_binds() -> None:
    policy = policy_of(definition("net_exposure", Scope(ScopeKind.ASSET, BTC), 0.31))
    manager = manager_of(snapshot_of(held(BTC, 2.7e5)), policy)

    room = manager.room(TREND_BTC, Side.BUY)

    equity = 1e6 + 2.7e5
    assert room.value == pytest.approx(0.31 * equity - 2.7e5, rel=1e-3)
    assert room.decision.deciding == ("net_exposure",)


# --- what is told --------------------------------------------------------------------------


def test_an_answered_order_is_an_event() -> None:
    snapshot = snapshot_of(book_of({}))
    decision = ask(order_of(BTC, -1e6), snapshot, policy_of(definition("gross_exposure", hard=0.5)))

    told = order_validation(decision, snapshot)

    assert told.verdict is Verdict.RESIZE
    assert told.requested_quantity == -20.0
    assert told.allowed_quantity == pytest.approx(-10.0, rel=1e-3)
    assert told.reasons == ("gross_exposure",)


def test_reasons_tell_failures_first_and_skipped_checks_last() -> None:
    policy = policy_of(definition("gross_exposure", hard=0.5), definition("leverage"))
    failed = ask(order_of(BTC, 1e6), snapshot_of(book_of({})), policy).reasons
    blocked = ask(order_of(BTC, 1e6), snapshot_of(book_of({})), policy, strategy="stranger").reasons

    assert failed[0].code == "gross_exposure"
    assert {r.outcome for r in failed[1:]} == {Outcome.PASSED}
    assert blocked[0].code == ReasonCode.STRATEGY_UNKNOWN
    assert blocked[-1].outcome is Outcome.SKIPPED
    assert failed[0].headroom == pytest.approx(0.5 - 1.0)
