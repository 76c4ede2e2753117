"""The record of one model's forecasts: number, order and depth of its exceptions in one piece."""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import numpy as np

from risk.errors import NotIdentified
from risk.measures import checks
from risk.measures.backtest.counts import kupiec_region
from risk.measures.backtest.independence import conditional_coverage, hit_independence
from risk.measures.backtest.shortfall import (
    Z2_AMBER,
    Z2_RED,
    acerbi_szekely_z2,
    losing_periods,
    z2_p_value,
)
from risk.measures.backtest.traffic_light import TRAFFIC_LIGHT_WINDOW, traffic_light_zones
from risk.measures.types import BoolArray, FloatArray, IntArray

#: Size of every test: how often it rejects a right model.
CHANCE = 0.05
#: Of fewer hits it cannot be said that they keep apart: chance seldom puts two side by side.
LEAST_HITS_IN_ORDER = 5
#: Of fewer periods the limits of Z2 and the test of the bands, made for 250, are not to be trusted.
#: Over 240 a right model with a normal tail passes the amber one in 5.5 of 100 cases, not in 5.
ENOUGH_PERIODS = 240
#: Over more the limits of Z2 are too wide: over 1,000 a right one never comes near them.
_MOST_PERIODS = 260
_LEVEL_OF_LIMITS = 0.975
#: Drawn where the limits do not hold; the red one is reached by one right history of so many.
_HISTORIES = 10_000


class Order(StrEnum):
    """How exceptions follow each other."""

    CLUSTERED = "clustered"
    NO_CLUSTERS = "no clusters"
    TOO_FEW = "too few"


class LevelRecord(NamedTuple):
    """Exceptions of one level.

    Attributes
    ----------
    level : float
    days, hits : int
    low, high : int
        Fewest and most hits that Kupiec's test at 5 % does not reject.
    order : Order
    order_p, coverage_p : float or None
        Christoffersen's tests of independence and of conditional coverage; None where the days
        do not tell.
    """

    level: float
    days: int
    hits: int
    low: int
    high: int
    order: Order
    order_p: float | None
    coverage_p: float | None

    @property
    def is_normal(self) -> bool:
        """Whether the number of hits is one that a right model has."""
        return self.low <= self.hits <= self.high


class Depth(NamedTuple):
    """How deep losses beyond VaR were.

    Attributes
    ----------
    days : int
    z2 : float or None
        Acerbi and Szekely's second statistic, negative where risk was understated; None where
        no shortfall above zero was forecast.
    zone : int or None
        0 within its limits, 1 beyond the amber one, 2 beyond the red one; None as `z2`.
    p_value : float or None
        Probability of a Z2 at most that large under right forecasts, where the published limits
        do not hold: they are for about 250 periods at 97.5 %. None where they do, and as `z2`.
    """

    days: int
    z2: float | None
    zone: int | None
    p_value: float | None


class RollingExceptions(NamedTuple):
    """Exceptions of the last periods, period by period; n of them.

    Attributes
    ----------
    exceptions, periods : ndarray of shape (n,), int
        How many of how many; fewer than the window at first.
    amber_from, red_from : ndarray of shape (n,), int
        Fewest exceptions of these zones among so many periods.
    """

    exceptions: IntArray
    periods: IntArray
    amber_from: IntArray
    red_from: IntArray


def level_record(exceeded: BoolArray, level: float) -> LevelRecord:
    """Number and order of the exceptions of one level.

    Parameters
    ----------
    exceeded : ndarray of shape (n,), bool
        Oldest first; periods that do not overlap.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    LevelRecord
        Counts of periods; all tests at 5 %.

    Raises
    ------
    InsufficientData
        If there is no period.
    ValueError
        If `level` is outside (0, 1).

    Examples
    --------
    >>> record = level_record(np.repeat([False, True, False], [90, 6, 104]), 0.95)
    >>> record.hits, record.low, record.high, record.order.value
    (6, 5, 16, 'clustered')
    """
    checks.level(level)
    exceeded = np.asarray(exceeded, dtype=np.bool_)
    low, high = _region(exceeded.size, level)
    order_p = _order_p(exceeded)
    return LevelRecord(
        level=level,
        days=exceeded.size,
        hits=int(exceeded.sum()),
        low=low,
        high=high,
        order=_order(exceeded, order_p),
        order_p=order_p,
        coverage_p=conditional_coverage(exceeded, level).p_value if exceeded.size > 1 else None,
    )


@cache
def _region(forecasts: int, level: float) -> tuple[int, int]:
    return kupiec_region(forecasts, level)


