"""Resampled series, and standard errors of figures that have no formula for theirs."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from risk.measures import checks
from risk.measures.types import FloatArray, IntArray

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
    if resamples < 2:
        raise ValueError(f"resamples must be 2 or more, got {resamples}")
    drawn = resampled_places(returns.size, rng, block=length, resamples=resamples)
    values = np.array([statistic(returns[places]) for places in drawn])
    usable = values[np.isfinite(values)]
    if usable.size < _USABLE_SHARE * resamples:
        raise ValueError(
            f"the figure exists in {usable.size} of {resamples} resamples only: too few losses "
            "to tell its error"
        )
    return float(usable.std(ddof=1))


def resampled_places(
    size: int, rng: np.random.Generator, *, block: int, resamples: int
) -> Iterator[IntArray]:
    """Places of a series in circular block resamples of it, as long as the series.

    Series of the same times that are resampled at the same places keep what they have in common.

    Parameters
    ----------
    size : int
        Length of the series.
    rng : Generator
    block : int
        Neighbours kept together, from 1 to `size`.
    resamples : int

    Yields
    ------
    ndarray of shape (size,), int

    Raises
    ------
    ValueError
        If the block is out of range.
    """
    if not 1 <= block <= size:
        raise ValueError(f"block must lie between 1 and {size}, got {block}")
    within = np.arange(block)
    for _ in range(resamples):
        starts = rng.integers(0, size, math.ceil(size / block))
        yield (starts[:, None] + within).ravel()[:size] % size
