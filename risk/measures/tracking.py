"""Multipliers by which exceptions correct the figures that were exceeded."""

from collections.abc import Sequence

import numpy as np

from risk.measures.kernel import ROWS, VECTOR, kernel
from risk.measures.tail import VarEs, checked_levels
from risk.measures.types import BoolArray, FloatArray

#: How fast exceptions move a multiplier, and how far.
RATE, LOWEST, HIGHEST = 0.01, 0.7, 1.6


def tracking_start(n_levels: int) -> FloatArray:
    """Multipliers of a book without exceptions to learn from."""
    return np.ones(n_levels)


def tracking_update(
    multipliers: FloatArray,
    exceeded: BoolArray,
    levels: Sequence[float] | FloatArray,
    *,
    rate: float = RATE,
    low: float = LOWEST,
    high: float = HIGHEST,
) -> FloatArray:
    r"""Let a book's own exceptions correct its figures: :math:`s\, e^{rate (hit - \alpha)}`.

    Every exception raises a level's multiplier by about `rate`, every quiet period lowers
    it by that times :math:`\alpha`, so that it rests where exceptions are as frequent as
    they should be.

    Parameters
    ----------
    multipliers : ndarray of shape (L,)
        Left as they are.
    exceeded : ndarray of shape (L,), bool
        Whether the period's loss was above the VaR that was shown for it.
    levels : sequence of L floats
        Rising.
    rate, low, high : float
        Speed, and bounds of the result.

    Returns
    -------
    ndarray of shape (L,)

    Raises
    ------
    ValueError
        If the levels do not rise within (0, 1), or shapes disagree.
    """
    levels = checked_levels(levels)
    exceeded = np.asarray(exceeded, dtype=np.bool_)
    if not multipliers.shape == exceeded.shape == levels.shape:
        raise ValueError(f"{levels.size} levels, {multipliers.size} multipliers")
    raised, lowered = _factors(levels, rate)
    updated: FloatArray = np.clip(multipliers * np.where(exceeded, raised, lowered), low, high)
    return updated


def tracking_judged(
    multipliers: FloatArray,
    var: FloatArray,
    losses: FloatArray,
    levels: Sequence[float] | FloatArray,
    *,
    rate: float = RATE,
    low: float = LOWEST,
    high: float = HIGHEST,
) -> FloatArray:
    """:func:`tracking_update` of many series, each by the loss that its VaR met.

    Parameters
    ----------
    multipliers : ndarray of shape (series, L)
        Left as they are.
    var : ndarray of shape (series, L)
        What was shown; NaN where nothing was.
    losses : ndarray of shape (series,)
        NaN where unobserved.
    levels : sequence of L floats
        Rising.
    rate, low, high : float
        Speed, and bounds of the result.

    Returns
    -------
    ndarray of shape (series, L)
        Unchanged where there was no VaR or no loss.

    Raises
    ------
    ValueError
        If the levels do not rise within (0, 1), or shapes disagree.
    """
    levels = checked_levels(levels)
    if not multipliers.shape == var.shape == (losses.size, levels.size):
        raise ValueError(f"{levels.size} levels, {losses.size} losses, VaR of shape {var.shape}")
    return _judged(multipliers, var, losses, *_factors(levels, rate), low, high)


def tracked_var_es(var: FloatArray, es: FloatArray, multipliers: FloatArray) -> VarEs:
    """Apply multipliers without letting a higher level fall below a lower one.

    Each level has its own multiplier, so that close figures could change places; then the
    lower level's stands for both.

    Parameters
    ----------
    var, es : ndarray of shape (..., L)
        By rising level.
    multipliers : ndarray of shape (L,) or (..., L)

    Returns
    -------
    var, es : ndarray of shape (..., L)
    """
    if var.ndim == 2 and multipliers.shape == var.shape == es.shape:
        return _tracked(var, es, multipliers)
    tracked_var: FloatArray = np.maximum.accumulate(var * multipliers, axis=-1)
    tracked_es: FloatArray = np.maximum.accumulate(es * multipliers, axis=-1)
    return tracked_var, tracked_es


def tracked_path(
    var: FloatArray, es: FloatArray, losses: FloatArray, levels: Sequence[float] | FloatArray
) -> VarEs:
    """Figures over a history, each corrected by the exceptions before it.

    Parameters
    ----------
    var, es : ndarray of shape (n, L)
        By rising level; NaN where nothing is forecast.
    losses : ndarray of shape (n,)
        What each row of `var` met; NaN where unobserved, which teaches nothing.
    levels : sequence of L floats
        Rising.

    Returns
    -------
    var, es : ndarray of shape (n, L)
        NaN where nothing is forecast.

    Raises
    ------
    ValueError
        If the levels do not rise within (0, 1), or shapes disagree.
    """
    levels = checked_levels(levels)
    if not var.shape == es.shape == (losses.size, levels.size):
        raise ValueError(f"{levels.size} levels, {losses.size} losses, VaR of shape {var.shape}")
    tracked_var, tracked_es = np.full(var.shape, np.nan), np.full(var.shape, np.nan)
    multipliers = tracking_start(levels.size)
    for t in np.flatnonzero(~np.isnan(var[:, 0])):
        tracked_var[t], tracked_es[t] = tracked_var_es(var[t], es[t], multipliers)
        if not np.isnan(losses[t]):
            multipliers = tracking_update(multipliers, losses[t] > tracked_var[t], levels)
    return tracked_var, tracked_es


def _factors(levels: FloatArray, rate: float) -> tuple[FloatArray, FloatArray]:
    """What an exception, and what a period without one, does to the multipliers."""
    expected = 1.0 - levels
    return np.exp(rate * (1.0 - expected)), np.exp(-rate * expected)


@kernel(ROWS, ROWS, VECTOR, VECTOR, VECTOR, "float64", "float64")
def _judged(
    multipliers: FloatArray,
    var: FloatArray,
    losses: FloatArray,
    raised: FloatArray,
    lowered: FloatArray,
    low: float,
    high: float,
) -> FloatArray:
    updated = multipliers.copy()
    for j in range(losses.size):
        for i in range(raised.size):
            if not (np.isnan(losses[j]) or np.isnan(var[j, i])):
                factor = raised[i] if losses[j] > var[j, i] else lowered[i]
                updated[j, i] = min(max(updated[j, i] * factor, low), high)
    return updated


@kernel(ROWS, ROWS, ROWS)
def _tracked(var: FloatArray, es: FloatArray, multipliers: FloatArray) -> VarEs:
    tracked_var, tracked_es = var * multipliers, es * multipliers
    for j in range(var.shape[0]):
        for i in range(1, var.shape[1]):
            tracked_var[j, i] = max(tracked_var[j, i - 1], tracked_var[j, i])
            tracked_es[j, i] = max(tracked_es[j, i - 1], tracked_es[j, i])
    return tracked_var, tracked_es
