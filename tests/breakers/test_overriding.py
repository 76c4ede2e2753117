"""What each kind of override does to a breaker, when it ends, and what it refuses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.breakers.evaluation import obeying
from risk.breakers.foreseeing import once_over, once_wished, then_in_words
from risk.breakers.imposing import Imposed, imposed_by
from risk.breakers.overriding import effect_of
from risk.domain.breakers import BreakerDefinition, Phase
from risk.domain.events import (
    ActionRefused,
    BreakerActivated,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    BreakerWouldTrip,
    OverrideEnded,
    RiskEvent,
)
from risk.domain.overrides import LONGEST, OverrideKind
from risk.domain.policy import Policy
from risk.domain.trading import TradingState
from tests.breakers.meters import NOON, Course, definition_of, meters, override_of, release_of

TRIP, HOLD, EXTEND, STEP_DOWN, DISABLE, END = OverrideKind
THROTTLED, REDUCE_ONLY, HALTED = (
    TradingState.THROTTLED,
    TradingState.REDUCE_ONLY,
    TradingState.HALTED,
)
SHUT = ("REDUCE_ONLY", 0.0)
HOUR = 60.0


def course(definition: BreakerDefinition | None = None) -> Course:
    """Armed, and calm at noon."""
    led = Course(definition or definition_of())
    led.step(0, 0.5)
    return led


def tripped(value: float = 2.2, **changes: object) -> Course:
    """Tripped at noon; its pause is over at 13:06 if the value is 2.2."""
    led = Course(definition_of(**changes))
    led.step(0, value)
    return led


def reopening(**changes: object) -> Course:
    """On its first rung from 14:00 to 15:00."""
    led = tripped(**changes)
    led.step(2 * HOUR, 0.5)
    return led


def kinds(events: list[RiskEvent]) -> list[type[RiskEvent]]:
    return [type(event) for event in events]


def only(events: list[RiskEvent], kind: type) -> RiskEvent:
    (found,) = (event for event in events if isinstance(event, kind))
    return found


def refusal(events: list[RiskEvent]) -> str:
    event = only(events, ActionRefused)
    return event.reason


# --- trip ----------------------------------------------------------------------------------


def test_what_the_officer_had_read_is_told_with_it():
    led = course()
    told = led.step(1, 0.5, replace(led.asks(TRIP, 31), read=("Equity is untrusted",)))

    assert only(told, BreakerOverridden).read == ("Equity is untrusted",)


def test_an_armed_one_that_is_tripped_by_hand_imposes_its_state_and_says_who_and_why():
    led = course()
    told = led.step(1, 0.5, led.asks(TRIP, 31))

    assert kinds(told) == [BreakerOverridden, BreakerActivated]
    assert led.imposes == SHUT
    episode = led.state.episode
    assert (episode.cause, episode.tripped_by) == ("tripped by hand by ana: looked at it", "ana")
    assert (told[0].by, told[0].action, told[0].state) == ("ana", 1, "REDUCE_ONLY")
    assert led.state.until == told[0].expires == NOON + timedelta(minutes=31)
    assert told[1].until == told[0].expires


def test_it_returns_by_itself_at_the_expiry_by_the_ramp_and_not_by_a_pause_of_its_rule():
    led = course(definition_of(least_hours=20.0))
    led.step(1, 0.5, led.asks(TRIP, 31))
    before, at = led.step(30.99, 1.9), led.step(31, 1.9)

    assert (before, led.imposes) == ([], ("THROTTLED", 0.25))
    assert kinds(at) == [OverrideEnded, BreakerStepped]
    assert (at[0].by, at[0].why, at[0].began_by) == ("rule", "its time is over", "ana")
    assert at[1].reason == "the time is over for which ana tripped it"
    assert led.state.override is None


def test_one_that_cannot_be_measured_is_tripped_all_the_same_and_comes_back():
    led = Course(definition_of())
    led.step(0, None)
    led.step(1, None, led.asks(TRIP, 31))
    assert led.imposes == SHUT
    assert led.state.episode.value == 0.0

    led.step(31, None)

    assert led.imposes == ("THROTTLED", 0.25)


def test_where_its_rule_would_trip_it_too_the_rule_says_how_long_and_whether_it_has_eased():
    led = course()
    led.step(1, 0.5, led.asks(TRIP, 31))
    led.step(20, 2.2)
    led.step(31, 0.5)
    paused, wild = led.imposes, led.step(68, 1.5)
    led.step(69, 0.5)

    assert (paused, wild) == (SHUT, [])
    assert led.imposes == ("THROTTLED", 0.25)


def test_one_that_only_a_person_lets_go_waits_for_one_after_a_hand_has_tripped_it():
    led = course(definition_of(kind="held_meter"))
    led.step(1, 0.5, led.asks(TRIP, 31))
    led.step(40, 0.5)
    still = led.imposes
    led.step(41, 0.5, release_of(led.episode))

    assert (still, led.imposes) == (SHUT, ("THROTTLED", 0.25))


def test_one_that_re_opens_is_shut_again_by_hand_and_its_pause_does_not_double():
    led = reopening()
    told = led.step(2.2 * HOUR, 0.5, led.asks(TRIP, 2.5 * HOUR))

    again = only(told, BreakerStepped)
    assert (again.phase, again.by, again.size) == ("tripped", "ana", 0.0)
    assert again.reason == "tripped by hand by ana: looked at it; shut in full"
    assert (led.imposes, led.state.episode.retrips) == (SHUT, 0)
    # What its rule had tripped has its rule's pause again.
    assert led.state.until == NOON + timedelta(hours=2.2 + 1.1)


def test_a_trip_by_hand_moves_nothing_that_a_breaker_measures_from():
    """Else a minute's trip would make a drawdown forget the high that it is measured from."""
    led = course(definition_of(kind="rebased_meter"))
    led.step(1, 1.5, led.asks(TRIP, 31))
    led.step(31, 1.5)
    assert led.imposes == ("THROTTLED", 0.25)
    assert "rebased" not in led.state.memory.numbers

    led.step(32, 1.9)
    still = led.imposes
    led.step(33, 2.1)

    assert (still, led.imposes) == (("THROTTLED", 0.25), SHUT), "nor trips it at half its level"


