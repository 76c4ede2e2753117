"""Orders of absurd size are made smaller or refused like any other; nothing raises."""

import math

import pytest

from risk.domain.decisions import OrderRequest
from risk.domain.events import Verdict
from risk.domain.orders import Side
from risk.domain.state import RiskState
from risk.manager import RiskManager, step
from risk.portfolio.book_models import BOOK_MODELS
from tests.books import BTC, held, snapshot_of, warmed_models
from tests.policies import PORTFOLIO, definition, policy_of

POLICY = policy_of(
    *(
        definition(kind)
        for kind in ("concentration", "value_at_risk", "expected_shortfall", "correlation_cluster")
    )
)


def manager(method: str) -> RiskManager:
    snapshot = snapshot_of(held(BTC, 1e4), models=warmed_models(method))
    state = step(RiskState(portfolio=PORTFOLIO, policy=POLICY), snapshot).state
    return RiskManager(state, snapshot)


@pytest.mark.parametrize("method", BOOK_MODELS)
@pytest.mark.parametrize("quantity", [1e160, 1e303, 1.7e308])
@pytest.mark.parametrize("side", Side)
def test_an_order_worth_more_than_any_float_is_refused_by_name(
    method: str, quantity: float, side: Side
) -> None:
    order = OrderRequest(
        client_order_id="huge",
        portfolio=PORTFOLIO,
        strategy="trend",
        asset=BTC,
        venue="sim-a",
        side=side,
        quantity=quantity,
    )
    answer = manager(method).validate_order(order)
    least = 0.0 if side is Side.BUY else 1e4 / 50_000.0

    assert answer.verdict is (Verdict.RESIZE if least else Verdict.REJECT)
    assert answer.allowed == pytest.approx(least)
    assert {"gross_exposure", "concentration", "value_at_risk"} <= set(answer.deciding)
    assert all(math.isfinite(reason.value or 0.0) for reason in answer.reasons)
