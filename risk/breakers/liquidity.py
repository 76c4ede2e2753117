"""Liquidity: whether spreads are wide, or little is traded, against what is normal."""

import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple, TypeGuard

from risk.breakers.base import WORST_RATIO, Breaker, Sight
from risk.domain.breakers import BreakerUnit, Memory, Reading
from risk.domain.market import Mark, Trust
from risk.domain.scopes import ScopeKind

#: Seconds that must have been seen before anything is called normal: a day.
LEAST_SECONDS = 86_400.0
#: One reading counts for at most so many times normal, and for no less than one part of so many.
WINSOR_TIMES = 10.0
# However long ago the last reading was, this one stands for no longer: it is one print.
_RECENT_SECONDS, _NORMAL_SECONDS = 60.0, 3_600.0
# Young averages take what comes: nobody knows what is normal.
_UNCAPPED_SECONDS = 3_600.0
# What is larger is no price and no volume.
_HUGE = 1e300
# What is not watched any more is forgotten.
_FORGOTTEN_SECONDS = 7.0 * 86_400.0


class _Averages(NamedTuple):
    """Of one measure of one asset, by time."""

    recent: float
    normal: float
    seconds: float
    at: float


@dataclass(frozen=True, kw_only=True)
class LiquidityBreaker(Breaker):
    """Trips when liquidity is more than `trip` times worse than normal.

    Of each asset the worse of two: its relative bid-ask spread over its own normal, and its normal
    24-hour volume over what it is now. Recent is an average over time with a half-life of
    `half_life_minutes`, normal one of `normal_days`; a print stands for a minute at most and counts
    for ten times normal at most, so that one trips nothing, however fast or slowly ticks come. Of a
    venue or the book it is the median of the assets held there, or watched: more than half of them
    must be in trouble. Marks tell no venue, so that a venue's are those of the feed.

    Only trusted marks count. An asset without quotes and volume is unknown, and so is the whole
    where all are, or before a day was seen: that trips nothing.

    Attributes
    ----------
    half_life_minutes : float
        Half-life of what is recent; above 0.
    normal_days : float
        Half-life of what is normal; above 0.
    """

    kind: ClassVar = "liquidity"
    title: ClassVar = "Liquidity and spread"
    unit: ClassVar = BreakerUnit.RATIO
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.VENUE, ScopeKind.ASSET)

    half_life_minutes: float = 10.0
    normal_days: float = 7.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.half_life_minutes >= 5.0:
            raise ValueError(
                f"needs half_life_minutes of 5 or more: under it one bad print could trip it, got "
                f"{self.half_life_minutes}"
            )
        if not self.normal_days > 0.0:
            raise ValueError(f"needs normal_days above 0, got {self.normal_days}")

    @property
    def rule(self) -> str:
        """See the base."""
        return (
            f"spread over normal, or normal volume over now, half-life "
            f"{self.half_life_minutes:g} min over {self.normal_days:g} days, the worse"
        )

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        now, numbers = sight.snapshot.at.timestamp(), dict(memory.numbers if memory else {})
        for asset, mark in sight.marks.items():
            if mark.trust is Trust.TRUSTED and self._looks_at(asset):
                for measure, value in _measured(mark):
                    self._take(numbers, f"{measure} {asset}", value, now)
        _forget(numbers, now)
        return Memory(numbers), self._reading(numbers, sight)

    # --- averages --------------------------------------------------------------------------

    def _take(self, numbers: dict[str, float], name: str, value: float, now: float) -> None:
        before = _averages(numbers, name)
        if before is None:
            _keep(numbers, name, _Averages(value, value, 0.0, now))
            return
        passed = max(0.0, now - before.at)
        if passed == 0.0:
            return
        if before.seconds >= _UNCAPPED_SECONDS:
            least, most = before.normal / WINSOR_TIMES, before.normal * WINSOR_TIMES
            value = max(least, min(most, value))
        stood = min(passed, _NORMAL_SECONDS)
        seconds = before.seconds + stood
        recent = _weight(min(passed, _RECENT_SECONDS), 60.0 * self.half_life_minutes)
        # A young average is the plain mean by time.
        normal = max(_weight(stood, 86_400.0 * self.normal_days), stood / seconds)
        _keep(
            numbers,
            name,
            _Averages(
                before.recent + recent * (value - before.recent),
                before.normal + normal * (value - before.normal),
                min(seconds, 1e9),
                max(now, before.at),
            ),
        )

    def _looks_at(self, asset: str) -> bool:
        # A venue's holdings change: what is normal is known of all of them.
        return self.scope.kind is not ScopeKind.ASSET or asset == self.scope.name

    # --- reading ---------------------------------------------------------------------------

    def _reading(self, numbers: Mapping[str, float], sight: Sight) -> Reading | None:
        found = {}
        for asset in sorted(self._concerned(sight)):
            mark = sight.marks.get(asset)
            worse = None if mark is None else _worse(numbers, mark)
            if worse is not None:
                found[asset] = worse
        if not found:
            return None
        if self.scope.kind is ScopeKind.ASSET:
            return found[self.scope.name]
        value = statistics.median_low(reading.value for reading in found.values())
        where = f"on {self.scope.name}" if self.scope.kind is ScopeKind.VENUE else "of the market"
        words = f"the liquidity {where} is {value:.1f} times worse than normal"
        return Reading(value, value, words=words, inputs=tuple(found))

    def _concerned(self, sight: Sight) -> Iterable[str]:
        if self.scope.kind is ScopeKind.ASSET:
            return (self.scope.name,)
        if self.scope.kind is ScopeKind.VENUE:
            held = sight.snapshot.ledger.positions
            return {key.asset for key in held if key.venue == self.scope.name}
        return sight.marks


