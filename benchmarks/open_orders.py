"""What orders that stay open cost every other one: on this the cap on open orders rests.

An order that is let through, a fill, and a cycle: all three grow with the orders whose end nobody
has reported.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from benchmarks.market import PORTFOLIO, build_book
from benchmarks.order_checks import manager_for, policy_for, realistic
from benchmarks.timing import Timing, timed
from risk.domain.decisions import OrderRequest
from risk.domain.ledger import Fill, Ledger
from risk.domain.orders import Order, Reservation, Side
from risk.domain.positions import PositionKey
from risk.domain.snapshot import RESERVATION_LIFE, Snapshot
from risk.domain.state import RiskState
from risk.manager import step
from risk.manager.orders import RiskManager

OPEN = (0, 100, 500, 1_000, 2_500, 10_000)
#: Units; so few that no limit is met, however many orders are open.
_QUANTITY = 1e-6


def run(
    opens: tuple[int, ...] = OPEN, *, size: int = 50, n: int = 200, slow: int = 5
) -> Iterator[Timing]:
    """Beside so many open orders; what is slow is measured `slow` times."""
    plain = realistic(build_book(size))
    for count in opens:
        snapshot = with_open_orders(plain, count)
        beside = f"beside {count:,} open orders"
        yield timed(f"an order let through {beside}", _orders(snapshot), size=size, n=n)
        yield timed(f"  a fill followed {beside}", _fills(snapshot), size=size, n=slow)
        policy = policy_for(snapshot, tail_room=1.0)
        state = step(RiskState(portfolio=PORTFOLIO, policy=policy), snapshot).state
        ready = partial(RiskManager, state, snapshot)
        yield timed(f"  once a cycle, made ready {beside}", ready, size=size, n=slow)


def with_open_orders(snapshot: Snapshot, count: int) -> Snapshot:
    """The snapshot with so many small orders open, spread over its positions."""
    keys = list(snapshot.ledger.positions)
    reserved = (
        _reserved(snapshot, f"open-{number}", keys[number % len(keys)]) for number in range(count)
    )
    reservations = {each.order.client_order_id: each for each in reserved}
    return replace(snapshot, ledger=replace(snapshot.ledger, reservations=reservations))


def _orders(snapshot: Snapshot) -> Callable[[], None]:
    """One more is checked, let through and followed at each call."""
    book, key, number = _Led(snapshot), next(iter(snapshot.ledger.positions)), 0

    def let_through() -> None:
        nonlocal number
        number += 1
        book.manager.validate_order(
            OrderRequest(
                client_order_id=f"order-{number}",
                portfolio=PORTFOLIO,
                strategy=key.strategy,
                asset=key.asset,
                venue=key.venue,
                side=Side.BUY,
                quantity=_QUANTITY,
            )
        )
        reserved = _reserved(snapshot, f"order-{number}", key)
        book.follow(book.ledger.after_reservation(reserved))

    return let_through


def _fills(snapshot: Snapshot) -> Callable[[], None]:
    """A trade is followed at each call."""
    book, key, number = _Led(snapshot), next(iter(snapshot.ledger.positions)), 0

    def filled() -> None:
        nonlocal number
        number += 1
        fill = Fill(
            id=f"fill-{number}",
            strategy=key.strategy,
            asset=key.asset,
            venue=key.venue,
            side=Side.BUY,
            quantity=_QUANTITY,
            price=snapshot.marks[key.asset].price,
            at=snapshot.at,
        )
        book.follow(book.ledger.after_fill(fill))

    return filled


class _Led:
    """A manager and the ledger that it is led along."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.ledger = snapshot.ledger
        self.manager = manager_for(policy_for(snapshot, tail_room=1.0), snapshot)

    def follow(self, ledger: Ledger) -> None:
        self.manager, self.ledger = self.manager.following(ledger), ledger


def _reserved(snapshot: Snapshot, name: str, key: PositionKey) -> Reservation:
    order = Order(
        client_order_id=name,
        portfolio=PORTFOLIO,
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        side=Side.BUY,
        quantity=_QUANTITY,
    )
    at = snapshot.at
    return Reservation(id=name, order=order, placed_at=at, expires_at=at + RESERVATION_LIFE)