def test_what_its_rule_tripped_measures_anew_after_its_pause_as_ever():
    led = tripped(kind="rebased_meter")
    led.step(66, 1.5)
    assert "rebased" in led.state.memory.numbers

    led.step(67, 1.5)

    assert led.imposes == SHUT


# --- hold and extend -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [HOLD, EXTEND])
def test_what_is_held_does_not_step_down_before_the_expiry_and_then_does(kind):
    led = tripped()
    told = led.step(30, 0.5, led.asks(kind, 5 * HOUR))
    assert kinds(told) == [BreakerOverridden]
    assert led.state.until == NOON + timedelta(hours=5)
    (imposed,) = _imposed(led)
    assert imposed.cause == "meter: the meter shows 2.2; held by ana"

    for minutes in (90, 2 * HOUR, 5 * HOUR - 1):
        led.step(minutes, 0.5)
        assert led.imposes == SHUT
    told = led.step(5 * HOUR, 0.5)

    assert kinds(told) == [OverrideEnded, BreakerStepped]
    assert led.imposes == ("THROTTLED", 0.25)


def test_a_rung_is_held_and_a_new_trip_shuts_it_all_the_same():
    led = reopening()
    led.step(2.5 * HOUR, 0.5, led.asks(HOLD, 9 * HOUR))
    led.step(4 * HOUR, 0.5)
    held = led.imposes
    led.step(5 * HOUR, 2.2)

    assert (held, led.imposes) == (("THROTTLED", 0.25), SHUT)
    assert led.state.until == NOON + timedelta(hours=9), "it goes on holding"
    assert led.state.override is not None


def test_the_end_of_a_hold_gives_back_what_its_rule_says_and_no_less_pause():
    led = tripped()
    led.step(30, 0.5, led.asks(HOLD, 5 * HOUR))
    led.step(40, 0.5, led.asks(END, seq=2))
    assert led.state.until == NOON + timedelta(hours=1.1)
    led.step(66, 0.5)

    assert led.imposes == ("THROTTLED", 0.25)


def test_whoever_lets_go_what_is_held_hears_who_holds_it():
    led = tripped()
    led.step(30, 0.5, led.asks(HOLD, 5 * HOUR))

    said = refusal(led.step(2 * HOUR, 0.5, release_of(led.episode)))

    assert said == "meter is held until 2024-06-01 17:00 UTC by ana: end that override first"


