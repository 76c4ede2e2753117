"""Expected shortfall of the book after the order."""

from dataclasses import dataclass
from typing import ClassVar

from risk.limits.base import Remedy, share
from risk.limits.tail_limit import Confidence, TailLimit
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class ExpectedShortfallLimit(TailLimit):
    """Expected shortfall may not exceed `hard` of equity.

    Attributes
    ----------
    confidence : float
        Part of all days, or hours, on which less is lost; one of ``LEVELS``.
    horizon : str
        How far ahead: a day (``1d``) or an hour (``1h``).
    """

    kind: ClassVar = "expected_shortfall"
    title: ClassVar = "Expected shortfall"
    remedy: ClassVar = Remedy.ALL

    confidence: Confidence = 0.975

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        tail = self.tail(book)
        return None if tail is None else share(tail.es_at(self.confidence), book.equity)
