"""Laws of the answer to new risk: what passes, what is made smaller, and what is told of it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from risk.assess import assess
from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.events import Verdict
from risk.domain.orders import Order, OrderType, Side
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Pending, Snapshot
from risk.domain.state import RiskState, Standing, TradingState
from risk.limits.base import Limit, LimitBase
from risk.limits.evaluation import surroundings
from risk.limits.sent import SentOrder, SentOrders
from risk.limits.types import BOOK_LIMITS, limit_of
from risk.limits.views import BookView
from risk.manager import RiskManager, step
from tests.books import (
    BTC,
    ETH,
    KNOWN,
    NOW,
    PRICES,
    book_of,
    filled_with,
    held,
    order_of,
    orders,
    reservation_of,
    snapshot_of,
    snapshots,
    subsets_of,
)
from tests.manager.asking import (
    GATES,
    MIRRORED,
    TREND_BTC,
    approved,
    ask,
    book_kinds,
    manager_of,
    policies,
    request_of,
)
from tests.policies import WHOLE, definition, policy_of


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


@settings(max_examples=60)
@given(
    snapshots(whole=True, assets=KNOWN, max_pending=2),
    orders(assets=KNOWN),
    policies([kind for kind in book_kinds(monotone=True) if kind not in GATES]),
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


@settings(max_examples=60)
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
    policy = data.draw(policies([kind for kind in book_kinds() if kind not in GATES]))
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


_RELATIVE = [kind for kind in book_kinds() if BOOK_LIMITS[kind].equity_relative]


@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(_RELATIVE))
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


@given(snapshots(whole=True, assets=KNOWN), orders(assets=KNOWN), policies(MIRRORED))
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


# --- limits on single orders ---------------------------------------------------------------


def test_the_window_of_the_order_rate_is_pruned_by_time() -> None:
    snapshot, policy = snapshot_of(book_of({})), policy_of(definition("order_rate", hard=2.0))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state

    def codes(*seconds_ago: float) -> tuple[str, ...]:
        sent = [SentOrder(NOW - timedelta(seconds=ago), ETH, Side.BUY, 1.0) for ago in seconds_ago]
        manager = RiskManager(
            state, snapshot, sent={"trend": SentOrders(sent), "dip": SentOrders(sent * 9)}
        )
        return manager.validate_order(request_of(order_of(BTC, 1e3))).deciding

    assert codes(59.9) == ()
    assert codes(59.9, 1.0) == ("order_rate",)
    assert codes(60.0, 59.9) == ()


def test_the_same_order_again_and_again_is_refused() -> None:
    snapshot, policy = snapshot_of(book_of({})), policy_of(definition("repeated_order", hard=2.0))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    again = order_of(BTC, 1e3)
    sent = [SentOrder(NOW, BTC, Side.BUY, again.quantity)] * 2
    manager = RiskManager(state, snapshot, sent={"trend": SentOrders(sent)})

    refused = manager.validate_order(request_of(again))

    assert (refused.verdict, refused.deciding) == (Verdict.REJECT, ("repeated_order",))
    assert manager.validate_order(request_of(order_of(BTC, 2e3))).verdict is Verdict.APPROVE


def test_a_smaller_size_does_not_make_a_repeated_order_another_one() -> None:
    snapshot, policy = snapshot_of(book_of({})), policy_of(definition("repeated_order", hard=2.0))
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    throttled = {WHOLE: Standing(TradingState.THROTTLED, NOW, "set by the test", size=0.5)}
    again = order_of(BTC, 1e3)
    sent = {"trend": SentOrders([SentOrder(NOW, BTC, Side.BUY, again.quantity)] * 2)}
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
    changes = {"side": side, "order_type": OrderType.LIMIT, "limit_price": price * PRICES[BTC]}
    policy = policy_of(definition("price_collar", hard=0.05))

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), policy, **changes)

    assert (decision.verdict is Verdict.APPROVE) == passes


def test_a_large_order_is_cut_to_what_one_order_may_be_worth() -> None:
    policy = policy_of(definition("order_notional", hard=2e4))

    decision = ask(order_of(BTC, 1e5), snapshot_of(book_of({})), policy)

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed * PRICES[BTC] == pytest.approx(2e4, rel=1e-3)


# --- what is told --------------------------------------------------------------------------


def test_reasons_tell_failures_first_and_skipped_checks_last() -> None:
    policy = policy_of(definition("gross_exposure", hard=0.5), definition("leverage"))
    failed = ask(order_of(BTC, 1e6), snapshot_of(book_of({})), policy).reasons
    blocked = ask(order_of(BTC, 1e6), snapshot_of(book_of({})), policy, strategy="stranger").reasons

    assert failed[0].code == "gross_exposure"
    assert {r.outcome for r in failed[1:]} == {Outcome.PASSED}
    assert blocked[0].code == ReasonCode.STRATEGY_UNKNOWN
    assert blocked[-1].outcome is Outcome.SKIPPED
    assert failed[0].headroom == pytest.approx(0.5 - 1.0)
