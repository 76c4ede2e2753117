"""Share of volume: one order against what its market trades in a day."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import OrderLimit
from risk.limits.views import OrderView


@dataclass(frozen=True, kw_only=True)
class OrderVolumeShareLimit(OrderLimit):
    """One order may not be more than `hard` of the volume of the last 24 hours."""

    kind: ClassVar = "order_volume_share"
    title: ClassVar = "Share of daily volume"
    unit: ClassVar = Unit.FRACTION
    equity_relative: ClassVar = False

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        volume, value = order.mark.volume, order.value
        return None if not volume or volume <= 0.0 or value is None else value / volume
