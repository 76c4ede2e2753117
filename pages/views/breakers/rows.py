"""How each breaker of the policy stands, as the board and the card tell it. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pages.components.states import STATE_LOOKS
from pages.components.utilization import Standing as BarStanding
from pages.components.utilization import Utilization
from pages.context import CompleteCycle
from pages.format import Zone
from pages.views.breakers.wording import ends_without_level, figure_of, minute, of_level, share
from risk.breakers.base import Breaker
from risk.breakers.imposing import Imposed, imposed_by, passes_by_rule
from risk.breakers.lifecycle import trip_level
from risk.breakers.overriding import is_disabled
from risk.breakers.types import breaker_of
from risk.domain.breakers import (
    RAMP,
    BreakerDefinition,
    BreakerState,
    BreakerUnit,
    Episode,
    Phase,
    Reading,
)
from risk.domain.latches import Latch
from risk.domain.overrides import Override, OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

TRIPPED, PROBATION, ARMED, UNMEASURED, OFF = "tripped", "probation", "armed", "unmeasured", "off"
#: From the one that asks for a look to the one that does nothing.
_ORDER = (TRIPPED, PROBATION, ARMED, UNMEASURED, OFF)

#: Kinds of scope under one heading each.
GROUPS: Mapping[str, tuple[ScopeKind, ...]] = {
    "Book": (ScopeKind.PORTFOLIO,),
    "Strategies": (ScopeKind.STRATEGY_TYPE, ScopeKind.STRATEGY),
    "Assets": (ScopeKind.ASSET,),
    "Venues": (ScopeKind.VENUE,),
}


@dataclass(frozen=True, kw_only=True)
class BreakerRow:
    """One breaker, as the engine's newest state has it.

    Attributes
    ----------
    definition : BreakerDefinition
    breaker : Breaker
        Made of it.
    state : BreakerState or None
        None for one that the engine has not looked at yet.
    imposed : Imposed or None
        What it does to its scope now; None while it does nothing.
    would_have : datetime or None
        When a disabled one would have tripped last, if that is known.
    """

    definition: BreakerDefinition
    breaker: Breaker
    state: BreakerState | None
    imposed: Imposed | None
    would_have: datetime | None = None

    @property
    def name(self) -> str:
        """Unique among the policy's breakers."""
        return self.definition.name

    @property
    def scope(self) -> Scope:
        """What it watches and stops."""
        return self.definition.scope

    @property
    def unit(self) -> BreakerUnit:
        """Of its value and levels."""
        return self.breaker.unit

    @property
    def reading(self) -> Reading | None:
        """The newest; None while nothing can be measured."""
        return None if self.state is None else self.state.reading

    @property
    def episode(self) -> Episode | None:
        """The one that is on, also of a disabled breaker."""
        return None if self.state is None else self.state.episode

    @property
    def override(self) -> Override | None:
        """A person's that is on."""
        return None if self.state is None else self.state.override

    @property
    def standing(self) -> str:
        """``tripped``, ``probation``, ``armed``, ``unmeasured`` or ``off``."""
        if not self.definition.enabled or (self.state is not None and is_disabled(self.state)):
            return OFF
        if self.state is not None and self.state.phase is Phase.TRIPPED:
            return TRIPPED
        if self.state is not None and self.state.phase is Phase.PROBATION:
            return PROBATION
        return ARMED if self.reading is not None else UNMEASURED

    @property
    def stepped_down(self) -> Override | None:
        """What a person lets through more by than its rule does."""
        on = self.override
        if on is None or on.kind is not OverrideKind.STEP_DOWN or not self.is_on:
            return None
        assert self.state is not None, "whatever is overridden stands somewhere"
        return on if on.size > passes_by_rule(self.definition, self.state) else None

    @property
    def is_shut(self) -> bool:
        """Whether it is tripped, and no person lets more through."""
        return self.standing == TRIPPED and self.stepped_down is None

    @property
    def is_on(self) -> bool:
        """Whether it holds its scope now."""
        return self.standing in (TRIPPED, PROBATION)

    @property
    def size(self) -> float:
        """What new risk is scaled by because of it; 0 where none passes."""
        if self.imposed is None:
            return 1.0
        return 0.0 if self.imposed.state > TradingState.THROTTLED else self.imposed.size

    @property
    def shape(self) -> str:
        """Its glyph, which is also the name of its colour where it has one."""
        if self.stepped_down is not None:
            return "probation"
        if self.standing == TRIPPED:
            return STATE_LOOKS[self.definition.state].shape
        return {PROBATION: "probation", ARMED: "inside"}.get(self.standing, "stale")

    @property
    def word(self) -> str:
        """``THROTTLED``, ``PROBATION, 25 %``, ``STEPPED DOWN, 75 %``, ``Armed``, ``Off``."""
        if self.stepped_down is not None:
            return f"STEPPED DOWN, {share(self.size)}"
        if self.standing == TRIPPED:
            return STATE_LOOKS[self.definition.state].word
        if self.standing == PROBATION:
            return f"PROBATION, {share(self.size)}"
        return {ARMED: "Armed", UNMEASURED: "Not measured yet"}.get(self.standing, "Off")

    @property
    def level(self) -> float:
        """Above what it trips now: some trip earlier while they re-open."""
        return self.breaker.trip if self.state is None else trip_level(self.breaker, self.state)

    @property
    def used(self) -> float | None:
        """Its value as a share of the level that it trips at; None while nothing is measured."""
        return None if self.reading is None else max(0.0, self.reading.value / self.level)

    @property
    def rank(self) -> tuple[int, int, float, str]:
        """Sorts the one that most needs a look first."""
        imposes = 0 if self.imposed is None else self.imposed.state
        tightness = imposes if self.standing == TRIPPED else 0
        return _ORDER.index(self.standing), -tightness, -(self.used or 0.0), self.name

    @property
    def bar(self) -> Utilization:
        """As the bar shows it: the thick tick is where it trips, a thin one where it lets go."""
        stated: BarStanding = "inside" if self.reading is not None else "unknown"
        return Utilization(self.name, self.used, self._release_place, stated=stated)

    @property
    def _release_place(self) -> float | None:
        """None where no level lets it go, or another figure than the bar's is held against it."""
        if self.lets_go or self.eases_now is not None or self.level <= 0.0:
            return None
        return min(1.0, self.breaker.release / self.level)

    @property
    def lets_go(self) -> str:
        """``by time alone``, ``by a person only``; empty of one that eases at a level."""
        return ends_without_level(self.definition.kind)

    @property
    def eases_now(self) -> float | None:
        """What is held against its release level, where that does not read as its value does."""
        reading = self.reading
        if reading is None or self.lets_go:
            return None
        told = figure_of(reading.easing, self.unit)
        return None if told == figure_of(reading.value, self.unit) else reading.easing

    @property
    def value_words(self) -> str:
        """``2.14 of 2.00 ×``."""
        value = None if self.reading is None else self.reading.value
        return of_level(value, self.level, self.unit)


