"""Normal, t and Cornish-Fisher figures: published numbers, integrals, and where they are valid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from risk.measures.var import VAR_MODELS
from risk.measures.var.cornish_fisher import MOST_SKEWNESS, bent_var_es, into_domain
from risk.measures.var.parametric import degrees_of_freedom, normal_var_es, student_var_es
from tests.measures.var.series import LEVELS, market
from tests.oracles.var import bent_quantile, moments_by_scipy, shortfall_by_integration

GRID = np.linspace(0.0005, 0.9995, 2001)


def history():
    returns = market(seed=4, holes=0.0, bars=250)
    return returns, moments_by_scipy(-returns)


def test_normal_figures_are_those_of_the_tables():
    """McNeil, Frey and Embrechts (2015), section 2.3: 2.33 and 2.67 deviations at 99 %."""
    var, es = normal_var_es(np.array([0.95, 0.975, 0.99]))

    np.testing.assert_allclose(var, [1.6449, 1.9600, 2.3263], atol=5e-5)
    np.testing.assert_allclose(es, [2.0627, 2.3378, 2.6652], atol=5e-5)


@pytest.mark.parametrize("degrees", [4.0, 4.5, 7.0, 30.0, 100.0])
@pytest.mark.parametrize("level", [0.3, 0.95, 0.99])
def test_t_figures_are_scipys_at_unit_variance(degrees, level):
    scaled = stats.t(degrees, scale=np.sqrt((degrees - 2.0) / degrees))
    var, es = student_var_es(np.array(degrees), np.array([level]))

    assert scaled.var() == pytest.approx(1.0)
    assert var[0] == pytest.approx(scaled.ppf(level), rel=1e-9)
    assert es[0] == pytest.approx(shortfall_by_integration(scaled.ppf, level), rel=1e-6)


def test_four_degrees_of_freedom_lose_what_the_textbook_says():
    """McNeil, Frey and Embrechts (2015), section 2.3: t of 4 degrees, annual deviation 20 %,
    value 10,000, one day of 250: VaR 335.1 and ES 466.9 at 99 %."""
    var, es = student_var_es(np.array(4.0), np.array([0.99]))
    a_day = 10_000 * 0.2 / np.sqrt(250)

    assert var[0] * a_day == pytest.approx(335.1, abs=0.1)
    assert es[0] * a_day == pytest.approx(466.9, abs=0.1)


def test_the_t_model_has_the_kurtosis_of_its_window():
    returns, (mean, deviation, _, excess) = history()
    degrees = 4.0 + 6.0 / excess
    fitted = stats.t(degrees, loc=mean, scale=deviation * np.sqrt((degrees - 2.0) / degrees))
    var, es = VAR_MODELS["parametric_t"].untracked(returns, LEVELS)

    assert float(stats.t(degrees).stats("k")) == pytest.approx(excess)
    np.testing.assert_allclose(var, fitted.ppf(LEVELS), rtol=1e-9)
    for level, figure in zip(LEVELS, es, strict=True):
        assert figure == pytest.approx(shortfall_by_integration(fitted.ppf, level), rel=1e-6)


def test_degrees_of_freedom_stay_where_a_kurtosis_exists():
    degrees = degrees_of_freedom(np.array([-2.0, 0.0, 1e-9, 1.0, 1e9]))

    assert degrees.tolist() == pytest.approx([100.0, 100.0, 100.0, 10.0, 4.0])


def test_normal_losses_have_mean_and_sample_deviation_of_the_window():
    returns, (mean, deviation, _, _) = history()
    older = np.concatenate((np.full(50, 0.3), returns))
    var, es = VAR_MODELS["parametric_normal"].untracked(older, LEVELS)

    np.testing.assert_allclose(var, stats.norm(mean, deviation).ppf(LEVELS), rtol=1e-10)
    assert (es > var).all()


# --- Cornish-Fisher --------------------------------------------------------------------------


def test_within_its_domain_it_is_the_expansion_with_the_sample_moments():
    calm = 0.02 * np.random.default_rng(3).standard_t(9, 250)
    mean, deviation, skewness, excess = moments_by_scipy(-calm)
    inside = into_domain(np.array([skewness]), np.array([excess]))
    var, _ = VAR_MODELS["cornish_fisher"].untracked(calm, LEVELS)

    assert (float(inside[0][0]), float(inside[1][0])) == (skewness, excess)
    np.testing.assert_allclose(
        var, mean + deviation * bent_quantile(LEVELS, skewness, excess), rtol=1e-10
    )


shapes = st.tuples(st.floats(-30.0, 30.0), st.floats(-3.0, 300.0))


@given(shape=shapes)
def test_whatever_the_sample_the_quantile_rises(shape):
    skewness, excess = into_domain(*np.array(shape)[:, None])
    quantiles = bent_quantile(GRID, skewness, excess)

    assert (np.diff(quantiles) >= -1e-9).all()


@given(shape=shapes)
def test_its_bounds_are_where_the_quantile_begins_to_fall(shape):
    """A hair beyond what the rule allows, there is a level from which it falls."""
    skewness, excess = (float(part[0]) for part in into_domain(*np.array(shape)[:, None]))
    z = np.linspace(-40.0, 40.0, 20001)

    def slope(k):
        return (
            1.0
            + z * skewness / 3.0
            + (3.0 * z**2 - 3.0) * k / 24.0
            - (6.0 * z**2 - 5.0) * skewness**2 / 36.0
        )

    assert slope(excess).min() >= -1e-9
    if shape[1] != excess:
        beyond = excess + np.sign(shape[1] - excess) * 1.0
        assert slope(beyond).min() < 0.0


@given(shape=shapes)
def test_inside_nothing_is_moved_and_moving_twice_is_moving_once(shape):
    once = into_domain(*np.array(shape)[:, None])
    twice = into_domain(*once)

    np.testing.assert_allclose(twice, once, rtol=1e-12, atol=1e-12)
    assert abs(once[0][0]) <= MOST_SKEWNESS


def test_the_plain_expansion_would_put_the_99_per_cent_figure_below_the_95():
    """Why there is a rule: excess kurtosis of 40 and no skewness."""
    plain = bent_quantile(np.array([0.6, 0.75]), 0.0, 40.0)
    ruled, _ = bent_var_es(*into_domain(np.zeros(1), np.array([40.0])), np.array([0.6, 0.75]))

    assert plain[1] < plain[0]
    assert ruled[1] > ruled[0]


@given(shape=shapes, level=st.sampled_from((0.2, 0.9, 0.975, 0.99)))
def test_its_shortfall_is_the_mean_of_its_quantiles_beyond(shape, level):
    skewness, excess = into_domain(*np.array(shape)[:, None])
    _, es = bent_var_es(skewness, excess, np.array([level]))

    expected = shortfall_by_integration(
        lambda p: float(bent_quantile(p, skewness[0], excess[0])), level
    )
    assert es[0] == pytest.approx(expected, rel=1e-4, abs=1e-5)