# --- step down -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", [REDUCE_ONLY, HALTED])
@pytest.mark.parametrize(("size", "imposed"), [(0.4, "THROTTLED"), (1.0, "CAUTION")])
def test_new_risk_passes_at_the_size_until_the_expiry_and_then_the_rule_holds_again(
    state, size, imposed
):
    led = tripped(state=state)
    told = led.step(1, 2.2, led.asks(STEP_DOWN, 45, size=size))
    assert (kinds(told), told[0].state) == ([BreakerOverridden], imposed)
    assert led.imposes == (imposed, size)
    assert led.state.phase is Phase.TRIPPED, "its rule goes on beneath"

    told = led.step(45, 2.2)

    assert kinds(told) == [OverrideEnded]
    assert (told[0].state, told[0].size) == (state.name, 0.0)
    assert led.imposes == (state.name, 0.0)


def test_whichever_lets_more_pass_counts_the_ramp_or_the_person():
    led = reopening()
    led.step(2 * HOUR + 1, 0.5, led.asks(STEP_DOWN, 6 * HOUR, size=0.4))
    stepped_down = led.imposes
    led.step(3 * HOUR, 0.5)

    assert (stepped_down, led.imposes) == (("THROTTLED", 0.4), ("THROTTLED", 0.5))


def test_what_is_asked_to_be_closed_is_not_while_new_risk_passes():
    led = tripped(flatten=True)
    flattens = _imposed(led)[0].flatten
    led.step(1, 2.2, led.asks(STEP_DOWN, 45, size=0.5))

    assert (flattens, _imposed(led)[0].flatten) == (True, False)


def _imposed(led: Course) -> tuple[Imposed, ...]:
    return tuple(imposed_by(led.breakers, Policy(breakers=(led.definition,))))


@pytest.mark.parametrize(
    ("then", "bearable", "worse"), [(2.2, 2.41, 2.43), (1.5, 2.0, 2.01), (None, 2.0, 2.01)]
)
def test_it_ends_once_the_breaker_is_worse_than_when_somebody_looked(then, bearable, worse):
    led = tripped(5.0)
    led.step(1, then, led.asks(STEP_DOWN, 45, size=0.5, value=then))
    told = led.step(2, bearable)
    assert (told, led.imposes) == ([], ("THROTTLED", 0.5))

    told = led.step(3, worse)

    assert kinds(told) == [OverrideEnded]
    assert told[0].why == f"the meter shows {worse:g}, worse than when it was overridden"
    assert (told[0].by, led.imposes) == ("rule", SHUT)


def test_what_got_worse_before_the_word_was_heard_is_not_stepped_down():
    led = tripped(2.2)
    asked = led.asks(STEP_DOWN, 45, size=1.0)

    told = led.step(1, 9.0, asked)

    assert "has got worse since it was looked at: it measured 2.2, and now 9" in refusal(told)
    assert (led.state.override, led.imposes) == (None, SHUT)


@pytest.mark.parametrize(("now", "measured"), [(2.4, 2.2), (2.1, 2.1), (None, 2.2)])
def test_it_is_measured_from_the_least_of_what_was_seen_and_what_is(now, measured):
    led = tripped(2.2)

    led.step(1, now, led.asks(STEP_DOWN, 45, size=0.5))

    assert led.state.override.measured == measured


def test_whoever_saw_it_unmeasured_bears_no_more_than_its_trip_level():
    led = tripped(2.2)

    told = led.step(1, 2.1, led.asks(STEP_DOWN, 45, size=0.5, value=None))

    assert "it could not be measured, and now 2.1" in refusal(told)


def test_who_has_not_said_what_he_saw_is_measured_from_the_present():
    led = tripped(2.2)

    led.step(1, 9.0, led.asks(STEP_DOWN, 45, size=0.5, retrips=None))

    assert led.state.override.measured == 9.0


@pytest.mark.parametrize("kind", [STEP_DOWN, DISABLE])
def test_what_tripped_again_since_it_was_seen_re_opening_is_not_loosened(kind):
    led = reopening()
    now = 2 * HOUR + 1
    asked = led.asks(kind, now + 45, size=1.0)
    led.step(now, 9.0)
    assert (led.episode, led.state.episode.retrips, led.imposes) == (asked.seen_episode, 1, SHUT)

    told = led.step(now + 1, 9.0, asked)

    assert "has tripped again since it was looked at, once in this episode" in refusal(told)
    assert (led.state.override, led.imposes) == (None, SHUT)


