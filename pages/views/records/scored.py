"""Forecasts beside their outcomes, as the arrays that the page draws and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pages.context import Book, BookReader, MetricHistory
from pages.readings import Readings
from risk.domain.events import ForecastScored
from risk.domain.market import Period
from risk.measures.types import BoolArray, FloatArray
from risk.storage.queries import JUDGED_DAYS

#: An equity that was known no longer ago than this is taken for that of the opening.
EQUITY_AGE = timedelta(hours=2)
#: Cycles for which a record is not read anew: a bar that closes late still appears soon.
REUSED_CYCLES = 30
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class ScoredBars:
    """Bars whose forecast met its outcome, oldest first; n of them.

    Attributes
    ----------
    period : Period
    opened_ms : ndarray of shape (n,), int64
        Milliseconds since 1970.
    profit, var_95, var_975, var_99, es_975 : ndarray of shape (n,)
        Quote currency: what the bar brought, and what was forecast as losses.
    beyond_95, beyond_975, beyond_99 : ndarray of shape (n,), bool
    equity : ndarray of shape (n,)
        Quote currency at the opening; NaN where it was not known.
    models : tuple of n str
        Whose forecast each was.
    """

    period: Period
    opened_ms: NDArray[np.int64]
    profit: FloatArray
    var_95: FloatArray
    var_975: FloatArray
    var_99: FloatArray
    es_975: FloatArray
    beyond_95: BoolArray
    beyond_975: BoolArray
    beyond_99: BoolArray
    equity: FloatArray
    models: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.opened_ms)

    def opened(self, row: int) -> datetime:
        """When the bar of a row opened. UTC."""
        return datetime.fromtimestamp(int(self.opened_ms[row]) / 1000.0, UTC)

    def of_equity(self, row: int, value: float) -> float | None:
        """Money as a fraction of the equity at a row's opening; None if that is unknown."""
        equity = float(self.equity[row])
        return value / equity if equity > 0.0 else None

    def last(self, count: int) -> "ScoredBars":
        """The newest `count` bars."""
        return self.rows(slice(max(0, len(self) - count), None))

    def rows(self, chosen: slice) -> "ScoredBars":
        """Some of the bars."""
        return ScoredBars(
            period=self.period,
            opened_ms=self.opened_ms[chosen],
            profit=self.profit[chosen],
            var_95=self.var_95[chosen],
            var_975=self.var_975[chosen],
            var_99=self.var_99[chosen],
            es_975=self.es_975[chosen],
            beyond_95=self.beyond_95[chosen],
            beyond_975=self.beyond_975[chosen],
            beyond_99=self.beyond_99[chosen],
            equity=self.equity[chosen],
            models=self.models[chosen],
        )


def read_scored(
    readings: Readings, book: Book, period: Period, since: datetime, until: datetime, *, epoch: int
) -> ScoredBars:
    """Bars that closed between two moments, both included; read anew once `epoch` has grown."""
    return readings.once(
        ("var scored", book.name, period, since, until, epoch),
        lambda: _read(readings.reader, book.name, period, since, until),
    )


def read_judged(readings: Readings, book: Book, midnight: datetime, *, epoch: int) -> ScoredBars:
    """The last days that were scored up to `midnight`, as many as the traffic light counts."""
    since = midnight - (JUDGED_DAYS - 1) * Period.DAY.span
    judged = read_scored(readings, book, Period.DAY, since, midnight, epoch=epoch)
    return judged.last(JUDGED_DAYS)


def _read(
    reader: BookReader, name: str, period: Period, since: datetime, until: datetime
) -> ScoredBars:
    events = reader.forecasts_scored(name, period, since=since, until=until)
    first = events[0].at if events else until
    begin = first - period.span - EQUITY_AGE
    equity = reader.metric_history(
        name, "equity", since=begin, until=until, max_points=max(2, (until - begin) // _HOUR)
    )
    return scored_bars(events, period, equity)


def scored_bars(
    events: Sequence[ForecastScored], period: Period, equity: MetricHistory
) -> ScoredBars:
    """The arrays of `events`, oldest first, with the equity at each opening."""
    opened_ms = np.array([_ms(event.at - period.span) for event in events], dtype=np.int64)
    return ScoredBars(
        period=period,
        opened_ms=opened_ms,
        profit=-_floats([event.loss for event in events]),
        var_95=_floats([event.var_95 for event in events]),
        var_975=_floats([event.var_975 for event in events]),
        var_99=_floats([event.var_99 for event in events]),
        es_975=_floats([event.es_975 for event in events]),
        beyond_95=np.array([event.exceeded_95 for event in events], dtype=np.bool_),
        beyond_975=np.array([event.exceeded_975 for event in events], dtype=np.bool_),
        beyond_99=np.array([event.exceeded_99 for event in events], dtype=np.bool_),
        equity=known_at(equity, opened_ms, EQUITY_AGE),
        models=tuple(event.made_by for event in events),
    )


def known_at(history: MetricHistory, moments_ms: NDArray[np.int64], age: timedelta) -> FloatArray:
    """The last value at or before each moment; NaN where that is older than `age`, or absent."""
    if not history.ts_ms.size:
        return np.full(len(moments_ms), np.nan)
    before = np.searchsorted(history.ts_ms, moments_ms, side="right") - 1
    found = np.maximum(before, 0)
    fresh = (before >= 0) & (moments_ms - history.ts_ms[found] <= age / timedelta(milliseconds=1))
    return np.where(fresh, history.values[found], np.nan)


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000.0)
