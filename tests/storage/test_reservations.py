"""Giving back room by hand: what waits for the engine, and what is refused, on each database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.actions import ReleaseReservation
from risk.domain.orders import Order, Reservation, ReservationStatus, Side
from risk.errors import InvalidInput, UnknownPortfolio
from risk.storage.actions import actions_after
from risk.storage.bars import REAL_MARKET
from risk.storage.engines import Engines, transaction
from risk.storage.ledger import book, rows_of
from risk.storage.portfolios import add_portfolio
from risk.storage.reservations import open_reservations, release, waiting_releases
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_record
from tests.storage.rows import lease_token

ORDER = Order(
    client_order_id="o1",
    portfolio=PORTFOLIO,
    strategy="trend",
    asset="C000/USDT",
    venue="sim-a",
    side=Side.BUY,
    quantity=2.0,
)
PLACED = Reservation(id="1", order=ORDER, placed_at=NOON, expires_at=NOON + timedelta(seconds=30))


@pytest.fixture
def connection(engines: Engines) -> Iterator:
    """Of a book with one open reservation, booked after its only cycle."""
    record = build_record(1, at=NOON, events=())
    ledger = replace(record.snapshot.ledger, seq=5, reservations={})
    snapshot = replace(record.snapshot, ledger=ledger, fills=(), flows=())
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    token = lease_token(engines, PORTFOLIO)
    SqlStore(engines, market=REAL_MARKET).save(replace(record, snapshot=snapshot), token=token)
    with transaction(engines.writer) as connection:
        book(connection, rows_of(PORTFOLIO, [(6, PLACED)]))
        yield connection


def let_go(connection, name: str = "o1", **changes) -> ReleaseReservation:
    said = {"who": " Ana ", "reason": "never sent", "at": NOON, **changes}
    return release(connection, PORTFOLIO, name, **said)


def test_a_release_is_an_action_that_waits(connection):
    asked = let_go(connection)

    assert (asked.seq, asked.who, asked.client_order_id) == (1, "Ana", "o1")
    assert actions_after(connection, PORTFOLIO, 0) == [asked]
    assert waiting_releases(connection, PORTFOLIO) == {"o1": asked}


def test_room_is_open_until_its_end_is_booked(connection):
    assert open_reservations(connection, PORTFOLIO) == [PLACED]
    dead = replace(PLACED, status=ReservationStatus.VOIDED)
    book(connection, rows_of(PORTFOLIO, [(7, dead)]))

    assert open_reservations(connection, PORTFOLIO) == []
    with pytest.raises(InvalidInput, match="none is for any order"):
        let_go(connection)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "O1"}, "for an order O1; it is for o1"),
        ({"who": ""}, "must have a name"),
        ({"reason": " "}, "a reason is one line"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(connection, changes, said):
    with pytest.raises(InvalidInput, match=said):
        let_go(connection, **changes)

    assert actions_after(connection, PORTFOLIO, 0) == []


def test_a_second_release_is_refused_while_the_first_waits(connection):
    let_go(connection)

    with pytest.raises(InvalidInput, match="by Ana already"):
        let_go(connection)


def test_an_unknown_book_is_refused(connection):
    for ask in (open_reservations, waiting_releases):
        with pytest.raises(UnknownPortfolio):
            ask(connection, "nobody")
