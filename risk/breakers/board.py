"""How each breaker of a book stands, for whoever looks: one line a breaker."""

from typing import NamedTuple

from risk.breakers.imposing import Imposed, imposed_by
from risk.breakers.lifecycle import trip_level
from risk.breakers.types import breaker_of
from risk.domain.breakers import BreakerDefinition, Breakers, BreakerState, Episode, Phase
from risk.domain.limits import used_of
from risk.domain.overrides import Override
from risk.domain.policy import Policy
from risk.domain.trading import TradingState


class OnBoard(NamedTuple):
    """One breaker.

    Attributes
    ----------
    definition : BreakerDefinition
    state : BreakerState or None
        None before its first step.
    imposed : Imposed or None
        What it imposes now.
    trip : float
        The level above which it would trip now, in its unit: another one while it re-opens, or
        after a person let it go.
    """

    definition: BreakerDefinition
    state: BreakerState | None
    imposed: Imposed | None
    trip: float

    @property
    def phase(self) -> Phase:
        """Where it stands; armed before its first step."""
        return Phase.ARMED if self.state is None else self.state.phase

    @property
    def episode(self) -> Episode | None:
        """The one that is on."""
        return None if self.state is None else self.state.episode

    @property
    def override(self) -> Override | None:
        """What a person commands of it for a while."""
        return None if self.state is None else self.state.override

    @property
    def value(self) -> float | None:
        """What it measures now, in its unit; None while it cannot."""
        reading = None if self.state is None else self.state.reading
        return None if reading is None else reading.value

    @property
    def used(self) -> float | None:
        """Share of the trip level that is reached; None while it cannot be measured."""
        return used_of(self.value, self.trip)

    @property
    def trading_state(self) -> TradingState:
        """What it imposes on its scope now."""
        return TradingState.NORMAL if self.imposed is None else self.imposed.state

    @property
    def size(self) -> float:
        """What it scales new risk by; below 1 only where it throttles."""
        return 1.0 if self.imposed is None else self.imposed.size

    @property
    def cause(self) -> str:
        """Why it is not armed, one sentence without levels; empty while it is."""
        if self.imposed is not None:
            return self.imposed.cause
        return "" if self.episode is None else self.episode.cause


def board(breakers: Breakers, policy: Policy | None) -> tuple[OnBoard, ...]:
    """Every breaker of a policy, in its order.

    Parameters
    ----------
    breakers : Breakers
        After the last step.
    policy : Policy or None
        In force; None defines none.
    """
    imposed = {each.breaker: each for each in imposed_by(breakers, policy)}
    definitions = () if policy is None else policy.breakers
    return tuple(
        _on_board(each, breakers.states.get(each.name), imposed.get(each.name))
        for each in definitions
    )


def _on_board(
    definition: BreakerDefinition, state: BreakerState | None, imposed: Imposed | None
) -> OnBoard:
    level = definition.trip if state is None else trip_level(breaker_of(definition), state)
    return OnBoard(definition, state, imposed, level)
