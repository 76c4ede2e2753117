"""The window that follows volatility, against the rule in its own words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.tail import expected_shortfall
from risk.measures.var import VAR_MODELS
from risk.measures.var.adaptive import lookback
from tests.measures.var.series import LEVELS
from tests.oracles.var import adaptive_by_the_rule

ADAPTIVE = VAR_MODELS["adaptive"]


def turning(seed):
    """Calm, usual and stormy months."""
    sizes = np.repeat([1.0, 0.3, 1.0, 3.0, 0.4, 1.0], 60)
    return 0.02 * sizes * np.random.default_rng(seed).standard_t(5, sizes.size)


@pytest.mark.parametrize("seed", range(4))
def test_every_day_of_a_turning_market_follows_the_rule(seed):
    returns = turning(seed)
    path, windows = ADAPTIVE.path(returns, LEVELS), set()

    for t in range(100, returns.size):
        for k, level in enumerate(LEVELS):
            var, window = adaptive_by_the_rule(returns[:t], level)
            windows.add(window)
            assert path.var[t, k] == pytest.approx(var, rel=1e-12)
            tail = expected_shortfall(-returns[t - window : t], level=level)
            assert path.es[t, k] == pytest.approx(tail, rel=1e-12)
    assert {60, 120} <= windows
    assert max(windows) > 120


@given(size=st.integers(100, 400), storm=st.floats(0.05, 20.0), seed=st.integers(0, 20))
def test_after_any_history_it_is_the_rule(size, storm, seed):
    returns = 0.02 * np.random.default_rng(seed).standard_normal(size)
    returns[-30:] *= storm
    var, _ = ADAPTIVE.untracked(returns, (0.95,))

    assert var[0] == pytest.approx(adaptive_by_the_rule(returns, 0.95)[0], rel=1e-12)


def test_a_short_history_takes_all_there_is_once_there_are_a_hundred():
    calm = np.concatenate((0.05 * np.array([1.0, -1.0] * 40), 0.01 * np.array([1.0, -1.0] * 15)))
    var, window = adaptive_by_the_rule(calm, 0.99)

    assert window == 110
    assert ADAPTIVE.untracked(calm, (0.99,))[0][0] == pytest.approx(var)
    with pytest.raises(InsufficientData, match="adaptive needs 100 or more observations, got 99"):
        ADAPTIVE.untracked(calm[:99], (0.99,))


@pytest.mark.parametrize("constant", [0.0, 0.01, -0.01])
def test_without_any_volatility_the_usual_window_says_what_always_happens(constant):
    returns = np.full(150, constant)

    assert lookback(-returns, 0.0) == 120
    np.testing.assert_allclose(ADAPTIVE.untracked(returns, LEVELS), -constant, rtol=1e-12)


def test_at_the_thresholds_the_window_is_the_usual_one():
    recent = np.tile([0.02, -0.02], 15)

    assert lookback(recent, 0.02 / 1.5) == 120
    assert lookback(recent, 0.02 / 1.6) == 60
    assert lookback(recent, 0.02 / 0.7) == 250


def test_refuses_a_ratio_of_nothing():
    with pytest.raises(InsufficientData, match="adaptive lookback needs 30 or more"):
        lookback(np.ones(29), 0.02)
    with pytest.raises(ValueError, match="NaN or infinity, or are negative"):
        lookback(np.full(30, math.nan), 0.02)
    with pytest.raises(ValueError, match="NaN or infinity, or are negative"):
        lookback(np.ones(30), -0.02)
