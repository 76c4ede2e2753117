"""Breakers that stand as a test says: armed, tripped, or re-opening."""

from datetime import datetime, timedelta

from risk.domain.breakers import (
    BreakerDefinition,
    BreakerState,
    Episode,
    Phase,
    Reading,
)
from tests.builders import NOON

HOUR = timedelta(hours=1)


def episode_of(
    definition: BreakerDefinition,
    *,
    at: datetime = NOON,
    asked_at: datetime | None = None,
) -> Episode:
    """A trip at 1.1 times the level."""
    value = 1.1 * definition.trip
    return Episode(
        id=f"{definition.name}/1",
        breaker=definition.name,
        kind=definition.kind,
        scope=definition.scope,
        tripped_at=at,
        value=value,
        threshold=definition.trip,
        numerator=None,
        denominator=None,
        worst=value,
        state=definition.state,
        cause="something is 2.20 times normal",
        imposed=definition.enabled,
        asked_at=asked_at,
    )


def armed(value: float | None = None) -> BreakerState:
    """Since noon, with a value where one was measured."""
    return BreakerState(Phase.ARMED, NOON, reading=None if value is None else Reading(value, value))


def tripped(
    definition: BreakerDefinition,
    *,
    until: datetime = NOON + HOUR,
    asked_at: datetime | None = None,
) -> BreakerState:
    """Since noon; what it measures lies at 1.1 times its trip level still."""
    value = 1.1 * definition.trip
    return BreakerState(
        Phase.TRIPPED,
        NOON,
        until=until,
        reading=Reading(value, value),
        episode=episode_of(definition, asked_at=asked_at),
    )


def reopening(definition: BreakerDefinition, *, rung: int = 0) -> BreakerState:
    """On a rung of its ramp since noon, at half its trip level."""
    value = 0.5 * definition.trip
    return BreakerState(
        Phase.PROBATION,
        NOON,
        until=NOON + HOUR,
        rung=rung,
        reading=Reading(value, value),
        episode=episode_of(definition),
    )
