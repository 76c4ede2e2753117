"""Stress loss: what the worst scenario would cost."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class StressLossLimit(Limit):
    """The loss in the worst stress scenario may not exceed `hard` of equity."""

    kind: ClassVar = "stress_loss"
    title: ClassVar = "Stress loss"
    unit: ClassVar = Unit.SHARE
    remedy: ClassVar = Remedy.ALL
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)
    dear: ClassVar = True

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        loss = book.figures.stress_loss
        return None if loss is None else share(loss, book.equity)
