"""Reading once a cycle, and telling each browser what changed for it."""

import inspect
import json
import re
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import pytest

from pages.context import Book, BookReader
from pages.query import BY, parse
from pages.readings import Readings
from pages.screens import Screen, Screens, Shown
from pages.views.cockpit import QUIET_DAY, cockpit_view, read_cockpit
from risk.domain.events import FillRecorded
from risk.domain.state import TradingState
from risk.errors import StoreUnavailable
from risk.storage.queries import SqlBookReader
from risk.storage.tables import to_ms
from tests.fakes_web import AFTERNOON, DEMO, FakeBookReader, build_events
from tests.pages.trees import words

COCKPIT = Screen("cockpit", words=(BY,), read=read_cockpit, view=cockpit_view)
TODAY = parse({}, COCKPIT.words)
MIDNIGHT = AFTERNOON.replace(hour=0, minute=0, second=0)


@pytest.fixture
def screens(reader: FakeBookReader) -> Screens:
    return Screens(reader)


def test_however_many_browsers_look_a_cycle_is_read_once(screens, reader):
    for _ in range(20):
        screens.view(COCKPIT, TODAY)

    assert reader.latest_reads == 1


def test_histories_are_not_read_again_every_cycle(screens, reader):
    screens.view(COCKPIT, TODAY)
    before = reader.history_reads
    reader.advance(0.001)
    screens.view(COCKPIT, TODAY)

    assert reader.history_reads == before


def test_a_browser_that_shows_the_newest_cycle_is_sent_nothing(screens):
    shown, _ = screens.view(COCKPIT, TODAY)

    assert screens.update(COCKPIT, TODAY, shown).changes == {}


def test_a_new_cycle_sends_the_changed_properties_only(screens, reader):
    shown, _ = screens.view(COCKPIT, TODAY)
    number = reader.advance(0.002)
    update = screens.update(COCKPIT, TODAY, shown)

    assert not update.whole
    assert update.shown.cycle == number
    assert update.changes["cockpit-view"] == {"data-cycle": str(number)}
    assert "card-profit_today-figure" in update.changes
    assert "state-word" not in update.changes


def test_a_changed_state_reaches_the_banner(screens, reader):
    shown, _ = screens.view(COCKPIT, TODAY)
    reader.trading = TradingState.HALTED
    reader.advance()
    changes = screens.update(COCKPIT, TODAY, shown).changes

    cell = [sent for name, sent in changes.items() if name.startswith("state-cell")]
    assert "HALTED" in words([sent["children"] for sent in cell])
    assert changes["state-banner"] == {"data-state": "halted"}


def test_a_browser_from_another_worker_is_sent_everything_that_moves(screens, reader):
    screens.view(COCKPIT, TODAY)
    update = screens.update(COCKPIT, TODAY, Shown(cycle=7))

    assert set(update.changes["cockpit-view"]) == {"children", "data-cycle", "data-view"}


BY_STRATEGY = parse({"by": "strategy"}, COCKPIT.words)


def test_another_view_sends_what_differs_from_the_one_that_is_shown(screens, reader):
    shown, _ = screens.view(COCKPIT, TODAY)
    number = reader.advance(0.002)
    update = screens.update(COCKPIT, BY_STRATEGY, Shown(shown.cycle, TODAY))

    assert update.shown == Shown(number)
    assert not update.whole
    root = update.changes["cockpit-view"]
    assert set(root) == {"data-cycle", "data-view"}
    assert json.loads(root["data-view"])["words"] == {"by": "strategy"}
    assert any(name.startswith(("cockpit-risk", "risk-table")) for name in update.changes)
    assert "card-profit_today-figure" in update.changes, "a new cycle came too"


def test_another_view_of_the_same_cycle_is_sent_too(screens):
    shown, _ = screens.view(COCKPIT, TODAY)
    changes = screens.update(COCKPIT, BY_STRATEGY, Shown(shown.cycle, TODAY)).changes

    assert set(changes["cockpit-view"]) == {"data-view"}
    assert screens.update(COCKPIT, BY_STRATEGY, Shown(shown.cycle, BY_STRATEGY)).changes == {}


def test_another_view_before_the_first_cycle_is_laid_out_anew(screens, reader):
    reader.started = False

    assert screens.update(COCKPIT, BY_STRATEGY, Shown(None, TODAY)).whole is True


def test_the_first_cycle_ever_sends_the_whole_page(screens, reader):
    reader.started = False
    shown, view = screens.view(COCKPIT, TODAY)
    assert "No complete cycle of demo yet" in words(view)
    assert screens.update(COCKPIT, TODAY, shown).whole is False
    reader.advance()

    assert screens.update(COCKPIT, TODAY, shown).whole is True


def test_a_chart_is_drawn_anew_only_when_it_would_be_a_pixel_further(screens, reader):
    shown, _ = screens.view(COCKPIT, TODAY)
    reader.advance(0.001, seconds=5.0)
    early = screens.update(COCKPIT, TODAY, shown)
    reader.advance(0.001, seconds=120.0)
    late = screens.update(COCKPIT, TODAY, early.shown)

    assert "cockpit-chart" not in early.changes
    assert set(late.changes["cockpit-chart"]) == {"figure"}


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

    before = words(screens.view(COCKPIT, TODAY)[1])
    journal.insert(0, fill(-0.5))
    reader.advance()
    after = words(screens.view(COCKPIT, TODAY)[1])

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
        screens.view(COCKPIT, TODAY)

    assert [at == MIDNIGHT for at in asked if at >= MIDNIGHT] == [True, *[False] * 59, True]
    assert [at for at in asked if at < MIDNIGHT] == [MIDNIGHT - timedelta(days=1)] * 2


