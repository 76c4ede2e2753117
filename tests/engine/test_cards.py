"""Cards are made with the trip, and nothing that goes wrong with one costs the trip."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from risk.domain.actions import Action, LatchTrading, OverrideBreaker
from risk.domain.breakers import BreakerDefinition, Phase
from risk.domain.market import Mark
from risk.domain.overrides import OverrideKind
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, Carried, CycleRecord
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine import cards as module
from risk.engine.cycle import carried_after, take_cycle
from risk.storage.codec import decode_snapshot, encode_snapshot
from tests.breakers.meters import METER, definition_of, meters
from tests.engine.worlds import BEGIN, PORTFOLIO, deposit, nothing_yet
from tests.fakes_feeds import FakeFeed


def turn(carried: Carried, seconds: float, shown: float, *actions: Action) -> CycleRecord:
    """One cycle in which the meter shows a number."""
    at = BEGIN + timedelta(seconds=seconds)
    market = FakeFeed(BEGIN).read(at)
    marks = {**market.marks, METER: Mark(asset=METER, price=shown, at=at)}
    account = AccountReading(flows=(deposit(),)) if carried.state.cycle == 0 else AccountReading()
    with meters():
        return take_cycle(carried, replace(market, marks=marks), account, actions=actions)


def begun(*breakers: BreakerDefinition) -> Carried:
    """A book under these breakers, that trips none yet."""
    empty = nothing_yet(FakeFeed(BEGIN).assets)
    state = replace(empty.state, policy=Policy(breakers=breakers))
    return carried_after(turn(replace(empty, state=state), 0.0, 1.0))


def test_an_episode_has_its_card_in_the_cycle_in_which_it_begins_and_in_no_other():
    tripped = turn(begun(definition_of()), 1.0, 2.5)
    (episode,) = tripped.episodes
    assert tripped.cards.keys() == {episode.id}
    assert tripped.cards[episode.id].equity == 10_000.0

    later = turn(carried_after(tripped), 2.0 * 3600.0, 0.5)
    assert later.episodes
    assert later.cards == {}


def test_a_fault_in_a_card_stops_neither_the_cycle_nor_the_trip(monkeypatch):
    """Of two that trip at once the other one has its card."""
    whole = module.card_of

    def faulty(episode, *rest):
        if episode.breaker == "meter":
            raise ZeroDivisionError("a word too many")
        return whole(episode, *rest)

    monkeypatch.setattr(module, "card_of", faulty)
    carried = begun(definition_of(), definition_of(name="other"))

    with capture_logs() as told:
        tripped = turn(carried, 1.0, 2.5)

    assert {episode.breaker for episode in tripped.episodes} == {"meter", "other"}
    assert [card.breaker for card in tripped.cards.values()] == ["other"]
    stands = tripped.state.breakers.states["meter"]
    assert stands.phase is Phase.TRIPPED
    (failure,) = [each for each in told if each["event"] == "card_not_made"]
    assert failure["exc_info"], "with its traceback"


def test_what_people_stop_is_an_episode_without_a_card_and_no_fault():
    latched = LatchTrading(
        seq=1,
        at=BEGIN,
        who="ana",
        scope=Scope(ScopeKind.PORTFOLIO, PORTFOLIO),
        state=TradingState.HALTED,
        reason="a test",
        id="1",
    )

    with capture_logs() as told:
        halted = turn(begun(definition_of()), 1.0, 1.0, latched)

    (episode,) = halted.episodes
    assert episode.kind == "manual"
    assert halted.cards == {}
    assert not [each for each in told if each["event"] == "card_not_made"]


@pytest.mark.parametrize("enabled", [True, False])
def test_one_that_is_off_has_a_card_of_what_it_would_have_done(enabled: bool):
    tripped = turn(begun(definition_of(enabled=enabled)), 1.0, 2.5)

    (card,) = tripped.cards.values()
    assert bool(card.blocked) is enabled


def override(kind: OverrideKind) -> OverrideBreaker:
    return OverrideBreaker(
        seq=1,
        at=BEGIN,
        who="ana",
        breaker="meter",
        kind=kind,
        reason="a drill",
        expires=BEGIN + timedelta(hours=1),
    )


def test_a_trip_by_hand_has_a_card_that_says_who_and_that_it_ends_by_time():
    tripped = turn(begun(definition_of()), 1.0, 1.5, override(OverrideKind.TRIP))

    (card,) = tripped.cards.values()
    assert card.sentence == "tripped by hand by ana: a drill"
    assert card.reset_by.endswith("or by itself then")
    assert card.steps_down_from == BEGIN + timedelta(hours=1)
    assert "All new risk" in card.blocked


def test_what_a_disabled_one_records_has_a_card_that_says_that_nothing_is_shut():
    off = turn(begun(definition_of()), 1.0, 1.5, override(OverrideKind.DISABLE))
    recorded = turn(carried_after(off), 2.0, 2.5)

    (card,) = recorded.cards.values()
    assert card.blocked == ()
    assert card.works[0].startswith("Everything: the breaker is off")


def test_what_people_asked_is_kept_with_the_snapshot_and_taken_in_once():
    tripped = turn(begun(definition_of()), 1.0, 1.5, override(OverrideKind.TRIP))
    body = encode_snapshot(tripped.snapshot)

    assert decode_snapshot(body, tripped.snapshot.models).overrides == (
        override(OverrideKind.TRIP),
    )
    assert tripped.state.action_seq == 1
    assert carried_after(tripped).state.breakers.states["meter"].override.by == "ana"
