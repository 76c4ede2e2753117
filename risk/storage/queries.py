"""What the screens read: whole cycles, numbers over time, the journal.

Reading only, through the reader engine. Each answer is of one state of the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, Table, func, select

from risk.domain.assessment import Assessment
from risk.domain.events import ForecastScored, RiskEvent
from risk.domain.ledger import Fill, Flow
from risk.domain.market import Period
from risk.domain.state import RiskState
from risk.measures.types import FloatArray
from risk.storage import codec, tables
from risk.storage.engines import Engines, transaction
from risk.storage.metrics import HOUR_MS, NO_LABELS
from risk.storage.portfolios import require_portfolio
from risk.storage.rollups import MINUTE_MS

#: Scored days by which the VaR is judged (the Basel window).
JUDGED_DAYS = 250


class Book(NamedTuple):
    """One portfolio.

    Attributes
    ----------
    name : str
    currency : str
        In which it is valued, as written after an amount.
    """

    name: str
    currency: str


class Pulse(NamedTuple):
    """The newest complete cycle, without its content: cheap to ask for.

    Attributes
    ----------
    cycle : int
    market : datetime
        The market's time of its snapshot. UTC.
    saved : datetime
        Wall time when it was saved. UTC.
    trading_state : str
        Name of the book's `TradingState` after it.
    """

    cycle: int
    market: datetime
    saved: datetime
    trading_state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteCycle:
    """One complete cycle.

    Attributes
    ----------
    pulse : Pulse
    assessment : Assessment
    state : RiskState
    """

    pulse: Pulse
    assessment: Assessment
    state: RiskState


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


class LedgerPart(NamedTuple):
    """Entries of a ledger.

    Attributes
    ----------
    entries : tuple of Fill or Flow
        Oldest first, in the order in which they were booked.
    seq : int
        The last one's number: ask with ``after=seq`` for those that come later.
    """

    entries: tuple[Fill | Flow, ...]
    seq: int


class DayCloses(NamedTuple):
    """Daily closes of a market, oldest first.

    Attributes
    ----------
    days_ms : ndarray of shape (n,), int64
        Opening of each day, milliseconds since 1970. UTC.
    assets : tuple of str
        Sorted.
    close : ndarray of shape (n, A)
        Quote currency; NaN where the asset has no bar.
    breaks : ndarray of shape (n, A), bool
        Whether the asset's series begins anew with this bar: it has no return.
    """

    days_ms: NDArray[np.int64]
    assets: tuple[str, ...]
    close: FloatArray
    breaks: NDArray[np.bool_]


class VarRecord(NamedTuple):
    """How the one-day 99 % VaR fared.

    Attributes
    ----------
    days : int
        Forecasts that were confronted with their day, the last 250 at most.
    exceptions : int
        Days whose loss went beyond the forecast.
    """

    days: int
    exceptions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedInfo:
    """Where the prices come from.

    Attributes
    ----------
    label : str
    simulated : bool
    seed : int or None
        Of a simulated market.
    """

    label: str
    simulated: bool
    seed: int | None = None


class SqlBookReader:
    """Answers the web's questions from the database.

    Parameters
    ----------
    engines : Engines
    feed : FeedInfo
        Where the prices of these books come from.
    cycle_seconds : float
        How often the engine means to complete a cycle.
    wall : callable
        Gives the wall time, UTC, by the clock of the engine.
    first : str
        The portfolio to show first.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        feed: FeedInfo,
        cycle_seconds: float,
        wall: Callable[[], datetime],
        first: str,
    ) -> None:
        self._reader = engines.reader
        self.feed = feed
        self.cycle_seconds = cycle_seconds
        self.wall = wall
        self._first = first

    def books(self) -> list[Book]:
        """All portfolios, the one to show first coming first."""
        names = tables.portfolio.c
        with transaction(self._reader) as connection:
            rows = connection.execute(select(names.name, names.currency).order_by(names.name))
            books = [Book(row.name, row.currency) for row in rows]
        return sorted(books, key=lambda book: book.name != self._first)

    def pulse(self, portfolio: str) -> Pulse | None:
        """The newest complete cycle; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        with transaction(self._reader) as connection:
            row = _newest(connection, portfolio, select(*_PULSE).select_from(_ITS_CYCLE))
        return None if row is None else _pulse(row)

    def latest(self, portfolio: str) -> CompleteCycle | None:
        """The newest complete cycle with its content; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        its_snapshot = _ITS_CYCLE.join(
            tables.snapshot,
            (tables.snapshot.c.portfolio == _STATE.portfolio)
            & (tables.snapshot.c.number == _STATE.number),
        )
        content = select(*_PULSE, _STATE.body, tables.snapshot.c.assessment).select_from(
            its_snapshot
        )
        with transaction(self._reader) as connection:
            row = _newest(connection, portfolio, content)
        if row is None:
            return None
        return CompleteCycle(
            pulse=_pulse(row),
            assessment=codec.decode_value(row.assessment, Assessment),
            state=codec.decode_value(row.body, RiskState),
        )

    def metric_history(
        self,
        portfolio: str,
        metric: str,
        *,
        since: datetime,
        until: datetime,
        max_points: int,
    ) -> MetricHistory:
        """A metric of the whole book over time, thinned to about `max_points`.

        Each point is the last number of its stretch, as it was measured, at the time when it
        was. Where the finest numbers wanted are gone or were never kept, coarser ones take
        their place.

        Parameters
        ----------
        portfolio, metric : str
        since, until : datetime
            In market time, both included.
        max_points : int
        """
        with transaction(self._reader) as connection:
            series = _series_of_book(connection, portfolio, metric)
            if series is None:
                return MetricHistory(np.empty(0, dtype=np.int64), np.empty(0))
            points = thinned_points(
                connection, series, tables.to_ms(since), tables.to_ms(until), max_points
            )
        return MetricHistory(
            np.array([point.ts_ms for point in points], dtype=np.int64),
            np.array([point.value for point in points], dtype=np.float64),
        )

    def recent_events(self, portfolio: str, *, since: datetime, limit: int) -> Sequence[RiskEvent]:
        """Journalled events from `since` on, newest first."""
        entry = tables.journal.c
        query = (
            select(entry.body)
            .where(entry.stream == portfolio, entry.at_ms >= tables.to_ms(since))
            .order_by(entry.at_ms.desc(), entry.seq.desc())
            .limit(limit)
        )
        with transaction(self._reader) as connection:
            bodies = connection.execute(query).scalars().all()
        return [codec.decode_event(body) for body in bodies]

    def forecasts_scored(
        self, portfolio: str, period: Period, *, last: int
    ) -> list[ForecastScored]:
        """The `last` forecasts that met their outcome, oldest first."""
        entry = tables.journal.c
        # Bodies are canonical, so that this text stands in exactly those of the period.
        of_period = entry.body.contains(f'"period":"{period.value}"', autoescape=True)
        query = (
            select(entry.body)
            .where(entry.stream == portfolio, entry.kind == ForecastScored.__name__, of_period)
            .order_by(entry.seq.desc())
            .limit(last)
        )
        with transaction(self._reader) as connection:
            bodies = connection.execute(query).scalars().all()
        events = [codec.decode_event(body) for body in reversed(bodies)]
        return [event for event in events if isinstance(event, ForecastScored)]

    def var_record(self, portfolio: str) -> VarRecord | None:
        """How the one-day 99 % VaR fared; None before the first scored day."""
        scored = self.forecasts_scored(portfolio, Period.DAY, last=JUDGED_DAYS)
        if not scored:
            return None
        return VarRecord(days=len(scored), exceptions=sum(day.exceeded_99 for day in scored))


