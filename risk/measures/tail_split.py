"""Whose losses a book's tail is."""

import math
from typing import NamedTuple

import numpy as np

from risk.measures.kernel import MATRIX, VECTOR, kernel
from risk.measures.tail import checked_levels, checked_scenarios
from risk.measures.types import FloatArray

#: Below this share of the gross contributions, a net tail loss is rounding.
_NEGLIGIBLE_SHARE = 1e-9
_SMALLEST = np.finfo(np.float64).tiny


class TailSplit(NamedTuple):
    """A book's tail figure, split among what is held.

    Attributes
    ----------
    components : ndarray of shape (assets,)
        Parts that add up to the figure; negative where a position offsets the tail.
    marginals : ndarray of shape (assets,)
        Change of the figure per unit of weight added, also where the weight is 0.
    """

    components: FloatArray
    marginals: FloatArray


def split_tail(scenarios: FloatArray, weights: FloatArray, level: float, total: float) -> TailSplit:
    """Split a VaR or expected shortfall among positions by the book's worst scenarios.

    A position's part is its average loss over the worst ``1 - level`` of the *book's*
    scenarios, the boundary scenario weighted: the exact derivative of the empirical
    expected shortfall. Parts are scaled together to add up to `total`, which comes from
    another estimate of the same tail. Where the book's tail does not lose, as in a perfect
    hedge, or `total` is a gain, scaling would turn signs or blow rounding up; there what is
    missing is spread by the size of the parts (of the positions, if no part has any), and
    marginals are not scaled.

    Parameters
    ----------
    scenarios : ndarray of shape (scenarios, assets)
        Returns.
    weights : ndarray of shape (assets,)
        Value held; negative when short.
    level : float
        Strictly between 0 and 1.
    total : float
        The figure to split, in the unit of `weights`, losses positive.

    Returns
    -------
    TailSplit

    Raises
    ------
    InsufficientData
        If there are no scenarios.
    ValueError
        If a number is not finite, the level is outside (0, 1), shapes disagree, or a flat
        book is given a total to split.
    """
    scenarios = checked_scenarios(scenarios, "split_tail", needed=1)
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    _check_split(scenarios, weights, total)
    per_unit = _tail_average(scenarios, weights, float(checked_levels((level,))[0]))
    parts = weights * per_unit
    tail, gross = float(parts.sum()), float(np.abs(parts).sum())
    if total >= 0.0 and tail > _NEGLIGIBLE_SHARE * gross:
        scale = total / tail
        return TailSplit(parts * scale, per_unit * scale)
    size = np.abs(parts if gross > 0.0 else weights)
    missing = (total - tail) * size / max(size.sum(), _SMALLEST)
    return TailSplit(parts + missing, per_unit)


def _check_split(scenarios: FloatArray, weights: FloatArray, total: float) -> None:
    if weights.shape != (scenarios.shape[1],):
        raise ValueError(f"{weights.size} weights for scenarios of {scenarios.shape[1]} assets")
    if not (math.isfinite(total) and np.isfinite(weights).all()):
        raise ValueError("weights and total must be finite")
    if total != 0.0 and not weights.any():
        raise ValueError(f"a flat book has no positions to split {total} among")


@kernel(MATRIX, VECTOR, "float64")
def _tail_average(scenarios: FloatArray, weights: FloatArray, level: float) -> FloatArray:
    """Average loss per unit of each asset over the book's worst scenarios."""
    n, assets = scenarios.shape
    book = np.zeros(n)
    for j in range(assets):
        if weights[j] != 0.0:
            book -= weights[j] * scenarios[:, j]
    if not np.isfinite(book).all():
        raise ValueError("scenarios contains NaN or infinity; fill or drop gaps first")
    tail = n * (1.0 - level)
    worst_first = np.argsort(-book)[: min(n, math.ceil(tail))]
    average = np.zeros(assets)
    for j in range(assets):
        left = tail
        for s in worst_first:
            average[j] -= min(left, 1.0) * scenarios[s, j]
            left -= 1.0
        average[j] /= tail
    if not np.isfinite(average).all():
        raise ValueError("scenarios contains NaN or infinity; fill or drop gaps first")
    return average
