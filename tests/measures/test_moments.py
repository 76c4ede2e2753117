"""Moments of samples against a library, and where there is nothing to divide by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk.errors import InsufficientData
from risk.measures.moments import moments_of, moments_of_slices
from tests.oracles.var import moments_by_scipy


@pytest.mark.parametrize("seed", range(5))
def test_agree_with_scipy(seed):
    values = 0.01 + 0.03 * np.random.default_rng(seed).standard_t(4, 250)

    found = [float(part[0]) for part in moments_of(values)]

    np.testing.assert_allclose(found, moments_by_scipy(values), rtol=1e-10)


def test_each_slice_has_the_moments_of_that_slice_alone():
    values = np.random.default_rng(1).standard_normal(60)
    starts, stops = np.array([0, 3, 50, 0]), np.array([60, 40, 52, 2])

    together = moments_of_slices(values, starts, stops)

    for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        alone = moments_of(values[start:stop])
        assert [part[i] for part in together] == [part[0] for part in alone]


@pytest.mark.parametrize("value", [0.0, 0.01, -3e-200, 1e150, 5e-324])
def test_a_constant_sample_has_no_deviation_and_no_shape(value):
    mean, deviation, skewness, excess = moments_of(np.full(250, value))

    assert mean[0] == pytest.approx(value, rel=1e-12, abs=0.0)
    assert (deviation[0], skewness[0], excess[0]) == (0.0, 0.0, 0.0)


@given(
    values=arrays(
        float, 30, elements=st.floats(-1.0, 1.0).filter(lambda x: x == 0 or abs(x) > 1e-6)
    ),
    size=st.floats(0.01, 100.0),
    shift=st.floats(-1.0, 1.0),
)
def test_shape_does_not_depend_on_unit_and_mirrors_with_the_sample(values, size, shift):
    before, scaled, mirrored = (moments_of(v) for v in (values, size * values, -values))
    moved = moments_of(values + shift)

    np.testing.assert_allclose(scaled.deviation, size * before.deviation, rtol=1e-9)
    np.testing.assert_allclose(scaled.skewness, before.skewness, rtol=1e-7, atol=1e-9)
    assert mirrored.skewness[0] == -before.skewness[0]
    assert mirrored.excess_kurtosis[0] == before.excess_kurtosis[0]
    np.testing.assert_allclose(moved.mean, before.mean + shift, atol=1e-12)
    np.testing.assert_allclose(moved.deviation, before.deviation, rtol=1e-6, atol=1e-11)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_what_is_no_number(bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        moments_of(np.array([1.0, bad, 2.0]))
    with pytest.raises(ValueError, match="NaN or infinity"):
        moments_of_slices(np.array([1.0, bad, 2.0]), np.array([0]), np.array([3]))


def test_refuses_samples_without_scatter_and_slices_beyond_the_array():
    with pytest.raises(InsufficientData, match="needs 2 or more observations, got 1"):
        moments_of(np.array([1.0]))
    with pytest.raises(InsufficientData, match="needs 2 or more observations, got 1"):
        moments_of_slices(np.ones(5), np.array([0, 2]), np.array([4, 3]))
    with pytest.raises(ValueError, match="reach beyond"):
        moments_of_slices(np.ones(5), np.array([0]), np.array([6]))
    with pytest.raises(ValueError, match="reach beyond"):
        moments_of_slices(np.ones(5), np.array([-1]), np.array([4]))
