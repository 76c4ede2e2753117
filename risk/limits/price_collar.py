"""Price collar: how far a limit price lies on the costly side of the mark."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import OrderLimit
from risk.limits.views import OrderView


@dataclass(frozen=True, kw_only=True)
class PriceCollarLimit(OrderLimit):
    """A limit price may not be worse than the mark by more than `hard` of it.

    Buying below and selling above the mark is waiting, not an error; a market order has no price
    of its own.
    """

    kind: ClassVar = "price_collar"
    title: ClassVar = "Price collar"
    unit: ClassVar = Unit.FRACTION

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        if order.limit_price is None:
            return 0.0
        if not order.mark.known:
            return None
        return max(0.0, order.side.sign * (order.limit_price / order.mark.price - 1.0))
