"""A breaker that measures what a test says, and a book to put it on."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from unittest.mock import patch

from risk.breakers.base import Breaker, Sight
from risk.breakers.evaluation import BreakersAfter, next_breakers
from risk.breakers.types import BREAKER_TYPES
from risk.domain.actions import ReleaseBreaker
from risk.domain.breakers import (
    BreakerDefinition,
    Breakers,
    BreakerUnit,
    Memory,
    Reading,
    Timed,
)
from risk.domain.market import Mark
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from tests.builders import PORTFOLIO, build_snapshot

WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
METER = "METER"


@dataclass(frozen=True, kw_only=True)
class Meter(Breaker):
    """Measures the price of `METER`; unknown without one. Remembers all that it saw."""

    kind: ClassVar = "meter"
    title: ClassVar = "Meter"
    unit: ClassVar = BreakerUnit.RATIO
    scopes: ClassVar = tuple(ScopeKind)

    @property
    def rule(self) -> str:
        return "what the test says"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        mark = sight.snapshot.marks.get(METER)
        if mark is None:
            return memory, None
        window = (memory or Memory()).window[-3:]
        seen = Memory(window=(*window, Timed(sight.snapshot.at, mark.price)))
        return seen, Reading(mark.price, mark.price, words=f"the meter shows {mark.price:g}")


class TimedMeter(Meter):
    """The same, and its pause ends by time."""

    kind: ClassVar = "timed_meter"
    ends_by_time: ClassVar = True


class HeldMeter(Meter):
    """The same, and only a person lets it go."""

    kind: ClassVar = "held_meter"
    needs_person: ClassVar = True


def definition_of(**changes: object) -> BreakerDefinition:
    """Trips above 2, is left at 1; an hour's pause, a day at the most, three hours of ramp."""
    plain = BreakerDefinition(
        name="meter",
        kind="meter",
        scope=WHOLE,
        trip=2.0,
        release=1.0,
        least_hours=1.0,
        greatest_hours=24.0,
        probation_hours=3.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def snapshot_at(
    minutes: float, value: float | None, *, releases: tuple[ReleaseBreaker, ...] = ()
) -> Snapshot:
    """So many minutes after noon, with the meter at `value`."""
    at = NOON + timedelta(minutes=minutes)
    marks: Mapping[str, Mark] = (
        {} if value is None else {METER: Mark(asset=METER, price=value, at=at)}
    )
    book = build_snapshot()
    return replace(
        book, at=at, marks={**book.marks, **marks}, closes=(), releases=releases, id=f"{minutes:g}"
    )


@contextmanager
def meters():
    """With the kinds above among those that there are."""
    kinds = {kind.kind: kind for kind in (Meter, TimedMeter, HeldMeter)}
    with patch.dict(BREAKER_TYPES, kinds):
        yield


def stepped(
    before: Breakers,
    snapshot: Snapshot,
    *definitions: BreakerDefinition,
    earlier: Policy | None = None,
) -> BreakersAfter:
    """All breakers after one more step, of a book of which nothing else is known."""
    policy = Policy(breakers=definitions)
    with meters():
        return next_breakers(
            before,
            (earlier or policy, policy),
            snapshot,
            performance=None,
            courses={},
            latches={},
        )


def release_of(episode: str, breaker: str = "meter", who: str = "ana") -> ReleaseBreaker:
    """Somebody asks to let it go."""
    return ReleaseBreaker(
        seq=1, at=NOON, who=who, breaker=breaker, episode=episode, reason="looked at it"
    )
