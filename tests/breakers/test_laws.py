"""Laws of every course that a breaker can take, whatever it measures and whoever interferes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from risk.breakers.evaluation import BreakersAfter
from risk.breakers.imposing import imposed_by
from risk.domain.breakers import NO_BREAKERS, RAMP, BreakerDefinition, Breakers, Phase
from risk.domain.events import (
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerStepped,
)
from risk.domain.policy import Policy
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.storage.codec import decode_value, encode_value
from tests.breakers.meters import NOON, definition_of, release_of, snapshot_at, stepped

GREATEST = timedelta(hours=4)


class Turn(NamedTuple):
    """One step of a course."""

    minutes: float
    value: float | None
    let_go: bool = False
    restarted: bool = False


def definitions() -> st.SearchStrategy[BreakerDefinition]:
    return st.builds(
        lambda kind, confirm, state: definition_of(
            kind=kind,
            confirm=confirm,
            of=3,
            state=state,
            size=0.5,
            greatest_hours=GREATEST / timedelta(hours=1),
        ),
        st.sampled_from(["meter", "timed_meter", "held_meter"]),
        st.integers(1, 3),
        st.sampled_from([TradingState.THROTTLED, TradingState.REDUCE_ONLY, TradingState.HALTED]),
    )


@st.composite
def courses(draw: st.DrawFn) -> list[Turn]:
    turns, now = [], 0.0
    for _ in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0.0, 0.01, 1.0, 20.0, 61.0, 200.0]))
        value = draw(st.sampled_from([None, 0.5, 1.0, 1.5, 2.0, 2.1, 2.5, 50.0]))
        turns.append(Turn(now, value, draw(st.booleans()), draw(st.booleans())))
    return turns


def led(
    course: list[Turn], definition: BreakerDefinition, *, restarts: bool = False
) -> Iterator[BreakersAfter]:
    before = NO_BREAKERS
    for turn in course:
        if restarts and turn.restarted:
            before = restored(before)
        state = before.states.get("meter")
        episode = state.episode if state else None
        asked = (release_of(episode.id),) if turn.let_go and episode else ()
        after = stepped(before, snapshot_at(turn.minutes, turn.value, releases=asked), definition)
        yield after
        before = after.breakers


def restored(breakers: Breakers) -> Breakers:
    """As a restart finds them."""
    state = RiskState(portfolio="demo", breakers=breakers)
    return decode_value(encode_value(state), RiskState).breakers


@given(courses(), definitions())
def test_activations_and_deactivations_alternate(course, definition):
    told = [
        type(event)
        for step in led(course, definition)
        for event in step.events
        if isinstance(event, BreakerActivated | BreakerDeactivated)
    ]

    assert told == [BreakerActivated, BreakerDeactivated] * (len(told) // 2) + (
        [BreakerActivated] if len(told) % 2 else []
    )


@given(courses(), definitions())
def test_a_restart_at_any_step_changes_nothing(course, definition):
    for without, with_restarts in zip(
        led(course, definition), led(course, definition, restarts=True), strict=True
    ):
        assert with_restarts == without


@given(courses(), definitions())
def test_whatever_is_tripped_imposes_its_state_and_what_re_opens_never_more(course, definition):
    policy = Policy(breakers=(definition,))
    for step in led(course, definition):
        state = step.breakers.states["meter"]
        imposed = list(imposed_by(step.breakers, policy))
        if state.phase is Phase.ARMED:
            assert not imposed
        elif state.phase is Phase.TRIPPED:
            assert imposed[0].state is definition.state
        else:
            assert imposed[0].state in (TradingState.THROTTLED, TradingState.CAUTION)
            rung, throttles = RAMP[state.rung], definition.state is TradingState.THROTTLED
            assert imposed[0].size == (max(rung, 0.5) if throttles else rung)


@given(courses(), definitions())
def test_no_trip_is_let_go_before_its_pause_is_over_nor_by_rule_while_a_person_is_needed(
    course, definition
):
    before = NO_BREAKERS
    for step in led(course, definition):
        old, new = before.states.get("meter"), step.breakers.states["meter"]
        if old is not None and old.phase is Phase.TRIPPED and new.phase is not Phase.TRIPPED:
            assert new.since >= old.until
            if definition.kind == "held_meter":
                assert all(e.by == "ana" for e in step.events if isinstance(e, BreakerStepped))
        before = step.breakers


@given(courses(), definitions())
def test_no_trip_outlives_its_greatest_dwell_without_asking_a_person(course, definition):
    heard = None
    for turn, step in zip(course, led(course, definition), strict=True):
        state, now = step.breakers.states["meter"], NOON + timedelta(minutes=turn.minutes)
        looked = any(
            isinstance(event, BreakerAsksPerson)
            or (isinstance(event, BreakerStepped) and event.by == "ana")
            for event in step.events
        )
        if state.episode is None:
            heard = None
        elif heard is None or looked:
            heard = now
        assert heard is None or now - heard < GREATEST


@given(courses(), definitions(), st.randoms(use_true_random=False))
def test_the_order_of_breakers_and_marks_does_not_matter(course, definition, random):
    other = replace(definition, name="another", kind="meter", trip=1.2, confirm=1)
    before, shuffled = NO_BREAKERS, NO_BREAKERS
    for turn in course:
        snapshot = snapshot_at(turn.minutes, turn.value)
        marks = list(snapshot.marks.items())
        random.shuffle(marks)
        one = stepped(before, snapshot, definition, other)
        two = stepped(shuffled, replace(snapshot, marks=dict(marks)), other, definition)
        assert one.breakers == two.breakers
        assert sorted(map(repr, one.events)) == sorted(map(repr, two.events))
        before, shuffled = one.breakers, two.breakers
