"""The law of the preview: it says what the next step says, were the market to stand still."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actions import BreakerWord, OverrideBreaker, ReleaseBreaker
from risk.domain.breakers import BreakerDefinition, Breakers, Phase
from risk.domain.events import ActionRefused
from risk.domain.latches import Latch
from risk.domain.orders import Side
from risk.domain.overrides import OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.manager import RiskManager, step
from risk.manager.previewing import Preview, place_in, preview_override
from tests.books import BTC, ETH, NOW, held, snapshot_of
from tests.breakers.meters import METER, meters
from tests.policies import WHOLE, definition, policy_of

TREND = Scope(ScopeKind.STRATEGY, "trend")
HOUR = timedelta(hours=1)
TRIP, HOLD, EXTEND, STEP_DOWN, DISABLE, END = OverrideKind
MINE = "mine"


def breaker(name: str = MINE, scope: Scope = WHOLE, **changes: object) -> BreakerDefinition:
    plain = BreakerDefinition(
        name=name,
        kind="meter",
        scope=scope,
        trip=2.0,
        release=1.0,
        state=TradingState.THROTTLED,
        size=0.5,
        probation_hours=3.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def market(value: float, at_hours: float = 0.0) -> Snapshot:
    """A book with bitcoin of one strategy and ether of another, and the meter at a value."""
    book = snapshot_of(held(BTC, 3e4))
    ether = held(ETH, 1e4, strategy="dip").positions
    ledger = replace(book.ledger, positions={**book.ledger.positions, **ether})
    at = NOW + at_hours * HOUR
    meter = replace(book.marks[BTC], asset=METER, price=value, at=at)
    marks = {name: replace(mark, at=at) for name, mark in book.marks.items()}
    return replace(book, id=f"{at_hours:g}", at=at, ledger=ledger, marks={**marks, METER: meter})


def led(
    *definitions: BreakerDefinition, values: tuple[float, ...] = (2.2,)
) -> tuple[RiskState, Snapshot]:
    """A book's state after an hour between two values of the meter each, and its last snapshot."""
    gross = definition("gross_exposure", WHOLE, 1.0, name="gross")
    policy = replace(policy_of(gross), breakers=definitions)
    state = RiskState(portfolio="demo", policy=policy)
    snapshot = market(values[0])
    for number, value in enumerate(values):
        snapshot = market(value, number)
        state = step(state, snapshot).state
    return state, snapshot


def asked(
    state: RiskState, snapshot: Snapshot, kind: OverrideKind, size: float = 1.0, **told: object
):
    """Somebody who has looked asks for it."""
    stands = state.breakers.states[MINE]
    wanted: dict[str, object] = {
        "seq": 41,
        "at": snapshot.at,
        "who": "ana",
        "breaker": MINE,
        "kind": kind,
        "reason": "looked at it",
        "expires": None if kind is END else snapshot.at + 3 * HOUR,
        "seen_episode": "" if stands.episode is None else stands.episode.id,
        "seen_action": 0 if stands.override is None else stands.override.action,
        "size": size,
        **told,
    }
    return OverrideBreaker(**wanted)  # type: ignore[arg-type]


def over_again(state: RiskState, snapshot: Snapshot, word: BreakerWord):
    """The step that takes the word in, over the very same moment."""
    if isinstance(word, ReleaseBreaker):
        return step(state, replace(snapshot, releases=(word,)))
    return step(state, replace(snapshot, overrides=(word,)))


def previewed(state: RiskState, snapshot: Snapshot, word: BreakerWord) -> Preview:
    with meters():
        return preview_override(state, snapshot, word)


@st.composite
def moments(draw: st.DrawFn) -> tuple[RiskState, Snapshot]:
    """A book whose breakers are armed, tripped or on a rung, overridden before or not."""
    first = breaker(state=draw(st.sampled_from(list(TradingState)[2:])))
    second = breaker("other", draw(st.sampled_from([WHOLE, TREND])), trip=draw(st.just(2.5)))
    values = draw(st.lists(st.sampled_from([0.5, 1.5, 2.2, 3.0]), min_size=1, max_size=5))
    with meters():
        state, snapshot = led(first, second, values=tuple(values))
        if draw(st.booleans()):
            kind = draw(st.sampled_from([TRIP, HOLD, STEP_DOWN, DISABLE]))
            word = asked(state, snapshot, kind, 0.75, seq=7)
            state = over_again(state, snapshot, word).state
    return state, snapshot


