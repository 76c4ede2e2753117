"""Other definitions of a breaker, led through what was measured."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.breakers.tuning import TripOutcome, try_definition, try_definitions
from risk.breakers.types import BREAKER_TYPES
from risk.domain.breakers import NO_BREAKERS, BreakerDefinition, Phase
from risk.domain.stretches import NO_STRETCHES, Stretches
from tests.breakers.meters import NOON, definition_of, meters, snapshot_at, stepped
from tests.breakers.sights import LEVELS
from tests.policies import WHOLE

MINUTE_MS = 60_000


def readings(values, minutes: int = 60) -> Stretches:
    """One every so many minutes."""
    at = int(NOON.timestamp() * 1000) + np.arange(len(values), dtype=np.int64) * minutes * MINUTE_MS
    return Stretches(at, at + minutes * MINUTE_MS, np.array(values, float), np.array(values, float))


def outcome(values, minutes: int = 60, **changes) -> TripOutcome:
    with meters():
        return try_definition(definition_of(**changes), readings(values, minutes))


def hours(count: float):
    return NOON + timedelta(hours=count)


def test_a_trip_pauses_re_opens_and_ends() -> None:
    # A pause of an hour, then three rungs of an hour each.
    found = outcome([1, 2.1, 0.5, 0.5, 0.5, 0.5, 0.5])

    assert found.trips == (hours(1),)
    assert (found.hours_shut, found.longest_hours) == (2.0, 2.0)
    assert (found.hours_reopening, found.again, found.phase) == (3.0, 0, Phase.ARMED)


def test_a_lower_level_trips_where_the_old_one_did_not() -> None:
    with meters():
        found = try_definitions(
            definition_of(), definition_of(trip=1.5), readings([1, 1.6, 1, 1, 1, 1, 1, 1.6])
        )

    assert found.before is not None
    assert found.after is not None
    assert found.before.trips == ()
    assert found.after.trips == (hours(1), hours(7))
    assert found.hours == 8.0


def test_trips_in_probation_are_counted_apart() -> None:
    found = outcome([3, 0.5, 0.5, 3, 3, 0.5])

    assert (len(found.trips), found.again) == (1, 1)


def test_one_that_only_a_person_lets_go_is_let_go_when_its_pause_is_over() -> None:
    found = outcome([3, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], kind="held_meter")

    assert found.hours_shut == 2.0
    assert found.phase is Phase.ARMED


def test_what_cannot_be_told_is_said() -> None:
    with meters():
        held = definition_of(kind="held_meter", of=3)
        told = try_definitions(held, held, readings([1])).notes
        nothing = try_definitions(None, definition_of(), NO_STRETCHES)
    assert "only a person lets it go" in told[0]
    assert "counts as one reading" in told[1]
    assert (nothing.before, nothing.after) == (None, None)
    assert nothing.notes == ("nothing is stored of what it would measure",)

    fall = BreakerDefinition(
        name="fall", kind="market_volatility", scope=WHOLE, trip=2.0, release=1.0,
        parameters={"fall_sigmas": 2.0, "easing_hours": 24.0},
    )  # fmt: skip
    besides, eases = try_definitions(fall, None, readings([1])).notes
    assert "a trip also takes a fall of 2 daily deviations" in besides
    assert "it eases by its average with a half-life of 24 h, which is not kept" in eases
    drawdown = replace(fall, kind="drawdown", trip=0.1, release=0.0, parameters={})
    assert (
        "begins anew after each pause" in try_definitions(None, drawdown, readings([0.0])).notes[0]
    )


@pytest.mark.parametrize("kind", BREAKER_TYPES)
def test_every_kind_can_be_led_through_its_readings(kind: str) -> None:
    scope = next(s for s in [WHOLE] if s.kind in BREAKER_TYPES[kind].scopes)
    level = LEVELS[kind]
    definition = BreakerDefinition(
        name=kind, kind=kind, scope=scope, trip=level, release=0.5 * level
    )
    found = try_definition(definition, readings([0.4 * level, 1.01 * level, *[0.0] * 200]))

    assert found.trips == (hours(1),)
    assert found.hours_shut > 0.0
    assert found.phase is Phase.ARMED


_VALUES = st.lists(st.sampled_from([0.1, 0.9, 1.5, 2.0, 2.5, 9.0]), min_size=1, max_size=60)


@given(_VALUES, st.sampled_from([1, 20, 60, 200]), st.integers(1, 2))
def test_agrees_with_breakers_that_lived_through_it(values, minutes: int, confirm: int) -> None:
    """Oracle: the step that a live book takes, with a meter that shows the same values."""
    definition = definition_of(confirm=confirm, of=2)
    breakers, phases, trips = NO_BREAKERS, [], []
    for number, value in enumerate(values):
        after = stepped(breakers, snapshot_at(number * minutes, value), definition)
        breakers = after.breakers
        phases.append(breakers.states["meter"].phase)
        trips += [
            e.tripped_at for e in after.episodes if e.tripped_at == hours(number * minutes / 60)
        ]
    found = outcome(values, minutes, confirm=confirm, of=2)

    assert list(found.trips) == list(dict.fromkeys(trips))
    assert found.hours_shut == pytest.approx(phases.count(Phase.TRIPPED) * minutes / 60)
    assert found.hours_reopening == pytest.approx(phases.count(Phase.PROBATION) * minutes / 60)
    assert found.phase is phases[-1]
