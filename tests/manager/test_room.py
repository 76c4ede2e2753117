"""The room left: exact in size, and only that is named which binds."""

from dataclasses import replace

import pytest

from risk.domain.decisions import OrderRequest, Outcome, ReasonCode
from risk.domain.events import Verdict
from risk.domain.orders import Side
from risk.domain.policy import Instrument, Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing, TradingState
from risk.manager.orders import MOST_ROOM, RiskManager, Room
from tests.books import BTC, NOW, held, snapshot_of
from tests.policies import ASSETS, WHOLE, definition, policy_of

ASSET = Scope(ScopeKind.ASSET, BTC)
SNAPSHOT = snapshot_of(held(BTC, 1e5))
KEY = next(iter(SNAPSHOT.ledger.positions))
#: Far above what the tests leave room for: it never binds.
WIDE = definition("gross_exposure", WHOLE, 10.0, name="wide")
TIGHT = definition("net_exposure", ASSET, 1.0, name="tight")


def state_of(policy: Policy | None, trading: TradingState = TradingState.NORMAL) -> RiskState:
    size = 0.5 if trading is TradingState.THROTTLED else 1.0
    standing = Standing(trading, NOW, "so", size)
    return RiskState(portfolio="demo", policy=policy, standings={WHOLE: standing})


def room(
    policy: Policy | None,
    side: Side = Side.BUY,
    *,
    trading: TradingState = TradingState.NORMAL,
    snapshot: Snapshot = SNAPSHOT,
    key: PositionKey = KEY,
) -> Room:
    return RiskManager(state_of(policy, trading), snapshot).room(key, side)


def failed(found: Room) -> list[str]:
    return [r.subject for r in found.decision.reasons if r.outcome is Outcome.FAILED]


def verdict(policy: Policy, quantity: float) -> Verdict:
    order = OrderRequest(
        client_order_id="o",
        portfolio="demo",
        strategy=KEY.strategy,
        asset=KEY.asset,
        venue=KEY.venue,
        side=Side.BUY,
        quantity=quantity,
    )
    return RiskManager(state_of(policy), SNAPSHOT).validate_order(order).verdict


def units_to(share: float) -> float:
    """Units until the asset is that share of equity."""
    assert SNAPSHOT.equity is not None
    exposure = SNAPSHOT.ledger.positions[KEY].quantity * SNAPSHOT.marks[BTC].price
    return (share * SNAPSHOT.equity - exposure) / SNAPSHOT.marks[BTC].price


def test_the_size_is_exact_and_passes_while_a_little_more_does_not():
    policy = policy_of(WIDE, TIGHT)
    found = room(policy)

    assert found.quantity == pytest.approx(units_to(1.0), rel=1e-3)
    assert verdict(policy, found.quantity) is Verdict.APPROVE
    assert verdict(policy, 1.005 * found.quantity) is not Verdict.APPROVE
    assert found.value == pytest.approx(found.quantity * SNAPSHOT.marks[BTC].price)


def test_only_what_binds_is_named():
    assert failed(room(policy_of(WIDE, TIGHT))) == ["tight"]


def test_a_throttle_that_halves_orders_takes_nothing_off_the_room():
    """Who asks for twice as much gets it all: the room is what passes, not what must be asked."""
    free, throttled = (
        room(policy_of(WIDE, TIGHT), trading=state)
        for state in (TradingState.NORMAL, TradingState.THROTTLED)
    )

    assert throttled.quantity == pytest.approx(free.quantity, rel=1e-3)
    assert set(failed(throttled)) == {"tight", WHOLE.name}


def test_the_room_to_sell_ends_with_what_is_held_where_nothing_may_be_opened():
    found = room(policy_of(WIDE, TIGHT), Side.SELL, trading=TradingState.REDUCE_ONLY)

    assert found.quantity == pytest.approx(SNAPSHOT.ledger.positions[KEY].quantity)
    assert next(r.code for r in found.decision.reasons) == ReasonCode.REDUCTIONS_ONLY


def test_a_limit_that_is_full_leaves_no_room_and_is_named():
    policy = policy_of(WIDE, replace(TIGHT, hard=0.0, soft=0.0))
    found = room(policy)

    assert (found.quantity, failed(found)) == (0.0, ["tight"])


def test_no_more_room_is_told_than_is_looked_for():
    found = room(policy_of(replace(WIDE, hard=100.0, soft=100.0)))

    assert found.decision.verdict is Verdict.APPROVE
    assert found.value == pytest.approx(MOST_ROOM * SNAPSHOT.equity)


def test_without_a_policy_there_is_no_room():
    found = room(None)

    assert found.quantity == 0.0
    assert ReasonCode.NO_POLICY in [r.code for r in found.decision.reasons]


def test_a_lot_larger_than_the_room_is_told_with_the_limit():
    coarse = {**dict.fromkeys(ASSETS, Instrument()), BTC: Instrument(lot=1e9, least=1.0)}
    found = room(policy_of(WIDE, TIGHT, instruments=coarse))

    assert found.quantity == 0.0
    assert "tight" in failed(found)


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_the_order_to_send_leads_to_the_size_while_orders_are_scaled_down(side: Side):
    policy = policy_of(WIDE, TIGHT)
    manager = RiskManager(state_of(policy, TradingState.THROTTLED), SNAPSHOT)
    found = manager.room(KEY, side)
    order = OrderRequest(
        client_order_id="o",
        portfolio="demo",
        strategy=KEY.strategy,
        asset=KEY.asset,
        venue=KEY.venue,
        side=side,
        quantity=found.order,
    )

    assert found.order > found.quantity
    assert manager.validate_order(order).allowed == pytest.approx(found.quantity, rel=1e-3)
    assert room(policy, side).order == room(policy, side).quantity
