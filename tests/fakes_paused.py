"""A book whose entries a breaker has paused."""

from dataclasses import replace

from pages.context import CompleteCycle
from risk.domain.breakers import BreakerDefinition
from risk.domain.state import Standing
from risk.domain.trading import TradingState
from tests import fakes_breakers
from tests.fakes_book import AFTERNOON
from tests.fakes_breakers import BOOK, STORM
from tests.fakes_web import FakeBookReader

SHUT = TradingState.REDUCE_ONLY


def shutting(definition: BreakerDefinition) -> BreakerDefinition:
    return replace(definition, state=SHUT) if definition.name == STORM else definition


class Shut(FakeBookReader):
    """The market's volatility has shut the whole book, until 9 minutes from now at least."""

    def latest(self, portfolio: str) -> CompleteCycle | None:
        cycle = super().latest(portfolio)
        assert cycle is not None, "there is one"
        definitions = tuple(map(shutting, fakes_breakers.definitions()))
        broken = fakes_breakers.broken(cycle.state)
        policy = fakes_breakers.with_breakers(broken.policy, definitions)
        shut = Standing(SHUT, AFTERNOON, f"{STORM}: volatility is 2.31 times normal")
        standings = {**broken.standings, BOOK: shut}
        return replace(cycle, state=replace(broken, policy=policy, standings=standings))
