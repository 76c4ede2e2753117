"""Reading once a cycle, and telling each browser what changed for it."""

import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from pages.components.deltas import plain
from pages.context import Book, BookReader
from pages.format import UTC_ZONE
from pages.query import parse
from pages.screens import CockpitScreens, Shown
from pages.views.cockpit import no_cycle_view
from risk.domain.events import FillRecorded
from risk.domain.state import TradingState
from risk.errors import StoreUnavailable
from risk.storage.queries import SqlBookReader
from risk.storage.tables import to_ms
from tests.fakes_web import AFTERNOON, DEMO, FakeBookReader, build_events
from tests.pages.trees import words

TODAY = parse({})


@pytest.fixture
def screens(reader: FakeBookReader) -> CockpitScreens:
    return CockpitScreens(reader)


def test_however_many_browsers_look_a_cycle_is_read_once(screens, reader):
    for _ in range(20):
        screens.view(TODAY)

    assert reader.latest_reads == 1


def test_histories_are_not_read_again_every_cycle(screens, reader):
    screens.view(TODAY)
    before = reader.history_reads
    reader.advance(0.001)
    screens.view(TODAY)

    assert reader.history_reads == before


def test_a_browser_that_shows_the_newest_cycle_is_sent_nothing(screens):
    shown, _ = screens.view(TODAY)

    assert screens.update(TODAY, shown).changes == {}


def test_a_new_cycle_sends_the_changed_properties_only(screens, reader):
    shown, _ = screens.view(TODAY)
    number = reader.advance(0.002)
    update = screens.update(TODAY, shown)

    assert not update.whole
    assert update.shown.cycle == number
    assert update.changes["cockpit-view"] == {"data-cycle": str(number)}
    assert "card-profit_today-figure" in update.changes
    assert "state-word" not in update.changes


def test_a_changed_state_reaches_the_banner(screens, reader):
    shown, _ = screens.view(TODAY)
    reader.trading = TradingState.HALTED
    reader.advance()
    changes = screens.update(TODAY, shown).changes

    assert "HALTED" in words(changes["state-cell"]["children"])
    assert changes["state-banner"] == {"data-state": "halted"}


def test_a_browser_from_another_worker_is_sent_everything_that_moves(screens, reader):
    screens.view(TODAY)
    update = screens.update(TODAY, Shown(cycle=7))

    assert set(update.changes["cockpit-view"]) == {"children", "data-cycle"}


def test_the_first_cycle_ever_sends_the_whole_page(screens, reader):
    reader.started = False
    shown, view = screens.view(TODAY)
    assert plain(view) == plain(no_cycle_view(DEMO))
    assert screens.update(TODAY, shown).whole is False
    reader.advance()

    assert screens.update(TODAY, shown).whole is True


def test_the_chart_gets_a_point_only_when_it_would_be_a_pixel_further(screens, reader):
    shown, _ = screens.view(TODAY)
    reader.advance(0.001, seconds=5.0)
    early = screens.update(TODAY, shown)
    reader.advance(0.001, seconds=90.0)
    late = screens.update(TODAY, early.shown)

    assert "cockpit-chart" not in early.changes
    assert early.shown.charted == shown.charted
    added, traces, most = late.changes["cockpit-chart"]["extendData"]
    assert (len(added["y"]), traces, most) == (2, [0, 1], 1_000)
    assert added["x"] == [[UTC_ZONE.wall_time(late.shown.charted)]] * 2


def fill(second: float) -> FillRecorded:
    return FillRecorded(
        at=AFTERNOON - timedelta(seconds=second),
        portfolio="demo",
        cycle="demo-1",
        strategy="noise",
        asset="BTC/USDT",
        venue="sim-a",
        quantity=0.01,
        price=96_000.0,
        fee=0.1,
    )


