"""A card says what is shut, what is not, and what letting go does, in words that are true."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.breakers.card import card_of
from risk.domain.breakers import BreakerDefinition, Breakers
from risk.domain.cards import Card
from risk.domain.market import Trust
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.trading import TradingState
from risk.storage import codec
from tests.breakers.meters import METER, NOON, definition_of, meters, snapshot_at, stepped
from tests.builders import build_assessment, build_state


def card(definition: BreakerDefinition | None = None, **changes: object) -> Card:
    """Of a trip at 2.5, of a breaker of this kind, in a snapshot changed like this."""
    definition = definition or definition_of()
    snapshot = replace(snapshot_at(0.0, 2.5), **changes)
    after = stepped(Breakers(), snapshot, definition)
    (episode,) = after.episodes
    return card_in(snapshot, definition, after.breakers, episode)


def card_in(snapshot: Snapshot, definition: BreakerDefinition, breakers, episode) -> Card:
    state = replace(
        build_state(), breakers=breakers, policy=Policy(breakers=(definition,)), latches={}
    )
    assessment = build_assessment(snapshot)
    with meters():
        return card_of(episode, definition, snapshot, assessment, state)


def test_it_has_the_numbers_of_the_trip_and_the_times_after_it():
    told = card()

    assert (told.value, told.trip, told.release) == (2.5, 2.0, 1.0)
    assert (told.title, told.sentence) == ("Meter", "the meter shows 2.5")
    assert told.steps_down_from == NOON + timedelta(hours=1.25), "a quarter worse, a quarter longer"
    assert told.person_by == NOON + timedelta(hours=24)
    assert (told.equity, told.gross, told.open_positions) == (1306.0, 459.0, 2)
    assert codec.decode_told(codec.encode_told(told), Card) == told


@pytest.mark.parametrize(
    ("imposed", "blocked", "works"),
    [
        (TradingState.THROTTLED, "New risk above 40 % of its size", "New risk up to 40 %"),
        (TradingState.REDUCE_ONLY, "All new risk", "Proven reductions at full size"),
        (TradingState.HALTED, "Reductions without an emergency key", "Cancels"),
    ],
)
def test_what_is_shut_follows_from_what_is_imposed(imposed: TradingState, blocked: str, works: str):
    told = card(definition_of(state=imposed, size=0.4))

    assert blocked in told.blocked
    assert any(phrase.startswith(works) for phrase in told.works)
    risk_passes = any("New risk up to" in phrase for phrase in told.works)
    assert risk_passes is (imposed is TradingState.THROTTLED)


def test_the_ramp_of_a_throttle_is_never_below_what_it_leaves_while_shut():
    shut = card(definition_of()).reset_does
    throttled = card(definition_of(state=TradingState.THROTTLED, size=0.4)).reset_does

    assert shut[0] == "Re-opens new risk at 25, 50, 100 % over 3 h"
    assert "shuts it in full" in shut[1]
    assert throttled[0] == "Re-opens new risk at 40, 50, 100 % over 3 h"
    assert "cuts it to 40 % again" in throttled[1]


def test_one_that_is_off_shuts_nothing_and_says_so():
    told = card(definition_of(enabled=False))

    assert told.blocked == ()
    assert "off" in told.works[0]
    assert told.reset_by.startswith("Nobody needs to")


def test_who_may_let_it_go_depends_on_its_kind():
    assert card(definition_of(kind="held_meter")).reset_by.startswith("Only a person")
    assert card(definition_of(kind="timed_meter")).reset_by.endswith("or by itself then")
    assert card().reset_by.endswith("or by itself then, once it has eased")
    assert "2024-06-01 13:15:00 UTC" in card().reset_by


def test_a_flattening_trip_says_that_positions_are_to_be_closed():
    assert (
        "Closing all positions here, which this trip asks for"
        in card(definition_of(flatten=True)).works
    )


def test_inputs_have_the_trust_and_age_of_their_marks():
    """The meter names no inputs: it is judged by what is held in its scope."""
    snapshot = snapshot_at(0.0, 2.5)
    old = replace(snapshot.marks["C000/USDT"], trust=Trust.STALE, at=NOON - timedelta(seconds=41))
    told = card(marks={**snapshot.marks, "C000/USDT": old})

    assert [tuple(each) for each in told.inputs] == [
        ("C000/USDT", Trust.STALE, 41.0),
        ("C001/USDT", Trust.TRUSTED, pytest.approx(told.inputs[1].age_seconds)),
    ]
    assert METER not in {each.name for each in told.inputs}


def test_only_positions_of_its_scope_count():
    narrow = Scope(ScopeKind.ASSET, "C001/USDT")

    assert card(definition_of(scope=narrow)).open_positions == 1


def test_what_is_not_known_is_none_and_never_nan():
    definition, snapshot = definition_of(), snapshot_at(0.0, 2.5)
    after = stepped(Breakers(), snapshot, definition)
    unknown = after.episodes[0]._replace(numerator=math.nan, denominator=math.inf)
    blind = replace(snapshot, marks={METER: snapshot.marks[METER]})
    told = card_in(blind, definition, after.breakers, unknown)

    assert (told.numerator, told.denominator) == (None, None)
    assert (told.equity, told.gross, told.net) == (None, None, None)
    assert {each.trust for each in told.inputs} == {Trust.MISSING}
