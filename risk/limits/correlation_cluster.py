"""Correlation cluster: net exposure to assets that move together."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import ScopeKind
from risk.limits.base import Limit, Remedy, share
from risk.limits.views import BookView


@dataclass(frozen=True, kw_only=True)
class CorrelationClusterLimit(Limit):
    """Net exposure to no cluster of correlated assets may exceed `hard` of equity.

    What counts as one cluster is the policy's ``cluster_correlation``.
    """

    kind: ClassVar = "correlation_cluster"
    title: ClassVar = "Correlation cluster"
    unit: ClassVar = Unit.SHARE
    remedy: ClassVar = Remedy.NET_SIDE_OF_CLUSTERS
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)

    def measure(self, book: BookView) -> float | None:
        """See the base."""
        return share(book.largest_cluster, book.equity)
