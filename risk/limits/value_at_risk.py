"""Value at risk of the book after the order."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.market import Period
from risk.domain.model import LEVELS
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class ValueAtRiskLimit(Limit):
    """VaR may not exceed `hard` of equity.

    Attributes
    ----------
    confidence : float
        One of ``LEVELS``.
    horizon : str
        ``1d`` or ``1h``.
    """

    kind: ClassVar = "value_at_risk"
    title: ClassVar = "Value at risk"
    unit: ClassVar = Unit.SHARE
    remedy: ClassVar = Remedy.ALL
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)
    dear: ClassVar = True
    # A Pareto tail is fitted: docs/risk-model.md has how far fills were seen above.
    monotone: ClassVar = False

    confidence: float = 0.95
    horizon: str = Period.DAY.value

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_unknown_tail(self.confidence, self.horizon)

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        tail = book.tail(Period(self.horizon))
        return None if tail is None else share(tail.var_at(self.confidence), book.equity)


def refuse_unknown_tail(confidence: float, horizon: str) -> None:
    """Refuse a level or a horizon that no model measures.

    Raises
    ------
    ValueError
    """
    if confidence not in LEVELS:
        raise ValueError(f"confidence must be one of {LEVELS}, got {confidence}")
    if horizon not in {period.value for period in Period}:
        raise ValueError(f"horizon must be 1d or 1h, got {horizon}")
