"""Expected shortfall of the book after the order."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.market import Period
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy, share
from risk.limits.value_at_risk import refuse_unknown_tail
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class ExpectedShortfallLimit(Limit):
    """Expected shortfall may not exceed `hard` of equity.

    Attributes
    ----------
    confidence : float
        One of ``LEVELS``.
    horizon : str
        ``1d`` or ``1h``.
    """

    kind: ClassVar = "expected_shortfall"
    title: ClassVar = "Expected shortfall"
    unit: ClassVar = Unit.SHARE
    remedy: ClassVar = Remedy.ALL
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)
    dear: ClassVar = True
    monotone: ClassVar = False

    confidence: float = 0.975
    horizon: str = Period.DAY.value

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_unknown_tail(self.confidence, self.horizon)

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        tail = book.tail(Period(self.horizon))
        return None if tail is None else share(tail.es_at(self.confidence), book.equity)
