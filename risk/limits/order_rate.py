"""Order rate: how many orders a strategy sends in a while."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import OrderLimit
from risk.limits.views import OrderView


@dataclass(frozen=True, kw_only=True)
class OrderRateLimit(OrderLimit):
    """A strategy may not send more than `hard` orders within `seconds`, this one included.

    Attributes
    ----------
    seconds : float
        Length of the window, which is pruned by time.
    """

    kind: ClassVar = "order_rate"
    title: ClassVar = "Order rate"
    unit: ClassVar = Unit.COUNT
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY_TYPE, ScopeKind.STRATEGY)

    seconds: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.seconds > 0.0:
            raise ValueError(f"seconds must be positive, got {self.seconds}")

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        return 1.0 + len(order.sent_within(self.seconds))
