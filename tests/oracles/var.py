"""VaR models by the book: one history, one level, nothing shared with what they judge."""

import math

import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.special import ndtri


def moments_by_scipy(values):
    """Mean, unbiased deviation, biased skewness and excess kurtosis."""
    return (
        np.mean(values),
        np.std(values, ddof=1),
        stats.skew(values, bias=True),
        stats.kurtosis(values, bias=True),
    )


def shortfall_by_integration(quantile, level):
    """Mean of the quantiles above `level`; the variable makes the end of the tail smooth."""
    start = -math.log(1.0 - level)
    area, _ = quad(
        lambda rarity: quantile(1.0 - math.exp(-rarity)) * math.exp(-rarity),
        start,
        start + 30.0,
        limit=500,
    )
    return area / (1.0 - level)


def bent_quantile(level, skewness, excess_kurtosis):
    """Cornish and Fisher (1938), as Maillard (2012) writes it."""
    z = ndtri(level)
    return (
        z
        + (z**2 - 1) * skewness / 6
        + (z**3 - 3 * z) * excess_kurtosis / 24
        - (2 * z**3 - 5 * z) * skewness**2 / 36
    )


def adaptive_by_the_rule(returns, level):
    """Volatility ratio, window, percentile of returns; a loss is positive."""
    with np.errstate(invalid="ignore"):
        ratio = np.std(returns[-30:]) / np.std(returns)
    if ratio > 1.5:
        window = 60
    elif ratio < 0.75:
        window = 250
    else:
        window = 120
    window = min(window, len(returns))
    return -np.percentile(returns[-window:], (1.0 - level) * 100.0), window


def ewma_by_weights(returns, decay, start):
    """The mean of squares of the first `start` returns, then one weight after the other."""
    variance = float(np.mean(np.square(returns[:start])))
    for value in returns[start:]:
        variance = decay * variance + (1.0 - decay) * value**2
    return variance
