"""Drawdown: the fall from the highest value, open profit included."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class DrawdownLimit(Limit):
    """The fall from the peak may not exceed `hard`.

    Of the book it is a fraction of the peak's unit value; of a strategy what it gave back of its
    profit, as a fraction of the book's equity at the strategy's peak.
    """

    kind: ClassVar = "drawdown"
    title: ClassVar = "Drawdown"
    unit: ClassVar = Unit.FRACTION
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY)
    stops: ClassVar = True

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        if self.scope.kind is ScopeKind.STRATEGY:
            course = book.around.courses.get(self.scope.name)
            return 0.0 if course is None else course.drawdown
        performance = book.around.performance
        return None if performance is None else performance.drawdown
