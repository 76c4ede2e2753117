"""Exponentially weighted variance, and the two models on it."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from risk.measures.tail import historical_var_es
from risk.measures.var import VAR_MODELS
from risk.measures.var.ewma import DECAY, ewma_filter
from tests.measures.var.series import LEVELS, market
from tests.oracles.var import ewma_by_weights


def test_begins_as_the_plain_mean_of_squares_and_then_forgets():
    returns = market(seed=2, bars=150, holes=0.0)
    variance, _ = ewma_filter(returns)

    # 1 / 17 is the first weight of a plain mean below 1 - 0.94.
    for t in (1, 5, 16):
        assert variance[t] == pytest.approx(np.mean(returns[:t] ** 2), rel=1e-12)
    assert variance[-1] == pytest.approx(ewma_by_weights(returns, DECAY, 16), rel=1e-12)
    assert math.isnan(variance[0])


def test_residuals_are_in_units_of_what_was_forecast_before():
    returns = market(seed=2, bars=150)
    variance, residuals = ewma_filter(returns)
    observed = ~np.isnan(returns)
    started = observed & (np.cumsum(observed) > 20)

    assert np.array_equal(~np.isnan(residuals), started)
    np.testing.assert_allclose(
        residuals[started], (returns / np.sqrt(variance[:-1]))[started], rtol=1e-12
    )


def test_the_normal_model_has_mean_zero_and_todays_deviation():
    returns = market(seed=2, holes=0.0)
    variance, _ = ewma_filter(returns)
    var, es = VAR_MODELS["ewma_normal"].untracked(returns, LEVELS)

    np.testing.assert_allclose(var, norm(0.0, math.sqrt(variance[-1])).ppf(LEVELS), rtol=1e-12)
    assert (es > var).all()


def test_filtered_history_is_old_shocks_at_todays_deviation():
    returns = market(seed=2, bars=900)
    variance, residuals = ewma_filter(returns)
    shocks = residuals[~np.isnan(residuals)][-500:]
    expected = historical_var_es(-shocks * math.sqrt(variance[-1]), LEVELS)

    found = VAR_MODELS["ewma_filtered_historical"].untracked(returns, LEVELS)

    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_refuses_a_decay_that_forgets_nothing_or_everything():
    for decay in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="decay must lie in"):
            ewma_filter(market(bars=10), decay)
