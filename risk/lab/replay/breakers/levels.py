"""The breakers that are measured, and obeyed by the managed book, where no policy names others."""

from collections.abc import Iterable

from risk.domain.breakers import BreakerDefinition
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

_RELEASE = 1.4
_WEEK = 168.0
_FORTNIGHT = 336.0


def market_breakers(portfolio: str) -> tuple[BreakerDefinition, ...]:
    """Two tiers of market volatility, drawdown and daily loss, of a portfolio."""
    whole = Scope(ScopeKind.PORTFOLIO, portfolio)
    return (
        *volatility_tiers(whole, "market volatility"),
        BreakerDefinition(
            name="drawdown",
            kind="drawdown",
            scope=whole,
            trip=0.15,
            release=0.15,
            least_hours=_FORTNIGHT,
            greatest_hours=2.0 * _FORTNIGHT,
            probation_hours=_FORTNIGHT,
        ),
        BreakerDefinition(
            name="daily loss",
            kind="daily_loss",
            scope=whole,
            trip=0.05,
            release=0.02,
            least_hours=1.0,
            greatest_hours=36.0,
            probation_hours=3.0,
        ),
    )


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
