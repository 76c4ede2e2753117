"""What every VaR model would have forecast for the days of a history, and how that went.

Each series is judged alone: forecasts of a day come from its own earlier returns. All models are
judged over the same days: those after a warm-up that is enough for each to forecast. A window
longer than the warm-up still fills up while its model is judged, as it would in use.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

from risk.errors import InsufficientData, NotIdentified
from risk.measures.backtest import (
    acerbi_szekely_z2,
    conditional_coverage,
    hit_independence,
    hits,
    kupiec,
    losing_periods,
    pinball_loss,
    red_windows,
)
from risk.measures.returns import simple_returns
from risk.measures.types import BoolArray, FloatArray
from risk.measures.var import VAR_MODELS, VarModel

#: Returns before the first day that is judged, or half of a series where it is short, ...
WARM_UP = 500
#: ... but no fewer than the model that begins last needs: 20 teach the filter, 100 its tail.
LEAST_WARM_UP = 120

#: What the book of the same money in every asset is called.
EQUAL_WEIGHT = "equal_weight"

#: Updates are timed in blocks of 20, so that a model that refits every 20 days does so in each.
_BLOCK, _BLOCKS = 20, 3

_Told = TypeVar("_Told")


class ReturnSeries(NamedTuple):
    """Daily returns of an asset or a book.

    Attributes
    ----------
    name : str
    runs : tuple of ndarray
        Simple returns, oldest first, NaN where unobserved; a new run where the series began
        anew, of which a model must not know what came before.
    """

    name: str
    runs: tuple[FloatArray, ...]


class Judged(NamedTuple):
    """Forecasts beside what happened, on the days that have both.

    Attributes
    ----------
    losses, var, es : ndarray of shape (n,)
        Fractions of value; a gain is negative.
    """

    losses: FloatArray
    var: FloatArray
    es: FloatArray


@dataclass(frozen=True, kw_only=True)
class Cell:
    """How one model's forecasts of one level did on one series.

    Attributes
    ----------
    series, model : str
    level : float
    forecasts, hits : int
        Days judged, and those whose loss exceeded VaR.
    hit_rate : float or None
        None, as all below, where the days do not tell.
    kupiec_p, independence_p, conditional_coverage_p : float or None
        Probability of something at least as odd under a right model: in number, order, both.
    z2 : float or None
        Acerbi and Szekely's; negative where risk was understated.
    z2_days : int
        Days it was taken over: those judged whose expected shortfall was above zero.
    pinball : float or None
        Mean quantile loss, a fraction of value.
    red_windows : int or None
        Rolling windows of 250 days in the red zone.
    micros_per_update : float or None
        Microseconds to take in one return and forecast the next, all levels together.
    """

    series: str
    model: str
    level: float
    forecasts: int
    hits: int
    hit_rate: float | None
    kupiec_p: float | None
    independence_p: float | None
    conditional_coverage_p: float | None
    z2: float | None
    z2_days: int
    pinball: float | None
    red_windows: int | None
    micros_per_update: float | None


class Task(NamedTuple):
    """What one processor works on at a time: all levels of a model over a series.

    Attributes
    ----------
    series : ReturnSeries
    model : str
        A key of ``VAR_MODELS``.
    levels : tuple of float
        Rising.
    """

    series: ReturnSeries
    model: str
    levels: tuple[float, ...]


def series_of(
    assets: Sequence[str], closes: FloatArray, begins: BoolArray
) -> tuple[ReturnSeries, ...]:
    """Returns of each asset, and of the book with the same money in all of them.

    Parameters
    ----------
    assets : sequence of A str
    closes : ndarray of shape (days, A)
        Positive, on consecutive days; NaN where unobserved.
    begins : ndarray of shape (days, A), bool
        Where a series begins anew.

    Returns
    -------
    tuple of ReturnSeries
        The book last: on each day the mean return of the assets that have one, set back to equal
        weights every day and without costs.
    """
    if len(closes) < 2:
        nothing = (np.empty(0),)
        return tuple(ReturnSeries(name, nothing) for name in (*assets, EQUAL_WEIGHT))
    returns = np.where(begins[1:], np.nan, simple_returns(closes))
    alone = [
        ReturnSeries(asset, _runs(returns[:, column], begins[1:, column]))
        for column, asset in enumerate(assets)
    ]
    return (*alone, ReturnSeries(EQUAL_WEIGHT, (_mean_of_observed(returns),)))


def tasks(
    series: Iterable[ReturnSeries], models: Iterable[str], levels: Sequence[float]
) -> list[Task]:
    """All that is to be judged, model by model; in any order, each for itself."""
    every = tuple(series)
    return [Task(each, model, tuple(levels)) for model in models for each in every]


def judge(task: Task, *, seconds: Callable[[], float]) -> tuple[Cell, ...]:
    """Cells of one model over one series, by rising level.

    Parameters
    ----------
    task : Task
    seconds : callable
        A clock for measuring how long updates take, such as ``time.perf_counter``.
    """
    model, levels = VAR_MODELS[task.model], task.levels
    micros = micros_per_update(model, task.series, levels, seconds=seconds)
    judged = judged_days(model, task.series, levels)
    return tuple(
        _cell(task, level, days, micros) for level, days in zip(levels, judged, strict=True)
    )


def judged_days(
    model: VarModel[Any], series: ReturnSeries, levels: Sequence[float]
) -> tuple[Judged, ...]:
    """Forecasts and outcomes by level, over the days after warm-up that have both."""
    by_run = [_judged_run(model, run, levels) for run in series.runs]
    return tuple(
        Judged(*(np.concatenate(parts) for parts in zip(*of_level, strict=True)))
        for of_level in zip(*by_run, strict=True)
    )


def micros_per_update(
    model: VarModel[Any],
    series: ReturnSeries,
    levels: Sequence[float],
    *,
    seconds: Callable[[], float],
) -> float | None:
    """Mean time of an update and the forecast after it, at the end of a series' last run.

    Of the last three times 20 the fastest 20: what else the machine does only makes it slower.
    No more than ``WARM_UP`` returns come before them: a model of a longer window, which costs
    more once it is full, is timed while it fills.

    Returns
    -------
    float or None
        Microseconds; None if the run is too short to forecast from and time.
    """
    run = series.runs[-1]
    tail = run[~np.isnan(run)][-(WARM_UP + _BLOCK * _BLOCKS) :]
    warm_up, timed = np.split(tail, [max(0, tail.size - _BLOCK * _BLOCKS)])
    try:
        state = model.start(levels)
        for value in warm_up:
            state = model.update(state, float(value))
        model.forecast(state)
        fastest = math.inf
        for block in np.split(timed, _BLOCKS):
            begun = seconds()
            for value in block:
                state = model.update(state, float(value))
                model.forecast(state)
            fastest = min(fastest, seconds() - begun)
        return fastest / _BLOCK * 1e6
    except InsufficientData:
        return None


def _runs(returns: FloatArray, begins: BoolArray) -> tuple[FloatArray, ...]:
    return tuple(np.split(returns, np.flatnonzero(begins)))


def _mean_of_observed(returns: FloatArray) -> FloatArray:
    observed = ~np.isnan(returns)
    count = observed.sum(axis=1)
    total = np.where(observed, returns, 0.0).sum(axis=1)
    mean: FloatArray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def _judged_run(
    model: VarModel[Any], run: FloatArray, levels: Sequence[float]
) -> tuple[Judged, ...]:
    path = model.path(run, levels)
    warm = _after_warm_up(run)
    return tuple(
        _with_outcome(run, path.var[:, column], path.es[:, column], warm)
        for column in range(len(levels))
    )


def _after_warm_up(run: FloatArray) -> BoolArray:
    """Days with a return that have enough returns before them."""
    observed = ~np.isnan(run)
    before = np.cumsum(observed) - observed
    needed = max(min(WARM_UP, int(observed.sum()) // 2), LEAST_WARM_UP)
    warm: BoolArray = observed & (before >= needed)
    return warm


def _with_outcome(run: FloatArray, var: FloatArray, es: FloatArray, warm: BoolArray) -> Judged:
    kept = warm & ~np.isnan(var) & ~np.isnan(es)
    return Judged(-run[kept], var[kept], es[kept])


def _cell(task: Task, level: float, days: Judged, micros: float | None) -> Cell:
    losses, var, es = days
    exceeded = hits(losses, var)
    n, count = exceeded.size, int(exceeded.sum())
    losing = losing_periods(losses, var, es)
    return Cell(
        series=task.series.name,
        model=task.model,
        level=level,
        forecasts=n,
        hits=count,
        hit_rate=count / n if n else None,
        kupiec_p=_if_told(lambda: kupiec(count, n, level).p_value),
        independence_p=_if_told(lambda: hit_independence(exceeded).p_value),
        conditional_coverage_p=_if_told(lambda: conditional_coverage(exceeded, level).p_value),
        z2=_if_told(lambda: acerbi_szekely_z2(losing.losses, losing.var, losing.es, level)),
        z2_days=losing.losses.size,
        pinball=_if_told(lambda: pinball_loss(losses, var, level)),
        red_windows=_if_told(lambda: red_windows(exceeded, level)),
        micros_per_update=micros,
    )


def _if_told(answer: Callable[[], _Told]) -> _Told | None:
    """None where the days are too few for an answer, or do not tell it."""
    try:
        return answer()
    except (InsufficientData, NotIdentified):
        return None
