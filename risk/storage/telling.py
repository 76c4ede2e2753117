"""What agents are told from the database: the journal by number, and numbers as measured."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select

from risk.storage import charts, tables
from risk.storage.charts import MetricHistory
from risk.storage.engines import Engines, transaction
from risk.storage.metrics import NO_LABELS


class JournalEntry(NamedTuple):
    """One entry of a journal.

    Attributes
    ----------
    seq : int
        Its place, from 1.
    kind : str
        Of event.
    body : str
        JSON of the event in its envelope.
    """

    seq: int
    kind: str
    body: str


class LastValue(NamedTuple):
    """The newest number of one metric.

    Attributes
    ----------
    metric : str
    labels : mapping of str to str
        What it is about; empty for the whole book.
    at : datetime
        The market's time. UTC.
    value : float
    """

    metric: str
    labels: Mapping[str, str]
    at: datetime
    value: float


class LabelledHistory(NamedTuple):
    """One metric of one thing over time; `labels` is empty for the whole book."""

    labels: Mapping[str, str]
    history: MetricHistory


class SqlTelling:
    """Reads for agents, through the reader engine."""

    def __init__(self, engines: Engines) -> None:
        self._reader = engines.reader

    def newest_entry(self, portfolio: str) -> int:
        """Number of the journal's last entry; 0 for an empty one."""
        entry = tables.journal.c
        with transaction(self._reader) as connection:
            found = connection.execute(
                select(func.max(entry.seq)).where(entry.stream == portfolio)
            ).scalar()
        return found or 0

    def entries_after(self, portfolio: str, seq: int, *, limit: int) -> list[JournalEntry]:
        """Entries later than number `seq`, oldest first, `limit` at most."""
        entry = tables.journal.c
        return self._entries(
            _entries_of(portfolio).where(entry.seq > seq).order_by(entry.seq).limit(limit)
        )

    def last_entries(self, portfolio: str, *, limit: int) -> list[JournalEntry]:
        """The newest `limit` entries, oldest first."""
        entry = tables.journal.c
        newest = _entries_of(portfolio).order_by(entry.seq.desc()).limit(limit)
        return self._entries(newest)[::-1]

    def _entries(self, query: Select[Any]) -> list[JournalEntry]:
        with transaction(self._reader) as connection:
            return [JournalEntry(*row) for row in connection.execute(query)]

    def last_values(self, portfolio: str) -> list[LastValue]:
        """The newest number of every metric of the whole book, by name."""
        series = tables.metric_series.c
        newest = [_newest(*level) for level in _LEVELS]
        query = (
            select(
                series.metric,
                series.labels,
                func.coalesce(*(at for at, _ in newest)).label("at_ms"),
                func.coalesce(*(value for _, value in newest)).label("value"),
            )
            .where(series.portfolio == portfolio, series.labels == NO_LABELS)
            .order_by(series.metric)
        )
        with transaction(self._reader) as connection:
            rows = connection.execute(query).all()
        return [
            LastValue(row.metric, json.loads(row.labels), tables.from_ms(row.at_ms), row.value)
            for row in rows
            if row.value is not None
        ]

    def metric_histories(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> list[LabelledHistory]:
        """A metric of the book, and of each of its parts that has it, over time.

        Parameters
        ----------
        portfolio, metric : str
        since, until : datetime
            In market time, both included. What has no number there is left out.
        max_points : int
            Of each; see `risk.storage.charts.thinned`.
        """
        series = tables.metric_series.c
        query = (
            select(series.id, series.labels)
            .where(series.portfolio == portfolio, series.metric == metric)
            .order_by(series.labels)
        )
        with transaction(self._reader) as connection:
            about = {row.id: json.loads(row.labels) for row in connection.execute(query)}
            found = charts.thinned(
                connection, about, tables.to_ms(since), tables.to_ms(until), max_points
            )
        return [LabelledHistory(about[number], history) for number, history in found.items()]


_SAMPLE, _MINUTE, _HOUR = (
    tables.metric_sample.c,
    tables.metric_minute.c,
    tables.metric_hour.c,
)
#: Finest first: what a coarser table knows of a series is older.
_LEVELS = (
    (_SAMPLE.series_id, _SAMPLE.ts_ms, _SAMPLE.value),
    (_MINUTE.series_id, _MINUTE.last_ms, _MINUTE.last),
    (_HOUR.series_id, _HOUR.last_ms, _HOUR.last),
)


def _newest(
    series_id: ColumnElement[Any], at: ColumnElement[Any], value: ColumnElement[Any]
) -> tuple[Any, Any]:
    """Time and value of a series' last row in one table."""
    mine = series_id == tables.metric_series.c.id
    return tuple(
        select(wanted).where(mine).order_by(at.desc()).limit(1).scalar_subquery()
        for wanted in (at, value)
    )  # type: ignore[return-value]


def _entries_of(portfolio: str) -> Select[Any]:
    entry = tables.journal.c
    return select(entry.seq, entry.kind, entry.body).where(entry.stream == portfolio)
