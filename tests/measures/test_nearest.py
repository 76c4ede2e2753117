import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.measures.correlation import nearest_psd
from risk.measures.nearest import nearest_correlation

seeds = st.integers(0, 2**32 - 1)


def correlation(rng, assets=5):
    return np.corrcoef(rng.standard_normal((assets, assets + 3)))


def impossible(rng, assets=5):
    """Entries of a correlation matrix, moved apart until no market could have them."""
    noise = rng.uniform(-0.8, 0.8, (assets, assets))
    matrix = np.clip(correlation(rng, assets) + np.triu(noise, 1) + np.triu(noise, 1).T, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def distance(one, other):
    return math.sqrt(((one - other) ** 2).sum())


def test_the_published_answers():
    """Higham (2002), section 1 and section 5."""
    found = nearest_correlation(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]]))

    assert found[0, 1:].tolist() == pytest.approx([0.7607, 0.1573], abs=5e-5)
    tridiagonal = 2.0 * np.eye(4) - np.eye(4, k=1) - np.eye(4, k=-1)
    found = nearest_correlation(tridiagonal)
    assert found[0, 1:].tolist() == pytest.approx([-0.8084, 0.1916, 0.1068], abs=5e-5)
    assert found[1, 2] == pytest.approx(-0.6562, abs=5e-5)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_no_correlation_matrix_lies_on_the_side_of_the_input(seed):
    """The nearest point of a convex set sees all others at an obtuse angle."""
    rng = np.random.default_rng(seed)
    matrix = impossible(rng)

    nearest = nearest_correlation(matrix)

    for _ in range(20):
        other = correlation(rng)
        assert ((matrix - nearest) * (other - nearest)).sum() <= 1e-6


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_it_is_a_correlation_matrix_no_farther_than_the_quick_repair(seed):
    matrix = impossible(np.random.default_rng(seed))

    nearest = nearest_correlation(matrix)

    np.testing.assert_array_equal(nearest, nearest.T)
    np.testing.assert_array_equal(np.diag(nearest), np.ones(5))
    assert np.abs(nearest).max() <= 1.0
    np.linalg.cholesky(nearest)
    assert distance(nearest, matrix) <= distance(nearest_psd(matrix), matrix) + 1e-6


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_what_is_one_already_stays(seed):
    matrix = correlation(np.random.default_rng(seed))

    np.testing.assert_allclose(nearest_correlation(matrix), matrix, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(seeds, st.permutations(range(5)))
def test_the_order_of_assets_does_not_matter(seed, order):
    matrix = impossible(np.random.default_rng(seed))

    shuffled = nearest_correlation(matrix[np.ix_(order, order)])

    np.testing.assert_allclose(
        shuffled, nearest_correlation(matrix)[np.ix_(order, order)], atol=1e-7
    )


def test_fifty_assets_settle():
    matrix = impossible(np.random.default_rng(0), assets=50)

    found = nearest_correlation(matrix)

    assert np.linalg.eigvalsh(matrix)[0] < 0.0 < np.linalg.eigvalsh(found)[0]
    np.testing.assert_array_equal(np.diagonal(found), 1.0)
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize(
    ("matrix", "named"),
    [
        (np.ones((2, 3)), "square"),
        (np.ones(3), "square"),
        (np.array([[1.0, math.nan], [math.nan, 1.0]]), "NaN or infinity"),
        (np.array([[1.0, 0.5], [0.2, 1.0]]), "symmetric"),
    ],
)
def test_refuses_by_name(matrix, named):
    with pytest.raises(ValueError, match=named):
        nearest_correlation(matrix)


def test_refuses_what_is_so_far_off_that_nothing_settles():
    far = np.array([[1.0, 1e12, -1e12], [1e12, 1.0, 1e12], [-1e12, 1e12, 1.0]])

    with pytest.raises(ValueError, match="too far from a correlation matrix"):
        nearest_correlation(far)
