"""Tail measures by definition, by minimisation and by integration."""

import math

import numpy as np
from scipy.integrate import quad
from scipy.stats import genpareto


def expected_shortfall_by_minimisation(losses, level):
    """Rockafellar and Uryasev (2000), theorem 1: the minimum lies at one of the losses."""
    candidates = [
        cut + np.maximum(losses - cut, 0.0).mean() / (1.0 - level) for cut in np.asarray(losses)
    ]
    return min(candidates)


def pareto_by_hand(losses, k):
    """Threshold, shape and scale by probability-weighted moments, shape not yet bounded."""
    rising = sorted(losses)
    threshold = rising[-k - 1]
    excesses = [loss - threshold for loss in rising[-k:]]
    b0 = sum(excesses) / k
    b1 = sum((1.0 - (i - 0.35) / k) * y for i, y in enumerate(excesses, start=1)) / k
    return threshold, 2.0 - b0 / (b0 - 2.0 * b1), 2.0 * b0 * b1 / (b0 - 2.0 * b1)


def pareto_var_es_by_integration(losses, level, k):
    """VaR as a quantile of scipy's distribution, ES as the mean of the quantiles above it."""
    threshold, shape, scale = pareto_by_hand(losses, k)
    assert -0.5 < shape < 0.9, "this sample is for the other tests"
    tail = genpareto(shape, loc=threshold, scale=scale)
    share = k / len(losses)
    var = tail.ppf(1.0 - (1.0 - level) / share)

    def quantile(rarity):
        return tail.ppf(1.0 - math.exp(-rarity) / share) * math.exp(-rarity)

    start = -math.log(1.0 - level)
    # Beyond rarity 30 the distribution function rounds to 1; the analytic rest is added.
    area, _ = quad(quantile, start, 30.0, limit=500)
    rest = math.exp(-30.0) * mean_beyond(shape, scale, threshold, math.exp(-30.0) / share)
    return var, (area + rest) / (1.0 - level)


def mean_beyond(shape, scale, threshold, share):
    """Mean of a generalised Pareto variable above its quantile of rarity `share`."""
    quantile = threshold + scale / shape * (share**-shape - 1.0)
    return quantile + (scale + shape * (quantile - threshold)) / (1.0 - shape)
