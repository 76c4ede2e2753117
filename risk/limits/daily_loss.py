"""Daily loss: what was lost since 00:00 UTC."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class DailyLossLimit(Limit):
    """The loss since the day began may not exceed `hard` of the equity it began with.

    A tripwire and not a promise: a market that gaps passes it. Deposits are not profit.
    """

    kind: ClassVar = "daily_loss"
    title: ClassVar = "Daily loss"
    unit: ClassVar = Unit.FRACTION
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY)
    stops: ClassVar = True

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        if self.scope.kind is ScopeKind.STRATEGY:
            course = book.around.courses.get(self.scope.name)
            return 0.0 if course is None else course.loss_today
        performance = book.around.performance
        return None if performance is None else max(0.0, -performance.return_today)
