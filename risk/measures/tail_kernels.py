"""The compiled arithmetic of :mod:`risk.measures.tail`, which checks what it is given."""

import math

import numpy as np
from numba import njit

from risk.measures.kernel import INTEGER_ROWS, INTEGERS, MATRIX, ROWS, VECTOR, kernel
from risk.measures.types import FloatArray, IntArray

VarEs = tuple[FloatArray, FloatArray]

#: Largest losses that the Pareto tail is fitted to, where the sample is large enough.
EXCEEDANCES = 50

#: Share of a smaller sample that the tail is fitted to.
TAIL_SHARE = 0.10

#: Range of the tail index: beyond it a sample of this size is not evidence.
LOWEST_SHAPE, HIGHEST_SHAPE = -0.5, 0.9

_EXPONENTIAL_SHAPE = 1e-9
_ROUNDING = 1e-9
#: Up to so many worst losses, putting each into its place is faster than dividing the sample.
_FEW = 64


@kernel(VECTOR)
def rising_within_unit(levels: FloatArray) -> bool:
    """Whether levels rise strictly within (0, 1)."""
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
def historical(losses: FloatArray, levels: FloatArray) -> VarEs:
    """See :func:`~risk.measures.tail.historical_var_es`."""
    n = losses.size
    worst = _worst_first(losses, _reach(n, levels[0]))
    var, es = np.empty(levels.size), np.empty(levels.size)
    for i in range(levels.size):
        var[i], es[i] = _historical_at(worst, n, levels[i])
    return var, es


@kernel(VECTOR, VECTOR, "int64")
def pareto(losses: FloatArray, levels: FloatArray, wanted: int) -> VarEs:
    """See :func:`~risk.measures.tail.pareto_var_es`."""
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
def blended(filtered: FloatArray, raw: FloatArray, levels: FloatArray, weight: float) -> VarEs:
    """See :func:`~risk.measures.tail.blended_var_es`."""
    return _blend(filtered, raw, levels, weight)


@kernel(MATRIX, MATRIX, VECTOR, "float64")
def unit_blended(filtered: FloatArray, raw: FloatArray, levels: FloatArray, weight: float) -> VarEs:
    """See :func:`~risk.measures.tail.unit_var_es`."""
    assets = filtered.shape[1]
    var, es = np.empty((2, assets, levels.size)), np.empty((2, assets, levels.size))
    for j in range(assets):
        up, up_raw = filtered[:, j].copy(), raw[:, j].copy()
        var[0, j], es[0, j] = _blend(-up, -up_raw, levels, weight)
        var[1, j], es[1, j] = _blend(up, up_raw, levels, weight)
    return var, es


@kernel(ROWS, INTEGERS, VECTOR, ROWS, INTEGERS, VECTOR, "float64", "int64")
def ordered_blended(
    shocks: FloatArray,
    shocks_seen: IntArray,
    deviations: FloatArray,
    losses: FloatArray,
    losses_seen: IntArray,
    levels: FloatArray,
    weight: float,
    needed: int,
) -> VarEs:
    """See :func:`~risk.measures.tail.ordered_var_es`."""
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


# --- one more order ------------------------------------------------------------------------


@njit(cache=True)
def _worst_with(
    falling: FloatArray, scenario: IntArray, added: FloatArray, losses_only: bool, count: int
) -> FloatArray:
    """The `count` largest losses of a book with what an order adds to them, falling.

    From the book's largest loss on, until no other one can be among them.
    """
    most = -math.inf
    for loss in added:
        most = max(most, loss)
    if losses_only:
        most = max(most, 0.0)
    worst = np.empty(count)
    kept = 0
    for i in range(falling.size):
        if kept == count and falling[i] + most <= worst[count - 1]:
            break
        loss = added[scenario[i]]
        if losses_only:
            loss = max(loss, 0.0)
        loss += falling[i]
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
def _raise_to(least: FloatArray, var: FloatArray, es: FloatArray, multipliers: FloatArray) -> None:
    """Let tracked figures, which a higher level never lowers, stand where they are larger."""
    tracked_var, tracked_es = -math.inf, -math.inf
    for i in range(var.size):
        if not (math.isfinite(var[i]) and math.isfinite(es[i])):
            least[:] = math.inf
            return
        tracked_var = max(tracked_var, var[i] * multipliers[i])
        tracked_es = max(tracked_es, es[i] * multipliers[i])
        least[0, i] = max(least[0, i], tracked_var)
        least[1, i] = max(least[1, i], tracked_es)


