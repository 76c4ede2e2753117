"""When exceptions came: likelihood ratios of chains, and the dynamic quantile test."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chi2

from risk.errors import InsufficientData, NotIdentified
from risk.measures.backtest import (
    conditional_coverage,
    dynamic_quantile,
    hit_independence,
    kupiec,
)
from tests.oracles.backtest import chain_ratios_by_definition, dynamic_quantile_by_definition

seeds = st.integers(0, 2**32 - 1)


def clustered(seed, n=1000, level=0.95, stay=0.4):
    """As many hits as a right model has, but a hit follows on a hit with probability `stay`."""
    rng, rate = np.random.default_rng(seed), 1.0 - level
    begin = rate * (1.0 - stay) / (1.0 - rate)
    exceeded = np.zeros(n, dtype=bool)
    for t in range(1, n):
        exceeded[t] = rng.random() < (stay if exceeded[t - 1] else begin)
    return exceeded


def rejected(test, histories):
    """Share of histories in which a test's p-value is below 5 %."""
    return np.mean([test(history).p_value < 0.05 for history in histories])


# -- chains -----------------------------------------------------------------------------------


@given(seeds, st.integers(2, 200), st.floats(0.02, 0.9), st.sampled_from([0.9, 0.95, 0.99]))
def test_agree_with_likelihoods_multiplied_step_by_step(seed, n, rate, level):
    """Oracle: Christoffersen (1998) over the steps of the chain."""
    exceeded = np.random.default_rng(seed).random(n) < rate
    assume(0 < exceeded[:-1].sum() < n - 1)

    apart, expected = chain_ratios_by_definition(exceeded.tolist(), level)

    independence, coverage = hit_independence(exceeded), conditional_coverage(exceeded, level)
    assert independence.statistic == pytest.approx(apart, abs=1e-8)
    assert coverage.statistic == pytest.approx(expected, abs=1e-8)
    assert independence.p_value == pytest.approx(chi2.sf(independence.statistic, 1))
    assert coverage.p_value == pytest.approx(chi2.sf(coverage.statistic, 2))


@given(seeds, st.sampled_from([0.9, 0.95, 0.99]))
def test_coverage_is_the_count_and_the_order_together(seed, level):
    """Christoffersen (1998): the ratios add up, given the first period."""
    exceeded = np.random.default_rng(seed).random(300) < 0.05
    assume(0 < exceeded[:-1].sum() < 299)

    count = kupiec(int(exceeded[1:].sum()), 299, level).statistic

    together = conditional_coverage(exceeded, level).statistic
    assert together == pytest.approx(count + hit_independence(exceeded).statistic, abs=1e-8)


def test_no_hit_tells_nothing_of_order_but_something_of_coverage():
    """Without xlogy, 0 log 0 would be NaN and NaN would pass."""
    quiet = np.zeros(1001, dtype=bool)

    with pytest.raises(NotIdentified, match="no period follows a hit"):
        hit_independence(quiet)
    assert conditional_coverage(quiet, 0.99).statistic == pytest.approx(-2000 * math.log(0.99))
    assert conditional_coverage(quiet, 0.99).p_value < 0.001


def test_nothing_but_hits_tells_nothing_of_order_but_something_of_coverage():
    wild = np.ones(100, dtype=bool)

    with pytest.raises(NotIdentified, match="no period follows a hit"):
        hit_independence(wild)
    assert conditional_coverage(wild, 0.99).p_value < 1e-100


def test_one_hit_on_the_last_day_is_followed_by_nothing():
    late = np.repeat([False, True], [250, 1])

    with pytest.raises(NotIdentified, match="no period follows a hit"):
        hit_independence(late)
    assert conditional_coverage(late, 0.99).p_value > 0.05


def test_order_of_a_right_model_is_seldom_rejected():
    """Size at 5 %, over 1,000 days at 95 %."""
    rng = np.random.default_rng(1)
    histories = rng.random((1000, 1000)) < 0.05

    assert 0.02 < rejected(hit_independence, histories) < 0.10
    assert 0.02 < rejected(lambda h: conditional_coverage(h, 0.95), histories) < 0.08


def test_clusters_are_found_although_their_count_is_right():
    histories = [clustered(seed) for seed in range(100)]

    assert rejected(hit_independence, histories) > 0.9
    assert rejected(lambda h: conditional_coverage(h, 0.95), histories) > 0.9


