"""One limit over time: what it measured, its thresholds then, its episodes. Pure.

Stored is how full the limit was, a share of the hard threshold of the time; the journal tells
when thresholds changed. Together they give back the figure in the limit's own unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pages.context import LimitEvent, MetricHistory
from risk.domain.events import LimitBreached, LimitCleared, LimitUpdated, Severity
from risk.domain.limits import LimitState
from risk.measures.types import FloatArray


@dataclass(frozen=True)
class Step:
    """Thresholds from a moment on.

    Attributes
    ----------
    at_ms : int
        Milliseconds since 1970; the first step's is that of the range's beginning.
    hard : float
    soft : float or None
        None where nobody told it.
    """

    at_ms: int
    hard: float
    soft: float | None


@dataclass(frozen=True)
class Episode:
    """A breach from its beginning to its end.

    Attributes
    ----------
    begin : datetime or None
        None if it began before what was read.
    end : datetime or None
        None while it lasts, and where its end was not told.
    lasts : bool
        Whether it is on now.
    hard_from : datetime or None
        When the hard threshold was crossed first; None if it was not.
    worst : float or None
        The highest figure known of it, in the limit's unit.
    """

    begin: datetime | None
    end: datetime | None
    lasts: bool
    hard_from: datetime | None
    worst: float | None


@dataclass(frozen=True, eq=False)
class Course:
    """A limit over a range.

    Attributes
    ----------
    ts_ms : ndarray of shape (n,), int64
    values : ndarray of shape (n,)
        In the limit's unit; NaN where the hard threshold was zero, of which nothing is a share.
    steps : tuple of Step
        Oldest first, at least one.
    """

    ts_ms: NDArray[np.int64]
    values: FloatArray
    steps: tuple[Step, ...]


def course_of(
    history: MetricHistory,
    events: Sequence[LimitEvent],
    state: LimitState,
    since: datetime,
    until: datetime,
) -> Course:
    """What the limit measured in a range, beside its thresholds then.

    Parameters
    ----------
    history : MetricHistory
        How full it was, within the range.
    events : sequence of LimitEvent
        Oldest first, from the beginning of the range until now.
    state : LimitState
        How it stands now.
    since, until : datetime
    """
    steps = _steps(events, state, _ms(since))
    # A range from before the limit was set has its first thresholds, and no values.
    shown = tuple(step for step in steps if step.at_ms <= _ms(until)) or tuple(steps[:1])
    hard = _hard_at(shown, history.ts_ms)
    values = np.where(hard > 0.0, history.values * hard, np.nan)
    return Course(history.ts_ms, values, shown)


def _steps(events: Sequence[LimitEvent], state: LimitState, since_ms: int) -> list[Step]:
    """Back from the thresholds of now, over every change, to the beginning of the range."""
    hard: float = state.thresholds.hard
    soft: float | None = state.thresholds.soft
    found: list[Step] = []
    for event in reversed(updates_in(events)):
        if _ms(event.at) <= since_ms:
            break
        found.append(Step(_ms(event.at), hard, soft))
        if event.previous is None:  # there was no such limit before
            return list(reversed(found))
        hard, soft = event.previous, event.previous_soft
    return [Step(since_ms, hard, soft), *reversed(found)]


def _hard_at(steps: Sequence[Step], ts_ms: NDArray[np.int64]) -> FloatArray:
    begins = np.array([step.at_ms for step in steps], dtype=np.int64)
    hard = np.array([step.hard for step in steps])
    place = np.searchsorted(begins, ts_ms, side="right") - 1
    return np.asarray(hard[np.maximum(place, 0)])


def updates_in(
    events: Sequence[LimitEvent], since: datetime | None = None, until: datetime | None = None
) -> list[LimitUpdated]:
    """Changes of the thresholds, oldest first; of a range, if one is given."""
    return [
        event
        for event in events
        if isinstance(event, LimitUpdated)
        and (since is None or event.at >= since)
        and (until is None or event.at <= until)
    ]


def breaches_in(
    events: Sequence[LimitEvent], since: datetime, until: datetime
) -> list[LimitBreached]:
    """Crossings of a threshold in a range, oldest first."""
    return [e for e in events if isinstance(e, LimitBreached) and since <= e.at <= until]


def episodes_of(
    events: Sequence[LimitEvent],
    course: Course,
    state: LimitState,
    since: datetime,
    until: datetime,
) -> list[Episode]:
    """Breaches that were on at some time of a range, the newest first."""
    told: dict[str, list[LimitBreached | LimitCleared]] = {}
    for event in events:
        if not isinstance(event, LimitUpdated):
            told.setdefault(event.episode, []).append(event)
    found = [_episode(group, course, lasts=name == state.episode) for name, group in told.items()]
    in_range = [e for e in found if _touches(e, since, until)]
    return sorted(in_range, key=lambda e: (e.lasts, e.end or e.begin or since), reverse=True)


def _episode(
    group: Sequence[LimitBreached | LimitCleared], course: Course, *, lasts: bool
) -> Episode:
    breaches = [event for event in group if isinstance(event, LimitBreached)]
    cleared = [event for event in group if isinstance(event, LimitCleared)]
    begin = breaches[0].at if breaches else None
    end = cleared[-1].at if cleared else None
    measured = [*(breach.value for breach in breaches), *_seen_in(course, begin, end, lasts=lasts)]
    return Episode(
        begin=begin,
        end=end,
        lasts=lasts and end is None,
        hard_from=next((b.at for b in breaches if b.severity is Severity.CRITICAL), None),
        worst=max(measured, default=None),
    )


def _seen_in(
    course: Course, begin: datetime | None, end: datetime | None, *, lasts: bool
) -> list[float]:
    """What was measured between the ends; nothing of one whose end nobody told."""
    if end is None and not lasts:
        return []
    inside = np.isfinite(course.values)
    if begin is not None:
        inside &= course.ts_ms >= _ms(begin)
    if end is not None:
        inside &= course.ts_ms <= _ms(end)
    seen: list[float] = course.values[inside].tolist()
    return seen


def _touches(episode: Episode, since: datetime, until: datetime) -> bool:
    begins_in_time = episode.begin is None or episode.begin <= until
    end = episode.end or (until if episode.lasts else episode.begin)
    return begins_in_time and end is not None and end >= since


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _ms(moment: datetime) -> int:
    return round((moment - _EPOCH).total_seconds() * 1000.0)
