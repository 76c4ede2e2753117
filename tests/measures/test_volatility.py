import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from risk.measures.volatility import (
    VARIANCE_FLOOR,
    GjrParameters,
    gjr_filter,
    gjr_start,
    gjr_update,
)
from tests.oracles.volatility import gjr_textbook


def history(seed=0, bars=300, assets=3, scale=0.03):
    """Heavy-tailed returns; the second asset lists late, the last has holes."""
    rng = np.random.default_rng(seed)
    returns = scale * rng.standard_t(4, (bars, assets))
    returns[:57, 1] = np.nan
    returns[rng.random(bars) < 0.1, -1] = np.nan
    return returns


tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 60), st.integers(1, 3)),
    elements=st.one_of(st.just(math.nan), st.floats(-0.9, 2.0)),
)


@given(tables)
def test_agrees_with_the_definition_asset_by_asset(returns):
    path, residuals, _ = gjr_filter(returns)

    for j in range(returns.shape[1]):
        variances, shocks = gjr_textbook(returns[:, j])
        np.testing.assert_allclose(path[:, j], variances, rtol=1e-11)
        np.testing.assert_allclose(residuals[:, j], shocks, rtol=1e-11)


def test_agrees_with_the_definition_when_the_slow_average_has_come_to_decay():
    returns = history(bars=600)

    path, _, _ = gjr_filter(returns)

    np.testing.assert_allclose(path[:, 0], gjr_textbook(returns[:, 0])[0], rtol=1e-11)


@given(tables)
def test_bar_by_bar_is_the_same_as_all_at_once(returns):
    path, residuals, end = gjr_filter(returns)
    state = gjr_start(returns.shape[1])

    for t, row in enumerate(returns):
        np.testing.assert_allclose(state.variance, path[t], rtol=1e-12)
        state, shocks = gjr_update(state, row)
        np.testing.assert_allclose(shocks, residuals[t], rtol=1e-12)
    for left, right in zip(state, end, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12)


def test_a_return_does_not_change_its_own_forecast():
    """Off by one, 99 % VaR is exceeded in 0.4 % of days and looks better than it is."""
    returns = history()
    moved = returns.copy()
    moved[150, 0] += 0.2

    before, after = gjr_filter(returns)[0], gjr_filter(moved)[0]

    np.testing.assert_array_equal(after[:151], before[:151])
    assert after[151, 0] > before[151, 0]


def test_a_residual_is_the_return_over_the_forecast_made_before_it():
    returns = history()

    path, residuals, _ = gjr_filter(returns)

    np.testing.assert_allclose(residuals[20:, 0], returns[20:, 0] / np.sqrt(path[20:-1, 0]))


def test_an_asset_that_lists_late_starts_on_its_own_returns():
    returns = history()

    path, residuals, state = gjr_filter(returns)
    alone_path, alone_residuals, alone = gjr_filter(returns[57:, [1]])

    np.testing.assert_array_equal(path[57:, [1]], alone_path)
    np.testing.assert_array_equal(residuals[57:, [1]], alone_residuals)
    assert state.observed[1] == alone.observed[0] == len(returns) - 57


def test_nothing_is_claimed_of_an_asset_never_seen():
    path, residuals, state = gjr_filter(history())

    assert np.isnan(path[:58, 1]).all()
    assert np.isnan(gjr_start(2).variance).all()
    assert state.observed.min() > 0
    assert np.isnan(residuals[57:77, 1]).all()
    assert np.isfinite(residuals[77:, 1]).all()


def test_a_bar_without_a_return_changes_nothing():
    _, _, state = gjr_filter(history())

    after, residuals = gjr_update(state, np.full(3, math.nan))

    assert np.isnan(residuals).all()
    for left, right in zip(after, state, strict=True):
        np.testing.assert_array_equal(left, right)


def test_taking_in_a_bar_leaves_the_old_state_alone():
    _, _, state = gjr_filter(history())
    kept = tuple(array.copy() for array in state)

    gjr_update(state, np.array([0.1, -0.1, 0.0]))

    for left, right in zip(state, kept, strict=True):
        np.testing.assert_array_equal(left, right)


