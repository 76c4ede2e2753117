"""People in memory and in both databases: kept whole or not at all, and told of in the journal."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from risk.domain.actors import Role, Via
from risk.domain.changing import DENIALS_TOLD
from risk.domain.events import PEOPLE_STREAM, ActionDenied, PersonChanged, Severity
from risk.domain.people import Person
from risk.domain.people_store import Account, Failure, LoginRecord, PeopleStore
from risk.errors import StoreError, StoreUnavailable
from risk.storage import journal, people_journal, tables
from risk.storage.engines import PATIENCE, Engines, open_engines, transaction
from risk.storage.outbox import undelivered
from risk.storage.people import TOUCH_PATIENCE, SqlPeople
from risk.storage.portfolios import add_portfolio
from tests.fakes_people import MONDAY, FakePeopleStore
from tests.storage.rows import count, read, write

LATER = MONDAY + timedelta(minutes=1)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[PeopleStore]:
    if request.param == "memory":
        yield FakePeopleStore()
        return
    engines = open_engines(request.getfixturevalue(f"{request.param}_url"))
    yield SqlPeople(engines)
    engines.dispose()


def an_account(name: str = "tom", **differently: object) -> Account:
    person = Person(
        name=name, role=Role.TRADER, created=MONDAY, created_by="anna", power_from=MONDAY
    )
    return replace(
        Account(person=person, password="hashed", power_by="anna", changed_by="anna"),
        **differently,
    )


def a_login(login_id: str = "l1", name: str = "tom", **differently: object) -> LoginRecord:
    record = LoginRecord(
        id=login_id,
        hash=login_id.encode(),
        name=name,
        via=Via.WEB,
        began=MONDAY,
        seen=MONDAY,
        proven_at=MONDAY,
        csrf="c",
        place="10.0.0.1",
        device="d1",
    )
    return replace(record, **differently)


def a_failure(**differently: object) -> Failure:
    return replace(Failure(at=MONDAY, name="tom", place="10.0.0.1"), **differently)


def changed(**differently: object) -> PersonChanged:
    told = {"person": "olga", "what": "was reset", "by": "anna", "reason": "lost it"}
    return PersonChanged(at=MONDAY, portfolio=PEOPLE_STREAM, cycle="", **told | differently)


# --- the port ------------------------------------------------------------------------------


def test_somebody_comes_back_as_he_was(store: PeopleStore):
    whole = an_account(
        "olga",
        person=Person(
            name="olga",
            role=Role.OFFICER,
            created=MONDAY,
            created_by="anna",
            power_from=LATER,
            disabled=LATER,
            second_factor=True,
            must_change=True,
            subject="o@x",
            last_seen=LATER,
            version=7,
        ),
        password=None,
        password_until=LATER,
        factor="sealed",
        factor_step=2**40,
        new_factor="sealed too",
        was_officer=True,
    )
    with store.changing() as work:
        work.keep(an_account("tom"))
        work.keep(an_account("olga"))
        work.keep(whole)

    with store.reading() as view:
        assert view.account("olga") == view.account_of("o@x") == whole
        assert view.accounts() == [whole, an_account("tom")]
        assert view.account("nobody") is view.account_of("nobody") is None


def test_names_are_in_the_same_order_everywhere(store: PeopleStore):
    names = ["a-b", "a.b", "a_b", "ab", "a1", "a"]
    with store.changing() as work:
        for name in names:
            work.keep(an_account(name))

    with store.reading() as view:
        assert [one.person.name for one in view.accounts()] == sorted(names)


def test_a_login_is_found_by_its_token_s_hash_alone(store: PeopleStore):
    with store.changing() as work:
        work.keep(an_account())
        work.keep_login(a_login())

    with store.reading() as view:
        assert view.login(b"l1") == (a_login(), an_account())
        assert view.login(b"l2") is None


def test_another_token_takes_the_place_of_the_one_before(store: PeopleStore):
    renewed = a_login(hash=b"another", seen=LATER, proven_at=LATER)
    with store.changing() as work:
        work.keep(an_account())
        work.keep_login(a_login())
        work.keep_login(renewed)

    with store.reading() as view:
        assert view.login(b"l1") is None
        assert view.login(b"another").record == renewed
        assert view.logins("tom") == [renewed]


def test_logins_end_all_or_all_but_one(store: PeopleStore):
    with store.changing() as work:
        for name in ("tom", "eve"):
            work.keep(an_account(name))
        work.keep_login(a_login("l1"))
        work.keep_login(a_login("l2", began=LATER))
        work.keep_login(a_login("l3", began=LATER))
        work.keep_login(a_login("l4", "eve"))

    with store.changing() as work:
        assert [one.id for one in work.logins("tom")] == ["l2", "l3", "l1"]
        work.end_logins("tom", at=LATER, but="l3")
        assert [one.id for one in work.logins("tom")] == ["l3"]
        work.end_logins("tom", at=LATER)
    with store.reading() as view:
        assert view.logins("tom") == []
        assert view.login(b"l3") is None
        assert view.login(b"l4") is not None


def test_that_a_login_was_used_is_noted_forwards_only(store: PeopleStore):
    with store.changing() as work:
        work.keep(an_account())
        work.keep_login(a_login())

    store.touch("l1", at=LATER)
    store.touch("l1", at=MONDAY)
    store.touch("nobody's", at=LATER)

    with store.reading() as view:
        assert view.login(b"l1").record == a_login(seen=LATER)


def test_a_note_of_who_was_seen_waits_for_nobody_who_writes(engines: Engines, database_url: str):
    """Neither for the right to write nor for the row, however patient the others are."""
    hasty = open_engines(database_url, patience=TOUCH_PATIENCE)
    store = SqlPeople(engines, notes=hasty.writer)
    with store.changing() as work:
        work.keep(an_account())
        work.keep_login(a_login())

    with transaction(engines.writer) as busy:
        busy.execute(text("UPDATE login SET place = 'here' WHERE id = 'l1'"))
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.touch("l1", at=LATER)
        assert time.monotonic() - began < PATIENCE / 2
    store.touch("l1", at=LATER)

    with store.reading() as view:
        assert view.login(b"l1").record.seen == LATER
    hasty.dispose()


def test_a_browser_is_known_for_one_name(store: PeopleStore):
    with store.changing() as work:
        work.keep_device("tom", "d1", at=MONDAY)
        work.keep_device("tom", "d1", at=LATER)
        work.keep_device("eve", "d2", at=MONDAY)

    with store.changing() as work:
        assert work.knows_device("tom", "d1")
        assert not work.knows_device("eve", "d1")
        work.forget_devices("tom")
        assert not work.knows_device("tom", "d1")
        assert work.knows_device("eve", "d2")


def test_tries_are_told_by_name_and_place_in_the_order_of_time(store: PeopleStore):
    late, other = a_failure(at=LATER, place="10.0.0.2"), a_failure(name="eve", device="d1")
    with store.changing() as work:
        for failure in (late, a_failure(), other, a_failure(name="eve", place="10.0.0.9")):
            work.note_failure(failure)

    with store.reading() as view:
        assert view.failures("tom", "10.0.0.1", MONDAY) == [a_failure(), other, late]
        assert view.failures("tom", "10.0.0.1", LATER) == [late]
        assert view.failures("", "", MONDAY) == []


def test_a_try_can_be_taken_back(store: PeopleStore):
    with store.changing() as work:
        first, second = work.note_failure(a_failure()), work.note_failure(a_failure(at=LATER))
        assert first != second
        work.take_back(first)
        work.take_back(first)

    with store.reading() as view:
        assert view.failures("tom", "", MONDAY) == [a_failure(at=LATER)]


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({}, ["eve"]),
        ({"place": "10.0.0.1"}, ["there", "known", "eve"]),
        ({"device": "d1"}, ["here", "there", "eve"]),
    ],
)
def test_tries_of_a_name_are_forgotten(store: PeopleStore, how: dict, left: list[str]):
    tried = {
        "here": a_failure(),
        "there": a_failure(place="10.0.0.2"),
        "known": a_failure(device="d1"),
        "eve": a_failure(name="eve"),
    }
    with store.changing() as work:
        for failure in tried.values():
            work.note_failure(failure)
        work.forgive("tom", **how)

    with store.reading() as view:
        known = [*view.failures("tom", "", MONDAY), *view.failures("eve", "", MONDAY)]
    assert sorted(map(repr, known)) == sorted(repr(tried[name]) for name in left)


def test_what_is_old_is_dropped(store: PeopleStore):
    with store.changing() as work:
        work.keep(an_account())
        for at in (MONDAY, LATER):
            work.note_failure(a_failure(at=at))
            work.keep_login(a_login(str(at), began=at))
            work.keep_device("tom", str(at)[:32], at=at)
        work.forget_before(failures=LATER, logins=LATER, devices=LATER)

    with store.reading() as view:
        assert view.failures("tom", "", MONDAY) == [a_failure(at=LATER)]
        assert [one.began for one in view.logins("tom")] == [LATER]
        assert not view.knows_device("tom", str(MONDAY)[:32])
        assert view.knows_device("tom", str(LATER)[:32])


def test_a_change_that_fails_leaves_nothing(store: PeopleStore):
    def fail() -> None:
        with store.changing() as work:
            work.keep(an_account())
            work.keep_login(a_login())
            work.note_failure(a_failure())
            work.tell(changed())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with store.reading() as view:
        assert not view.anybody()
        assert view.logins("tom") == view.failures("tom", "", MONDAY) == []


def test_somebody_was_there_if_he_is_kept_or_told_of(store: PeopleStore):
    with store.reading() as view:
        assert not view.anybody()
    denied = ActionDenied(
        at=MONDAY, portfolio="demo", cycle="", asked="x", by="root", role="operator", reason="y"
    )
    with store.changing() as work:
        work.tell(denied)
        assert not work.anybody()
        work.tell(changed())
        assert work.anybody()
    with store.changing() as work:
        work.keep(an_account())
    with store.reading() as view:
        assert view.anybody()


def test_denials_have_a_pace_of_each_person(engines: Engines):
    kept = SqlPeople(engines)

    def deny(by: str, at: datetime) -> None:
        event = ActionDenied(
            at=at, portfolio=PEOPLE_STREAM, cycle="", asked="x", by=by, role="trader", reason="y"
        )
        with kept.changing() as work:
            work.tell(event)

    def told() -> list[tuple[str, str]]:
        bodies = read(engines, "SELECT body FROM journal ORDER BY seq")
        found = [json.loads(body)["body"] for (body,) in bodies]
        return [(each["by"], each["asked"]) for each in found]

    for number in range(DENIALS_TOLD + 9):
        deny("tom", MONDAY + timedelta(milliseconds=number))
    deny("eve", MONDAY)
    assert told()[:DENIALS_TOLD] == [("tom", "x")] * DENIALS_TOLD
    (_, more), last = told()[DENIALS_TOLD:]
    assert "not told one by one" in more
    assert last == ("eve", "x")

    deny("tom", LATER + timedelta(seconds=1))
    assert told()[-1] == ("tom", "x")


def test_of_several_who_change_at_once_each_sees_what_the_others_did(store: PeopleStore):
    """Nothing is read, decided on and overwritten meanwhile."""
    with store.changing() as work:
        work.keep(an_account())
    gate = threading.Barrier(4)

    def count_up() -> None:
        gate.wait()
        for _ in range(5):
            with store.changing() as work:
                found = work.account("tom")
                grown = replace(found.person, version=found.person.version + 1)
                work.keep(replace(found, person=grown))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.reading() as view:
        assert view.account("tom").person.version == 21


# --- the databases -------------------------------------------------------------------------


def test_a_provider_s_name_is_one_person_s(engines: Engines):
    people = SqlPeople(engines)
    with people.changing() as work:
        work.keep(an_account("tom", person=replace(an_account().person, subject="p@x")))

    def take_it() -> None:
        with people.changing() as work:
            other = replace(an_account("eve").person, subject="p@x")
            work.keep(an_account("eve", person=other))

    with pytest.raises(StoreError):
        take_it()


def test_the_journal_tells_it_in_the_same_transaction_and_holds(engines: Engines):
    with SqlPeople(engines).changing() as work:
        work.keep(an_account())
        work.tell(changed(), changed(person="tom"))

    with transaction(engines.reader) as connection:
        assert journal.verify(connection, PEOPLE_STREAM) == 2


def test_writers_at_once_make_one_chain(engines: Engines):
    gate = threading.Barrier(4)

    def tell() -> None:
        gate.wait()
        for _ in range(5):
            with transaction(engines.writer) as connection:
                people_journal.tell(connection, changed())

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with transaction(engines.reader) as connection:
        assert journal.verify(connection, PEOPLE_STREAM) == 20


def letters(engines: Engines, book: str) -> list[tuple[str, str, str]]:
    with transaction(engines.reader) as connection:
        waiting = undelivered(connection, book)
    return sorted((one.notice.id, one.channel, one.notice.subject) for one in waiting)


@pytest.fixture
def books(engines: Engines) -> Engines:
    with transaction(engines.writer) as connection:
        for name in ("demo", "second"):
            add_portfolio(connection, name, at=MONDAY)
    return engines


def test_whoever_watches_a_book_hears_of_power(books: Engines):
    people = SqlPeople(books, channels=lambda: ("log", "slack"))
    with people.changing() as work:
        work.tell(changed(), changed(what="was added as officer", severity=Severity.CRITICAL))

    for book in ("demo", "second"):
        assert letters(books, book) == [
            ("people-2", "log", "Login: olga was added as officer"),
            ("people-2", "slack", "Login: olga was added as officer"),
        ]


def test_nobody_hears_of_a_change_that_was_not_made(books: Engines):
    def fail() -> None:
        with SqlPeople(books, channels=lambda: ("log",)).changing() as work:
            work.tell(changed(severity=Severity.CRITICAL))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert letters(books, "demo") == []
    assert count(books, tables.journal) == 0


def test_what_belongs_to_one_book_is_told_to_its_own_watchers(books: Engines):
    with transaction(books.writer) as connection:
        told = changed(severity=Severity.CRITICAL)
        people_journal.tell(connection, replace(told, portfolio="second"), channels=("log",))

    assert letters(books, "demo") == []
    assert [one[0] for one in letters(books, "second")] == ["people-1"]


def test_without_channels_nothing_waits(books: Engines):
    with transaction(books.writer) as connection:
        people_journal.tell(connection, changed(severity=Severity.CRITICAL))
        people_journal.tell(connection, channels=("log",))

    assert count(books, tables.outbox) == 0


def test_who_was_removed_by_hand_is_remembered_by_the_journal(engines: Engines):
    people = SqlPeople(engines)
    with people.changing() as work:
        work.keep(an_account())
        work.tell(changed(person="tom"))
    with pytest.raises(StoreError, match="people are kept: disable them"):
        write(engines, "DELETE FROM person")
    # Nothing refuses whoever owns the database.
    on = " ON person" if not engines.is_sqlite else ""
    write(engines, f"DROP TRIGGER person_kept{on}")
    write(engines, "DELETE FROM person")

    with people.reading() as view:
        assert view.anybody()
        assert view.accounts() == []


def test_no_secret_stands_in_the_tables(engines: Engines):
    """What would help somebody who has read them."""
    with SqlPeople(engines).changing() as work:
        work.keep(an_account())
        work.keep_login(a_login())

    columns = {
        f"{table.name}.{column.name}"
        for table in (tables.person, tables.login, tables.login_device, tables.login_failure)
        for column in table.columns
    }
    assert not {name for name in columns if "token" in name}
    assert read(engines, "SELECT password, factor, new_factor FROM person") == [
        ("hashed", None, None)
    ]


def test_a_busy_postgres_lets_one_after_another_change(postgres_url: str):
    one, other = (open_engines(postgres_url, patience=1.0) for _ in range(2))
    order: list[str] = []
    with SqlPeople(one).changing() as work:
        thread = threading.Thread(target=lambda: _change(other, order))
        thread.start()
        work.keep(an_account())
        while not _waits(one):
            pass
        order.append("first")
    thread.join()

    assert order == ["first", "second"]
    one.dispose()
    other.dispose()


def _change(engines: Engines, order: list[str]) -> None:
    with SqlPeople(engines).changing() as work:
        order.append("second" if work.account("tom") else "too early")


def _waits(engines: Engines) -> bool:
    asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with transaction(engines.reader) as connection:
        return bool(connection.execute(asked).scalar())
