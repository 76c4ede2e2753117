"""Signals get the size that would pass; the room is the most that would."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk.domain.decisions import ReasonCode, SignalRequest
from risk.domain.events import Verdict
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.reductions import Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Standing, TradingState
from tests.books import (
    ALIEN,
    BTC,
    KNOWN,
    NOW,
    PRICES,
    book_of,
    held,
    keys,
    order_of,
    snapshot_of,
    snapshots,
)
from tests.manager.asking import MIRRORED, TREND_BTC, manager_of, policies, reduction_of, request_of
from tests.policies import WHOLE, definition, policy_of


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
    assert advice.verdict is Verdict.APPROVE


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
        standings={WHOLE: Standing(TradingState.THROTTLED, NOW, "set by the test", size=0.5)},
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


@given(snapshots(whole=True, assets=KNOWN), keys(KNOWN), st.sampled_from(Side), policies(MIRRORED))
def test_the_room_is_what_passes_as_one_order(
    snapshot: Snapshot, key: PositionKey, side: Side, policy: Policy
) -> None:
    manager = manager_of(snapshot, policy)
    room = manager.room(key, side)
    assume(room.quantity > 0.0)

    decision = manager.validate_order(reduction_of(key, side, room.quantity))

    assert decision.verdict is Verdict.APPROVE
    assert room.value == pytest.approx(room.quantity * PRICES[key.asset])


def test_the_room_names_what_binds() -> None:
    policy = policy_of(definition("net_exposure", Scope(ScopeKind.ASSET, BTC), 0.31))
    manager = manager_of(snapshot_of(held(BTC, 2.7e5)), policy)

    room = manager.room(TREND_BTC, Side.BUY)

    equity = 1e6 + 2.7e5
    assert room.value == pytest.approx(0.31 * equity - 2.7e5, rel=1e-3)
    assert room.decision.deciding == ("net_exposure",)
