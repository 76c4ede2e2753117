"""Acerbi and Szekely's second test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from risk.errors import InsufficientData
from risk.measures.backtest import Z2_AMBER, Z2_RED, acerbi_szekely_z2, z2_p_value
from tests.oracles.backtest import z2_by_definition

ALPHA = 0.025


def normal_figures():
    var = norm.ppf(1.0 - ALPHA)
    return var, norm.pdf(var) / ALPHA


def student_figures(degrees):
    """Acerbi and Szekely use Student's t as it is."""
    var = student.ppf(1.0 - ALPHA, degrees)
    es = student.pdf(var, degrees) * (degrees + var**2) / ((degrees - 1.0) * ALPHA)
    return var, es


def z2_of_each(losses, var, es):
    return np.array(
        [acerbi_szekely_z2(row, np.full(row.size, var), np.full(row.size, es), 0.975)
         for row in losses]
    )  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.9, 0.975, 0.99]))
def test_agrees_with_the_published_statistic_of_profits(seed, level):
    """Oracle: Acerbi and Szekely (2014), eq. 6, in the sign of profits."""
    rng = np.random.default_rng(seed)
    profits, var = rng.standard_t(4, 60), rng.uniform(-0.5, 2.0, 60)
    es = np.maximum(var, 0.0) + rng.uniform(0.01, 1.0, 60)

    expected = z2_by_definition(profits.tolist(), var.tolist(), es.tolist(), 1.0 - level)

    assert acerbi_szekely_z2(-profits, var, es, level) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("figures", "draw", "limit"),
    [
        (normal_figures(), lambda rng, size: rng.standard_normal(size), -0.70),
        (student_figures(10), lambda rng, size: rng.standard_t(10, size), -0.74),
        (student_figures(3), lambda rng, size: rng.standard_t(3, size), -0.82),
    ],
    ids=["normal", "t10", "t3"],
)
def test_one_right_year_in_twenty_is_below_the_published_limit(figures, draw, limit):
    """Acerbi and Szekely (2014), table 2: 250 days at 97.5 %; a year in 10,000 is below -1.8."""
    z2 = z2_of_each(draw(np.random.default_rng(11), (20_000, 250)), *figures)

    assert z2.mean() == pytest.approx(0.0, abs=0.01)
    assert np.quantile(z2, 0.05) == pytest.approx(limit, abs=0.03)
    assert np.mean(z2 < Z2_AMBER) < 0.08
    assert np.mean(z2 < Z2_RED) < 0.005


def test_is_one_without_a_hit_and_falls_below_zero_where_risk_was_understated():
    losses = np.random.default_rng(4).standard_normal(1000)
    var, es = normal_figures()

    def z2(scale):
        return acerbi_szekely_z2(
            losses, np.full(1000, scale * var), np.full(1000, scale * es), 0.975
        )

    assert acerbi_szekely_z2(np.zeros(9), np.ones(9), np.ones(9), 0.975) == 1.0
    assert z2(0.7) < -1.0 < z2(1.0) < z2(1.4)


def test_shortfall_too_low_is_found_although_var_is_right():
    losses = np.random.default_rng(6).standard_t(3, 4000)
    var, es = student_figures(3)
    var, shallow = np.full(4000, var), np.full(4000, 1.1 * var)

    right = acerbi_szekely_z2(losses, var, np.full(4000, es), 0.975)
    wrong = acerbi_szekely_z2(losses, var, shallow, 0.975)

    rng = np.random.default_rng(0)
    assert z2_p_value(right, var, np.full(4000, es), 0.975, rng=rng) > 0.05
    assert z2_p_value(wrong, var, shallow, 0.975, rng=rng) < 0.01


def test_the_p_value_of_a_right_year_is_spread_evenly():
    """Size at 5 % over 500 years of normal losses."""
    var, es = (np.full(250, figure) for figure in normal_figures())
    rng = np.random.default_rng(8)
    p_values = [
        z2_p_value(acerbi_szekely_z2(row, var, es, 0.975), var, es, 0.975, rng=rng, draws=500)
        for row in rng.standard_normal((500, 250))
    ]

    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.08
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_p_value_however_many_are_drawn_at_once():
    var, es = np.full(250, 1.0), np.full(250, 1.3)
    first, again = (
        z2_p_value(-0.4, var, es, 0.975, rng=np.random.default_rng(1), draws=9000) for _ in range(2)
    )

    assert first == again
    assert 0.05 < first < 0.4


BAD = [
    ([], [], [], 0.975, InsufficientData),
    ([1.0], [1.0], [1.0], 1.0, ValueError),
    ([1.0], [1.0], [0.0], 0.975, ValueError),
    ([1.0], [-2.0], [-1.0], 0.975, ValueError),
    ([1.0], [np.nan], [1.0], 0.975, ValueError),
    ([1.0], [1.0], [np.inf], 0.975, ValueError),
    ([1.0, 2.0], [1.0], [1.0], 0.975, ValueError),
]


@pytest.mark.parametrize(("losses", "var", "es", "level", "error"), BAD)
def test_refuses_what_it_cannot_judge(losses, var, es, level, error):
    with pytest.raises(error):
        acerbi_szekely_z2(np.array(losses), np.array(var), np.array(es), level)


@pytest.mark.parametrize(
    ("z2", "var", "es", "draws", "error"),
    [
        (0.0, [], [], 10, InsufficientData),
        (np.nan, [1.0], [1.0], 10, ValueError),
        (0.0, [2.0], [1.0], 10, ValueError),
        (0.0, [1.0], [0.0], 10, ValueError),
        (0.0, [1.0], [1.0], 0, ValueError),
    ],
)
def test_a_p_value_is_refused_for_what_cannot_be(z2, var, es, draws, error):
    rng = np.random.default_rng(0)
    with pytest.raises(error):
        z2_p_value(z2, np.array(var), np.array(es), 0.975, rng=rng, draws=draws)
