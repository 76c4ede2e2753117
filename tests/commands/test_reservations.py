"""`seawall reservations`: what room is set aside, and giving it back with who and why."""

import json
import pwd
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from risk.commands import reservations
from risk.config import load_settings
from risk.domain.actions import ReleaseReservation
from risk.domain.orders import Order, Reservation, ReservationStatus, Side
from risk.storage.actions import SqlActions
from risk.storage.bars import REAL_MARKET
from risk.storage.engines import open_engines, transaction
from risk.storage.ledger import book as put_into_ledger
from risk.storage.ledger import rows_of
from risk.storage.store import SqlStore
from tests.builders import NOON, build_record
from tests.storage.rows import lease_token

PORTFOLIO = "demo"
OLD = NOON - timedelta(minutes=3)


@pytest.fixture
def book(run, monkeypatch):
    """A database with the portfolio of the settings and one complete cycle, whose market is old."""
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name="anna"))
    run("migrate")
    run("portfolios", "add", PORTFOLIO)
    record = build_record(1, at=NOON - timedelta(days=9), events=())
    monkeypatch.setattr(reservations, "wall_time", lambda: NOON)
    ledger = replace(record.snapshot.ledger, reservations={}, seq=5)
    snapshot = replace(record.snapshot, ledger=ledger, fills=(), flows=())
    engines = open_engines(load_settings().database_url)
    SqlStore(engines, market=REAL_MARKET).save(
        replace(record, snapshot=snapshot), token=lease_token(engines, PORTFOLIO)
    )
    engines.dispose()


def room(name: str, at=OLD, **changes) -> Reservation:
    order = Order(
        client_order_id=name,
        portfolio=PORTFOLIO,
        strategy="trend",
        asset="C000/USDT",
        venue="sim-a",
        side=Side.SELL,
        quantity=2.0,
    )
    made = Reservation(
        id=f"r/{name}", order=order, placed_at=at, expires_at=at + timedelta(seconds=30)
    )
    return replace(made, **changes)


def set_aside(*entries: Reservation) -> None:
    engines = open_engines(load_settings().database_url)
    with transaction(engines.writer) as connection:
        put_into_ledger(connection, rows_of(PORTFOLIO, enumerate(entries, start=6)))
    engines.dispose()


def written() -> list:
    engines = open_engines(load_settings().database_url)
    found = list(SqlActions(engines, PORTFOLIO).after(0))
    engines.dispose()
    return found


def test_a_book_without_open_orders_says_so(run, book):
    assert run("reservations", "list").stdout == "No room is set aside in demo: no order is open.\n"
    assert json.loads(run("reservations", "list", "--json").stdout) == {
        "portfolio": "demo",
        "reservations": [],
    }


def test_open_room_is_listed_oldest_first_and_overdue_is_said(run, book):
    set_aside(room("new", NOON - timedelta(seconds=5)), room("old"))
    lines = run("reservations", "list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["order", "old", "new"]
    assert "3 min" in lines[1]
    assert "overdue: nobody told what became of it" in lines[1]
    assert "5 s" in lines[2]
    assert lines[2].rstrip().endswith("open")


def test_a_slice_of_room_is_told_from_an_order(run, book):
    set_aside(room("lease:1", NOON - timedelta(seconds=5)), room("lease:0"), room("o1"))
    lines = run("reservations", "list").stdout.splitlines()

    assert "overdue, a slice of room: nobody told" in lines[1]
    assert lines[3].rstrip().endswith("open, a slice of room")
    told = json.loads(run("reservations", "list", "--json").stdout)["reservations"]
    assert {each["client_order_id"]: each["lease"] for each in told} == {
        "lease:0": True,
        "lease:1": True,
        "o1": False,
    }


def test_what_died_or_was_filled_since_the_cycle_holds_no_room(run, book):
    set_aside(room("old"), room("dead"), room("dead", status=ReservationStatus.VOIDED))
    (told,) = json.loads(run("reservations", "list", "--json").stdout)["reservations"]

    assert told["client_order_id"] == "old"
    assert (told["side"], told["quantity"], told["filled"]) == ("sell", 2.0, 0.0)
    assert (told["age_seconds"], told["overdue"], told["release_waits"]) == (180.0, True, False)


def test_a_release_waits_for_the_engine_with_who_and_why(run, book):
    set_aside(room("old"))
    result = run("reservations", "release", "old", "--reason", " never arrived ")

    assert result.exit_code == 0
    assert result.stdout == ("The room of old in demo is given back as soon as an engine runs.\n")
    (action,) = written()
    assert isinstance(action, ReleaseReservation)
    assert (action.client_order_id, action.reason) == ("old", "never arrived")
    assert action.who == "anna (command line)"
    assert "its release waits for the engine" in run("reservations", "list").stdout


def test_a_release_for_somebody_else_is_one_document(run, book):
    set_aside(room("old"))
    result = run(
        "reservations", "release", "old", "--reason", "dead", "--who", "Officer 1", "--json"
    )

    assert json.loads(result.stdout) == {
        "portfolio": "demo",
        "client_order_id": "old",
        "action": 1,
        "who": "Officer 1",
        "reason": "dead",
    }


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((), "no room is set aside in demo for an order nope: none is for any order"),
        (("b", "a"), "no room is set aside in demo for an order nope; it is for a, b"),
        (tuple("gfedcba"), "for an order nope; it is for a, b, c, d, e and 2 more"),
    ],
)
def test_without_such_an_open_reservation_it_is_refused_in_words(run, book, held, said):
    set_aside(*map(room, held))
    result = run("reservations", "release", "nope", "--reason", "dead")

    assert result.exit_code == 2
    assert said in result.stderr
    assert written() == []


def test_a_second_release_is_refused_while_the_first_waits(run, book):
    set_aside(room("old"))
    run("reservations", "release", "old", "--reason", "dead", "--who", "Ana")
    result = run("reservations", "release", "old", "--reason", "dead")

    assert result.exit_code == 2
    assert "was asked for by Ana already and waits for the engine" in result.stderr
    assert len(written()) == 1


@pytest.mark.parametrize("reason", ["", " ", "two\nlines"])
def test_a_release_without_a_reason_is_refused(run, book, reason):
    set_aside(room("old"))
    result = run("reservations", "release", "old", "--reason", reason)

    assert result.exit_code == 2
    assert "a reason is one line" in result.stderr
    assert written() == []


def test_of_an_unknown_book_nothing_is_told(run, book):
    for command in (("list",), ("release", "old", "--reason", "dead")):
        result = run("reservations", *command, "--portfolio", "nobody")

        assert result.exit_code == 2
        assert "nobody" in result.stderr


def test_before_the_first_cycle_no_room_is_set_aside(run):
    run("migrate")
    run("portfolios", "add", PORTFOLIO)

    assert "no order is open" in run("reservations", "list").stdout
