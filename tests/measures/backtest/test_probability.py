"""Where outcomes fell among the quantiles forecast for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chisquare, norm

from risk.errors import InsufficientData
from risk.measures.backtest import band_ranges, band_test, bands, hits

LEVELS = (0.95, 0.975, 0.99)


def drawn(rng, n, levels=LEVELS):
    """Bands of a right model's outcomes."""
    return np.searchsorted(levels, rng.random(n))


@given(st.integers(0, 2**32 - 1))
def test_a_band_counts_the_levels_that_were_hit(seed):
    rng = np.random.default_rng(seed)
    losses, var = rng.standard_t(4, 100), np.sort(rng.standard_normal((100, 3)), axis=1)

    np.testing.assert_array_equal(bands(losses, var), hits(losses, var).sum(axis=1))


def test_bands_of_true_quantiles_are_filled_as_the_levels_say():
    losses = np.random.default_rng(1).standard_normal(20_000)

    found = band_test(bands(losses, np.tile(norm.ppf(LEVELS), (20_000, 1))), LEVELS)

    np.testing.assert_allclose(found.expected, [19_000, 500, 300, 200])
    assert found.counts.sum() == 20_000
    assert found.p_value > 0.05


@given(st.integers(0, 2**32 - 1), st.integers(1, 2000))
def test_is_pearsons_test(seed, n):
    found = band_test(drawn(np.random.default_rng(seed), n), LEVELS)

    assert found.p_value == pytest.approx(chisquare(found.counts, found.expected).pvalue)


@pytest.mark.parametrize("days", [250, 1000])
def test_a_right_model_is_seldom_rejected_even_with_nearly_empty_bands(days):
    """Size at 5 %; 250 days have 2.5 outcomes in the last band."""
    rng = np.random.default_rng(3)
    p_values = np.array([band_test(drawn(rng, days), LEVELS).p_value for _ in range(2000)])

    assert 0.025 < np.mean(p_values < 0.05) < 0.07


def test_a_tail_too_thin_is_found_although_one_level_is_right():
    losses = np.random.default_rng(4).standard_t(3, 4000)
    scale = np.quantile(losses, 0.95) / norm.ppf(0.95)

    found = band_test(bands(losses, np.tile(scale * norm.ppf(LEVELS), (4000, 1))), LEVELS)

    assert found.counts[0] == 3800
    assert found.p_value < 0.001


@pytest.mark.parametrize(
    ("losses", "var", "problem"),
    [
        (np.zeros(2), np.zeros((3, 2)), "beside quantiles"),
        (np.zeros(2), np.zeros(2), "beside quantiles"),
        (np.array([np.nan]), np.zeros((1, 2)), "contains NaN"),
        (np.zeros(1), np.array([[1.0, np.nan]]), "contains NaN"),
        (np.zeros(1), np.array([[2.0, 1.0]]), "must not fall"),
    ],
)
def test_bands_of_what_was_not_forecast_are_refused(losses, var, problem):
    with pytest.raises(ValueError, match=problem):
        bands(losses, var)


@pytest.mark.parametrize(
    ("band_of", "levels", "error"),
    [
        ([], LEVELS, InsufficientData),
        ([4], LEVELS, ValueError),
        ([-1], LEVELS, ValueError),
        ([0], (0.99, 0.95), ValueError),
    ],
)
def test_the_test_refuses_what_it_cannot_judge(band_of, levels, error):
    with pytest.raises(error):
        band_test(np.array(band_of), levels)


@given(st.integers(1, 600), st.floats(0.01, 0.4))
def test_a_range_leaves_no_more_than_half_of_its_size_on_either_side(outcomes, size):
    shares = np.diff([0.0, *LEVELS, 1.0])

    fewest, most = band_ranges(outcomes, LEVELS, size)

    assert (binom.cdf(fewest - 1, outcomes, shares) <= size / 2 + 1e-12).all()
    assert (binom.sf(most, outcomes, shares) <= size / 2 + 1e-12).all()
    assert (binom.cdf(fewest, outcomes, shares) > size / 2 - 1e-12).all()
    assert (binom.sf(most - 1, outcomes, shares) > size / 2 - 1e-12).all()


def test_a_right_model_keeps_to_each_range_in_19_of_20_cases():
    rng = np.random.default_rng(3)
    fewest, most = band_ranges(250, LEVELS)
    counts = np.array([np.bincount(drawn(rng, 250), minlength=4) for _ in range(2_000)])

    inside = ((counts >= fewest) & (counts <= most)).mean(axis=0)

    assert (inside >= 0.94).all()


@pytest.mark.parametrize("size", [0.0, 1.0, float("nan")])
def test_a_range_of_no_size_is_refused(size):
    with pytest.raises(ValueError, match="size"):
        band_ranges(250, LEVELS, size)


def test_a_range_of_nothing_is_refused():
    with pytest.raises(InsufficientData):
        band_ranges(0, LEVELS)
