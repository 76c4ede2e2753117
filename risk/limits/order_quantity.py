"""Order quantity: the size of one order in units."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import OrderLimit
from risk.limits.views import OrderView


@dataclass(frozen=True, kw_only=True)
class OrderQuantityLimit(OrderLimit):
    """One order may not be for more than `hard` units."""

    kind: ClassVar = "order_quantity"
    title: ClassVar = "Order quantity"
    unit: ClassVar = Unit.QUANTITY
    equity_relative: ClassVar = False

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        return order.quantity
