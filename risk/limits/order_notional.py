"""Order value: the size of one order in money."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import OrderLimit
from risk.limits.views import OrderView


@dataclass(frozen=True, kw_only=True)
class OrderNotionalLimit(OrderLimit):
    """One order may not be worth more than `hard`, whatever the equity: for typing errors."""

    kind: ClassVar = "order_notional"
    title: ClassVar = "Order value"
    unit: ClassVar = Unit.MONEY
    equity_relative: ClassVar = False

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        return order.value
