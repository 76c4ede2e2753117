"""How a breaker would have gone through what was measured, under one definition. Pure.

Recorded readings go through the lifecycle that breakers live: pauses, probation, re-trips and all.
What the book would have done meanwhile nobody knows; readings stay what they were.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from risk.breakers.base import Breaker, Sight
from risk.breakers.happenings import Advanced, Tripped, TrippedAgain
from risk.breakers.lifecycle import advance
from risk.breakers.types import BREAKER_TYPES, breaker_of
from risk.domain.actions import ReleaseBreaker
from risk.domain.breakers import (
    BreakerDefinition,
    BreakerState,
    BreakerUnit,
    Memory,
    Phase,
    Reading,
)
from risk.domain.ledger import Ledger
from risk.domain.snapshot import Snapshot
from risk.domain.stretches import Stretches
from risk.portfolio.forecasting import new_models

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
#: Who lets a breaker go in a preview of one that only a person lets go.
_SOMEBODY = "somebody"


class TripOutcome(NamedTuple):
    """What a definition would have done.

    Attributes
    ----------
    definition : BreakerDefinition
    trips : tuple of datetime
        When each of its episodes began. UTC.
    again : int
        Trips in probation.
    hours_shut : float
        Tripped; of one that is switched off, recorded as such.
    longest_hours : float
        Longest of these without a break.
    hours_reopening : float
        In probation.
    phase : Phase
        At the end.
    """

    definition: BreakerDefinition
    trips: tuple[datetime, ...]
    again: int
    hours_shut: float
    longest_hours: float
    hours_reopening: float
    phase: Phase


class BreakerTuning(NamedTuple):
    """A breaker under two definitions.

    Attributes
    ----------
    breaker : str
    unit : BreakerUnit
    before, after : TripOutcome or None
        None where there is no such breaker then, or nothing can be told; `notes` say why.
    readings : Stretches
        What was measured, in the breaker's unit.
    notes : tuple of str
        What these figures cannot tell, a sentence each.
    """

    breaker: str
    unit: BreakerUnit
    before: TripOutcome | None
    after: TripOutcome | None
    readings: Stretches
    notes: tuple[str, ...]

    @property
    def hours(self) -> float:
        """How much history there was."""
        return float(self.readings.hours.sum())


def try_definitions(
    before: BreakerDefinition | None, after: BreakerDefinition | None, readings: Stretches
) -> BreakerTuning:
    """Lead a breaker through what was measured, under each of two definitions.

    Parameters
    ----------
    before, after : BreakerDefinition or None
        One of them at the least; both measure the same.
    readings : Stretches
        What such a one measured.
    """
    definition = after or before
    assert definition is not None, "there is one of the two"
    found = [
        None if each is None or not len(readings.most) else try_definition(each, readings)
        for each in (before, after)
    ]
    notes = [] if len(readings.most) else ["nothing is stored of what it would measure"]
    if not notes:
        notes += _notes([each for each in (before, after) if each is not None])
    unit = BREAKER_TYPES[definition.kind].unit
    return BreakerTuning(definition.name, unit, found[0], found[1], readings, tuple(notes))


def try_definition(definition: BreakerDefinition, readings: Stretches) -> TripOutcome:
    """Lead a breaker through what was measured.

    Each stretch counts as one reading, its largest; one that only a person lets go is let go as
    soon as its pause is over.

    Parameters
    ----------
    definition : BreakerDefinition
    readings : Stretches
        At least one.
    """
    steps = list(_steps(definition, readings))
    times = [at for at, _ in steps]
    ends = [*times[1:], _moment(readings.ends_ms[-1])]
    lasted = [end - at for at, end in zip(times, ends, strict=True)]
    phases = [advanced.state.phase for _, advanced in steps]
    shut = [phase is Phase.TRIPPED for phase in phases]
    happened = [(at, each) for at, advanced in steps for each in advanced.happenings]
    return TripOutcome(
        definition=definition,
        trips=tuple(at for at, each in happened if isinstance(each, Tripped)),
        again=sum(isinstance(each, TrippedAgain) for _, each in happened),
        hours_shut=_hours(lasted, shut),
        longest_hours=_longest(lasted, shut),
        hours_reopening=_hours(lasted, [phase is Phase.PROBATION for phase in phases]),
        phase=phases[-1],
    )


def _steps(
    definition: BreakerDefinition, readings: Stretches
) -> Iterator[tuple[datetime, Advanced]]:
    values = {
        _moment(begin): float(most)
        for begin, most in zip(readings.begins_ms, readings.most, strict=True)
    }
    breaker = _recorded(breaker_of(definition), values)
    state: BreakerState | None = None
    for at in values:
        words = _let_go(state, at) if breaker.needs_person else ()
        advanced = advance(state, breaker, definition, _sight(at), words=words)
        state = advanced.state
        yield at, advanced


def _recorded(breaker: Breaker, values: Mapping[datetime, float]) -> Breaker:
    """The same breaker, which measures what it measured then."""

    def observe(_self: Breaker, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Any]:
        value = values[sight.snapshot.at]
        return memory, Reading(value, value)

    def rearmed(_self: Breaker, memory: Memory | None, _sight: Sight) -> Memory | None:
        return memory

    kind = type(breaker)
    recorded = type(f"Recorded{kind.__name__}", (kind,), {"observe": observe, "rearmed": rearmed})
    own = {spec.name: getattr(breaker, spec.name) for spec in fields(breaker)}
    made: Breaker = recorded(**own)
    return made


def _let_go(state: BreakerState | None, at: datetime) -> tuple[ReleaseBreaker, ...]:
    """Somebody's release of a breaker whose pause is over."""
    if state is None or state.episode is None or state.until is None or at < state.until:
        return ()
    asked = ReleaseBreaker(
        seq=0,
        at=at,
        who=_SOMEBODY,
        breaker=state.episode.breaker,
        episode=state.episode.id,
        reason=_SOMEBODY,
    )
    return (asked,)


