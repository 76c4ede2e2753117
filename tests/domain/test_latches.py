"""Latches: the tightest holds, what was written twice counts once, only who looked lets go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actions import Action, ChooseBookModel, LatchTrading, ResumeTrading
from risk.domain.latches import (
    Latch,
    after_changes,
    apply_latches,
    asked_of_latch,
    latches_after,
    why_not_resumed,
)
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
DOGE = Scope(ScopeKind.ASSET, "DOGE/USDT")
TREND = Scope(ScopeKind.STRATEGY, "trend")
HALTED, REDUCE_ONLY = TradingState.HALTED, TradingState.REDUCE_ONLY


def halting(
    scope: Scope = DOGE, state: TradingState = HALTED, *, seq: int = 1, who: str = "ana", **own: str
) -> LatchTrading:
    words = {"reason": "fat finger", "id": f"latch-{seq}", **own}
    return LatchTrading(seq=seq, at=NOON, who=who, scope=scope, state=state, **words)


def resuming(scope: Scope = DOGE, *, seen: int, seq: int = 9) -> ResumeTrading:
    return ResumeTrading(seq=seq, at=NOON, who="ben", scope=scope, reason="checked", seen=seen)


scopes = st.sampled_from([BOOK, DOGE, TREND])
states = st.sampled_from([HALTED, REDUCE_ONLY])


@st.composite
def latchings(draw: st.DrawFn) -> list[LatchTrading]:
    """Latches only, numbered in their order."""
    wanted = draw(st.lists(st.tuples(scopes, states), max_size=8))
    return [halting(scope, state, seq=n) for n, (scope, state) in enumerate(wanted, start=1)]


@st.composite
def histories(draw: st.DrawFn) -> list[Action]:
    """Latches and resumptions, some of what was never seen or is there no more."""
    kinds = draw(st.lists(st.tuples(scopes, st.one_of(states, st.integers(0, 8))), max_size=10))
    return [
        halting(scope, what, seq=n)
        if isinstance(what, TradingState)
        else resuming(scope, seen=what, seq=n)
        for n, (scope, what) in enumerate(kinds, start=1)
    ]


def after(*actions: Action, at: datetime = NOON) -> dict[Scope, Latch]:
    return dict(latches_after({}, actions, at=at))


# --- laws ----------------------------------------------------------------------------------


@given(latchings(), st.randoms(use_true_random=False))
def test_in_whatever_order_they_come_the_tightest_holds(asked, random) -> None:
    shuffled = random.sample(asked, len(asked))

    states_of = {scope: latch.state for scope, latch in after(*asked).items()}
    assert states_of == {scope: latch.state for scope, latch in after(*shuffled).items()}
    assert states_of == {
        scope: max(one.state for one in asked if one.scope == scope)
        for scope in {one.scope for one in asked}
    }


@given(latchings(), st.data())
def test_what_was_written_twice_counts_once(asked, data) -> None:
    repeated = [
        replace(again, seq=100 + n)
        for n, again in enumerate(data.draw(st.lists(st.sampled_from(asked))) if asked else ())
    ]
    once, twice = (apply_latches({}, each, at=NOON) for each in (asked, [*asked, *repeated]))

    assert twice == once


@given(histories(), st.integers(0, 10))
def test_cycles_do_not_matter(asked: Sequence[Action], cut: int) -> None:
    """What is latched does not depend on how many actions a cycle takes in."""
    first = latches_after({}, asked[:cut], at=NOON)

    assert latches_after(first, asked[cut:], at=NOON) == after(*asked)


@given(histories())
def test_nothing_but_a_resumption_lets_go(asked: Sequence[Action]) -> None:
    before: dict[Scope, Latch] = {}
    for action in asked:
        now = dict(latches_after(before, [action], at=NOON))
        loosened = [
            scope
            for scope, latch in before.items()
            if scope not in now or now[scope].state < latch.state
        ]
        lets_go = (
            isinstance(action, ResumeTrading)
            and why_not_resumed(before.get(action.scope), action) is None
        )
        assert loosened == ([action.scope] if lets_go else [])
        before = now


@given(histories())
def test_whoever_resumes_has_seen_the_last_latch_of_the_scope(asked: Sequence[Action]) -> None:
    """Each change is a latch, or names the last latch before it; every other one is refused."""
    done = apply_latches({}, asked, at=NOON)
    resumed = sum(change.after is None for change in done.changes)
    wanted = sum(isinstance(action, ResumeTrading) for action in asked)

    assert resumed + len(done.refusals) == wanted
    last: dict[Scope, int] = {}
    allowed = 0
    for action in asked:
        if isinstance(action, LatchTrading):
            last[action.scope] = action.seq
        elif isinstance(action, ResumeTrading) and last.get(action.scope) == action.seen:
            del last[action.scope]
            allowed += 1
    assert resumed == allowed


@given(histories())
def test_the_changes_tell_all_that_changed(asked: Sequence[Action]) -> None:
    done = apply_latches({}, asked, at=NOON)

    assert after_changes({}, done.changes) == done.latches


def test_an_id_that_was_used_for_another_scope_stops_nothing_from_being_latched() -> None:
    assert after(halting(DOGE, id="x"), halting(TREND, seq=2, id="x")).keys() == {DOGE, TREND}


# --- one at a time -------------------------------------------------------------------------


def test_a_latch_names_who_why_since_and_the_number_to_resume_by() -> None:
    (latch,) = after(halting(seq=4)).values()

    assert latch == Latch(DOGE, HALTED, "ana", "fat finger", NOON, 4, "latch-4")
    assert latch.cause == "halted by ana: fat finger"
    assert after(halting(state=REDUCE_ONLY))[DOGE].cause == "set to reduce only by ana: fat finger"


def test_a_second_halt_keeps_the_time_of_the_first() -> None:
    first = latches_after({}, [halting(seq=1)], at=NOON)
    second = latches_after(first, [halting(seq=2, who="ben", reason="again")], at=NOON + HOUR)

    assert second[DOGE] == Latch(DOGE, HALTED, "ben", "again", NOON, 2, "latch-2")


def test_a_tighter_one_begins_when_it_comes() -> None:
    first = latches_after({}, [halting(state=REDUCE_ONLY)], at=NOON)
    second = latches_after(first, [halting(seq=2)], at=NOON + HOUR)

    assert (second[DOGE].state, second[DOGE].since) == (HALTED, NOON + HOUR)


def test_a_looser_one_changes_nothing_but_what_must_have_been_seen() -> None:
    looser = halting(state=REDUCE_ONLY, seq=2, who="ben")
    (latch,) = after(halting(seq=1), looser).values()

    assert (latch.state, latch.who, latch.action) == (HALTED, "ana", 2)
    done = apply_latches({}, [halting(seq=1), looser, resuming(seen=1)], at=NOON)
    assert [refusal.asked for refusal in done.refusals] == ["resume asset:DOGE/USDT"]


def test_a_latch_held_before_it_is_journalled_gets_its_number_and_is_not_told_again() -> None:
    held = latches_after({}, [halting(seq=0, id="x")], at=NOON)
    done = apply_latches(held, [halting(seq=7, id="x")], at=NOON + HOUR)

    assert held[DOGE].action == 0
    assert done.latches[DOGE] == held[DOGE]._replace(action=7)
    assert done.changes == ()


def test_the_same_latch_again_in_a_later_cycle_does_not_move_its_number() -> None:
    first = latches_after({}, [halting(seq=1, id="x")], at=NOON)

    assert latches_after(first, [halting(seq=5, id="x")], at=NOON + HOUR) == first


def test_to_resume_is_refused_in_words_and_then_done() -> None:
    asked = [
        resuming(TREND, seen=1, seq=2),
        halting(seq=3, who="eve", reason="second thoughts"),
        resuming(seen=1, seq=4),
        resuming(seen=3, seq=5),
    ]
    done = apply_latches({}, [halting(seq=1), *asked], at=NOON)

    unknown, outdated = (refusal.reason for refusal in done.refusals)
    assert unknown == "strategy:trend is not latched"
    assert outdated == (
        "asset:DOGE/USDT was latched again since number 1, which was seen: "
        "it is halted by eve: second thoughts (number 3); look at that first"
    )
    assert done.latches == {}
    last = done.changes[-1]
    assert (last.asked, last.after, last.who) == (TradingState.NORMAL, None, "ben")
    assert last.before is not None
    assert last.before.who == "eve"


def test_actions_of_other_kinds_are_left_to_others() -> None:
    other = ChooseBookModel(seq=1, at=NOON, who="ana", model="adaptive")

    assert apply_latches({}, [other], at=NOON) == ({}, (), ())
    with pytest.raises(TypeError, match="asks nothing of a latch"):
        asked_of_latch(other)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (halting(BOOK), "halt portfolio:demo"),
        (halting(TREND, REDUCE_ONLY), "allow only reductions in strategy:trend"),
        (resuming(seen=1), "resume asset:DOGE/USDT"),
    ],
)
def test_what_is_asked_ends_a_sentence(action: Action, words: str) -> None:
    assert asked_of_latch(action) == words


@pytest.mark.parametrize("state", [TradingState.NORMAL, TradingState.THROTTLED])
def test_nothing_is_latched_at_what_is_no_brake(state: TradingState) -> None:
    with pytest.raises(ValueError, match=f"nothing is latched at {state.name}"):
        halting(state=state)
