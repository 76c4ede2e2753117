"""Data quality: how much of what is watched cannot be believed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from risk.breakers.base import Breaker, Sight
from risk.breakers.counting import cycle_of
from risk.domain.breakers import BreakerUnit, Memory, Reading
from risk.domain.market import DataFault, FaultKind
from risk.domain.scopes import ScopeKind

#: What a live feed tells wrongly; gaps in what it told long ago are no reason to stop now.
COUNTED = frozenset(
    {
        FaultKind.NOT_A_NUMBER,
        FaultKind.NOT_POSITIVE,
        FaultKind.OUTLIER,
        FaultKind.INCONSISTENT_BAR,
        FaultKind.OUT_OF_ORDER,
        FaultKind.MISSING_BAR,
    }
)
# How long ago a fault may be to be told as news.
_NEWS = timedelta(hours=1)
#: What nobody holds and what had no trusted mark for so long is not watched any more: it is not
#: listed yet, or not any more.
FORGOTTEN_AFTER = timedelta(days=7)
# Under this nothing is left of faults of before.
_FORGOTTEN = 0.01


@dataclass(frozen=True, kw_only=True)
class DataQualityBreaker(Breaker):
    """Trips when more than `trip` of the watched assets are in doubt.

    In doubt is one whose mark has not been trusted for `minutes` without a break, and one of which
    more than `faults` faults of the feed were found lately; of a fault half is forgotten each hour.
    Fewer than `least_marks` in doubt never trip it: an asset whose mark is doubted is shut by
    itself, and stops no book. The value is a share of all that is watched, which is what is held,
    and what had a trusted mark within a week; where nothing is, it is unknown.

    Attributes
    ----------
    minutes : float
        How long a mark must have been doubted; 0 or more.
    faults : float
        How many faults of late are no doubt yet; 0 or more.
    least_marks : float
        How many assets in doubt it takes at the least; 2 or more.
    """

    kind: ClassVar = "data_quality"
    title: ClassVar = "Data quality"
    unit: ClassVar = BreakerUnit.FRACTION
    part_names: ClassVar = ("Marks in doubt", "Of marks")
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)

    minutes: float = 5.0
    faults: float = 10.0
    least_marks: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("minutes", "faults"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"needs {name} of 0 or more, got {getattr(self, name)}")
        if not self.least_marks >= 2.0:
            raise ValueError(
                f"needs least_marks of 2 or more: one doubtful mark must not stop a book, got "
                f"{self.least_marks}"
            )

    @property
    def rule(self) -> str:
        """See the base."""
        return f"share of watched assets whose mark was not trusted for {self.minutes:g} min"

    @property
    def asks_besides(self) -> str:
        """See the base."""
        return f"{self.least_marks:g} assets in doubt at the least"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        at, before = sight.snapshot.at, memory.numbers if memory else {}
        now, cycle = at.timestamp(), cycle_of(sight.snapshot)
        numbers = {"at": now, "cycle": cycle}
        numbers.update(_trusted(before if memory else _known_at_first(sight), sight))
        watched = _watched(numbers, sight)
        for asset in watched:
            if not sight.marks[asset].trust.allows_new_risk:
                numbers[_since(asset)] = before.get(_since(asset), now)
        passed = max(0.0, now - before.get("at", now))
        numbers.update(_faults_left(before, watched, passed))
        if before.get("cycle") != cycle:
            for asset, count in _news(sight.snapshot.faults, at):
                if asset in watched:
                    numbers[_faults(asset)] = numbers.get(_faults(asset), 0.0) + count
        return Memory(numbers), self._reading(numbers, watched)

    def _reading(self, numbers: Mapping[str, float], watched: Sequence[str]) -> Reading | None:
        if not watched:
            return None
        doubted = [asset for asset in watched if self._doubts(numbers, asset)]
        part = len(doubted) / len(watched)
        return Reading(
            part,
            part,
            holds=len(doubted) >= self.least_marks,
            numerator=float(len(doubted)),
            denominator=float(len(watched)),
            words=f"{len(doubted)} of {len(watched)} marks cannot be believed",
            inputs=tuple(watched),
        )

    def _doubts(self, numbers: Mapping[str, float], asset: str) -> bool:
        since = numbers.get(_since(asset))
        held = since is not None and numbers["at"] - since >= 60.0 * self.minutes
        return held or numbers.get(_faults(asset), 0.0) > self.faults


def _known_at_first(sight: Sight) -> dict[str, float]:
    """Assets of which the models saw a close count as trusted until now."""
    model = sight.snapshot.models.hour
    now = sight.snapshot.at.timestamp()
    closed = np.flatnonzero(~np.isnan(model.filter.close))
    return {_last(model.assets[j]): now for j in closed}


def _trusted(before: Mapping[str, float], sight: Sight) -> Iterator[tuple[str, float]]:
    """When each asset's mark was trusted last, as far as that is not forgotten."""
    now = sight.snapshot.at.timestamp()
    for asset, mark in sight.marks.items():
        last = now if mark.trust.allows_new_risk else before.get(_last(asset))
        if last is not None and now - last <= FORGOTTEN_AFTER.total_seconds():
            yield _last(asset), last


def _watched(numbers: Mapping[str, float], sight: Sight) -> list[str]:
    held = set(sight.snapshot.concerned)
    return sorted(asset for asset in sight.marks if asset in held or _last(asset) in numbers)


def _news(faults: Iterable[DataFault], at: datetime) -> Iterator[tuple[str, float]]:
    for fault in faults:
        if fault.kind in COUNTED and fault.at > at - _NEWS:
            yield fault.asset, float(fault.count)


def _faults_left(
    before: Mapping[str, float], watched: Iterable[str], passed: float
) -> Iterator[tuple[str, float]]:
    """What time has left of faults; of what is not watched any more, nothing."""
    for asset in watched:
        left = before.get(_faults(asset), 0.0) * 2.0 ** (-passed / 3_600.0)
        if left > _FORGOTTEN:
            yield _faults(asset), left


def _last(asset: str) -> str:
    return f"trusted at {asset}"


def _since(asset: str) -> str:
    return f"doubted since {asset}"


def _faults(asset: str) -> str:
    return f"faults {asset}"
