"""Numbers over time, thinned to what a screen can show.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, Table, func, select

from risk.domain.positions import PositionKey
from risk.measures.types import BoolArray, FloatArray
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


NOTHING = MetricHistory(np.empty(0, dtype=np.int64), np.empty(0))


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

#: Rows a point, up to which all are read and thinned here: grouping them takes longer.
_FEW_ROWS = 4

_Histories = Mapping[int, MetricHistory]


def thinned(
    connection: Connection,
    series: Collection[int],
    since_ms: int,
    until_ms: int,
    max_points: int,
) -> dict[int, MetricHistory]:
    """About `max_points` numbers of each series between two times, oldest first.

    The coarsest table that still yields that many is read; what is older than its oldest row
    comes from the coarser tables, what is newer than its newest row from the finer ones. Each
    table is asked once for all series; one without any number in the range is left out.
    """
    asked = _Range(since_ms, until_ms, max(1, -(-(until_ms - since_ms) // max_points)))
    chosen = max(
        place for place, level in enumerate(_FINEST_FIRST) if level.span_ms <= asked.stretch_ms
    )
    found: _Histories = _read(connection, _FINEST_FIRST[chosen], series, asked)
    for coarser in _FINEST_FIRST[chosen + 1 :]:
        found = _with_older(connection, coarser, series, asked, found)
    for finer in reversed(_FINEST_FIRST[:chosen]):
        found = _with_newer(connection, finer, series, asked, found)
    return {number: found[number] for number in series if found[number].ts_ms.size}


def _with_older(
    connection: Connection,
    level: _Level,
    series: Collection[int],
    asked: _Range,
    found: _Histories,
) -> _Histories:
    before = {
        number: int(found[number].ts_ms[0]) if found[number].ts_ms.size else asked.until_ms + 1
        for number in series
    }
    until_ms = max(before.values(), default=asked.since_ms) - 1
    older = _read(connection, level, series, asked._replace(until_ms=until_ms))
    return {
        number: _joined(_where(older[number], older[number].ts_ms < at), found[number])
        for number, at in before.items()
    }


def _with_newer(
    connection: Connection,
    level: _Level,
    series: Collection[int],
    asked: _Range,
    found: _Histories,
) -> _Histories:
    after = {
        number: int(found[number].ts_ms[-1]) if found[number].ts_ms.size else asked.since_ms - 1
        for number in series
    }
    since_ms = min(after.values(), default=asked.until_ms) + 1
    newer = _read(connection, level, series, asked._replace(since_ms=since_ms))
    return {
        number: _joined(found[number], _where(newer[number], newer[number].ts_ms > at))
        for number, at in after.items()
    }


def _where(history: MetricHistory, wanted: NDArray[Any]) -> MetricHistory:
    return MetricHistory(history.ts_ms[wanted], history.values[wanted])


def _joined(older: MetricHistory, newer: MetricHistory) -> MetricHistory:
    return MetricHistory(
        np.concatenate([older.ts_ms, newer.ts_ms]), np.concatenate([older.values, newer.values])
    )


def _read(
    connection: Connection, level: _Level, series: Collection[int], asked: _Range
) -> dict[int, MetricHistory]:
    """The last number of each stretch, of every series; some may have none."""
    # Whole rows only: a stretch is as many spans as it takes.
    stretch_ms = -(-asked.stretch_ms // level.span_ms) * level.span_ms
    query = _rows_within(level, series, asked)
    if level is _RAW or stretch_ms > _FEW_ROWS * level.span_ms:
        query = _last_rows(level, query, stretch_ms)
    # Column by column: rows one by one took three times as long.
    columns = list(zip(*connection.execute(query).all(), strict=True)) or [()] * 4
    keys = np.column_stack([np.array(column, dtype=np.int64) for column in columns[:2]])
    histories = MetricHistory(
        np.array(columns[2], dtype=np.int64), np.array(columns[3], dtype=np.float64)
    )
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    order = order[_ends_stretch(keys[order], stretch_ms)]
    numbers = keys[order, 0]
    return {number: _where(histories, order[numbers == number]) for number in series}


def _rows_within(level: _Level, series: Collection[int], asked: _Range) -> Select[Any]:
    row = level.table.c
    return select(row.series_id, row.ts_ms, row[level.time], row[level.value]).where(
        row.series_id.in_(series),
        row.ts_ms > asked.since_ms - level.span_ms,
        row.ts_ms <= asked.until_ms,
        row[level.time] >= asked.since_ms,
        row[level.time] <= asked.until_ms,
    )


def _last_rows(level: _Level, rows: Select[Any], stretch_ms: int) -> Select[Any]:
    row = level.table.c
    newest = (
        rows.with_only_columns(row.series_id, func.max(row.ts_ms).label("ts_ms"))
        .group_by(row.series_id, row.ts_ms // stretch_ms)
        .subquery()
    )
    return select(row.series_id, row.ts_ms, row[level.time], row[level.value]).join(
        newest, (row.series_id == newest.c.series_id) & (row.ts_ms == newest.c.ts_ms)
    )


def _ends_stretch(keys: NDArray[np.int64], stretch_ms: int) -> BoolArray:
    """Whether a row of (series, time) is the last one of its series in its stretch."""
    stretches = np.column_stack([keys[:, 0], keys[:, 1] // stretch_ms])
    ends = np.ones(len(keys), dtype=np.bool_)
    ends[:-1] = (stretches[1:] != stretches[:-1]).any(axis=1)
    return ends
