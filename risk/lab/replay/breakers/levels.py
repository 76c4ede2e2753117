"""The tiers of market volatility on single assets, for who asks what they would do there."""

from collections.abc import Iterable
from dataclasses import replace

from risk.breakers.standard import volatility_tiers
from risk.domain.breakers import BreakerDefinition
from risk.domain.scopes import Scope, ScopeKind


def asset_breakers(assets: Iterable[str]) -> tuple[BreakerDefinition, ...]:
    """Both tiers of market volatility on each asset by itself."""
    return tuple(
        replace(tier, name=f"{asset} volatility, tier {place}")
        for asset in assets
        for place, tier in enumerate(volatility_tiers(Scope(ScopeKind.ASSET, asset)), start=1)
    )
