"""What limits on the tail of the book's losses have in common: a level and a horizon."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from risk.domain.assessment import TailRisk
from risk.domain.fields import Shown
from risk.domain.limits import Unit
from risk.domain.market import Period
from risk.domain.model import LEVELS
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit
from risk.limits.views import BookView

#: Over which the tail may be reckoned.
HORIZONS = tuple(period.value for period in Period)

Confidence = Annotated[float, Shown(unit=Unit.FRACTION, one_of=LEVELS)]


@dataclass(frozen=True, kw_only=True)
class TailLimit(Limit):
    """A cap on a figure of the book's tail after the order, as a share of equity.

    Attributes
    ----------
    confidence : float
        Part of all days, or hours, on which less is lost; one of ``LEVELS``.
    horizon : str
        How far ahead: a day (``1d``) or an hour (``1h``).
    """

    unit: ClassVar = Unit.SHARE
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)
    dear: ClassVar = True
    # A Pareto tail is fitted: docs/risk-model.md has how far fills were seen above.
    monotone: ClassVar = False

    confidence: Confidence
    horizon: Annotated[str, Shown(one_of=HORIZONS)] = Period.DAY.value

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.confidence not in LEVELS:
            raise ValueError(f"confidence must be one of {LEVELS}, got {self.confidence}")
        if self.horizon not in HORIZONS:
            raise ValueError(f"horizon must be 1d or 1h, got {self.horizon}")

    def tail(self, book: BookView) -> TailRisk | None:
        """The book's tail over the horizon; None while no model can tell."""
        return book.tail(Period(self.horizon))
