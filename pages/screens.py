"""Reads what a screen shows, builds it once a cycle, and tells a browser what changed.

However many browsers look, one book in one view is read and built once a cycle; a browser
that says which cycle it shows gets the difference only.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from flask import current_app

from pages.components.deltas import CannotExpress, Deltas, deltas, plain
from pages.context import (
    CHART_POINTS,
    Book,
    BookReader,
    CompleteCycle,
    MetricHistory,
    VarRecord,
    book_named,
)
from pages.figures.history import shortened, wall_times
from pages.query import RANGES, Query
from pages.views.cockpit import CARD_METRICS, CockpitData, cockpit_view, no_cycle_view
from risk.domain.events import RiskEvent

SPARK_POINTS = 60
RANK_POINTS = 2_000
RANK_REACH = timedelta(days=365)
#: Cycles for which a history is reused: a new value is appended to it meanwhile.
_SPARK_REUSE = 15
_RANK_REUSE = 60
_REMEMBERED_VIEWS = 48
_EVENTS_REUSE = 60
#: More than a day of the busiest demonstration; what is older is not told.
_EVENTS_READ = 5_000


@dataclass(frozen=True)
class Shown:
    """What a browser shows, as it says itself.

    Attributes
    ----------
    cycle : int or None
        None before the first cycle.
    charted : int
        The market's time of the chart's last point, milliseconds since 1970.
    """

    cycle: int | None
    charted: int = 0


@dataclass(frozen=True)
class Update:
    """What a browser must set to show the newest cycle.

    Attributes
    ----------
    shown : Shown
        What it shows afterwards.
    changes : mapping of id to mapping of property to value
    whole : bool
        Whether the difference is unknown and the whole screen must be sent.
    """

    shown: Shown
    changes: Deltas
    whole: bool = False


@dataclass(frozen=True)
class _Built:
    """One cycle's view.

    Attributes
    ----------
    shown : Shown
    tree : plain tree
    point : tuple of float or None
        Equity and VaR as the chart shows them; None while either is unknown.
    """

    shown: Shown
    tree: Any
    point: tuple[float, float] | None


class CockpitScreens:
    """The cockpit of every book, for all browsers of this process."""

    def __init__(self, reader: BookReader) -> None:
        self._reader = reader
        self._views: OrderedDict[tuple[Query, int], _Built] = OrderedDict()
        self._lock = threading.Lock()
        self._history = lru_cache(maxsize=512)(self._read_history)
        self._record = lru_cache(maxsize=64)(self._read_record)
        self._days: dict[tuple[str, datetime], tuple[int, tuple[RiskEvent, ...]]] = {}
        self._beginnings: dict[str, datetime] = {}
        self._changes = lru_cache(maxsize=_REMEMBERED_VIEWS)(self._find_changes)

    def book(self, query: Query) -> Book | None:
        """The book that `query` names, or the first one."""
        return book_named(self._reader.books(), query.book)

    def view(self, query: Query) -> tuple[Shown, Any]:
        """What a browser showing the newest cycle shall say, and that cycle's view."""
        built = self._newest(query)
        if built is None:
            return Shown(None), no_cycle_view(self.book(query))
        return built.shown, built.tree

    def update(self, query: Query, shown: Shown) -> Update:
        """What changed since the cycle that a browser shows."""
        newest = self._newest(query)
        if newest is None:
            return Update(Shown(None), {}, whole=shown.cycle is not None)
        if shown.cycle is None:
            return Update(newest.shown, {}, whole=True)
        if newest.shown.cycle == shown.cycle:
            return Update(shown, {})
        changes = self._changes(query, shown.cycle, cast(int, newest.shown.cycle))
        point, charted = _chart_point(query, shown.charted, newest)
        return Update(Shown(newest.shown.cycle, charted), {**changes, **point})

    def _newest(self, query: Query) -> _Built | None:
        book = self.book(query)
        pulse = self._reader.pulse(book.name) if book else None
        if book is None or pulse is None:
            return None
        return self._remembered(query, pulse.cycle) or self._build(query, book)

    def _build(self, query: Query, book: Book) -> _Built | None:
        cycle = self._reader.latest(book.name)
        if cycle is None:
            return None
        data = self._data(query, book, cycle)
        shown = Shown(cycle.pulse.cycle, _ms(cycle.pulse.market))
        built = _Built(shown, plain(cockpit_view(data)), _point(data))
        self._remember(query, cycle.pulse.cycle, built)
        return built

    def _find_changes(self, query: Query, before: int, after: int) -> Deltas:
        """The difference between two cycles, or all of the later one where it is unknown."""
        old, new = self._remembered(query, before), self._remembered(query, after)
        if new is None:
            raise LookupError(f"cycle {after} was just built and is remembered")
        props = new.tree["props"]
        whole = {"cockpit-view": {name: props[name] for name in ("children", "data-cycle")}}
        try:
            return whole if old is None else deltas(old.tree, new.tree)
        except CannotExpress:
            return whole

    def chart_histories(self, query: Query) -> tuple[MetricHistory, MetricHistory] | None:
        """Equity and VaR over the range; None before the first cycle."""
        book = self.book(query)
        pulse = self._reader.pulse(book.name) if book else None
        if book is None or pulse is None:
            return None
        since = self._since(book, query.range, pulse.market)
        equity, var = (
            self._reader.metric_history(
                book.name, metric, since=since, until=pulse.market, max_points=CHART_POINTS
            )
            for metric in ("equity", "var_1d_99")
        )
        return equity, var

    def _data(self, query: Query, book: Book, cycle: CompleteCycle) -> CockpitData:
        now, number = cycle.pulse.market, cycle.pulse.cycle
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return CockpitData(
            book=book,
            query=query,
            cycle=cycle,
            trends=self._trends(book, query.range, number // _SPARK_REUSE, now),
            baselines=self._baselines(book, number // _RANK_REUSE, now),
            events=self._events(book.name, midnight),
            record=self._record(book.name, number // _RANK_REUSE),
        )

    def _events(self, book: str, midnight: datetime) -> tuple[RiskEvent, ...]:
        """All of the day, newest first: a busy strategy's fills must not push out a trip.

        Read anew now and then, since what people book may bear an earlier time; in between,
        only from the newest known moment on.
        """
        with self._lock:
            reads, known = self._days.get((book, midnight), (0, ()))
        since = _millisecond(known[0].at) if known and reads % _EVENTS_REUSE else midnight
        fresh = self._reader.recent_events(book, since=since, limit=_EVENTS_READ)
        events = (*fresh, *(event for event in known if event.at < since))
        with self._lock:
            self._days = {key: day for key, day in self._days.items() if key[1] == midnight}
            self._days[(book, midnight)] = reads + 1, events
        return events

    def _trends(
        self, book: Book, reach: str, epoch: int, now: datetime
    ) -> Mapping[str, MetricHistory]:
        since = self._since(book, reach, now)
        return {
            metric: self._history(book.name, metric, SPARK_POINTS, reach, epoch, _Span(since, now))
            for metric in CARD_METRICS
        }

    def _since(self, book: Book, reach: str, now: datetime) -> datetime:
        """Where a range begins: "all" with the book, lest its points be thinned by empty years."""
        since = Query(range=reach).since(now)
        if RANGES[reach]:
            return since
        if book.name not in self._beginnings:
            known = self._reader.metric_history(
                book.name, "equity", since=since, until=now, max_points=CHART_POINTS
            )
            if not known.ts_ms.size:
                return since
            # Thinning hides at most one stretch before the first point.
            first = datetime.fromtimestamp(int(known.ts_ms[0]) / 1000.0, UTC)
            self._beginnings[book.name] = first - (now - since) / CHART_POINTS
        return max(since, self._beginnings[book.name])

    def _baselines(self, book: Book, epoch: int, now: datetime) -> Mapping[str, MetricHistory]:
        span = _Span(now - RANK_REACH, now)
        return {
            metric: self._history(book.name, metric, RANK_POINTS, "rank", epoch, span)
            for metric in CARD_METRICS
        }

    def _read_history(
        self, book: str, metric: str, points: int, _reach: str, _epoch: int, span: "_Span"
    ) -> MetricHistory:
        return self._reader.metric_history(
            book, metric, since=span.since, until=span.until, max_points=points
        )

    def _read_record(self, book: str, _epoch: int) -> VarRecord | None:
        return self._reader.var_record(book)

    def _remembered(self, query: Query, cycle: int) -> _Built | None:
        with self._lock:
            return self._views.get((query, cycle))

    def _remember(self, query: Query, cycle: int, built: _Built) -> None:
        with self._lock:
            self._views[(query, cycle)] = built
            while len(self._views) > _REMEMBERED_VIEWS:
                self._views.popitem(last=False)


@dataclass(frozen=True)
class _Span:
    """A stretch of time that does not count in a cache's key: the epoch beside it does."""

    since: datetime
    until: datetime

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Span)

    def __hash__(self) -> int:
        return 0


def _millisecond(moment: datetime) -> datetime:
    """Where the millisecond of `moment` begins: the store tells no finer times apart."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)


def _chart_step_ms(reach: timedelta | None) -> float:
    """How far apart two points of the chart must be to be seen apart."""
    width = reach or timedelta(days=365)
    return width.total_seconds() * 1000.0 / CHART_POINTS


def _point(data: CockpitData) -> tuple[float, float] | None:
    day = data.assessment.held.day
    var = data.of_equity(day.var_at(0.99)) if day else None
    if var is None or data.assessment.equity is None:
        return None
    return shortened(data.assessment.equity), shortened(100.0 * var)


def _chart_point(query: Query, charted: int, newest: _Built) -> tuple[Deltas, int]:
    """The properties that append the newest point, once it would be a pixel further."""
    now = newest.shown.charted
    if newest.point is None or now - charted < _chart_step_ms(RANGES[query.range]):
        return {}, charted
    at = wall_times([now], query.zone)
    values = [[value] for value in newest.point]
    added: list[Any] = [{"x": [at, at], "y": values}, [0, 1], CHART_POINTS]
    return {"cockpit-chart": {"extendData": added}}, now


SCREENS_EXTENSION = "risk_screens"


def cockpit_screens() -> CockpitScreens:
    """The screens of the running application."""
    return cast(CockpitScreens, current_app.extensions[SCREENS_EXTENSION])
