"""Standard errors of figures that have no formula for theirs."""

import math
from collections.abc import Callable

import numpy as np

from risk.measures import checks
from risk.measures.types import FloatArray

#: Resamples for a standard error, which is then known to about 3 %.
RESAMPLES = 500

#: Share of resamples in which a figure must exist for its error to be told.
_USABLE_SHARE = 0.95

Statistic = Callable[[FloatArray], float]


def block_bootstrap_error(
    statistic: Statistic,
    returns: FloatArray,
    rng: np.random.Generator,
    *,
    block: int | None = None,
    resamples: int = RESAMPLES,
) -> float:
    """Standard error of any statistic of a series, by circular block resampling [1]_.

    Blocks keep the order within them, and so the clusters of volatility; what lasts longer than
    a block is lost.

    Parameters
    ----------
    statistic : callable
        From an ndarray of shape (n,) to a float; NaN or infinite where it does not exist.
    returns : ndarray of shape (n,)
        Finite.
    rng : Generator
    block : int, optional
        Neighbours kept together, from 1 to n; :math:`n^{1/3}` rounded up if left out.
    resamples : int
        2 or more.

    Returns
    -------
    float
        Deviation over the resamples in which the statistic exists.

    Raises
    ------
    ValueError
        If it exists in fewer than 95 % of them, a return is not finite, or block or resamples
        are out of range.

    References
    ----------
    .. [1] Politis, D. and Romano, J. (1992). "A circular block-resampling procedure for
       stationary data". Exploring the Limits of Bootstrap, Wiley.
    """
    returns = checks.finite_vector("returns", returns)
    length = math.ceil(returns.size ** (1.0 / 3.0)) if block is None else block
    if not 1 <= length <= returns.size:
        raise ValueError(f"block must lie between 1 and {returns.size}, got {length}")
    if resamples < 2:
        raise ValueError(f"resamples must be 2 or more, got {resamples}")
    blocks = math.ceil(returns.size / length)
    within = np.arange(length)
    values = np.empty(resamples)
    for i in range(resamples):
        starts = rng.integers(0, returns.size, blocks)
        places = (starts[:, None] + within).ravel()[: returns.size] % returns.size
        values[i] = statistic(returns[places])
    usable = values[np.isfinite(values)]
    if usable.size < _USABLE_SHARE * resamples:
        raise ValueError(
            f"the figure exists in {usable.size} of {resamples} resamples only: too few losses "
            "to tell its error"
        )
    return float(usable.std(ddof=1))
