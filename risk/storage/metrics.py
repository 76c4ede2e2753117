"""Numbers over time: which there are, and how they are written.

A metric is a field of `PortfolioRisk` (of the whole book), of `PositionRisk` (labelled with its
strategy, asset and venue) or of `LimitUtilization` (labelled with the limit's name). A figure that
could not be measured leaves no sample.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import cache
from typing import NamedTuple, get_type_hints

from sqlalchemy import Connection, select

from risk.domain.events import (
    BreakerReading,
    LimitUtilization,
    PortfolioRisk,
    PositionRisk,
    RiskEvent,
)
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.codec import encode_mapping
from risk.storage.tables import metric_hour, metric_sample, metric_series, to_ms

HOUR_MS = 3_600_000
_BEAT_EVERY = 10_000
#: Columns of a roll-up after its key.
ROLL_UP = ("minimum", "maximum", "average", "last", "last_ms", "n")
#: Labels of the metrics of a whole book.
NO_LABELS = encode_mapping({})

_MEASUREMENTS = (PortfolioRisk, PositionRisk, LimitUtilization, BreakerReading)
#: How full a limit was: the metric of `LimitUtilization`.
UTILIZATION = "utilization"
_COMMON = frozenset(spec.name for spec in fields(RiskEvent))


class SeriesKey(NamedTuple):
    """What a number is about; `labels` is canonical JSON."""

    portfolio: str
    metric: str
    labels: str


class Sample(NamedTuple):
    """One number at one moment."""

    series: SeriesKey
    ts_ms: int
    value: float


def samples_of(events: Iterable[RiskEvent]) -> list[Sample]:
    """A sample for every number that `events` measured."""
    return [
        sample
        for event in events
        if isinstance(event, _MEASUREMENTS)
        for sample in _samples_of_one(event)
    ]


def _samples_of_one(event: RiskEvent) -> list[Sample]:
    numbers, names = _shape(type(event).__name__)
    labels = encode_mapping({name: getattr(event, name) for name in names})
    moment = to_ms(event.at)
    return [
        Sample(SeriesKey(event.portfolio, metric, labels), moment, value)
        for metric in numbers
        if (value := getattr(event, metric)) is not None
    ]


@cache
def _shape(kind_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of its numbers, and of the texts that say what they are about."""
    kind = RiskEvent.kinds()[kind_name]
    hints = get_type_hints(kind)
    own = [spec.name for spec in fields(kind) if spec.name not in _COMMON]
    numbers = tuple(name for name in own if hints[name] in (float, float | None))
    return numbers, tuple(name for name in own if hints[name] is str)


def register_series(connection: Connection, wanted: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
    """Numbers of the series, which are created if they are new."""
    keys = sorted(set(wanted))
    columns = ("portfolio", "metric", "labels", "rolled_ms")
    rows = [(*key, 0) for key in keys]
    insert_rows(connection, metric_series, columns, rows, on_conflict=OnConflict.KEEP)
    found = select(metric_series).where(
        metric_series.c.portfolio.in_({key.portfolio for key in keys})
    )
    known = {
        SeriesKey(row.portfolio, row.metric, row.labels): row.id
        for row in connection.execute(found)
    }
    return {key: known[key] for key in keys}


def write_samples(
    connection: Connection, samples: Sequence[Sample], series: dict[SeriesKey, int]
) -> None:
    """Keep numbers as measured; a second one of the same series and time replaces the first."""
    rows = [(series[sample.series], sample.ts_ms, sample.value) for sample in samples]
    columns = ("series_id", "ts_ms", "value")
    insert_rows(connection, metric_sample, columns, rows, on_conflict=OnConflict.REPLACE)


class Hour(NamedTuple):
    """What the numbers of a series were in one hour.

    Attributes
    ----------
    series : SeriesKey
    ts_ms : int
        When the hour began.
    figures : tuple
        In the order of `ROLL_UP`.
    """

    series: SeriesKey
    ts_ms: int
    figures: tuple[float, float, float, float, int, int]


def hours_of(samples: Iterable[Sample], beat: Callable[[], None] = lambda: None) -> list[Hour]:
    """Numbers rolled up by the hour; `samples` are in order of time.

    Of a long past this takes seconds, in which no transaction should wait, and whoever waits for
    a sign of life is given some by `beat`.
    """
    buckets: dict[tuple[SeriesKey, int], list[Sample]] = {}
    for number, sample in enumerate(samples):
        if number % _BEAT_EVERY == 0:
            beat()
        bucket = sample.series, sample.ts_ms - sample.ts_ms % HOUR_MS
        buckets.setdefault(bucket, []).append(sample)
    hours = []
    for number, (bucket, together) in enumerate(buckets.items()):
        if number % _BEAT_EVERY == 0:
            beat()
        hours.append(Hour(*bucket, _rolled_up(together)))
    return hours


def write_hours(
    connection: Connection, hours: Iterable[Hour], series: dict[SeriesKey, int]
) -> None:
    """Keep roll-ups of hours of which no number is kept as it was measured."""
    rows = [(series[hour.series], hour.ts_ms, *hour.figures) for hour in hours]
    columns = ("series_id", "ts_ms", *ROLL_UP)
    insert_rows(connection, metric_hour, columns, rows, on_conflict=OnConflict.REPLACE)


def _rolled_up(samples: Sequence[Sample]) -> tuple[float, float, float, float, int, int]:
    values = [sample.value for sample in samples]
    last = samples[-1]
    average = sum(values) / len(values)
    return min(values), max(values), average, last.value, last.ts_ms, len(values)
