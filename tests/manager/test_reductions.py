"""What reduces always passes, and the tightest trading state rules what does not."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.events import Verdict
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Standing, TradingState
from tests.books import (
    ASSETS,
    BTC,
    ETH,
    NOW,
    PRICES,
    book_of,
    held,
    order_of,
    reservation_of,
    snapshot_of,
    snapshots,
    values,
)
from tests.manager.asking import (
    SCOPES,
    TREND_BTC,
    ask,
    book_kinds,
    manager_of,
    policies,
    reduction_of,
    request_of,
)
from tests.policies import WHOLE, definition, policy_of


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

    decision = manager.validate_order(reduction_of(key, side, free * share))

    assert decision.verdict is Verdict.APPROVE
    assert decision.deciding == (ReasonCode.REDUCTION_PROVEN,)


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
    standings = {WHOLE: Standing(TradingState.THROTTLED, NOW, "set by the test", size=0.5)}
    manager = manager_of(snapshot_of(held(BTC, -1e5)), policy_of(), standings=standings)

    decision = manager.validate_order(request_of(order_of(BTC, 3e5)))

    # What closes the short position passes whole, what opens a long one by half.
    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed * PRICES[BTC] == pytest.approx(1e5 + 0.5 * 2e5)
    assert decision.deciding == (ReasonCode.THROTTLED,)
