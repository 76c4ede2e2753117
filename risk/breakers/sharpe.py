"""Sharpe floor: what was earned for the risk that was taken, over months."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from risk.breakers.base import Breaker, Sight
from risk.breakers.counting import who
from risk.breakers.drawdown import course_equity
from risk.domain.breakers import BreakerUnit, Memory, Reading, Timed
from risk.domain.market import Period
from risk.domain.scopes import ScopeKind
from risk.measures.returns import DAYS_PER_YEAR

#: Part of the window that must have been seen.
LEAST_PART = 2.0 / 3.0
# Under this a deviation of a day is what floats leave over, not risk.
_NO_RISK = 1e-12


class _Point(NamedTuple):
    """Where a course stands; values in one unit, whose size does not matter."""

    at: datetime
    day_start: float
    day_equity: float
    now: float
    equity: float


@dataclass(frozen=True, kw_only=True)
class SharpeBreaker(Breaker):
    """Trips when the annualised Sharpe ratio lies more than `trip` below zero.

    Of the daily returns, 00:00 to 00:00 UTC, of the last `days`: of the book with deposits and
    withdrawals taken out; of a strategy its profit before fees over the book's equity as the day
    began. The value is minus the ratio, so that 2 stands for a ratio of -2. The running day does
    not count. Unknown before two thirds of the window were seen, and where nothing moved.

    It is a slow control with a wide error: one standard error is √(365 / days), 2.0 over 90 days
    and 3.5 over 30. Of strategies with a true ratio of 1 some 4 % fall under -5 over 90 days within
    a year, and 90 % do so over 30 days, by luck alone (simulated, Student's t with 5 degrees). The
    pause ends by time, since a strategy that is shut earns nothing; from then on it measures anew.

    Attributes
    ----------
    days : float
        How long the window is: 5 to 1000.
    """

    kind: ClassVar = "sharpe"
    title: ClassVar = "Sharpe floor"
    unit: ClassVar = BreakerUnit.SHARPE
    part_names: ClassVar = ("Lost, a year", "Deviation, a year")
    scopes: ClassVar = (ScopeKind.STRATEGY, ScopeKind.PORTFOLIO)
    ends_by_time: ClassVar = True

    days: float = 90.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 5.0 <= self.days <= 1000.0:
            raise ValueError(f"needs days of 5 to 1000, got {self.days}")

    @property
    def rule(self) -> str:
        """See the base."""
        return f"minus the annualised Sharpe ratio of the daily returns of {self.days:g} days"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        point = self._point(sight)
        if point is None:
            return memory, None
        if memory is None:
            memory = _begun(point.at, point.day_start, point.day_equity)
        memory = self._after(memory, point, sight.snapshot.at)
        return memory, self._reading(memory)

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:
        """Measured from here on."""
        point = self._point(sight)
        return memory if point is None else _begun(point.at, point.now, point.equity)

    def _point(self, sight: Sight) -> _Point | None:
        if self.scope.kind is ScopeKind.STRATEGY:
            course = sight.courses.get(self.scope.name)
            if course is None:
                return None
            equity = course_equity(sight, course.day_equity)
            return _Point(course.at, course.day_start, course.day_equity, course.profit, equity)
        known = sight.performance
        if known is None:
            return None
        start, now = known.day_start.unit_value, known.unit_value
        return _Point(known.at, start, start, now, now)

    def _after(self, memory: Memory, point: _Point, at: datetime) -> Memory:
        """With the day that ended, if one did: a hole counts for the day after it."""
        since = at - timedelta(days=self.days)
        window = tuple(timed for timed in memory.window if timed.at > since)
        day = _day_of(point.at)
        if day <= memory.numbers["day"]:
            return memory._replace(window=window)
        begun = memory.numbers["equity"]
        if begun > 0.0:
            moved = (point.day_start - memory.numbers["start"]) / begun
            window = (*window, Timed(Period.DAY.open_of(point.at), moved))
        numbers = _begun(point.at, point.day_start, point.day_equity).numbers
        return Memory(numbers, window)

    def _reading(self, memory: Memory) -> Reading | None:
        returns = [timed.value for timed in memory.window]
        count = len(returns)
        if count < max(2.0, math.ceil(LEAST_PART * self.days)):
            return None
        mean = math.fsum(returns) / count
        variance = math.fsum((each - mean) ** 2 for each in returns) / (count - 1)
        if variance <= _NO_RISK**2:
            return None
        lost = -mean * DAYS_PER_YEAR
        deviation = math.sqrt(variance * DAYS_PER_YEAR)
        value = lost / deviation
        words = (
            f"{who(self.scope)} had a Sharpe ratio of {_signed(-value)} over its last {count} days"
        )
        return Reading(value, value, numerator=lost, denominator=deviation, words=words)


def _begun(at: datetime, start: float, equity: float) -> Memory:
    return Memory({"day": _day_of(at), "start": start, "equity": equity})


def _day_of(at: datetime) -> float:
    return float(Period.DAY.open_of(at).toordinal())


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
