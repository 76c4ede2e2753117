"""What a part of the book was worth over time, added up from its positions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pages.context import NO_HISTORY, Book, MetricHistory
from pages.figures.exposure import Layer
from pages.query import Query
from pages.readings import RANK_REACH, Readings
from pages.views.exposure.selection import Selection
from risk.domain.positions import PositionKey
from risk.measures.types import FloatArray

#: What is drawn and ranked of a book or a part of it; also what the book's own is stored under.
EXPOSURES = ("gross", "net", "long", "short")

#: Moments of a chart of many layers, and of the year that a figure is ranked in.
CHART_MOMENTS = 240
RANK_MOMENTS = 500
#: A position is told once an hour, and once a day long ago in a past that was relived: so far
#: back lies what holds at the beginning of a range.
TOLD_WITHIN = timedelta(hours=25)
#: Told so far apart, a book that lives was told once a day.
_BY_THE_DAY_MS = 20 * 3_600_000
#: Groups that are drawn by themselves; all others are one.
_OWN_LAYERS = 4


@dataclass(frozen=True)
class Past:
    """Market value of positions over time.

    Attributes
    ----------
    ts_ms : ndarray of shape (n,), int64
        Milliseconds since 1970, evenly spaced.
    values : mapping of PositionKey to ndarray of shape (n,)
        Quote currency; 0 where a position was not held.
    by_the_day : bool
        Whether some of it is known once a day only, and drawn as if nothing had moved between.
    """

    ts_ms: NDArray[np.int64]
    values: Mapping[PositionKey, FloatArray]
    by_the_day: bool = False


def read_past(
    readings: Readings,
    book: Book,
    selection: Selection,
    since: datetime,
    until: datetime,
    moments: int,
) -> Past:
    """The selected positions at so many moments, those since closed included."""
    histories = readings.once(
        ("positions over time", book.name, since, until, moments),
        lambda: readings.reader.position_history(
            book.name,
            "exposure",
            since=since - TOLD_WITHIN,
            until=until,
            max_points=moments,
        ),
    )
    return selected_past(histories, selection, since, until, moments)


def selected_past(
    histories: Mapping[PositionKey, MetricHistory],
    selection: Selection,
    since: datetime,
    until: datetime,
    moments: int,
) -> Past:
    """Positions as they were told, brought to common moments: each holds until it is told anew.

    Moments before anything was told of the book are left out.
    """
    told = [int(history.ts_ms[0]) for history in histories.values() if history.ts_ms.size]
    ends = since.timestamp() * 1000.0, until.timestamp() * 1000.0
    times = np.linspace(*ends, moments).astype(np.int64)
    times = times[times >= min(told)] if told else times[:0]
    values = {
        key: selection.of_side(_at(history, times))
        for key, history in histories.items()
        if selection.takes(key)
    }
    held = {key: course for key, course in values.items() if np.any(course)}
    return Past(times, held, _is_by_the_day(histories[key] for key in held))


def _is_by_the_day(histories: Iterable[MetricHistory]) -> bool:
    told = [history.ts_ms for history in histories]
    moments = np.unique(np.concatenate(told)) if told else np.empty(0, np.int64)
    return bool(np.any(np.diff(moments) >= _BY_THE_DAY_MS))


def _at(history: MetricHistory, times: NDArray[np.int64]) -> FloatArray:
    last_told = np.searchsorted(history.ts_ms, times, side="right") - 1
    return np.where(last_told >= 0, history.values[np.maximum(last_told, 0)], 0.0)


def rank_span(readings: Readings, book: Book, now: datetime) -> tuple[datetime, datetime]:
    """The last year, or as much of it as the book has seen; to the whole hour."""
    beginning, _, _ = readings.chart_span(book, Query(range="all"), now)
    until = now.replace(minute=0, second=0, microsecond=0)
    return max(beginning, until - RANK_REACH), until


def courses_of(past: Past) -> dict[str, MetricHistory]:
    """Gross, net, long and short of the positions together."""
    if not past.values:
        return dict.fromkeys(EXPOSURES, NO_HISTORY)
    long, short = (
        _sum((np.maximum(sign * v, 0.0) for v in past.values.values()), past.ts_ms.size)
        for sign in (1.0, -1.0)
    )
    of = {"gross": long + short, "net": long - short, "long": long, "short": short}
    return {name: MetricHistory(past.ts_ms, of[name]) for name in EXPOSURES}


def layers_of(past: Past, part: str) -> tuple[list[Layer], Layer | None]:
    """Net exposure of the largest groups, and of all others in one; None if there are none."""
    groups: dict[str, list[FloatArray]] = {}
    for key, values in past.values.items():
        groups.setdefault(getattr(key, part), []).append(values)
    nets = {name: _sum(members, past.ts_ms.size) for name, members in groups.items()}
    by_size = sorted(nets, key=lambda name: (-float(np.abs(nets[name]).sum()), name))
    own, rest = by_size[:_OWN_LAYERS], by_size[_OWN_LAYERS:]
    others = Layer("others", _sum((nets[name] for name in rest), past.ts_ms.size))
    return [Layer(name, nets[name]) for name in own], others if rest else None


def _sum(courses: Iterable[FloatArray], moments: int) -> FloatArray:
    return np.asarray(sum(courses, start=np.zeros(moments)))
