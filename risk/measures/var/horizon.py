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
from risk.measures.volatility import gjr_filter, gjr_paths

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
        weights are taken to be set anew at each bar; a short position has the opposite returns.
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
    drawn = shocks[rng.integers(shocks.size, size=(paths, steps))]
    # Nothing can lose more than it is worth.
    growth = np.maximum(1.0 + gjr_paths(state, drawn), 0.0)
    return historical_var_es(1.0 - growth.prod(axis=1), levels)
