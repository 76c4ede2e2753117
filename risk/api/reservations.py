"""Room that is set aside for orders."""

from datetime import datetime

import msgspec

from risk.api.operations import READERS, Call, Operation
from risk.domain.leases import is_lease_id
from risk.domain.orders import Reservation


class ReservationEntry(msgspec.Struct, kw_only=True, frozen=True):
    """Room for one order.

    Attributes
    ----------
    id, client_order_id, strategy, asset, venue, side : str
    lease : bool
        Whether it is no order but a slice of room, see `POST /api/v1/leases`.
    quantity, filled : float
        Units approved, and units filled of them.
    limit_price : float or None
        Quote currency.
    status : str
    placed_at, expires_at : datetime
        UTC. Its end frees nothing by itself: the order must be known dead.
    """

    id: str
    client_order_id: str
    lease: bool
    strategy: str
    asset: str
    venue: str
    side: str
    quantity: float
    filled: float
    limit_price: float | None
    status: str
    placed_at: datetime
    expires_at: datetime


class ReservationsAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Room that is set aside now.

    Attributes
    ----------
    reservations : list of ReservationEntry
        Of the strategies that the key sees, oldest first.
    """

    reservations: list[ReservationEntry]


async def _reservations(call: Call) -> ReservationsAnswer:
    view = call.view
    sight = call.sight(view)
    held = [each for each in view.open_reservations.values() if sight.strategy(each.order.strategy)]
    return ReservationsAnswer(
        reservations=[_entry(each) for each in sorted(held, key=lambda each: each.placed_at)]
    )


def _entry(held: Reservation) -> ReservationEntry:
    order = held.order
    return ReservationEntry(
        id=held.id,
        client_order_id=order.client_order_id,
        lease=is_lease_id(order.client_order_id),
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side.value,
        quantity=order.quantity,
        filled=held.filled,
        limit_price=order.limit_price,
        status=held.status.value,
        placed_at=held.placed_at,
        expires_at=held.expires_at,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/reservations",
        summary="Room that is set aside for orders.",
        handle=_reservations,
        abilities=READERS,
        answer=ReservationsAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
