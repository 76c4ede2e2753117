"""Which days were calm and which were crashes, by the market's own returns and nothing else.

What counts as the market is the mean simple return of all assets that had one, as breakers see it,
or one asset's own. A day's *sigma* is the root of 24 times the average of squared hourly returns,
with a half-life of 60 days, as it was known 24 hours before. A day is *calm* if no 24-hour return
that ends in it lies beyond two sigmas on either side, and a *crash day* if the worst one is a loss
of three or more. Moments of crash less than a day apart are one *crash*: it falls from the
highest level in the 24 hours before the first of them to the lowest one up to the last.
A moment at 00:00 UTC belongs to the day that it ends.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.market import BarClose, Period
from risk.measures.types import FloatArray

#: What one day's return must stay within to be called calm, and what a crash loses.
CALM_SIGMAS, CRASH_SIGMAS = 2.0, 3.0
HALF_LIFE_DAYS = 60.0
#: How much of a history only teaches what is normal.
LEARNING = timedelta(days=60)

_DAY_SECONDS = 86_400
#: Days of returns without which nobody knows what a sigma is.
_LEAST_DAYS = 10


class Moves(NamedTuple):
    """Returns of a market on a grid of bars; NaN where it had none.

    Attributes
    ----------
    first : int
        Seconds since 1970 at which the first bar closed.
    seconds : int
        Length of a bar.
    returns : ndarray of shape (n_bars,)
    """

    first: int
    seconds: int
    returns: FloatArray

    @property
    def per_day(self) -> int:
        """Bars of a day."""
        return _DAY_SECONDS // self.seconds

    def place(self, at: int) -> int:
        """Number of the last bar that has closed at a time."""
        return min(max(0, (at - self.first) // self.seconds), self.returns.size - 1)

    def time(self, place: int) -> int:
        """When a bar closed."""
        return self.first + place * self.seconds


class Crash(NamedTuple):
    """One fall.

    Attributes
    ----------
    high, low, last : int
        Seconds since 1970: when it began to fall, was lowest, and was last a moment of crash.
    fall : float
        From high to low, a fraction.
    """

    high: int
    low: int
    last: int
    fall: float


class Days(NamedTuple):
    """A market's days, numbered since 1970.

    Attributes
    ----------
    judged, calm, crash : frozenset of int
        Those of which anything can be said, and the two kinds.
    crashes : tuple of Crash
    moves : Moves
    level : ndarray of shape (n_bars,)
        Of the market, 1 before the first bar.
    """

    judged: frozenset[int]
    calm: frozenset[int]
    crash: frozenset[int]
    crashes: tuple[Crash, ...]
    moves: Moves
    level: FloatArray


def day_of(at: int) -> int:
    """Number of the day that a moment belongs to; midnight to the day that it ends."""
    return (at - 1) // _DAY_SECONDS


class MovesSeen:
    """Gathers returns of the whole market and of each asset from closes, oldest first."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._times: list[int] = []
        self._returns: list[dict[str, float]] = []
        self._period = Period.DAY

    def see(self, closes: Sequence[BarClose]) -> None:
        """Take what closed at one moment; of hours and the day made of them the hours count."""
        hours = [close for close in closes if close.period is Period.HOUR]
        for close in hours or closes:
            self._period = close.period
            self._times.append(round(close.closed.timestamp()))
            self._returns.append(
                {
                    asset: bar.close / self._last[asset] - 1.0
                    for asset, bar in close.bars.items()
                    if asset in self._last and asset not in close.breaks
                }
            )
            self._last.update({asset: bar.close for asset, bar in close.bars.items()})

    def whole(self) -> Moves:
        """Of the market: every asset weighs the same."""
        return self._on_grid([_mean(returns) for returns in self._returns])

    def of(self, asset: str) -> Moves:
        """Of one asset."""
        return self._on_grid([returns.get(asset, np.nan) for returns in self._returns])

    def _on_grid(self, returns: Sequence[float]) -> Moves:
        seconds = round(self._period.span.total_seconds())
        if not self._times:
            return Moves(0, seconds, np.empty(0))
        places = (np.array(self._times) - self._times[0]) // seconds
        grid = np.full(int(places[-1]) + 1, np.nan)
        grid[places] = returns
        return Moves(self._times[0], seconds, grid)


def _mean(returns: dict[str, float]) -> float:
    return sum(returns[asset] for asset in sorted(returns)) / len(returns) if returns else np.nan


def days_of(moves: Moves, begin: datetime, end: datetime) -> Days:
    """Calm days, crash days and crashes of a market.

    Parameters
    ----------
    moves : Moves
    begin, end : datetime
        Only days between are judged; what lies before teaches what is normal. UTC.
    """
    level = np.exp(np.cumsum(np.log1p(np.nan_to_num(moves.returns))))
    scores = _scores(moves)
    times = moves.first + moves.seconds * np.arange(scores.size)
    inside = (times > begin.timestamp()) & (times <= end.timestamp()) & np.isfinite(scores)
    days = (times - 1) // _DAY_SECONDS
    judged = _set(days[inside])
    wild = _set(days[inside & (np.abs(scores) > CALM_SIGMAS)])
    crashing = inside & (scores <= -CRASH_SIGMAS)
    return Days(
        judged=judged,
        calm=judged - wild,
        crash=_set(days[crashing]),
        crashes=tuple(_crashes(moves, level, np.flatnonzero(crashing))),
        moves=moves,
        level=level,
    )


def _set(days: NDArray[np.int64]) -> frozenset[int]:
    return frozenset(days.tolist())


def _scores(moves: Moves) -> FloatArray:
    """Returns of the last 24 hours in sigmas known 24 hours before; NaN where unknown."""
    per_day = moves.per_day
    sigma = np.sqrt(per_day * _average_squares(moves))
    known = np.concatenate(([0], np.cumsum(np.isfinite(moves.returns))))
    logs = np.concatenate(([0.0], np.cumsum(np.log1p(np.nan_to_num(moves.returns)))))
    scores = np.full(moves.returns.size, np.nan)
    for place in range(per_day, scores.size):
        before, since = place - per_day, place + 1 - per_day
        # A day without a single return moved nothing that anybody could see.
        if known[place + 1] > known[since] and sigma[before] > 0.0:
            scores[place] = np.expm1(logs[place + 1] - logs[since]) / sigma[before]
    return scores


def _average_squares(moves: Moves) -> FloatArray:
    """After each bar, with its own return in it; NaN until enough has been seen."""
    weight = 1.0 - 2.0 ** (-1.0 / (HALF_LIFE_DAYS * moves.per_day))
    averages = np.full(moves.returns.size, np.nan)
    average, seen = 0.0, 0
    for place, moved in enumerate(moves.returns.tolist()):
        if not math.isnan(moved):
            seen += 1
            average += max(weight, 1.0 / seen) * (moved**2 - average)
        if seen >= _LEAST_DAYS * moves.per_day:
            averages[place] = average
    return averages


def _crashes(moves: Moves, level: FloatArray, places: NDArray[np.int64]) -> Iterable[Crash]:
    apart = np.flatnonzero(np.diff(places) >= moves.per_day) + 1
    for run in np.split(places, apart):
        if not run.size:
            continue
        first, last = int(run[0]), int(run[-1])
        since = max(0, first - moves.per_day)
        high = since + int(np.argmax(level[since : first + 1]))
        low = high + int(np.argmin(level[high : last + 1]))
        fall = 1.0 - float(level[low] / level[high])
        yield Crash(moves.time(high), moves.time(low), moves.time(last), fall)
