r"""Exponentially weighted variance: yesterday weighs most, and a month ago hardly.

.. math:: v_{t+1} = v_t + w_t (r_t^2 - v_t), \qquad w_t = \max(1 - \lambda,\, 1/t)

with :math:`\lambda = 0.94` and t counted from the first return, so that the variance begins as
the plain mean of squares [1]_. The mean return is taken for zero. Two models use it: normal
losses of that deviation, and history whose returns are divided by the deviation forecast for
them and multiplied by today's [2]_.

References
----------
.. [1] J.P. Morgan and Reuters (1996). "RiskMetrics technical document", 4th edition.
.. [2] Hull, J. and White, A. (1998). "Incorporating volatility updating into the historical
   simulation method for value-at-risk". Journal of Risk 1(1).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numba import njit

from risk.errors import InsufficientData
from risk.measures.kernel import VECTOR, kernel
from risk.measures.tail import VarEs, checked_levels, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var.base import (
    MINIMUM_HISTORY,
    VarPath,
    check_returns,
    check_window,
    last_observed,
    pushed,
    seen_before,
    unforecast,
    unobserved,
)
from risk.measures.var.parametric import normal_var_es
from risk.measures.volatility import DEFAULT_GJR, VARIANCE_FLOOR

#: Of the variance, per bar.
DECAY = 0.94

#: Returns that set the level before residuals are taken: as many as the default filter needs.
_START_BARS = DEFAULT_GJR.start_bars


class EwmaState(NamedTuple):
    """The variance forecast for the running bar, and how many returns it comes from."""

    levels: FloatArray
    variance: float
    observed: int


class EwmaHistoryState(NamedTuple):
    """The variance, and the last residuals, oldest first."""

    levels: FloatArray
    variance: float
    observed: int
    residuals: FloatArray


@dataclass(frozen=True)
class EwmaNormal:
    """Normal losses of mean zero and the forecast deviation.

    Attributes
    ----------
    name : str
    """

    name: str
    title: ClassVar[str] = "EWMA normal"
    how: ClassVar[str] = "a bell curve at today's EWMA volatility"
    tracks: ClassVar[bool] = False
    costly: ClassVar[bool] = False
    lowest_level: ClassVar[float] = 0.0

    def start(self, levels: Sequence[float] | FloatArray) -> EwmaState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return EwmaState(checked_levels(levels), 0.0, 0)

    def update(self, state: EwmaState, simple_return: float) -> EwmaState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if unobserved(simple_return):
            return state
        variance = _step(state.variance, state.observed, float(simple_return), DECAY)
        return EwmaState(state.levels, variance, state.observed + 1)

    def forecast(self, state: EwmaState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.observed < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.observed)
        var, es = normal_var_es(state.levels)
        deviation = math.sqrt(state.variance)
        return deviation * var, deviation * es

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        variance, _ = ewma_filter(returns)
        ready = seen_before(~np.isnan(returns))[:-1] >= MINIMUM_HISTORY
        deviation = np.sqrt(np.where(ready, variance[:-1], np.nan))[:, None]
        var, es = normal_var_es(levels)
        return VarPath(deviation * var, deviation * es)

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        variance, _ = ewma_filter(returns)
        observed = int((~np.isnan(returns)).sum())
        return self.forecast(EwmaState(levels, float(variance[-1]), observed))


@dataclass(frozen=True)
class EwmaFilteredHistorical:
    """Quantile and tail average of a window of residuals, times the forecast deviation.

    Attributes
    ----------
    name : str
    window : int
        Residuals remembered, at least ``MINIMUM_HISTORY``.
    """

    name: str
    window: int
    title: ClassVar[str] = "EWMA filtered history"
    tracks: ClassVar[bool] = False
    costly: ClassVar[bool] = False
    lowest_level: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        check_window(self.window)

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"{self.window} days at today's EWMA volatility"

    def start(self, levels: Sequence[float] | FloatArray) -> EwmaHistoryState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return EwmaHistoryState(checked_levels(levels), 0.0, 0, np.empty(0))

    def update(self, state: EwmaHistoryState, simple_return: float) -> EwmaHistoryState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if unobserved(simple_return):
            return state
        residuals = state.residuals
        if state.observed >= _START_BARS:
            residuals = pushed(residuals, simple_return / math.sqrt(state.variance), self.window)
        variance = _step(state.variance, state.observed, float(simple_return), DECAY)
        return EwmaHistoryState(state.levels, variance, state.observed + 1, residuals)

    def forecast(self, state: EwmaHistoryState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.residuals.size < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.residuals.size)
        return historical_var_es(-state.residuals * math.sqrt(state.variance), state.levels)

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        variance, residuals = ewma_filter(returns)
        observed = ~np.isnan(residuals)
        shocks, seen = -residuals[observed], seen_before(observed)
        path = unforecast(len(returns), levels)
        for t in np.flatnonzero(seen[:-1] >= MINIMUM_HISTORY):
            window = shocks[max(0, seen[t] - self.window) : seen[t]]
            path.var[t], path.es[t] = historical_var_es(window * math.sqrt(variance[t]), levels)
        return path

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        variance, residuals = ewma_filter(returns)
        shocks = last_observed(residuals, self.window)
        observed = int((~np.isnan(returns)).sum())
        return self.forecast(EwmaHistoryState(levels, float(variance[-1]), observed, shocks))


def ewma_filter(returns: FloatArray, decay: float = DECAY) -> tuple[FloatArray, FloatArray]:
    """Exponentially weighted variance over a history, and returns in units of it.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Simple returns, oldest first; NaN where unobserved.
    decay : float
        Weight that a bar leaves to what was before it, in (0, 1).

    Returns
    -------
    variance : ndarray of shape (n + 1,)
        Entry t is the forecast for bar t, made before it; NaN before the first return.
    residuals : ndarray of shape (n,)
        Returns over the deviation forecast for them; NaN where unobserved or among the first
        20.

    Raises
    ------
    ValueError
        If a return is infinite, or `decay` is outside (0, 1).
    """
    check_returns(returns)
    if not 0.0 < decay < 1.0:
        raise ValueError(f"decay must lie in (0, 1), got {decay}")
    return _filter(np.ascontiguousarray(returns, dtype=np.float64), decay)


@njit(cache=True)
def _next_variance(variance: float, observed: int, value: float, decay: float) -> float:
    """After one more return than `observed`."""
    weight = max(1.0 - decay, 1.0 / (observed + 1))
    return max(variance + weight * (value * value - variance), VARIANCE_FLOOR)


@kernel("float64", "int64", "float64", "float64")
def _step(variance: float, observed: int, value: float, decay: float) -> float:
    return _next_variance(variance, observed, value, decay)


@kernel(VECTOR, "float64")
def _filter(returns: FloatArray, decay: float) -> tuple[FloatArray, FloatArray]:
    n = returns.size
    path, residuals = np.full(n + 1, np.nan), np.full(n, np.nan)
    variance, observed = 0.0, 0
    for t in range(n):
        if not math.isnan(returns[t]):
            if observed >= _START_BARS:
                residuals[t] = returns[t] / math.sqrt(variance)
            variance = _next_variance(variance, observed, returns[t], decay)
            observed += 1
        if observed > 0:
            path[t + 1] = variance
    return path, residuals
