"""Drawn scenarios: the same at each asking, and close to what they simulate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.moments import Moments
from risk.measures.tail import historical_var_es
from risk.measures.var import VAR_MODELS
from risk.measures.var.monte_carlo import (
    SCENARIOS,
    MonteCarloBootstrap,
    MonteCarloGaussian,
    MonteCarloT,
    _repeated,
    standard_scenarios,
)
from tests.measures.var.series import LEVELS, market
from tests.oracles.var import moments_by_scipy


@pytest.mark.parametrize(
    ("drawn", "exact"),
    [
        ("monte_carlo_gaussian", "parametric_normal"),
        ("monte_carlo_t", "parametric_t"),
        ("monte_carlo_bootstrap", "historical_250"),
    ],
)
def test_comes_close_to_the_formula_of_what_it_draws_from(drawn, exact):
    path, formula = (VAR_MODELS[name].path(market(holes=0.0), LEVELS) for name in (drawn, exact))
    made = path.forecast

    ratio = path.var[made] / formula.var[made]
    assert np.median(np.abs(ratio - 1.0)) < 0.02
    np.testing.assert_allclose(path.es[made], formula.es[made], rtol=0.12)


@pytest.mark.parametrize("degrees", [4.1, 4.45, 4.55, 5.5, 7.4, 12.5, 29.6, 40.0, 100.0])
def test_whole_degrees_of_freedom_move_a_tail_average_by_four_percent_at_most(degrees):
    moments = Moments(np.zeros(1), np.ones(1), np.zeros(1), np.array([6.0 / (degrees - 4.0)]))
    drawn, exact = (
        VAR_MODELS[name].of_moments(moments, LEVELS) for name in ("monte_carlo_t", "parametric_t")
    )

    np.testing.assert_allclose(drawn[1], exact[1], rtol=0.04)
    np.testing.assert_allclose(drawn[0], exact[0], rtol=0.025)


@pytest.mark.parametrize("kind", [MonteCarloGaussian, MonteCarloT, MonteCarloBootstrap])
def test_the_same_seed_gives_the_same_figures_and_another_one_others(kind):
    returns = market(holes=0.0)
    first, again, other = (
        kind("drawn", window=250, seed=seed).untracked(returns, LEVELS) for seed in (7, 7, 8)
    )

    np.testing.assert_array_equal(first, again)
    assert (first[1] != other[1]).any()
    np.testing.assert_allclose(other, first, rtol=0.03)


def test_projected_figures_are_those_of_projected_scenarios():
    returns = market(seed=3, bars=250, holes=0.0)
    mean, deviation, _, excess = moments_by_scipy(-returns)
    whole = round(4.0 + 6.0 / excess)
    for name, degrees in (("monte_carlo_gaussian", None), ("monte_carlo_t", whole)):
        scenarios = mean + deviation * standard_scenarios(degrees, seed=0)
        expected = historical_var_es(scenarios, LEVELS)

        np.testing.assert_allclose(
            VAR_MODELS[name].untracked(returns, LEVELS), expected, rtol=1e-10
        )


def test_the_bootstrap_is_history_over_the_days_it_drew():
    returns = market(seed=3, bars=250, holes=0.0)
    drawn = np.random.default_rng(0).integers(250, size=SCENARIOS)
    expected = historical_var_es(-returns[drawn], LEVELS)

    found = VAR_MODELS["monte_carlo_bootstrap"].untracked(returns, LEVELS)

    np.testing.assert_allclose(found, expected, rtol=1e-10)


@given(
    losses=st.lists(st.integers(-5, 5), min_size=1, max_size=12),
    data=st.data(),
    level=st.floats(0.01, 0.99),
)
def test_losses_with_counts_are_losses_written_out(losses, data, level):
    times = data.draw(st.lists(st.integers(0, 4), min_size=len(losses), max_size=len(losses)))
    if not any(times):
        times[0] = 1
    levels = np.array([level])
    written_out = np.repeat(np.array(losses, dtype=float), times)

    found = _repeated(np.array(losses, dtype=float), np.array(times, dtype=np.int64), levels)

    np.testing.assert_allclose(found, historical_var_es(written_out, levels), atol=1e-9)


@pytest.mark.parametrize("degrees", [None, 5, 30])
def test_standard_scenarios_have_mean_zero_unit_variance_and_a_mirror_image(degrees):
    scenarios = standard_scenarios(degrees, seed=1)

    assert scenarios.size == SCENARIOS
    assert scenarios.var() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(np.sort(scenarios), np.sort(-scenarios))


def test_refuses_scenarios_that_have_no_pair_or_no_variance():
    for count in (0, 3):
        with pytest.raises(ValueError, match="come in pairs"):
            standard_scenarios(None, seed=1, count=count)
    with pytest.raises(ValueError, match="no variance"):
        standard_scenarios(2, seed=1)
