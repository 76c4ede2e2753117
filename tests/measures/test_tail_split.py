import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.tail import expected_shortfall
from risk.measures.tail_split import split_tail

seeds = st.integers(0, 2**32 - 1)


def scenarios(seed=0, n=200, assets=4):
    rng = np.random.default_rng(seed)
    return 0.03 * (rng.standard_t(4, (n, assets)) + rng.standard_t(4, (n, 1)))


def book(seed=0, assets=4):
    return np.random.default_rng(seed).uniform(-1e4, 1e4, assets)


def book_es(returns, weights, level):
    return expected_shortfall(-returns @ weights, level=level)


@given(seeds, st.floats(0.9, 0.99), st.floats(0.0, 1e5))
def test_the_parts_add_up(seed, level, total):
    parts = split_tail(scenarios(seed), book(seed), level, total).components

    assert parts.sum() == pytest.approx(total, rel=1e-9, abs=1e-6)


@given(seeds)
def test_without_rescaling_they_are_the_derivative_of_expected_shortfall(seed):
    """Oracle: a finite difference in each weight, the unheld asset's included."""
    returns, weights = scenarios(seed), book(seed)
    weights[1] = 0.0
    whole = book_es(returns, weights, 0.97)
    assume(whole > 1.0)
    marginals = split_tail(returns, weights, 0.97, whole).marginals

    for j in range(4):
        bump = np.zeros(4)
        bump[j] = 1e-5
        slope = (
            book_es(returns, weights + bump, 0.97) - book_es(returns, weights - bump, 0.97)
        ) / 2e-5
        assert marginals[j] == pytest.approx(slope, abs=1e-4)


@given(seeds, st.floats(10.0, 1e5))
def test_a_part_is_weight_times_marginal(seed, total):
    returns, weights = scenarios(seed), book(seed)
    assume(book_es(returns, weights, 0.95) > 1.0)

    parts, marginals = split_tail(returns, weights, 0.95, total)

    assert parts == pytest.approx(weights * marginals, rel=1e-9)


def test_what_is_not_held_has_a_marginal_but_no_part():
    parts, marginals = split_tail(scenarios(), np.array([1e4, 0.0, 2e4, 0.0]), 0.95, 1000.0)

    assert parts[[1, 3]].tolist() == [0.0, 0.0]
    assert (marginals[[1, 3]] > 0.0).all()


def test_a_hedge_has_a_negative_part():
    parts = split_tail(scenarios(), np.array([1e4, 1e4, 1e4, -5e3]), 0.95, 1500.0).components

    assert parts[3] < 0.0


def test_one_position_carries_everything():
    parts = split_tail(scenarios(assets=1), np.array([500.0]), 0.99, 60.0).components

    assert parts == pytest.approx([60.0])


def test_a_perfect_hedge_does_not_blow_rounding_up():
    """The same coin long and short on two venues."""
    coin = scenarios(assets=1)
    returns = np.hstack((coin, coin))

    parts, marginals = split_tail(returns, np.array([1e6, -1e6]), 0.99, 1e-9)

    assert parts.sum() == pytest.approx(1e-9, abs=1e-9)
    assert np.abs(parts).max() <= 1e6 * np.abs(returns).max()
    assert np.isfinite(marginals).all()


def test_a_book_whose_tail_gains_still_adds_up():
    returns = np.abs(scenarios(assets=2)) + 0.001

    parts = split_tail(returns, np.array([100.0, 300.0]), 0.99, 2.0).components

    assert parts.sum() == pytest.approx(2.0)


def test_a_gain_is_split_without_turning_signs():
    parts, _ = split_tail(scenarios(), np.full(4, 100.0), 0.95, -3.0)

    assert parts.sum() == pytest.approx(-3.0)


def test_a_flat_book_has_no_parts_and_still_marginals():
    parts, marginals = split_tail(scenarios(), np.zeros(4), 0.95, 0.0)

    assert not parts.any()
    assert np.isfinite(marginals).all()


def test_assets_that_never_move_share_by_size():
    """Their scenarios stand still, but an older raw loss may still be in the figure."""
    still = np.zeros((100, 2))

    assert split_tail(still, np.array([1.0, -2.0]), 0.95, 0.0).components.tolist() == [0.0, 0.0]
    assert split_tail(still, np.array([1.0, -2.0]), 0.95, 3.0).components.tolist() == [1.0, 2.0]


def test_refuses_a_total_that_nobody_carries():
    with pytest.raises(ValueError, match="flat book"):
        split_tail(scenarios(), np.zeros(4), 0.95, 5.0)


@pytest.mark.parametrize(("weight", "total"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan)])
def test_refuses_weights_and_totals_that_are_none(weight, total):
    with pytest.raises(ValueError, match="must be finite"):
        split_tail(scenarios(assets=1), np.array([weight]), 0.95, total)


@pytest.mark.parametrize("held", [0.0, 1.0])
def test_refuses_scenarios_with_gaps(held):
    returns = np.full((100, 2), 0.01)
    returns[:, 1] = math.nan

    with pytest.raises(ValueError, match="NaN or infinity"):
        split_tail(returns, np.array([1.0, held]), 0.95, 1.0)


def test_refuses_no_scenarios_and_other_assets():
    with pytest.raises(InsufficientData):
        split_tail(np.empty((0, 2)), np.ones(2), 0.95, 1.0)
    with pytest.raises(ValueError, match="3 weights for scenarios of 4 assets"):
        split_tail(scenarios(), np.ones(3), 0.95, 1.0)
