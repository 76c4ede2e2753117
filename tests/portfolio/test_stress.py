"""Loss in the scenarios that a snapshot carries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.snapshot import NO_SHOCKS, ShockMatrix, ShockSource
from risk.portfolio.stress import (
    held_by_proxy,
    profits,
    with_pending,
    worst_loss,
    worst_scenario,
)
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
        ({BTC: 100.0, ETH: -75.0}, 5.0, "crash"),
    ],
)
def test_the_worst_scenario_is_named_only_if_it_loses(
    net: dict[str, float], loss: float, scenario: str | None
) -> None:
    profit = profits(SHOCKS, net)

    assert worst_loss(profit) == pytest.approx(loss)
    assert worst_scenario(SHOCKS, profit) == scenario


def test_a_book_that_gains_everywhere_has_no_worst_scenario() -> None:
    gains = np.array([1.0, 2.0])

    assert worst_loss(gains) == 0.0
    assert worst_scenario(SHOCKS, gains) is None


# --- one more order ------------------------------------------------------------------------


@given(MONEY, MONEY, st.sampled_from((BTC, ETH)))
def test_an_order_counts_where_it_would_lose_and_nowhere_else(
    held: float, change: float, asset: str
) -> None:
    before, filled = profits(SHOCKS, {BTC: held}), profits(SHOCKS, {asset: change})
    assert before is not None
    assert filled is not None

    after = with_pending(before, SHOCKS, asset, change)

    assert after == pytest.approx(np.minimum(before, before + filled), abs=1e-6)


def test_an_order_of_an_asset_without_a_shock_leaves_the_loss_unknown_unless_it_has_no_value() -> (
    None
):
    profit = profits(SHOCKS, {BTC: 1.0})

    assert with_pending(profit, SHOCKS, SOL, 1.0) is None
    assert with_pending(profit, SHOCKS, SOL, 0.0) is profit
    assert with_pending(None, SHOCKS, BTC, 1.0) is None


def test_one_asset_s_shocks_lie_together_however_they_were_given() -> None:
    """An order's check reads one column."""
    assert SHOCKS.returns.flags.f_contiguous
    assert SHOCKS.returns[:, 0].flags.c_contiguous


# --- proxies -------------------------------------------------------------------------------


def test_the_assets_held_whose_shock_is_a_proxy_are_named() -> None:
    sources = np.array([[0, 1, 2], [0, 0, 3]], dtype=np.int8)
    shocks = ShockMatrix(("crash", "squeeze"), (BTC, ETH, SOL), np.full((2, 3), -0.5), sources)
    net = {SOL: -1.0, BTC: 1.0, ETH: 2.0}

    assert held_by_proxy(shocks, "crash", net) == (ETH, SOL)
    assert held_by_proxy(shocks, "squeeze", net) == (SOL,)
    assert held_by_proxy(shocks, "crash", {**net, SOL: 0.0}) == (ETH,)
    assert held_by_proxy(shocks, None, net) == ()
    assert shocks.source("squeeze", SOL) is ShockSource.PEGGED


def test_where_nothing_is_said_of_them_all_shocks_were_recorded() -> None:
    assert held_by_proxy(SHOCKS, "crash", {BTC: 1.0}) == ()
    assert SHOCKS.source("crash", ETH) is ShockSource.RECORDED


# --- the matrix ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returns", "sources"),
    [
        (np.zeros((1, 2)), None),
        (np.zeros((2, 1)), np.zeros((2, 2), dtype=np.int8)),
        (np.array([[0.1], [np.nan]]), None),
        (np.array([[0.1], [np.inf]]), None),
    ],
)
def test_shocks_that_are_no_matrix_of_numbers_are_refused(returns, sources) -> None:
    with pytest.raises(ValueError, match="shock"):
        ShockMatrix(("crash", "squeeze"), (BTC,), returns, sources)
