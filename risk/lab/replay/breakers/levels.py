"""The tiers of market volatility on single assets, for who asks what they would do there."""

from collections.abc import Iterable

from risk.domain.breakers import BreakerDefinition
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

_RELEASE = 1.4
_WEEK = 168.0


def asset_breakers(assets: Iterable[str]) -> tuple[BreakerDefinition, ...]:
    """Both tiers of market volatility on each asset by itself."""
    return tuple(
        tier
        for asset in assets
        for tier in volatility_tiers(Scope(ScopeKind.ASSET, asset), f"{asset} volatility")
    )


def volatility_tiers(scope: Scope, name: str) -> tuple[BreakerDefinition, BreakerDefinition]:
    """Half size in a storm; no new risk in one that falls."""
    return (
        BreakerDefinition(
            name=f"{name}, tier 1",
            kind="market_volatility",
            scope=scope,
            trip=2.0,
            release=_RELEASE,
            state=TradingState.THROTTLED,
            size=0.5,
            least_hours=24.0,
            greatest_hours=_WEEK,
            probation_hours=6.0,
        ),
        BreakerDefinition(
            name=f"{name}, tier 2",
            kind="market_volatility",
            scope=scope,
            trip=1.75,
            release=_RELEASE,
            state=TradingState.REDUCE_ONLY,
            least_hours=12.0,
            greatest_hours=_WEEK,
            probation_hours=24.0,
            parameters={"fall_sigmas": 2.0, "easing_hours": 24.0},
        ),
    )
