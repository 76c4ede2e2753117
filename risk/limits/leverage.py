"""Leverage: the whole book's gross exposure as a multiple of equity."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class LeverageLimit(Limit):
    """Gross exposure may not exceed `hard` times equity."""

    kind: ClassVar = "leverage"
    title: ClassVar = "Leverage"
    unit: ClassVar = Unit.TIMES
    remedy: ClassVar = Remedy.ALL
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        return share(book.reach(self.scope).gross, book.equity)
