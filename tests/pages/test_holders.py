"""Which breaker stood in an order's way, until when, and the way to its card."""

from datetime import timedelta

import pytest

from pages.format import UTC_ZONE
from pages.query import parse
from pages.readings import Readings
from pages.views.breakers.address import CARD
from pages.views.exposure.room import answer_parts
from pages.views.orders.address import WORDS
from pages.views.orders.holders import holders_of, with_holders
from pages.views.orders.reading import read_orders
from pages.views.orders.view import orders_view
from risk.domain.breakers import Phase
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.trading import TradingState
from tests import fakes_breakers
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


def found(reason=PAUSED, at=AFTERNOON, episodes=(ON,), state=None):
    known = state or Shut().latest("demo").state
    return [each.words for each in holders_of(reason, at, episodes, known, UTC_ZONE, AFTERNOON)]


def clock(moment) -> str:
    return UTC_ZONE.clock(moment)[:5]


def test_a_trip_that_is_on_is_named_with_until_when_at_the_earliest():
    until = clock(AFTERNOON + 9 * MINUTE)

    assert found() == [f"{STORM} until {until} at the earliest"]


def test_one_that_is_over_is_named_with_when_it_ended():
    (said,) = found(at=AFTERNOON - 5 * MINUTE, episodes=(OVER,))

    assert said.endswith(f"until {clock(OVER.ended_at)}")


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


def test_one_that_re_opens_since_held_until_it_began_to():
    state = Shut().latest("demo").state
    began = AFTERNOON - 2 * MINUTE
    stands = fakes_breakers.tripped(ON, phase=Phase.PROBATION, since=began, rung=0)
    state.breakers.states[STORM] = stands

    assert found(at=AFTERNOON - 5 * MINUTE, state=state)[0].endswith(f"until {clock(began)}")


def test_a_cut_is_of_whatever_trips_or_re_opens():
    cut = PAUSED._replace(code=ReasonCode.THROTTLED)

    assert found(cut)
    assert found(cut, episodes=(ON._replace(state=TradingState.THROTTLED),))


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


def test_the_list_names_the_breaker_and_until_when(reader):
    (row,) = part(show(reader), "orders-list")["rowData"]

    assert row["why"].startswith(
        "Entries are paused in the book: only reductions pass (by market volatility"
    )
    assert f"until {clock(AFTERNOON + 9 * MINUTE)} at the earliest)" in row["why"]


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