def test_what_tightens_is_heard_also_of_what_tripped_again():
    led = reopening()
    now = 2 * HOUR + 1
    asked = led.asks(HOLD, now + 24 * HOUR)
    led.step(now, 9.0)

    led.step(now + 1, 9.0, asked)

    assert led.state.override.kind is HOLD


def test_it_ends_after_some_steps_in_a_row_without_a_reading():
    led = tripped(2.2)
    led.step(1, None, led.asks(STEP_DOWN, 200, size=0.5))
    told = [led.step(2, None), led.step(3, None), led.step(4, 2.2), led.step(5, None)]
    told += [led.step(6, None), led.step(6, None)]
    assert (told, led.imposes) == ([[]] * 6, ("THROTTLED", 0.5)), "a reading begins it anew"

    (over,) = led.step(7, None)

    assert (over.why, over.by) == ("it could not be measured 3 times in a row", "rule")
    assert led.imposes == SHUT


@pytest.mark.parametrize("kind", [HOLD, DISABLE])
def test_nothing_else_ends_because_nothing_can_be_measured(kind):
    led = tripped(2.2)
    led.step(1, None, led.asks(kind, 200))

    assert [led.step(minutes, None) for minutes in range(2, 7)] == [[]] * 5
    assert led.state.override.kind is kind


def test_whoever_ends_one_ends_what_he_says_it_is():
    led = tripped(2.2)
    led.step(1, 2.2, led.asks(HOLD, 200))

    told = led.step(2, 2.2, led.asks(END, ends=DISABLE))
    assert "meter is held until 2024-06-01 15:20 UTC (number 1): look at that" in refusal(told)

    assert kinds(led.step(3, 2.2, led.asks(END, ends=HOLD))) == [OverrideEnded]


@pytest.mark.parametrize("made", [course, tripped, reopening])
def test_what_is_disabled_can_be_tripped_and_what_is_shut_beneath_held(made):
    for kind in (TRIP, HOLD):
        led = made()
        now = 2 * HOUR + 1 if made is reopening else 1
        led.step(now, 1.5, led.asks(DISABLE, now + 60))
        if kind is HOLD and made is course:
            continue

        led.step(now + 1, 1.5, led.asks(kind, now + 24 * HOUR, seq=2))

        assert led.state.override.kind is kind
        if kind is TRIP or made is tripped:
            assert led.imposes == SHUT


def test_it_ends_once_it_is_worse_though_somebody_lets_it_go_in_that_step():
    led = tripped()
    led.step(30, 2.2, led.asks(STEP_DOWN, 200, size=1.0))
    led.step(2 * HOUR, 3.0, release_of(led.episode))

    assert led.state.phase is Phase.PROBATION
    assert (led.state.override, led.imposes) == (None, ("THROTTLED", 0.25))


def test_it_ends_with_a_trip_in_probation_and_with_its_episode():
    again = reopening()
    again.step(2 * HOUR + 1, 0.5, again.asks(STEP_DOWN, 6 * HOUR, size=1.0))
    told = again.step(2 * HOUR + 2, 2.2)
    assert kinds(told) == [OverrideEnded, BreakerStepped]
    assert (told[0].why, told[1].size, again.imposes) == ("it tripped again", 0.0, SHUT)

    over = reopening()
    over.step(2 * HOUR + 1, 0.5, over.asks(STEP_DOWN, 6 * HOUR, size=1.0))
    for hours in (3, 4):
        over.step(hours * HOUR, 0.5)
    told = over.step(5 * HOUR, 0.5)
    assert kinds(told) == [BreakerDeactivated, OverrideEnded]
    assert told[1].why == "its episode is over"
    assert over.imposes == ("NORMAL", 1.0)


# --- disable -------------------------------------------------------------------------------


def test_an_armed_one_that_is_disabled_records_what_it_would_have_done():
    led = course()
    led.step(1, 0.5, led.asks(DISABLE, 3 * HOUR))
    told = led.step(2, 2.2)

    assert kinds(told) == [BreakerWouldTrip]
    assert (led.imposes, led.state.episode.imposed) == (("NORMAL", 1.0), False)


