"""Days to flat: how long it takes to leave a position without moving its market."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from risk.domain.fields import Shown
from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class DaysToFlatLimit(Limit):
    """Selling an asset at a share of its daily volume may not take more than `hard` days.

    Attributes
    ----------
    participation : float
        Share of the volume of 24 hours that may be ours; above 0, at most all of it.
    """

    kind: ClassVar = "days_to_flat"
    title: ClassVar = "Days to flat"
    unit: ClassVar = Unit.DAYS
    remedy: ClassVar = Remedy.NET_SIDE
    scopes: ClassVar = (ScopeKind.ASSET,)
    equity_relative: ClassVar = False

    participation: Annotated[float, Shown(unit=Unit.FRACTION)] = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.participation <= 1.0:
            raise ValueError(f"participation must lie in (0, 1], got {self.participation}")

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        worst = book.reach(self.scope).worst_net
        if worst == 0.0:
            return 0.0
        volume = book.around.mark(self.scope.name).volume
        return None if not volume or volume <= 0.0 else worst / (self.participation * volume)
