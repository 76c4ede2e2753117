"""Number, order and depth of one model's exceptions, and how they added up over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from risk.errors import InsufficientData
from risk.measures.backtest import (
    Z2_AMBER,
    Depth,
    Order,
    acerbi_szekely_z2,
    conditional_coverage,
    depth_record,
    hit_independence,
    kupiec_region,
    level_record,
    rolling_exceptions,
    traffic_light_zones,
    z2_p_value,
)


def hits_at(*days, of=250):
    exceeded = np.zeros(of, dtype=bool)
    exceeded[list(days)] = True
    return exceeded


# -- number and order -----------------------------------------------------------------------


def test_a_record_says_what_the_tests_say_one_by_one():
    exceeded = np.random.default_rng(5).random(250) < 0.06

    record = level_record(exceeded, 0.95)

    assert (record.days, record.hits) == (250, exceeded.sum())
    assert (record.low, record.high) == kupiec_region(250, 0.95)
    assert record.order_p == hit_independence(exceeded).p_value
    assert record.coverage_p == conditional_coverage(exceeded, 0.95).p_value


def test_hits_in_a_row_are_clustered_however_few():
    assert level_record(hits_at(50, 51, 52), 0.99).order is Order.CLUSTERED


def test_hits_far_apart_are_not_clustered():
    assert level_record(hits_at(*range(10, 250, 20)), 0.95).order is Order.NO_CLUSTERS


def test_hits_that_avoid_each_other_are_no_cluster_although_the_test_rejects():
    record = level_record(hits_at(*range(0, 250, 2)), 0.95)

    assert record.order_p < 0.001
    assert record.order is Order.NO_CLUSTERS


@pytest.mark.parametrize("count", [0, 1, 4])
def test_of_few_hits_no_order_is_told(count):
    assert level_record(hits_at(*range(10, 10 + 40 * count, 40)), 0.99).order is Order.TOO_FEW


@pytest.mark.parametrize("always", [False, True])
def test_where_nothing_can_be_compared_the_order_is_unknown(always):
    record = level_record(np.full(30, always), 0.95)

    assert (record.order, record.order_p) == (Order.TOO_FEW, None)
    assert record.coverage_p is not None


def test_one_day_has_a_number_and_no_test():
    record = level_record(np.array([True]), 0.95)

    assert (record.days, record.hits, record.order_p, record.coverage_p) == (1, 1, None, None)


@pytest.mark.parametrize(("hits", "normal"), [(0, False), (1, True), (6, True), (7, False)])
def test_a_number_of_hits_is_normal_within_its_region(hits, normal):
    assert level_record(hits_at(*range(0, 30 * hits, 30)), 0.99).is_normal is normal


def test_no_day_is_refused():
    with pytest.raises(InsufficientData):
        level_record(np.empty(0, dtype=bool), 0.99)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, float("nan")])
def test_a_level_outside_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        level_record(hits_at(3), level)
    with pytest.raises(ValueError, match="level"):
        rolling_exceptions(hits_at(3), level)


# -- depth ----------------------------------------------------------------------------------


def depth(losses, var, es, level=0.975):
    return depth_record(losses, var, es, level, rng=np.random.default_rng(4))


def shortfalls(days, scale=1.0, level=0.975):
    var = np.full(days, scale * norm.ppf(level))
    return var, np.full(days, scale * norm.pdf(norm.ppf(level)) / (1.0 - level))


def test_depth_is_z2_over_the_days_that_could_lose():
    losses = np.random.default_rng(2).standard_normal(300)
    var, es = shortfalls(300)
    flat = np.arange(300) < 20
    var[flat], es[flat], losses[flat] = 0.0, 0.0, 0.0

    judged = depth(losses, var, es)

    assert judged.days == 280
    assert judged.z2 == acerbi_szekely_z2(losses[20:], var[20:], es[20:], 0.975)


@pytest.mark.parametrize(("scale", "zone"), [(1.0, 0), (0.75, 1), (0.5, 2)])
def test_forecasts_that_are_too_low_reach_amber_and_red(scale, zone):
    losses = np.random.default_rng(1).standard_normal(250)

    judged = depth(losses, *shortfalls(250, scale))

    assert (judged.zone, judged.p_value) == (zone, None)


@pytest.mark.parametrize(("scale", "zone"), [(1.0, 0), (0.5, 1), (0.2, 2)])
def test_over_few_days_a_simulated_probability_stands_for_the_limits(scale, zone):
    losses = np.random.default_rng(1).standard_normal(100)
    var, es = shortfalls(100, scale)
    judged = depth(losses, var, es)
    rng = np.random.default_rng(4)

    assert judged.p_value == z2_p_value(judged.z2, var, es, 0.975, rng=rng)
    assert judged.zone == zone


@pytest.mark.parametrize(
    ("days", "level"), [(239, 0.975), (261, 0.975), (1000, 0.975), (250, 0.99), (250, 0.9)]
)
def test_the_published_limits_are_not_asked_where_they_were_not_made(days, level):
    losses = np.random.default_rng(1).standard_normal(days)
    var, es = shortfalls(days, level=level)

    judged = depth(losses, var, es, level)

    rng = np.random.default_rng(4)
    assert judged.p_value == z2_p_value(judged.z2, var, es, level, rng=rng)


@pytest.mark.parametrize("days", [240, 260])
def test_about_a_year_is_judged_by_the_published_limits(days):
    losses = np.random.default_rng(1).standard_normal(days)

    assert depth(losses, *shortfalls(days)).p_value is None


def test_over_four_years_a_model_is_caught_that_the_limits_of_one_would_pass():
    losses = np.random.default_rng(1).standard_normal(1000)

    judged = depth(losses, *shortfalls(1000, 0.9))

    assert judged.z2 > Z2_AMBER
    assert judged.zone == 1


def test_a_right_model_of_few_days_is_amber_once_in_twenty_histories():
    rng = np.random.default_rng(9)
    var, es = shortfalls(120)
    zones = [depth(rng.standard_normal(120), var, es).zone for _ in range(300)]

    assert 0.02 <= np.mean(np.array(zones) >= 1) <= 0.09
    assert 2 not in zones


def test_a_book_that_could_not_lose_has_no_depth():
    assert depth(*np.zeros((3, 50))) == Depth(0, None, None, None)
    assert depth(*np.empty((3, 0))) == Depth(0, None, None, None)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_number_that_is_not_known_is_refused(place):
    columns = [np.zeros(250), *shortfalls(250)]
    columns[place][7] = np.nan
    with pytest.raises(ValueError, match="finite"):
        depth(*columns)


# -- over time ------------------------------------------------------------------------------


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 20))
def test_each_period_counts_the_last_ones(exceeded, window):
    rolling = rolling_exceptions(np.array(exceeded, dtype=bool), window=window)

    for end in range(1, len(exceeded) + 1):
        counted = exceeded[max(0, end - window) : end]
        zones = traffic_light_zones(len(counted))
        assert rolling.exceptions[end - 1] == sum(counted)
        assert rolling.periods[end - 1] == len(counted)
        assert (rolling.amber_from[end - 1], rolling.red_from[end - 1]) == zones


def test_a_full_window_has_the_zones_of_the_regulator():
    rolling = rolling_exceptions(np.zeros(300, dtype=bool))

    assert (rolling.amber_from[-1], rolling.red_from[-1]) == (5, 10)
    assert set(rolling.periods[249:].tolist()) == {250}


@pytest.mark.parametrize("window", [0, -1])
def test_a_window_of_nothing_is_refused(window):
    with pytest.raises(ValueError, match="window"):
        rolling_exceptions(hits_at(3), window=window)
