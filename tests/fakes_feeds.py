"""A feed that a test can steer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from risk.domain.market import Bar, BarClose, Mark, Period
from risk.domain.ports import MarketReading
from risk.feeds.days import DayBuilder

HISTORY_HOURS = 48


class FakeFeed:
    """Every asset costs what `price` says; hours and days close by themselves.

    Parameters
    ----------
    starts_at : datetime
        Where history ends; cut to the hour.
    assets : sequence of str
    """

    label = "fake"

    def __init__(self, starts_at: datetime, assets: Sequence[str] = ("BTC", "ETH")) -> None:
        self.starts_at = Period.HOUR.open_of(starts_at)
        self.assets = tuple(assets)
        self.price = dict.fromkeys(self.assets, 100.0)
        self._days = DayBuilder()
        self._next = self.starts_at - HISTORY_HOURS * Period.HOUR.span
        self._history = self._close_until(self.starts_at)

    def history(self, period: Period) -> list[BarClose]:
        return [close for close in self._history if close.period is period]

    def read(self, at: datetime) -> MarketReading:
        closes = self._close_until(at)
        marks = {asset: self._mark(asset, at) for asset in self.assets}
        return MarketReading(at=at, marks=marks, closes=tuple(closes))

    def _mark(self, asset: str, at: datetime) -> Mark:
        return Mark(asset=asset, price=self.price[asset], at=at)

    def _close_until(self, at: datetime) -> list[BarClose]:
        closes: list[BarClose] = []
        while self._next + timedelta(hours=1) <= at:
            bars = {asset: self._bar(asset) for asset in self.assets}
            hour = BarClose(period=Period.HOUR, opened=self._next, bars=bars)
            day, _ = self._days.add(hour)
            closes += [hour, day] if day and len(day.bars) else [hour]
            self._next += timedelta(hours=1)
        return closes

    def _bar(self, asset: str) -> Bar:
        price = self.price[asset]
        return Bar(
            asset=asset,
            period=Period.HOUR,
            opened=self._next,
            open=price,
            high=price,
            low=price,
            close=price,
            volume=1.0,
        )
