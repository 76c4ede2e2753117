r"""How assets move together, for people to look at.

What is measured here is shown, not used: the correlation behind betas lives in
:mod:`risk.measures.correlation`, and VaR takes its dependence from the days of its scenarios
themselves. Correlations along a history are in :mod:`risk.measures.pair_correlation`, worst bars
in common in :mod:`risk.measures.joint_tails`. Residuals are returns over the deviation that was
forecast for them, oldest first, NaN where unobserved. What cannot be known from the bars at hand
is NaN in these results, and callers show it as unknown.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from risk.measures.correlation import stressed_correlation
from risk.measures.types import BoolArray, FloatArray, IntArray

#: Mean correlation of a stressed market: over 2017-2022 the mean of eight large coins over
#: 60 days had its 95th percentile at 0.84 and its maximum at 0.93.
STRESSED_MEAN = 0.95

#: Percentiles of its own past under which a market is loose and over which it is tight.
LOOSE_UNDER, TIGHT_OVER = 0.20, 0.80

# Fewest measured windows to tell what is usual: 60 that overlap wholly tell of 2 months.
_MINIMUM_MEANS = 60


class Stressed(NamedTuple):
    """A correlation matrix moved towards one.

    Attributes
    ----------
    theta : float
        How far, in [0, 1].
    correlation : ndarray of shape (assets, assets)
    """

    theta: float
    correlation: FloatArray


class Tightness(NamedTuple):
    """How tight a market was, by the standard of its own past.

    Attributes
    ----------
    lower, upper : float
        Levels between which it is as usual; NaN where too little is known to tell.
    regime : ndarray of shape (bars,), int
        -1 loose, 0 usual or unknown, 1 tight.
    lasted : int
        Newest bars in a row with the regime of the last one; 0 where that is unknown.
    """

    lower: float
    upper: float
    regime: IntArray
    lasted: int


def clustered_order(correlation: FloatArray) -> IntArray:
    r"""Order of assets that puts those that move alike side by side.

    Average linkage on the distance :math:`\sqrt{(1 - \rho) / 2}`, leaves ordered so that
    neighbours differ least [1]_. Of the two directions the one is taken whose first asset
    came first in the input, so that a picture does not turn over from one day to the next.

    Parameters
    ----------
    correlation : ndarray of shape (assets, assets)
        Symmetric. An unknown pair (NaN) is placed as if uncorrelated.

    Returns
    -------
    ndarray of shape (assets,), int
        A permutation of ``range(assets)``.

    References
    ----------
    .. [1] Bar-Joseph, Z., Gifford, D. and Jaakkola, T. (2001). "Fast optimal leaf ordering
       for hierarchical clustering". Bioinformatics 17.

    Examples
    --------
    >>> clustered_order(np.array([[1.0, 0.1, 0.9], [0.1, 1.0, 0.2], [0.9, 0.2, 1.0]]))
    array([0, 2, 1])
    """
    assets = len(correlation)
    if assets < 3:
        return np.arange(assets, dtype=np.int64)
    known = np.clip(np.where(np.isnan(correlation), 0.0, correlation), -1.0, 1.0)
    distance = np.sqrt((1.0 - (known + known.T) / 2.0) / 2.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average", optimal_ordering=True)
    order: IntArray = leaves_list(tree).astype(np.int64)
    return order if order[0] < order[-1] else order[::-1].copy()


def calm_rows(residuals: FloatArray, returns: FloatArray, share: float = 0.5) -> BoolArray:
    r"""The bars for which the market's forecast volatility was in its calmer `share`.

    An asset's forecast deviation for a bar is what turned its return into its residual,
    :math:`\sigma = |r / z|`. Relative to the asset's own median over the bars given, the
    median over the assets is the market's. So calm is what was expected to be calm before the
    bar, relative to these very bars and to nothing else: half of a year of storms is "calm"
    by this definition too.

    Parameters
    ----------
    residuals, returns : ndarray of shape (bars, assets)
        The same bars; NaN where unobserved.
    share : float
        Strictly between 0 and 1.

    Returns
    -------
    ndarray of shape (bars,), bool
        False also for bars about which no asset tells: without a residual, or where all
        returns are exactly zero.

    Raises
    ------
    ValueError
        If `share` is outside (0, 1) or shapes disagree.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must lie in (0, 1), got {share}")
    if residuals.shape != returns.shape:
        raise ValueError(f"residuals of shape {residuals.shape} for returns of {returns.shape}")
    level = _market_deviation(residuals, returns)
    known = ~np.isnan(level)
    if not known.any():
        return known
    calm: BoolArray = level <= np.quantile(level[known], share)
    return calm


