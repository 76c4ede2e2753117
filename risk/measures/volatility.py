r"""The default volatility filter: a GJR-GARCH recursion with fixed parameters.

.. math::

    v_{t+1} &= \omega_t + (a + \gamma 1[r_t < 0])\, e_t + b\, v_t \\
    \omega_t &= (1 - a - \gamma / 2 - b)\, L_t, \qquad e_t = \min(r_t^2,\, 36 v_t)

where :math:`L` is a slow average of :math:`e` [1]_. Nothing is fitted: on crypto series the
fixed parameters forecast better than fitted ones and cost a thousandth of the time. The
squared return is winsorised at six deviations in the update only, so that one bad tick does
not deafen the filter for weeks; the residual keeps its full size.

An asset's first ``start_bars`` returns set its own level: while they come in, its variance
is the plain mean of their squares, and they have no residual, because a deviation known
from a handful of returns would give residuals of any size. A bar without a return changes
nothing. The incremental and the batch path run the same recursion and agree exactly.

References
----------
.. [1] Glosten, L., Jagannathan, R. and Runkle, D. (1993). "On the relation between the
   expected value and the volatility of the nominal excess return on stocks". Journal of
   Finance 48(5).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from risk.measures.checks import no_infinity
from risk.measures.kernel import INTEGERS, MATRIX, VECTOR, kernel
from risk.measures.types import FloatArray, IntArray

#: Least forecast variance: a deviation of 0.001 % a bar, below any quoted tick. Under it a
#: price that stood still would turn its next move into an infinite residual.
VARIANCE_FLOOR = 1e-10

_COEFFICIENTS = "UniTuple(float64, 6)"
_DRAWN = "Array(int64, 2, 'C', readonly=True)"


@dataclass(frozen=True, kw_only=True)
class GjrParameters:
    """Parameters of the filter; the defaults held out of sample on 30 crypto series.

    Attributes
    ----------
    a : float
        Weight of a squared return.
    gamma : float
        Additional weight of a squared loss.
    b : float
        Weight of the variance before.
    long_run_decay : float
        Decay per bar of the slow average that the variance returns to. Until
        ``1 / (1 - long_run_decay)`` returns were seen it is their plain mean.
    winsor : float
        Deviations beyond which a return counts no more in the update.
    start_bars : int
        Returns that set an asset's level before the recursion begins.
    """

    a: float = 0.05
    gamma: float = 0.05
    b: float = 0.90
    long_run_decay: float = 0.995
    winsor: float = 6.0
    start_bars: int = 20

    def __post_init__(self) -> None:
        if min(self.a, self.gamma, self.b) < 0.0 or self.persistence >= 1.0:
            raise ValueError(f"a, gamma, b must not be negative and must revert: {self}")
        if not (0.0 < self.long_run_decay < 1.0 and self.winsor > 0.0 and self.start_bars >= 1):
            raise ValueError(f"long_run_decay, winsor or start_bars out of range: {self}")

    @property
    def persistence(self) -> float:
        """Share of a variance shock left after one bar, on average."""
        return self.a + self.gamma / 2.0 + self.b

    @property
    def coefficients(self) -> tuple[float, float, float, float, float, float]:
        """What the kernels take, in their order."""
        return (
            self.a,
            self.gamma,
            self.b,
            1.0 - self.long_run_decay,
            self.winsor**2,
            float(self.start_bars),
        )


DEFAULT_GJR = GjrParameters()


class GjrState(NamedTuple):
    """What the filter remembers of each asset.

    Attributes
    ----------
    variance : ndarray of shape (assets,)
        Forecast for the running bar; NaN before an asset's first return, so that nothing
        can take an unknown asset for a safe one.
    long_run : ndarray of shape (assets,)
        Slow average of winsorised squared returns; 0 before the first.
    observed : ndarray of shape (assets,), int
        Returns seen.
    """

    variance: FloatArray
    long_run: FloatArray
    observed: IntArray


def gjr_start(n_assets: int) -> GjrState:
    """The state of assets that have not been seen yet."""
    return GjrState(
        variance=np.full(n_assets, math.nan),
        long_run=np.zeros(n_assets),
        observed=np.zeros(n_assets, dtype=np.int64),
    )


def gjr_update(
    state: GjrState, returns_row: FloatArray, parameters: GjrParameters = DEFAULT_GJR
) -> tuple[GjrState, FloatArray]:
    """Take in one bar.

    Parameters
    ----------
    state : GjrState
        Left as it is.
    returns_row : ndarray of shape (assets,)
        Simple returns of the bar; NaN where unobserved.
    parameters : GjrParameters

    Returns
    -------
    state : GjrState
        With the forecasts for the next bar.
    residuals : ndarray of shape (assets,)
        Returns over the deviation that was forecast *before* them; NaN where unobserved or
        among an asset's first ``start_bars``.

    Raises
    ------
    ValueError
        If a return is infinite, or there is not one per asset.
    """
    returns_row = np.ascontiguousarray(returns_row, dtype=np.float64)
    if returns_row.shape != state.variance.shape:
        raise ValueError(f"{state.variance.size} assets, but returns of {returns_row.size}")
    no_infinity("returns", returns_row)
    variance, long_run, observed, residuals = _update(
        state.variance, state.long_run, state.observed, returns_row, parameters.coefficients
    )
    return GjrState(variance, long_run, observed), residuals


def gjr_filter(
    returns: FloatArray, parameters: GjrParameters = DEFAULT_GJR
) -> tuple[FloatArray, FloatArray, GjrState]:
    """Filter a whole history; equal to as many :func:`gjr_update` from the start.

    Parameters
    ----------
    returns : ndarray of shape (bars, assets)
        Simple returns, oldest first; NaN where unobserved.
    parameters : GjrParameters

    Returns
    -------
    variance_path : ndarray of shape (bars + 1, assets)
        Row t is the forecast for bar t, made before it; the last row is for the bar to come.
        NaN before an asset's first return.
    residuals : ndarray of shape (bars, assets)
        As :func:`gjr_update` gives them.
    state : GjrState
        To carry on from.

    Raises
    ------
    ValueError
        If a return is infinite.
    """
    returns = np.asarray(returns, dtype=np.float64)
    no_infinity("returns", returns)
    path, residuals, long_run, observed = _filter(returns, parameters.coefficients)
    return path, residuals, GjrState(path[-1].copy(), long_run, observed)


def gjr_growth(
    state: GjrState,
    residuals: FloatArray,
    drawn: IntArray,
    parameters: GjrParameters = DEFAULT_GJR,
) -> FloatArray:
    """What assets are worth after past shocks come again: the filter, run backwards.

    All assets take their shocks of one path and step from one bar, so that they move together
    as they did.

    Parameters
    ----------
    state : GjrState
        Of assets that have a level: at least ``start_bars`` returns were seen of each.
    residuals : ndarray of shape (bars, assets)
        Shocks to draw from.
    drawn : ndarray of shape (paths, steps), int
        Rows of `residuals`, each path's first step first.
    parameters : GjrParameters

    Returns
    -------
    ndarray of shape (paths, assets)
        Value at the end of each path per unit at its beginning; nothing falls below zero.

    Raises
    ------
    ValueError
        If an asset has no level, a shock is NaN or infinite, a row does not exist, or shapes
        disagree.
    """
    residuals = np.asarray(residuals, dtype=np.float64)
    drawn = np.ascontiguousarray(drawn, dtype=np.int64)
    if residuals.ndim != 2 or residuals.shape[1] != state.variance.size:
        raise ValueError(f"{state.variance.size} assets, residuals of shape {residuals.shape}")
    if (state.observed < parameters.start_bars).any():
        raise ValueError("paths need assets whose levels are set")
    if not np.isfinite(residuals).all():
        raise ValueError("residuals contains NaN or infinity; draw from shocks that exist")
    if drawn.size and not 0 <= drawn.min() <= drawn.max() < len(residuals):
        raise ValueError(f"draws from {len(residuals)} bars only")
    return _growth(*state, residuals, drawn, parameters.coefficients)


@njit(cache=True)
def _next_variance(
    variance: float, long_run: float, observed: int, value: float, coefficients: tuple[float, ...]
) -> tuple[float, float]:
    """Variance and long-run level after a return that is number `observed`, from 1."""
    a, gamma, b, long_run_weight, winsor, start_bars = coefficients
    starting = observed <= start_bars
    shock = value * value if starting else min(value * value, winsor * variance)
    long_run += max(long_run_weight, 1.0 / observed) * (shock - long_run)
    if starting:
        return max(long_run, VARIANCE_FLOOR), long_run
    reaction = a + gamma if value < 0.0 else a
    omega = (1.0 - a - gamma / 2.0 - b) * long_run
    return max(omega + reaction * shock + b * variance, VARIANCE_FLOOR), long_run


@njit(cache=True)
def _advance(
    variance: FloatArray,
    long_run: FloatArray,
    observed: IntArray,
    returns: FloatArray,
    residuals: FloatArray,
    coefficients: tuple[float, ...],
) -> None:
    """Take one bar into the three state arrays, in place."""
    for j in range(returns.size):
        if math.isnan(returns[j]):
            residuals[j] = math.nan
            continue
        starting = observed[j] < coefficients[5]
        residuals[j] = math.nan if starting else returns[j] / math.sqrt(variance[j])
        observed[j] += 1
        variance[j], long_run[j] = _next_variance(
            variance[j], long_run[j], observed[j], returns[j], coefficients
        )


@kernel(VECTOR, VECTOR, INTEGERS, VECTOR, _COEFFICIENTS)
def _update(
    variance: FloatArray,
    long_run: FloatArray,
    observed: IntArray,
    returns: FloatArray,
    coefficients: tuple[float, ...],
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    variance, long_run, observed = variance.copy(), long_run.copy(), observed.copy()
    residuals = np.empty(returns.size)
    _advance(variance, long_run, observed, returns, residuals, coefficients)
    return variance, long_run, observed, residuals


@kernel(MATRIX, _COEFFICIENTS)
def _filter(
    returns: FloatArray, coefficients: tuple[float, ...]
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    bars, assets = returns.shape
    path = np.empty((bars + 1, assets))
    residuals = np.empty((bars, assets))
    variance = np.full(assets, np.nan)
    long_run = np.zeros(assets)
    observed = np.zeros(assets, dtype=np.int64)
    path[0] = variance
    for t in range(bars):
        _advance(variance, long_run, observed, returns[t], residuals[t], coefficients)
        path[t + 1] = variance
    return path, residuals, long_run, observed


@kernel(VECTOR, VECTOR, INTEGERS, MATRIX, _DRAWN, _COEFFICIENTS)
def _growth(
    variance: FloatArray,
    long_run: FloatArray,
    observed: IntArray,
    residuals: FloatArray,
    drawn: IntArray,
    coefficients: tuple[float, ...],
) -> FloatArray:
    paths, steps = drawn.shape
    growth = np.ones((paths, variance.size))
    for j in range(variance.size):
        for i in range(paths):
            now, slow = variance[j], long_run[j]
            for t in range(steps):
                value = residuals[drawn[i, t], j] * math.sqrt(now)
                growth[i, j] *= max(1.0 + value, 0.0)
                now, slow = _next_variance(now, slow, observed[j] + t + 1, value, coefficients)
    return growth
