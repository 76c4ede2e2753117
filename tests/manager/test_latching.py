"""Latches in a step: the tighter of what a person asked and what the numbers say, until undone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as testing
from hypothesis import strategies as st

from risk.domain.actions import Action, LatchTrading, ResumeTrading
from risk.domain.decisions import ReasonCode
from risk.domain.events import RiskStatus, Severity, TradingLatched, TradingResumed, Verdict
from risk.domain.latches import Latch, apply_latches
from risk.domain.ledger import Ledger
from risk.domain.market import Trust
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from risk.errors import InvalidInput
from risk.manager import RiskManager, Step, step
from risk.manager.latching import refuse_unknown_scope
from risk.storage.codec import decode_value, encode_value
from tests.books import BTC, ETH, NOW, held, marks_of, order_of, snapshot_of, snapshots
from tests.manager.asking import request_of
from tests.policies import definition, policy_of

BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
ON_BTC = Scope(ScopeKind.ASSET, BTC)
TREND = Scope(ScopeKind.STRATEGY, "trend")
FOLLOWING = Scope(ScopeKind.STRATEGY_TYPE, "following")
VENUE = Scope(ScopeKind.VENUE, "sim-a")
HALTED, REDUCE_ONLY, NORMAL = TradingState.HALTED, TradingState.REDUCE_ONLY, TradingState.NORMAL
START = RiskState(portfolio="demo", policy=policy_of())
CALM = snapshot_of(held(BTC, 1e5))
STALE = replace(CALM, marks=marks_of(trusts={BTC: Trust.STALE}))


def halting(scope: Scope, state: TradingState = HALTED, *, seq: int = 1) -> LatchTrading:
    return LatchTrading(
        seq=seq, at=NOW, who="ana", scope=scope, state=state, reason="fat finger", id=f"l-{seq}"
    )


def resuming(scope: Scope, *, seen: int = 1) -> ResumeTrading:
    return ResumeTrading(seq=9, at=NOW, who="ben", scope=scope, reason="checked", seen=seen)


def taking_in(state: RiskState, snapshot: Snapshot, *actions: Action, seconds: int = 0) -> Step:
    """The step of a snapshot that contains the actions, as a cycle makes it."""
    at = NOW + timedelta(seconds=seconds)
    done = apply_latches(state.latches, actions, at=at)
    return step(
        state,
        replace(snapshot, at=at, id=f"demo-{seconds}", latch_changes=done.changes, scores=()),
    )


def told(taken: Step, kind: type) -> Sequence:
    return [event for event in taken.events if isinstance(event, kind)]


def cause(taken: Step, scope: Scope) -> str:
    return taken.state.standings[scope].cause


# --- standings -----------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [BOOK, ON_BTC, TREND, FOLLOWING, VENUE])
@pytest.mark.parametrize("state", [HALTED, REDUCE_ONLY])
def test_a_latched_scope_stands_at_its_latch_and_it_is_told(scope, state):
    first = taking_in(START, CALM)
    latched = taking_in(first.state, CALM, halting(scope, state), seconds=1)

    standing = latched.state.standings[scope]
    assert (standing.state, standing.since) == (state, NOW + timedelta(seconds=1))
    assert standing.cause == latched.state.latches[scope].cause
    (event,) = told(latched, TradingLatched)
    assert (event.scope_kind, event.scope) == tuple(scope)
    assert (event.state, event.asked) == (state.name, state.name)
    assert (event.who, event.reason) == ("ana", "fat finger")
    (status,) = told(latched, RiskStatus)
    assert (status.scope, status.previous, status.state) == (scope.name, "NORMAL", state.name)
    assert status.severity is (Severity.CRITICAL if scope == BOOK else Severity.WARNING)


def test_who_resumes_and_why_is_told_of_a_part_and_of_the_whole():
    halted = taking_in(START, CALM, halting(BOOK), halting(TREND, seq=2))
    free = taking_in(halted.state, CALM, resuming(BOOK), resuming(TREND, seen=2), seconds=1)

    assert [(e.scope, e.state, e.who, e.reason) for e in told(free, TradingResumed)] == [
        ("demo", "HALTED", "ben", "checked"),
        ("trend", "HALTED", "ben", "checked"),
    ]
    assert {event.scope: event.cause for event in told(free, RiskStatus)} == {
        "demo": "resumed by ben: checked; everything held is measured with trusted marks",
        "trend": "resumed by ben: checked",
    }
    assert TREND not in free.state.standings
    assert free.state.latches == {}


def test_what_the_numbers_say_stays_when_a_person_resumes():
    halted = taking_in(START, STALE, halting(ON_BTC, REDUCE_ONLY))
    resumed = taking_in(halted.state, STALE, resuming(ON_BTC), seconds=1)

    assert cause(halted, ON_BTC) == (
        f"set to reduce only by ana: fat finger; {BTC} mark is stale: "
        "no new risk in it, reductions pass"
    )
    assert resumed.state.standings[ON_BTC].state is REDUCE_ONLY
    assert cause(resumed, ON_BTC).startswith(f"{BTC} mark is stale")
    assert not told(resumed, RiskStatus)
    assert len(told(resumed, TradingResumed)) == 1


def test_a_latch_is_tighter_than_the_numbers_or_the_numbers_than_a_latch():
    nothing_known = snapshot_of(Ledger())
    looser = taking_in(START, STALE, halting(ON_BTC))
    tighter = taking_in(RiskState(portfolio="demo"), nothing_known, halting(BOOK, REDUCE_ONLY))

    assert cause(looser, ON_BTC) == "halted by ana: fat finger"
    assert tighter.state.standings[BOOK].state is HALTED
    assert cause(tighter, BOOK).startswith("no equity is known yet")
    assert tighter.state.latches[BOOK].state is REDUCE_ONLY


def test_a_looser_latch_is_told_with_what_holds():
    halted = taking_in(START, CALM, halting(BOOK))
    again = taking_in(halted.state, CALM, halting(BOOK, REDUCE_ONLY, seq=2), seconds=1)

    (event,) = told(again, TradingLatched)
    assert (event.asked, event.state) == ("REDUCE_ONLY", "HALTED")
    assert not told(again, RiskStatus)


@testing(max_examples=20)
@given(st.lists(snapshots(), min_size=1, max_size=4), st.sampled_from([HALTED, REDUCE_ONLY]))
def test_no_step_clears_a_latch_and_none_is_looser_than_it(taken, state):
    """Whatever the market does; restarts between steps included."""
    halts = halting(BOOK, state), halting(TREND, seq=2)
    known = taking_in(RiskState(portfolio="demo"), CALM, *halts).state
    for seconds, snapshot in enumerate(taken, start=1):
        stored = decode_value(encode_value(known), RiskState)
        known = taking_in(stored, snapshot, seconds=seconds).state
        assert known.latches == stored.latches
        assert known.standings[BOOK].state >= state
        assert known.standings[TREND].state is HALTED


# --- orders --------------------------------------------------------------------------------


def asking(state: RiskState, value: float, **changes: object):
    return RiskManager(state, CALM).validate_order(request_of(order_of(BTC, value), **changes))


@pytest.mark.parametrize("scope", [BOOK, ON_BTC, TREND, FOLLOWING, VENUE])
def test_a_halt_of_any_scope_around_it_stops_an_order_unless_it_is_an_emergency(scope):
    state = taking_in(START, CALM, halting(scope)).state

    assert asking(state, 1e3).verdict is Verdict.REJECT
    reduction = asking(state, -1e3)
    assert (reduction.verdict, reduction.deciding) == (Verdict.REJECT, (ReasonCode.HALTED,))
    assert reduction.trading_state is HALTED
    assert asking(state, -1e3, emergency=True).verdict is Verdict.APPROVE
    assert asking(state, 1e3, emergency=True).verdict is Verdict.REJECT


@pytest.mark.parametrize("scope", [BOOK, ON_BTC, TREND, FOLLOWING, VENUE])
def test_reduce_only_lets_proven_reductions_through(scope):
    state = taking_in(START, CALM, halting(scope, REDUCE_ONLY)).state

    assert asking(state, 1e3).deciding == (ReasonCode.REDUCTIONS_ONLY,)
    assert asking(state, -1e3).verdict is Verdict.APPROVE


def test_a_halt_elsewhere_stops_nothing_here():
    halts = halting(Scope(ScopeKind.ASSET, ETH)), halting(Scope(ScopeKind.STRATEGY, "dip"), seq=2)
    state = taking_in(START, CALM, *halts).state

    assert asking(state, 1e3).verdict is Verdict.APPROVE


# --- what there is to be latched -----------------------------------------------------------

KNOWN = taking_in(START, CALM).state


@pytest.mark.parametrize("scope", [BOOK, ON_BTC, TREND, FOLLOWING, VENUE])
def test_what_the_book_has_may_be_latched(scope):
    refuse_unknown_scope(scope, KNOWN)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (BOOK._replace(name="demon"), "demo has no portfolio called 'demon'; did you mean demo"),
        (ON_BTC._replace(name="BTC/USD"), f"no asset called 'BTC/USD'; did you mean {BTC}?"),
        (TREND._replace(name="xyz"), "no strategy called 'xyz'; there are dip, noise, trend"),
        (FOLLOWING._replace(name="folowing"), "no strategy type called 'folowing'; did you mean"),
        (VENUE._replace(name="sim-q"), "no venue called 'sim-q'; did you mean sim-"),
    ],
)
def test_a_name_misspelt_would_stop_nothing_and_is_refused(scope, words):
    with pytest.raises(InvalidInput, match=words.replace("?", r"\?")):
        refuse_unknown_scope(scope, KNOWN)


def test_before_the_first_cycle_every_name_but_the_books_is_accepted():
    nothing = RiskState(portfolio="demo")
    for scope in (BOOK, ON_BTC, TREND, FOLLOWING, VENUE):
        refuse_unknown_scope(scope, nothing)
    with pytest.raises(InvalidInput):
        refuse_unknown_scope(BOOK._replace(name="other"), nothing)


def test_a_strategy_that_lost_its_place_in_the_policy_can_be_halted_while_it_holds_something():
    bare = policy_of(definition("gross_exposure"), strategies={})
    key = PositionKey("trend", BTC, "sim-a")
    state = replace(START, policy=bare, positions_told={key: 1.0})

    refuse_unknown_scope(TREND, state)


def test_a_state_without_latches_is_read_as_one_that_has_none():
    """Bodies of before there were latches."""
    standing = Standing(NORMAL, NOW, "calm")
    body = encode_value(RiskState(portfolio="demo", standings={BOOK: standing}))

    assert decode_value(body, RiskState).latches == {}
    latched = RiskState(
        portfolio="demo", latches={TREND: Latch(TREND, HALTED, "ana", "why", NOW, 3, "x")}
    )
    assert decode_value(encode_value(latched), RiskState) == latched