@given(
    moments(),
    st.sampled_from(OverrideKind),
    st.sampled_from([0.1, 0.6, 0.75, 1.0]),
    st.booleans(),
    st.booleans(),
)
def test_what_it_says_of_every_scope_is_what_the_step_says(moment, kind, size, releases, latched):
    state, snapshot = moment
    if latched:
        latch = Latch(TREND, TradingState.REDUCE_ONLY, "ola", "news", snapshot.at, 3)
        state = replace(state, latches={TREND: latch})
    word: BreakerWord = asked(state, snapshot, kind, size)
    if releases:
        word = ReleaseBreaker(
            seq=41,
            at=snapshot.at,
            who="ana",
            breaker=MINE,
            episode=word.seen_episode,
            reason="looked at it",
        )
    with meters():
        preview = preview_override(state, snapshot, word)
        after = over_again(state, snapshot, word)

    assert preview.standings == after.state.standings
    assert preview.refusal in (
        None,
        *(event.reason for event in after.events if isinstance(event, ActionRefused)),
    )
    assert (preview.refusal is None) == (
        not any(isinstance(event, ActionRefused) for event in after.events)
    )


def test_what_passes_by_it_passes_after_the_step():
    with meters():
        state, snapshot = led(breaker())
        word = asked(state, snapshot, STEP_DOWN, 0.75)
        preview = preview_override(state, snapshot, word)
        after = over_again(state, snapshot, word)
        manager = RiskManager(after.state, snapshot)
        assert preview.place is not None
        key, side = preview.place
        whole = preview.cap.quantity
        now, later = (RiskManager(each, snapshot) for each in (state, after.state))

    assert (preview.now.size, preview.then.size, preview.cap.size) == (0.5, 0.75, 1.0)
    assert preview.now.quantity == pytest.approx(0.5 * whole)
    assert preview.then.quantity == pytest.approx(0.75 * whole)
    assert preview.frees == pytest.approx(preview.then.value - preview.now.value)
    assert key.asset == BTC
    assert side is Side.BUY
    assert manager.room(key, side).quantity >= preview.then.quantity
    assert now.tightest(key)[0] is later.tightest(key)[0] is TradingState.THROTTLED


def test_no_override_passes_what_the_limits_leave_and_what_they_would_read_is_told():
    with meters():
        state, snapshot = led(breaker())
        preview = preview_override(state, snapshot, asked(state, snapshot, STEP_DOWN, 1.0))

    (gross,) = preview.limits
    assert [reason.subject for reason in preview.binding] == ["gross"]
    assert preview.then.quantity == pytest.approx(preview.cap.quantity)
    assert gross.then == pytest.approx(gross.hard, rel=1e-3)
    assert gross.now < gross.then


def test_what_people_stopped_it_frees_nothing_of():
    with meters():
        state, snapshot = led(breaker())
        latch = Latch(WHOLE, TradingState.HALTED, "ola", "news", snapshot.at, 3)
        state = replace(state, latches={WHOLE: latch})
        preview = preview_override(state, snapshot, asked(state, snapshot, STEP_DOWN, 1.0))

    assert preview.cap.state is TradingState.HALTED
    assert preview.then.quantity == 0.0
    assert preview.frees == 0.0


def test_it_looks_where_the_override_makes_a_difference():
    """The largest position is held by something tighter: of that it would say nothing."""
    with meters():
        state, snapshot = led(breaker(), breaker("other", TREND, size=0.1))
        preview = preview_override(state, snapshot, asked(state, snapshot, STEP_DOWN, 0.75))

    assert preview.place is not None
    assert preview.place.key.strategy == "dip"
    assert (preview.now.size, preview.then.size) == (0.5, 0.75)


def test_of_a_scope_without_a_position_it_looks_at_what_the_policy_allows_there():
    with meters():
        state, snapshot = led(breaker(scope=Scope(ScopeKind.STRATEGY, "noise")))
    bare = Scope(ScopeKind.VENUE, "sim-b")

    place = place_in(Scope(ScopeKind.STRATEGY, "noise"), state, snapshot)
    assert place is not None
    assert (place.key.strategy, place.key.asset, place.side) == ("noise", BTC, Side.BUY)
    elsewhere = place_in(bare, state, snapshot)
    assert elsewhere is not None
    assert elsewhere.key.venue == "sim-b"
    assert place_in(WHOLE, replace(state, policy=None), snapshot) is not None
    flat = replace(snapshot, ledger=replace(snapshot.ledger, positions={}))
    assert place_in(WHOLE, replace(state, policy=None), flat) is None


def test_what_there_is_not_has_no_preview():
    with meters():
        state, snapshot = led(breaker())
        word = asked(state, snapshot, STEP_DOWN, 0.75, breaker="no such")
        with pytest.raises(ValueError, match="no breaker called no such"):
            preview_override(state, snapshot, word)


def test_a_breaker_that_no_step_has_looked_at_is_refused():
    with meters():
        state, snapshot = led(breaker())
        word = asked(state, snapshot, HOLD)
        preview = preview_override(replace(state, breakers=Breakers()), snapshot, word)

    assert preview.refusal == f"{MINE} was not looked at yet"
    assert state.breakers.states[MINE].phase is Phase.TRIPPED
