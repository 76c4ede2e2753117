"""What other thresholds of a limit would have meant for the book as it was. Pure.

A preview takes the values that were measured, and holds other thresholds against them. It does not
know what would have been ordered under them: a tighter limit would have kept the value down.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from risk.domain.limits import MOST_USED, LimitDefinition, Unit
from risk.domain.stretches import Stretches
from risk.limits.crossings import episodes
from risk.limits.types import BOOK_LIMITS, LIMIT_TYPES
from risk.measures.types import BoolArray, FloatArray

# Two figures that differ by less than this share are one, computed in another order.
_ROUNDING = 1e-9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Levels(NamedTuple):
    """Thresholds that are tried.

    Attributes
    ----------
    hard, soft : float
        In the limit's unit.
    dynamic : bool
        Whether performance and regime move them, as they moved the limit at the time.
    """

    hard: float
    soft: float
    dynamic: bool = False


class LimitPast(NamedTuple):
    """What is stored of a limit.

    Attributes
    ----------
    used : Stretches
        Shares of the hard threshold that was in force.
    hard : ndarray of shape (n,)
        That threshold, in each stretch.
    factor : ndarray of shape (n,)
        What performance and regime had made of its base; 1 where they did not matter.
    """

    used: Stretches
    hard: FloatArray
    factor: FloatArray


class LevelsOutcome(NamedTuple):
    """What some thresholds would have met.

    Attributes
    ----------
    levels : Levels
    crossings, soft_crossings : int
        Of the hard and of the soft threshold, from below; those less than a day apart are one.
    hours_over_hard, hours_over_soft : float
    peak_used : float or None
        Largest share of the hard threshold, ``MOST_USED`` at most; None without history.
    refusing_since : datetime or None
        Since when new risk would be refused now; None if it would not be. UTC.
    """

    levels: Levels
    crossings: int
    soft_crossings: int
    hours_over_hard: float
    hours_over_soft: float
    peak_used: float | None
    refusing_since: datetime | None


class LimitTuning(NamedTuple):
    """A limit under two sets of thresholds.

    Attributes
    ----------
    limit : str
    unit : Unit
    before, after : LevelsOutcome or None
        None where there is no such limit then, or nothing can be told; `notes` say why.
    values : Stretches
        What was measured, in the limit's unit.
    notes : tuple of str
        What these figures cannot tell, a sentence each.
    """

    limit: str
    unit: Unit
    before: LevelsOutcome | None
    after: LevelsOutcome | None
    values: Stretches
    notes: tuple[str, ...]

    @property
    def hours(self) -> float:
        """How much history there was."""
        return float(self.values.hours.sum())


def try_levels(
    definition: LimitDefinition, before: Levels | None, after: Levels | None, past: LimitPast
) -> LimitTuning:
    """Hold thresholds against what was measured.

    Parameters
    ----------
    definition : LimitDefinition
        What measures; all of `past` was measured by such a one.
    before, after : Levels or None
        None where the limit is not there.
    past : LimitPast
    """
    kind = LIMIT_TYPES[definition.kind]
    values, capped = values_of(past)
    is_kept = definition.kind in BOOK_LIMITS and len(values.mean) > 0
    found = [
        _outcome(levels, values, past.factor) if is_kept and levels is not None else None
        for levels in (before, after)
    ]
    moving = tuple(each.dynamic for each in (before, after) if each is not None)
    notes = list(_notes(definition, values, capped, moving))
    return LimitTuning(definition.name, kind.unit, found[0], found[1], values, tuple(notes))


def values_of(past: LimitPast) -> tuple[Stretches, BoolArray]:
    """What was measured, in the limit's unit, and where it may have been more than that.

    Of a threshold of zero only whether anything was held is known: infinite where it was.
    """
    used, hard = past.used, past.hard
    with np.errstate(invalid="ignore"):
        mean = np.where(hard > 0.0, used.mean * hard, np.where(used.mean > 0.0, math.inf, 0.0))
        most = np.where(hard > 0.0, used.most * hard, np.where(used.most > 0.0, math.inf, 0.0))
    capped: BoolArray = used.most >= MOST_USED
    return used._replace(mean=mean, most=most), capped


def _outcome(levels: Levels, values: Stretches, factor: FloatArray) -> LevelsOutcome:
    moved = factor if levels.dynamic else np.ones_like(factor)
    hard, soft = levels.hard * moved, levels.soft * moved
    seconds = values.begins_ms / 1000.0
    return LevelsOutcome(
        levels=levels,
        crossings=len(episodes(_above(values.most, hard), seconds)),
        soft_crossings=len(episodes(_reached(values.most, soft), seconds)),
        hours_over_hard=float(values.hours[_above(values.mean, hard)].sum()),
        hours_over_soft=float(values.hours[_reached(values.mean, soft)].sum()),
        peak_used=_peak(values.most, hard),
        refusing_since=_refusing_since(values, _above(values.mean, hard)),
    )


def _above(values: FloatArray, hard: FloatArray) -> BoolArray:
    above: BoolArray = values > hard * (1.0 + _ROUNDING)
    return above


def _reached(values: FloatArray, soft: FloatArray) -> BoolArray:
    # A limit of zero is kept by holding nothing.
    reached: BoolArray = (values >= soft * (1.0 - _ROUNDING)) & (values > 0.0)
    return reached


def _peak(most: FloatArray, hard: FloatArray) -> float:
    none = np.where(most > 0.0, MOST_USED, 0.0)
    used = np.divide(most, hard, out=none, where=hard > 0.0)
    return float(min(used.max(), MOST_USED))


def _refusing_since(values: Stretches, above: BoolArray) -> datetime | None:
    if not above[-1]:
        return None
    within = np.flatnonzero(~above)
    first = int(within[-1]) + 1 if len(within) else 0
    return _EPOCH + timedelta(milliseconds=int(values.begins_ms[first]))


def _notes(
    definition: LimitDefinition, values: Stretches, capped: BoolArray, moving: tuple[bool, ...]
) -> Iterator[str]:
    if definition.kind not in BOOK_LIMITS:
        yield "it limits single orders: between two of them nothing uses it, and nothing is kept"
        return
    if not len(values.mean):
        yield "nothing is stored of what it would measure"
        return
    if capped.any():
        yield (
            f"in some stretches the value was beyond {MOST_USED:g} times the threshold then in "
            "force; how far is not kept"
        )
    if all(moving):
        yield "performance and regime move it: thresholds are tried as they moved then"
    elif any(moving):
        yield (
            "performance and regime move only its own thresholds, which are tried as they moved "
            "then; the others stand still"
        )
