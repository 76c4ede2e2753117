"""What a breaker looks at, as a test says: steps of any length, and what happened in them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from risk.breakers.base import Breaker, Sight
from risk.breakers.types import BREAKER_TYPES
from risk.domain.breakers import HourReturns, Memory, Reading
from risk.domain.market import Mark
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.trades import RoundTrip
from risk.portfolio.forecasting import new_models
from tests.breakers.meters import NOON, WHOLE
from tests.builders import build_snapshot

TREND = Scope(ScopeKind.STRATEGY, "trend")
COINS = tuple(f"C{number}/USDT" for number in range(7))
#: Of each kind, levels that courses in these tests pass.
LEVELS = {
    "market_volatility": 2.0,
    "drawdown": 0.15,
    "daily_loss": 0.03,
    "loss_streak": 6.0,
    "hit_rate": 0.8,
    "sharpe": 3.0,
    "correlation_spike": 0.85,
    "liquidity": 3.0,
    "data_quality": 0.25,
    "var_exceptions": 2.0,
    "agent_runaway": 60.0,
}


def breaker(kind: str, scope: Scope | None = None, **settings: Any) -> Breaker:
    """A breaker of that kind, on the book where it may be."""
    made = BREAKER_TYPES[kind]
    trip = settings.pop("trip", LEVELS[kind])
    return made(name=kind, scope=scope or WHOLE, trip=trip, release=0.0, **settings)


def sight(
    at: datetime = NOON,
    *,
    marks: Mapping[str, Mark] | None = None,
    hours: tuple[HourReturns, ...] = (),
    running: Mapping[str, float] | None = None,
    performance: Any = None,
    courses: Mapping[str, Any] | None = None,
    latches: Mapping[Scope, Any] | None = None,
    cycle: str | None = None,
    **changes: Any,
) -> Sight:
    """What is seen at a moment; of what is not named there is nothing."""
    told = {
        "id": at.isoformat() if cycle is None else cycle,
        "at": at,
        "marks": {} if marks is None else marks,
    }
    return Sight(
        snapshot=replace(_nothing(), **{**told, **changes}),
        performance=performance,
        courses=courses or {},
        hours=hours,
        running=running or {},
        latches=latches or {},
    )


@cache
def _nothing() -> Snapshot:
    """A book that holds nothing, of which no model knows anything."""
    book = build_snapshot()
    return replace(
        book,
        ledger=replace(book.ledger, positions={}, reservations={}),
        working_orders={},
        models=new_models(()),
        **dict.fromkeys(("closes", "scores", "fills", "flows", "faults"), ()),
    )


def after(seconds: float, begin: datetime = NOON) -> datetime:
    return begin + timedelta(seconds=seconds)


def led(made: Breaker, *sights: Sight, memory: Memory | None = None) -> list[Reading | None]:
    """What it reads in each step, one after another."""
    return [reading for _, reading in remembered(made, *sights, memory=memory)]


def remembered(
    made: Breaker, *sights: Sight, memory: Memory | None = None
) -> list[tuple[Memory | None, Reading | None]]:
    """What it remembers and reads after each step."""
    found = []
    for seen in sights:
        memory, reading = made.observe(memory, seen)
        found.append((memory, reading))
    return found


def quoted(
    asset: str = COINS[0],
    *,
    at: datetime = NOON,
    spread: float | None = 0.001,
    volume: float | None = 1e6,
    price: float = 100.0,
    **changes: Any,
) -> Mark:
    """A mark with quotes so far apart, a fraction of the price."""
    half = None if spread is None else price * spread / 2.0
    return Mark(
        asset=asset,
        price=price,
        at=at,
        bid=None if half is None else price - half,
        ask=None if half is None else price + half,
        volume=volume,
        **changes,
    )


def trip(profit: float, strategy: str = "trend") -> RoundTrip:
    """A closed trade."""
    return RoundTrip(strategy, COINS[0], "sim-a", NOON, profit)
