"""Each kind of limit refuses, or makes smaller, what it is there to hold, and names itself."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from risk.domain.events import Verdict
from risk.domain.limits import Parameter
from risk.domain.orders import OrderType
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import ShockMatrix, Snapshot
from risk.domain.state import RiskState
from risk.limits.types import LIMIT_TYPES
from risk.manager import RiskManager, step
from tests.books import BTC, ETH, KNOWN, NOW, PRICES, held, marks_of, order_of, snapshot_of
from tests.manager.asking import request_of
from tests.policies import WHOLE, definition, policy_of

#: What a kind must be told so that the order below counts for it.
PARAMETERS: dict[str, dict[str, Parameter]] = {
    "stablecoin_exposure": {"assets": (ETH,), "counts_cash": "no"},
}


def morning() -> Snapshot:
    """A book long of bitcoin, which falls afterwards; with the volumes and scenario of limits."""
    fall = ShockMatrix(("fall",), KNOWN, np.full((1, len(KNOWN)), -0.3))
    return with_prices(snapshot_of(held(BTC, 1e5), shocks=fall), PRICES)


def with_prices(snapshot: Snapshot, prices: dict[str, float]) -> Snapshot:
    marks = marks_of(prices, at=snapshot.at)
    return replace(snapshot, marks={n: replace(m, volume=1e9) for n, m in marks.items()})


@pytest.mark.parametrize("kind", LIMIT_TYPES)
def test_where_nothing_is_allowed_an_order_of_new_risk_is_refused_by_name(kind: str) -> None:
    scope = Scope(ScopeKind.ASSET, ETH) if kind == "days_to_flat" else WHOLE
    nothing = definition(kind, scope, 0.0, parameters=PARAMETERS.get(kind, {}))
    first = morning()
    lower = with_prices(
        replace(first, id="demo-2", at=NOW + timedelta(minutes=1)),
        {**PRICES, BTC: 0.9 * PRICES[BTC]},
    )
    started = step(RiskState(portfolio="demo", policy=policy_of(nothing)), first).state
    manager = RiskManager(step(started, lower).state, lower)
    buy = request_of(order_of(ETH, 1e4), order_type=OrderType.LIMIT, limit_price=1.01 * PRICES[ETH])

    decision = manager.validate_order(buy)

    assert decision.verdict is not Verdict.APPROVE
    # Of a sum of squares that is in excess, what is less than its rounding may be added.
    assert decision.allowed <= 1e-4 * buy.quantity
    assert kind in decision.deciding
