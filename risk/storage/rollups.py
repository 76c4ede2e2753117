"""Rolling numbers up by minute and hour, and dropping what is too old.

A number a second is a gigabyte a day for a large book, so raw samples live for two days, minutes
and delivered notices for three months, hours for ever, and what orders were judged by for a month.
Rolling up is a function of stored rows: done twice, or begun again after a crash, it gives the
same. The journal is never touched.

Each step is a short transaction of its own, so that a cycle never waits long for one. Ages are
measured in each portfolio's market time, back from its newest cycle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, select, text

from risk.storage import partitions
from risk.storage.engines import Engines, transaction
from risk.storage.metrics import HOUR_MS, ROLL_UP
from risk.storage.tables import metric_series, risk_state

MINUTE_MS = 60_000

_SERIES_AT_A_TIME = 50
_CYCLES_AT_A_TIME = 10_000
_SNAPSHOTS_AT_A_TIME = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How long numbers are kept, in market time.

    Attributes
    ----------
    raw : timedelta
        Numbers as measured, and the list of cycles.
    minutes : timedelta
        Roll-ups by the minute; those by the hour are kept for ever.
    snapshots : timedelta
        Those that orders were judged by; the answers themselves are kept for ever.
    letters : timedelta
        Notices that were delivered, and those that nobody tries to deliver any more.
    """

    raw: timedelta = timedelta(hours=48)
    minutes: timedelta = timedelta(days=90)
    snapshots: timedelta = timedelta(days=30)
    letters: timedelta = timedelta(days=90)


RETENTION = Retention()


def keep_house(engines: Engines, retention: Retention = RETENTION) -> None:
    """Roll up what is new, then drop what is too old; to be called every minute or so.

    Raises
    ------
    StoreUnavailable
        If the database does not answer; calling again goes on where this ended.
    """
    roll_up(engines)
    drop_old(engines, retention)


