"""A book whose entries a breaker has paused."""

from dataclasses import replace

from risk.domain.assessment import Assessment
from risk.domain.breakers import BreakerDefinition
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from tests import fakes_breakers
from tests.fakes_book import AFTERNOON
from tests.fakes_breakers import BOOK, STORM
from tests.fakes_episodes import build_episode
from tests.fakes_web import FakeBookReader

SHUT = TradingState.REDUCE_ONLY


def shutting(definition: BreakerDefinition) -> BreakerDefinition:
    return replace(definition, state=SHUT) if definition.name == STORM else definition


#: The trip that shuts it.
TRIP = build_episode(state=SHUT)


class Shut(FakeBookReader):
    """The market's volatility has shut the whole book, until 9 minutes from now at least."""

    def _state(self, assessment: Assessment) -> RiskState:
        definitions = tuple(map(shutting, fakes_breakers.definitions()))
        stands = fakes_breakers.states(storm=fakes_breakers.tripped(TRIP))
        broken = fakes_breakers.broken(super()._state(assessment), stands)
        policy = fakes_breakers.with_breakers(broken.policy, definitions)
        shut = Standing(SHUT, AFTERNOON, f"{STORM}: volatility is 2.31 times normal")
        return replace(broken, policy=policy, standings={**broken.standings, BOOK: shut})
