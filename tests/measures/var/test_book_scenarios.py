"""One draw for all books: close to the formula, and as lawful as plain history."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk.measures.tail import historical_var_es
from risk.measures.var.book_scenarios import covariance_root, draw_scenarios, projected_var_es
from risk.measures.var.parametric import normal_var_es, student_var_es
from tests.measures.var.series import LEVELS

books = arrays(float, 3, elements=st.integers(-1000, 1000).map(float))


def covariance():
    deviations = np.array([0.03, 0.04, 0.06])
    correlation = np.array([[1.0, 0.8, 0.5], [0.8, 1.0, 0.6], [0.5, 0.6, 1.0]])
    return correlation * np.outer(deviations, deviations)


ROOT = covariance_root(covariance())
NORMAL = draw_scenarios(3, rng=np.random.default_rng(1))


def risk(book, scenarios=NORMAL, root=ROOT):
    return projected_var_es(scenarios, root, book, LEVELS)


@pytest.mark.parametrize("book", [[100.0, 0.0, 0.0], [1.0, 2.0, -0.5], [-5e6, 2e6, 1e6]])
def test_normal_scenarios_come_close_to_the_formula_of_the_book(book):
    deviation = np.sqrt(np.array(book) @ covariance() @ book)

    np.testing.assert_allclose(
        risk(np.array(book)), deviation * np.array(normal_var_es(LEVELS)), rtol=0.015
    )


def test_t_scenarios_are_a_multivariate_t():
    """A sum of its parts has as many degrees of freedom as each part."""
    drawn = draw_scenarios(3, rng=np.random.default_rng(2), degrees=5)
    book = np.array([3.0, 1.0, -1.0])
    deviation = np.sqrt(book @ covariance() @ book)
    expected = deviation * np.array(student_var_es(np.array(5.0), LEVELS))

    np.testing.assert_allclose(risk(book, drawn), expected, rtol=0.03)


def test_projected_figures_are_those_of_written_out_returns():
    book = np.array([3.0, 1.0, -1.0])
    returns = NORMAL.astype(np.float64) @ ROOT.T

    np.testing.assert_allclose(risk(book), historical_var_es(-returns @ book, LEVELS), rtol=1e-5)
    np.testing.assert_allclose(np.cov(returns.T), covariance(), rtol=0.03)


@given(book=books, size=st.floats(0.01, 100.0))
@settings(max_examples=25)
def test_twice_the_book_is_twice_the_risk_and_the_short_book_has_the_same(book, size):
    np.testing.assert_allclose(risk(size * book), size * np.array(risk(book)), rtol=1e-5)
    np.testing.assert_allclose(risk(-book), risk(book), rtol=1e-5)


@given(one=books, other=books)
@settings(max_examples=25)
def test_merging_two_books_never_adds_expected_shortfall(one, other):
    apart = risk(one)[1] + risk(other)[1]

    assert (risk(one + other)[1] <= apart * (1.0 + 1e-5) + 1e-9).all()


def test_a_perfect_hedge_and_a_flat_book_have_no_risk():
    twins = covariance_root(np.full((2, 2), 0.03**2))
    drawn = draw_scenarios(2, rng=np.random.default_rng(1), count=1000)

    assert np.abs(risk(np.array([1.0, -1.0]), drawn, twins)).max() < 1e-7
    assert not np.any(risk(np.zeros(3)))


def test_the_same_seed_draws_the_same_and_another_one_other_scenarios():
    again, other = (draw_scenarios(3, rng=np.random.default_rng(seed)) for seed in (1, 2))

    np.testing.assert_array_equal(again, NORMAL)
    assert (other != NORMAL).any()


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (np.ones((2, 3)), "is square"),
        (np.array([[1.0, 0.5], [0.4, 1.0]]), "is symmetric"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "NaN or infinity"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "negative variance"),
        (-np.eye(2), "negative variance"),
    ],
)
def test_refuses_what_is_no_covariance(wrong, match):
    with pytest.raises(ValueError, match=match):
        covariance_root(wrong)


def test_refuses_books_of_other_assets_or_of_no_numbers():
    with pytest.raises(ValueError, match="2 exposures"):
        risk(np.ones(2))
    with pytest.raises(ValueError, match="exposures contains"):
        risk(np.array([1.0, np.nan, 0.0]))
    with pytest.raises(ValueError, match="levels must rise"):
        projected_var_es(NORMAL, ROOT, np.ones(3), (1.0,))


@pytest.mark.parametrize(
    "wrong", [{"assets": 0}, {"assets": 2, "count": 3}, {"assets": 2, "count": 0}]
)
def test_refuses_scenarios_of_nothing_and_without_their_pairs(wrong):
    with pytest.raises(ValueError, match="come in pairs"):
        draw_scenarios(rng=np.random.default_rng(1), **wrong)


def test_refuses_a_t_without_variance():
    with pytest.raises(ValueError, match="no variance"):
        draw_scenarios(2, rng=np.random.default_rng(1), degrees=2)
