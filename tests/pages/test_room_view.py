"""Room left on Exposure: the size that passes, what binds, and of which moment that is."""

from dataclasses import replace

import pytest

from pages.format import quantity_at_most
from pages.query import parse
from pages.readings import Readings
from pages.views.exposure.room import (
    ANSWER,
    ASSET,
    STRATEGY,
    VENUE,
    answer_parts,
    read_room,
    room_card,
    size_words,
)
from pages.views.exposure.selection import WORDS
from risk.domain.orders import Side
from risk.domain.positions import PositionKey
from risk.domain.state import TradingState
from tests.fakes_limits import build_policy
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words

BTC = ("trend", "BTC/USDT", "sim-a")
AVAX = ("noise", "AVAX/USDT", "sim-b")


@pytest.fixture
def fake() -> FakeBookReader:
    return FakeBookReader()


def ask(reader: FakeBookReader, side: str | None, chosen) -> list:
    return answer_parts(Readings(reader), parse({}, WORDS), side, chosen)


def told(reader: FakeBookReader, side: str | None, chosen) -> str:
    return words(ask(reader, side, chosen))


def test_it_tells_the_size_in_units_and_money_and_the_limit_that_binds(fake):
    said = told(fake, "buy", BTC)

    assert said.startswith("Buy up to ")
    assert " BTC, " in said
    assert " k USD, by trend on sim-a. More is refused: Value at risk (VaR 99 %, 1 day)" in said
    assert "and 5 % is allowed." in said


def test_the_size_is_that_of_the_check_that_answers_orders(fake):
    found = read_room(Readings(fake), parse({}, WORDS), PositionKey(*BTC), Side.BUY)

    assert found.room.decision.snapshot_id == f"demo-{fake.number}"
    assert found.room.value == pytest.approx(
        found.room.quantity * found.snapshot.marks[BTC[1]].price
    )


def test_the_size_that_is_shown_passes_when_it_is_typed_into_an_order(fake):
    found = read_room(Readings(fake), parse({}, WORDS), PositionKey(*BTC), Side.BUY)
    answer = replace(found, room=found.room._replace(quantity=2.54799))

    assert size_words(answer).startswith("Buy up to 2.547 BTC")


def test_a_limit_in_the_way_is_a_link_to_itself(fake):
    links = [p["href"] for p in parts(ask(fake, "buy", BTC)) if "href" in p]

    assert links[0] == "/limits?limit=VaR+99+%25%2C+1+day"


def test_an_order_cap_that_binds_is_told_like_any_other_limit(fake):
    policy = build_policy()
    capped = [
        replace(limit, hard=10_000.0, soft=8_000.0) if limit.name == "Order value" else limit
        for limit in policy.limits
    ]
    fake.policy = replace(policy, limits=tuple(capped))

    said = told(fake, "buy", BTC)
    assert said.startswith("Buy up to 0.1030 BTC, 9.9 k USD")
    assert "More is refused: Order value would be" in said


def test_what_crosses_further_is_refused_and_says_why(fake):
    said = told(fake, "sell", AVAX)

    assert said.startswith("No order to sell AVAX by noise on sim-b passes now. Because:")
    assert "Net exposure (AVAX share) would be" in said


def test_what_only_reduces_passes_while_entries_are_paused(fake):
    fake.trading = TradingState.REDUCE_ONLY

    said = told(fake, "sell", BTC)
    assert said.startswith("Sell up to 6.200 BTC, 597.8 k USD")
    assert "Entries are paused in the book: only reductions pass." in said


def test_while_orders_are_cut_it_says_how_large_an_order_leads_to_that_size(fake):
    original = fake.decision_basis

    def cut(name):
        basis = original(name)
        standings = {
            scope: each._replace(state=TradingState.THROTTLED, size=0.5)
            for scope, each in basis.state.standings.items()
        }
        return basis._replace(state=replace(basis.state, standings=standings))

    whole = read_room(Readings(fake), parse({}, WORDS), PositionKey(*BTC), Side.BUY)
    assert "is cut to" not in told(fake, "buy", BTC)
    fake.decision_basis = cut
    found = read_room(Readings(fake), parse({}, WORDS), PositionKey(*BTC), Side.BUY)

    assert found.room.quantity == pytest.approx(whole.room.quantity)
    asked = found.room.order
    assert asked == pytest.approx(2.0 * found.room.quantity)
    assert (
        "Each order's new risk is cut to 50 % of its size now: for that much, ask for "
        f"{quantity_at_most(asked)} BTC."
    ) in told(fake, "buy", BTC)


def test_a_stale_price_leaves_no_room(fake):
    fake.distrust("BTC/USDT")

    assert "The price of BTC is not trusted now" in told(fake, "buy", BTC)


def test_without_a_policy_nothing_may_be_traded():
    assert "The book demo has no policy" in told(FakeBookReader(policy=None), "buy", BTC)


def test_the_answer_says_of_which_moment_it_is(fake):
    readings = Readings(fake)
    readings.newest.pulse(DEMO.name)
    fake.clock.advance(41.0)

    said = words(answer_parts(readings, parse({"tz": "Europe/Zurich"}, WORDS), "buy", BTC))
    assert "As of the cycle of 16:4" in said
    assert "41 s old when asked" in said


def test_one_cycle_s_book_is_prepared_once_for_everybody(fake):
    readings, asked = Readings(fake), []
    original = fake.decision_basis
    fake.decision_basis = lambda name: asked.append(name) or original(name)
    for side in ("buy", "sell"):
        answer_parts(readings, parse({}, WORDS), side, BTC)

    assert asked == ["demo"]


@pytest.mark.parametrize("chosen", [("trend", None, "sim-a"), ("", "BTC/USDT", "sim-a")])
def test_what_is_not_chosen_yet_is_asked_for(fake, chosen):
    assert "Choose side, asset, strategy and venue first." in told(fake, "buy", chosen)
    assert "Choose side" in told(fake, "hold", BTC)


def test_before_the_first_cycle_there_is_no_room(fake):
    fake.started = False

    assert "No cycle is complete yet" in told(fake, "buy", BTC)


def test_a_store_that_does_not_answer_is_told(fake):
    fake.failing = True

    assert "The room could not be worked out" in told(fake, "buy", BTC)


# -- the form -------------------------------------------------------------------------------


def test_the_form_offers_what_the_policy_allows_and_begins_with_the_largest_position(fake):
    form = room_card(fake.latest("demo"))

    assert part(form, ASSET)["value"] == "BTC/USDT"
    assert part(form, STRATEGY)["data"] == ["dip", "noise", "trend"]
    assert part(form, VENUE)["data"] == ["sim-a", "sim-b"]
    assert part(form, ANSWER).get("children") is None


def test_without_policy_and_positions_the_form_has_nothing_to_offer():
    form = room_card(FakeBookReader(policy=None, holdings=()).latest("demo"))

    assert part(form, ASSET)["data"] == []
    assert part(form, ASSET)["value"] is None


def test_a_cycle_later_the_answer_stays_where_it_is(fake):
    before = room_card(fake.latest("demo"))
    fake.advance(drift=0.001)

    assert words(before) == words(room_card(fake.latest("demo")))
    assert part(before, ASSET) == part(room_card(fake.latest("demo")), ASSET)