def test_at_the_expiry_it_imposes_at_once_what_its_rule_says():
    led = course()
    led.step(1, 0.5, led.asks(DISABLE, 3 * HOUR))
    led.step(2 * HOUR + 30, 2.2)
    told = led.step(3 * HOUR, 2.1)

    assert kinds(told) == [OverrideEnded, BreakerActivated]
    assert (told[0].state, told[1].until) == ("REDUCE_ONLY", led.state.until)
    assert led.imposes == SHUT
    # Its pause is the one that began when it would have tripped.
    assert led.state.until == NOON + timedelta(hours=2.5 + 1.1)


def test_no_pause_is_lost_by_disabling_what_has_tripped():
    """Else a minute's override would stand for a release and its ramp."""
    led = tripped()
    until = led.state.until
    told = led.step(1, 0.5, led.asks(DISABLE, 10))
    assert kinds(told) == [BreakerOverridden, BreakerDeactivated, BreakerWouldTrip]
    assert (led.imposes, told[1].released_by) == (("NORMAL", 1.0), "ana")
    assert "disabled until 2024-06-01 12:10 UTC by ana" in told[1].reason

    told = led.step(10, 0.5)

    assert kinds(told) == [OverrideEnded, BreakerActivated]
    assert (led.imposes, led.state.until) == (SHUT, until)


def test_one_that_would_re_open_by_then_goes_on_from_its_rung():
    led = tripped()
    led.step(1, 0.5, led.asks(DISABLE, 3 * HOUR))
    for minutes in (66, 2 * HOUR + 6):
        assert led.step(minutes, 0.5) == []
    told = led.step(3 * HOUR, 0.5)

    assert (only(told, BreakerActivated).state, led.imposes) == ("THROTTLED", ("THROTTLED", 0.5))


def test_one_that_is_disabled_anew_goes_on_recording_without_a_word_of_a_trip():
    led = course()
    led.step(1, 0.5, led.asks(DISABLE, 60))
    led.step(2, 2.2)
    told = led.step(30, 2.2, led.asks(DISABLE, 120, seq=2))

    assert kinds(told) == [OverrideEnded, BreakerOverridden]
    assert (led.imposes, led.state.override.action) == (("NORMAL", 1.0), 2)


# --- one at a time -------------------------------------------------------------------------


def test_a_new_one_takes_the_others_place_only_if_it_names_it():
    led = tripped()
    led.step(1, 2.2, led.asks(STEP_DOWN, 45, size=0.5, who="ben", seq=4))

    said = refusal(led.step(2, 2.2, led.asks(HOLD, 200, over=0, seq=5)))
    assert said.startswith("ben was quicker: since 2024-06-01 12:01:00 UTC meter is stepped down")
    assert said.endswith(
        "to 50 % of size until 2024-06-01 12:45 UTC (number 4); look at that first"
    )
    told = led.step(3, 2.2, led.asks(HOLD, 200, seq=6))

    assert kinds(told) == [OverrideEnded, BreakerOverridden]
    assert (told[0].action, told[0].by, told[1].action) == (4, "ana", 6)
    assert (led.imposes, led.state.override.kind) == (SHUT, HOLD)


def test_two_at_once_give_one_winner_and_the_other_hears_who_was_quicker():
    led = tripped()
    both = (
        led.asks(STEP_DOWN, 45, size=0.5, who="ben", seq=4),
        led.asks(HOLD, 200, who="cleo", seq=5),
    )
    told = led.step(1, 2.2, *both)

    assert led.state.override.by == "ben"
    assert (only(told, ActionRefused).by, "ben was quicker" in refusal(told)) == ("cleo", True)


def test_what_holds_is_not_shortened_by_what_holds():
    """Tightening asks for no proof: it must not loosen by taking another's place."""
    led = tripped()
    led.step(1, 2.2, led.asks(HOLD, 300))

    assert "whoever wants it sooner ends that" in refusal(
        led.step(2, 2.2, led.asks(EXTEND, 200, seq=2))
    )
    assert kinds(led.step(3, 2.2, led.asks(EXTEND, 400, seq=3)))[-1] is BreakerOverridden