def _order_p(exceeded: BoolArray) -> float | None:
    try:
        return hit_independence(exceeded).p_value
    except NotIdentified:
        return None


def _order(exceeded: BoolArray, p_value: float | None) -> Order:
    """In a word; that hits avoid each other is no cluster, whatever the test says."""
    if p_value is not None and p_value < CHANCE and _follow_each_other(exceeded):
        return Order.CLUSTERED
    enough = int(exceeded.sum()) >= LEAST_HITS_IN_ORDER and p_value is not None
    return Order.NO_CLUSTERS if enough else Order.TOO_FEW


def _follow_each_other(exceeded: BoolArray) -> bool:
    before, after = exceeded[:-1], exceeded[1:]
    return bool(after[before].mean() > after[~before].mean())


def depth_record(
    losses: FloatArray,
    var: FloatArray,
    es: FloatArray,
    level: float = 0.975,
    *,
    rng: np.random.Generator,
) -> Depth:
    """Depth of the exceptions, over the periods whose expected shortfall was above zero.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var, es : ndarray of shape (n,)
        Entry t was forecast before ``losses[t]``, in the same unit.
    level : float
        Confidence of both, strictly between 0 and 1.
    rng : Generator
        Draws the histories by which all but 240 to 260 periods at 97.5 % are judged.

    Returns
    -------
    Depth
        Its `days` are those that were not left out.

    Raises
    ------
    ValueError
        If `level` is outside (0, 1), a number is not finite, the lengths differ, or an expected
        shortfall is below its VaR where histories are drawn.

    Notes
    -----
    A book that could not lose, such as a flat one, forecasts no shortfall, and no loss is deep
    beside it: its days are left out. The published limits are those of 250 periods at 97.5 %.
    Elsewhere amber is what one right history of twenty reaches, and red what none of ten
    thousand does, as there.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> depth_record(np.zeros(250), np.full(250, 1.0), np.full(250, 1.2), rng=rng)
    Depth(days=250, z2=1.0, zone=0, p_value=None)
    """
    losses, var, es, _ = losing_periods(losses, var, es)
    days = losses.size
    if not days:
        return Depth(0, None, None, None)
    z2 = acerbi_szekely_z2(losses, var, es, level)
    if ENOUGH_PERIODS <= days <= _MOST_PERIODS and level == _LEVEL_OF_LIMITS:
        return Depth(days, z2, int(z2 < Z2_AMBER) + int(z2 < Z2_RED), None)
    p_value = z2_p_value(z2, var, es, level, rng=rng, draws=_HISTORIES)
    return Depth(days, z2, int(p_value < CHANCE) + int(p_value < 1.0 / _HISTORIES), p_value)


def rolling_exceptions(
    exceeded: BoolArray, level: float = 0.99, window: int = TRAFFIC_LIGHT_WINDOW
) -> RollingExceptions:
    """Exceptions among the last periods, and the zones of Basel's traffic light for as many.

    Parameters
    ----------
    exceeded : ndarray of shape (n,), bool
        Oldest first.
    level : float
        Confidence of the VaR, strictly between 0 and 1.
    window : int
        Periods looked back on, at least one.

    Returns
    -------
    RollingExceptions
        One entry for each of `exceeded`.

    Raises
    ------
    ValueError
        If `level` is outside (0, 1) or `window` is not positive.

    Examples
    --------
    >>> rolling_exceptions(np.array([True, False, True, True]), window=2).exceptions
    array([1, 1, 1, 2])
    """
    checks.level(level)
    if window < 1:
        raise ValueError(f"window must be positive, got {window}")
    so_far = np.concatenate(([0], np.cumsum(np.asarray(exceeded, dtype=np.bool_))))
    ends = np.arange(1, so_far.size)
    periods: IntArray = np.minimum(ends, window).astype(np.int64)
    zones = _zones_up_to(int(periods.max(initial=0)), level)[periods]
    return RollingExceptions(
        exceptions=(so_far[ends] - so_far[ends - periods]).astype(np.int64),
        periods=periods,
        amber_from=zones[:, 0],
        red_from=zones[:, 1],
    )


@cache
def _zones_up_to(periods: int, level: float) -> IntArray:
    """Beginnings of amber and red by number of periods; row 0 stands for none."""
    zones: Sequence[tuple[int, int]] = [
        traffic_light_zones(count, level) for count in range(1, periods + 1)
    ]
    found: IntArray = np.array([(0, 0), *zones], dtype=np.int64)
    found.setflags(write=False)
    return found
