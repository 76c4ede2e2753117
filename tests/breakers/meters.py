"""A breaker that measures what a test says, and a book to put it on."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from unittest.mock import patch

from risk.breakers.base import Breaker, Sight
from risk.breakers.evaluation import BreakersAfter, next_breakers
from risk.breakers.imposing import imposed_by
from risk.breakers.types import BREAKER_TYPES
from risk.domain.actions import OverrideBreaker, ReleaseBreaker
from risk.domain.breakers import (
    NO_BREAKERS,
    BreakerDefinition,
    Breakers,
    BreakerState,
    BreakerUnit,
    Memory,
    Reading,
    Timed,
)
from risk.domain.events import BreakerReading, RiskEvent
from risk.domain.market import Mark
from risk.domain.overrides import OverrideKind
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.trading import TradingState
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


class RebasedMeter(TimedMeter):
    """The same; once its pause is over it measures anew, and trips at half its level meanwhile."""

    kind: ClassVar = "rebased_meter"
    probation_trip: ClassVar = 0.5

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:
        return Memory({"rebased": sight.snapshot.at.timestamp()})


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
    minutes: float,
    value: float | None,
    *,
    releases: tuple[ReleaseBreaker, ...] = (),
    overrides: tuple[OverrideBreaker, ...] = (),
) -> Snapshot:
    """So many minutes after noon, with the meter at `value`."""
    at = NOON + timedelta(minutes=minutes)
    marks: Mapping[str, Mark] = (
        {} if value is None else {METER: Mark(asset=METER, price=value, at=at)}
    )
    book = build_snapshot()
    return replace(
        book,
        at=at,
        marks={**book.marks, **marks},
        closes=(),
        releases=releases,
        overrides=overrides,
        id=f"{minutes:g}",
    )


@contextmanager
def meters():
    """With the kinds above among those that there are."""
    kinds = {kind.kind: kind for kind in (Meter, TimedMeter, HeldMeter, RebasedMeter)}
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
        seq=1,
        at=NOON,
        who=who,
        breaker=breaker,
        episode=episode,
        reason="looked at it",
        read=("It has not eased",),
    )


def override_of(
    kind: OverrideKind,
    minutes: float | None = None,
    *,
    seq: int = 1,
    who: str = "ana",
    over: int = 0,
    breaker: str = "meter",
    episode: str = "",
    size: float = 1.0,
    retrips: int | None = None,
    value: float | None = None,
    ends: OverrideKind | None = None,
) -> OverrideBreaker:
    """Somebody overrules it until so many minutes after noon; `over` is the override he saw."""
    return OverrideBreaker(
        seq=seq,
        at=NOON,
        who=who,
        breaker=breaker,
        kind=kind,
        reason="looked at it",
        expires=None if minutes is None else NOON + timedelta(minutes=minutes),
        seen_episode=episode,
        seen_action=over,
        size=size,
        seen_retrips=retrips,
        seen_value=value,
        ends=ends,
    )


class Course:
    """One breaker led step by step, with what people say of it.

    Attributes
    ----------
    steps : list of BreakersAfter
    """

    def __init__(self, definition: BreakerDefinition) -> None:
        self.definition = definition
        self.steps: list[BreakersAfter] = []
        self.breakers = NO_BREAKERS

    def step(
        self,
        minutes: float,
        value: float | None,
        *words: ReleaseBreaker | OverrideBreaker,
        definitions: tuple[BreakerDefinition, ...] | None = None,
    ) -> list[RiskEvent]:
        """One step so many minutes after noon; what is told of it, readings left out."""
        snapshot = snapshot_at(
            minutes,
            value,
            releases=tuple(w for w in words if isinstance(w, ReleaseBreaker)),
            overrides=tuple(w for w in words if isinstance(w, OverrideBreaker)),
        )
        now = (self.definition,) if definitions is None else definitions
        earlier = Policy(breakers=(self.definition,), by="ola")
        after = stepped(self.breakers, snapshot, *now, earlier=earlier)
        if definitions is not None and definitions:
            self.definition = definitions[0]
        self.steps.append(after)
        self.breakers = after.breakers
        return [event for event in after.events if not isinstance(event, BreakerReading)]

    @property
    def state(self) -> BreakerState:
        return self.breakers.states["meter"]

    @property
    def episode(self) -> str:
        """Of the one that is on; empty for none."""
        return "" if self.state.episode is None else self.state.episode.id

    @property
    def imposes(self) -> tuple[str, float]:
        """What it makes of its scope, and what part of new risk passes by it."""
        for each in imposed_by(self.breakers, Policy(breakers=(self.definition,))):
            shut = each.state in (TradingState.REDUCE_ONLY, TradingState.HALTED)
            return each.state.name, 0.0 if shut else each.size
        return "NORMAL", 1.0

    def asks(
        self, kind: OverrideKind, minutes: float | None = None, **told: Any
    ) -> OverrideBreaker:
        """Somebody who has looked overrides it, or ends what is on."""
        on = self.state.override
        seen: dict[str, Any] = {"episode": self.episode, "over": 0 if on is None else on.action}
        if self.state.episode is not None:
            seen["retrips"] = self.state.episode.retrips
            seen["value"] = None if self.state.reading is None else self.state.reading.value
        return override_of(kind, minutes, **{**seen, **told})
