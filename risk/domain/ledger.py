"""The authority's own record of fills, flows and reservations, in sequence.

Venues only reconcile against it. Every entry takes the next `seq`; a snapshot names the
sequence number up to which it was built, so that nothing is counted twice or lost when
snapshots are swapped.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from risk.domain.orders import Reservation, ReservationStatus, Side
from risk.domain.positions import DUST, Position, PositionKey, flat


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """A trade that happened.

    Attributes
    ----------
    id : str
        Unique at the venue; a second fill of the same id is the same fill.
    strategy, asset, venue : str
    side : Side
    quantity : float
        Units, positive.
    price : float
        Quote currency per unit.
    fee : float
        Quote currency; positive lowers equity.
    at : datetime
        UTC.
    client_order_id : str or None
        The order it belongs to; None for a trade that no agent of ours ordered.
    """

    id: str
    strategy: str
    asset: str
    venue: str
    side: Side
    quantity: float
    price: float
    at: datetime
    fee: float = 0.0
    client_order_id: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("quantity", self.quantity), ("price", self.price)):
            if not (math.isfinite(value) and value > 0.0):
                raise ValueError(f"a fill's {name} must be finite and positive, got {value}")
        if not math.isfinite(self.fee):
            raise ValueError(f"a fill's fee must be finite, got {self.fee}")

    @property
    def key(self) -> PositionKey:
        """The position it changes."""
        return PositionKey(self.strategy, self.asset, self.venue)

    @property
    def signed_quantity(self) -> float:
        """Units; positive for a buy."""
        return self.side.sign * self.quantity


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Money that came in or went out, which is neither profit nor loss.

    Attributes
    ----------
    id : str
    amount : float
        Quote currency; a deposit is positive, a withdrawal negative.
    at : datetime
        UTC.
    note : str
    """

    id: str
    amount: float
    at: datetime
    note: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.amount):
            raise ValueError(f"a flow's amount must be finite, got {self.amount}")


#: What the ledger consists of. A reservation is an entry whenever it is placed or dies; what is
#: filled of it follows from its fills.
Entry = Fill | Flow | Reservation


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Positions, cash and open reservations after `seq` entries.

    Attributes
    ----------
    seq : int
        Number of entries applied.
    cash : float
        Quote currency: flows, less purchases, plus sales, less fees. Negative cash is
        money owed to the venue; equity is cash plus the positions' market value.
    net_flows : float
        Sum of all flows.
    fees : float
        Sum of all fees paid.
    positions : mapping of PositionKey to Position
        Open positions only.
    realised : mapping of strategy to float
        Profit taken so far, before fees, also on positions since closed.
    reservations : mapping of client order id to Reservation
        Those that still hold room.
    """

    seq: int = 0
    cash: float = 0.0
    net_flows: float = 0.0
    fees: float = 0.0
    positions: Mapping[PositionKey, Position] = field(default_factory=dict)
    realised: Mapping[str, float] = field(default_factory=dict)
    reservations: Mapping[str, Reservation] = field(default_factory=dict)

    def after_fill(self, fill: Fill) -> "Ledger":
        """The ledger with one more fill."""
        before = self.positions.get(fill.key) or flat(fill.key)
        after = before.after_fill(fill.signed_quantity, fill.price)
        realised = dict(self.realised)
        realised[fill.strategy] = (
            realised.get(fill.strategy, 0.0) + after.realised - before.realised
        )
        return replace(
            self,
            seq=self.seq + 1,
            cash=self.cash - fill.signed_quantity * fill.price - fill.fee,
            fees=self.fees + fill.fee,
            positions=_with_position(self.positions, after, traded=fill.quantity),
            realised=realised,
            reservations=_with_fill(self.reservations, fill),
        )

    def after_flow(self, flow: Flow) -> "Ledger":
        """The ledger with one more deposit or withdrawal."""
        return replace(
            self,
            seq=self.seq + 1,
            cash=self.cash + flow.amount,
            net_flows=self.net_flows + flow.amount,
        )

    def after_reservation(self, reservation: Reservation) -> "Ledger":
        """The ledger with a reservation placed, changed, or (once it holds no room) dropped."""
        reservations = dict(self.reservations)
        if reservation.status.holds_room:
            reservations[reservation.order.client_order_id] = reservation
        else:
            reservations.pop(reservation.order.client_order_id, None)
        return replace(self, seq=self.seq + 1, reservations=reservations)

    def after(self, entry: Entry) -> "Ledger":
        """The ledger with one more entry of any kind."""
        if isinstance(entry, Fill):
            return self.after_fill(entry)
        if isinstance(entry, Flow):
            return self.after_flow(entry)
        return self.after_reservation(entry)

    def after_all(self, fills: Iterable[Fill] = (), flows: Iterable[Flow] = ()) -> "Ledger":
        """The ledger after these flows and fills, each in the order given."""
        ledger = self
        for flow in flows:
            ledger = ledger.after_flow(flow)
        for fill in fills:
            ledger = ledger.after_fill(fill)
        return ledger


def _with_position(
    positions: Mapping[PositionKey, Position], changed: Position, *, traded: float
) -> dict[PositionKey, Position]:
    updated = dict(positions)
    if abs(changed.quantity) <= DUST * traded:
        updated.pop(changed.key, None)
    else:
        updated[changed.key] = changed
    return updated


def _with_fill(reservations: Mapping[str, Reservation], fill: Fill) -> Mapping[str, Reservation]:
    reserved = reservations.get(fill.client_order_id or "")
    if reserved is None:
        return reservations
    updated = dict(reservations)
    filled = reserved.filled + fill.quantity
    if filled >= reserved.order.quantity * (1.0 - DUST):
        del updated[reserved.order.client_order_id]
    else:
        updated[reserved.order.client_order_id] = replace(
            reserved, filled=filled, status=ReservationStatus.PARTLY_FILLED
        )
    return updated