def stress_to(correlation: FloatArray, target: float = STRESSED_MEAN) -> Stressed:
    r"""Move all pairs towards one until their mean is `target`.

    :math:`(1 - \theta) C + \theta 11'` with
    :math:`\theta = (target - \bar\rho) / (1 - \bar\rho)`, where :math:`\bar\rho` is the mean
    of the known pairs.

    Parameters
    ----------
    correlation : ndarray of shape (assets, assets)
        Unknown pairs are NaN and stay so.
    target : float
        In [-1, 1].

    Returns
    -------
    Stressed
        Positive semidefinite if `correlation` is. Theta is 0 where the mean is at `target` or
        above it already, or there is no known pair.

    Raises
    ------
    ValueError
        If `target` is outside [-1, 1].
    """
    if not -1.0 <= target <= 1.0:
        raise ValueError(f"target must lie in [-1, 1], got {target}")
    mean = _mean_of_pairs(correlation)
    theta = (target - mean) / (1.0 - mean) if mean < target else 0.0
    return Stressed(theta, stressed_correlation(correlation, theta))


def independent_bets(correlation: FloatArray) -> float:
    r"""How many assets that have nothing in common would spread risk as these do.

    The participation ratio of the eigenvalues,
    :math:`(\sum \lambda)^2 / \sum \lambda^2` [1]_: for A assets with one correlation
    :math:`\rho` between all pairs :math:`A / (1 + (A - 1) \rho^2)`.

    Parameters
    ----------
    correlation : ndarray of shape (assets, assets)
        Symmetric, ones on the diagonal.

    Returns
    -------
    float
        From 1, if all are one, to the number of assets, if none has to do with another. NaN
        if a pair is unknown; 0 for no asset.

    References
    ----------
    .. [1] Bretherton, C. S. et al. (1999). "The effective number of spatial degrees of
       freedom of a time-varying field". Journal of Climate 12(7).

    Examples
    --------
    >>> independent_bets(np.eye(4)), independent_bets(np.ones((4, 4)))
    (4.0, 1.0)
    """
    assets = len(correlation)
    if assets == 0:
        return 0.0
    # The sum of squared eigenvalues is the sum of the squared entries.
    return float(assets**2 / (correlation**2).sum())


def tightness(means: FloatArray) -> Tightness:
    """Where a rolling mean correlation stood among its own values.

    Parameters
    ----------
    means : ndarray of shape (bars,)
        As :func:`rolling_mean_correlation` gives them; NaN where unknown.

    Returns
    -------
    Tightness
        Loose strictly under the ``LOOSE_UNDER`` quantile, tight strictly over the
        ``TIGHT_OVER`` one. With fewer than 60 known values nothing is told apart.
    """
    known = ~np.isnan(means)
    regime = np.zeros(len(means), dtype=np.int64)
    if int(known.sum()) < _MINIMUM_MEANS:
        return Tightness(math.nan, math.nan, regime, 0)
    lower, upper = map(float, np.quantile(means[known], (LOOSE_UNDER, TIGHT_OVER)))
    regime[known & (means < lower)] = -1
    regime[known & (means > upper)] = 1
    lasted = 0
    while lasted < len(means) and known[-1 - lasted] and regime[-1 - lasted] == regime[-1]:
        lasted += 1
    return Tightness(lower, upper, regime, lasted)


def _mean_of_pairs(correlation: FloatArray) -> float:
    """Mean over the known pairs; 1, so that nothing is left to stress, if there is none."""
    pairs = correlation[np.triu_indices(len(correlation), k=1)]
    known = pairs[~np.isnan(pairs)]
    return float(known.mean()) if known.size else 1.0


def _market_deviation(residuals: FloatArray, returns: FloatArray) -> FloatArray:
    """Median over the assets of their forecast deviation relative to their usual one."""
    known = np.isfinite(residuals) & np.isfinite(returns) & (residuals != 0.0) & (returns != 0.0)
    deviation = np.full(residuals.shape, np.nan)
    deviation[known] = np.abs(returns[known] / residuals[known])
    relative = deviation[:, known.any(axis=0)]
    market = np.full(len(residuals), np.nan)
    told = known.any(axis=1)
    if told.any():
        market[told] = np.nanmedian(relative[told] / np.nanmedian(relative, axis=0), axis=1)
    return market
