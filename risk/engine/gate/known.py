"""Orders that were answered, as the gate remembers them."""

from collections import OrderedDict
from concurrent.futures import Future

import msgspec

from risk.domain.journalling import AnsweredOrder
from risk.domain.ledger import Fill
from risk.domain.messages import OrderBody, OrderStanding
from risk.domain.orders import Order, Reservation, ReservationStatus

#: Orders that are over and still known by heart; older ones are looked up.
REMEMBERED = 50_000

_decode = msgspec.json.Decoder(OrderBody).decode


class KnownOrder:
    """An order that was answered.

    Parameters
    ----------
    body : OrderBody
        As it was sent.
    record : AnsweredOrder
    reservation : Reservation or None
        As it was placed; None where nothing was let through, or it was recalled.

    Attributes
    ----------
    future : Future of bytes
        The answer, once it may be said.
    status : ReservationStatus or None
    filled : float
        Units.
    fills : dict of fill id to Fill
        Those reported to this gate.
    recalled : bool
        Whether it was looked up, so that only the database knows all its fills.
    """

    __slots__ = ("body", "filled", "fills", "future", "recalled", "record", "reservation", "status")

    def __init__(
        self, body: OrderBody, record: AnsweredOrder, reservation: Reservation | None = None
    ) -> None:
        self.body = body
        self.record = record
        self.reservation = reservation
        self.future: Future[bytes] = Future()
        self.status = record.status
        self.filled = record.filled
        self.fills: dict[str, Fill] = {}
        self.recalled = False

    @classmethod
    def recall(cls, record: AnsweredOrder) -> "KnownOrder":
        """An order as the database knows it: answered, and whatever became of it."""
        known = cls(_decode(record.request), record)
        known.future.set_result(record.answer.encode())
        known.recalled = True
        return known

    @property
    def let_through(self) -> bool:
        """Whether anything of it might be sent."""
        return self.record.allowed > 0.0

    @property
    def is_open(self) -> bool:
        """Whether it may still be filled."""
        return self.status is not None and self.status.holds_room

    @property
    def order(self) -> Order:
        """What might be sent of it. Only of one that was let through."""
        return order_of(self.body, venue=self.record.venue, quantity=self.record.allowed)

    def standing(self, *, journalled: bool) -> OrderStanding:
        """Where it stands."""
        return OrderStanding(
            client_order_id=self.record.client_order_id,
            status=self.status or ReservationStatus.VOIDED,
            reserved=self.record.allowed,
            filled=self.filled,
            journalled=journalled,
        )


def order_of(body: OrderBody, *, venue: str, quantity: float) -> Order:
    """What may be sent of an order.

    Parameters
    ----------
    body : OrderBody
        As it was sent, and accepted as an order.
    venue : str
        Where it goes, also where it named none.
    quantity : float
        Units that were let through.
    """
    return Order(
        client_order_id=body.client_order_id,
        portfolio=body.portfolio,
        strategy=body.strategy,
        asset=body.asset,
        venue=venue,
        side=body.side,
        quantity=quantity,
        order_type=body.order_type,
        limit_price=body.limit_price,
        reduce_only=body.reduce_only,
        emergency=body.emergency,
    )


class KnownOrders:
    """The orders of one book that are open, or were over lately."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, KnownOrder] = OrderedDict()

    def get(self, client_order_id: str) -> KnownOrder | None:
        """The order of that id, if it is known by heart."""
        return self._orders.get(client_order_id)

    def add(self, known: KnownOrder) -> None:
        """Remember an order; the one that has been over for longest is forgotten for it."""
        self._orders[known.record.client_order_id] = known
        if len(self._orders) <= REMEMBERED:
            return
        # Those that still hold room are few, and never forgotten.
        over = (name for name, each in self._orders.items() if not each.is_open)
        oldest = next(over, None)
        if oldest is not None:
            del self._orders[oldest]
