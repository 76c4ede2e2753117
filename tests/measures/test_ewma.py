import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from risk.measures.ewma import EwmaState, ewma_start, ewma_update, ewma_variance
from tests.oracles.volatility import ewma_textbook

tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 60), st.integers(1, 3)),
    elements=st.one_of(st.just(math.nan), st.floats(0.0, 4.0)),
)
half_lives = st.floats(0.5, 100.0)


def squares(seed=0, bars=200, assets=3):
    return (0.03 * np.random.default_rng(seed).standard_normal((bars, assets))) ** 2


@given(tables, half_lives)
def test_agrees_with_the_weights_written_out(variances, half_life):
    path, _ = ewma_variance(variances, half_life)

    for j in range(variances.shape[1]):
        expected = ewma_textbook(variances[:, j], half_life)
        np.testing.assert_allclose(path[:, j], expected, rtol=1e-9, atol=1e-300)


@given(tables, half_lives)
def test_bar_by_bar_is_the_same_as_all_at_once(variances, half_life):
    path, end = ewma_variance(variances, half_life)
    state = ewma_start(variances.shape[1])

    for t, row in enumerate(variances):
        np.testing.assert_array_equal(state.variance, path[t])
        state = ewma_update(state, row, half_life)
    for left, right in zip(state, end, strict=True):
        np.testing.assert_array_equal(left, right)


def test_after_its_half_life_a_bar_weighs_half():
    variances = np.zeros((2000, 1))
    variances[1900] = 1.0

    path, _ = ewma_variance(variances, half_life=30.0)

    assert path[1931, 0] == pytest.approx(path[1901, 0] / 2.0)


def test_a_bar_does_not_change_its_own_forecast():
    variances = squares()
    moved = variances.copy()
    moved[150] *= 100.0

    before, after = ewma_variance(variances, 10.0)[0], ewma_variance(moved, 10.0)[0]

    np.testing.assert_array_equal(after[:151], before[:151])
    assert (after[151] > before[151]).all()


@given(tables, half_lives)
def test_it_lies_within_what_was_seen(variances, half_life):
    path, state = ewma_variance(variances, half_life)

    for j in range(variances.shape[1]):
        seen = variances[~np.isnan(variances[:, j]), j]
        assert state.observed[j] == seen.size
        known = path[~np.isnan(path[:, j]), j]
        if seen.size:
            assert (known >= seen.min() * (1.0 - 1e-9)).all()
            assert (known <= seen.max() * (1.0 + 1e-9)).all()
        else:
            assert known.size == 0


@given(st.floats(0.001, 1000.0))
def test_it_is_proportional_to_what_it_averages(scale):
    path, _ = ewma_variance(squares(), 10.0)

    np.testing.assert_allclose(ewma_variance(scale * squares(), 10.0)[0], scale * path, rtol=1e-9)


def test_a_bar_without_an_observation_changes_nothing():
    _, state = ewma_variance(squares(), 10.0)

    after = ewma_update(state, np.full(3, math.nan), 10.0)

    for left, right in zip(after, state, strict=True):
        np.testing.assert_array_equal(left, right)


def test_taking_in_a_bar_leaves_the_old_state_alone():
    _, state = ewma_variance(squares(), 10.0)
    kept = EwmaState(*(array.copy() for array in state))

    ewma_update(state, np.ones(3), 10.0)

    for left, right in zip(state, kept, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("bad", [math.inf, -1e-9])
def test_refuses_variances_that_are_none(bad):
    variances = squares()
    variances[3, 1] = bad

    with pytest.raises(ValueError, match="finite and not negative"):
        ewma_variance(variances, 10.0)
    with pytest.raises(ValueError, match="finite and not negative"):
        ewma_update(ewma_start(3), variances[3], 10.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_refuses_a_half_life_that_is_none(bad):
    with pytest.raises(ValueError, match="half_life must be finite and positive"):
        ewma_variance(squares(), bad)


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match="3 assets"):
        ewma_update(ewma_start(3), np.zeros(2), 10.0)
    with pytest.raises(ValueError, match="bars and assets"):
        ewma_variance(np.zeros(10), 10.0)
