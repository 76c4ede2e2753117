"""Market volatility: how wild the last hours were against what is normal."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import ClassVar

from risk.breakers.base import WINSOR_SIGMAS, WORST_RATIO, Breaker, Sight
from risk.breakers.hours import remembered_hours
from risk.domain.breakers import BreakerUnit, HourReturns, Memory, Reading, Timed
from risk.domain.scopes import ScopeKind
from risk.measures.returns import HOURS_PER_YEAR

#: Hours that must have been seen before anything is called normal: ten days.
LEAST_HOURS = 240
#: How far from the median of all assets one asset's hour counts at the most: a bad close of one
#: is no move of the market.
MOST_APART = 0.20
#: Hours over which a fall is reckoned.
FALL_HOURS = 24
#: One hour counts for at most so many deviations in what is normal.
NORMAL_WINSOR = 10.0
# Before a day was seen nobody knows what a deviation is.
_UNCAPPED_HOURS = 24.0


@dataclass(frozen=True, kw_only=True)
class MarketVolatilityBreaker(Breaker):
    """Trips when volatility is more than `trip` times normal, and the market falls, if asked.

    Recent variance is an average of hourly squared returns with a half-life of `half_life_hours`,
    each capped at four normal deviations, so that one bad print trips nothing; normal is the same
    with a half-life of `normal_days`. Of the portfolio it is the mean return of all watched assets,
    each weighing the same and none counting further than 20 points from their median; of an asset
    its own. The running hour counts as if it closed now, where
    that makes things worse. With `fall_sigmas` above 0 the market must also have fallen by more
    than so many normal daily deviations within 24 hours. It eases by the average with a half-life
    of `easing_hours`. A thousand times normal is the most that is told. Unknown before ten days of
    hours were seen, and where nothing ever moved.

    Attributes
    ----------
    half_life_hours : float
        Half-life of what is recent; above 0.
    easing_hours : float
        Half-life of what it eases by; above 0.
    normal_days : float
        Half-life of what is normal; above 0.
    fall_sigmas : float
        How many normal daily deviations the market must have fallen by too; 0 for none.
    """

    kind: ClassVar = "market_volatility"
    title: ClassVar = "Market volatility"
    unit: ClassVar = BreakerUnit.RATIO
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.ASSET)
    needs: ClassVar = f"{LEAST_HOURS} hours of prices"
    parts: ClassVar = "fraction"
    part_names: ClassVar = ("Volatility now, a year", "Normal, a year")

    half_life_hours: float = 6.0
    easing_hours: float = 6.0
    normal_days: float = 60.0
    fall_sigmas: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("half_life_hours", "easing_hours", "normal_days"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"needs {name} above 0, got {getattr(self, name)}")
        if self.fall_sigmas < 0.0:
            raise ValueError(f"needs fall_sigmas of 0 or more, got {self.fall_sigmas}")

    @property
    def rule(self) -> str:
        """See the base."""
        fall = f", with a fall of {self.fall_sigmas:g} daily deviations" if self.fall_sigmas else ""
        return (
            f"volatility, half-life {self.half_life_hours:g} h, over normal, "
            f"half-life {self.normal_days:g} days{fall}"
        )

    @property
    def eases_by(self) -> str:
        """See the base."""
        if self.easing_hours == self.half_life_hours:
            return ""
        return f"its average with a half-life of {self.easing_hours:g} h"

    @property
    def asks_besides(self) -> str:
        """See the base."""
        if not self.fall_sigmas:
            return ""
        return f"a fall of {self.fall_sigmas:g} daily deviations within a day"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        if memory is None:
            memory = self._begun(sight)
        for hour in sight.hours:
            moved = self._market(hour.returns)
            if moved is not None:
                memory = self._after(memory, hour, moved)
        if memory.numbers.get("hours", 0.0) < LEAST_HOURS or not memory.numbers["normal"] > 0.0:
            return memory, None
        return memory, self._reading(memory, sight)

    # --- filters ---------------------------------------------------------------------------

    def _begun(self, sight: Sight) -> Memory:
        """What would be remembered had it watched the hours that the models remember."""
        memory = Memory()
        told = sight.hours[0].closed if sight.hours else None
        for hour in remembered_hours(sight.snapshot.models.hour, told):
            moved = self._market(hour.returns)
            if moved is not None:
                memory = self._after(memory, hour, moved)
        return memory

    def _after(self, memory: Memory, hour: HourReturns, moved: float) -> Memory:
        """The filters after one hour."""
        numbers = memory.numbers
        if not numbers:
            square = moved**2
            numbers = {"recent": square, "easing": square, "normal": square, "hours": 1.0}
            return Memory(numbers, (Timed(hour.closed, moved),))
        normal, hours = numbers["normal"], numbers["hours"] + 1.0
        numbers = {
            "recent": _averaged(numbers["recent"], moved, normal, self.half_life_hours, hours),
            "easing": _averaged(numbers["easing"], moved, normal, self.easing_hours, hours),
            "normal": _averaged(
                normal, moved, normal, 24.0 * self.normal_days, hours, NORMAL_WINSOR
            ),
            "hours": hours,
        }
        since = hour.closed - timedelta(hours=FALL_HOURS)
        kept = tuple(timed for timed in memory.window if timed.at > since)
        return Memory(numbers, (*kept, Timed(hour.closed, moved)))

    def _market(self, returns: Mapping[str, float]) -> float | None:
        """The return of what is watched; None where it had none."""
        if self.scope.kind is ScopeKind.ASSET:
            return returns.get(self.scope.name)
        return _mean_near_the_middle(returns.values()) if returns else None

    # --- reading ---------------------------------------------------------------------------

    def _reading(self, memory: Memory, sight: Sight) -> Reading:
        numbers, running = memory.numbers, self._market(sight.running)
        normal, hours = numbers["normal"], numbers["hours"]
        recent = numbers["recent"]
        if running is not None:
            # As if the hour closed now, unless the calm of a young hour would lower it.
            recent = max(recent, _averaged(recent, running, normal, self.half_life_hours, hours))
        fallen = _fall(memory.window, running, sight.snapshot.at)
        value = _times(recent, normal)
        return Reading(
            value=value,
            easing=_times(numbers["easing"], normal),
            holds=not self.fall_sigmas or fallen > self.fall_sigmas * math.sqrt(24.0 * normal),
            numerator=_yearly(recent),
            denominator=_yearly(normal),
            words=f"volatility is {value:.2f} times normal" + _in_words(fallen, self.fall_sigmas),
            inputs=tuple(sorted(self._watched(sight))),
        )

    def _watched(self, sight: Sight) -> Iterable[str]:
        return (self.scope.name,) if self.scope.kind is ScopeKind.ASSET else sight.marks


def _mean_near_the_middle(returns: Collection[float]) -> float:
    """The mean, where whatever lies far from the median counts as no further than `MOST_APART`.

    Exactly rounded, so that the order of assets does not matter.
    """
    middle = median(returns)
    least, most = middle - MOST_APART, middle + MOST_APART
    return math.fsum(min(most, max(least, each)) for each in returns) / len(returns)


def _averaged(
    before: float,
    moved: float,
    normal: float,
    half_life: float,
    hours: float,
    winsor: float = WINSOR_SIGMAS,
) -> float:
    """An average of squared returns after one more; it counts for `winsor` deviations at most."""
    square = moved**2
    if hours > _UNCAPPED_HOURS:
        square = min(square, winsor**2 * normal)
    # A young average is the plain mean, and not a memory of its first hour.
    weight: float = max(1.0 - 2.0 ** (-1.0 / half_life), 1.0 / hours)
    return before + weight * (square - before)


def _fall(window: Iterable[Timed], running: float | None, at: datetime) -> float:
    """How much was lost in the last 24 hours, a fraction; negative for a gain."""
    since = at - timedelta(hours=FALL_HOURS)
    kept = math.prod(1.0 + timed.value for timed in window if timed.at > since)
    return 1.0 - kept * (1.0 if running is None else 1.0 + running)


def _times(variance: float, normal: float) -> float:
    """How many times its normal deviation a variance is, ``WORST_RATIO`` at the most."""
    return WORST_RATIO if variance >= WORST_RATIO**2 * normal else math.sqrt(variance / normal)


def _yearly(variance: float) -> float:
    return math.sqrt(variance * HOURS_PER_YEAR)


def _in_words(fallen: float, asked: float) -> str:
    return f" and the market lost {100.0 * fallen:.1f} % in 24 hours" if asked else ""
