"""What limits on how often a strategy sends orders have in common: a window of time."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import OrderLimit


@dataclass(frozen=True, kw_only=True)
class WindowedLimit(OrderLimit):
    """A cap on a count of orders within a window.

    Attributes
    ----------
    seconds : float
        Length of the window, which is pruned by time; above 0.
    """

    unit: ClassVar = Unit.COUNT
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY_TYPE, ScopeKind.STRATEGY)

    #: Whether it counts only orders of the same size.
    of_one_size: ClassVar[bool] = False

    seconds: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.seconds > 0.0:
            raise ValueError(f"seconds must be positive, got {self.seconds}")
