"""Reading ahead: what is told without asking the store, for how long, and what is prepared."""

import threading

import pytest
from structlog.testing import capture_logs

from pages.context import Book
from pages.newest import Newest
from pages.query import BY, parse
from pages.screens import Screen, Screens, Shown
from pages.views.cockpit import cockpit_view, read_cockpit
from risk.errors import StoreUnavailable
from tests.fakes import FakeClock
from tests.fakes_web import DEMO, FakeBookReader

COCKPIT = Screen("cockpit", words=(BY,), read=read_cockpit, view=cockpit_view)
TODAY = parse({}, COCKPIT.words)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def told() -> list[tuple[str, int]]:
    """Book and cycle of everything that was prepared, in order."""
    return []


@pytest.fixture
def newest(reader, clock, told) -> Newest:
    return Newest(
        reader,
        prepare=lambda book, pulse: told.append((book.name, pulse.cycle)),
        clock=clock.monotonic,
    )


def test_without_a_reader_ahead_the_store_is_asked_each_time(newest, reader):
    assert newest.pulse("demo").cycle == reader.number
    number = reader.advance()

    assert newest.pulse("demo").cycle == number
    assert list(newest.books()) == [DEMO]


def test_a_new_cycle_is_told_only_once_it_is_prepared(newest, reader, told):
    first = newest.pulse("demo").cycle
    newest.beat()
    number = reader.advance()
    assert newest.pulse("demo").cycle == first

    newest.beat()

    assert newest.pulse("demo").cycle == number
    assert told == [("demo", first), ("demo", number)]


def test_while_it_prepares_the_cycle_before_is_told(reader, clock):
    seen = []
    newest = Newest(
        reader,
        prepare=lambda book, _pulse: seen.append(newest.pulse(book.name).cycle),
        clock=clock.monotonic,
    )
    newest.pulse("demo")
    newest.beat()
    before = reader.number
    reader.advance()
    newest.beat()

    assert seen[-1] == before


def test_between_two_beats_nobody_asks_the_store(newest, reader):
    newest.pulse("demo")
    newest.beat()
    reader.failing = True

    assert newest.pulse("demo").cycle == reader.number
    assert list(newest.books()) == [DEMO]


def test_a_reader_ahead_that_stands_still_is_not_believed(newest, reader, clock):
    newest.pulse("demo")
    newest.beat()
    number = reader.advance()
    clock.advance(0.8)

    assert newest.pulse("demo").cycle == number


def test_when_the_store_fails_everybody_who_asks_is_told(newest, reader):
    newest.pulse("demo")
    newest.beat()
    reader.failing = True
    newest.beat()

    with pytest.raises(StoreUnavailable):
        newest.pulse("demo")
    with pytest.raises(StoreUnavailable):
        newest.books()


def test_a_book_that_nobody_looks_at_is_not_read(newest, reader, clock, told):
    newest.pulse("demo")
    newest.beat()
    clock.advance(11.0)
    reader.advance()
    newest.beat()

    assert len(told) == 1


def test_a_book_that_is_asked_for_again_and_again_goes_on_being_read(newest, reader, clock, told):
    for _ in range(4):
        newest.pulse("demo")
        reader.advance()
        newest.beat()
        clock.advance(9.0)

    assert len(told) == 4


def test_a_slow_preparation_never_puts_a_cycle_back_behind_one_that_was_told(reader, clock):
    """Its reading is older than that of whoever lost trust meanwhile and asked the store."""
    told_meanwhile = []

    def prepare(_book, pulse):
        clock.advance(2.0)
        if not told_meanwhile:
            reader.advance()
            told_meanwhile.append(newest.pulse("demo").cycle)

    newest = Newest(reader, prepare=lambda *_: None, clock=clock.monotonic)
    newest.pulse("demo")
    newest.beat()
    newest._prepare = prepare
    reader.advance()
    newest.beat()

    assert told_meanwhile == [reader.number]
    assert newest.pulse("demo").cycle == reader.number


