"""How long the gate waits for a database that does not answer: whoever would halt cannot."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from pages.gate import _Seen
from pages.patience import AT_ONCE, KNOWN, SPARED, UNKNOWN, Patience
from risk.auth.logins import LoginDesk
from risk.domain.actors import Ability, Role, is_proven, require, require_all
from risk.domain.people import Login
from risk.errors import ProofNeeded, StoreError, StoreUnavailable
from risk.storage.engines import PATIENCE, open_engines, sqlite_driver
from risk.storage.people import TOUCH_PATIENCE, SqlPeople
from tests.fakes_people import People
from tests.fakes_web import FakeBookReader
from tests.pages.conftest import PeopleHere, forget_pages
from tests.pages.visits import Visit, serving
from tests.storage.conftest import sqlite_template, sqlite_url

__all__ = ["sqlite_template", "sqlite_url"]

#: A test waits no longer for a thread that hangs.
_AT_MOST = 30.0


class Watch:
    """Seconds that a test lets pass."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def fails() -> Login:
    raise StoreUnavailable("the database is gone")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def never() -> Iterator[Callable[[], Login]]:
    """A question that hangs until the test is over."""
    over = Event()

    def hang() -> Login:
        over.wait(_AT_MOST)
        return fails()

    yield hang
    over.set()


# --- the patience itself ---------------------------------------------------------------------


def test_nobody_who_was_here_lately_waits_a_second():
    assert KNOWN + TOUCH_PATIENCE < 1.0
    assert UNKNOWN < SPARED


def test_what_answers_is_asked_each_time(watch):
    patience = Patience(watch)
    assert [patience.ask(lambda n=n: n, UNKNOWN) for n in range(20)] == list(range(20))


def test_what_was_silent_is_asked_nothing_for_a_while(watch, never):
    patience, asked = Patience(watch), []
    with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.01 s"):
        patience.ask(never, 0.01)

    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="did not answer within"):
            patience.ask(lambda: asked.append("too soon"), UNKNOWN)
    watch.now += SPARED
    patience.ask(lambda: asked.append("in time"), UNKNOWN)
    patience.ask(lambda: asked.append("as ever"), UNKNOWN)

    assert asked == ["in time", "as ever"]


def test_once_the_while_is_over_one_asks_and_nobody_waits_with_him(watch):
    patience = Patience(watch)
    with pytest.raises(StoreUnavailable):
        patience.ask(fails, UNKNOWN)
    watch.now += SPARED
    others: list[str] = []

    def first() -> str:
        with pytest.raises(StoreUnavailable, match="gone"):
            patience.ask(lambda: others.append("asked too"), UNKNOWN)
        return "answered"

    assert patience.ask(first, UNKNOWN) == "answered"
    assert others == []


def test_however_many_hang_nobody_hangs_with_them_and_it_is_asked_again_once_they_do_not(watch):
    patience, over = Patience(watch), Event()
    for _ in range(AT_ONCE + 2):
        with pytest.raises(StoreUnavailable):
            patience.ask(lambda: over.wait(_AT_MOST), 0.01)
        watch.now += SPARED
    over.set()

    assert patience.ask(lambda: "answered", _AT_MOST) == "answered"


# --- who is remembered -----------------------------------------------------------------------


@pytest.fixture
def officer(people) -> Login:
    people.admit("olga", Role.OFFICER)
    return people.sign_in("olga").login


def test_by_memory_one_stops_trading_and_loosens_nothing(watch, officer, people):
    seen = _Seen(watch)
    assert is_proven(seen.login("t", lambda: officer).actor, people.now)

    remembered = seen.login("t", fails)

    assert remembered == replace(officer, proven_at=remembered.proven_at)
    require_all(remembered.actor, Ability.HALT, at=people.now)
    require_all(remembered.actor, Ability.OVERRIDE, at=people.now, tightens=True)
    for ability in (Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE):
        require(remembered.actor, ability)
        with pytest.raises(ProofNeeded):
            require_all(remembered.actor, ability, at=people.now)
    watch.now += SPARED
    assert seen.login("t", lambda: officer) == officer, "the proof is not lost"


