"""Orders without a browser: what stands there, and what is sent when something happens."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from pages.context import AgentSums, DecisionTimes, OrdersWanted
from pages.query import parse
from pages.screens import Screen, Screens, Shown
from pages.views.orders.address import WORDS, before_text, wanted_of
from pages.views.orders.agents import Reduced, agents_of, reduced_words, reductions_of
from pages.views.orders.held import release_command
from pages.views.orders.reading import order_news, read_orders
from pages.views.orders.room import room_now
from pages.views.orders.story import margin_words, shown_reason
from pages.views.orders.view import orders_view
from pages.views.orders.wording import became, millis_words, reason_of, why
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.events import ReservationReleased
from risk.domain.latches import Latch
from risk.domain.limits import Unit
from risk.domain.messages import ReasonMessage
from risk.domain.orders import ReservationStatus
from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import TradingState
from risk.storage.orders import PAGE
from tests import fakes_orders
from tests.fakes_book import AFTERNOON
from tests.fakes_web import DEMO, FakeBookReader
from tests.pages.trees import part, parts, words

SCREEN = Screen("orders", words=WORDS, read=read_orders, view=orders_view, news=order_news)
BTC = Scope(ScopeKind.ASSET, "BTC/USDT")
STANDS = "orders-story-outcome-status-context"


@pytest.fixture
def screens(reader: FakeBookReader) -> Screens:
    return Screens(reader)


@pytest.fixture
def show(screens):
    """The page as it stands at an address."""

    def show(**address: str):
        return screens.view(SCREEN, parse(address, SCREEN.words))[1]

    return show


def rows(tree) -> dict[str, dict]:
    """Rows of the list by their order's id."""
    return {row["id"]: row for row in part(tree, "orders-list")["rowData"]}


def test_a_p99_is_told_once_there_are_enough_answers(reader, show):
    for count, said in ((99, "half of 99; p99 from 100"), (100, "p99 of 100; half in")):
        reader.decision_times = lambda *_asked, count=count: DecisionTimes(count, 47.0, 211.0)
        reader.news += 1
        assert said in words(show())


# --- the list ------------------------------------------------------------------------------


def test_each_order_has_its_verdict_its_reasons_and_what_became_of_it(show):
    found = rows(show())

    assert {name: (row["verdict"], row["became"]) for name, row in found.items()} == {
        "trend-0007": ("approved", "50\u00a0% filled"),
        "noise-0006": ("approved", "overdue"),
        "dip-0005": ("rejected", "not sent"),
        "noise-0004": ("resized", "overdue"),
        "trend-0003": ("resized", "overdue"),
        "trend-0002": ("approved", "cancelled"),
        "trend-0001": ("approved", "filled"),
    }
    assert found["trend-0007"]["why"] == "It only makes the position in BTC smaller"
    assert found["noise-0006"]["why"] == "Every check passed"
    assert found["dip-0005"]["why"].startswith("Neither the policy nor the market knows PEPE/USDT")
    big = found["trend-0003"]
    assert (
        big["why"].replace("\u00a0", " ").startswith("Order value 4.82 m USD (150 k USD allowed);")
    )
    assert big["why"].endswith("more")
    assert (big["asked"], big["allowed"], big["shape"]) == (50.0, 0.671, "throttled")
    assert big["time"] == "15:12:13"
    assert big["at"] == "2026-11-12T15:12:13.000Z"


def test_totals_count_what_the_filters_let_through(show):
    whole, some = show(), show(strategy="noise")

    assert part(whole, "card-orders_answered-figure")["children"] == "7"
    assert part(some, "card-orders_answered-figure")["children"] == "2"
    assert part(some, "card-orders_resized-context")["children"] == "50.0\u00a0% of them"
    assert words(part(whole, "card-decision_time-figure")["children"]) == "0.047 ms"
    assert "half of 7; p99 from 100 answers on" in words(whole)
    assert part(whole, "card-open_reservations-figure")["children"] == "4"
    assert "3 overdue" in words(whole)


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ({"verdict": "reject"}, {"dip-0005"}),
        ({"sender": "grid-bot"}, {"noise-0004", "noise-0006"}),
        ({"asset": "ETH/USDT"}, {"noise-0004"}),
        ({"find": "TREND-0003"}, {"trend-0003"}),
        ({"range": "1h", "strategy": "trend"}, {"trend-0002", "trend-0003", "trend-0007"}),
    ],
)
def test_filters_of_the_address_choose_the_rows(show, address, left):
    assert set(rows(show(**address))) == left


