"""Order rate: how many orders a strategy sends in a while."""

from dataclasses import dataclass
from typing import ClassVar

from risk.limits.views import OrderView
from risk.limits.windowed import WindowedLimit


@dataclass(frozen=True, kw_only=True)
class OrderRateLimit(WindowedLimit):
    """A strategy may not send more than `hard` orders within `seconds`, this one included.

    Attributes
    ----------
    seconds : float
        Length of the window, which is pruned by time; above 0.
    """

    kind: ClassVar = "order_rate"
    title: ClassVar = "Order rate"

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        return 1.0 + order.sent_within(self.seconds)
