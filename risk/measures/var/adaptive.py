r"""Plain history whose window shrinks in a storm and grows in a calm.

With the deviation of the last 30 returns over that of the whole history, :math:`\rho`, the
quantile of type 7 and the coherent tail average are taken over the last

.. math::

    60 \text{ if } \rho > 1.5, \qquad 250 \text{ if } \rho < 0.75, \qquad 120 \text{ otherwise}

returns, or all there are. Deviations are population ones. Two cases that the rule leaves open:
a history without any deviation has no ratio and takes the 120; and one shorter than
``MINIMUM_HISTORY`` returns is not forecast from, as by any other model here, though the ratio
would exist from 30 on.

The whole history is everything since the model began, so that the ratio looks back further
than the quantile ever does.
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
from risk.measures.types import FloatArray, IntArray
from risk.measures.var.base import (
    MINIMUM_HISTORY,
    VarPath,
    check_returns,
    last_observed,
    pushed,
    seen_before,
    unforecast,
    unobserved,
)

#: Returns whose deviation is compared with that of the whole history.
RECENT = 30
STORMY_FROM, CALM_UNDER = 1.5, 0.75
STORMY, USUAL, CALM = 60, 120, 250


class AdaptiveState(NamedTuple):
    """The longest window, oldest first, and the running moments of the whole history.

    Attributes
    ----------
    levels : ndarray of shape (L,)
    losses : ndarray
    observed : int
        Returns seen.
    mean, squares : float
        Of all losses, and the sum of their squared distances from it.
    """

    levels: FloatArray
    losses: FloatArray
    observed: int
    mean: float
    squares: float


@dataclass(frozen=True)
class Adaptive:
    """See the module.

    Attributes
    ----------
    name : str
    """

    name: str
    title: ClassVar[str] = "Adaptive history"
    how: ClassVar[str] = f"last {STORMY}, {USUAL} or {CALM} days, by volatility"
    tracks: ClassVar[bool] = False
    costly: ClassVar[bool] = False
    lowest_level: ClassVar[float] = 0.0

    def start(self, levels: Sequence[float] | FloatArray) -> AdaptiveState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return AdaptiveState(checked_levels(levels), np.empty(0), 0, 0.0, 0.0)

    def update(self, state: AdaptiveState, simple_return: float) -> AdaptiveState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if unobserved(simple_return):
            return state
        loss = -float(simple_return)
        mean, squares = _step(loss, state.observed, state.mean, state.squares)
        losses = pushed(state.losses, loss, CALM)
        return AdaptiveState(state.levels, losses, state.observed + 1, mean, squares)

    def forecast(self, state: AdaptiveState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.observed < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.observed)
        chosen = lookback(state.losses, math.sqrt(state.squares / state.observed))
        return historical_var_es(state.losses[-chosen:], state.levels)

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        check_returns(returns)
        observed = ~np.isnan(returns)
        losses, seen = -returns[observed], seen_before(observed)
        chosen = _lookbacks(losses)
        path = unforecast(len(returns), levels)
        for t in np.flatnonzero(seen[:-1] >= MINIMUM_HISTORY):
            window = losses[max(0, seen[t] - chosen[seen[t]]) : seen[t]]
            path.var[t], path.es[t] = historical_var_es(window, levels)
        return path

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        check_returns(returns)
        losses: FloatArray = -last_observed(returns, returns.size)
        mean, squares = _moments(losses)
        return self.forecast(AdaptiveState(levels, losses[-CALM:], losses.size, mean, squares))


def lookback(losses: FloatArray, long_term_deviation: float) -> int:
    """How many of the last losses the rule looks at; more than there are means all.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        Oldest first. Returns will do as well: a deviation has no sign.
    long_term_deviation : float
        Population deviation of the whole history; with 0 the usual window is taken.

    Returns
    -------
    int
        ``STORMY``, ``USUAL`` or ``CALM``.

    Raises
    ------
    InsufficientData
        If there are fewer than ``RECENT`` losses.
    ValueError
        If one of the last is NaN or infinite, or the deviation is or is negative.

    Examples
    --------
    >>> lookback(np.tile([0.01, -0.01], 60), 0.02)
    250
    """
    if losses.size < RECENT:
        raise InsufficientData("adaptive lookback", needed=RECENT, got=losses.size)
    recent = np.ascontiguousarray(losses[-RECENT:], dtype=np.float64)
    usable = math.isfinite(long_term_deviation) and long_term_deviation >= 0.0
    if not (usable and np.isfinite(recent).all()):
        raise ValueError("losses or their deviation contain NaN or infinity, or are negative")
    return _one_lookback(recent, long_term_deviation)


@njit(cache=True)
def _chosen(recent: FloatArray, long_term_deviation: float) -> int:
    if long_term_deviation == 0.0:
        return USUAL
    mean = recent.sum() / recent.size
    squares = 0.0
    for loss in recent:
        squares += (loss - mean) ** 2
    ratio = math.sqrt(squares / recent.size) / long_term_deviation
    if ratio > STORMY_FROM:
        return STORMY
    return CALM if ratio < CALM_UNDER else USUAL


@njit(cache=True)
def _next_moments(loss: float, observed: int, mean: float, squares: float) -> tuple[float, float]:
    """Mean and squared distances after a loss that is number ``observed + 1`` (Welford, 1962)."""
    apart = loss - mean
    moved = mean + apart / (observed + 1)
    return moved, squares + apart * (loss - moved)


@kernel(VECTOR, "float64")
def _one_lookback(recent: FloatArray, long_term_deviation: float) -> int:
    return _chosen(recent, long_term_deviation)


@kernel("float64", "int64", "float64", "float64")
def _step(loss: float, observed: int, mean: float, squares: float) -> tuple[float, float]:
    return _next_moments(loss, observed, mean, squares)


@kernel(VECTOR)
def _moments(losses: FloatArray) -> tuple[float, float]:
    mean, squares = 0.0, 0.0
    for k in range(losses.size):
        mean, squares = _next_moments(losses[k], k, mean, squares)
    return mean, squares


@kernel(VECTOR)
def _lookbacks(losses: FloatArray) -> IntArray:
    """After k losses, for k from 0 on; 0 while there are too few to say."""
    chosen = np.zeros(losses.size + 1, dtype=np.int64)
    mean, squares = 0.0, 0.0
    for k in range(losses.size):
        mean, squares = _next_moments(losses[k], k, mean, squares)
        if k + 1 >= RECENT:
            recent = losses[k + 1 - RECENT : k + 1]
            chosen[k + 1] = _chosen(recent, math.sqrt(squares / (k + 1)))
    return chosen