# ---------------------------------------------------------------- cycles

_STATE = tables.risk_state.c
_CYCLE = tables.cycle.c
_PULSE = (_STATE.number, _STATE.at_ms, _STATE.wall_ms, _CYCLE.trading_state)
_ITS_CYCLE = tables.risk_state.join(
    tables.cycle, (_CYCLE.portfolio == _STATE.portfolio) & (_CYCLE.number == _STATE.number)
)


def _newest(connection: Connection, portfolio: str, query: Select[Any]) -> Row[Any] | None:
    row = connection.execute(query.where(_STATE.portfolio == portfolio)).first()
    if row is None:
        require_portfolio(connection, portfolio)
    return row


def _pulse(row: Row[Any]) -> Pulse:
    return Pulse(
        row.number, tables.from_ms(row.at_ms), tables.from_ms(row.wall_ms), row.trading_state
    )


# ---------------------------------------------------------------- numbers over time


class Point(NamedTuple):
    """One number as measured."""

    ts_ms: int
    value: float


class _Level(NamedTuple):
    """One table of numbers; `span_ms` is what one row stands for."""

    table: Table
    span_ms: int
    time: str
    value: str


_RAW = _Level(tables.metric_sample, 1, "ts_ms", "value")
_MINUTES = _Level(tables.metric_minute, MINUTE_MS, "last_ms", "last")
_HOURS = _Level(tables.metric_hour, HOUR_MS, "last_ms", "last")
_FINEST_FIRST = (_RAW, _MINUTES, _HOURS)


def thinned_points(
    connection: Connection, series: int, since_ms: int, until_ms: int, max_points: int
) -> list[Point]:
    """About `max_points` numbers of one series between two times, oldest first.

    The coarsest table that still yields that many is read; what is older than its oldest row
    comes from the coarser tables, what is newer than its newest row from the finer ones.
    """
    stretch_ms = max(1, -(-(until_ms - since_ms) // max_points))
    chosen = max(
        (place for place, level in enumerate(_FINEST_FIRST) if level.span_ms <= stretch_ms)
    )
    points = _read(connection, _FINEST_FIRST[chosen], series, since_ms, until_ms, stretch_ms)
    for coarser in _FINEST_FIRST[chosen + 1 :]:
        until = points[0].ts_ms - 1 if points else until_ms
        points = _read(connection, coarser, series, since_ms, until, stretch_ms) + points
    for finer in reversed(_FINEST_FIRST[:chosen]):
        since = points[-1].ts_ms + 1 if points else since_ms
        points = points + _read(connection, finer, series, since, until_ms, stretch_ms)
    return points


def _read(
    connection: Connection,
    level: _Level,
    series: int,
    since_ms: int,
    until_ms: int,
    stretch_ms: int,
) -> list[Point]:
    """The last number of each stretch."""
    row = level.table.c
    # Whole rows only: a stretch is as many spans as it takes.
    stretch_ms = -(-stretch_ms // level.span_ms) * level.span_ms
    within = (
        row.series_id == series,
        row.ts_ms > since_ms - level.span_ms,
        row.ts_ms <= until_ms,
        row[level.time] >= since_ms,
        row[level.time] <= until_ms,
    )
    newest = select(func.max(row.ts_ms)).where(*within).group_by(row.ts_ms // stretch_ms)
    points = select(row[level.time], row[level.value]).where(
        row.series_id == series, row.ts_ms.in_(newest.scalar_subquery())
    )
    return [Point(*found) for found in connection.execute(points.order_by(row.ts_ms))]


def _series_of_book(connection: Connection, portfolio: str, metric: str) -> int | None:
    key = tables.metric_series.c
    query = select(key.id).where(
        key.portfolio == portfolio, key.metric == metric, key.labels == NO_LABELS
    )
    return connection.execute(query).scalar()