@pytest.mark.parametrize(
    ("n", "level", "error"), [(0, 0.99, InsufficientData), (1, 0.99, InsufficientData),
                              (10, 1.0, ValueError), (10, 0.0, ValueError)],
)  # fmt: skip
def test_coverage_refuses_what_it_cannot_judge(n, level, error):
    with pytest.raises(error):
        conditional_coverage(np.zeros(n, dtype=bool), level)


# -- the dynamic quantile test ------------------------------------------------------------------


@given(seeds, st.integers(60, 300), st.integers(0, 5), st.sampled_from([0.9, 0.95, 0.99]))
def test_agrees_with_the_regression_by_normal_equations(seed, n, lags, level):
    """Oracle: Engle and Manganelli (2004), with a pseudo-inverse."""
    rng = np.random.default_rng(seed)
    exceeded, var = rng.random(n) < 0.08, rng.uniform(0.5, 2.0, n)

    statistic, degrees = dynamic_quantile_by_definition(
        exceeded.tolist(), var.tolist(), level, lags
    )

    result = dynamic_quantile(exceeded, var, level, lags=lags)
    assert result.statistic == pytest.approx(statistic, rel=1e-6, abs=1e-9)
    assert result.degrees == degrees
    assert result.p_value == pytest.approx(chi2.sf(result.statistic, degrees))


@pytest.mark.parametrize(
    ("hits_at", "var", "degrees"),
    [
        ([], np.full(250, 0.03), 1),  # no lag and no VaR tells anything that the constant does not
        ([], np.linspace(0.01, 0.05, 250), 2),
        ([80, 170], np.full(250, 0.03), 5),
        ([80, 170], np.full(250, 1e-9), 5),
        ([80, 170], np.linspace(0.01, 0.05, 250), 6),
        ([248], np.linspace(0.01, 0.05, 250), 3),  # only one lag has seen the hit
    ],
)
def test_columns_that_tell_nothing_of_their_own_are_left_out(hits_at, var, degrees):
    exceeded = np.zeros(250, dtype=bool)
    exceeded[hits_at] = True

    result = dynamic_quantile(exceeded, var, 0.99)

    assert result.degrees == degrees
    assert 0.0 <= result.p_value <= 1.0


@given(seeds, st.floats(1e-6, 1e6))
def test_the_unit_of_var_changes_nothing(seed, unit):
    rng = np.random.default_rng(seed)
    exceeded, var = rng.random(200) < 0.05, rng.uniform(0.5, 2.0, 200)

    here, there = (dynamic_quantile(exceeded, scale * var, 0.95) for scale in (1.0, unit))

    assert there.statistic == pytest.approx(here.statistic, rel=1e-6)
    assert there.degrees == here.degrees


def test_a_right_model_is_seldom_rejected_by_its_own_var():
    """Size at 5 %, over 1,000 days at 95 % with a VaR that wanders."""
    rng = np.random.default_rng(2)
    p_values = [
        dynamic_quantile(rng.random(1000) < 0.05, rng.uniform(1.0, 3.0, 1000), 0.95).p_value
        for _ in range(1000)
    ]

    assert 0.03 < np.mean(np.array(p_values) < 0.05) < 0.08


def test_clusters_are_found_over_a_gap_of_a_day_too():
    """A hit on every other day of a bad week: no two are consecutive."""
    exceeded = np.zeros(1000, dtype=bool)
    for week in range(0, 1000, 60):
        exceeded[week : week + 6 : 2] = True

    assert hit_independence(exceeded).p_value > 0.01
    assert dynamic_quantile(exceeded, np.ones(1000), 0.95).p_value < 1e-6


def test_hits_that_come_when_var_is_high_are_found():
    rng = np.random.default_rng(3)
    var = rng.uniform(1.0, 3.0, 1000)
    exceeded = rng.random(1000) < np.where(var > 2.5, 0.17, 0.02)

    assert dynamic_quantile(exceeded, var, 0.95).p_value < 0.001


@pytest.mark.parametrize(
    ("n", "var", "level", "lags", "error"),
    [
        (0, [], 0.99, 4, InsufficientData),
        (15, np.ones(15), 0.99, 4, InsufficientData),
        (100, np.ones(99), 0.99, 4, ValueError),
        (100, np.full(100, np.nan), 0.99, 4, ValueError),
        (100, np.full(100, np.inf), 0.99, 4, ValueError),
        (100, np.ones(100), 1.0, 4, ValueError),
        (100, np.ones(100), 0.99, -1, ValueError),
    ],
)
def test_the_dynamic_quantile_test_refuses_what_it_cannot_judge(n, var, level, lags, error):
    with pytest.raises(error):
        dynamic_quantile(np.zeros(n, dtype=bool), np.array(var), level, lags=lags)