@kernel(ROWS, INTEGER_ROWS, ROWS, "float64", VECTOR, "float64", VECTOR, ROWS)
def blended_with_more(
    falling: FloatArray,
    scenario: IntArray,
    returns: FloatArray,
    change: float,
    levels: FloatArray,
    weight: float,
    multipliers: FloatArray,
    least: FloatArray,
) -> FloatArray:
    """See :class:`~risk.measures.tail_with_more.BlendedWithMore`."""
    if not math.isfinite(change):
        return np.full(least.shape, math.inf)
    n = falling.shape[1]
    added, added_raw = -(returns[0] * change), -(returns[1] * change)
    count, count_raw = _exceedances_of(n, EXCEEDANCES) + 1, _reach(n, levels[0])
    var, es, figures = np.empty(levels.size), np.empty(levels.size), least.copy()
    for book in range(2):
        lost, raw = book == 0, book + 2
        worst = _worst_with(falling[book], scenario[book], added, lost, count)
        worst_raw = _worst_with(falling[raw], scenario[raw], added_raw, lost, count_raw)
        _blend_of(worst, n, worst_raw, n, levels, weight, var, es)
        _raise_to(figures, var, es, multipliers)
    return figures


@njit(cache=True)
def _losses_with(profits: FloatArray, added: FloatArray, losses_only: bool) -> FloatArray:
    """The losses of a book with what an order adds to them."""
    losses = np.empty(profits.size)
    for i in range(profits.size):
        loss = max(added[i], 0.0) if losses_only else added[i]
        losses[i] = loss - profits[i]
    return losses


@kernel(VECTOR, VECTOR, VECTOR, VECTOR, ROWS, "float64", VECTOR, "float64", VECTOR, ROWS)
def blended_with_one_more(
    worst: FloatArray,
    worst_raw: FloatArray,
    filled: FloatArray,
    filled_raw: FloatArray,
    returns: FloatArray,
    change: float,
    levels: FloatArray,
    weight: float,
    multipliers: FloatArray,
    least: FloatArray,
) -> FloatArray:
    """See :func:`~risk.measures.tail_with_more.blended_with_one_more`."""
    if not math.isfinite(change):
        return np.full(least.shape, math.inf)
    n = worst.size
    added, added_raw = -(returns[0] * change), -(returns[1] * change)
    count, count_raw = _exceedances_of(n, EXCEEDANCES) + 1, _reach(n, levels[0])
    var, es, figures = np.empty(levels.size), np.empty(levels.size), least.copy()
    for book in range(2):
        lost = book == 0
        losses = _losses_with(worst if lost else filled, added, lost)
        raw = _losses_with(worst_raw if lost else filled_raw, added_raw, lost)
        if not (np.isfinite(losses).all() and np.isfinite(raw).all()):
            return np.full(least.shape, math.inf)
        found, found_raw = _worst_first(losses, count), _worst_first(raw, count_raw)
        _blend_of(found, n, found_raw, n, levels, weight, var, es)
        _raise_to(figures, var, es, multipliers)
    return figures


@kernel(ROWS, INTEGER_ROWS, VECTOR, "float64", VECTOR, VECTOR, ROWS)
def historical_with_more(
    falling: FloatArray,
    scenario: IntArray,
    returns: FloatArray,
    change: float,
    levels: FloatArray,
    multipliers: FloatArray,
    least: FloatArray,
) -> FloatArray:
    """See :class:`~risk.measures.tail_with_more.HistoricalWithMore`."""
    if not math.isfinite(change):
        return np.full(least.shape, math.inf)
    n = falling.shape[1]
    added, count = -(returns * change), _reach(n, levels[0])
    var, es, figures = np.empty(levels.size), np.empty(levels.size), least.copy()
    for book in range(2):
        worst = _worst_with(falling[book], scenario[book], added, book == 0, count)
        for i in range(levels.size):
            var[i], es[i] = _historical_at(worst, n, levels[i])
        _raise_to(figures, var, es, multipliers)
    return figures


@kernel(VECTOR, VECTOR, "float64")
def worst_loss_with(profits: FloatArray, returns: FloatArray, change: float) -> float:
    """See :func:`~risk.measures.tail_with_more.worst_loss_with_more`."""
    if not math.isfinite(change):
        return math.inf
    worst = 0.0
    for i in range(profits.size):
        worst = max(worst, -(profits[i] + min(returns[i] * change, 0.0)))
    return worst