def test_a_filter_that_nothing_matches_leads_back_to_all(show):
    tree = show(find="xyz", verdict="reject", range="7d")
    (link,) = [p for p in parts(tree) if p.get("children") == "Show all orders"]

    assert "No order matches" in words(tree)
    assert link["href"] == "/orders?range=7d"


def test_a_book_that_nobody_asked_says_how_agents_come_to_it(reader, show):
    reader.told = []
    tree = show(range="1h")

    assert "No order was asked in this range" in words(tree)
    assert "seawall keys add --name NAME --portfolio demo" in words(tree)
    assert "No room is set aside" in words(tree)


def test_long_lists_go_on_by_a_link_and_back(reader, show):
    first = reader.orders_told[0].order
    reader.told = [
        fakes_orders.Told(
            replace(first, client_order_id=f"o{n}", at=AFTERNOON - timedelta(seconds=n)), None
        )
        for n in range(PAGE + 10)
    ]
    tree = show()
    (link,) = [p for p in parts(tree) if p.get("children") == "More: older orders"]
    before = link["href"].partition("before=")[2]
    older = show(before=before)

    assert len(rows(tree)) == PAGE
    assert set(rows(tree)).isdisjoint(rows(older))
    assert len(rows(older)) == 10
    assert "Back to the newest" in words(older)


def test_a_moment_that_is_none_is_told(show):
    tree = show(before="yesterday")

    assert "'yesterday' is no time" in words(tree)
    assert len(rows(tree)) == 7


def test_a_long_range_is_cut_to_thirty_days_and_says_so(show):
    year = {"from": "2026-01-01T00:00Z", "to": "2026-11-12T16:00Z"}

    assert "The last 30 days of it are shown." in words(show(**year))
    assert "The last 30 days" not in words(show())


def test_a_range_that_is_over_ends_where_it_says_and_one_up_to_now_takes_what_comes():
    over = parse({"from": "2026-11-10T00:00Z", "to": "2026-11-11T00:00Z"}, WORDS)
    now = parse({}, WORDS)

    assert wanted_of(over, AFTERNOON).until.isoformat() == "2026-11-11T00:00:00+00:00"
    assert wanted_of(now, AFTERNOON).until > AFTERNOON
    assert wanted_of(now, AFTERNOON).since == (AFTERNOON - timedelta(days=1)).replace(second=0)


def test_what_is_stopped_by_hand_stands_above(reader, show, monkeypatch):
    state = reader._state
    halted = Latch(
        scope=BTC, state=TradingState.HALTED, who="Ana", reason="Fat finger", since=AFTERNOON,
        action=1,
    )  # fmt: skip
    monkeypatch.setattr(reader, "_state", lambda a: replace(state(a), latches={BTC: halted}))

    assert "BTC: HALTED by Ana" in words(show())


# --- live ----------------------------------------------------------------------------------


def test_an_answer_between_two_cycles_sends_its_row_and_little_more(reader, screens):
    today = parse({}, SCREEN.words)
    shown, _ = screens.view(SCREEN, today)
    reader.answer(fakes_orders.body(8, quantity=0.01), after=0.4)
    update = screens.update(SCREEN, today, shown)

    assert not update.whole
    assert update.shown == Shown(shown.cycle, news=shown.news + 1)
    assert update.changes["orders-view"] == {"data-news": str(shown.news + 1)}
    (added,) = update.changes["orders-list"]["rowTransaction"]["add"]
    assert added["id"] == "trend-0008"
    assert update.changes["card-orders_answered-figure"]["children"] == "8"
    assert screens.update(SCREEN, today, update.shown).changes == {}


