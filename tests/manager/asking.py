"""Questions to a manager: orders, books and policies that matter to them."""

import math
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from risk.domain.decisions import Decision, OrderRequest
from risk.domain.orders import Order, Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.limits.types import BOOK_LIMITS
from risk.manager import RiskManager, step
from tests.books import BTC, ETH
from tests.policies import HARD, WHOLE, definition, policy_of

TREND_BTC = PositionKey("trend", BTC, "sim-a")


def manager_of(snapshot: Snapshot, policy: Policy | None, **changes: object) -> RiskManager:
    """The manager after the book's first step."""
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    return RiskManager(replace(state, **changes), snapshot)  # type: ignore[arg-type]


def request_of(order: Order, **changes: object) -> OrderRequest:
    request = OrderRequest(
        client_order_id=order.client_order_id,
        portfolio=order.portfolio,
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=order.quantity,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def ask(order: Order, snapshot: Snapshot, policy: Policy | None, **changes: object) -> Decision:
    return manager_of(snapshot, policy).validate_order(request_of(order, **changes))


def approved(order: Order, decision: Decision) -> Order:
    return replace(order, quantity=decision.allowed)


def book_kinds(*, monotone: bool | None = None) -> list[str]:
    """Kinds of limits on the book; daily volume is unknown in these books."""
    return [
        kind
        for kind, limit in BOOK_LIMITS.items()
        if kind != "days_to_flat" and monotone in (None, limit.monotone)
    ]


@st.composite
def policies(draw: st.DrawFn, kinds: list[str]) -> Policy:
    """A few limits of these kinds on scopes where they may be, tight enough to matter."""
    limits = []
    for number in range(draw(_HOW_MANY)):
        kind = draw(_one_of(tuple(kinds)))
        tightness = draw(_TIGHTNESS)
        hard = float(math.ceil(HARD[kind] * tightness)) if kind == "open_positions" else None
        limits.append(
            definition(
                kind,
                draw(_scopes_of(kind)),
                HARD[kind] * tightness if hard is None else hard,
                name=f"{number}",
            )
        )
    return policy_of(*limits)


# Made once: Hypothesis looks each new strategy through, at the price of many draws.
_HOW_MANY = st.integers(1, 4)
_TIGHTNESS = st.sampled_from((0.02, 0.1, 0.3, 1.0))


@cache
def _one_of(kinds: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(kinds)


@cache
def _scopes_of(kind: str) -> st.SearchStrategy[Scope]:
    return st.sampled_from([s for s in SCOPES if s.kind in BOOK_LIMITS[kind].scopes])


SCOPES = [
    WHOLE,
    Scope(ScopeKind.STRATEGY_TYPE, "following"),
    Scope(ScopeKind.STRATEGY, "trend"),
    Scope(ScopeKind.ASSET, BTC),
    Scope(ScopeKind.ASSET, ETH),
    Scope(ScopeKind.VENUE, "sim-a"),
]


#: Kinds that no order can mend.
GATES = ("daily_loss", "drawdown")
#: Kinds that look at nothing but values and their signs.
MIRRORED = [
    kind
    for kind in book_kinds(monotone=True)
    if kind not in (*GATES, "stablecoin_exposure", "stress_loss", "correlation_cluster")
]


def reduction_of(key: PositionKey, side: Side, quantity: float) -> OrderRequest:
    return OrderRequest(
        client_order_id="reduction",
        portfolio="demo",
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        side=side,
        quantity=quantity,
    )