def test_many_fills_do_not_push_out_what_happened_before_them(screens, reader, monkeypatch):
    events, fills = build_events(), [fill(0.0001 * n - 0.0005) for n in range(300)]
    journal = sorted((*events, *fills), key=lambda event: event.at, reverse=True)
    monkeypatch.setattr(
        reader,
        "recent_events",
        lambda _book, *, since, limit: [e for e in journal if to_ms(e.at) >= to_ms(since)][:limit],
    )

    before = words(screens.view(TODAY)[1])
    journal.insert(0, fill(-0.5))
    reader.advance()
    after = words(screens.view(TODAY)[1])

    assert told_fills(after) == told_fills(before) + 1 >= 301
    assert "11 Nov stayed inside" in before
    assert "11 Nov stayed inside" in after


def told_fills(text: str) -> int:
    """How many fills the timeline's newest run of them has."""
    return int(re.search(r"(\d+) fills since", text).group(1))


def test_a_day_is_read_on_from_its_newest_event_and_anew_now_and_then(screens, reader, monkeypatch):
    asked, read = [], reader.recent_events

    def noting(book, *, since, limit):
        asked.append(since)
        return read(book, since=since, limit=limit)

    monkeypatch.setattr(reader, "recent_events", noting)
    for _ in range(61):
        reader.advance()
        screens.view(TODAY)

    midnight = AFTERNOON.replace(hour=0, minute=0, second=0)
    assert [at == midnight for at in asked] == [True, *[False] * 59, True]


def asked_since(screens, reader, monkeypatch, query) -> list[datetime]:
    """Where the histories begin that a chart asks for, the last of them being drawn."""
    asked, read = [], reader.metric_history

    def noting(*words, since, **more):
        asked.append(since)
        return read(*words, since=since, **more)

    monkeypatch.setattr(reader, "metric_history", noting)
    screens.chart_histories(query)
    return asked


def test_all_begins_with_the_book_so_that_no_empty_years_thin_its_points(
    screens, reader, monkeypatch
):
    reader.history_days = 187.0
    first = AFTERNOON - timedelta(days=187)

    since = asked_since(screens, reader, monkeypatch, parse({"range": "all"}))[-1]
    assert first - timedelta(days=10) < since <= first
    assert asked_since(screens, reader, monkeypatch, TODAY)[-1] == AFTERNOON - timedelta(days=1)


def test_a_book_without_history_is_asked_for_its_beginning_again(screens, reader, monkeypatch):
    everything = parse({"range": "all"})
    reader.history_days = 0.0
    assert asked_since(screens, reader, monkeypatch, everything)[-1].year < 2010
    reader.history_days = 30.0

    assert asked_since(screens, reader, monkeypatch, everything)[-1].year == 2026


def test_a_book_without_var_adds_no_point(screens, reader):
    reader.holdings = ()
    shown, _ = screens.view(TODAY)
    reader.advance(seconds=90.0)

    assert "cockpit-chart" not in screens.update(TODAY, shown).changes


def test_without_any_book_there_is_nothing_to_chart(reader):
    reader.book_list = ()
    screens = CockpitScreens(reader)

    assert screens.chart_histories(TODAY) is None
    assert screens.view(TODAY)[0] == Shown(None)


def test_the_book_in_the_address_is_shown(reader):
    reader.book_list = (DEMO, Book("main", "EUR"))

    assert CockpitScreens(reader).book(parse({"book": "main"})) == Book("main", "EUR")


def test_a_store_that_does_not_answer_is_not_hidden(screens, reader):
    reader.failing = True

    with pytest.raises(StoreUnavailable):
        screens.view(TODAY)


def test_many_threads_may_ask_while_cycles_go_on(screens, reader):
    def look(_: int) -> int:
        shown, _tree = screens.view(TODAY)
        reader.advance(0.0001)
        update = screens.update(TODAY, shown)
        return len(update.changes)

    with ThreadPoolExecutor(4) as pool:
        assert all(count >= 1 for count in pool.map(look, range(60)))


def test_the_readers_of_the_store_and_of_the_tests_answer_the_same_questions():
    """Both are a `BookReader`; what one accepts the other must accept."""
    for name, method in inspect.getmembers(BookReader, inspect.isfunction):
        if name.startswith("_") or name == "wall":
            continue
        wanted = set(inspect.signature(method).parameters)
        for implementation in (SqlBookReader, FakeBookReader):
            offered = inspect.signature(getattr(implementation, name)).parameters
            assert wanted <= set(offered), (implementation, name)
