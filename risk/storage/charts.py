"""Numbers over time, thinned to what a screen can show.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, func, select

from risk.domain.positions import PositionKey
from risk.measures.types import FloatArray
from risk.storage import tables
from risk.storage.metrics import HOUR_MS, NO_LABELS
from risk.storage.rollups import MINUTE_MS


class MetricHistory(NamedTuple):
    """A stored metric over time, oldest first. No NaN; a gap in time is a gap in knowledge.

    Attributes
    ----------
    ts_ms : ndarray of shape (n,), int64
        The market's time, milliseconds since 1970. UTC.
    values : ndarray of shape (n,)
    """

    ts_ms: NDArray[np.int64]
    values: FloatArray


class Point(NamedTuple):
    """One number as measured."""

    ts_ms: int
    value: float


def history_of(points: Sequence[Point]) -> MetricHistory:
    """The points as arrays."""
    return MetricHistory(
        np.array([point.ts_ms for point in points], dtype=np.int64),
        np.array([point.value for point in points], dtype=np.float64),
    )


def series_of_book(connection: Connection, portfolio: str, metric: str) -> int | None:
    """Number of the series about the whole book; None if there is none."""
    key = tables.metric_series.c
    query = select(key.id).where(
        key.portfolio == portfolio, key.metric == metric, key.labels == NO_LABELS
    )
    found: int | None = connection.execute(query).scalar()
    return found


def series_of_positions(
    connection: Connection, portfolio: str, metric: str
) -> dict[int, PositionKey]:
    """Numbers of the series about positions, and the position that each is about."""
    key = tables.metric_series.c
    query = select(key.id, key.labels).where(
        key.portfolio == portfolio, key.metric == metric, key.labels != NO_LABELS
    )
    return {
        number: PositionKey(**json.loads(labels))
        for number, labels in connection.execute(query.order_by(key.labels))
    }


# ---------------------------------------------------------------- thinning


class _Level(NamedTuple):
    """One table of numbers; `span_ms` is what one row stands for."""

    table: Table
    span_ms: int
    time: str
    value: str


class _Range(NamedTuple):
    """What is asked for, and how far apart points may lie."""

    since_ms: int
    until_ms: int
    stretch_ms: int


_RAW = _Level(tables.metric_sample, 1, "ts_ms", "value")
_MINUTES = _Level(tables.metric_minute, MINUTE_MS, "last_ms", "last")
_HOURS = _Level(tables.metric_hour, HOUR_MS, "last_ms", "last")
_FINEST_FIRST = (_RAW, _MINUTES, _HOURS)

_Points = dict[int, list[Point]]


def thinned_points(
    connection: Connection,
    series: Collection[int],
    since_ms: int,
    until_ms: int,
    max_points: int,
) -> _Points:
    """About `max_points` numbers of each series between two times, oldest first.

    The coarsest table that still yields that many is read; what is older than its oldest row
    comes from the coarser tables, what is newer than its newest row from the finer ones. Each
    table is asked once for all series; one without any number in the range is left out.
    """
    asked = _Range(since_ms, until_ms, max(1, -(-(until_ms - since_ms) // max_points)))
    chosen = max(
        place for place, level in enumerate(_FINEST_FIRST) if level.span_ms <= asked.stretch_ms
    )
    points = _read(connection, _FINEST_FIRST[chosen], series, asked)
    for coarser in _FINEST_FIRST[chosen + 1 :]:
        points = _with_older(connection, coarser, series, asked, points)
    for finer in reversed(_FINEST_FIRST[:chosen]):
        points = _with_newer(connection, finer, series, asked, points)
    return {number: points[number] for number in series if points.get(number)}


def _with_older(
    connection: Connection,
    level: _Level,
    series: Collection[int],
    asked: _Range,
    points: Mapping[int, list[Point]],
) -> _Points:
    before = {
        number: points[number][0].ts_ms if points.get(number) else asked.until_ms + 1
        for number in series
    }
    until_ms = max(before.values(), default=asked.since_ms) - 1
    older = _read(connection, level, series, asked._replace(until_ms=until_ms))
    return {
        number: _until(older.get(number, []), before[number]) + points.get(number, [])
        for number in series
    }


def _with_newer(
    connection: Connection,
    level: _Level,
    series: Collection[int],
    asked: _Range,
    points: Mapping[int, list[Point]],
) -> _Points:
    after = {
        number: points[number][-1].ts_ms if points.get(number) else asked.since_ms - 1
        for number in series
    }
    since_ms = min(after.values(), default=asked.until_ms) + 1
    newer = _read(connection, level, series, asked._replace(since_ms=since_ms))
    return {
        number: points.get(number, []) + _from(newer.get(number, []), after[number])
        for number in series
    }


def _until(points: list[Point], before: int) -> list[Point]:
    return [point for point in points if point.ts_ms < before]


def _from(points: list[Point], after: int) -> list[Point]:
    return [point for point in points if point.ts_ms > after]


def _read(connection: Connection, level: _Level, series: Collection[int], asked: _Range) -> _Points:
    """The last number of each stretch, of each series that has any."""
    row = level.table.c
    # Whole rows only: a stretch is as many spans as it takes.
    stretch_ms = -(-asked.stretch_ms // level.span_ms) * level.span_ms
    within: tuple[Any, ...] = (
        row.series_id.in_(series),
        row.ts_ms > asked.since_ms - level.span_ms,
        row.ts_ms <= asked.until_ms,
        row[level.time] >= asked.since_ms,
        row[level.time] <= asked.until_ms,
    )
    newest = (
        select(row.series_id, func.max(row.ts_ms).label("ts_ms"))
        .where(*within)
        .group_by(row.series_id, row.ts_ms // stretch_ms)
        .subquery()
    )
    query = (
        select(row.series_id, row[level.time], row[level.value])
        .join(newest, (row.series_id == newest.c.series_id) & (row.ts_ms == newest.c.ts_ms))
        .order_by(row.series_id, row.ts_ms)
    )
    found = groupby(connection.execute(query), key=lambda each: each[0])
    return {number: [Point(at, value) for _, at, value in rows] for number, rows in found}
