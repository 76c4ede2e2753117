"""Programs that ask too often: counted by time, at any speed of cycles, until a person looks."""

from datetime import timedelta

import pytest

from risk.breakers.lifecycle import advance
from risk.domain.breakers import Phase
from risk.domain.conduct import Conduct
from tests.breakers.meters import NOON, definition_of, release_of
from tests.breakers.sights import TREND, after, breaker, led, remembered, sight


def asking(seconds: float, asked: int, refused: int = 0, strategy: str = "trend"):
    conduct = {strategy: Conduct(asked, refused)} if asked else {}
    return sight(after(seconds), conduct=conduct)


@pytest.mark.parametrize("step", [0.05, 0.5, 1.0, 7.0])
def test_a_minute_is_a_minute_whether_cycles_are_fast_or_slow(step):
    """One project's sixty minutes held sixty-one seconds."""
    course = [asking(step * tick, 1) for tick in range(int(200 / step))]

    read = remembered(breaker("agent_runaway", TREND), *course)

    assert read[-1][1].value == pytest.approx(60.0 / step, abs=60.0 / step * 0.02 + 1.0)
    assert max(len(memory.window) for memory, _ in read) <= 62
    assert led(breaker("agent_runaway", TREND), asking(60.0, 0), memory=read[-1][0])


def test_orders_of_more_than_a_minute_ago_are_forgotten_and_none_before():
    made = breaker("agent_runaway", TREND)
    course = asking(0.3, 5), asking(0.9, 7), asking(60.2, 0), asking(60.9, 0)

    assert [reading.value for reading in led(made, *course)] == [5.0, 12.0, 12.0, 0.0]


def test_what_is_counted_is_said_and_of_whom():
    both = sight(conduct={"trend": Conduct(9, 4), "dip": Conduct(2, 1)})

    def read(scope=None, **settings) -> float:
        return led(breaker("agent_runaway", scope, **settings), both)[0].value

    assert (read(TREND), read(TREND, counts="refused")) == (9.0, 4.0)
    assert (read(), read(counts="refused", minutes=2.0)) == (11.0, 2.5)


def test_a_runaway_stays_shut_until_a_person_has_looked():
    made, plain = breaker("agent_runaway", TREND), definition_of(trip=60.0, release=0.0)
    state = advance(None, made, plain, asking(0.0, 61)).state
    assert state.phase is Phase.TRIPPED
    for hours in (2, 30, 300):
        seen = sight(NOON + timedelta(hours=hours))
        state = advance(state, made, plain, seen).state
        assert state.phase is Phase.TRIPPED

    seen = sight(NOON + timedelta(hours=301))
    asked = [release_of(state.episode.id)]
    assert advance(state, made, plain, seen, words=asked).state.phase is Phase.PROBATION
