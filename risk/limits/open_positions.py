"""Open positions: how many there are."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import Limit
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class OpenPositionsLimit(Limit):
    """A scope may not have more than `hard` positions open or about to be opened."""

    kind: ClassVar = "open_positions"
    title: ClassVar = "Open positions"
    unit: ClassVar = Unit.COUNT

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        return float(book.reach(self.scope).positions)
