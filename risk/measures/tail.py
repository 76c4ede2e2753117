r"""Value at risk and expected shortfall of loss samples, and whose losses they are.

Losses are positive and one sample is one holding period's. A `level` is a confidence such
as 0.99; :math:`\alpha` in the formulas is one minus it. VaR is negative where even the
tail gains: measures do not round up to zero, so that cash in hand lowers them one for one.

The default figure blends two estimates. The first fits a generalised Pareto distribution to
the largest filtered losses [1]_ by probability-weighted moments [2]_; the second is the
plain quantile of raw losses. A book's own exceptions then correct the blend (`tracking`).

References
----------
.. [1] McNeil, A. and Frey, R. (2000). "Estimation of tail-related risk measures for
   heteroscedastic financial time series". Journal of Empirical Finance 7.
.. [2] Hosking, J. and Wallis, J. (1987). "Parameter and quantile estimation for the
   generalized Pareto distribution". Technometrics 29(3).
.. [3] Acerbi, C. and Tasche, D. (2002). "On the coherence of expected shortfall". Journal
   of Banking & Finance 26(7).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from risk.errors import InsufficientData
from risk.measures.kernel import MATRIX, VECTOR, kernel
from risk.measures.types import BoolArray, FloatArray

#: Largest losses that the Pareto tail is fitted to, where the sample is large enough.
EXCEEDANCES = 50

#: Share of a smaller sample that the tail is fitted to.
TAIL_SHARE = 0.10

#: Fewest losses that a tail is fitted to; with ``TAIL_SHARE``, 50 observations.
MINIMUM_EXCEEDANCES = 5

#: Weight of the filtered tail in the blend; the raw quantile has the rest.
TAIL_WEIGHT = 0.75

#: Range of the tail index: beyond it a sample of this size is not evidence.
LOWEST_SHAPE, HIGHEST_SHAPE = -0.5, 0.9

#: Below this share of the gross contributions, a net tail loss is rounding.
_NEGLIGIBLE_SHARE = 1e-9
_EXPONENTIAL_SHAPE = 1e-9
#: Up to so many worst losses, putting each into its place is faster than dividing the sample.
_FEW = 64
_SMALLEST = np.finfo(np.float64).tiny

VarEs = tuple[FloatArray, FloatArray]


def historical_var(losses: FloatArray, *, level: float) -> float:
    """Quantile of a loss sample, of type 7: interpolated between order statistics.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    level : float
        Strictly between 0 and 1.

    Returns
    -------
    float
        In the unit and period of `losses`.

    Raises
    ------
    InsufficientData
        If `losses` is empty.
    ValueError
        If `level` is outside (0, 1) or a loss is not finite.

    Examples
    --------
    >>> historical_var(np.array([1.0, 2.0, 3.0, 4.0]), level=0.5)
    2.5
    """
    return float(historical_var_es(losses, (level,))[0][0])


def expected_shortfall(losses: FloatArray, *, level: float) -> float:
    r"""Average loss in the worst :math:`1 - level` of the sample.

    Of the :math:`k = n(1 - level)` tail observations, the one that the tail cuts in two
    weighs :math:`k - \lfloor k \rfloor`; without that the estimator is not coherent [3]_.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    level : float
        Strictly between 0 and 1.

    Returns
    -------
    float
        In the unit and period of `losses`; never below :func:`historical_var`.

    Raises
    ------
    InsufficientData
        If `losses` is empty.
    ValueError
        If `level` is outside (0, 1) or a loss is not finite.

    Examples
    --------
    >>> expected_shortfall(np.array([1.0, 2.0, 3.0, 4.0]), level=0.5)
    3.5
    """
    return float(historical_var_es(losses, (level,))[1][0])


def historical_var_es(losses: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
    """Quantiles and tail averages of a loss sample, together.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    levels : sequence of L floats
        Rising, each strictly between 0 and 1.

    Returns
    -------
    var, es : ndarray of shape (L,)
        As :func:`historical_var` and :func:`expected_shortfall` define them.

    Raises
    ------
    InsufficientData
        If `losses` is empty.
    ValueError
        If the levels do not rise within (0, 1) or a loss is not finite.
    """
    losses, levels = _sample(losses, "historical_var_es", needed=1), checked_levels(levels)
    return _historical(losses, levels)


def pareto_var_es(
    losses: FloatArray, levels: Sequence[float] | FloatArray, exceedances: int = EXCEEDANCES
) -> VarEs:
    r"""VaR and expected shortfall of a generalised Pareto tail over a high threshold.

    The k largest losses exceed the next one, :math:`u`, by :math:`y`. With their
    probability-weighted moments :math:`b_0, b_1`,

    .. math::

        \xi &= 2 - b_0 / (b_0 - 2 b_1), \qquad \beta = b_0 (1 - \xi) \\
        VaR &= u + \tfrac{\beta}{\xi} \left[ (n \alpha / k)^{-\xi} - 1 \right], \qquad
        ES = \frac{VaR + \beta - \xi u}{1 - \xi}

    with :math:`\xi` kept within [-0.5, 0.9]. Inside that range :math:`\beta` is the usual
    :math:`2 b_0 b_1 / (b_0 - 2 b_1)`; at its ends it still gives the tail the mean of the
    sample, where the usual one can overshoot a hundredfold on tied losses.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    levels : sequence of L floats
        Rising; none below the share of the sample that the tail is fitted to.
    exceedances : int
        Size k of the tail, or a tenth of the sample if that is smaller.

    Returns
    -------
    var, es : ndarray of shape (L,)
        If all exceedances equal the threshold there is no tail to fit, and both are it.

    Raises
    ------
    InsufficientData
        If a tenth of the sample is fewer than ``MINIMUM_EXCEEDANCES``.
    ValueError
        If a level lies below the tail or out of order, or a loss is not finite.
    """
    losses = _sample(losses, "pareto_var_es", needed=pareto_needs(exceedances))
    return _pareto(losses, checked_levels(levels), exceedances)


def pareto_needs(exceedances: int = EXCEEDANCES) -> int:
    """Fewest observations for :func:`pareto_var_es`."""
    if exceedances < MINIMUM_EXCEEDANCES:
        raise ValueError(f"a tail needs {MINIMUM_EXCEEDANCES} exceedances, not {exceedances}")
    return math.ceil(MINIMUM_EXCEEDANCES / TAIL_SHARE)


def blended_var_es(
    filtered_losses: FloatArray,
    raw_losses: FloatArray,
    levels: Sequence[float] | FloatArray,
    tail_weight: float = TAIL_WEIGHT,
) -> VarEs:
    """The default figures before tracking: a fitted tail, steadied by plain history.

    Parameters
    ----------
    filtered_losses : ndarray of shape (n,)
        Residuals times today's forecast deviation; for a book, their sum over positions.
    raw_losses : ndarray of shape (m,)
        The same losses as they were.
    levels : sequence of L floats
        Rising.
    tail_weight : float
        Weight in [0, 1] of :func:`pareto_var_es` of the filtered losses against
        :func:`historical_var_es` of the raw ones.

    Returns
    -------
    var, es : ndarray of shape (L,)

    Raises
    ------
    InsufficientData
        If there are no raw losses, or too few filtered ones for a tail.
    ValueError
        If the weight or a level is out of range, or a loss is not finite.
    """
    filtered = _sample(filtered_losses, "blended_var_es", needed=pareto_needs())
    raw = _sample(raw_losses, "blended_var_es", needed=1)
    return _blended(filtered, raw, checked_levels(levels), _checked_weight(tail_weight))


def unit_var_es(
    filtered: FloatArray,
    raw: FloatArray,
    levels: Sequence[float] | FloatArray,
    tail_weight: float = TAIL_WEIGHT,
) -> VarEs:
    """:func:`blended_var_es` of every asset, held long and held short.

    Parameters
    ----------
    filtered, raw : ndarray of shape (scenarios, assets)
        Returns, not losses. Fortran order is fastest.
    levels : sequence of L floats
        Rising.
    tail_weight : float

    Returns
    -------
    var, es : ndarray of shape (2, assets, L)
        Of one unit of value held long (0) or short (1).

    Raises
    ------
    InsufficientData, ValueError
        As :func:`blended_var_es`.
    """
    filtered = _scenarios(filtered, "unit_var_es", needed=pareto_needs())
    raw = _scenarios(raw, "unit_var_es", needed=1)
    if filtered.shape[1] != raw.shape[1]:
        raise ValueError(f"scenarios of {filtered.shape[1]} assets beside {raw.shape[1]}")
    return _unit_blended(filtered, raw, checked_levels(levels), _checked_weight(tail_weight))


def tracking_start(n_levels: int) -> FloatArray:
    """Multipliers of a book without exceptions to learn from."""
    return np.ones(n_levels)


def tracking_update(
    multipliers: FloatArray,
    exceeded: BoolArray,
    levels: Sequence[float] | FloatArray,
    *,
    rate: float = 0.01,
    low: float = 0.7,
    high: float = 1.6,
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
    surprise = exceeded - (1.0 - levels)
    updated: FloatArray = np.clip(multipliers * np.exp(rate * surprise), low, high)
    return updated


def tracked_var_es(var: FloatArray, es: FloatArray, multipliers: FloatArray) -> VarEs:
    """Apply multipliers without letting a higher level fall below a lower one.

    Each level has its own multiplier, so that close figures could change places; then the
    lower level's stands for both.

    Parameters
    ----------
    var, es : ndarray of shape (..., L)
        By rising level.
    multipliers : ndarray of shape (L,)

    Returns
    -------
    var, es : ndarray of shape (..., L)
    """
    tracked_var: FloatArray = np.maximum.accumulate(var * multipliers, axis=-1)
    tracked_es: FloatArray = np.maximum.accumulate(es * multipliers, axis=-1)
    return tracked_var, tracked_es


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
    scenarios = _scenarios(scenarios, "split_tail", needed=1)
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


def checked_levels(levels: Sequence[float] | FloatArray) -> FloatArray:
    """Levels as an array, refused unless they rise strictly within (0, 1)."""
    checked = np.ascontiguousarray(levels, dtype=np.float64)
    if checked.ndim != 1 or checked.size == 0 or not _rising_within_unit(checked):
        raise ValueError(f"levels must rise within (0, 1), got {levels}")
    return checked


def _checked_weight(weight: float) -> float:
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"tail_weight must lie in [0, 1], got {weight}")
    return weight


def _sample(losses: FloatArray, measure: str, *, needed: int) -> FloatArray:
    sample = np.ascontiguousarray(losses, dtype=np.float64)
    if sample.size < needed:
        raise InsufficientData(measure, needed=needed, got=sample.size)
    return sample


def _scenarios(scenarios: FloatArray, measure: str, *, needed: int) -> FloatArray:
    matrix = np.asarray(scenarios, dtype=np.float64)
    if len(matrix) < needed:
        raise InsufficientData(measure, needed=needed, got=len(matrix))
    return matrix


def _check_split(scenarios: FloatArray, weights: FloatArray, total: float) -> None:
    if weights.shape != (scenarios.shape[1],):
        raise ValueError(f"{weights.size} weights for scenarios of {scenarios.shape[1]} assets")
    if not (math.isfinite(total) and np.isfinite(weights).all()):
        raise ValueError("weights and total must be finite")
    if total != 0.0 and not weights.any():
        raise ValueError(f"a flat book has no positions to split {total} among")


@kernel(VECTOR)
def _rising_within_unit(levels: FloatArray) -> bool:
    previous = 0.0
    for level in levels:
        if not previous < level < 1.0:
            return False
        previous = level
    return True


@njit(cache=True)
def _worst_first(losses: FloatArray, count: int) -> FloatArray:
    """The `count` largest losses, falling; refuses what has no order."""
    for loss in losses:
        if not math.isfinite(loss):
            raise ValueError("losses contains NaN or infinity; fill or drop gaps first")
    if count <= _FEW:
        return _few_worst_first(losses, count)
    n = losses.size
    tail = np.sort(np.partition(losses, n - count)[n - count :])
    return tail[::-1].copy()


@njit(cache=True)
def _few_worst_first(losses: FloatArray, count: int) -> FloatArray:
    """By putting each loss that is among the worst so far into its place."""
    worst = np.empty(count)
    kept = 0
    for loss in losses:
        if kept == count and loss <= worst[count - 1]:
            continue
        place = min(kept, count - 1)
        while place > 0 and worst[place - 1] < loss:
            worst[place] = worst[place - 1]
            place -= 1
        worst[place] = loss
        kept = min(kept + 1, count)
    return worst


@njit(cache=True)
def _reach(n: int, lowest_level: float) -> int:
    """Order statistics that quantile and tail average need."""
    return min(n, int(n * (1.0 - lowest_level)) + 2)


@njit(cache=True)
def _quantile(worst: FloatArray, n: int, level: float) -> float:
    position = (n - 1) * (1.0 - level)
    whole = int(position)
    below = worst[min(whole + 1, n - 1)]
    return float(worst[whole] + (position - whole) * (below - worst[whole]))


@njit(cache=True)
def _tail_mean(worst: FloatArray, n: int, level: float) -> float:
    tail = n * (1.0 - level)
    whole = int(tail)
    boundary = worst[min(whole, n - 1)]
    return float((worst[:whole].sum() + (tail - whole) * boundary) / tail)


@njit(cache=True)
def _historical_of(worst: FloatArray, n: int, levels: FloatArray) -> VarEs:
    var, es = np.empty(levels.size), np.empty(levels.size)
    for k in range(levels.size):
        var[k] = _quantile(worst, n, levels[k])
        # A tail of one loss equals its quantile; rounding must not put it below.
        es[k] = max(_tail_mean(worst, n, levels[k]), var[k])
    return var, es


@njit(cache=True)
def _pareto_fit(worst: FloatArray, k: int) -> tuple[float, float, float]:
    """Threshold, shape and scale of the k largest losses over the next one."""
    threshold = worst[k]
    mean, weighted = 0.0, 0.0
    for i in range(k):
        excess = worst[i] - threshold
        mean += excess / k
        # worst[0] is the largest, which has rank k.
        weighted += (1.0 - (k - i - 0.35) / k) * excess / k
    # Falling weights on rising excesses: mean > 2 * weighted unless all of them are zero.
    curvature = mean - 2.0 * weighted
    shape = 2.0 - mean / curvature if curvature > 0.0 else 0.0
    shape = min(max(shape, LOWEST_SHAPE), HIGHEST_SHAPE)
    return threshold, shape, mean * (1.0 - shape)


@njit(cache=True)
def _pareto_of(worst: FloatArray, n: int, k: int, levels: FloatArray) -> VarEs:
    threshold, shape, scale = _pareto_fit(worst, k)
    var, es = np.empty(levels.size), np.empty(levels.size)
    for i in range(levels.size):
        log_rarity = -math.log(n * (1.0 - levels[i]) / k)
        if log_rarity < -1e-9:
            raise ValueError("a level lies below the tail that was fitted")
        if abs(shape) < _EXPONENTIAL_SHAPE:
            beyond = log_rarity
        else:
            beyond = math.expm1(shape * log_rarity) / shape
        var[i] = threshold + scale * beyond
        es[i] = max((var[i] + scale - shape * threshold) / (1.0 - shape), var[i])
    return var, es


@njit(cache=True)
def _exceedances_of(n: int, wanted: int) -> int:
    return min(wanted, int(n * TAIL_SHARE))


@kernel(VECTOR, VECTOR)
def _historical(losses: FloatArray, levels: FloatArray) -> VarEs:
    n = losses.size
    return _historical_of(_worst_first(losses, _reach(n, levels[0])), n, levels)


@kernel(VECTOR, VECTOR, "int64")
def _pareto(losses: FloatArray, levels: FloatArray, wanted: int) -> VarEs:
    n = losses.size
    k = _exceedances_of(n, wanted)
    return _pareto_of(_worst_first(losses, k + 1), n, k, levels)


@njit(cache=True)
def _blend(filtered: FloatArray, raw: FloatArray, levels: FloatArray, weight: float) -> VarEs:
    n, m = filtered.size, raw.size
    k = _exceedances_of(n, EXCEEDANCES)
    tail_var, tail_es = _pareto_of(_worst_first(filtered, k + 1), n, k, levels)
    raw_var, raw_es = _historical_of(_worst_first(raw, _reach(m, levels[0])), m, levels)
    plain = 1.0 - weight
    return weight * tail_var + plain * raw_var, weight * tail_es + plain * raw_es


@kernel(VECTOR, VECTOR, VECTOR, "float64")
def _blended(filtered: FloatArray, raw: FloatArray, levels: FloatArray, weight: float) -> VarEs:
    return _blend(filtered, raw, levels, weight)


@kernel(MATRIX, MATRIX, VECTOR, "float64")
def _unit_blended(
    filtered: FloatArray, raw: FloatArray, levels: FloatArray, weight: float
) -> VarEs:
    assets = filtered.shape[1]
    var, es = np.empty((2, assets, levels.size)), np.empty((2, assets, levels.size))
    for j in range(assets):
        up, up_raw = filtered[:, j].copy(), raw[:, j].copy()
        var[0, j], es[0, j] = _blend(-up, -up_raw, levels, weight)
        var[1, j], es[1, j] = _blend(up, up_raw, levels, weight)
    return var, es


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
