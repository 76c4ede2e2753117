r"""Where all outcomes fell among the quantiles forecast for them, not only beyond one.

The probability-integral transform of a right forecast is uniform. A VaR model forecasts a few
quantiles and no whole distribution, so the transform is known up to the band between two of
them: band 0 lies below the lowest level, the last one above the highest. Under a right model
the bands are multinomial with the gaps between levels as probabilities [1]_.

References
----------
.. [1] Kratz, M., Lok, Y. H. and McNeil, A. (2018). "Multinomial VaR backtests: a simple implicit
   approach to backtesting expected shortfall". Journal of Banking & Finance 88.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, chdtrc

from risk.errors import InsufficientData
from risk.measures.tail import checked_levels
from risk.measures.types import FloatArray, IntArray


class Bands(NamedTuple):
    """A histogram of outcomes among their forecast quantiles, and how it differs from a right one.

    Attributes
    ----------
    counts : ndarray of shape (L + 1,), int
        Outcomes between consecutive quantiles, from gains to deep losses.
    expected : ndarray of shape (L + 1,)
        As many as a right model has on average.
    statistic : float
        Pearson's.
    p_value : float
        Probability of a statistic at least as large if the model were right.
    """

    counts: IntArray
    expected: FloatArray
    statistic: float
    p_value: float


def bands(losses: FloatArray, var: FloatArray) -> IntArray:
    """How many of the quantiles forecast for it each loss exceeded.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var : ndarray of shape (n, L)
        Row t was forecast before ``losses[t]``, by rising level.

    Returns
    -------
    ndarray of shape (n,), int
        Between 0 and L. A loss equal to a quantile does not exceed it.

    Raises
    ------
    ValueError
        If a number is NaN, the lengths differ, or quantiles fall as their level rises.

    Examples
    --------
    >>> bands(np.array([-0.01, 0.04, 0.09]), np.tile([0.03, 0.05], (3, 1)))
    array([0, 1, 2])
    """
    losses, var = np.asarray(losses, dtype=np.float64), np.asarray(var, dtype=np.float64)
    if losses.ndim != 1 or var.ndim != 2 or len(losses) != len(var):
        raise ValueError(f"losses of shape {losses.shape} beside quantiles of {var.shape}")
    if np.isnan(losses).any() or np.isnan(var).any():
        raise ValueError("losses or var contains NaN; leave out what was not forecast")
    if (np.diff(var, axis=1) < 0.0).any():
        raise ValueError("quantiles must not fall as their level rises")
    exceeded: IntArray = (losses[:, None] > var).sum(axis=1)
    return exceeded


def band_test(band_of: IntArray, levels: Sequence[float] | FloatArray) -> Bands:
    r"""Test that outcomes are spread over the bands as the levels say.

    Pearson's :math:`\sum (O_i - E_i)^2 / E_i`, which is :math:`\chi^2` with as many degrees as
    levels. At 95, 97.5 and 99 % that holds from 250 outcomes on, for all that few are expected in
    the outer bands.

    Parameters
    ----------
    band_of : ndarray of shape (n,), int
        As :func:`bands` gives them.
    levels : sequence of L floats
        Rising, each strictly between 0 and 1.

    Returns
    -------
    Bands

    Raises
    ------
    InsufficientData
        If nothing was judged.
    ValueError
        If the levels do not rise within (0, 1) or there is no such band.

    Examples
    --------
    >>> band_test(np.repeat([0, 1, 2], [95, 4, 1]), (0.95, 0.99)).p_value
    1.0
    """
    levels, band_of = checked_levels(levels), np.asarray(band_of, dtype=np.int64)
    if band_of.size == 0:
        raise InsufficientData("band_test", needed=1, got=0)
    if band_of.min() < 0 or band_of.max() > levels.size:
        raise ValueError(f"bands must lie between 0 and {levels.size}")
    shares = np.diff(np.concatenate(([0.0], levels, [1.0])))
    counts = np.bincount(band_of, minlength=shares.size).astype(np.int64)
    expected = band_of.size * shares
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    return Bands(counts, expected, statistic, float(chdtrc(levels.size, statistic)))


def band_ranges(
    outcomes: int, levels: Sequence[float] | FloatArray, size: float = 0.05
) -> tuple[IntArray, IntArray]:
    """Fewest and most outcomes in each band that chance explains, one band at a time.

    Parameters
    ----------
    outcomes : int
        All that were judged, at least one.
    levels : sequence of L floats
        Rising, each strictly between 0 and 1.
    size : float
        At most half of it lies below the range, and half above.

    Returns
    -------
    fewest, most : ndarray of shape (L + 1,), int

    Raises
    ------
    InsufficientData
        If nothing was judged.
    ValueError
        If the levels do not rise within (0, 1) or `size` is outside (0, 1).

    Examples
    --------
    >>> band_ranges(250, (0.95, 0.99))
    (array([230,   4,   0]), array([244,  16,   6]))
    """
    levels = checked_levels(levels)
    if outcomes < 1:
        raise InsufficientData("band_ranges", needed=1, got=outcomes)
    if not 0.0 < size < 1.0:
        raise ValueError(f"size must lie in (0, 1), got {size}")
    shares = np.diff(np.concatenate(([0.0], levels, [1.0])))
    at_most = bdtr(np.arange(outcomes + 1)[:, None], outcomes, shares)
    fewest: IntArray = (at_most <= size / 2.0).sum(axis=0).astype(np.int64)
    most: IntArray = (at_most < 1.0 - size / 2.0).sum(axis=0).astype(np.int64)
    return fewest, most
