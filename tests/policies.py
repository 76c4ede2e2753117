"""Policies for tests: one with every kind of limit, and parts of it."""

from dataclasses import replace
from typing import Any

from risk.domain.limits import LimitDefinition, Parameter
from risk.domain.policy import Instrument, Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.types import LIMIT_TYPES, limit_of
from tests.books import ASSETS, STRATEGIES, VENUES

PORTFOLIO = "demo"
WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
TYPES = {"trend": "following", "dip": "reverting", "noise": "making"}

#: A hard threshold of each kind that random books of a few times equity pass and break.
HARD = {
    "gross_exposure": 2.0,
    "net_exposure": 1.0,
    "leverage": 2.5,
    "concentration": 1.0,
    "open_positions": 6.0,
    "stablecoin_exposure": 2.0,
    "correlation_cluster": 1.2,
    "days_to_flat": 5.0,
    "value_at_risk": 0.08,
    "expected_shortfall": 0.10,
    "stress_loss": 0.6,
    "daily_loss": 0.05,
    "drawdown": 0.2,
    "order_notional": 1e6,
    "order_quantity": 1e7,
    "order_volume_share": 0.1,
    "order_rate": 10.0,
    "repeated_order": 3.0,
    "price_collar": 0.05,
}


def definition(
    kind: str, scope: Scope = WHOLE, hard: float | None = None, **changes: Any
) -> LimitDefinition:
    """A limit of that kind, named for kind and scope."""
    capped = HARD[kind] if hard is None else hard
    parameters: dict[str, Parameter] = changes.pop("parameters", {})
    return LimitDefinition(
        name=changes.pop("name", f"{kind} {scope.kind.value} {scope.name}"),
        kind=kind,
        scope=scope,
        hard=capped,
        soft=changes.pop("soft", 0.8 * capped),
        parameters=parameters,
        **changes,
    )


def exposures(hard: float = 1.0) -> list[LimitDefinition]:
    """A limit of every asset, strategy and venue, and of the whole, so that all may be traded."""
    scopes = [
        WHOLE,
        *(Scope(ScopeKind.ASSET, name) for name in ASSETS),
        *(Scope(ScopeKind.STRATEGY, name) for name in STRATEGIES),
        *(Scope(ScopeKind.VENUE, name) for name in VENUES),
    ]
    return [definition("gross_exposure", scope, hard) for scope in scopes]


def policy_of(*limits: LimitDefinition, open_to: float = 1e6, **changes: Any) -> Policy:
    """A policy of these limits over one that lets everything pass.

    Parameters
    ----------
    open_to : float
        What every scope may reach, times equity.
    """
    return Policy(
        instruments=changes.pop("instruments", dict.fromkeys(ASSETS, Instrument())),
        strategies=changes.pop("strategies", TYPES),
        limits=(*named_anew(exposures(open_to)), *limits),
        **changes,
    )


def named_anew(limits: list[LimitDefinition]) -> list[LimitDefinition]:
    """The same limits under names that no other limit of a test has."""
    return [replace(limit, name=f"open {limit.name}") for limit in limits]


def every_kind() -> Policy:
    """A policy in which every kind of limit is set wherever it may be."""
    limits = [
        definition(kind, scope)
        for kind, limit in LIMIT_TYPES.items()
        for scope in _scopes()
        if scope.kind in limit.scopes
    ]
    for limit in limits:
        limit_of(limit)
    return policy_of(*limits)


def _scopes() -> list[Scope]:
    return [
        WHOLE,
        *(Scope(ScopeKind.STRATEGY_TYPE, name) for name in TYPES.values()),
        *(Scope(ScopeKind.STRATEGY, name) for name in STRATEGIES),
        *(Scope(ScopeKind.ASSET, name) for name in ASSETS),
        *(Scope(ScopeKind.VENUE, name) for name in VENUES),
    ]
