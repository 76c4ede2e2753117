"""Everything that the Limits page shows of one cycle, read and brought into shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from pages.context import NO_HISTORY, Book, CompleteCycle, LimitEvent, MetricHistory
from pages.figures.limits import LimitPlot, Mark, ThresholdSteps, limit_figure
from pages.query import Query
from pages.readings import Readings
from pages.views.limits.address import LIMIT
from pages.views.limits.past import (
    Course,
    Episode,
    breaches_in,
    course_of,
    episodes_of,
    updates_in,
)
from pages.views.limits.rows import Group, LimitRow, groups_of, matching, rows_of
from pages.views.limits.writing import verb_of, writer
from risk.domain.events import LimitUpdated, Severity
from risk.domain.limits import Unit
from risk.limits.words import figure_of

SPARK_SPAN = timedelta(days=1)
_SPARK_POINTS = 30
#: Cycles for which sparklines, and what the journal says, are reused.
_TREND_REUSE, _EVENTS_REUSE = 30, 5
#: Breaches that began so long before the range are still told with their beginning.
_TOLD_BEFORE = timedelta(days=90)
_MILLISECONDS = 1000.0


@dataclass(frozen=True, kw_only=True)
class LimitPast:
    """One limit over the chosen range.

    Attributes
    ----------
    figure : dict or None
        Of plotly; None while nothing is known of the range.
    episodes : tuple of Episode
        The newest first.
    changes : tuple of LimitUpdated
        Of its thresholds, the newest first.
    """

    figure: dict[str, Any] | None
    episodes: tuple[Episode, ...]
    changes: tuple[LimitUpdated, ...]


NO_PAST = LimitPast(figure=None, episodes=(), changes=())


@dataclass(frozen=True, kw_only=True)
class LimitsData:
    """Everything the Limits page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    rows : tuple of LimitRow
        Every limit on the book, the nearest to trouble first.
    on_orders : tuple of LimitRow
        Every limit on single orders that the filters let through.
    groups : tuple of Group
        Those on the book that the filters let through.
    chosen : LimitRow or None
        The limit that is told at length; None without any.
    asked : str
        The limit that the address names; empty if none.
    trends : mapping of name to MetricHistory
        How full each was in the last day.
    past : LimitPast
        Of the chosen limit.
    waiting : int
        Changes that wait for a second person.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    rows: tuple[LimitRow, ...]
    on_orders: tuple[LimitRow, ...]
    groups: tuple[Group, ...]
    chosen: LimitRow | None
    asked: str
    trends: Mapping[str, MetricHistory]
    past: LimitPast
    waiting: int = 0

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market


