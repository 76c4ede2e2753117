"""A snapshot: what is pending counts once, what cannot be valued has no equity."""

import math
from dataclasses import replace
from datetime import datetime

import pytest

from risk.domain.ledger import Ledger
from risk.domain.market import Trust
from risk.domain.orders import Order, ReservationStatus
from risk.domain.positions import PositionKey
from risk.domain.snapshot import RESERVATION_LIFE, Pending
from tests.books import (
    BTC,
    ETH,
    NOW,
    book_of,
    held,
    marks_of,
    order_of,
    reservation_of,
    snapshot_of,
    working_of,
)

ORDER = replace(order_of(BTC, -50_000.0), quantity=2.0)
KEY = PositionKey("trend", BTC, "sim-a")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a snapshot's time needs a timezone"):
        snapshot_of(Ledger(), at=datetime(2024, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("ours", "theirs", "open_quantity"),
    [(0.0, 0.0, -2.0), (0.0, 0.75, -2.0), (0.75, 0.25, -1.5), (1.0, 0.5, -1.0)],
    ids=["both agree", "we have not heard of a fill", "nor they", "we think it is done"],
)
def test_an_order_known_from_both_sides_counts_once_with_the_larger_rest(
    ours: float, theirs: float, open_quantity: float
) -> None:
    snapshot = snapshot_of(
        book_of({}, reservations=[reservation_of(ORDER, ours)]),
        working_orders={"new": working_of(ORDER, theirs)},
    )

    assert snapshot.pending == (Pending(KEY, open_quantity),)


@pytest.mark.parametrize(
    "other",
    [order_of(ETH, 25e4), order_of(BTC, 25e4), order_of(BTC, -1e6, strategy="dip")],
)
def test_two_orders_that_share_an_id_and_nothing_else_both_count(other: Order) -> None:
    """Else the one would hide what the other may still fill."""
    snapshot = snapshot_of(
        book_of({}, reservations=[reservation_of(ORDER)]), working_orders={"new": working_of(other)}
    )

    assert set(snapshot.pending) == {
        Pending(KEY, -2.0),
        Pending(other.key, other.signed_quantity),
    }


def test_orders_known_from_one_side_count_as_well() -> None:
    seen = working_of(replace(order_of(ETH, 2_500.0), client_order_id="seen"))
    snapshot = snapshot_of(
        book_of({}, reservations=[reservation_of(ORDER)]), working_orders={"seen": seen}
    )

    assert snapshot.pending == (
        Pending(KEY, -2.0),
        Pending(PositionKey("trend", ETH, "sim-a"), 1.0),
    )


def test_orders_that_are_filled_are_not_pending() -> None:
    snapshot = snapshot_of(
        book_of({}, reservations=[reservation_of(ORDER, 1.0)]),
        working_orders={"seen": working_of(ORDER, 1.0)},
    )

    assert snapshot.pending == ()


def test_room_for_an_order_is_pending_from_now_for_a_while() -> None:
    before = snapshot_of(held(BTC, 1e5))
    after = before.after(ORDER)
    reservation = after.ledger.reservations["new"]

    assert before.pending == ()
    assert after.pending == (Pending(KEY, -2.0),)
    assert after.ledger_seq == before.ledger_seq + 1
    assert (reservation.placed_at, reservation.expires_at) == (NOW, NOW + RESERVATION_LIFE)
    assert reservation.status is ReservationStatus.PENDING
    assert after.equity == before.equity


def test_equity_is_cash_and_market_value() -> None:
    ledger = book_of({KEY: 1e5, PositionKey("dip", ETH, "sim-b"): -3e4}, cash=1_000.0)

    assert snapshot_of(ledger).equity == pytest.approx(71_000.0)


@pytest.mark.parametrize("trust", [Trust.STALE, Trust.SUSPECT])
def test_a_doubtful_mark_still_values_the_book(trust: Trust) -> None:
    assert snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: trust})).equity == 1.1e6


@pytest.mark.parametrize("how", ["missing", "absent"])
def test_a_held_asset_without_a_mark_leaves_equity_unknown(how: str) -> None:
    marks = marks_of(trusts={BTC: Trust.MISSING}) if how == "missing" else {}
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks)

    assert snapshot.unvalued == (BTC,)
    assert snapshot.equity is None
    assert snapshot.mark(BTC).trust is Trust.MISSING
    assert math.isnan(snapshot.mark(BTC).price)


def test_so_does_an_order_for_an_asset_without_a_mark() -> None:
    marks = marks_of(trusts={ETH: Trust.MISSING})
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks)

    assert snapshot.equity == 1.1e6
    assert snapshot.after(order_of(ETH, 1.0)).equity is None


def test_the_assets_concerned_are_those_held_and_those_about_to_be() -> None:
    assert snapshot_of(held(ETH, 1e5)).after(order_of(BTC, 1.0)).concerned == (BTC, ETH)