def test_who_is_remembered_is_answered_at_once_while_the_database_is_spared(watch, officer):
    seen, asked = _Seen(watch), []
    seen.login("t", lambda: officer)
    seen.login("t", fails)

    def ask() -> Login:
        asked.append("asked")
        return officer

    watch.now += SPARED - 0.1
    assert seen.login("t", ask).person == officer.person
    with pytest.raises(StoreError, match="gone"):
        seen.login("somebody else's", ask)
    assert asked == []


def test_nobody_is_remembered_for_longer_than_ten_minutes(watch, officer):
    seen = _Seen(watch)
    seen.login("t", lambda: officer)
    watch.now += 601.0
    with pytest.raises(StoreUnavailable):
        seen.login("t", fails)


# --- through the application -----------------------------------------------------------------


@contextmanager
def people_in(url: str, reader: FakeBookReader, home: Path) -> Iterator[People]:
    """People in a database, as the web keeps them."""
    engines, hasty = open_engines(url), open_engines(url, patience=TOUCH_PATIENCE)
    people = PeopleHere(reader, home)
    people.store = SqlPeople(engines, notes=hasty.writer)
    people.desk = LoginDesk(people.store, people.hasher, people.sealer, wall=people.wall)
    yield people
    hasty.dispose()
    engines.dispose()


@pytest.fixture
def stored(reader, sqlite_url, tmp_path) -> Iterator[People]:
    with people_in(sqlite_url, reader, tmp_path / "home") as people:
        yield people


@pytest.mark.postgres
def test_a_server_that_is_frozen_keeps_nobody_from_acting(
    reader, changes, postgres, postgres_url, tmp_path
):
    with (
        people_in(postgres_url, reader, tmp_path / "home") as people,
        serving(changes, people, forget_pages) as app,
    ):
        people.admit("ana")
        ana = Visit(app, people)
        ana.sign_in("ana")
        assert ana.get("/live?acted").status_code == 200
        with postgres.frozen():
            began = time.monotonic()
            answers = [ana.get("/live?acted") for _ in range(6)]
            took = time.monotonic() - began

    assert {answer.headers["Seawall-Visitor"] for answer in answers} == {"ana"}
    assert took < PATIENCE, "one alone waited for longer than that before"


def test_a_locked_database_keeps_nobody_from_acting(stored, changes, sqlite_url):
    stored.admit("ana")
    with (
        serving(changes, stored, forget_pages) as app,
        closing(sqlite_driver().connect(sqlite_url.removeprefix("sqlite:///"))) as other,
    ):
        ana = Visit(app, stored)
        ana.sign_in("ana")
        stored.wait(minutes=2)
        other.execute("BEGIN IMMEDIATE")

        began = time.monotonic()
        with capture_logs() as logs:
            answers = [ana.get("/live?acted") for _ in range(6)]
        took = time.monotonic() - began

        assert {answer.headers["Seawall-Visitor"] for answer in answers} == {"ana"}
        assert [line["event"] for line in logs].count("login_not_noted_as_seen") == 1
        assert took < 4.0, "one alone waited for longer than that before"

        other.rollback()
        stored.wait(minutes=1)
        assert ana.get("/live?acted").status_code == 200
    with stored.store.reading() as view:
        (record,) = view.logins("ana")
    assert record.seen == stored.now, "written as soon as it can be"


def test_a_database_that_hangs_keeps_nobody_from_acting(people, changes, monkeypatch):
    monkeypatch.setattr("pages.gate.KNOWN", 0.05)
    people.admit("ana")
    hangs, over, asked = Event(), Event(), []

    class Hanging(LoginDesk):
        def find(self, token: str, *, acts: bool = True) -> Login | None:
            asked.append(token)
            if hangs.is_set():
                over.wait(_AT_MOST)
                fails()
            return super().find(token, acts=acts)

    people.desk = Hanging(people.store, people.hasher, people.sealer, wall=people.wall)
    with serving(changes, people, forget_pages) as app:
        ana = Visit(app, people)
        ana.sign_in("ana")
        assert ana.get("/live?acted").status_code == 200
        asked.clear()
        hangs.set()

        began = time.monotonic()
        answers = [ana.get("/live?acted") for _ in range(20)]
        took = time.monotonic() - began
        over.set()

    assert {answer.headers["Seawall-Visitor"] for answer in answers} == {"ana"}
    assert len(asked) <= 1 + took / SPARED, "it is not asked by each of them"
    assert took < 5.0
