"""Basel's traffic light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from risk.errors import InsufficientData
from risk.measures.backtest import at_most_probability, red_windows, traffic_light_zones
from tests.oracles.backtest import red_windows_by_counting


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


def test_probabilities_of_at_most_so_many_are_basels():
    """Basel Committee (1996), table 2."""
    published = [8.11, 28.58, 54.32, 75.81, 89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99]

    assert (100.0 * at_most_probability(np.arange(11), 250)).round(2).tolist() == published


@pytest.mark.parametrize(
    ("exceptions", "forecasts", "level", "error"),
    [
        ([0], 0, 0.99, InsufficientData),
        ([0], 250, 1.0, ValueError),
        ([-1], 250, 0.99, ValueError),
        ([251], 250, 0.99, ValueError),
    ],
)
def test_a_probability_of_what_cannot_be_is_refused(exceptions, forecasts, level, error):
    with pytest.raises(error):
        at_most_probability(np.array(exceptions), forecasts, level)


@given(st.integers(0, 2**32 - 1), st.integers(20, 120), st.sampled_from([0.9, 0.95, 0.99]))
def test_red_windows_are_counted_one_by_one(seed, window, level):
    """Oracle: every window's exceptions, added up."""
    exceeded = np.random.default_rng(seed).random(300) < 0.05

    expected = red_windows_by_counting(exceeded.tolist(), level, window)

    assert red_windows(exceeded, level, window) == expected


def test_ten_exceptions_within_a_year_are_red_for_as_long_as_they_share_a_window():
    spread = np.zeros(600, dtype=bool)
    spread[100:200:10] = True

    assert red_windows(spread) == 250 - 91 + 1 - (250 - 191)
    assert red_windows(np.zeros(250, dtype=bool)) == 0


def test_less_than_a_window_is_too_little_for_a_light():
    with pytest.raises(InsufficientData, match="red_windows needs 250 or more"):
        red_windows(np.zeros(249, dtype=bool))
    with pytest.raises(ValueError, match="window of 0"):
        red_windows(np.zeros(249, dtype=bool), window=0)