def read_limits(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> LimitsData:
    """Everything that the Limits page shows of one cycle."""
    rows = rows_of(cycle)
    of_book = [row for row in rows if not row.is_on_orders]
    shown = matching(rows, query)
    policy = cycle.state.policy
    groups = groups_of(
        [row for row in shown if not row.is_on_orders], policy.strategies if policy else {}
    )
    asked = query.choice(LIMIT.name)
    chosen = _chosen(asked, rows, groups, of_book)
    return LimitsData(
        book=book,
        query=query,
        cycle=cycle,
        rows=tuple(of_book),
        on_orders=tuple(row for row in shown if row.is_on_orders),
        groups=tuple(groups),
        chosen=chosen,
        asked=asked,
        trends=_trends(readings, book, cycle) if rows else {},
        past=_past(readings, query, book, cycle, chosen),
        waiting=readings.once(
            ("proposal news", book.name, cycle.pulse.cycle),
            lambda: readings.reader.proposal_news(book.name),
        ).waiting,
    )


def _chosen(
    asked: str, rows: Sequence[LimitRow], groups: Sequence[Group], of_book: Sequence[LimitRow]
) -> LimitRow | None:
    """The limit asked for, or the one nearest to trouble of those shown."""
    named = next((row for row in rows if row.name == asked), None)
    shown = [row for group in groups for row in group.rows]
    return named or min(shown or of_book, key=lambda row: row.trouble, default=None)


def _trends(readings: Readings, book: Book, cycle: CompleteCycle) -> Mapping[str, MetricHistory]:
    now = cycle.pulse.market
    return readings.once(
        ("limit trends", book.name, cycle.pulse.cycle // _TREND_REUSE),
        lambda: readings.reader.limit_history(
            book.name, since=now - SPARK_SPAN, until=now, max_points=_SPARK_POINTS
        ),
    )


# -- the chosen limit over time --------------------------------------------------------------


def _past(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle, row: LimitRow | None
) -> LimitPast:
    if row is None or row.state is None or row.is_on_orders:
        return NO_PAST
    name, state = row.name, row.state
    since, until, step = readings.chart_span(book, query, cycle.pulse.market)
    now, epoch = cycle.pulse.market, cycle.pulse.cycle // _EVENTS_REUSE
    # A breach is told with the cycle that shows it, and not when the reuse is over.
    events = readings.once(
        ("limit events", book.name, name, since, epoch, state.since, state.thresholds[:2]),
        lambda: readings.reader.limit_events(
            book.name, name, since=since - _TOLD_BEFORE, until=now
        ),
    )
    history = readings.once(
        ("limit history", book.name, name, since, until),
        lambda: readings.reader.limit_history(
            book.name,
            since=since,
            until=until,
            max_points=max(2, round((until - since) / step)),
            limit=name,
        ).get(name, NO_HISTORY),
    )
    if not query.stands_still(now):
        # A chart ends on a whole step; what happened since then is no less true.
        until = max([until, *(event.at for event in events[-1:])])
    course = course_of(history, events, state, since, until)
    look = (query.zone.name, query.scheme, state.thresholds[:2], epoch)
    figure = readings.once(
        ("limit figure", book.name, name, since, until, look),
        lambda: _figure(row, course, events, since, until, book, query),
    )
    return LimitPast(
        figure=figure if history.ts_ms.size else None,
        episodes=tuple(episodes_of(events, course, state, since, until)),
        changes=tuple(reversed(updates_in(events, since, until))),
    )


def _figure(
    row: LimitRow,
    course: Course,
    events: Sequence[LimitEvent],
    since: datetime,
    until: datetime,
    book: Book,
    query: Query,
) -> dict[str, Any]:
    scale, suffix, decimals = _axis(row, course)
    write = writer(book.currency)
    marks = [
        Mark(
            at_ms=_ms(event.at),
            value=scale * event.value,
            hard=event.severity is Severity.CRITICAL,
            text=f"crossed {figure_of(row.definition.kind, event.threshold, write)}",
        )
        for event in breaches_in(events, since, until)
    ]
    changes = [
        (_ms(event.at), f"{verb_of(event)} {query.zone.clock(event.at)[:5]}")
        for event in updates_in(events, since, until)
    ]
    plot = LimitPlot(
        history=MetricHistory(course.ts_ms, scale * course.values),
        steps=ThresholdSteps(
            at_ms=np.array([step.at_ms for step in course.steps], dtype=np.int64),
            hard=scale * np.array([step.hard for step in course.steps]),
            soft=scale
            * np.array([np.nan if s.soft is None else s.soft for s in course.steps], dtype=float),
        ),
        breaches=tuple(marks),
        changes=tuple(changes),
        span_ms=(_ms(since), _ms(until)),
        suffix=suffix,
        decimals=decimals,
    )
    return limit_figure(plot, zone=query.zone, scheme=query.scheme)


_NBSP = "\N{NO-BREAK SPACE}"


def _axis(row: LimitRow, course: Course) -> tuple[float, str, int]:
    """What figures are multiplied by to be drawn, what stands after them, and their decimals."""
    highest = max(step.hard for step in course.steps)
    if row.unit is Unit.TIMES:
        return 1.0, f"{_NBSP}×", 2
    if row.unit is Unit.DAYS:
        return 1.0, f"{_NBSP}d", 1
    if row.unit is Unit.COUNT or row.definition.kind == "concentration":
        return 1.0, "", 0 if row.unit is Unit.COUNT else 2
    return 100.0, f"{_NBSP}%", 2 if highest < 0.1 else 1


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * _MILLISECONDS)
