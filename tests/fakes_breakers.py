"""A policy's breakers on the fake afternoon: one tripped, one re-opening, some armed, one off."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from risk.domain.breakers import (
    BreakerDefinition,
    Breakers,
    BreakerState,
    Episode,
    Phase,
    Reading,
)
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from tests.fakes_book import AFTERNOON
from tests.fakes_episodes import build_episode

BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
TREND = Scope(ScopeKind.STRATEGY, "trend")
BITCOIN = Scope(ScopeKind.ASSET, "BTC/USDT")
HOUR = timedelta(hours=1)
#: Names of the breakers below.
STORM, LOSS, FALL, COIN, OFF = (
    "market volatility",
    "trend loss",
    "drawdown",
    "BTC volatility",
    "daily loss",
)


def build_breaker(name: str, kind: str, scope: Scope = BOOK, **changes: Any) -> BreakerDefinition:
    """One breaker of the policy."""
    wanted: dict[str, Any] = {"trip": 2.0, "release": 1.5, "owner": "Officer 1", **changes}
    return BreakerDefinition(name=name, kind=kind, scope=scope, **wanted)


def definitions() -> tuple[BreakerDefinition, ...]:
    throttled = TradingState.THROTTLED
    return (
        build_breaker(STORM, "market_volatility", state=throttled, probation_hours=6.0),
        build_breaker(LOSS, "daily_loss", TREND, trip=0.035, release=0.01, probation_hours=1.0),
        build_breaker(FALL, "drawdown", trip=0.12, release=0.08, least_hours=24.0),
        build_breaker(COIN, "market_volatility", BITCOIN, trip=3.0, state=TradingState.HALTED),
        build_breaker(OFF, "daily_loss", trip=0.02, release=0.01, enabled=False),
    )


def tripped(episode: Episode | None = None, **changes: Any) -> BreakerState:
    """Volatility since an hour ago, at 2.14 now; its pause is over in 9 minutes."""
    known = episode or build_episode()
    state = BreakerState(
        Phase.TRIPPED,
        known.tripped_at,
        until=AFTERNOON + timedelta(minutes=9),
        reading=_read(2.14, "volatility is 2.14 times normal", (1.091, 0.51)),
        read_at=AFTERNOON,
        episode=known,
    )
    return state._replace(**changes)


def reopening(**changes: Any) -> BreakerState:
    """A strategy's daily loss, on the first rung for 6 minutes of 20."""
    episode = build_episode(
        f"{LOSS}/demo-47000",
        AFTERNOON - 5 * HOUR,
        kind="daily_loss",
        scope=TREND,
        value=0.041,
        threshold=0.035,
        worst=0.043,
        numerator=98_800.0,
        denominator=2_411_000.0,
        state=TradingState.REDUCE_ONLY,
        cause="trend has lost 4.1 % since 00:00 UTC",
    )
    state = BreakerState(
        Phase.PROBATION,
        AFTERNOON - timedelta(minutes=6),
        until=AFTERNOON + timedelta(minutes=14),
        reading=_read(0.006, "trend has lost 0.6 % since 00:00 UTC", None),
        read_at=AFTERNOON,
        episode=episode,
    )
    return state._replace(**changes)


def armed(value: float | None, words: str = "", at: datetime = AFTERNOON) -> BreakerState:
    """One that watches; without a value one that cannot measure yet."""
    reading = None if value is None else _read(value, words, None)
    return BreakerState(Phase.ARMED, at - 9 * HOUR, reading=reading, read_at=at)


def _read(value: float, words: str, parts: tuple[float, float] | None) -> Reading:
    above, below = parts or (None, None)
    return Reading(value, value, numerator=above, denominator=below, words=words)


def states(**changes: BreakerState) -> Mapping[str, BreakerState]:
    """How each stands; `changes` by the names of the constants above, in small letters."""
    named = {"storm": STORM, "loss": LOSS, "fall": FALL, "coin": COIN, "off": OFF}
    usual = {
        STORM: tripped(),
        LOSS: reopening(),
        FALL: armed(0.061, "the book is 6.1 % under its high"),
        COIN: armed(None),
        OFF: armed(0.004, "the book has lost 0.4 % since 00:00 UTC"),
    }
    return {**usual, **{named[key]: state for key, state in changes.items()}}


def with_breakers(
    policy: Policy | None, breakers: tuple[BreakerDefinition, ...] | None = None
) -> Policy | None:
    """The policy with the breakers above, or with those given."""
    if policy is None:
        return None
    return replace(policy, breakers=definitions() if breakers is None else breakers)


def broken(state: RiskState, stands: Mapping[str, BreakerState] | None = None) -> RiskState:
    """A state under the policy above, whose breakers stand so, with what they impose."""
    storm = Standing(
        TradingState.THROTTLED,
        AFTERNOON - HOUR,
        f"{STORM}: volatility is 2.31 times normal",
        size=0.5,
    )
    loss = Standing(
        TradingState.THROTTLED,
        AFTERNOON - timedelta(minutes=6),
        f"{LOSS} re-opens: new risk at 25 % of size",
        size=0.25,
        probation=True,
    )
    return replace(
        state,
        policy=with_breakers(state.policy),
        breakers=Breakers(states() if stands is None else stands),
        standings={**state.standings, BOOK: storm, TREND: loss},
    )
