import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.measures.equal_risk import equal_risk_weights, risk_contributions
from tests.oracles.sizing import equal_risk_by_optimiser

seeds = st.integers(0, 2**32 - 1)


def covariance(seed, assets=5):
    rng = np.random.default_rng(seed)
    moves = rng.standard_normal((assets + 20, assets)) + rng.standard_normal((assets + 20, 1))
    moves *= np.exp(rng.normal(-3.5, 0.7, assets))
    return np.cov(moves.T)


def test_the_published_answer():
    """Volatilities .1 .2 .3 .4, correlations .8 of the first two and -.5 of the last two."""
    correlation = np.eye(4)
    correlation[0, 1] = correlation[1, 0] = 0.8
    correlation[2, 3] = correlation[3, 2] = -0.5
    deviations = np.array([0.1, 0.2, 0.3, 0.4])

    weights = equal_risk_weights(correlation * np.outer(deviations, deviations))

    np.testing.assert_allclose(weights, [0.3836, 0.1918, 0.2426, 0.1820], atol=5e-5)


@given(seeds)
def test_every_asset_contributes_the_same(seed):
    matrix = covariance(seed)

    weights = equal_risk_weights(matrix)
    parts = risk_contributions(weights, matrix)

    assert (weights > 0.0).all()
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(parts, parts.mean(), rtol=1e-9)


@settings(max_examples=25)
@given(seeds, st.lists(st.floats(0.1, 1.0), min_size=5, max_size=5))
def test_agrees_with_a_general_optimiser_for_any_budgets(seed, budgets):
    matrix, budgets = covariance(seed), np.array(budgets)

    expected = equal_risk_by_optimiser(matrix, budgets / budgets.sum())

    np.testing.assert_allclose(equal_risk_weights(matrix, budgets), expected, rtol=1e-4)


@given(seeds, st.floats(1e-6, 1e6))
def test_only_proportions_of_the_covariance_count(seed, scale):
    matrix = covariance(seed)

    scaled = equal_risk_weights(scale * matrix)

    np.testing.assert_allclose(scaled, equal_risk_weights(matrix), rtol=1e-9)


@given(seeds, st.permutations(range(5)))
def test_the_order_of_assets_does_not_matter(seed, order):
    matrix = covariance(seed)

    shuffled = equal_risk_weights(matrix[np.ix_(order, order)])

    np.testing.assert_allclose(shuffled, equal_risk_weights(matrix)[list(order)], rtol=1e-9)


@given(st.lists(st.floats(1e-4, 1.0), min_size=2, max_size=8), st.floats(0.0, 1.0))
def test_with_one_correlation_for_all_pairs_weights_are_inverse_to_volatility(deviations, rho):
    deviations = np.array(deviations)
    correlation = np.full((deviations.size, deviations.size), rho)
    np.fill_diagonal(correlation, 1.0)

    weights = equal_risk_weights(correlation * np.outer(deviations, deviations))

    inverse = 1.0 / deviations
    np.testing.assert_allclose(weights, inverse / inverse.sum(), rtol=1e-8)


@given(seeds, st.lists(st.floats(-2.0, 2.0), min_size=5, max_size=5))
def test_contributions_add_up_to_the_deviation_and_scale_with_the_book(seed, weights):
    matrix, weights = covariance(seed), np.array(weights)

    parts = risk_contributions(weights, matrix)

    assert parts.sum() == pytest.approx(math.sqrt(weights @ matrix @ weights), abs=1e-12)
    np.testing.assert_allclose(risk_contributions(3.0 * weights, matrix), 3.0 * parts, atol=1e-12)


def test_a_contribution_is_the_slope_of_the_deviation():
    matrix, weights, step = covariance(1), np.array([0.2, -0.1, 0.4, 0.0, 0.3]), 1e-6

    def deviation(book):
        return math.sqrt(book @ matrix @ book)

    slopes = [
        (deviation(weights + step * unit) - deviation(weights - step * unit)) / (2 * step)
        for unit in np.eye(5)
    ]

    np.testing.assert_allclose(risk_contributions(weights, matrix), weights * slopes, atol=1e-9)


def test_a_book_without_positions_has_no_risk_to_share():
    np.testing.assert_array_equal(risk_contributions(np.zeros(5), covariance(0)), np.zeros(5))


def test_one_asset_takes_all():
    np.testing.assert_array_equal(equal_risk_weights(np.array([[0.04]])), [1.0])


def test_assets_that_are_one_share_equally():
    np.testing.assert_allclose(equal_risk_weights(np.ones((3, 3))), 1.0 / 3.0)


def test_refuses_a_covariance_with_a_book_that_has_no_risk_at_all():
    with pytest.raises(ValueError, match=r"long-only book \(nearly\) without risk"):
        equal_risk_weights(np.array([[1.0, -1.0], [-1.0, 1.0]]))


@pytest.mark.parametrize("rho", [-0.99, -0.999, -0.9999])
def test_a_coin_against_its_twin_still_shares_what_little_risk_there_is(rho):
    matrix = np.array([[1.0, 4.0 * rho], [4.0 * rho, 16.0]])

    weights = equal_risk_weights(matrix, np.array([0.1, 0.9]))

    parts = risk_contributions(weights, matrix)
    np.testing.assert_allclose(parts / parts.sum(), [0.1, 0.9], atol=1e-6)


@pytest.mark.parametrize(
    ("matrix", "named"),
    [
        (np.ones((2, 3)), "square"),
        (np.empty((0, 0)), "square"),
        (np.array([[1.0, math.nan], [math.nan, 1.0]]), "NaN or infinity"),
        (np.array([[1.0, math.inf], [math.inf, 1.0]]), "NaN or infinity"),
        (np.array([[1.0, 0.5], [0.2, 1.0]]), "symmetric"),
        (np.diag([1.0, 0.0]), "without variance"),
    ],
)
def test_refuses_what_is_no_covariance(matrix, named):
    with pytest.raises(ValueError, match=named):
        equal_risk_weights(matrix)


@pytest.mark.parametrize("budgets", [[1.0, 0.0], [1.0, -1.0], [1.0, math.nan], [1.0]])
def test_refuses_budgets_that_are_not_positive_or_not_one_an_asset(budgets):
    with pytest.raises(ValueError, match="budgets"):
        equal_risk_weights(np.eye(2), np.array(budgets))
