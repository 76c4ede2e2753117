r"""How assets move together, for people to look at.

What is measured here is shown, not used: the correlation behind betas lives in
:mod:`risk.measures.correlation`, and VaR takes its dependence from the days of its scenarios
themselves. Residuals are returns over the deviation that was forecast
for them, oldest first, NaN where unobserved. What cannot be known from the bars at hand is
NaN in these results, and callers show it as unknown.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.special import ndtri, owens_t

from risk.errors import InsufficientData
from risk.measures.checks import no_infinity
from risk.measures.correlation import stressed_correlation
from risk.measures.types import BoolArray, FloatArray, IntArray

#: Fewest bars with both assets for a correlation to be shown: at 30 its standard error is
#: 0.18 where there is none, 0.10 around 0.67.
MINIMUM_COMMON_BARS = 30

#: Fewest bars in the tail for a share of them to mean anything: 100 bars at 5 %.
MINIMUM_TAIL_BARS = 5

#: Mean correlation of a stressed market: over 2017-2022 the mean of eight large coins over
#: 60 days had its 95th percentile at 0.84 and its maximum at 0.93.
STRESSED_MEAN = 0.95

# Of a window's variance relative to the largest square in it: below, nothing moved.
_NEGLIGIBLE = 1e-12


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


class JointTails(NamedTuple):
    """How often assets have their worst bars together, on average over pairs.

    Attributes
    ----------
    observed : float
        Share of the worst bars of one in which the other was among its own worst, too.
    gaussian : float
        The same for a Gaussian copula with each pair's correlation.
    pairs : int
        Pairs with enough common bars; where there are none both shares are NaN.
    """

    observed: float
    gaussian: float
    pairs: int


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


def sample_correlation(
    residuals: FloatArray, *, rows: BoolArray | None = None, minimum: int = MINIMUM_COMMON_BARS
) -> FloatArray:
    """Pearson's correlation of each pair over the bars in which both were observed.

    Parameters
    ----------
    residuals : ndarray of shape (bars, assets)
        NaN where unobserved.
    rows : ndarray of shape (bars,), bool, optional
        Bars that count; all by default.
    minimum : int
        Fewest common bars, 2 or more.

    Returns
    -------
    ndarray of shape (assets, assets)
        Symmetric, ones on the diagonal, entries in [-1, 1]. NaN, to be shown as unknown, for
        pairs with fewer common bars than `minimum`, or with an asset that did not move in
        them. With holes it need not be positive semidefinite: pairs saw different bars.

    Raises
    ------
    ValueError
        If a residual is infinite or `minimum` is below 2.
    """
    if minimum < 2:
        raise ValueError(f"a correlation needs 2 or more bars, not {minimum}")
    residuals = np.asarray(residuals, dtype=np.float64)
    no_infinity("residuals", residuals)
    return _pairwise(residuals if rows is None else residuals[rows], minimum)


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


def rolling_mean_correlation(residuals: FloatArray, window: int = 60) -> FloatArray:
    r"""Mean correlation of all pairs over each trailing window.

    For A assets observed throughout, standardised within the window, the variance of their
    sum is :math:`A + A (A - 1) \bar\rho`: no pair needs to be looked at. Where there are
    holes the pairs are measured one by one, each over its own common bars.

    Parameters
    ----------
    residuals : ndarray of shape (bars, assets)
        NaN where unobserved.
    window : int
        Bars, 4 or more. A pair needs half of them.

    Returns
    -------
    ndarray of shape (bars,)
        Entry t is over the window that ends with bar t. NaN before the first full window, and
        where no pair is known.

    Raises
    ------
    ValueError
        If a residual is infinite or the window too short.
    """
    residuals = np.asarray(residuals, dtype=np.float64)
    no_infinity("residuals", residuals)
    _refuse_short(window)
    means = np.full(len(residuals), np.nan)
    for end in range(window, len(residuals) + 1):
        means[end - 1] = _mean_of_window(residuals[end - window : end], minimum=window // 2)
    return means


def rolling_pair_correlation(x: FloatArray, y: FloatArray, window: int = 60) -> FloatArray:
    """Correlation of two assets over each trailing window.

    Parameters
    ----------
    x, y : ndarray of shape (bars,)
        Residuals; NaN where unobserved.
    window : int
        Bars, 4 or more, in half of which both must have been observed.

    Returns
    -------
    ndarray of shape (bars,)
        Entry t is over the window that ends with bar t. NaN before the first full window, and
        where the pair is unknown as in :func:`sample_correlation`.

    Raises
    ------
    ValueError
        If a residual is infinite, the window too short, or lengths differ.
    """
    pair = np.column_stack((x, y)).astype(np.float64)
    no_infinity("residuals", pair)
    _refuse_short(window)
    correlations = np.full(len(pair), np.nan)
    if len(pair) >= window:
        windows = sliding_window_view(_without_lone(pair), window, axis=0)
        correlations[window - 1 :] = _correlations_of(windows, minimum=window // 2)
    return correlations


def joint_tail_share(x: FloatArray, y: FloatArray, tail: float = 0.05) -> float:
    """Share of the worst bars of `x` in which `y` was among its own worst, too.

    Parameters
    ----------
    x, y : ndarray of shape (bars,)
        Returns or residuals; NaN where unobserved. Bars with both count.
    tail : float
        Share of bars that are the worst, in (0, 0.5].

    Returns
    -------
    float
        In [0, 1]. Independent assets have `tail`, on average.

    Raises
    ------
    InsufficientData
        If the tail holds fewer than ``MINIMUM_TAIL_BARS``.
    ValueError
        If `tail` is outside (0, 0.5] or lengths differ.
    """
    _check_tail(tail)
    both = ~np.isnan(np.column_stack((x, y))).any(axis=1)
    bars, needed = int(both.sum()), math.ceil(MINIMUM_TAIL_BARS / tail)
    if bars < needed:
        raise InsufficientData("joint_tail_share", needed=needed, got=bars)
    worst_of_x, worst_of_y = _worst(x[both], tail), _worst(y[both], tail)
    return float((worst_of_x & worst_of_y).sum() / worst_of_x.sum())


def gaussian_joint_tail_share(rho: float, tail: float = 0.05) -> float:
    r"""What :func:`joint_tail_share` would be if only correlation tied the assets together.

    Under a Gaussian copula :math:`\Phi_2(q, q; \rho) / \Phi(q)` at the tail's quantile q,
    where :math:`\Phi_2(q, q; \rho) = \Phi(q) - 2 T(q, \sqrt{(1 - \rho) / (1 + \rho)})` with
    Owen's T function [1]_.

    Parameters
    ----------
    rho : float
        Correlation, in [-1, 1].
    tail : float
        In (0, 0.5].

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If `rho` or `tail` is out of range.

    References
    ----------
    .. [1] Owen, D. (1956). "Tables for computing bivariate normal probabilities". Annals of
       Mathematical Statistics 27(4).

    Examples
    --------
    >>> round(gaussian_joint_tail_share(0.0), 6)
    0.05
    """
    _check_tail(tail)
    if not -1.0 <= rho <= 1.0:
        raise ValueError(f"a correlation must lie in [-1, 1], got {rho}")
    slope = math.sqrt((1.0 - rho) / (1.0 + rho)) if rho > -1.0 else math.inf
    share = 1.0 - 2.0 * float(owens_t(ndtri(tail), slope)) / tail
    return min(max(share, 0.0), 1.0)


def mean_joint_tails(returns: FloatArray, tail: float = 0.05) -> JointTails:
    """:func:`joint_tail_share` and its Gaussian twin, each the mean over all pairs.

    Parameters
    ----------
    returns : ndarray of shape (bars, assets)
        NaN where unobserved.
    tail : float
        In (0, 0.5].

    Returns
    -------
    JointTails
        Over the pairs that have enough common bars for both; the Gaussian one takes the
        correlation of these very returns.

    Raises
    ------
    ValueError
        If `tail` is outside (0, 0.5] or a return is infinite.
    """
    _check_tail(tail)
    correlation = sample_correlation(returns)
    found = []
    for i, j in zip(*np.triu_indices(len(correlation), k=1), strict=True):
        try:
            observed = joint_tail_share(returns[:, i], returns[:, j], tail)
        except InsufficientData:
            continue
        if not np.isnan(correlation[i, j]):
            found.append((observed, gaussian_joint_tail_share(float(correlation[i, j]), tail)))
    if not found:
        return JointTails(math.nan, math.nan, 0)
    observed, gaussian = np.mean(found, axis=0)
    return JointTails(float(observed), float(gaussian), len(found))


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


def sample_beta(x: FloatArray, y: FloatArray) -> float:
    """How far `y` moved per move of `x`: the slope of the least squares line through both.

    Parameters
    ----------
    x, y : ndarray of shape (bars,)
        Returns; NaN where unobserved. Bars with both count.

    Returns
    -------
    float
        NaN, to be shown as unknown, with fewer than ``MINIMUM_COMMON_BARS`` common bars or
        where `x` did not move.

    Raises
    ------
    ValueError
        If lengths differ.
    """
    pair = np.column_stack((x, y))
    pair = pair[~np.isnan(pair).any(axis=1)]
    if len(pair) < MINIMUM_COMMON_BARS:
        return math.nan
    x, y = (pair - pair.mean(axis=0)).T
    variance = float(x @ x)
    moved = variance > _NEGLIGIBLE * float((pair[:, 0] ** 2).sum())
    return float(x @ y) / variance if moved else math.nan


# --- pairs ---------------------------------------------------------------------------------


def _pairwise(residuals: FloatArray, minimum: int) -> FloatArray:
    """Correlations of all pairs by five products of matrices, whatever the holes."""
    seen = ~np.isnan(residuals)
    there = seen.astype(np.float64)
    values = _standardised(residuals)
    bars = there.T @ there
    sums, squares = values.T @ there, (values**2).T @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = values.T @ values - sums * sums.T / bars
        variance = squares - sums**2 / bars
        correlation = covariance / np.sqrt(variance * variance.T)
    moved = variance > _NEGLIGIBLE * squares
    correlation[~(moved & moved.T & (bars >= minimum))] = np.nan
    np.clip(correlation, -1.0, 1.0, out=correlation)
    np.fill_diagonal(correlation, 1.0)
    symmetric: FloatArray = (correlation + correlation.T) / 2.0
    return symmetric


def _standardised(residuals: FloatArray) -> FloatArray:
    """Each column less its mean, over its deviation; 0 in its holes."""
    seen = ~np.isnan(residuals)
    count = np.maximum(seen.sum(axis=0), 1)
    held = np.where(seen, residuals, 0.0)
    centred = np.where(seen, held - held.sum(axis=0) / count, 0.0)
    deviation = np.sqrt((centred**2).sum(axis=0) / count)
    moved: BoolArray = deviation > math.sqrt(_NEGLIGIBLE) * np.abs(held).max(axis=0, initial=0.0)
    scaled: FloatArray = centred / np.where(moved, deviation, 1.0)
    return np.where(moved, scaled, 0.0)


def _mean_of_pairs(correlation: FloatArray) -> float:
    """Mean over the known pairs; 1, so that nothing is left to stress, if there is none."""
    pairs = correlation[np.triu_indices(len(correlation), k=1)]
    known = pairs[~np.isnan(pairs)]
    return float(known.mean()) if known.size else 1.0


def _mean_of_window(rows: FloatArray, minimum: int) -> float:
    seen = (~np.isnan(rows)).sum(axis=0)
    useful = rows[:, seen >= minimum]
    if np.isnan(useful).any():
        return _mean_by_pairs(_pairwise(useful, minimum))
    return _mean_by_sum(_standardised(useful))


def _mean_by_pairs(correlation: FloatArray) -> float:
    known = ~np.isnan(correlation)
    pairs = int(known.sum()) - len(correlation)
    if pairs == 0:
        return math.nan
    return float((correlation[known].sum() - len(correlation)) / pairs)


def _mean_by_sum(standardised: FloatArray) -> float:
    assets = int(standardised.any(axis=0).sum())
    if assets < 2:
        return math.nan
    variance = float((standardised.sum(axis=1) ** 2).mean())
    return (variance - assets) / (assets * (assets - 1))


def _without_lone(pair: FloatArray) -> FloatArray:
    """The pair with both sides unobserved where either is."""
    return np.where(np.isnan(pair).any(axis=1, keepdims=True), np.nan, pair)


def _correlations_of(windows: FloatArray, minimum: int) -> FloatArray:
    """Correlation within each window; `windows` has shape (windows, 2, bars)."""
    x, y = (_standardised(windows[:, side].T) for side in (0, 1))
    bars = (~np.isnan(windows[:, 0])).sum(axis=1)
    known = (bars >= minimum) & x.any(axis=0) & y.any(axis=0)
    correlations = (x * y).sum(axis=0) / np.maximum(bars, 1)
    return np.where(known, np.clip(correlations, -1.0, 1.0), np.nan)


# --- calm and tails ------------------------------------------------------------------------


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


def _worst(values: FloatArray, tail: float) -> BoolArray:
    """The lowest share of the values; all that tie with the last of them count."""
    rank = round(len(values) * tail) - 1
    worst: BoolArray = values <= np.partition(values, rank)[rank]
    return worst


def _check_tail(tail: float) -> None:
    if not 0.0 < tail <= 0.5:
        raise ValueError(f"tail must lie in (0, 0.5], got {tail}")


def _refuse_short(window: int) -> None:
    if window < 4:
        raise ValueError(f"a window needs 4 or more bars, not {window}")
