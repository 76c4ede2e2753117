"""Prices: bars by market, period and time.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, select

from risk.domain.market import Bar, BarClose, Period
from risk.storage import bulk
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.tables import bar, from_ms, to_ms

#: The market of prices that people brought; each simulated one has a name of its own.
REAL_MARKET = "real"
#: The feed that makes its prices up, from a seed.
SIMULATED = "simulated"

_COLUMNS = (
    "market",
    "period",
    "opened_ms",
    "asset",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "breaks",
)


class DayRow(NamedTuple):
    """One asset's daily close."""

    opened_ms: int
    asset: str
    close: float
    breaks: bool


def market_of(facts: Mapping[str, Any]) -> str:
    """Whose prices a portfolio lives with, by what was noted at its first start."""
    simulated = facts.get("feed") == SIMULATED
    return f"{SIMULATED}-{facts['seed']}" if simulated else REAL_MARKET


def rows_of_close(market: str, close: BarClose) -> list[bulk.Row]:
    """Rows of all bars of one moment."""
    return [_row(market, one, breaks=asset in close.breaks) for asset, one in close.bars.items()]


def _row(market: str, one: Bar, *, breaks: bool) -> bulk.Row:
    prices = (one.open, one.high, one.low, one.close, one.volume)
    return (market, one.period.value, to_ms(one.opened), one.asset, *prices, breaks)


def keep_rows(connection: Connection, rows: Sequence[bulk.Row]) -> int:
    """Keep bars; those already kept are left alone. Returns how many were new."""
    return insert_rows(connection, bar, _COLUMNS, rows, on_conflict=OnConflict.KEEP)


def read_closes(
    connection: Connection,
    market: str,
    period: Period,
    *,
    assets: Sequence[str] | None,
    last: int | None,
) -> list[BarClose]:
    """Kept bars, oldest first; the `last` closes only, if given."""
    wanted = select(bar).where(bar.c.market == market, bar.c.period == period.value)
    if assets is not None:
        wanted = wanted.where(bar.c.asset.in_(assets))
    if last is not None:
        wanted = _only_last(wanted, last)
    rows = connection.execute(wanted.order_by(bar.c.opened_ms, bar.c.asset))
    return [
        _close(period, opened_ms, list(together))
        for opened_ms, together in groupby(rows, key=lambda row: row.opened_ms)
    ]


def day_rows(
    connection: Connection, market: str, *, since: datetime, assets: Sequence[str] | None
) -> list[DayRow]:
    """Daily closes of days that opened at `since` or later, in no order."""
    wanted = select(bar.c.opened_ms, bar.c.asset, bar.c.close, bar.c.breaks).where(
        bar.c.market == market,
        bar.c.period == Period.DAY.value,
        bar.c.opened_ms >= to_ms(since),
    )
    if assets is not None:
        wanted = wanted.where(bar.c.asset.in_(assets))
    return [DayRow(*row) for row in connection.execute(wanted)]


def _only_last(wanted: Select[tuple[object, ...]], last: int) -> Select[tuple[object, ...]]:
    moments = (
        wanted.with_only_columns(bar.c.opened_ms)
        .distinct()
        .order_by(bar.c.opened_ms.desc())
        .limit(last)
    )
    return wanted.where(bar.c.opened_ms.in_(moments.scalar_subquery()))


def _close(period: Period, opened_ms: int, rows: list[Row[tuple[object, ...]]]) -> BarClose:
    opened = from_ms(opened_ms)
    bars = {
        row.asset: Bar(
            asset=row.asset,
            period=period,
            opened=opened,
            open=row.open,
            high=row.high,
            low=row.low,
            close=row.close,
            volume=row.volume,
        )
        for row in rows
    }
    breaks = frozenset(row.asset for row in rows if row.breaks)
    return BarClose(period=period, opened=opened, bars=bars, breaks=breaks)
