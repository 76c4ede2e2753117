"""What people stop shows among the breakers, and is theirs alone to start again."""

from dataclasses import replace

import pytest

from risk.breakers.evaluation import BreakersAfter, next_breakers
from risk.breakers.imposing import imposed_by
from risk.breakers.types import BREAKER_TYPES, SHOWN_TYPES, breaker_of
from risk.domain.actions import Action, LatchTrading, ResumeTrading
from risk.domain.breakers import NO_BREAKERS, Breakers
from risk.domain.events import ActionRefused
from risk.domain.latches import Latch, apply_latches
from risk.domain.policy import Policy
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.errors import PolicyInvalid
from tests.breakers.meters import NOON, WHOLE, definition_of, release_of, snapshot_at
from tests.breakers.sights import TREND

HALTED, REDUCE = TradingState.HALTED, TradingState.REDUCE_ONLY


class Book:
    """Latches of a book, and its breakers."""

    def __init__(self, latches: dict[Scope, Latch] | None = None) -> None:
        self.latches = latches or {}
        self.breakers: Breakers = NO_BREAKERS
        self.minute = 0.0

    def step(self, *actions: Action, releases: tuple = ()) -> BreakersAfter:
        self.minute += 1.0
        snapshot = snapshot_at(self.minute, None, releases=releases)
        latched = apply_latches(self.latches, actions, at=snapshot.at)
        self.latches = dict(latched.latches)
        after = next_breakers(
            self.breakers,
            (Policy(), Policy()),
            replace(snapshot, latch_changes=latched.changes),
            performance=None,
            courses={},
            latches=self.latches,
        )
        self.breakers = after.breakers
        return after


def halt(seq: int, scope: Scope = WHOLE, state: TradingState = HALTED, who: str = "ana"):
    return LatchTrading(
        seq=seq, at=NOON, who=who, id=f"halt-{seq}", scope=scope, state=state, reason="fat finger"
    )


def resume(seq: int, seen: int, scope: Scope = WHOLE) -> ResumeTrading:
    return ResumeTrading(seq=seq, at=NOON, who="bob", scope=scope, seen=seen, reason="all clear")


def told(after: BreakersAfter) -> list[tuple]:
    return [(e.breaker, e.state, e.cause, e.ended_by, e.ended_why) for e in after.episodes]


def test_a_halt_is_an_episode_that_ends_with_who_resumed_and_why():
    book, name = Book(), "manual portfolio:demo"
    began = book.step(halt(1))
    nothing, ended = book.step(), book.step(resume(2, seen=1))

    assert told(began) == [(name, HALTED, "halted by ana: fat finger", "", "")]
    assert told(nothing) == []
    assert told(ended) == [(name, HALTED, "halted by ana: fat finger", "bob", "all clear")]
    assert ended.episodes[0].id == began.episodes[0].id
    assert not book.breakers.states


def test_it_claims_no_state_beside_the_latch_and_tells_nothing_a_second_time():
    after = Book().step(halt(1), halt(2, TREND))

    assert [state.reading.value for state in after.breakers.states.values()] == [1.0, 1.0]
    assert list(imposed_by(after.breakers, Policy())) == []
    assert after.events == ()


def test_who_tightens_a_latch_changes_the_episode_and_begins_none():
    book = Book()
    (began,) = book.step(halt(1, state=REDUCE)).episodes
    (tighter,) = book.step(halt(2, who="cy")).episodes

    assert (tighter.id, tighter.state, tighter.cause) == (
        began.id, HALTED, "halted by cy: fat finger",
    )  # fmt: skip


def test_resumed_and_halted_again_in_one_step_are_two_episodes():
    book = Book()
    (first,) = book.step(halt(1)).episodes
    ended, second = book.step(resume(2, seen=1), halt(3)).episodes

    assert (ended.id, ended.ended_by) == (first.id, "bob")
    assert second.id != first.id
    assert second.ended_at is None


def test_latches_of_before_it_was_shown_are_shown_from_the_next_step_on():
    latched = Latch(WHOLE, HALTED, "ana", "an old one", NOON, 1, "halt-1")

    (episode,) = Book({WHOLE: latched}).step().episodes

    assert (episode.tripped_at, episode.cause) == (NOON, "halted by ana: an old one")


def test_a_release_of_a_breaker_does_not_resume_what_people_stopped():
    book = Book()
    (episode,) = book.step(halt(1)).episodes
    after = book.step(releases=(release_of(episode.id, breaker=episode.breaker),))

    (refused,) = [event for event in after.events if isinstance(event, ActionRefused)]
    assert "is resumed" in refused.reason
    assert episode.breaker in after.breakers.states


def test_no_policy_sets_one_and_none_of_a_policys_is_called_so():
    assert set(SHOWN_TYPES) - set(BREAKER_TYPES) == {"manual"}
    for wrong in (definition_of(kind="manual"), definition_of(name="manual portfolio:demo")):
        with pytest.raises(PolicyInvalid):
            breaker_of(wrong)
