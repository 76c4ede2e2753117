"""Correlation spike: whether everything moves as one."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from risk.breakers.base import WINSOR_SIGMAS, Breaker, Sight
from risk.breakers.hours import remembered_hours
from risk.domain.breakers import BreakerUnit, Memory, Reading
from risk.domain.scopes import ScopeKind

#: Hours before an asset's own deviation is believed, and before a correlation is told.
LEAST_HOURS = 48
# Before a day was seen nobody knows what a deviation is.
_UNCAPPED_HOURS = 24.0


@dataclass(frozen=True, kw_only=True)
class CorrelationSpikeBreaker(Breaker):
    r"""Trips when the mean correlation of assets lies above `trip`.

    Each hour that closed gives each asset's return over its own deviation (half-life
    `normal_days`), capped at four deviations. With :math:`z` those of :math:`n` assets,

    .. math::

        \bar\rho = \frac{E[((\sum z)^2 - \sum z^2) / (n (n - 1))]}{E[\sum z^2 / n]}

    where :math:`E` weighs hours with a half-life of `half_life_hours`: the mean over all pairs,
    without a matrix, and assets may come and go. A price that stands still says nothing; one bad
    print lowers it. Unknown before 48 hours, and of fewer than two assets.

    The level is absolute: a rise against normal told no more of the day to come. Measured on eight
    coins by the hour, 2019 to 2022: in the highest 5 % of hours by either, 10 to 11 % of the next
    days lost over 8 %, against 3.4 % of all. Tripped above 0.85 and left at 0.80 it is shut for 9 %
    of hours, 7 times a year, and 7 % of days from those hours on lost so much, a fifth of all that
    did; above 0.88 and left at 0.83, 4 % of hours and a tenth. Quiet and wild years differ: 1 trip
    in 2019, 15 in 2021. It is a reason for less size, not to stop.

    Attributes
    ----------
    half_life_hours : float
        Half-life of what is recent; above 0.
    normal_days : float
        Half-life of an asset's own deviation; above 0.
    assets : tuple of str
        Which are looked at, two or more; empty for all that are watched.
    """

    kind: ClassVar = "correlation_spike"
    title: ClassVar = "Correlation spike"
    unit: ClassVar = BreakerUnit.CORRELATION
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)

    half_life_hours: float = 24.0
    normal_days: float = 10.0
    assets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("half_life_hours", "normal_days"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"needs {name} above 0, got {getattr(self, name)}")
        if len(self.assets) == 1:
            raise ValueError("needs two assets or more, or none for all that are watched")

    @property
    def rule(self) -> str:
        """See the base."""
        return f"mean correlation of hourly returns, half-life {self.half_life_hours:g} h"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        numbers = dict(memory.numbers) if memory is not None else self._begun(sight)
        for hour in sight.hours:
            self._take(numbers, hour.returns)
        return Memory(numbers), self._reading(numbers, sight)

    # --- filters ---------------------------------------------------------------------------

    def _begun(self, sight: Sight) -> dict[str, float]:
        numbers = {"hours": 0.0, "joint": 0.0, "own": 0.0}
        told = sight.hours[0].closed if sight.hours else None
        for hour in remembered_hours(sight.snapshot.models.hour, told):
            self._take(numbers, hour.returns)
        return numbers

    def _take(self, numbers: dict[str, float], returns: Mapping[str, float]) -> None:
        """One hour more."""
        known = {asset: moved for asset, moved in returns.items() if self._looks_at(asset)}
        scaled = list(_scaled(numbers, known))
        if len(scaled) > 1:
            self._mix(numbers, scaled)
        for asset, moved in known.items():
            self._learn(numbers, asset, moved)

    def _mix(self, numbers: dict[str, float], scaled: list[float]) -> None:
        numbers["hours"] += 1.0
        weight = max(1.0 - 2.0 ** (-1.0 / self.half_life_hours), 1.0 / numbers["hours"])
        count, squares = len(scaled), math.fsum(z * z for z in scaled)
        joint = (math.fsum(scaled) ** 2 - squares) / (count * (count - 1))
        numbers["joint"] += weight * (joint - numbers["joint"])
        numbers["own"] += weight * (squares / count - numbers["own"])

    def _learn(self, numbers: dict[str, float], asset: str, moved: float) -> None:
        """An asset's own variance, as a young one the plain mean."""
        seen = numbers.get(_seen(asset), 0.0) + 1.0
        variance = numbers.get(_variance(asset), 0.0)
        square = moved * moved
        if seen > _UNCAPPED_HOURS and variance > 0.0:
            square = min(square, WINSOR_SIGMAS**2 * variance)
        weight = max(1.0 - 2.0 ** (-1.0 / (24.0 * self.normal_days)), 1.0 / seen)
        numbers[_variance(asset)] = variance + weight * (square - variance)
        # Counted no further than it matters.
        numbers[_seen(asset)] = min(seen, 1e6)

    def _looks_at(self, asset: str) -> bool:
        return not self.assets or asset in self.assets

    # --- reading ---------------------------------------------------------------------------

    def _reading(self, numbers: Mapping[str, float], sight: Sight) -> Reading | None:
        if numbers["hours"] < LEAST_HOURS or not numbers["own"] > 0.0:
            return None
        value = numbers["joint"] / numbers["own"]
        watched = sorted(a for a in sight.marks if numbers.get(_seen(a), 0.0) >= LEAST_HOURS)
        return Reading(
            value,
            value,
            words=f"the mean correlation of {len(watched)} assets is {value:.2f}",
            inputs=tuple(watched),
        )


def _scaled(numbers: Mapping[str, float], returns: Mapping[str, float]) -> Iterator[float]:
    """Returns over their deviations, capped; of assets whose deviation is known."""
    for asset, moved in returns.items():
        variance = numbers.get(_variance(asset), 0.0)
        if numbers.get(_seen(asset), 0.0) >= LEAST_HOURS and variance > 0.0:
            yield max(-WINSOR_SIGMAS, min(WINSOR_SIGMAS, moved / math.sqrt(variance)))


def _variance(asset: str) -> str:
    return f"variance {asset}"


def _seen(asset: str) -> str:
    return f"hours {asset}"
