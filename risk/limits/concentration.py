"""Concentration: how much of the equity hangs on few assets."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class ConcentrationLimit(Limit):
    """The sum over assets of (net exposure / equity) squared may not exceed `hard`.

    A Herfindahl index on equity and not on the book, so that a first small position is not
    called concentrated: 1 is all equity in one asset, 0.25 a quarter in each of four.
    """

    kind: ClassVar = "concentration"
    title: ClassVar = "Concentration"
    unit: ClassVar = Unit.FRACTION
    remedy: ClassVar = Remedy.ALL_SQUARED
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        # What is left of squares that were added and taken away may lie below zero.
        per_equity = share(max(0.0, book.figures.squares), book.equity)
        return None if per_equity is None else share(per_equity, book.equity)
