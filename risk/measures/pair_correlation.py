"""Correlation and slope of two series, within a history and along it.

Residuals or returns, oldest first, NaN where unobserved; what too few common bars cannot tell is
NaN, and callers show it as unknown.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from risk.measures.checks import no_infinity
from risk.measures.types import BoolArray, FloatArray

#: Fewest bars with both assets for a correlation to be shown: at 30 its standard error is
#: 0.18 where there is none, 0.10 around 0.67.
MINIMUM_COMMON_BARS = 30

# Of a window's variance relative to the largest square in it: below, nothing moved.
_NEGLIGIBLE = 1e-12


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


def _refuse_short(window: int) -> None:
    if window < 4:
        raise ValueError(f"a window needs 4 or more bars, not {window}")
