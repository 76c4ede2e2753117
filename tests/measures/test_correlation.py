import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.correlation import (
    PRIOR_CORRELATION,
    correlation_from,
    ewma_cross,
    ewma_cross_start,
    ewma_cross_update,
    mean_correlation,
    nearest_psd,
    shrink_to_mean,
    stressed_correlation,
)
from tests.oracles.correlation import correlation_started_at, ewma_sums_textbook

seeds = st.integers(0, 2**32 - 1)
shares = st.floats(0.0, 1.0)


def residuals(seed=0, bars=120, assets=4, missing=0.2):
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((bars, assets)) + rng.standard_normal((bars, 1))
    shocks[rng.random((bars, assets)) < missing] = np.nan
    return shocks


def correlation(seed=0, assets=4):
    return correlation_from(*ewma_cross(residuals(seed, assets=assets, missing=0.0)))


def smallest_eigenvalue(matrix):
    return np.linalg.eigvalsh(matrix)[0]


def is_correlation(matrix):
    return (
        np.array_equal(matrix, matrix.T)
        and (np.diag(matrix) == 1.0).all()
        and np.abs(matrix).max() <= 1.0
    )


@given(seeds, st.floats(0.5, 0.999))
def test_agrees_with_explicit_weighted_sums(seed, decay):
    shocks = residuals(seed, bars=60)

    cross, weight = ewma_cross(shocks, decay)
    expected_cross, expected_weight = ewma_sums_textbook(shocks, decay)

    np.testing.assert_allclose(cross, expected_cross, atol=1e-12)
    np.testing.assert_allclose(weight, expected_weight, atol=1e-12)


