"""The law of following: a check that has followed the ledger answers as one that is made anew."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.assess import OrderCheck
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.orders import Order, ReservationStatus
from risk.domain.snapshot import Snapshot
from risk.portfolio.book_models import BOOK_MODELS
from tests.books import BTC, ETH, KNOWN, NOW, PRICES, held, order_of, orders, snapshot_of, snapshots
from tests.test_assess import assert_same_book


def moves(draw: st.DrawFn, snapshot: Snapshot, number: int) -> Ledger:
    """The ledger after one thing that may happen to it."""
    ledger = snapshot.ledger
    kind = draw(st.sampled_from(("place", "fill", "void", "stranger", "flow")))
    known = sorted(ledger.reservations)
    if kind == "place" or (kind in ("fill", "void") and not known):
        return snapshot.after(draw(orders(name=f"later-{number}"))).ledger
    if kind == "flow":
        return ledger.after_flow(Flow(id=f"flow-{number}", amount=1e4, at=NOW))
    if kind == "stranger":
        return ledger.after_fill(fill_of(draw(orders()), 1.0, number, named=False))
    reserved = ledger.reservations[draw(st.sampled_from(known))]
    if kind == "void":
        return ledger.after_reservation(replace(reserved, status=ReservationStatus.VOIDED))
    return ledger.after_fill(fill_of(reserved.order, draw(st.sampled_from((0.3, 1.0))), number))


def fill_of(order: Order, part: float, number: int, *, named: bool = True) -> Fill:
    return Fill(
        id=f"fill-{number}",
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=part * order.quantity,
        price=PRICES[order.asset] * 1.001,
        fee=1.5,
        at=NOW + timedelta(seconds=number),
        client_order_id=order.client_order_id if named else None,
    )


@st.composite
def courses(draw: st.DrawFn, **choices: object) -> list[Snapshot]:
    """A snapshot, and how it moves on by what its ledger hears."""
    found = [draw(snapshots(**choices))]  # type: ignore[arg-type]
    for number in range(draw(st.integers(1, 6))):
        found.append(replace(found[-1], ledger=moves(draw, found[-1], number)))
    return found


def followed(course: list[Snapshot]) -> OrderCheck:
    check = OrderCheck(course[0])
    for snapshot in course[1:]:
        check = check.following(snapshot)
    return check


@settings(max_examples=60)
@given(courses(), orders())
def test_following_step_by_step_gives_the_book_that_is_measured_anew(
    course: list[Snapshot], order: Order
) -> None:
    anew, check = OrderCheck(course[-1]), followed(course)

    assert_same_book(check.book, anew.book)
    assert_same_book(check.after(order), anew.after(order))


@pytest.mark.parametrize("method", BOOK_MODELS)
@settings(max_examples=12)
@given(data=st.data())
def test_so_it_does_whatever_model_measures_the_book(method: str, data: st.DataObject) -> None:
    course = data.draw(courses(method=method, whole=True, assets=KNOWN))
    order = data.draw(orders(assets=KNOWN))

    assert_same_book(followed(course).after(order), OrderCheck(course[-1]).after(order))


@given(courses())
def test_following_at_once_is_following_step_by_step(course: list[Snapshot]) -> None:
    assert_same_book(OrderCheck(course[0]).following(course[-1]).book, followed(course).book)


def test_an_order_that_came_and_went_leaves_nothing_behind() -> None:
    snapshot = snapshot_of(held(BTC, 10_000.0))
    before = OrderCheck(snapshot)
    placed = snapshot.after(order_of(ETH, 5_000.0))
    voided = replace(placed.ledger.reservations["new"], status=ReservationStatus.VOIDED)
    gone = replace(placed, ledger=placed.ledger.after_reservation(voided))

    after = before.following(placed).following(gone)

    assert after.book.scopes == before.book.scopes
    assert after.book.squares == before.book.squares
    assert after.book.whole == pytest.approx(before.book.whole, rel=1e-12)