def test_only_the_books_that_are_looked_at_are_prepared(newest, reader, told):
    reader.book_list = (DEMO, Book("main", "EUR"))
    newest.pulse("main")
    newest.beat()

    assert [name for name, _ in told] == ["main"]


def test_before_the_first_cycle_none_is_told(newest, reader, told):
    reader.started = False
    newest.pulse("demo")
    newest.beat()

    assert newest.pulse("demo") is None
    assert told == []


def test_its_thread_reads_by_itself_and_goes_on_after_a_failure(reader):
    reader.cycle_seconds = 0.02
    prepared, fail = threading.Event(), [True]

    def prepare(_book, _pulse):
        if fail and fail.pop():
            raise RuntimeError("unforeseen")
        prepared.set()

    newest = Newest(reader, prepare=prepare)
    newest.pulse("demo")
    newest.start()

    assert prepared.wait(20.0)
    newest.end()


# -- screens ------------------------------------------------------------------------------


@pytest.fixture
def screens(reader: FakeBookReader, clock: FakeClock) -> Screens:
    return Screens(reader, clock=clock.monotonic)


def test_what_people_watch_is_ready_when_they_are_told_of_it(screens, reader):
    shown, _ = screens.view(COCKPIT, TODAY)
    screens.newest.beat()
    number = reader.advance(0.002)
    screens.newest.beat()
    reader.failing = True
    update = screens.update(COCKPIT, TODAY, shown)

    assert update.shown == Shown(number)
    assert "card-profit_today-figure" in update.changes


def test_what_is_prepared_is_what_would_have_been_answered(reader, clock):
    ahead, asked = Screens(reader, clock=clock.monotonic), Screens(reader, clock=clock.monotonic)
    shown, _ = ahead.view(COCKPIT, TODAY)
    asked.view(COCKPIT, TODAY)
    reader.advance(0.002)
    ahead.newest.beat()

    assert ahead.update(COCKPIT, TODAY, shown) == asked.update(COCKPIT, TODAY, shown)


def test_what_nobody_watches_any_more_is_not_built(screens, reader, clock):
    screens.view(COCKPIT, TODAY)
    screens.newest.beat()
    clock.advance(6.0)
    reader.advance()
    before = reader.latest_reads
    screens.newest.beat()

    assert reader.latest_reads == before


def test_preparing_ends_after_half_a_cycle_and_the_rest_is_built_when_asked_for(reader, clock):
    def slow(data):
        clock.advance(0.3)
        return cockpit_view(data)

    built = []
    views = [
        Screen(
            name,
            words=(BY,),
            read=read_cockpit,
            view=lambda data, name=name: built.append(name) or slow(data),
        )
        for name in ("one", "two", "three")
    ]
    screens = Screens(reader, clock=clock.monotonic)
    for view in views:
        screens.view(view, TODAY)
    built.clear()
    number = reader.advance()
    screens.newest.beat()
    assert built == ["one", "two"]

    assert screens.update(views[2], TODAY, Shown(number - 1)).shown == Shown(number)
    assert built == ["one", "two", "three"]


def test_a_view_that_cannot_be_built_does_not_hold_up_the_others(reader, clock):
    broken = [False]

    def view(data):
        if broken[0]:
            raise ZeroDivisionError
        return cockpit_view(data)

    sick = Screen("sick", words=(BY,), read=read_cockpit, view=view)
    screens = Screens(reader, clock=clock.monotonic)
    screens.view(sick, TODAY)
    shown, _ = screens.view(COCKPIT, TODAY)
    broken[0] = True
    number = reader.advance()
    with capture_logs() as logs:
        screens.newest.beat()

    assert [(log["event"], log["screen"]) for log in logs] == [("screen_not_prepared", "sick")]
    assert screens.update(COCKPIT, TODAY, shown).shown == Shown(number)
    with pytest.raises(ZeroDivisionError):
        screens.update(sick, TODAY, shown)
