"""Repeated order: the same order again and again, as a program in a loop sends it."""

from dataclasses import dataclass
from typing import ClassVar

from risk.limits.views import OrderView
from risk.limits.windowed import WindowedLimit


@dataclass(frozen=True, kw_only=True)
class RepeatedOrderLimit(WindowedLimit):
    """A strategy may not send the same order more than `hard` times within `seconds`.

    The same is what has the same asset, side and quantity; this one counts.

    Attributes
    ----------
    seconds : float
        Length of the window, which is pruned by time; above 0.
    """

    kind: ClassVar = "repeated_order"
    title: ClassVar = "Repeated order"
    of_one_size: ClassVar = True

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        return 1.0 + order.repeated_within(self.seconds)
