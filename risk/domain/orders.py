"""Orders, and the room they take before they are filled."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from risk.domain.positions import PositionKey


class Side(StrEnum):
    """Direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order is priced."""

    MARKET = "market"
    LIMIT = "limit"


class ReservationStatus(StrEnum):
    """Where a reservation stands in its life; `SETTLED` is a slice's whose holder told of it."""

    PENDING = "pending"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    VOIDED = "voided"
    EXPIRED = "expired"
    SETTLED = "settled"

    @property
    def holds_room(self) -> bool:
        """Whether it may still turn into a position."""
        return self in (ReservationStatus.PENDING, ReservationStatus.PARTLY_FILLED)


def _refuse_unless_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} must be finite and positive, got {value}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What an agent wants to send to the exchange.

    Attributes
    ----------
    client_order_id : str
        Chosen by the agent; the key of idempotency.
    portfolio, strategy : str
    asset : str
        Such as ``BTC/USDT``.
    venue : str
    side : Side
    quantity : float
        Units of the asset, finite and positive.
    order_type : OrderType
    limit_price : float or None
        Quote currency; exactly the limit orders have one.
    reduce_only, emergency : bool
        What the agent claims; never believed without proof.
    """

    client_order_id: str
    portfolio: str
    strategy: str
    asset: str
    venue: str
    side: Side
    quantity: float
    order_type: OrderType = OrderType.MARKET
    limit_price: float | None = None
    reduce_only: bool = False
    emergency: bool = False

    def __post_init__(self) -> None:
        _refuse_unless_positive("quantity", self.quantity)
        if (self.order_type is OrderType.LIMIT) != (self.limit_price is not None):
            raise ValueError("a limit order has a limit price, a market order has none")
        if self.limit_price is not None:
            _refuse_unless_positive("limit_price", self.limit_price)

    @property
    def key(self) -> PositionKey:
        """The position it would change."""
        return PositionKey(self.strategy, self.asset, self.venue)

    @property
    def signed_quantity(self) -> float:
        """Units; positive for a buy."""
        return self.side.sign * self.quantity


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """Room set aside for an approved order until it is filled or known dead.

    Attributes
    ----------
    id : str
    order : Order
    placed_at, expires_at : datetime
        UTC. Expiry alone frees nothing: the order must be known dead.
    filled : float
        Units already filled.
    status : ReservationStatus
    """

    id: str
    order: Order
    placed_at: datetime
    expires_at: datetime
    filled: float = 0.0
    status: ReservationStatus = ReservationStatus.PENDING

    @property
    def open_quantity(self) -> float:
        """Signed units that may still be filled; zero once the order is dead."""
        if not self.status.holds_room:
            return 0.0
        return self.order.side.sign * max(0.0, self.order.quantity - self.filled)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkingOrder:
    """An order that the venue reports as open, with or without a reservation of ours.

    Attributes
    ----------
    client_order_id, strategy, asset, venue : str
    side : Side
    quantity, filled : float
        Units.
    """

    client_order_id: str
    strategy: str
    asset: str
    venue: str
    side: Side
    quantity: float
    filled: float = 0.0

    @property
    def key(self) -> PositionKey:
        """The position it would change."""
        return PositionKey(self.strategy, self.asset, self.venue)

    @property
    def open_quantity(self) -> float:
        """Signed units that may still be filled."""
        return self.side.sign * max(0.0, self.quantity - self.filled)
