"""Repeated order: the same order again and again, as a program in a loop sends it."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import OrderLimit
from risk.limits.views import OrderView


@dataclass(frozen=True, kw_only=True)
class RepeatedOrderLimit(OrderLimit):
    """A strategy may not send the same order more than `hard` times within `seconds`.

    The same is what has the same asset, side and quantity; this one counts.

    Attributes
    ----------
    seconds : float
        Length of the window, which is pruned by time.
    """

    kind: ClassVar = "repeated_order"
    title: ClassVar = "Repeated order"
    unit: ClassVar = Unit.COUNT
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY_TYPE, ScopeKind.STRATEGY)

    seconds: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.seconds > 0.0:
            raise ValueError(f"seconds must be positive, got {self.seconds}")

    def measure_order(self, order: OrderView) -> float | None:
        """See the base."""
        wanted = order.key.asset, order.side, order.quantity
        return 1.0 + [sent[1:] for sent in order.sent_within(self.seconds)].count(wanted)