def test_a_trip_takes_away_what_loosened():
    down = tripped()
    down.step(1, 2.2, down.asks(STEP_DOWN, 45, size=0.5))
    down.step(2, 2.2, down.asks(TRIP, 300, seq=2))
    assert (down.imposes, down.state.until) == (SHUT, NOON + timedelta(minutes=300))

    off = course()
    off.step(1, 0.5, off.asks(DISABLE, 60))
    told = off.step(2, 0.5, off.asks(TRIP, 90, seq=2))
    assert kinds(told) == [OverrideEnded, BreakerOverridden, BreakerActivated]
    assert off.imposes == SHUT


@pytest.mark.parametrize(("kind", "told"), [(TRIP, "it tripped"), (HOLD, "it held")])
def test_an_end_ends_it_at_once_and_says_who(kind, told):
    led = course() if kind is TRIP else tripped()
    led.step(1, 0.5, led.asks(kind, 300))
    events = led.step(70, 0.5, led.asks(END, seq=2, who="ben"))

    over = only(events, OverrideEnded)
    assert (over.by, over.why, over.began_by) == ("ben", "looked at it", "ana")
    assert led.imposes == ("THROTTLED", 0.25), told


# --- refusals ------------------------------------------------------------------------------

ARMED, SHUT_ONE, RUNG = course, tripped, reopening


