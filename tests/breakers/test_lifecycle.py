"""What comes after a trip: pause, probation, ramp, re-trip, being asked, being let go."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from risk.breakers.evaluation import BreakersAfter
from risk.breakers.imposing import imposed_by
from risk.domain.breakers import NO_BREAKERS, RAMP, BreakerDefinition, Breakers, Phase
from risk.domain.events import (
    ActionRefused,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerStepped,
    BreakerWouldTrip,
    RiskEvent,
)
from risk.domain.policy import Policy
from risk.domain.trading import TradingState
from tests.breakers.meters import NOON, definition_of, release_of, snapshot_at, stepped

HOUR = 60.0


def led(
    course: Iterable[tuple[float, float | None]],
    definition: BreakerDefinition,
    before: Breakers = NO_BREAKERS,
) -> list[BreakersAfter]:
    """Steps at so many minutes after noon, with the meter at these values."""
    found = []
    for minutes, value in course:
        after = stepped(before, snapshot_at(minutes, value), definition)
        found.append(after)
        before = after.breakers
    return found


def told(steps: Iterable[BreakersAfter], *kinds: type[RiskEvent]) -> list[RiskEvent]:
    return [event for step in steps for event in step.events if isinstance(event, kinds)]


def phase(step: BreakersAfter) -> tuple[Phase, float]:
    state = step.breakers.states["meter"]
    return state.phase, RAMP[state.rung] if state.phase is Phase.PROBATION else 1.0


def test_it_trips_above_its_level_and_not_at_it():
    at, above = led([(0, 2.0), (1, 2.0000001)], definition_of())

    assert phase(at) == (Phase.ARMED, 1.0)
    assert phase(above) == (Phase.TRIPPED, 1.0)
    (event,) = told([above], BreakerActivated)
    assert (event.value, event.threshold, event.state) == (2.0000001, 2.0, "REDUCE_ONLY")
    assert event.until == above.breakers.states["meter"].until


def test_a_trip_is_told_once_however_long_it_lasts():
    steps = led([(minute, 3.0) for minute in range(60)], definition_of())

    assert len(told(steps, BreakerActivated)) == 1


def test_the_pause_grows_with_severity_and_never_beyond_the_greatest_dwell():
    mild, wild, mad = (
        led([(0, value)], definition_of())[0].breakers.states["meter"].until
        for value in (2.2, 4.0, 1e9)
    )
    capped = led([(0, 1e9)], definition_of(greatest_hours=1.5))[0].breakers.states["meter"].until

    assert mild == NOON + timedelta(hours=1.1)
    assert wild == NOON + timedelta(hours=2)
    assert mad == NOON + timedelta(hours=4)
    assert capped == NOON + timedelta(hours=1.5)


def test_a_trip_that_gets_worse_pauses_for_longer():
    first, worse = led([(0, 2.2), (5, 4.0)], definition_of())

    assert first.breakers.states["meter"].until < worse.breakers.states["meter"].until
    assert worse.breakers.states["meter"].episode.worst == 4.0


def test_it_re_opens_only_when_the_pause_is_over_and_it_has_eased():
    calm_too_early, wild_after, unknown, eased = led(
        [(0, 2.5), (30, 0.5), (90, 1.5), (95, None), (100, 1.0)], definition_of()
    )[1:]

    assert phase(calm_too_early)[0] is Phase.TRIPPED
    assert phase(wild_after)[0] is Phase.TRIPPED
    assert phase(unknown)[0] is Phase.TRIPPED
    assert phase(eased) == (Phase.PROBATION, 0.25)


def test_the_ramp_goes_25_50_100_and_then_the_episode_is_over():
    steps = led(
        [(0, 3.0), (2 * HOUR, 0.5), (3 * HOUR, 0.5), (4 * HOUR, 0.5), (5 * HOUR, 0.5)],
        definition_of(),
    )

    assert [phase(step) for step in steps] == [
        (Phase.TRIPPED, 1.0),
        (Phase.PROBATION, 0.25),
        (Phase.PROBATION, 0.5),
        (Phase.PROBATION, 1.0),
        (Phase.ARMED, 1.0),
    ]
    assert [event.size for event in told(steps, BreakerStepped)] == [0.25, 0.5, 1.0]
    (over,) = told(steps, BreakerDeactivated)
    assert over.released_by == "rule"
    assert steps[-1].episodes[0].ended_at == NOON + timedelta(hours=5)


def test_a_trip_in_probation_shuts_in_full_and_doubles_the_pause():
    steps = led([(0, 2.2), (2 * HOUR, 0.5), (150, 2.2)], definition_of())
    again = steps[-1].breakers.states["meter"]

    assert again.phase is Phase.TRIPPED
    assert again.until - again.since == timedelta(hours=2.2)
    assert again.episode.retrips == 1
    assert len(told(steps, BreakerActivated)) == 1
    assert told(steps, BreakerStepped)[-1].size == 0.0


def test_n_of_m_readings_must_agree_and_the_newest_must_be_one_of_them():
    needs = definition_of(confirm=2, of=3)

    one_spike = led([(0, 1.0), (1, 9.0), (2, 1.0), (3, 1.0)], needs)
    two_of_three = led([(0, 9.0), (1, 1.0), (2, 9.0)], needs)
    past_ones = led([(0, 9.0), (1, 1.0), (2, 1.0), (3, 9.0)], needs)

    assert {phase(step)[0] for step in one_spike} == {Phase.ARMED}
    assert phase(two_of_three[-1])[0] is Phase.TRIPPED
    assert phase(past_ones[-1])[0] is Phase.ARMED


def test_the_same_moment_read_twice_is_one_reading():
    steps = led([(0, 9.0), (0, 9.0)], definition_of(confirm=2, of=3))

    assert phase(steps[-1])[0] is Phase.ARMED


def test_after_the_greatest_dwell_a_person_is_asked_and_asked_again():
    steps = led([(hour * HOUR, 3.0) for hour in range(50)], definition_of())

    asked = told(steps, BreakerAsksPerson)
    assert [event.at for event in asked] == [NOON + timedelta(hours=n) for n in (24, 48)]
    assert phase(steps[-1])[0] is Phase.TRIPPED


def test_whoever_is_asked_while_it_re_opens_hears_what_is_imposed_then():
    slow = definition_of(greatest_hours=3.0, probation_hours=6.0)
    steps = led([(0, 2.2), (2 * HOUR, 0.5), (3 * HOUR, 0.5)], slow)

    (asked,) = told(steps, BreakerAsksPerson)
    assert (asked.state, asked.since) == ("THROTTLED", NOON)


def test_whoever_lets_it_go_has_looked_and_is_asked_anew_only_after_the_greatest_dwell():
    first = led([(hour * HOUR, 3.0) for hour in range(25)], definition_of())
    let_go = stepped(
        first[-1].breakers,
        snapshot_at(25 * HOUR, 3.0, releases=(release_of("meter/0"),)),
        definition_of(),
    )
    worse = led([(hour * HOUR, 9.0) for hour in range(26, 50)], definition_of(), let_go.breakers)

    assert [event.at for event in told(first, BreakerAsksPerson)] == [NOON + timedelta(hours=24)]
    assert let_go.breakers.states["meter"].episode.asked_at is None
    assert worse[0].breakers.states["meter"].phase is Phase.TRIPPED
    assert [event.at for event in told(worse, BreakerAsksPerson)] == [NOON + timedelta(hours=49)]


def test_a_person_lets_it_go_into_probation_once_the_pause_is_over():
    tripped = led([(0, 2.2)], definition_of())[-1].breakers
    asked = release_of("meter/0")

    early = stepped(tripped, snapshot_at(30, 2.2, releases=(asked,)), definition_of())
    later = stepped(tripped, snapshot_at(90, 2.2, releases=(asked,)), definition_of())

    assert phase(early)[0] is Phase.TRIPPED
    (refused,) = told([early], ActionRefused)
    assert "from 2024-06-01 13:06:00 UTC on" in refused.reason
    assert phase(later) == (Phase.PROBATION, 0.25)
    assert told([later], BreakerStepped)[0].by == "ana"
    assert told([later], BreakerStepped)[0].read == asked.read != ()


def test_who_let_it_go_has_looked_and_is_not_asked_at_once():
    steps = led([(hour * HOUR, 3.0) for hour in range(25)], definition_of())
    let_go = stepped(
        steps[-1].breakers,
        snapshot_at(25 * HOUR, 3.0, releases=(release_of("meter/0"),)),
        definition_of(),
    )
    later = led(
        [(26 * HOUR, 4.0), (27 * HOUR, 4.0), (50 * HOUR, 4.0)], definition_of(), let_go.breakers
    )

    assert steps[-1].breakers.states["meter"].episode.asked_at is not None
    assert let_go.breakers.states["meter"].episode.asked_at is None
    assert [event.at for event in told(later, BreakerAsksPerson)] == [NOON + timedelta(hours=50)]


def test_one_let_go_above_its_level_trips_again_only_if_it_gets_worse():
    tripped = led([(0, 2.2)], definition_of())[-1].breakers
    let_go = stepped(
        tripped, snapshot_at(90, 2.2, releases=(release_of("meter/0"),)), definition_of()
    ).breakers

    same = led([(91, 2.3)], definition_of(), let_go)[-1]
    worse = led([(91, 2.43)], definition_of(), let_go)[-1]
    below_and_up = led([(91, 1.9), (92, 2.1)], definition_of(), let_go)[-1]

    through_probation = led(
        [(150 + minutes, 2.3) for minutes in (0, 60, 120, 180, 181)], definition_of(), let_go
    )
    assert phase(through_probation[-1])[0] is Phase.ARMED
    assert phase(same)[0] is Phase.PROBATION
    assert phase(worse)[0] is Phase.TRIPPED
    assert phase(below_and_up)[0] is Phase.TRIPPED


@pytest.mark.parametrize(
    ("course", "asked", "told_why"),
    [
        ([(0, 1.0)], release_of("meter/0"), "armed"),
        ([(0, 2.2)], release_of("meter/-9"), "tripped again since"),
        ([(0, 2.2), (90, 0.5)], release_of("meter/0"), "in probation already"),
        ([(0, 2.2)], release_of("meter/0", breaker="other"), "no breaker called other"),
    ],
)
def test_what_cannot_be_let_go_is_refused_with_a_reason(course, asked, told_why):
    before = led(course, definition_of())[-1].breakers

    step = stepped(before, snapshot_at(100, 1.5, releases=(asked,)), definition_of())

    (refused,) = told([step], ActionRefused)
    assert told_why in refused.reason
    assert step.breakers.states["meter"].phase is before.states["meter"].phase


def test_one_that_needs_a_person_never_goes_by_itself():
    held = definition_of(kind="held_meter")
    steps = led([(0, 3.0), *((hour * HOUR, 0.1) for hour in range(1, 30))], held)

    assert phase(steps[-1])[0] is Phase.TRIPPED
    assert told(steps, BreakerAsksPerson)
    let_go = stepped(
        steps[-1].breakers, snapshot_at(1800, 0.1, releases=(release_of("meter/0"),)), held
    )
    assert phase(let_go)[0] is Phase.PROBATION


def test_a_pause_that_ends_by_time_ends_whatever_the_measure_says():
    timed = definition_of(kind="timed_meter")
    steps = led([(0, 2.2), (60, 1.9), (66, 1.9)], timed)

    assert [phase(step)[0] for step in steps] == [Phase.TRIPPED, Phase.TRIPPED, Phase.PROBATION]


def test_a_disabled_one_records_what_it_would_have_done_and_imposes_nothing():
    off = definition_of(enabled=False)
    steps = led([(0, 3.0), (2 * HOUR, 0.5)], off)

    assert len(told(steps, BreakerWouldTrip)) == 1
    assert not told(steps, BreakerActivated, BreakerStepped, BreakerDeactivated)
    assert steps[0].episodes[0].imposed is False
    assert not list(imposed_by(steps[0].breakers, Policy(breakers=(off,))))


@pytest.mark.parametrize("change", ["gone", "off", "elsewhere"])
def test_one_that_people_take_away_ends_its_episode_and_says_who_did(change):
    on = definition_of()
    tripped = led([(0, 3.0)], on)[-1].breakers
    left = {
        "gone": (),
        "off": (definition_of(enabled=False),),
        "elsewhere": (definition_of(kind="timed_meter"),),
    }[change]

    after = stepped(tripped, snapshot_at(1, 1.5), *left, earlier=Policy(breakers=(on,)))

    (over,) = told([after], BreakerDeactivated)
    assert "policy" in over.reason
    assert after.episodes[0].ended_at == NOON + timedelta(minutes=1)
    assert not list(imposed_by(after.breakers, Policy(breakers=left)))


def test_another_level_keeps_the_episode_and_what_was_seen():
    on, tighter = definition_of(), definition_of(trip=1.8)
    tripped = led([(0, 3.0)], on)[-1].breakers

    after = stepped(tripped, snapshot_at(1, 3.0), tighter, earlier=Policy(breakers=(on,)))

    assert phase(after)[0] is Phase.TRIPPED
    assert len(after.breakers.states["meter"].memory.window) == 2


def test_a_throttle_is_never_tighter_in_probation_than_when_it_tripped():
    throttle = definition_of(state=TradingState.THROTTLED, size=0.5)
    steps = led(
        [(0, 3.0), (2 * HOUR, 0.5), (3 * HOUR, 0.5), (4 * HOUR, 0.5), (5 * HOUR, 0.5)], throttle
    )

    imposed = [list(imposed_by(s.breakers, Policy(breakers=(throttle,)))) for s in steps]
    assert [[(i.state.name, i.size) for i in each] for each in imposed] == [
        [("THROTTLED", 0.5)],
        [("THROTTLED", 0.5)],
        [("THROTTLED", 0.5)],
        [("CAUTION", 1.0)],
        [],
    ]


def test_what_is_told_of_a_throttles_steps_is_what_it_lets_through():
    throttle = definition_of(state=TradingState.THROTTLED, size=0.5)
    course = [(0, 2.2), (2 * HOUR, 0.5), (150, 2.2), (6 * HOUR, 0.5), (7 * HOUR, 0.5)]
    steps = led(course, throttle)

    passes = [next(iter(imposed_by(s.breakers, Policy(breakers=(throttle,))))).size for s in steps]
    stepped_on = told(steps, BreakerStepped)
    assert [event.size for event in stepped_on] == passes[1:] == [0.5, 0.5, 0.5, 0.5]
    assert stepped_on[1].phase == "tripped"
    assert "50 % of size again" in stepped_on[1].reason
    assert "full" not in stepped_on[1].reason
