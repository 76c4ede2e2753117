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

import numpy as np
from numba import njit

from risk.errors import InsufficientData
from risk.measures.kernel import INTEGERS, MATRIX, ROWS, VECTOR, kernel
from risk.measures.sorted_windows import SortedWindows
from risk.measures.types import FloatArray, IntArray

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

_EXPONENTIAL_SHAPE = 1e-9
_ROUNDING = 1e-9
#: Up to so many worst losses, putting each into its place is faster than dividing the sample.
_FEW = 64

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
        Size k of the tail, or a tenth of the sample, rounded up, if that is smaller.

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


def pareto_lowest_level(observations: int, exceedances: int = EXCEEDANCES) -> float:
    """Lowest level that the tail reaches in samples of up to so many observations.

    Examples
    --------
    >>> pareto_lowest_level(500), pareto_lowest_level(1000)
    (0.9, 0.95)
    """
    return 1.0 - min(TAIL_SHARE, exceedances / observations)


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


def ordered_var_es(
    shocks: SortedWindows,
    deviations: FloatArray,
    losses: SortedWindows,
    levels: Sequence[float] | FloatArray,
    *,
    needed: int,
    tail_weight: float = TAIL_WEIGHT,
) -> VarEs:
    """:func:`blended_var_es` of many series whose windows are in order already.

    Parameters
    ----------
    shocks : SortedWindows of n series
        Standardised losses.
    deviations : ndarray of shape (n,)
        Forecasts, which make filtered losses of the shocks. Not negative.
    losses : SortedWindows of n series
        Raw losses.
    levels : sequence of L floats
        Rising.
    needed : int
        Fewest shocks that are forecast from; no fewer than :func:`pareto_needs`.
    tail_weight : float

    Returns
    -------
    var, es : ndarray of shape (n, L)
        NaN where a series has fewer shocks.

    Raises
    ------
    ValueError
        If the weight, `needed` or a level is out of range, or shapes disagree.
    """
    deviations = np.ascontiguousarray(deviations, dtype=np.float64)
    if not shocks.seen.shape == losses.seen.shape == deviations.shape:
        raise ValueError(f"{deviations.size} deviations for {shocks.seen.size} windows")
    if needed < pareto_needs():
        raise ValueError(f"a tail needs {pareto_needs()} shocks, not {needed}")
    return _ordered_blended(
        shocks.falling,
        shocks.seen,
        deviations,
        losses.falling,
        losses.seen,
        checked_levels(levels),
        _checked_weight(tail_weight),
        needed,
    )


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
    filtered = checked_scenarios(filtered, "unit_var_es", needed=pareto_needs())
    raw = checked_scenarios(raw, "unit_var_es", needed=1)
    if filtered.shape[1] != raw.shape[1]:
        raise ValueError(f"scenarios of {filtered.shape[1]} assets beside {raw.shape[1]}")
    return _unit_blended(filtered, raw, checked_levels(levels), _checked_weight(tail_weight))


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


def checked_scenarios(scenarios: FloatArray, measure: str, *, needed: int) -> FloatArray:
    """Scenarios as a matrix, refused where there are fewer than needed."""
    matrix = np.asarray(scenarios, dtype=np.float64)
    if len(matrix) < needed:
        raise InsufficientData(measure, needed=needed, got=len(matrix))
    return matrix


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
    beyond = 0.0
    for i in range(whole):
        beyond += worst[i]
    return float((beyond + (tail - whole) * worst[min(whole, n - 1)]) / tail)


@njit(cache=True)
def _historical_at(worst: FloatArray, n: int, level: float) -> tuple[float, float]:
    var = _quantile(worst, n, level)
    # A tail of one loss equals its quantile; rounding must not put it below.
    return var, max(_tail_mean(worst, n, level), var)


@njit(cache=True)
def _pareto_fit(worst: FloatArray, k: int) -> tuple[float, float, float]:
    """Threshold, shape and scale of the k largest losses over the next one."""
    threshold = worst[k]
    mean, weighted = 0.0, 0.0
    for i in range(k):
        excess = worst[i] - threshold
        mean += excess
        # worst[0] is the largest, which has rank k: one minus (k - i - 0.35) / k, times k.
        weighted += (i + 0.35) * excess
    mean /= k
    weighted /= k * k
    # Falling weights on rising excesses: mean > 2 * weighted unless all of them are zero.
    curvature = mean - 2.0 * weighted
    shape = 2.0 - mean / curvature if curvature > 0.0 else 0.0
    shape = min(max(shape, LOWEST_SHAPE), HIGHEST_SHAPE)
    return threshold, shape, mean * (1.0 - shape)


