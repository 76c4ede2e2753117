"""What VaR models are tried on."""

import math

import numpy as np

from risk.errors import InsufficientData

LEVELS = np.array([0.95, 0.975, 0.99])


def market(seed=0, bars=700, holes=0.02):
    """Returns whose volatility clusters, with heavy tails and missing bars."""
    rng = np.random.default_rng(seed)
    variance, returns = 0.03**2, np.empty(bars)
    for t in range(bars):
        returns[t] = math.sqrt(variance) * rng.standard_t(5) / math.sqrt(5 / 3)
        asymmetric = 0.05 + 0.05 * (returns[t] < 0.0)
        variance = 0.025 * 0.03**2 + asymmetric * returns[t] ** 2 + 0.9 * variance
    returns[rng.random(bars) < holes] = math.nan
    return returns


def walked(model, returns, levels=LEVELS):
    """The path, made by one update after the other."""
    state, var, es = model.start(levels), [], []
    nothing = np.full(len(levels), math.nan)
    for value in returns:
        try:
            figures = model.forecast(state)
        except InsufficientData:
            figures = nothing, nothing
        var.append(figures[0])
        es.append(figures[1])
        state = model.update(state, value)
    return np.array(var), np.array(es)


def after(model, returns, levels=LEVELS):
    """The state after a history."""
    state = model.start(levels)
    for value in returns:
        state = model.update(state, value)
    return state