def _sight(at: datetime) -> Sight:
    snapshot = replace(_nothing(), at=at, id=at.isoformat())
    return Sight(snapshot=snapshot, performance=None, courses={}, hours=(), running={}, latches={})


@cache
def _nothing() -> Snapshot:
    """A book of which nothing is known: what was measured was measured then."""
    return Snapshot(id="", portfolio="", at=_EPOCH, marks={}, ledger=Ledger(), models=new_models())


# --- times ---------------------------------------------------------------------------------


def _moment(ms: Any) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(ms))


def _hours(lasted: Sequence[timedelta], counted: Sequence[bool]) -> float:
    spans = (span for span, counts in zip(lasted, counted, strict=True) if counts)
    return sum(spans, timedelta(0)) / _HOUR


def _longest(lasted: Sequence[timedelta], counted: Sequence[bool]) -> float:
    longest = running = timedelta(0)
    for span, counts in zip(lasted, counted, strict=True):
        running = running + span if counts else timedelta(0)
        longest = max(longest, running)
    return longest / _HOUR


# --- what it cannot tell -------------------------------------------------------------------


def _notes(definitions: Sequence[BreakerDefinition]) -> Iterator[str]:
    breaker = breaker_of(definitions[-1])
    if breaker.asks_besides:
        yield (
            f"a trip also takes {breaker.asks_besides}, which is not kept with the readings: "
            "there may have been fewer trips"
        )
    if breaker.eases_by and not breaker.ends_by_time:
        yield f"it eases by {breaker.eases_by}, which is not kept: the reading itself is taken"
    if type(breaker).rearmed is not Breaker.rearmed:
        yield (
            "what it measures begins anew after each pause: readings after a trip that only one "
            "of the two would have had are those of what really happened"
        )
    if breaker.needs_person:
        yield "only a person lets it go: counted as if somebody did as soon as its pause was over"
    if any(definition.of > 1 for definition in definitions):
        yield "each minute or hour kept counts as one reading, its largest"