def _measured(mark: Mark) -> Iterator[tuple[str, float]]:
    """What a mark says of liquidity: positive and finite."""
    bid, ask, volume = mark.bid, mark.ask, mark.volume
    if bid is not None and ask is not None and 0.0 < bid <= ask < _HUGE:
        yield "spread", 2.0 * (ask - bid) / (ask + bid)
    if volume is not None and 0.0 <= volume < _HUGE:
        yield "volume", volume


def _worse(numbers: Mapping[str, float], mark: Mark) -> Reading | None:
    """The worse of an asset's two ratios; None while neither is known, or the mark is doubtful."""
    if mark.trust is not Trust.TRUSTED:
        return None
    known, found = {measure for measure, _ in _measured(mark)}, list[Reading]()
    spread, volume = (_averages(numbers, f"{m} {mark.asset}") for m in ("spread", "volume"))
    if "spread" in known and _is_normal(spread):
        value = _ratio(spread.recent, spread.normal)
        words = f"the spread of {mark.asset} is {value:.1f} times normal"
        found.append(_told(value, spread.recent, spread.normal, words, mark.asset))
    if "volume" in known and _is_normal(volume):
        value = _ratio(volume.normal, volume.recent)
        words = f"the 24-hour volume of {mark.asset} is {1.0 / value:.2f} of normal"
        found.append(_told(value, volume.normal, volume.recent, words, mark.asset))
    return max(found, key=lambda reading: reading.value, default=None)


def _told(value: float, above: float, below: float, words: str, asset: str) -> Reading:
    return Reading(value, value, numerator=above, denominator=below, words=words, inputs=(asset,))


def _is_normal(averages: _Averages | None) -> TypeGuard[_Averages]:
    return averages is not None and averages.seconds >= LEAST_SECONDS and averages.normal > 0.0


def _ratio(above: float, below: float) -> float:
    return WORST_RATIO if above >= WORST_RATIO * below else max(above / below, 1.0 / WORST_RATIO)


def _weight(seconds: float, half_life: float) -> float:
    return float(1.0 - 2.0 ** (-seconds / half_life))


# --- what is remembered, as plain numbers --------------------------------------------------


def _averages(numbers: Mapping[str, float], name: str) -> _Averages | None:
    recent, normal, seconds, at = _keys(name)
    if at not in numbers:
        return None
    return _Averages(numbers[recent], numbers[normal], numbers[seconds], numbers[at])


def _keep(numbers: dict[str, float], name: str, averages: _Averages) -> None:
    numbers.update(zip(_keys(name), averages, strict=True))


@lru_cache(maxsize=4_096)
def _keys(name: str) -> tuple[str, ...]:
    # Asked for several times in each step of each asset.
    return tuple(f"{name} {part}" for part in _Averages._fields)


def _forget(numbers: dict[str, float], now: float) -> None:
    names = [name.removesuffix(" at") for name in numbers if name.endswith(" at")]
    for name in names:
        if now - numbers[f"{name} at"] > _FORGOTTEN_SECONDS:
            for key in _keys(name):
                del numbers[key]
