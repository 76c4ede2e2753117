"""VaR and expected shortfall of holding a series for several bars.

Past shocks are drawn at random and led forward through the volatility filter, each path with
storms of its own making, and its returns are compounded [1]_. Multiplying a one-bar figure by
the square root of the bars instead takes returns for normal and volatility for constant: far
tails of sums are thinner than that, and a storm abates.

For an hour use hourly returns and :class:`~risk.measures.var.filtered_historical`; a day is
one step of daily returns.

References
----------
.. [1] Barone-Adesi, G., Giannopoulos, K. and Vosper, L. (1999). "VaR without correlations for
   portfolios of derivative securities". Journal of Futures Markets 19(5).
"""

from collections.abc import Sequence

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import VarEs, checked_levels, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var.base import MINIMUM_HISTORY, last_observed
from risk.measures.volatility import GjrState, gjr_filter, gjr_growth

#: Paths that a figure rests on: at 99 %, a hundred of them lie beyond it.
PATHS = 10_000

#: Shocks remembered, as by the default model of one day.
WINDOW = 500


def horizon_var_es(
    returns: FloatArray,
    levels: Sequence[float] | FloatArray,
    *,
    steps: int,
    rng: np.random.Generator,
    paths: int = PATHS,
    window: int = WINDOW,
) -> VarEs:
    """VaR and expected shortfall over the coming bars together.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Simple returns of an asset or a book, oldest first; NaN where unobserved. A book's
        weights are taken to be set anew at each bar (:func:`book_horizon_var_es` holds units); a
        short position has the opposite returns.
    levels : sequence of L floats
        Rising.
    steps : int
        Bars that the position is held, one or more; ten days of daily returns are 10.
    rng : numpy.random.Generator
        For the shocks; the same state gives the same figures.
    paths : int
        Draws; the standard error of a 99 % VaR is about 2 % with 10,000.
    window : int
        Last shocks to draw from, at least ``MINIMUM_HISTORY``.

    Returns
    -------
    var, es : ndarray of shape (L,)
        As fractions of the value at the beginning, losses positive, none above 1.

    Raises
    ------
    InsufficientData
        If there are fewer than ``MINIMUM_HISTORY`` shocks.
    ValueError
        If a return is infinite, the levels do not rise within (0, 1), or `steps`, `paths` or
        `window` is too small.
    """
    levels = checked_levels(levels)
    if steps < 1 or paths < 1 or window < MINIMUM_HISTORY:
        raise ValueError(f"{paths} paths of {steps} steps from a window of {window} shocks")
    _, residuals, state = gjr_filter(np.asarray(returns, dtype=np.float64)[:, None])
    shocks = last_observed(residuals[:, 0], window)
    if shocks.size < MINIMUM_HISTORY:
        raise InsufficientData("horizon_var_es", needed=MINIMUM_HISTORY, got=shocks.size)
    return book_horizon_var_es(
        state, shocks[:, None], np.ones(1), levels, steps=steps, rng=rng, paths=paths
    )


def book_horizon_var_es(
    state: GjrState,
    residuals: FloatArray,
    exposures: FloatArray,
    levels: Sequence[float] | FloatArray,
    *,
    steps: int,
    rng: np.random.Generator,
    paths: int = PATHS,
) -> VarEs:
    """VaR and expected shortfall of holding several assets over the coming bars.

    Each asset is led through its own filter by shocks that all take from the same past bars:
    what fell together falls together. Units are held, not shares of the book: a position that
    halves is half as large from then on.

    Parameters
    ----------
    state : GjrState
        Of the assets, after their last bar.
    residuals : ndarray of shape (bars, assets)
        Shocks to draw from, at least ``MINIMUM_HISTORY``.
    exposures : ndarray of shape (assets,)
        Value held; negative when short.
    levels : sequence of L floats
        Rising.
    steps, rng, paths
        As in :func:`horizon_var_es`.

    Returns
    -------
    var, es : ndarray of shape (L,)
        In the unit of `exposures`, losses positive. What is held long cannot lose more than its
        value; what is held short can.

    Raises
    ------
    InsufficientData
        If there are fewer than ``MINIMUM_HISTORY`` shocks.
    ValueError
        If a shock or an exposure is not finite, an asset has no level, the levels do not rise
        within (0, 1), shapes disagree, or `steps` or `paths` is too small.
    """
    levels, exposures = checked_levels(levels), np.asarray(exposures, dtype=np.float64)
    if steps < 1 or paths < 1:
        raise ValueError(f"{paths} paths of {steps} steps")
    if len(residuals) < MINIMUM_HISTORY:
        raise InsufficientData("book_horizon_var_es", needed=MINIMUM_HISTORY, got=len(residuals))
    if exposures.shape != state.variance.shape or not np.isfinite(exposures).all():
        raise ValueError(f"{state.variance.size} assets need as many exposures, all finite")
    drawn = rng.integers(len(residuals), size=(paths, steps))
    return historical_var_es((1.0 - gjr_growth(state, residuals, drawn)) @ exposures, levels)