def test_nothing_is_read_anew_while_nothing_happens(reader, screens, monkeypatch):
    today = parse({}, SCREEN.words)
    asked = []
    read = reader.orders
    monkeypatch.setattr(reader, "orders", lambda *a: asked.append(a) or read(*a))
    shown, _ = screens.view(SCREEN, today)
    reader.advance(seconds=1.0)
    screens.update(SCREEN, today, shown)

    assert len(asked) == 1


def test_many_orders_are_counted_every_few_cycles_only(reader, screens, monkeypatch):
    counted = []
    many = [AgentSums("bot", "trend", 20_000, 0, 0, AFTERNOON)]
    monkeypatch.setattr(reader, "agents", lambda *a: counted.append(a) or many)
    reader.number = 50_000
    today = parse({}, SCREEN.words)
    shown, _ = screens.view(SCREEN, today)
    before = len(counted)
    for number in range(3):
        reader.answer(fakes_orders.body(100 + number, quantity=0.01))
        shown = screens.update(SCREEN, today, shown).shown

    assert len(counted) == before


# --- one order -----------------------------------------------------------------------------


def test_a_story_tells_every_check_with_figures_and_margin(show):
    tree = show(order="trend-0003")
    told = words(tree)

    assert "RESIZED trend buy 50.00 BTC on sim-a. 0.6710 BTC could be sent." in told
    assert "Order value would be 4.82 m USD, and 150 k USD is allowed" in told
    assert "over 4.67 m USD" in told
    assert "left 29" in told
    assert "23 checks ran, in 0.053 ms. Trading state NORMAL" in told
    assert "Nobody told of it by 15:12:43 UTC" in told


def test_a_story_has_the_book_and_the_mark_that_it_was_judged_by(show):
    told = words(part(show(order="trend-0007"), "orders-story")["children"])

    assert "Mark of BTC 96 420.00 trusted" in told
    assert "Equity 2.41 m USD" in told
    assert "trend BTC 6.200 96 420.00 597.8 k USD" in told
    assert "0.1250 96 590.00" in told  # its fill


def test_a_story_says_which_agent_declared_the_order_dead(show):
    told = words(part(show(order="trend-0002"), STANDS)["children"])
    assert "bot-1 (key 1) said at " in told
    assert "that it is dead, which gave its room back." in told


def test_a_story_says_which_person_gave_the_room_back(reader, show, monkeypatch):
    story = reader.order(DEMO.name, "trend-0002")
    same = {n: getattr(story.ended, n) for n in ("at", "portfolio", "cycle", "strategy", "asset")}
    released = ReservationReleased(
        **same, client_order_id="trend-0002", quantity=1.0, who="Ana", reason="never sent"
    )
    monkeypatch.setattr(reader, "order", lambda *_: story._replace(ended=released))
    told = words(part(show(order="trend-0002"), STANDS)["children"])
    assert "Ana gave its room back at " in told
    assert told.endswith(": never sent")


def test_a_story_without_its_cycle_says_so(reader, show, monkeypatch):
    story = reader.order(DEMO.name, "dip-0005")
    monkeypatch.setattr(reader, "order", lambda *_: story._replace(assessment=None, mark=None))
    told = words(show(order="dip-0005"))

    assert "Cycle 48 211 is not kept any more; the checks are." in told
    assert "No room was set aside, so nothing may be sent." in told


def test_a_story_says_what_was_booked_between_cycle_and_answer(reader, show, monkeypatch):
    story = reader.order(DEMO.name, "trend-0003")
    earlier = replace(story.assessment, ledger_seq=1)
    monkeypatch.setattr(reader, "order", lambda *_: story._replace(assessment=earlier))

    assert "were booked between that cycle and the answer" in words(show(order="trend-0003"))


def test_an_order_that_nobody_asked_about_is_told(show):
    tree = show(order="nobody's")

    assert 'No order "nobody\'s" was answered in demo' in words(tree)
    assert "Close" in words(tree)


def test_what_would_pass_now_is_asked_of_the_check_itself(screens):
    asked = parse({"order": "trend-0003"}, WORDS)
    gone = parse({"order": "nope"}, WORDS)

    assert "Buy up to 0.6" in words(room_now(screens.readings, asked))
    assert "This order is not known any more." in words(room_now(screens.readings, gone))


# --- agents and open room ------------------------------------------------------------------


