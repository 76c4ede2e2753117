"""Assets that move together, from the model's correlation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from risk.domain.model import Model
from risk.domain.scopes import Scope, ScopeKind


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """Groups of assets.

    Attributes
    ----------
    members : tuple of tuple of Scope
        The assets of each cluster.
    """

    members: tuple[tuple[Scope, ...], ...]

    def number_of(self, asset: str) -> int | None:
        """Which cluster the asset belongs to; None for an asset that no model knows."""
        return self._numbers.get(asset)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {asset.name: n for n, assets in enumerate(self.members) for asset in assets}


NO_CLUSTERS = Clusters(members=())


def clusters_of(model: Model, correlation: float) -> Clusters:
    """Clusters in which every pair is correlated by at least `correlation`.

    By complete linkage on one less the model's correlation, so that a chain of neighbours does
    not make strangers one cluster. They change with the model, at a bar's close.

    Parameters
    ----------
    model : Model
        Of one day; without scenarios there are no clusters.
    correlation : float
        Between 0 and 1.
    """
    scenarios = model.scenarios
    if scenarios is None or not model.assets:
        return NO_CLUSTERS
    return _cut(model.assets, np.ascontiguousarray(scenarios.correlation).tobytes(), correlation)


@lru_cache(maxsize=8)
def _cut(assets: tuple[str, ...], matrix: bytes, correlation: float) -> Clusters:
    count = len(assets)
    if count == 1:
        return Clusters(members=((Scope(ScopeKind.ASSET, assets[0]),),))
    distance = 1.0 - np.frombuffer(matrix).reshape(count, count)
    pairs = squareform(np.maximum(distance, 0.0), checks=False)
    labels = fcluster(linkage(pairs, "complete"), 1.0 - correlation, "distance")
    found: dict[int, list[Scope]] = {}
    for asset, label in zip(assets, labels.tolist(), strict=True):
        found.setdefault(label, []).append(Scope(ScopeKind.ASSET, asset))
    return Clusters(members=tuple(tuple(group) for group in found.values()))
