"""Episodes of breakers for tests and screens, with what is known of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from pages.context import NO_HISTORY, EpisodeStory, MetricHistory
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.cards import Card, CardHistory, CardInput, Counterfactual
from risk.domain.market import Trust
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from tests.fakes_book import AFTERNOON

HOUR = timedelta(hours=1)


def build_episode(
    identity: str = "market volatility/demo-48000",
    at: datetime = AFTERNOON - HOUR,
    **changes: Any,
) -> Episode:
    """Volatility at 2.31 times normal, which halves new risk of the whole book."""
    episode = Episode(
        id=identity,
        breaker=identity.split("/", maxsplit=1)[0],
        kind="market_volatility",
        scope=Scope(ScopeKind.PORTFOLIO, "demo"),
        tripped_at=at,
        value=2.31,
        threshold=2.0,
        numerator=1.178,
        denominator=0.51,
        worst=2.34,
        state=TradingState.THROTTLED,
        cause="volatility is 2.31 times normal",
        imposed=True,
    )
    return episode._replace(**changes)


def build_card(episode: Episode) -> Card:
    """What would have been known at its trip."""
    return Card(
        episode=episode.id,
        breaker=episode.breaker,
        title="Market volatility",
        rule="volatility, half-life 6 h, over normal, half-life 60 days",
        unit=BreakerUnit.RATIO,
        value=episode.value,
        trip=episode.threshold,
        release=1.5,
        numerator=episode.numerator,
        denominator=episode.denominator,
        sentence=episode.cause,
        inputs=(
            CardInput("BTC/USDT", Trust.TRUSTED, 0.4),
            CardInput("LINK/USDT", Trust.STALE, 41.0),
        ),
        blocked=("New risk above 50 % of its size",),
        works=("Proven reductions at full size", "New risk up to 50 % of its size"),
        reset_does=(
            "Re-opens new risk at 50, 50, 100 % over 6 h",
            "A new trip meanwhile cuts it to 50 % again and doubles the pause",
        ),
        reset_does_not=("Re-send refused orders", "Move any high or baseline of the book"),
        reset_by="A person with a reason, or by itself once it has eased",
        steps_down_from=episode.tripped_at + HOUR,
        person_by=episode.tripped_at + 24 * HOUR,
        market="The market (9 assets) moved \N{MINUS SIGN}4.1 % in 24 hours; worst SOL/USDT.",
        equity=2_411_000.0,
        gross=1_458_000.0,
        net=1_338_000.0,
        open_positions=7,
    )


def build_history() -> CardHistory:
    return CardHistory(
        percentile=0.992,
        hours=3_120,
        nearest_at=AFTERNOON.replace(minute=0, second=0) - 99 * 24 * HOUR,
        nearest_value=2.62,
        nearest_then=-0.041,
    )


def build_counterfactual(until: datetime = AFTERNOON) -> Counterfactual:
    return Counterfactual(
        orders=9, stopped=412_000.0, profit=-3_100.0, fees=824.0, until=until, unpriced=1
    )


def build_stories() -> tuple[EpisodeStory, ...]:
    """One that is on, one that is over and judged, and one that was only recorded; newest first."""
    on = build_episode()
    over = build_episode(
        "daily loss/demo-12000",
        AFTERNOON - 100 * HOUR,
        kind="daily_loss",
        scope=Scope(ScopeKind.STRATEGY, "trend"),
        value=0.041,
        threshold=0.035,
        worst=0.046,
        state=TradingState.REDUCE_ONLY,
        cause="trend has lost 4.1 % since 00:00 UTC",
        retrips=1,
        asked_at=AFTERNOON - 76 * HOUR,
        ended_at=AFTERNOON - 70 * HOUR,
        ended_by="rule",
        ended_why="probation is over without a new trip",
    )
    recorded = build_episode(
        "sharpe floor/demo-9000",
        AFTERNOON - 200 * HOUR,
        numerator=None,
        denominator=None,
        imposed=False,
        ended_at=AFTERNOON - 190 * HOUR,
        ended_by="rule",
        ended_why="probation is over without a new trip",
    )
    judged = build_counterfactual(AFTERNOON - 46 * HOUR)
    return (
        EpisodeStory(on, build_card(on), build_history(), None),
        EpisodeStory(over, build_card(over), build_history(), judged),
        EpisodeStory(recorded, None, None, None),
    )


def found_in(
    stories: Sequence[EpisodeStory],
    since: datetime | None,
    until: datetime | None,
    breaker: str | None,
    at_most: int,
) -> list[Episode]:
    """Those of the range, as a store would find them."""
    found = [
        episode
        for episode, *_ in stories
        if breaker in (None, episode.breaker)
        and (until is None or episode.tripped_at <= until)
        and (since is None or episode.ended_at is None or episode.ended_at >= since)
    ]
    return sorted(found, key=lambda episode: episode.tripped_at, reverse=True)[:at_most]


def build_course(
    stories: Sequence[EpisodeStory], breaker: str, since: datetime, until: datetime
) -> MetricHistory:
    """A point a minute that rises to the breaker's newest trip and eases after it."""
    mine = [episode for episode, *_ in stories if episode.breaker == breaker]
    count = min(2_000, 1 + int((until - since).total_seconds() / 60.0))
    if not mine or count < 1:
        return NO_HISTORY
    trip = max(mine, key=lambda episode: episode.tripped_at)
    ts_ms = np.linspace(since.timestamp(), until.timestamp(), count) * 1000.0
    apart = np.abs(ts_ms / 1000.0 - trip.tripped_at.timestamp()) / 3_600.0
    return MetricHistory(ts_ms.astype(np.int64), trip.value * (0.45 + 0.55 * np.exp(-apart)))