@pytest.mark.parametrize(
    ("made", "kind", "minutes", "told", "why"),
    [
        (ARMED, HOLD, 60, {}, "meter is armed: there is nothing to hold; trip it by hand"),
        (ARMED, EXTEND, 60, {}, "meter is armed: there is no pause to extend"),
        (ARMED, STEP_DOWN, 60, {}, "meter is armed: new risk passes at whole size"),
        (ARMED, END, None, {}, "meter is not overridden: there is nothing to end"),
        (ARMED, END, None, {"over": 7}, "that was seen, number 7, is over already"),
        (ARMED, TRIP, None, {}, "an override needs an expiry"),
        (ARMED, TRIP, 0, {}, "the expiry must lie ahead, and it is 2024-06-01 1"),
        (ARMED, TRIP, 8 * 24 * 60, {}, "it may last for 168 h at the most"),
        (ARMED, DISABLE, 10 * 60, {}, "it may last for 4 h at the most"),
        (ARMED, TRIP, 60, {"episode": "meter/-9"}, "the episode that was seen, meter/-9, is"),
        (ARMED, TRIP, 60, {"breaker": "other"}, "there is no breaker called other"),
        (ARMED, TRIP, 60, {"breaker": "manual x"}, "what people stopped is resumed, not over"),
        (SHUT_ONE, TRIP, 300, {}, "meter is tripped already: extend its pause, or hold it"),
        (SHUT_ONE, HOLD, 65, {}, "does not step on before 2024-06-01 13:06 UTC by its own rule"),
        (SHUT_ONE, EXTEND, 65, {}, "does not step on before 2024-06-01 13:06 UTC by its own rule"),
        (SHUT_ONE, STEP_DOWN, 60, {"size": 0.0}, "a size above 0 and up to 1, not by 0.0"),
        (SHUT_ONE, STEP_DOWN, 60, {"size": 1.1}, "a size above 0 and up to 1, not by 1.1"),
        (SHUT_ONE, STEP_DOWN, 60, {"size": float("nan")}, "a size above 0 and up to 1"),
        (SHUT_ONE, STEP_DOWN, 60, {"episode": ""}, "has tripped since: its episode is meter/0"),
        (RUNG, EXTEND, 300, {}, "re-opens already: hold it on its step, or trip it by hand"),
        (RUNG, STEP_DOWN, 200, {"size": 0.2}, "25 % of size by its rule: 20 % would be tighter"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_reason_and_changes_nothing(
    made, kind, minutes, told, why
):
    led = made()
    before = (led.imposes, led.state.override)
    now = 2 * HOUR + 1 if made is RUNG else 1

    events = led.step(now, 1.5, led.asks(kind, minutes, **told))

    assert why in refusal(events)
    assert not any(isinstance(event, BreakerOverridden) for event in events)
    assert (led.imposes, led.state.override) == before


def test_a_throttle_is_not_stepped_down_below_its_own_size_and_a_whole_one_not_at_all():
    throttle = tripped(state=THROTTLED, size=0.5)
    assert "50 % of size by its rule" in refusal(
        throttle.step(1, 2.2, throttle.asks(STEP_DOWN, 60, size=0.4))
    )
    last = reopening()
    for hours in (3, 4):
        last.step(hours * HOUR, 0.5)
    assert "at whole size already" in refusal(
        last.step(4 * HOUR + 1, 0.5, last.asks(STEP_DOWN, 290, size=1.0))
    )


def test_one_that_the_policy_has_switched_off_is_not_overridden():
    led = course(definition_of(enabled=False))

    for kind in (TRIP, DISABLE):
        assert "is switched off in the policy" in refusal(led.step(1, 0.5, led.asks(kind, 60)))


@pytest.mark.parametrize("kind", [each for each in OverrideKind if each is not END])
def test_the_longest_is_allowed_and_no_second_more(kind):
    made = course if kind in (TRIP, DISABLE) else tripped
    most = LONGEST[kind] / timedelta(minutes=1) + 1

    long, longer = made(), made()
    assert kinds(long.step(1, 2.0, long.asks(kind, most)))[0] is BreakerOverridden
    assert "at the most" in refusal(longer.step(1, 2.0, longer.asks(kind, most + 1 / 60)))


def test_between_two_steps_it_imposes_what_the_next_one_says_also_where_that_one_would_trip_it():
    """At the moment of its first rung it lies above its level: the next step trips it again."""
    led = tripped(kind="timed_meter")
    led.step(66, 2.1)
    assert led.imposes == ("THROTTLED", 0.25)
    asked = led.asks(STEP_DOWN, 100, size=0.7)
    policy = Policy(breakers=(led.definition,))

    with meters():
        between = obeying(
            led.breakers, policy, [asked], at=NOON + timedelta(minutes=66), cycle="66"
        )
    led.step(66, 2.1, asked)

    assert list(imposed_by(between, policy)) == list(_imposed(led))
    assert led.imposes == SHUT


# --- people and policies -------------------------------------------------------------------


@pytest.mark.parametrize("change", ["gone", "off", "elsewhere"])
@pytest.mark.parametrize("kind", [TRIP, STEP_DOWN, DISABLE])
def test_a_policy_that_takes_the_breaker_away_ends_what_overrides_it(change, kind):
    led = course() if kind is not STEP_DOWN else tripped()
    led.step(1, 2.0, led.asks(kind, 60, size=0.5))
    on = led.definition
    left = {
        "gone": (),
        "off": (replace(on, enabled=False),),
        "elsewhere": (replace(on, kind="timed_meter"),),
    }[change]

    told = led.step(2, 2.0, definitions=left)

    if (change, kind) == ("off", DISABLE):
        assert told == [], "it stops nothing either way, and ends at its expiry"
        return
    over = only(told, OverrideEnded)
    assert over.why == "the breaker was taken away, or switched, by a new policy"
    assert not left or led.state.override is None


def test_another_level_leaves_it_on():
    led = tripped()
    led.step(1, 2.2, led.asks(STEP_DOWN, 60, size=0.5))
    led.step(2, 2.2, definitions=(replace(led.definition, trip=1.8),))

    assert led.imposes == ("THROTTLED", 0.5)


def test_of_several_releases_the_one_that_did_it_is_named():
    led = tripped()
    wrong, right = release_of("meter/-1", who="ana"), release_of("meter/0", who="ben")
    late = release_of("meter/0", who="cleo")

    told = led.step(90, 2.2, wrong, right, late)

    assert only(told, BreakerStepped).by == "ben"
    assert [e.by for e in told if isinstance(e, ActionRefused)] == ["ana", "cleo"]


def test_what_is_asked_of_an_override_is_told_in_words():
    on = definition_of()
    told = {
        kind: effect_of(on, override_of(kind, None if kind is END else 60, size=0.5).wish)
        for kind in OverrideKind
    }

    assert "portfolio:demo is REDUCE ONLY at once, until 2024-06-01 13:00 UTC" in told[TRIP]
    assert "new trip still shuts it" in told[HOLD]
    assert "lasts until 2024-06-01 13:00 UTC at the least" in told[EXTEND]
    assert "passes at 50 % of size at once" in told[STEP_DOWN]
    assert "only records" in told[DISABLE]
    assert "holds again" in told[END]
    flat = effect_of(definition_of(flatten=True), override_of(TRIP, 60).wish)
    assert "all its positions are asked to be closed" in flat


# --- what comes at the expiry, before it does ------------------------------------------------


def at_noon(course: Course, minutes: float) -> str:
    """What is said by then of the time after what is on."""
    with meters():
        over = once_over(course.definition, course.state, NOON + timedelta(minutes=minutes))
        return then_in_words(course.definition, over, lambda moment: f"{moment:%H:%M}")


def test_a_trip_by_hand_is_told_to_re_open_and_to_stay_shut_where_its_rule_agrees():
    led = course()
    led.step(1, 0.5, led.asks(TRIP, 31))
    assert at_noon(led, 1) == "re-opens at 25 % of size"

    led.step(20, 2.2)
    assert at_noon(led, 20) == "is REDUCE ONLY by its rule until 13:07 at the earliest"
    needs = course(definition_of(kind="held_meter"))
    needs.step(1, 0.5, needs.asks(TRIP, 31))
    assert at_noon(needs, 1) == "is REDUCE ONLY by its rule until a person lets it go"


@pytest.mark.parametrize("early", [timedelta(0), timedelta(microseconds=400)])
def test_the_end_of_a_trip_by_hand_is_told_to_re_open_with_the_next_step(early):
    """Also where the cycle's time was kept to the millisecond, and lies before the trip's."""
    led = course()
    led.step(1, 0.5, led.asks(TRIP, 31))
    now = NOON + timedelta(minutes=1) - early
    with meters():
        over = once_wished(led.definition, led.state, led.asks(END).wish, now)
        said = then_in_words(led.definition, over, str)
        refused = once_wished(led.definition, led.state, led.asks(END, over=9).wish, now)

    assert said == "re-opens at 25 % of size"
    assert refused is None


def test_what_is_stepped_down_is_told_when_it_is_over_sooner():
    led = reopening()
    led.step(121, 0.5, led.asks(STEP_DOWN, 350, size=0.5))
    with meters():
        over = once_over(led.definition, led.state, NOON + timedelta(minutes=121))
        assert once_over(led.definition, over.state, over.at) is None

    assert over.at == NOON + timedelta(hours=5)
    assert over.state.phase is Phase.ARMED
    assert at_noon(led, 121) == "is armed and holds nothing"


@settings(max_examples=60)
@given(
    start=st.sampled_from(["armed", "tripped", "re-opening"]),
    kind=st.sampled_from([TRIP, HOLD, EXTEND, STEP_DOWN, DISABLE]),
    lasts=st.integers(2, 230),
    value=st.sampled_from([0.5, 1.5, 1.9, 2.1, 2.4]),
    of=st.integers(1, 3),
)
def test_what_is_foreseen_is_what_comes_if_the_market_stands_still(start, kind, lasts, value, of):
    """A law over every kind and phase: the words follow the state machine, not a second opinion."""
    changes = {"confirm": 1, "of": of}
    led = {"armed": _armed, "tripped": tripped, "re-opening": reopening}[start](**changes)
    began = 121.0 if start == "re-opening" else 1.0
    led.step(began, value)
    now = NOON + timedelta(minutes=began)
    ask = led.asks(kind, began + lasts, size=0.5)
    with meters():
        wished = once_wished(led.definition, led.state, ask.wish, now)
    led.step(began, value, ask)
    if led.state.override is None:
        # It was refused, or over within the very step.
        assert wished is None or wished.at == now
        return
    with meters():
        foreseen = once_over(led.definition, led.state, now)
    minutes = began
    while led.state.override is not None:
        minutes = _next_moment(led, minutes)
        led.step(minutes, value)

    assert wished is not None
    for each in (foreseen, wished):
        assert abs(each.at - NOON - timedelta(minutes=minutes)) < timedelta(minutes=1)
        assert (each.state.phase, each.state.rung) == (led.state.phase, led.state.rung)
        assert each.state.until == led.state.until


def _armed(**changes: object) -> Course:
    return course(definition_of(**changes))


def _next_moment(led: Course, minutes: float) -> float:
    """The next full minute, or sooner where something falls due."""
    dues = (led.state.until, led.state.override.expires)
    due = [(each - NOON) / timedelta(minutes=1) for each in dues if each is not None]
    return min(each for each in (*due, float(int(minutes) + 1)) if each > minutes)
