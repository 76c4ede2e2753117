r"""Exponentially weighted variance: the plain average with newer bars weighing more.

.. math:: v_{t+1} = (1 - w)\, v_t + w\, x_t, \qquad w = \max(1 - 2^{-1/h},\; 1/n)

where *x* is a bar's squared return or any other estimate of its variance
(:mod:`risk.measures.bar_volatility`), *h* the half-life in bars and *n* the bars seen, so that
a young average is the plain mean and not a memory of its first bar [1]_. A bar that was not
observed changes nothing. Unlike the default filter (:mod:`risk.measures.volatility`) it has no
level to return to, no answer to the sign of a return, and no armour against a bad print.

References
----------
.. [1] J.P. Morgan/Reuters (1996). "RiskMetrics: technical document", 4th edition, section 5.2.
"""

import math
from typing import NamedTuple

import numpy as np

from risk.measures import checks
from risk.measures.types import FloatArray, IntArray


class EwmaState(NamedTuple):
    """What the average remembers of each asset.

    Attributes
    ----------
    variance : ndarray of shape (assets,)
        Forecast for the bar to come; NaN before an asset's first.
    observed : ndarray of shape (assets,), int
        Bars seen.
    """

    variance: FloatArray
    observed: IntArray


def ewma_start(n_assets: int) -> EwmaState:
    """The state of assets that have not been seen yet."""
    return EwmaState(np.full(n_assets, math.nan), np.zeros(n_assets, dtype=np.int64))


def ewma_update(state: EwmaState, variances: FloatArray, half_life: float) -> EwmaState:
    """Take in one bar.

    Parameters
    ----------
    state : EwmaState
        Left as it is.
    variances : ndarray of shape (assets,)
        Squared returns of the bar, or other estimates of its variance; NaN where unobserved.
    half_life : float
        Bars after which a bar weighs half; `decay` is ``2 ** (-1 / half_life)``: 11.2 bars are
        the .94 of RiskMetrics.

    Returns
    -------
    EwmaState

    Raises
    ------
    ValueError
        If a variance is negative or infinite, there is not one per asset, or the half-life is not
        positive.
    """
    variances = _checked(variances)
    if variances.shape != state.variance.shape:
        raise ValueError(f"{state.variance.size} assets, but variances of {variances.shape}")
    return _advanced(state, variances, _weight(half_life))


def ewma_variance(variances: FloatArray, half_life: float) -> tuple[FloatArray, EwmaState]:
    """Average a whole history; equal to as many :func:`ewma_update` from the start.

    Parameters
    ----------
    variances : ndarray of shape (bars, assets)
        As for :func:`ewma_update`, oldest first.
    half_life : float
        Bars.

    Returns
    -------
    path : ndarray of shape (bars + 1, assets)
        Row t is the forecast for bar t, made before it; the last row is for the bar to come. NaN
        before an asset's first bar.
    state : EwmaState
        To carry on from.

    Raises
    ------
    ValueError
        As :func:`ewma_update`.
    """
    variances, weight = _checked(variances), _weight(half_life)
    if variances.ndim != 2:
        raise ValueError(f"variances need bars and assets, got shape {variances.shape}")
    state = ewma_start(variances.shape[1])
    path = np.empty((len(variances) + 1, variances.shape[1]))
    path[0] = state.variance
    for t, row in enumerate(variances):
        state = _advanced(state, row, weight)
        path[t + 1] = state.variance
    return path, state


def _advanced(state: EwmaState, row: FloatArray, weight: float) -> EwmaState:
    seen = ~np.isnan(row)
    observed = state.observed + seen
    before = np.where(observed > 1, state.variance, 0.0)
    weights = np.maximum(weight, 1.0 / np.maximum(observed, 1))
    after = before + weights * (row - before)
    return EwmaState(np.where(seen, after, state.variance), observed.astype(np.int64))


def _weight(half_life: float) -> float:
    decay: float = 2.0 ** (-1.0 / checks.positive("half_life", half_life))
    return 1.0 - decay


def _checked(variances: FloatArray) -> FloatArray:
    variances = np.asarray(variances, dtype=np.float64)
    if np.isinf(variances).any() or (variances < 0.0).any():
        raise ValueError("variances must be finite and not negative, or NaN where unobserved")
    return variances
