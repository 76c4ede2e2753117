"""Net exposure: long less short, whichever way, as a share of equity."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class NetExposureLimit(Limit):
    """Long less short positions of a scope may not exceed `hard` of equity, in either direction."""

    kind: ClassVar = "net_exposure"
    title: ClassVar = "Net exposure"
    unit: ClassVar = Unit.SHARE
    remedy: ClassVar = Remedy.NET_SIDE

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        return share(book.reach(self.scope).worst_net, book.equity)
