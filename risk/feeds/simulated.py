"""The simulated market as a feed: the same seed and origin, the same market, for ever.

Every hour is a function of seed and origin alone: asking late, early, twice or after a restart
changes nothing. Not here: the law the prices follow (`market_model`), and how fast time
passes (`clock`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from risk.domain.market import Bar, BarClose, Mark, Period
from risk.domain.ports import MarketReading
from risk.errors import FeedUnavailable
from risk.feeds.market_model import (
    BLOCK_HOURS,
    COINS,
    START,
    MarketBlock,
    generate_block,
    path_within_hour,
)
from risk.measures.returns import HOURS_PER_YEAR
from risk.measures.types import FloatArray

HISTORY_DAYS = 1000
HISTORY_HOURS = 4500
#: Older still, so that a book can be led through its past with a full history behind it.
_DAYS_BEFORE_HISTORY = 190

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MOST_SPREAD_FACTOR = 5.0


class _Hour(NamedTuple):
    """One hour of all coins; arrays of shape (A,), prices in quote currency."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    turnover: FloatArray


class SimulatedMarket:
    """Prices of the simulated coins at any moment since the market began.

    Hours are numbered from the beginning, which is a midnight.

    Parameters
    ----------
    seed : int
        Not negative.
    origin : datetime
        When each coin costs what `COINS` says; cut to the hour. UTC.
    """

    def __init__(self, *, seed: int, origin: datetime) -> None:
        if origin.utcoffset() is None:
            raise ValueError(f"a market's origin needs a timezone: {origin!r}")
        self._seed = seed
        self.origin = Period.HOUR.open_of(origin)
        self.begins = Period.DAY.open_of(origin) - (HISTORY_DAYS + _DAYS_BEFORE_HISTORY) * _DAY
        self._blocks: list[MarketBlock] = []
        self._ends: list[FloatArray] = []
        self._state = START
        self._origin_hour = self.hour_at(self.origin)
        self._seconds: tuple[int, FloatArray] | None = None
        self._level = self._anchored_level()

    def hour_at(self, moment: datetime) -> int:
        """Number of the hour that `moment` falls into."""
        return (moment - self.begins) // _HOUR

    def opening(self, hour: int) -> datetime:
        """When an hour begins. UTC."""
        return self.begins + hour * _HOUR

    def prices(self, moment: datetime) -> FloatArray:
        """Price of each coin, shape (A,); constant within a second."""
        hour = self.hour_at(moment)
        second = int((moment - self.opening(hour)).total_seconds())
        if second == 0:
            return self._closes(hour - 1)
        return np.asarray(self._closes(hour - 1) * np.exp(self._path(hour)[:, second]))

    def marks(self, moment: datetime) -> dict[str, Mark]:
        """Trusted marks with quotes and the turnover of the last 24 whole hours."""
        hour = self.hour_at(moment)
        prices = self.prices(moment)
        halves = self._half_spreads(hour)
        volumes = self._turnover_of_last_day(hour)
        return {
            coin.asset: Mark(
                asset=coin.asset,
                price=float(price),
                at=moment,
                bid=float(price * (1.0 - half)),
                ask=float(price * (1.0 + half)),
                volume=float(volume),
            )
            for coin, price, half, volume in zip(COINS, prices, halves, volumes, strict=True)
        }

    def closes(self, after: datetime, until: datetime) -> Iterator[BarClose]:
        """Bars closed in (`after`, `until`], oldest first; an hour before the day it ends."""
        for hour in range(self.hour_at(after), self.hour_at(until)):
            yield self.hour_close(hour)
            if (hour + 1) % 24 == 0:
                yield self.day_close(hour // 24)

    def hour_close(self, hour: int) -> BarClose:
        """All coins' bars of one hour."""
        return _bar_close(Period.HOUR, self.opening(hour), [self._hour(hour)])

    def day_close(self, day: int) -> BarClose:
        """All coins' bars of one day, counted from the beginning."""
        hours = [self._hour(hour) for hour in range(24 * day, 24 * day + 24)]
        return _bar_close(Period.DAY, self.opening(24 * day), hours)

    def _anchored_level(self) -> FloatArray:
        prices = np.array([coin.price for coin in COINS])
        return np.asarray(np.log(prices) - self._log_growth(self._origin_hour - 1))

    def _block(self, hour: int) -> tuple[MarketBlock, int]:
        number, row = divmod(hour, BLOCK_HOURS)
        while len(self._blocks) <= number:
            block, self._state = generate_block(self._seed, len(self._blocks), self._state)
            before = self._ends[-1][-1] if self._ends else np.zeros(len(COINS))
            self._blocks.append(block)
            self._ends.append(before + np.cumsum(block.log_returns, axis=0))
        return self._blocks[number], row

    def _log_growth(self, hour: int) -> FloatArray:
        if hour < 0:
            return np.zeros(len(COINS))
        _, row = self._block(hour)
        return np.asarray(self._ends[hour // BLOCK_HOURS][row])

    def _closes(self, hour: int) -> FloatArray:
        return np.asarray(np.exp(self._level + self._log_growth(hour)))

    def _path(self, hour: int) -> FloatArray:
        if self._seconds is None or self._seconds[0] != hour:
            block, row = self._block(hour)
            path = path_within_hour(self._seed, hour, block.log_returns[row], block.deviation[row])
            self._seconds = (hour, path)
        return self._seconds[1]

    def _hour(self, hour: int) -> _Hour:
        block, row = self._block(hour)
        opened, closed = self._closes(hour - 1), self._closes(hour)
        rise, fall = self._extremes(hour)
        return _Hour(
            open=opened,
            high=np.maximum(opened * np.exp(rise), np.maximum(opened, closed)),
            low=np.minimum(opened * np.exp(fall), np.minimum(opened, closed)),
            close=closed,
            turnover=block.turnover[row],
        )

    def _extremes(self, hour: int) -> tuple[FloatArray, FloatArray]:
        # From the origin on, marks were shown second by second and the bar must agree with
        # them; before it there was no such path, and drawing one for each hour costs seconds.
        if hour >= self._origin_hour:
            path = self._path(hour)
            return path.max(axis=1), path.min(axis=1)
        block, row = self._block(hour)
        return block.rise[row], block.fall[row]

    def _half_spreads(self, hour: int) -> FloatArray:
        block, row = self._block(hour)
        volatility = block.deviation[row] * np.sqrt(HOURS_PER_YEAR)
        return np.asarray(
            [coin.half_spread for coin in COINS] * np.clip(volatility, 0.5, _MOST_SPREAD_FACTOR)
        )

    def _turnover_of_last_day(self, hour: int) -> FloatArray:
        total = np.zeros(len(COINS))
        for past in range(max(0, hour - 24), hour):
            block, row = self._block(past)
            total += block.turnover[row]
        return total


def _bar_close(period: Period, opened: datetime, hours: list[_Hour]) -> BarClose:
    first, last = hours[0].open.tolist(), hours[-1].close.tolist()
    high = np.max([hour.high for hour in hours], axis=0).tolist()
    low = np.min([hour.low for hour in hours], axis=0).tolist()
    units = np.sum([hour.turnover / hour.close for hour in hours], axis=0).tolist()
    bars = {
        coin.asset: Bar(
            asset=coin.asset,
            period=period,
            opened=opened,
            open=first[i],
            high=high[i],
            low=low[i],
            close=last[i],
            volume=units[i],
        )
        for i, coin in enumerate(COINS)
    }
    return BarClose(period=period, opened=opened, bars=bars)


class SimulatedFeed:
    """A market that exists only here, for trying things out; always labelled as such.

    Parameters
    ----------
    seed : int
    origin : datetime
        Together they name the market: the same two, the same prices at the same times. UTC.
    since : datetime, optional
        Where reading goes on: the time of the last reading before a restart, or a moment up
        to `HISTORY_HOURS` before the origin to lead a book through the past. The origin if absent.
    """

    label = "simulated"

    def __init__(self, *, seed: int, origin: datetime, since: datetime | None = None) -> None:
        self._market = SimulatedMarket(seed=seed, origin=origin)
        #: Where history ends and readings begin. UTC.
        self.starts_at = self._market.origin if since is None else since
        self._read_until = self.starts_at
        self._refuse_before_the_beginning(self.starts_at)

    @property
    def assets(self) -> tuple[str, ...]:
        """The simulated coins."""
        return tuple(coin.asset for coin in COINS)

    def history(self, period: Period) -> list[BarClose]:
        """The last 4,500 hours or 1,000 days that closed before the first reading."""
        last = self._market.hour_at(self.starts_at)
        if period is Period.DAY:
            days = range(max(0, last // 24 - HISTORY_DAYS), last // 24)
            return [self._market.day_close(day) for day in days]
        hours = range(max(0, last - HISTORY_HOURS), last)
        return [self._market.hour_close(hour) for hour in hours]

    def read(self, at: datetime) -> MarketReading:
        """Marks at `at`, and every bar that closed since the last reading.

        Raises
        ------
        FeedUnavailable
            If `at` lies before the market began.
        """
        self._refuse_before_the_beginning(at)
        closes = tuple(self._market.closes(self._read_until, at))
        self._read_until = max(self._read_until, at)
        return MarketReading(at=at, marks=self._market.marks(at), closes=closes)

    def _refuse_before_the_beginning(self, moment: datetime) -> None:
        if moment < self._market.begins:
            raise FeedUnavailable(
                f"the simulated market began at {self._market.begins:%Y-%m-%d %H:%M} UTC and has "
                f"no prices at {moment:%Y-%m-%d %H:%M}"
            )
