"""The world that a portfolio lives in: which market, since when, how fast time passes there."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from risk.config import Settings, key_of
from risk.domain.market import Period
from risk.domain.ports import Executor, Feed
from risk.engine.clock import wall_time
from risk.errors import SettingInvalid
from risk.executors import EXECUTORS
from risk.feeds import FEEDS, FeedRequest
from risk.feeds.clock import SimulatedClock
from risk.feeds.simulated import HISTORY_HOURS
from risk.storage.bars import SIMULATED, market_of
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import (
    add_portfolio,
    keep_facts,
    replace_facts,
    require_portfolio,
)

DEMO = "demo"


@dataclass(frozen=True, kw_only=True)
class World:
    """Which market a portfolio lives in, since when, and how fast time passes there."""

    settings: Settings
    origin: datetime

    @property
    def simulated(self) -> bool:
        """Whether its market is an invented one."""
        return self.settings.feed == SIMULATED

    @property
    def market(self) -> str:
        """Whose prices its bars are."""
        return market_of({"feed": self.settings.feed, "seed": self.settings.seed})

    @property
    def has_desk(self) -> bool:
        """Whether the demo strategies trade here, on paper."""
        return self.simulated and self.settings.portfolio == DEMO

    @property
    def executor(self) -> Executor:
        """Who acts on reductions."""
        return EXECUTORS[self.settings.executor]()

    @property
    def agents_reduce(self) -> bool:
        """Whether the demo's agents act on them: not where it would be done twice."""
        return self.settings.executor == "advise"

    @property
    def past_begins(self) -> datetime | None:
        """Where a new book's first reading lies; None for where the feed begins."""
        if not self.has_desk:
            return None
        return Period.HOUR.open_of(self.origin) - timedelta(hours=HISTORY_HOURS)

    def feed(self, since: datetime | None) -> Feed:
        """Its prices, from a time on; None for where they begin."""
        return FEEDS[self.settings.feed](
            FeedRequest(
                seed=self.settings.seed,
                origin=self.origin,
                since=since,
                prices=self.settings.prices,
            )
        )


def world_of(settings: Settings, engines: Engines) -> World:
    """The world noted at the portfolio's first start; other settings are refused, not obeyed."""
    with transaction(engines.writer) as connection:
        if settings.portfolio == DEMO:
            add_portfolio(connection, DEMO, at=wall_time())
        require_portfolio(connection, settings.portfolio)
        wanted: dict[str, Any] = {"feed": settings.feed, "origin": wall_time().isoformat()}
        if settings.feed == SIMULATED:
            wanted["seed"] = settings.seed
        facts = keep_facts(connection, settings.portfolio, wanted)
        if _differ(wanted, facts) and replace_facts(connection, settings.portfolio, wanted):
            facts = wanted
        _refuse_another_world(settings.portfolio, wanted, facts)
    return World(settings=settings, origin=datetime.fromisoformat(facts["origin"]))


def _differ(wanted: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    return [name for name in ("feed", "seed") if name in wanted and facts[name] != wanted[name]]


def _refuse_another_world(
    portfolio: str, wanted: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    for name in _differ(wanted, facts):
        raise SettingInvalid(
            key_of(name),
            f"is {wanted[name]}, but portfolio {portfolio} has lived with "
            f"{facts[name]}: set it back, or choose another SEAWALL_PORTFOLIO or SEAWALL_HOME",
        )


def clock_of(world: World, last_seen: datetime) -> SimulatedClock:
    """Market time from when the market was last seen.

    At its natural speed the simulated market goes on while nobody looks; a sped-up one, and a
    file, wait where they were left.
    """
    goes_on = world.simulated and world.settings.speed == 1.0
    return SimulatedClock(
        wall=wall_time,
        monotonic=time.monotonic,
        market_anchor=last_seen,
        wall_anchor=last_seen if goes_on else wall_time(),
        speed=world.settings.speed,
    )