def test_the_day_before_is_not_read_where_today_tells_enough(screens, reader, monkeypatch):
    asked = []
    busy = [change for _ in range(QUIET_DAY) for change in build_events()[:1]]

    def noting(_book, *, since, limit):
        asked.append(since)
        return busy[:limit]

    monkeypatch.setattr(reader, "recent_events", noting)
    view = words(screens.view(COCKPIT, TODAY)[1])

    assert asked == [MIDNIGHT]
    assert "Yesterday" not in view


def test_why_var_changed_is_worked_out_beside_the_first_view_and_sent_alone(screens, reader):
    go_on, read = threading.Event(), reader.ledger_entries
    reader.ledger_entries = lambda *words, **more: go_on.wait(20) and read(*words, **more)
    shown, view = screens.view(COCKPIT, TODAY)
    assert "Why VaR changed since yesterday is being worked out." in words(view)

    go_on.set()
    while screens.readings.later.ask("whatever comes after it", lambda: True).is_pending:
        pass
    reader.advance()
    changes = screens.update(COCKPIT, TODAY, shown).changes

    assert changes["cockpit-change-words"]["children"].startswith(
        "Since the end of 11\xa0Nov: VaR 99"
    )
    assert "cockpit-changes" not in changes


def asked_since(readings: Readings, reader, monkeypatch, query) -> datetime:
    """Where the history begins that a chart asks for."""
    asked, read = [], reader.metric_history

    def noting(*words, since, **more):
        asked.append(since)
        return read(*words, since=since, **more)

    monkeypatch.setattr(reader, "metric_history", noting)
    readings.course(DEMO, "equity", query, AFTERNOON)
    return asked[-1]


def test_all_begins_with_the_book_so_that_no_empty_years_thin_its_points(reader, monkeypatch):
    reader.history_days = 187.0
    first, readings = AFTERNOON - timedelta(days=187), Readings(reader)

    since = asked_since(readings, reader, monkeypatch, parse({"range": "all"}))
    assert first - timedelta(hours=6) < since <= first
    day = asked_since(readings, reader, monkeypatch, TODAY)
    assert timedelta(0) <= AFTERNOON - timedelta(days=1) - day < timedelta(minutes=2)


def test_a_book_without_history_is_asked_for_its_beginning_again(reader, monkeypatch):
    everything, readings = parse({"range": "all"}), Readings(reader)
    reader.history_days = 0.0
    assert asked_since(readings, reader, monkeypatch, everything).year < 2010
    reader.history_days = 30.0

    assert asked_since(readings, reader, monkeypatch, everything).year == 2026


def ask_at_once(readings: Readings, ask, many: int = 4) -> list[Future]:
    """What so many threads are told that ask while the first one is still being answered."""
    under_way, waiting = threading.Event(), threading.Event()

    def slowly():
        under_way.set()
        waiting.wait(20.0)
        return ask()

    with ThreadPoolExecutor(many) as pool:
        first = pool.submit(readings.once, "question", slowly)
        under_way.wait(20.0)
        others = [pool.submit(readings.once, "question", ask) for _ in range(many - 1)]
        wait(others, timeout=0.05)
        assert not any(other.done() for other in others)
        waiting.set()
    return [first, *others]


def test_a_question_is_put_to_the_store_once_however_many_ask_it_at_once(reader):
    asked = []
    told = ask_at_once(Readings(reader), lambda: asked.append(1) or 42)

    assert [answer.result() for answer in told] == [42] * 4
    assert asked == [1]


def test_who_waits_for_an_answer_that_fails_is_told_and_does_not_ask_again_in_turn(reader):
    asked = []

    def ask():
        asked.append(1)
        raise StoreUnavailable("gone")

    told = ask_at_once(Readings(reader), ask)

    assert [str(answer.exception()) for answer in told] == ["gone"] * 4
    assert asked == [1]


def test_an_answer_that_failed_is_asked_for_again(reader):
    readings, answers = Readings(reader), iter([StoreUnavailable("gone"), 7])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(StoreUnavailable):
        readings.once("question", ask)
    assert readings.once("question", ask) == 7


def test_without_any_book_a_screen_says_how_to_get_one(reader):
    reader.book_list = ()
    shown, view = Screens(reader).view(COCKPIT, TODAY)

    assert shown == Shown(None)
    assert "seawall portfolios add" in words(view)


def test_the_book_in_the_address_is_shown(reader):
    reader.book_list = (DEMO, Book("main", "EUR"))

    assert Readings(reader).book(parse({"book": "main"})) == Book("main", "EUR")


def test_a_store_that_does_not_answer_is_not_hidden(screens, reader):
    reader.failing = True

    with pytest.raises(StoreUnavailable):
        screens.view(COCKPIT, TODAY)


def test_many_threads_may_ask_while_cycles_go_on(screens, reader):
    def look(_: int) -> int:
        shown, _tree = screens.view(COCKPIT, TODAY)
        reader.advance(0.0001)
        update = screens.update(COCKPIT, TODAY, shown)
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
