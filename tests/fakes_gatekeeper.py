"""What a demo agent speaks to, in memory: lets through as much, and fails, as it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from risk.errors import SeawallError


@dataclass
class FakePermission:
    """An answer to an order."""

    quantity: float
    decided_at: datetime | None
    answered: bool = True
    in_time: bool = True
    why: str = "because"

    @property
    def approved(self) -> bool:
        return self.quantity > 0.0

    def sendable(self) -> bool:
        return self.approved and self.in_time


@dataclass(frozen=True)
class FakeRequest:
    id: str = "7-1"
    strategy: str = "trend"
    asset: str = "BTC"
    venue: str = "sim-a"
    target_quantity: float = 0.0


@dataclass(frozen=True)
class FakeHolding:
    quantity: float
    strategy: str = "trend"
    asset: str = "BTC"
    venue: str = "sim-a"


@dataclass
class FakeGatekeeper:
    """A `Gatekeeper`.

    Attributes
    ----------
    now : datetime
        The market's time of its answers.
    room : float
        The most that is let through of an order.
    answers : list of str
        How the next orders are answered: ``late``, ``silent`` (not heard), ``lost`` (heard, and let
        through); honestly where there is none.
    fills : list of str
        How the next reports of trades end: ``lost`` or ``refused``.
    while_asked : callable
        Called while an order is asked about.
    """

    now: datetime
    room: float = 1e9
    answers: list[str] = field(default_factory=list)
    fills: list[str] = field(default_factory=list)
    requests: list[FakeRequest] = field(default_factory=list)
    holdings: list[FakeHolding] = field(default_factory=list)
    deaf: bool = False
    while_asked: Callable[[], object] = lambda: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    filled_orders: list[dict[str, Any]] = field(default_factory=list)
    cancelled_orders: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    looks: int = 0
    settled: int = 0
    closed: bool = False
    tell: Callable[[Any], object] | None = None
    in_doubt: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()

    def validate(self, asset: str, side: str, quantity: float, **order: Any) -> FakePermission:
        self.asked.append({"asset": asset, "side": side, "quantity": quantity} | order)
        self.while_asked()
        how = self.answers.pop(0) if self.answers else ""
        if how in ("silent", "lost"):
            if how == "lost":
                self.in_doubt = (order["client_order_id"],)
            return FakePermission(0.0, None, answered=False)
        allowed = min(quantity, self.room)
        return FakePermission(allowed, self.now, in_time=how != "late")

    def filled(self, client_order_id: str, **trade: Any) -> None:
        how = self.fills.pop(0) if self.fills else ""
        if how == "lost":
            self.unsaid = (client_order_id,)
        if how:
            raise SeawallError(how)
        self.filled_orders.append({"client_order_id": client_order_id} | trade)

    def cancelled(self, client_order_id: str) -> None:
        self.cancelled_orders.append(client_order_id)

    def settle(self) -> None:
        self.settled += 1
        self.cancelled_orders += self.in_doubt
        self.in_doubt = self.unsaid = ()

    def reductions(self) -> list[FakeRequest]:
        self.looks += 1
        if self.deaf:
            raise SeawallError("away")
        return list(self.requests)

    def positions(self) -> list[FakeHolding]:
        return list(self.holdings)

    def acknowledge(self, reduction_id: str) -> None:
        self.acknowledged.append(reduction_id)

    def on_reduction(self, callback: Callable[[Any], object]) -> None:
        self.tell = callback

    def close(self) -> None:
        self.closed = True
