"""Loss in the scenarios that a snapshot carries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.snapshot import NO_SHOCKS, ShockMatrix
from risk.portfolio.stress import profits, worst_loss, worst_scenario
from tests.books import BTC, ETH, SOL

SHOCKS = ShockMatrix(("crash", "squeeze"), (BTC, ETH), np.array([[-0.5, -0.6], [0.3, 0.4]]))
MONEY = st.floats(-1e6, 1e6)


def test_profit_is_exposure_times_shock_summed() -> None:
    profit = profits(SHOCKS, {BTC: 100.0, ETH: -50.0})

    assert profit is not None
    assert profit.tolist() == pytest.approx([-50.0 + 30.0, 30.0 - 20.0])


@given(MONEY, MONEY, MONEY, MONEY)
def test_two_books_lose_what_they_lose_apart(a: float, b: float, c: float, d: float) -> None:
    one, other = profits(SHOCKS, {BTC: a, ETH: b}), profits(SHOCKS, {BTC: c, ETH: d})
    together = profits(SHOCKS, {BTC: a + c, ETH: b + d})

    assert one is not None
    assert other is not None
    assert together is not None
    assert together == pytest.approx(one + other, abs=1e-6)


def test_an_asset_without_a_shock_leaves_the_loss_unknown_unless_nothing_is_held_of_it() -> None:
    assert profits(SHOCKS, {SOL: 1.0}) is None
    assert profits(SHOCKS, {SOL: 0.0}) is not None


def test_without_scenarios_nothing_is_known() -> None:
    assert profits(NO_SHOCKS, {BTC: 1.0}) is None
    assert worst_loss(None) is None
    assert worst_scenario(NO_SHOCKS, None) is None


@pytest.mark.parametrize(
    ("net", "loss", "scenario"),
    [
        ({BTC: 100.0}, 50.0, "crash"),
        ({BTC: -100.0}, 30.0, "squeeze"),
        ({}, 0.0, None),
        ({BTC: 100.0, ETH: -80.0}, 2.0, "crash or squeeze"),
    ],
)
def test_the_worst_scenario_is_named_only_if_it_loses(
    net: dict[str, float], loss: float, scenario: str | None
) -> None:
    profit = profits(SHOCKS, net)

    assert worst_loss(profit) == pytest.approx(loss)
    assert worst_scenario(SHOCKS, profit) == (scenario and scenario.split(" or ")[-1])


def test_a_book_that_gains_everywhere_has_no_worst_scenario() -> None:
    gains = np.array([1.0, 2.0])

    assert worst_loss(gains) == 0.0
    assert worst_scenario(SHOCKS, gains) is None