def test_demands_are_counted_once_however_often_they_became_stricter():
    found = reductions_of(fakes_orders.build_reductions(), {})

    assert found == {"trend": Reduced(asked=3, acknowledged=1, in_time=2, late=1, open=0)}
    assert reduced_words(found["trend"]) == (
        "Asked to reduce 3 times: 2 met in time, 1 late; 1 acknowledged."
    )


def test_a_demand_that_stands_is_open_and_not_met():
    key = PositionKey("trend", "BTC/USDT", "sim-a")
    asked = Reduction("r4", key, 2.0, "VaR", AFTERNOON, AFTERNOON)
    found = reductions_of(fakes_orders.build_reductions(), {key: asked})

    assert found["trend"] == Reduced(asked=3, acknowledged=1, in_time=1, late=1, open=1)
    assert "1 open" in reduced_words(found["trend"])


def test_a_late_demand_that_still_stands_is_late_only():
    key = PositionKey("trend", "ETH/USDT", "sim-a")
    asked = Reduction("r3", key, 10.0, "VaR", AFTERNOON, AFTERNOON, late=True)
    found = reductions_of(fakes_orders.build_reductions(), {key: asked})

    assert (found["trend"].late, found["trend"].open) == (1, 0)


def test_strategies_that_only_were_asked_to_reduce_stand_last():
    told = FakeBookReader()
    whole = OrdersWanted(AFTERNOON - timedelta(days=1), AFTERNOON)
    sums = [s for s in told.agents(DEMO.name, whole) if s.strategy != "trend"]
    agents = agents_of(sums, fakes_orders.build_reductions(), {})

    assert [(a.sender, a.strategy) for a in agents] == [
        ("grid-bot", "noise"),
        ("bot-1", "dip"),
        ("", "trend"),
    ]
    assert reduced_words(agents[0].reduced) == "Nothing was asked to become smaller."


def test_overdue_room_is_marked_and_the_way_to_give_it_back_told(show):
    told = " ".join(words(part(show(), "orders-held")["children"]).split())

    assert "overdue, 30 min" in told
    assert "seawall reservations release trend-0003 --portfolio demo --reason TEXT" in told


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("a b", "seawall reservations release 'a b' --portfolio demo --reason TEXT"),
        ("-x", "seawall reservations release --portfolio demo --reason TEXT -- -x"),
        ("$(rm)", "seawall reservations release '$(rm)' --portfolio demo --reason TEXT"),
    ],
)
def test_an_id_is_quoted_as_a_shell_needs_it(order, said):
    assert release_command("demo", order) == said


# --- words ---------------------------------------------------------------------------------


def reason(code: str, outcome: Outcome = Outcome.FAILED, **more) -> Reason:
    return Reason(code, outcome, more.pop("subject", "x"), **more)


def test_reasons_in_a_row_are_two_and_how_many_more():
    known = reason("leverage", subject="Leverage", value=2.5, threshold=2.0, unit=Unit.TIMES)
    failed = [known, reason(ReasonCode.EQUITY_UNKNOWN), known, known]

    assert why(failed, "USD").replace("\u00a0", " ") == (
        "Leverage 2.5 × (2 × allowed); Equity is unknown, since something held has no price "
        "and 2 more"
    )
    assert why([reason("leverage", subject="L")], "USD") == "L cannot be measured"


def test_a_check_comes_back_from_its_message_as_it_was_made():
    made = Reason("net_exposure", Outcome.FAILED, "BTC share", BTC, 0.4, 0.35, Unit.SHARE)
    message = ReasonMessage(
        code="net_exposure",
        outcome="failed",
        subject="BTC share",
        scope="asset:BTC/USDT",
        value=0.4,
        threshold=0.35,
        headroom=-0.05,
        unit="share of equity",
    )

    assert reason_of(message) == made


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (reason("leverage", value=2.5, threshold=2.0, unit=Unit.TIMES), "over 0.50 ×"),
        (
            reason("leverage", Outcome.PASSED, value=1.0, threshold=2.0, unit=Unit.TIMES),
            "left 1.00 ×",
        ),
        (reason("leverage", Outcome.SKIPPED), "skipped"),
        (reason(ReasonCode.HALTED), ""),
    ],
)
def test_a_margin_is_what_is_left_or_how_far_over(check, said):
    assert margin_words(check, "USD").replace("\u00a0", " ") == said