@given(seeds)
def test_bar_by_bar_is_the_same_as_all_at_once(seed):
    shocks = residuals(seed, bars=60)
    cross, weight = ewma_cross_start(4)

    for row in shocks:
        cross, weight = ewma_cross_update(cross, weight, row)

    whole_cross, whole_weight = ewma_cross(shocks)
    np.testing.assert_allclose(cross, whole_cross, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(weight, whole_weight, rtol=1e-12, atol=1e-12)


@given(seeds)
def test_it_is_an_average_that_began_at_the_prior(seed):
    shocks = residuals(seed, missing=0.0)

    found = correlation_from(*ewma_cross(shocks), prior=0.3)

    np.testing.assert_allclose(found, correlation_started_at(0.3, shocks, 0.99), atol=1e-12)


def test_a_pair_with_an_unobserved_side_stays_untouched():
    cross, weight = ewma_cross(residuals())

    new_cross, new_weight = ewma_cross_update(cross, weight, np.array([1.0, math.nan, 2.0, 3.0]))

    np.testing.assert_array_equal(new_cross[1], cross[1])
    np.testing.assert_array_equal(new_weight[:, 1], weight[:, 1])
    assert new_cross[0, 2] == pytest.approx(0.99 * cross[0, 2] + 0.01 * 2.0)


def test_taking_in_a_bar_leaves_the_old_sums_alone():
    cross, weight = ewma_cross(residuals())
    kept = cross.copy(), weight.copy()

    ewma_cross_update(cross, weight, np.ones(4))

    np.testing.assert_array_equal(cross, kept[0])
    np.testing.assert_array_equal(weight, kept[1])


def test_what_was_never_seen_together_takes_the_prior():
    shocks = residuals()
    shocks[:60, 0] = np.nan
    shocks[60:, 1] = np.nan

    found = correlation_from(*ewma_cross(shocks))

    variances = np.diag(np.add(*_weighted_with_prior(shocks)))
    expected = PRIOR_CORRELATION / math.sqrt(variances[0] * variances[1])
    assert found[0, 1] == pytest.approx(expected)
    np.testing.assert_allclose(
        correlation_from(*ewma_cross_start(2)), [[1.0, PRIOR_CORRELATION], [PRIOR_CORRELATION, 1.0]]
    )


def _weighted_with_prior(shocks):
    cross, weight = ewma_cross(shocks)
    return cross, 1.0 - weight


def test_many_bars_find_the_true_correlation():
    rng = np.random.default_rng(3)
    factor = np.linalg.cholesky([[1.0, 0.8], [0.8, 1.0]])
    shocks = rng.standard_normal((4000, 2)) @ factor.T

    found = correlation_from(*ewma_cross(shocks, decay=0.999))

    assert found[0, 1] == pytest.approx(0.8, abs=0.03)


def test_an_asset_that_never_moves_has_no_infinite_correlation():
    shocks = residuals(bars=4000, missing=0.0)
    shocks[:, 0] = 0.0

    found = correlation_from(*ewma_cross(shocks))

    assert is_correlation(found)
    assert found[0, 1] == pytest.approx(0.0, abs=1e-6)


@given(seeds, st.integers(1, 6))
def test_it_is_a_correlation_matrix_whatever_is_missing(seed, assets):
    found = correlation_from(*ewma_cross(residuals(seed, bars=30, assets=assets, missing=0.5)))

    assert is_correlation(found)


@given(seeds, shares)
def test_shrinking_keeps_the_mean_and_the_definiteness(seed, intensity):
    before = correlation(seed)

    after = shrink_to_mean(before, intensity)

    assert mean_correlation(after) == pytest.approx(mean_correlation(before), abs=1e-12)
    assert smallest_eigenvalue(after) >= -1e-12
    assert is_correlation(after)


def test_shrinking_by_all_makes_pairs_equal():
    after = shrink_to_mean(correlation(), 1.0)

    assert np.unique(after[~np.eye(4, dtype=bool)].round(12)).size == 1


@given(seeds, shares)
def test_stress_raises_every_pair_and_keeps_the_definiteness(seed, theta):
    before = correlation(seed)

    after = stressed_correlation(before, theta)

    assert (after >= before - 1e-12).all()
    assert smallest_eigenvalue(after) >= -1e-12
    assert mean_correlation(after) == pytest.approx(
        (1.0 - theta) * mean_correlation(before) + theta, abs=1e-12
    )


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_refuses_a_share_that_is_none(share):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        stressed_correlation(correlation(), share)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        shrink_to_mean(correlation(), share)


def test_a_single_asset_has_no_correlation_to_shrink():
    np.testing.assert_array_equal(shrink_to_mean(np.ones((1, 1))), np.ones((1, 1)))
    assert mean_correlation(np.ones((1, 1))) == 0.0


@given(seeds, st.integers(2, 8))
def test_repair_gives_a_matrix_with_a_cholesky_factor(seed, assets):
    rng = np.random.default_rng(seed)
    broken = np.clip(rng.uniform(-1.5, 1.5, (assets, assets)), -1.0, 1.0)
    broken = (broken + broken.T) / 2.0
    np.fill_diagonal(broken, 1.0)

    repaired = nearest_psd(broken)

    np.linalg.cholesky(repaired)
    assert is_correlation(repaired)


def test_repair_leaves_a_good_matrix_alone():
    good = correlation()

    np.testing.assert_array_equal(nearest_psd(good), good)


def test_repair_stays_near():
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])

    repaired = nearest_psd(impossible)

    assert np.abs(repaired - impossible).max() < 0.5
    assert np.sign(repaired).tolist() == np.sign(impossible).tolist()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_repair_refuses_what_is_no_number(bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        nearest_psd(np.array([[1.0, bad], [bad, 1.0]]))


@pytest.mark.parametrize("decay", [0.0, 1.0, math.nan])
def test_refuses_a_decay_that_forgets_all_or_nothing(decay):
    with pytest.raises(ValueError, match="decay"):
        ewma_cross(residuals(), decay)
    with pytest.raises(ValueError, match="decay"):
        ewma_cross_update(*ewma_cross_start(4), np.ones(4), decay)


def test_refuses_infinite_residuals_and_those_of_other_assets():
    shocks = residuals()
    shocks[3, 1] = math.inf
    with pytest.raises(ValueError, match="infinity"):
        ewma_cross(shocks)
    with pytest.raises(ValueError, match="infinity"):
        ewma_cross_update(*ewma_cross_start(4), shocks[3])
    with pytest.raises(ValueError, match="3 residuals for sums of shape"):
        ewma_cross_update(*ewma_cross_start(4), np.ones(3))


def test_products_are_updated_alike_however_their_sums_lie_in_memory():
    rng = np.random.default_rng(2)
    cross, weight, residuals = rng.normal(size=(3, 3)), rng.random((3, 3)), rng.normal(size=3)
    residuals[1] = np.nan

    expected = ewma_cross_update(cross, weight, residuals)
    found = ewma_cross_update(np.asfortranarray(cross), np.repeat(weight, 2, 1)[:, ::2], residuals)

    np.testing.assert_array_equal(found, expected)
