"""Gross exposure: long plus short, as a share of equity."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class GrossExposureLimit(Limit):
    """Long plus short positions of a scope may not exceed `hard` of equity."""

    kind: ClassVar = "gross_exposure"
    title: ClassVar = "Gross exposure"
    unit: ClassVar = Unit.SHARE
    remedy: ClassVar = Remedy.ALL

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        return share(book.reach(self.scope).gross, book.equity)