def test_what_only_cut_an_order_did_not_stop_it():
    check = reason("leverage", value=2.5, threshold=2.0, unit=Unit.TIMES)

    assert shown_reason(check, "USD", resized=True).outcome == "shrunk"
    assert shown_reason(check, "USD", resized=False).outcome == "failed"
    warned = reason(ReasonCode.REDUCTION_RAISES_RISK, Outcome.WARNED)
    assert shown_reason(warned, "USD", resized=False).outcome == "warned"


@pytest.mark.parametrize(
    ("status", "filled", "overdue", "said"),
    [
        (None, 0.0, False, "not sent"),
        (ReservationStatus.PENDING, 0.0, False, "open"),
        (ReservationStatus.PENDING, 0.0, True, "overdue"),
        (ReservationStatus.PARTLY_FILLED, 0.5, False, "25 % filled"),
        (ReservationStatus.FILLED, 2.0, False, "filled"),
        (ReservationStatus.VOIDED, 0.0, False, "cancelled"),
        (ReservationStatus.VOIDED, 1.0, False, "50 % filled, ended"),
        (ReservationStatus.SETTLED, 0.0, False, "0 % spent"),
        (ReservationStatus.SETTLED, 1.5, False, "75 % spent"),
    ],
)
def test_what_became_of_an_order_is_one_word_or_its_share(status, filled, overdue, said):
    told = FakeBookReader().orders_told[0].order
    order = replace(told, allowed=2.0, status=status, filled=filled)

    assert became(order, overdue=overdue).replace("\u00a0", " ") == said


def test_what_was_lent_says_so_and_what_was_made_of_it():
    """Every check passed of the first, and none was made of the second."""
    slice_ = reason(
        ReasonCode.LEASE_ORDERS, Outcome.PASSED, value=0.0, threshold=20.0, unit=Unit.COUNT
    )
    made = reason(ReasonCode.LEASED, Outcome.PASSED, subject="lease:1")
    over = reason(
        ReasonCode.LEASED,
        Outcome.WARNED,
        subject="lease:1",
        value=3.0,
        threshold=2.0,
        unit=Unit.QUANTITY,
    )
    assert why([reason("leverage", Outcome.PASSED), slice_], "USD") == (
        "It is a slice of room, of which its agent may make 20 without asking"
    )
    assert why([made], "USD") == "Its agent made it of the slice lease:1, without asking"
    assert why([over], "USD").startswith(
        "Its agent made it of the slice lease:1, without asking; its orders were 3"
    )


def test_room_that_is_lent_is_told_from_an_orders(reader, show):
    asked = fakes_orders.body(8, quantity=0.01)
    reader.answer(msgspec.structs.replace(asked, client_order_id="lease:1"))
    told = words(part(show(), "orders-held")["children"])

    assert "trend buy slice" in told
    assert " 1 s " in told
    assert "lease:1" in told


def test_slices_have_a_list_of_their_own_and_count_for_no_order(reader, show):
    asked = fakes_orders.body(8, quantity=0.01)
    reader.answer(msgspec.structs.replace(asked, client_order_id="lease:1"))
    orders, slices = show(), show(verdict="slices")

    assert len(rows(orders)) == 7
    assert "lease:1" not in rows(orders)
    assert part(orders, "card-orders_answered-figure")["children"] == "7"
    assert list(rows(slices)) == list(rows(show(find="lease:"))) == ["lease:1"]
    assert part(slices, "card-orders_answered-figure")["children"] == "1"


@pytest.mark.parametrize(
    ("micros", "said"), [(47.2, "0.047 ms"), (3_240.0, "3.24 ms"), (604_538.0, "604.5 ms")]
)
def test_all_times_are_told_in_one_unit(micros, said):
    assert millis_words(micros).replace("\u00a0", " ") == said


def test_a_moment_in_the_address_has_milliseconds():
    assert before_text(AFTERNOON) == "2026-11-12T15:42:18.000Z"
