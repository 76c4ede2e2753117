import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from risk.errors import InsufficientData
from risk.measures.backtest import (
    chance_inside_region,
    diebold_mariano,
    hits,
    kupiec,
    kupiec_region,
    pinball_loss,
    pinball_losses,
    traffic_light_zones,
)
from tests.oracles.backtest import diebold_mariano_by_definition


@pytest.mark.parametrize(
    ("forecasts", "level", "region"),
    [
        (255, 0.99, (1, 6)),
        (510, 0.99, (2, 10)),
        (1000, 0.99, (5, 16)),
        (255, 0.95, (7, 20)),
        (510, 0.95, (17, 35)),
        (1000, 0.95, (38, 64)),
    ],
)
def test_regions_are_those_of_kupiecs_table(forecasts, level, region):
    """Kupiec (1995), table 3; at 5 % as computed since."""
    assert kupiec_region(forecasts, level) == region


@given(st.integers(1, 400), st.data(), st.sampled_from([0.9, 0.95, 0.975, 0.99]))
def test_is_the_likelihood_ratio_of_two_binomials(forecasts, data, level):
    hit_count = data.draw(st.integers(0, forecasts))

    result = kupiec(hit_count, forecasts, level)

    ratio = binom.logpmf(hit_count, forecasts, hit_count / forecasts) - binom.logpmf(
        hit_count, forecasts, 1.0 - level
    )
    assert result.statistic == pytest.approx(2.0 * ratio, abs=1e-8)
    assert result.p_value == pytest.approx(chi2.sf(result.statistic, 1), rel=1e-9)


def test_no_hit_at_all_is_judged_too():
    """Without xlogy, 0 log 0 would be NaN and NaN would pass."""
    result = kupiec(0, 255, 0.99)

    assert result.statistic == pytest.approx(-2.0 * 255 * math.log(0.99))
    assert result.p_value < 0.05


def test_nothing_but_hits_is_rejected_beyond_doubt():
    assert kupiec(100, 100, 0.99).p_value < 1e-100


def test_exactly_as_many_as_expected_is_no_surprise():
    result = kupiec(50, 1000, 0.95)

    assert result.statistic == pytest.approx(0.0, abs=1e-9)
    assert result.p_value == pytest.approx(1.0, abs=1e-4)
    assert result.hit_rate == 0.05


@given(st.integers(100, 2000), st.sampled_from([0.95, 0.975, 0.99]))
def test_the_region_is_what_the_test_accepts(forecasts, level):
    low, high = kupiec_region(forecasts, level)

    accepted = [h for h in range(forecasts + 1) if kupiec(h, forecasts, level).p_value >= 0.05]
    assert accepted == list(range(low, high + 1))


def test_a_loss_equal_to_its_var_is_no_hit():
    assert hits(np.array([0.03, 0.031, -0.5]), np.full(3, 0.03)).tolist() == [False, True, False]


def test_judges_every_level_of_a_path():
    var = np.array([[0.02, 0.03], [0.02, 0.05]])

    assert hits(np.array([0.025, 0.06]), var).tolist() == [[True, False], [True, True]]


def test_refuses_what_was_not_forecast_or_did_not_happen():
    with pytest.raises(ValueError, match="contains NaN"):
        hits(np.array([0.1]), np.array([math.nan]))
    with pytest.raises(ValueError, match="contains NaN"):
        hits(np.array([math.nan]), np.array([0.1]))
    with pytest.raises(ValueError, match="2 losses beside 1 forecasts"):
        hits(np.zeros(2), np.zeros(1))


@pytest.mark.parametrize(
    ("hit_count", "forecasts", "level"),
    [(-1, 10, 0.99), (11, 10, 0.99), (1, 10, 1.0), (1, 10, 0.0)],
)
def test_refuses_counts_and_levels_that_cannot_be(hit_count, forecasts, level):
    with pytest.raises(ValueError, match="hits in"):
        kupiec(hit_count, forecasts, level)


def test_refuses_to_judge_nothing():
    with pytest.raises(InsufficientData):
        kupiec(0, 0, 0.99)


def test_says_when_no_number_of_hits_could_pass():
    """Neither none nor one of one forecast is likely at a level of one half, at size one."""
    with pytest.raises(InsufficientData, match="kupiec_region"):
        kupiec_region(1, 0.5, size=1.0)


def test_the_traffic_light_is_basels_over_its_250_days():
    """Basel Committee (1996), table 2: green to 4, amber to 9, red from 10."""
    assert traffic_light_zones(250) == (5, 10)


@given(st.integers(60, 1500))
def test_zones_of_the_light_begin_at_basels_probabilities(forecasts):
    amber, red = traffic_light_zones(forecasts)

    assert binom.cdf(amber - 1, forecasts, 0.01) < 0.95 <= binom.cdf(amber, forecasts, 0.01)
    assert binom.cdf(red - 1, forecasts, 0.01) < 0.9999 <= binom.cdf(red, forecasts, 0.01)


@given(st.integers(1, 60))
def test_days_without_an_exception_are_green_however_few(forecasts):
    amber, red = traffic_light_zones(forecasts)

    assert 1 <= amber < red


@pytest.mark.parametrize(
    ("forecasts", "level", "error"),
    [(0, 0.99, InsufficientData), (250, 1.0, ValueError), (250, 0.0, ValueError)],
)
def test_the_traffic_light_refuses_what_it_cannot_judge(forecasts, level, error):
    with pytest.raises(error):
        traffic_light_zones(forecasts, level)


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


# -- what a count cannot tell -----------------------------------------------------------------


@given(
    st.integers(100, 1500), st.sampled_from([0.95, 0.975, 0.99]), st.sampled_from([0.5, 1.0, 2.0])
)
def test_the_chance_of_passing_adds_up_the_counts_that_pass(forecasts, level, times):
    low, high = kupiec_region(forecasts, level)
    counts = np.arange(low, high + 1)

    assert chance_inside_region(forecasts, level, times=times) == pytest.approx(
        binom.pmf(counts, forecasts, times * (1.0 - level)).sum(), abs=1e-9
    )


def test_the_chance_of_passing_falls_with_days():
    chances = [chance_inside_region(days, 0.99, times=2.0) for days in (186, 500, 2_000)]

    assert chances == sorted(chances, reverse=True)
    assert chances[-1] < 0.05


@pytest.mark.parametrize("times", [-0.1, 101.0])
def test_the_chance_of_passing_refuses_what_is_no_probability(times):
    with pytest.raises(ValueError, match="is no probability"):
        chance_inside_region(250, 0.99, times=times)


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
        (np.full(60, 0.1), np.full(60, 0.3), 5, InsufficientData),
        (np.ones(60), np.zeros(59), 5, ValueError),
        (np.ones(60), np.full(60, np.nan), 5, ValueError),
        (np.ones(60), np.zeros(60), -1, ValueError),
    ],
)
def test_two_forecasts_are_not_told_apart_on_nothing(first, second, lag, error):
    with pytest.raises(error):
        diebold_mariano(first, second, lag=lag)
