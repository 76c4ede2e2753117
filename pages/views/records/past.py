"""What was held on each of the last days, and how every VaR model would have forecast it.

Read and worked out once a market day, beside the requests.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pages.context import Book, BookReader, DayCloses, MetricHistory
from pages.later import Awaited
from pages.readings import Readings
from pages.views.records.scored import known_at
from risk.domain.ledger import Fill, Flow
from risk.domain.market import Period
from risk.domain.positions import PositionKey
from risk.measures.backtest import hits
from risk.measures.returns import simple_returns
from risk.measures.types import BoolArray, FloatArray
from risk.measures.var import VAR_MODELS, VarPath
from risk.portfolio.hindsight import hindsights, hypothetical_profit
from risk.portfolio.holdings import quantities_at

#: Days that models are compared over, as the traffic light is.
COMPARED_DAYS = 250
#: Days of prices before them that models may remember.
_REMEMBERED_DAYS = 2_500
#: From where the lowest of their fitted tails begins.
COMPARED_LEVELS = (0.90, 0.95, 0.975, 0.99)
#: The registered models that a screen can wait for.
COMPARED = tuple(name for name, model in VAR_MODELS.items() if not model.costly)
_DAY = timedelta(days=1)
_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class HeldDays:
    """What was held at the opening of each day, today's being the last, and how prices moved.

    Attributes
    ----------
    opened_ms : ndarray of shape (m,), int64
        Milliseconds since 1970.
    assets : tuple of str
    exposures : ndarray of shape (m, A)
        Quote currency at the opening; a day is all zero if the book was flat, or if an asset
        held had never had a price.
    returns : ndarray of shape (n, A)
        Of the days up to today, n >= m; NaN where unknown, as today's are.
    """

    opened_ms: NDArray[np.int64]
    assets: tuple[str, ...]
    exposures: FloatArray
    returns: FloatArray

    def row(self, opened_ms: int) -> int | None:
        """The row of a day; None if it is not among them."""
        row = int(np.searchsorted(self.opened_ms, opened_ms))
        return row if row < len(self.opened_ms) and self.opened_ms[row] == opened_ms else None

    def profits(self, row: int) -> dict[str, float]:
        """What each asset held brought on a day; those without a return that day left out."""
        moved = self.moves(row)
        return {
            asset: exposure * moved[asset]
            for asset, exposure in zip(self.assets, self.exposures[row].tolist(), strict=True)
            if exposure != 0.0 and asset in moved
        }

    def moves(self, row: int) -> dict[str, float]:
        """The return of each asset on a day, where it is known."""
        returns = self.returns[len(self.returns) - len(self.exposures) + row].tolist()
        return {a: r for a, r in zip(self.assets, returns, strict=True) if not math.isnan(r)}


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """How one model would have done on what was held.

    Attributes
    ----------
    name : str
        Its key in ``VAR_MODELS``.
    var, es : ndarray of shape (m, L)
        Of each held day, today's being the last, at ``COMPARED_LEVELS``; quote currency; NaN
        where nothing could be forecast.
    judged : ndarray of shape (m,), bool
        Days with a forecast and an outcome.
    exceeded : ndarray of shape (days, L), bool
        Of the days judged, which went beyond their forecast.
    """

    name: str
    var: FloatArray
    es: FloatArray
    judged: BoolArray
    exceeded: BoolArray

    @property
    def var_95(self) -> FloatArray:
        """Of each held day, at 95 %."""
        return self.var_at(0.95)

    @property
    def var_99(self) -> FloatArray:
        """Of each held day, at 99 %."""
        return self.var_at(0.99)

    def var_at(self, level: float) -> FloatArray:
        """Of each held day, at one of the levels compared."""
        return self.var[:, COMPARED_LEVELS.index(level)]

    def es_at(self, level: float) -> FloatArray:
        """Of each held day, at one of the levels compared."""
        return self.es[:, COMPARED_LEVELS.index(level)]

    def exceeded_at(self, level: float) -> BoolArray:
        """Of the days judged, at one of the levels compared."""
        return self.exceeded[:, COMPARED_LEVELS.index(level)]

    @property
    def days(self) -> int:
        """Days judged."""
        return len(self.exceeded)

    @property
    def hits_95(self) -> int:
        """Days whose loss went beyond 95 %."""
        return int(self.exceeded_at(0.95).sum())

    @property
    def hits_99(self) -> int:
        """Days whose loss went beyond 99 %."""
        return int(self.exceeded_at(0.99).sum())

    @property
    def today_99(self) -> float | None:
        """The 99 % VaR forecast for today; None if nothing could be forecast."""
        value = float(self.var_99[-1]) if len(self.var) else np.nan
        return None if np.isnan(value) else value


@dataclass(frozen=True)
class Hindsight:
    """The held days, and the record over them of each model in ``COMPARED``.

    Attributes
    ----------
    held : HeldDays
    losses : ndarray of shape (m,)
        Of each held day, quote currency; NaN where unknown, as today's is.
    models : mapping of name to ModelRecord
    """

    held: HeldDays
    losses: FloatArray
    models: Mapping[str, ModelRecord]

    def on_days(self, values: FloatArray, opened_ms: NDArray[np.int64]) -> FloatArray:
        """Values of the held days on the days that opened at `opened_ms`; NaN on others."""
        same_day = MetricHistory(self.held.opened_ms, values)
        return known_at(same_day, opened_ms, Period.HOUR.span)


def ask_hindsight(
    readings: Readings, book: Book, today: datetime, *, epoch: int
) -> Awaited[Hindsight]:
    """:func:`look_back`, worked out beside the requests and once for all screens.

    What failed is tried again once `epoch` has grown.
    """
    return readings.later.ask(
        ("var hindsight", book.name, today),
        lambda: look_back(readings.reader, book, today),
        epoch=epoch,
    )


def look_back(reader: BookReader, book: Book, today: datetime) -> Hindsight:
    """Everything of the days up to `today`, an opening."""
    entries = reader.ledger_entries(book.name).entries
    days = _days_of(entries, today)
    closes = reader.daily_closes(book.name, since=today - timedelta(days=_REMEMBERED_DAYS))
    quantities = quantities_at(entries, days)
    held = held_days(days, quantities, closes)
    losses = -hypothetical_profit(held.exposures, held.returns)
    return Hindsight(held, losses, model_records(COMPARED, held))


def _days_of(entries: Sequence[Fill | Flow], today: datetime) -> list[datetime]:
    """Openings from the book's first whole day on, today's included."""
    first = min((entry.at for entry in entries), default=today)
    count = min(COMPARED_DAYS, (today - first) // _DAY)
    return [today - days * _DAY for days in range(max(0, count), -1, -1)]


def held_days(
    days: Sequence[datetime],
    quantities: Sequence[Mapping[PositionKey, float]],
    closes: DayCloses,
) -> HeldDays:
    """The exposure at each opening, at the last close known then.

    Parameters
    ----------
    days : sequence of m datetime
        Openings, one a day, none left out.
    quantities : sequence of m mappings of PositionKey to float
        Units held at these moments.
    closes : DayCloses
    """
    opened_ms = np.array([int(day.timestamp() * 1000.0) for day in days], dtype=np.int64)
    close, breaks = _every_day(closes, int(opened_ms[-1]), len(days))
    returns = np.where(breaks[1:], np.nan, simple_returns(close))
    known = _last_known(close)
    exposures = np.zeros((len(days), len(closes.assets)))
    columns = {asset: column for column, asset in enumerate(closes.assets)}
    for row, held in enumerate(quantities):
        before = known[len(known) - len(days) + row - 1]
        exposures[row] = _exposure(held, before, columns)
    return HeldDays(opened_ms=opened_ms, assets=closes.assets, exposures=exposures, returns=returns)


def _exposure(
    held: Mapping[PositionKey, float], price: FloatArray, columns: Mapping[str, int]
) -> FloatArray:
    exposure = np.zeros(len(columns))
    for key, quantity in held.items():
        if key.asset not in columns or np.isnan(price[columns[key.asset]]):
            return np.zeros(len(columns))  # half a book would be judged as if it were all
        exposure[columns[key.asset]] += quantity * price[columns[key.asset]]
    return exposure


def _every_day(
    closes: DayCloses, today_ms: int, least: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Closes and breaks with a row for each day up to today, also for days without a bar."""
    known = closes.days_ms[closes.days_ms < today_ms]
    days_before = (today_ms - int(known[0])) // _DAY_MS if known.size else 0
    count = max(days_before, least) + 1
    close = np.full((count, len(closes.assets)), np.nan)
    breaks = np.zeros(close.shape, dtype=np.bool_)
    rows = count - 1 - (today_ms - known) // _DAY_MS
    close[rows], breaks[rows] = closes.close[: known.size], closes.breaks[: known.size]
    return close, breaks


def _last_known(close: FloatArray) -> FloatArray:
    """Each close, or the last one before it."""
    rows = np.where(np.isnan(close), 0, np.arange(len(close))[:, None])
    filled: FloatArray = np.take_along_axis(close, np.maximum.accumulate(rows, axis=0), axis=0)
    return filled


def model_records(names: Sequence[str], held: HeldDays) -> dict[str, ModelRecord]:
    """How each of these models would have done on the held days."""
    paths = hindsights(names, held.exposures, held.returns, COMPARED_LEVELS)
    losses = -hypothetical_profit(held.exposures, held.returns)
    return {name: _record(name, path, losses) for name, path in paths.items()}


def _record(name: str, path: VarPath, losses: FloatArray) -> ModelRecord:
    judged = path.forecast & ~np.isnan(losses)
    return ModelRecord(
        name=name,
        var=path.var,
        es=path.es,
        judged=judged,
        exceeded=hits(losses[judged], path.var[judged]),
    )