def roll_up(engines: Engines) -> None:
    """Roll all samples up that were not yet, and the running minute and hour once more."""
    for series in _batches(engines):
        minutes = [{"series": row.id, "since": row.rolled_ms} for row in series]
        hours = [{"series": row.id, "since": row.rolled_ms // HOUR_MS * HOUR_MS} for row in series]
        with transaction(engines.writer) as connection:
            connection.execute(_MINUTES_FROM_SAMPLES, minutes)
            connection.execute(_HOURS_FROM_MINUTES, hours)
            connection.execute(_REMEMBER_HOW_FAR, [{"series": row.id} for row in series])


def drop_old(engines: Engines, retention: Retention) -> None:
    """Drop numbers and cycles that are too old; all must have been rolled up before."""
    with transaction(engines.reader) as connection:
        newest = dict(connection.execute(select(risk_state.c.portfolio, risk_state.c.at_ms)).all())
    raw_ms = retention.raw // timedelta(milliseconds=1)
    minutes_ms = retention.minutes // timedelta(milliseconds=1)
    if engines.is_sqlite:
        _delete_by_series(engines, _OLD_SAMPLES, newest, raw_ms)
    else:
        _drop_partitions(engines, newest, raw_ms)
    _delete_by_series(engines, _OLD_MINUTES, newest, minutes_ms)
    snapshots_ms = retention.snapshots // timedelta(milliseconds=1)
    letters_ms = retention.letters // timedelta(milliseconds=1)
    for portfolio, at_ms in newest.items():
        _delete_cycles(engines, portfolio, at_ms - raw_ms)
        _delete_snapshots(engines, portfolio, at_ms - snapshots_ms)
        _delete_letters(engines, portfolio, at_ms - letters_ms)


def _batches(engines: Engines) -> Iterator[Sequence[Any]]:
    with transaction(engines.reader) as connection:
        query = select(metric_series.c.id, metric_series.c.portfolio, metric_series.c.rolled_ms)
        series: Sequence[Any] = connection.execute(query.order_by(metric_series.c.id)).all()
    for start in range(0, len(series), _SERIES_AT_A_TIME):
        yield series[start : start + _SERIES_AT_A_TIME]


# ---------------------------------------------------------------- rolling up

_CHANGES = ", ".join(f"{column} = excluded.{column}" for column in ROLL_UP)

_MINUTES_FROM_SAMPLES = text(
    f"""
    INSERT INTO metric_minute (series_id, ts_ms, {", ".join(ROLL_UP)})
    SELECT b.series_id, b.bucket, b.minimum, b.maximum, b.average, s.value, b.last_ms, b.n
    FROM (
        SELECT series_id, ts_ms - ts_ms % {MINUTE_MS} AS bucket, min(value) AS minimum,
               max(value) AS maximum, avg(value) AS average, max(ts_ms) AS last_ms, count(*) AS n
        FROM metric_sample
        WHERE series_id = :series AND ts_ms >= :since
        GROUP BY series_id, ts_ms - ts_ms % {MINUTE_MS}
    ) b
    JOIN metric_sample s ON s.series_id = b.series_id AND s.ts_ms = b.last_ms
    WHERE s.series_id = :series
    ON CONFLICT (series_id, ts_ms) DO UPDATE SET {_CHANGES}
    """  # nosec B608: nothing in it comes from outside
)

_HOURS_FROM_MINUTES = text(
    f"""
    INSERT INTO metric_hour (series_id, ts_ms, {", ".join(ROLL_UP)})
    SELECT b.series_id, b.bucket, b.minimum, b.maximum, b.average, m.last, m.last_ms, b.n
    FROM (
        SELECT series_id, ts_ms - ts_ms % {HOUR_MS} AS bucket, min(minimum) AS minimum,
               max(maximum) AS maximum, sum(average * n) / sum(n) AS average,
               max(ts_ms) AS last_minute, CAST(sum(n) AS BIGINT) AS n
        FROM metric_minute
        WHERE series_id = :series AND ts_ms >= :since
        GROUP BY series_id, ts_ms - ts_ms % {HOUR_MS}
    ) b
    JOIN metric_minute m ON m.series_id = b.series_id AND m.ts_ms = b.last_minute
    WHERE m.series_id = :series
    ON CONFLICT (series_id, ts_ms) DO UPDATE SET {_CHANGES}
    """  # nosec B608: nothing in it comes from outside
)

# The last minute rolled up, not the one after: it may get more samples.
_REMEMBER_HOW_FAR = text(
    """
    UPDATE metric_series SET rolled_ms = COALESCE(
        (SELECT max(ts_ms) FROM metric_minute WHERE series_id = :series), rolled_ms
    ) WHERE id = :series
    """
)


# ---------------------------------------------------------------- dropping


def _piece_of(table: str, span_ms: int, whole_ms: int) -> TextClause:
    """Delete a series' oldest rows, at most `span_ms` of them and ending at a whole `whole_ms`.

    What is rolled up together is deleted together: rolling up the rest would give less.
    """
    oldest = f"(SELECT min(ts_ms) FROM {table} WHERE series_id = :series)"  # nosec B608
    return text(
        f"DELETE FROM {table} WHERE series_id = :series AND ts_ms < :before "  # nosec B608
        f"AND ts_ms < ({oldest} + {span_ms}) / {whole_ms} * {whole_ms}"
    )


_OLD_SAMPLES = _piece_of("metric_sample", span_ms=10 * MINUTE_MS, whole_ms=MINUTE_MS)
_OLD_MINUTES = _piece_of("metric_minute", span_ms=24 * HOUR_MS, whole_ms=HOUR_MS)


def _delete_by_series(
    engines: Engines, delete: TextClause, newest: dict[str, int], keep_ms: int
) -> None:
    for series in _batches(engines):
        pieces = [
            {"series": row.id, "before": (newest[row.portfolio] - keep_ms) // HOUR_MS * HOUR_MS}
            for row in series
            if row.portfolio in newest
        ]
        while pieces and _execute(engines, delete, pieces):
            pass


def _drop_partitions(engines: Engines, newest: dict[str, int], keep_ms: int) -> None:
    needed = {
        day
        for at_ms in newest.values()
        for day in range((at_ms - keep_ms) // partitions.DAY_MS, at_ms // partitions.DAY_MS + 1)
    }
    with transaction(engines.writer) as connection:
        partitions.drop_days_except(connection, needed)


def _delete_cycles(engines: Engines, portfolio: str, before_ms: int) -> None:
    delete = text(
        "DELETE FROM cycle WHERE portfolio = :portfolio AND at_ms < :before AND number <"
        " :many + (SELECT min(number) FROM cycle WHERE portfolio = :portfolio)"
    )
    values = {"portfolio": portfolio, "before": before_ms, "many": _CYCLES_AT_A_TIME}
    while _execute(engines, delete, [values]):
        pass


def _delete_snapshots(engines: Engines, portfolio: str, before_ms: int) -> None:
    """Of those that no cycle has dropped because orders were judged by them; never the newest."""
    delete = text(
        "DELETE FROM snapshot WHERE portfolio = :portfolio AND at_ms < :before AND number <"
        " :many + (SELECT min(number) FROM snapshot WHERE portfolio = :portfolio) AND number <"
        " (SELECT max(number) FROM snapshot WHERE portfolio = :portfolio)"
    )
    values = {"portfolio": portfolio, "before": before_ms, "many": _SNAPSHOTS_AT_A_TIME}
    while _execute(engines, delete, [values]):
        pass


def _delete_letters(engines: Engines, portfolio: str, before_ms: int) -> None:
    delete = text(
        "DELETE FROM outbox WHERE portfolio = :portfolio AND at_ms < :before AND next_ms IS NULL"
    )
    _execute(engines, delete, [{"portfolio": portfolio, "before": before_ms}])


def _execute(engines: Engines, statement: TextClause, values: list[dict[str, Any]]) -> int:
    with transaction(engines.writer) as connection:
        return connection.execute(statement, values).rowcount
