"""Counting exceptions, against published tables and the binomial law."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2, geom

from risk.errors import InsufficientData, NotIdentified
from risk.measures.backtest import (
    chance_inside_region,
    hits,
    kupiec,
    kupiec_region,
    kupiec_tuff,
)


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
    with pytest.raises(ValueError, match=r"level must lie|hits in"):
        kupiec(hit_count, forecasts, level)


def test_refuses_to_judge_nothing():
    with pytest.raises(InsufficientData):
        kupiec(0, 0, 0.99)


def test_says_when_no_number_of_hits_could_pass():
    """Neither none nor one of one forecast is likely at a level of one half, at size one."""
    with pytest.raises(NotIdentified, match=r"number of hits in 1 is rejected at size 1\.0"):
        kupiec_region(1, 0.5, size=1.0)


@pytest.mark.parametrize(
    ("level", "size", "named"),
    [
        (1.5, 0.05, "level"),
        (0.0, 0.05, "level"),
        (0.95, -1.0, "size"),
        (0.95, 0.0, "size"),
        (0.95, 1.5, "size"),
    ],
)
def test_a_region_of_an_impossible_level_or_size_is_refused_by_name(level, size, named):
    with pytest.raises(ValueError, match=f"{named} must lie in"):
        kupiec_region(10, level, size)


def test_no_forecast_has_no_region():
    with pytest.raises(InsufficientData, match="needs 1 or more"):
        kupiec_region(0, 0.95)


# -- the time until the first failure ---------------------------------------------------------


@pytest.mark.parametrize(("level", "first", "last"), [(0.99, 7, 438), (0.95, 2, 86)])
def test_the_first_failure_surprises_outside_kupiecs_region(level, first, last):
    """Kupiec (1995) at 1 %; at 5 % as computed here."""
    accepted = [t for t in range(1, 600) if kupiec_tuff(t, level).p_value >= 0.05]

    assert (accepted[0], accepted[-1]) == (first, last)
    assert len(accepted) == last - first + 1


@given(st.integers(1, 2000), st.sampled_from([0.9, 0.95, 0.975, 0.99]))
def test_is_the_likelihood_ratio_of_two_geometric_laws(first_hit, level):
    result = kupiec_tuff(first_hit, level)

    ratio = geom.logpmf(first_hit, 1.0 / first_hit) - geom.logpmf(first_hit, 1.0 - level)
    assert result.statistic == pytest.approx(2.0 * ratio, abs=1e-8)
    assert result.p_value == pytest.approx(chi2.sf(result.statistic, 1), rel=1e-9)


@pytest.mark.parametrize(("first_hit", "level"), [(0, 0.99), (5, 1.0), (5, 0.0)])
def test_refuses_a_first_failure_that_cannot_be(first_hit, level):
    with pytest.raises(ValueError, match=r"level must lie|the first period"):
        kupiec_tuff(first_hit, level)


@pytest.mark.parametrize("level", [0.95, 0.975, 0.99])
def test_counts_of_a_right_model_are_seldom_rejected(level):
    """Size: over 1,000 days the share rejected at 5 %, from the binomial law itself."""
    counts = np.arange(1001)
    rejected = np.array([kupiec(int(count), 1000, level).p_value < 0.05 for count in counts])

    assert 0.03 < binom.pmf(counts, 1000, 1.0 - level)[rejected].sum() < 0.08


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