@given(st.floats(0.1, 10.0))
def test_twice_the_returns_are_four_times_the_variance_and_the_same_residuals(scale):
    returns = history(bars=120)

    path, residuals, _ = gjr_filter(returns)
    scaled_path, scaled_residuals, _ = gjr_filter(scale * returns)

    np.testing.assert_allclose(scaled_path, scale**2 * path, rtol=1e-9)
    np.testing.assert_allclose(scaled_residuals, residuals, rtol=1e-9)


def test_a_loss_raises_the_forecast_more_than_a_gain():
    _, _, state = gjr_filter(history())

    fell, _ = gjr_update(state, np.full(3, -0.08))
    rose, _ = gjr_update(state, np.full(3, 0.08))

    assert (fell.variance > rose.variance).all()


def test_one_bad_tick_counts_as_six_deviations():
    _, _, state = gjr_filter(history())
    six = 6.0 * np.sqrt(state.variance)

    at_six, _ = gjr_update(state, six)
    bad_tick, residuals = gjr_update(state, 1000.0 * six)

    np.testing.assert_allclose(bad_tick.variance, at_six.variance, rtol=1e-12)
    np.testing.assert_allclose(residuals, 6000.0)


def test_a_price_that_stands_still_never_divides_by_zero():
    returns = np.zeros((3000, 1))
    returns[-1] = 0.01

    path, residuals, _ = gjr_filter(returns)

    assert path[1:].min() == VARIANCE_FLOOR
    assert np.isfinite(residuals[20:]).all()


def test_the_filter_recovers_the_volatility_of_its_own_process():
    """Simulated from the recursion, residuals come out with unit variance."""
    rng = np.random.default_rng(5)
    noise, variance, returns = rng.standard_normal(6000), 0.03**2, []
    for shock in noise:
        value = math.sqrt(variance) * shock
        returns.append(value)
        variance = 0.025 * 0.03**2 + (0.05 + 0.05 * (value < 0)) * value**2 + 0.9 * variance
    path, residuals, _ = gjr_filter(np.array(returns)[:, None])

    assert np.nanstd(residuals[500:]) == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(residuals[500:, 0], noise[500:])[0, 1] > 0.99
    assert path.shape == (6001, 1)


def test_accepts_frozen_and_strided_arrays():
    returns = history()
    frozen = np.asfortranarray(returns)
    frozen.setflags(write=False)

    np.testing.assert_array_equal(gjr_filter(frozen)[0], gjr_filter(returns)[0])
    state, _ = gjr_update(gjr_start(3), frozen[100])
    assert state.observed.sum() == np.isfinite(returns[100]).sum()


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
def test_refuses_an_infinite_return(bad):
    returns = history()
    returns[10, 0] = bad

    with pytest.raises(ValueError, match="infinity"):
        gjr_filter(returns)
    with pytest.raises(ValueError, match="infinity"):
        gjr_update(gjr_start(3), returns[10])


def test_refuses_returns_of_other_assets():
    with pytest.raises(ValueError, match="3 assets, but returns of 2"):
        gjr_update(gjr_start(3), np.zeros(2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"b": 0.95},
        {"a": -0.01},
        {"gamma": -0.01},
        {"long_run_decay": 1.0},
        {"winsor": 0.0},
        {"start_bars": 0},
    ],
)
def test_refuses_parameters_that_explode_or_mean_nothing(wrong):
    with pytest.raises(ValueError, match="GjrParameters"):
        GjrParameters(**wrong)


def test_other_parameters_are_used():
    """With a = 1 - b and nothing else it is the exponential average of squares."""
    ewma = GjrParameters(a=0.0599999, gamma=0.0, b=0.94, winsor=1e6, start_bars=1)
    returns = history(bars=200)[:, :1]

    path, _, _ = gjr_filter(returns, ewma)

    expected = returns[0, 0] ** 2
    for value in returns[1:, 0]:
        expected = 0.94 * expected + 0.06 * value**2
    assert path[-1, 0] == pytest.approx(expected, rel=1e-4)