def rows_of(
    cycle: CompleteCycle, would_have: Mapping[str, datetime] | None = None
) -> list[BreakerRow]:
    """Every breaker of the policy, the one that most needs a look first.

    Parameters
    ----------
    cycle : CompleteCycle
    would_have : mapping of name to datetime, optional
        When disabled ones would have tripped last.
    """
    state = cycle.state
    imposed = {each.breaker: each for each in imposed_by(state.breakers, state.policy)}
    rows = [
        BreakerRow(
            definition=definition,
            breaker=breaker_of(definition),
            state=state.breakers.states.get(definition.name),
            imposed=imposed.get(definition.name),
            would_have=(would_have or {}).get(definition.name),
        )
        for definition in (state.policy.breakers if state.policy is not None else ())
    ]
    return sorted(rows, key=lambda row: row.rank)


@dataclass(frozen=True)
class BreakerGroup:
    """Breakers, and what people stopped, of one kind of scope."""

    title: str
    rows: tuple[BreakerRow, ...]
    latches: tuple[Latch, ...]


def groups_of(rows: Sequence[BreakerRow], latches: Iterable[Latch]) -> list[BreakerGroup]:
    """By scope, the group with the worst trouble first; what people stopped leads."""
    stopped = sorted(latches, key=lambda latch: (-latch.state, latch.scope.name))
    groups = [
        BreakerGroup(
            title,
            tuple(row for row in rows if row.scope.kind in kinds),
            tuple(latch for latch in stopped if latch.scope.kind in kinds),
        )
        for title, kinds in GROUPS.items()
    ]
    filled = [group for group in groups if group.rows or group.latches]
    return sorted(filled, key=_group_rank)