@njit(cache=True)
def _pareto_at(
    fit: tuple[float, float, float], n: int, k: int, level: float
) -> tuple[float, float]:
    threshold, shape, scale = fit
    log_rarity = -math.log(n * (1.0 - level) / k)
    if log_rarity < -_ROUNDING:
        raise ValueError("a level lies below the tail that was fitted")
    if abs(shape) < _EXPONENTIAL_SHAPE:
        beyond = log_rarity
    else:
        beyond = math.expm1(shape * log_rarity) / shape
    var = threshold + scale * beyond
    return var, max((var + scale - shape * threshold) / (1.0 - shape), var)


@njit(cache=True)
def _exceedances_of(n: int, wanted: int) -> int:
    # Rounded up, so that the tail always reaches the level that has it as its share.
    return min(wanted, math.ceil(n * TAIL_SHARE - _ROUNDING))


@kernel(VECTOR, VECTOR)
def _historical(losses: FloatArray, levels: FloatArray) -> VarEs:
    n = losses.size
    worst = _worst_first(losses, _reach(n, levels[0]))
    var, es = np.empty(levels.size), np.empty(levels.size)
    for i in range(levels.size):
        var[i], es[i] = _historical_at(worst, n, levels[i])
    return var, es


@kernel(VECTOR, VECTOR, "int64")
def _pareto(losses: FloatArray, levels: FloatArray, wanted: int) -> VarEs:
    n = losses.size
    k = _exceedances_of(n, wanted)
    fit = _pareto_fit(_worst_first(losses, k + 1), k)
    var, es = np.empty(levels.size), np.empty(levels.size)
    for i in range(levels.size):
        var[i], es[i] = _pareto_at(fit, n, k, levels[i])
    return var, es


@njit(cache=True)
def _blend_of(
    worst: FloatArray,
    n: int,
    worst_raw: FloatArray,
    m: int,
    levels: FloatArray,
    weight: float,
    var: FloatArray,
    es: FloatArray,
) -> None:
    """Fill in the blend of n filtered and m raw losses whose worst are given, falling."""
    k = _exceedances_of(n, EXCEEDANCES)
    fit, plain = _pareto_fit(worst, k), 1.0 - weight
    for i in range(levels.size):
        tail_var, tail_es = _pareto_at(fit, n, k, levels[i])
        raw_var, raw_es = _historical_at(worst_raw, m, levels[i])
        var[i] = weight * tail_var + plain * raw_var
        es[i] = weight * tail_es + plain * raw_es


@njit(cache=True)
def _blend(filtered: FloatArray, raw: FloatArray, levels: FloatArray, weight: float) -> VarEs:
    n, m = filtered.size, raw.size
    worst = _worst_first(filtered, _exceedances_of(n, EXCEEDANCES) + 1)
    worst_raw = _worst_first(raw, _reach(m, levels[0]))
    var, es = np.empty(levels.size), np.empty(levels.size)
    _blend_of(worst, n, worst_raw, m, levels, weight, var, es)
    return var, es


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


@kernel(ROWS, INTEGERS, VECTOR, ROWS, INTEGERS, VECTOR, "float64", "int64")
def _ordered_blended(
    shocks: FloatArray,
    shocks_seen: IntArray,
    deviations: FloatArray,
    losses: FloatArray,
    losses_seen: IntArray,
    levels: FloatArray,
    weight: float,
    needed: int,
) -> VarEs:
    series = deviations.size
    var, es = np.full((series, levels.size), np.nan), np.full((series, levels.size), np.nan)
    worst = np.empty(EXCEEDANCES + 1)
    for j in range(series):
        n, m = min(shocks_seen[j], shocks.shape[1]), min(losses_seen[j], losses.shape[1])
        if n < needed or m < 1:
            continue
        for i in range(_exceedances_of(n, EXCEEDANCES) + 1):
            worst[i] = shocks[j, i] * deviations[j]
        _blend_of(worst, n, losses[j], m, levels, weight, var[j], es[j])
    return var, es
