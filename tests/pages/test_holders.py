"""Which breaker stood in an order's way, since when, and the way to its card."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pages.format import UTC_ZONE
from pages.query import parse
from pages.readings import Readings
from pages.views.breakers.address import CARD
from pages.views.exposure.room import answer_parts
from pages.views.orders.address import WORDS
from pages.views.orders.holders import (
    held_words,
    holders_of,
    holding_words,
    with_holders,
)
from pages.views.orders.reading import read_orders
from pages.views.orders.view import orders_view
from risk.breakers.manual import PREFIX
from risk.domain.breakers import Phase
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.events import (
    RULE,
    BreakerOverridden,
    BreakerStepped,
    OverrideEnded,
    Severity,
)
from risk.domain.overrides import OverrideKind
from tests.fakes_book import AFTERNOON
from tests.fakes_breakers import BOOK, STORM, TREND
from tests.fakes_orders import body
from tests.fakes_paused import TRIP, Shut
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words

MINUTE = timedelta(minutes=1)
ON = TRIP
OVER = ON._replace(id="storm/1", tripped_at=AFTERNOON - 9 * MINUTE, ended_at=AFTERNOON - 3 * MINUTE)
PAUSED = Reason(ReasonCode.REDUCTIONS_ONLY, Outcome.FAILED, "demo", BOOK)


SPEC = {"breaker": STORM, "episode": ON.id, "portfolio": "demo", "cycle": "demo-1"}
WHERE = {"scope_kind": "portfolio", "scope": "demo"}


def found(reason=PAUSED, at=AFTERNOON, episodes=(ON,), turns=()):
    return [each.id for each in holders_of(reason, at, episodes, turns)]


def stepped(at, size: float, phase=Phase.PROBATION) -> BreakerStepped:
    told = {"phase": phase.value, "size": size, "until": None, "reason": "so", "by": RULE}
    return BreakerStepped(**SPEC, **WHERE, **told, at=at, severity=Severity.INFO)


def stepped_down(at) -> BreakerOverridden:
    did = {"kind": OverrideKind.STEP_DOWN.value, "size": 0.1, "state": "THROTTLED", "action": 7}
    told = {"by": "ola", "reason": "so", "expires": at + MINUTE, "severity": Severity.WARNING}
    return BreakerOverridden(**SPEC, **WHERE, **did, **told, at=at)


def ended(at) -> OverrideEnded:
    did = {"kind": OverrideKind.STEP_DOWN.value, "size": 0.0, "state": "REDUCE_ONLY", "action": 7}
    told = {"why": "so", "by": RULE, "began_by": "ola", "severity": Severity.INFO}
    return OverrideEnded(**SPEC, **WHERE, **did, **told, at=at)


def clock(moment) -> str:
    return UTC_ZONE.clock(moment)[:5]


def test_a_trip_is_named_with_since_when_whatever_becomes_of_it():
    told = held_words(ON, UTC_ZONE, AFTERNOON)

    assert told == f"{STORM}, on since {clock(ON.tripped_at)}"
    over = ON._replace(ended_at=AFTERNOON, ended_by=RULE)
    assert held_words(over, UTC_ZONE, AFTERNOON + MINUTE) == told
    assert found(episodes=(over,)) == found() == [ON.id]


def test_people_who_stopped_it_are_no_breaker():
    by_hand = ON._replace(breaker=f"{PREFIX}asset:XRP/USDT")

    assert held_words(by_hand, UTC_ZONE, AFTERNOON).startswith("a stop by hand, on since")


def test_what_would_be_answered_now_is_told_with_until_when_at_the_earliest():
    state = Shut().latest("demo").state

    assert holding_words(ON, state, UTC_ZONE, AFTERNOON) == (
        f"{STORM} until {clock(AFTERNOON + 9 * MINUTE)} at the earliest"
    )


@pytest.mark.parametrize(
    ("reason", "at", "episodes"),
    [
        (PAUSED, ON.tripped_at - MINUTE, (ON,)),
        (PAUSED, AFTERNOON, (OVER,)),
        (PAUSED._replace(scope=TREND), AFTERNOON, (ON,)),
        (PAUSED._replace(scope=None), AFTERNOON, (ON,)),
        (PAUSED._replace(outcome=Outcome.SKIPPED), AFTERNOON, (ON,)),
        (PAUSED._replace(code=ReasonCode.HALTED), AFTERNOON, (ON,)),
        (PAUSED._replace(code=ReasonCode.MARK_MISSING), AFTERNOON, (ON,)),
        (PAUSED, AFTERNOON, (ON._replace(imposed=False),)),
    ],
    ids=[
        "before the trip",
        "after its end",
        "another scope",
        "no scope",
        "not looked at",
        "another state",
        "no breaker's check",
        "one that is off",
    ],
)
def test_what_did_not_stand_in_its_way_is_not_named(reason, at, episodes):
    assert found(reason, at, episodes) == []


CUT = PAUSED._replace(code=ReasonCode.THROTTLED)
TURNS = (
    stepped_down(AFTERNOON - 8 * MINUTE),
    ended(AFTERNOON - 6 * MINUTE),
    stepped(AFTERNOON - 4 * MINUTE, 0.25),
    stepped(AFTERNOON - 2 * MINUTE, 0.0, Phase.TRIPPED),
    stepped(AFTERNOON + 2 * MINUTE, 1.0),
)


@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        (-9, ReasonCode.REDUCTIONS_ONLY),
        (-7, ReasonCode.THROTTLED),
        (-5, ReasonCode.REDUCTIONS_ONLY),
        (-3, ReasonCode.THROTTLED),
        (0, ReasonCode.REDUCTIONS_ONLY),
        (3, None),
    ],
    ids=["shut", "stepped down", "shut again", "re-opening", "tripped again", "whole size"],
)
def test_an_order_is_told_by_what_the_trip_imposed_then(minutes, code):
    long_ago = ON._replace(tripped_at=AFTERNOON - 20 * MINUTE)
    at = AFTERNOON + minutes * MINUTE
    answers = {
        reason.code: found(reason, at, (long_ago,), TURNS)
        for reason in (PAUSED, CUT, PAUSED._replace(code=ReasonCode.HALTED))
    }

    assert {each for each, told in answers.items() if told} == ({code} if code else set())


def test_what_happened_to_another_trip_changes_nothing():
    assert found(turns=[replace(stepped_down(ON.tripped_at), episode="storm/0")]) == [ON.id]


def test_a_check_that_no_breaker_failed_is_told_as_it_was():
    assert with_holders("BTC has no price", []) == "BTC has no price"


# -- on the pages ----------------------------------------------------------------------------


class Paused(Shut):
    """Shut since the trip, as its store keeps that."""

    def episodes(self, portfolio, **_wanted):
        return [ON]


@pytest.fixture
def reader() -> FakeBookReader:
    reader = Paused(told=[])
    reader.answer(body(9001))
    return reader


def show(reader, **address):
    readings, query = Readings(reader), parse(address, WORDS)
    return orders_view(read_orders(readings, query, DEMO, readings.cycle(DEMO)))


def test_the_list_names_the_breaker_and_since_when(reader):
    (row,) = part(show(reader), "orders-list")["rowData"]

    assert row["why"].startswith(
        "Entries are paused in the book: only reductions pass (by market volatility, on since "
    )


def test_one_order_leads_to_the_card_of_the_trip(reader):
    page = show(reader, order="trend-9001", asset="BTC/USDT")
    (link,) = [each for each in parts(page) if str(each.get("children")).startswith("Card of")]

    assert link["href"] == "/breakers?episode=market+volatility/demo-48000"
    assert link["data-shows"] == CARD


def test_what_would_pass_now_names_it_too(reader):
    query = parse({}, WORDS)
    told = answer_parts(Readings(reader), query, "buy", ["trend", "BTC/USDT", "sim-a"])

    assert "only reductions pass (by market volatility" in words(told)
    assert any(str(each.get("href")).startswith("/breakers?episode=") for each in parts(told))