def _group_rank(group: BreakerGroup) -> tuple[int, int]:
    first = group.rows[0].rank[:2] if group.rows else (len(_ORDER), 0)
    latched = (0, -group.latches[0].state) if group.latches else first
    # Groups whose breakers are all quiet stay in the order of the page.
    worst = min(first, latched)
    return worst if worst[0] <= _ORDER.index(PROBATION) else (_ORDER.index(ARMED), 0)


# -- in words --------------------------------------------------------------------------------


def next_words(row: BreakerRow, zone: Zone, now: datetime) -> str:
    """What comes next, or how far it is: ``eases from 15:51``, ``50 % at 16:08``."""
    if row.override is not None:
        return f"by {row.override.by} until {minute(zone, row.override.expires, now)}"
    if row.standing == TRIPPED:
        return _tripped_words(row, zone, now)
    if row.standing == PROBATION:
        return _probation_words(row, zone, now)
    if row.standing == OFF:
        return off_words(row, zone, now)
    return far_words(row)


def _tripped_words(row: BreakerRow, zone: Zone, now: datetime) -> str:
    state, episode = row.state, row.episode
    assert state is not None, "whatever tripped stands somewhere"
    assert episode is not None, "whatever tripped has an episode"
    if episode.asked_at is not None:
        return f"asks for a person since {minute(zone, episode.asked_at, now)}"
    if row.breaker.needs_person:
        return "only a person lets it go"
    if state.until is not None and state.until > now:
        return f"eases from {minute(zone, state.until, now)}"
    if row.lets_go:
        return "pause over, re-opens next"
    eases = f"pause over, eases at {figure_of(row.breaker.release, row.unit)}"
    now_at = row.eases_now
    return eases if now_at is None else f"{eases}: now {figure_of(now_at, row.unit)}"


def _probation_words(row: BreakerRow, zone: Zone, now: datetime) -> str:
    state = row.state
    assert state is not None, "whatever re-opens stands somewhere"
    assert state.until is not None, "a rung has an end"
    at = minute(zone, state.until, now)
    if state.rung + 1 < len(RAMP):
        return f"{share(row.definition.ramp[state.rung + 1])} at {at}"
    return f"over at {at}"


def off_words(row: BreakerRow, zone: Zone, now: datetime) -> str:
    """That it is off, and when it would have stopped trading last."""
    if row.would_have is None:
        return "stops nothing"
    return f"would have tripped {minute(zone, row.would_have, now)}"


def far_words(row: BreakerRow) -> str:
    """How far an armed breaker is from its trip: ``0.86 × to go``."""
    reading = row.reading
    if reading is None:
        return f"needs {row.breaker.needs}" if row.breaker.needs else "no reading yet"
    if reading.value > row.level:
        hits = 0 if row.state is None else sum(hit.over for hit in row.state.hits)
        if not reading.holds:
            return "above its level; its other condition is not met"
        return f"{hits} of {row.definition.confirm} readings above its level"
    left = f"{figure_of(first_trip(row) - reading.value, row.unit)} to go"
    counts = row.unit is BreakerUnit.COUNT
    return f"trips at {figure_of(first_trip(row), row.unit)}, {left}" if counts else left


def first_trip(row: BreakerRow) -> float:
    """Where it trips: its level, or the first whole number above it of one that counts."""
    return math.floor(row.level) + 1.0 if row.unit is BreakerUnit.COUNT else row.level
