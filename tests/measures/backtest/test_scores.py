"""Scores, and which of two forecasts did better."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from risk.errors import InsufficientData, NotIdentified
from risk.measures.backtest import (
    diebold_mariano,
    fissler_ziegel_loss,
    fissler_ziegel_losses,
    pinball_loss,
    pinball_losses,
)
from tests.oracles.backtest import diebold_mariano_by_definition, fissler_ziegel_by_definition


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_no_constant_forecast_has_a_lower_pinball_loss_than_the_quantile(losses, level):
    """Koenker and Bassett (1978): the quantile minimises it."""
    sample = np.array(losses)
    quantile = np.quantile(sample, level, method="inverted_cdf")
    best = pinball_loss(sample, np.full(sample.size, quantile), level)

    for other in sample:
        assert best <= pinball_loss(sample, np.full(sample.size, other), level) + 1e-9


def test_a_loss_beyond_costs_the_level_and_unused_room_the_rest():
    assert pinball_loss(np.array([5.0]), np.array([3.0]), 0.99) == pytest.approx(0.99 * 2.0)
    assert pinball_loss(np.array([1.0]), np.array([3.0]), 0.99) == pytest.approx(0.01 * 2.0)


@pytest.mark.parametrize(
    ("losses", "var", "level", "error"),
    [
        ([], [], 0.99, InsufficientData),
        ([1.0], [1.0], 1.0, ValueError),
        ([1.0], [np.nan], 0.99, ValueError),
        ([1.0, 2.0], [1.0], 0.99, ValueError),
    ],
)
def test_pinball_loss_refuses_what_it_cannot_judge(losses, var, level, error):
    with pytest.raises(error):
        pinball_loss(np.array(losses), np.array(var), level)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60),
    st.floats(-1e3, 1e3),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_the_pinball_loss_is_the_mean_of_what_each_forecast_cost(losses, var, level):
    sample = np.array(losses)
    each = pinball_losses(sample, np.full(sample.size, var), level)

    assert (each >= 0.0).all()
    assert pinball_loss(sample, np.full(sample.size, var), level) == pytest.approx(each.mean())


# -- VaR and expected shortfall together --------------------------------------------------------


def pairs(seed, n=40):
    """Losses beside forecasts of VaR and of an ES above it."""
    rng = np.random.default_rng(seed)
    var = rng.uniform(-0.5, 2.0, n)
    return rng.standard_t(4, n), var, np.maximum(var, 0.0) + rng.uniform(0.01, 2.0, n)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.9, 0.975, 0.99]))
def test_agrees_with_the_published_score_in_its_own_sign(seed, level):
    """Oracle: Patton, Ziegel and Chen (2019), eq. 6, of returns and negative quantiles."""
    losses, var, es = pairs(seed)

    expected = [
        fissler_ziegel_by_definition(-loss, -v, -e, 1.0 - level)
        for loss, v, e in zip(losses, var, es, strict=True)
    ]

    np.testing.assert_allclose(fissler_ziegel_losses(losses, var, es, level), expected, atol=1e-9)
    assert fissler_ziegel_loss(losses, var, es, level) == pytest.approx(np.mean(expected))


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100.0))
def test_another_unit_adds_the_same_to_every_score(seed, unit):
    losses, var, es = pairs(seed)

    moved = fissler_ziegel_losses(unit * losses, unit * var, unit * es, 0.975)

    here = fissler_ziegel_losses(losses, var, es, 0.975)
    np.testing.assert_allclose(moved, here + math.log(unit), atol=1e-9)


@pytest.mark.parametrize(("wrong_var", "wrong_es"), [(0.8, 1.0), (1.1, 1.0), (1.0, 1.25)])
def test_the_true_pair_has_the_lowest_joint_score(wrong_var, wrong_es):
    """Fissler and Ziegel (2016): over 200,000 normal losses at 97.5 %."""
    losses = np.random.default_rng(5).standard_normal(200_000)
    true_var = norm.ppf(0.975)
    true_es = norm.pdf(true_var) / 0.025

    def score(var, es):
        n = losses.size
        return fissler_ziegel_loss(losses, np.full(n, var), np.full(n, es), 0.975)

    assert score(true_var, true_es) < score(wrong_var * true_var, wrong_es * true_es)


@pytest.mark.parametrize(
    ("losses", "var", "es", "level", "error"),
    [
        ([], [], [], 0.975, InsufficientData),
        ([1.0], [1.0], [2.0], 1.0, ValueError),
        ([1.0], [1.0], [np.nan], 0.975, ValueError),
        ([np.inf], [1.0], [2.0], 0.975, ValueError),
        ([1.0], [-1.0], [0.0], 0.975, ValueError),
        ([1.0], [-2.0], [-1.0], 0.975, ValueError),
        ([1.0], [2.0], [1.0], 0.975, ValueError),
        ([1.0, 2.0], [1.0], [2.0], 0.975, ValueError),
    ],
)
def test_the_joint_score_refuses_what_it_cannot_judge(losses, var, es, level, error):
    with pytest.raises(error):
        fissler_ziegel_loss(np.array(losses), np.array(var), np.array(es), level)


# -- which of two did better ------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(10, 120), st.integers(0, 8))
def test_agrees_with_the_textbook_test_of_two_forecasts(seed, periods, lag):
    """Oracle: Diebold and Mariano (1995) term by term."""
    first, second = np.random.default_rng(seed).exponential(size=(2, periods))

    statistic, p_value = diebold_mariano_by_definition(first.tolist(), second.tolist(), lag)

    result = diebold_mariano(first, second, lag=lag)
    assert result.statistic == pytest.approx(statistic, rel=1e-9, abs=1e-12)
    assert result.p_value == pytest.approx(p_value, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100.0))
def test_the_order_turns_the_sign_and_the_unit_changes_nothing(seed, unit):
    first, second = np.random.default_rng(seed).exponential(size=(2, 60))

    there = diebold_mariano(first, second)
    back = diebold_mariano(unit * second, unit * first)

    assert back.statistic == pytest.approx(-there.statistic)
    assert back.p_value == pytest.approx(there.p_value)


def test_equal_forecasts_are_seldom_told_apart():
    """Rejections at 5 % of two forecasts of one quality, over 250 days."""
    rng = np.random.default_rng(7)
    p_values = [diebold_mariano(*rng.exponential(size=(2, 250))).p_value for _ in range(1_000)]

    assert 0.03 < np.mean(np.array(p_values) < 0.05) < 0.09


def test_a_forecast_told_from_itself_is_no_news():
    losses = np.array([0.1, 0.4, 0.2] * 5)

    assert diebold_mariano(losses, losses) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "lag", "error"),
    [
        (np.ones(6), np.zeros(6), 5, InsufficientData),
        (np.full(60, 0.1), np.full(60, 0.3), 5, NotIdentified),
        (np.ones(60), np.zeros(59), 5, ValueError),
        (np.ones(60), np.full(60, np.nan), 5, ValueError),
        (np.ones(60), np.zeros(60), -1, ValueError),
    ],
)
def test_two_forecasts_are_not_told_apart_on_nothing(first, second, lag, error):
    with pytest.raises(error):
        diebold_mariano(first, second, lag=lag)
