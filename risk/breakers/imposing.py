"""What breakers impose on trading, as follows from how each one stands."""

from collections.abc import Iterator
from typing import NamedTuple

from risk.breakers.words import shown_name
from risk.domain.breakers import BreakerDefinition, Breakers, BreakerState, Episode, Phase
from risk.domain.policy import Policy
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState


class Imposed(NamedTuple):
    """What one breaker imposes on its scope now.

    Attributes
    ----------
    breaker : str
    scope : Scope
    state : TradingState
    size : float
        What new risk is scaled by; below 1 only where `state` is THROTTLED.
    probation : bool
    flatten : bool
        Whether all positions of the scope are to be closed.
    cause : str
        One plain sentence, without levels.
    """

    breaker: str
    scope: Scope
    state: TradingState
    size: float
    probation: bool
    flatten: bool
    cause: str


def imposed_by(breakers: Breakers, policy: Policy | None) -> Iterator[Imposed]:
    """What each breaker that is tripped or in probation imposes, in the policy's order.

    Parameters
    ----------
    breakers : Breakers
    policy : Policy or None
        That they are of.
    """
    for definition in policy.breakers if policy is not None else ():
        state = breakers.states.get(definition.name)
        if state is not None and state.episode is not None and state.episode.imposed:
            yield _imposed_by(definition, state, state.episode)


def imposed_state(definition: BreakerDefinition, state: BreakerState) -> TradingState:
    """What a breaker that is tripped or in probation makes of its scope.

    Parameters
    ----------
    definition : BreakerDefinition
    state : BreakerState
    """
    if state.phase is Phase.TRIPPED:
        return definition.state
    # The last rung is whole size: what is left is the watch for a new trip.
    whole = passes_of(definition, state) >= 1.0
    return TradingState.CAUTION if whole else TradingState.THROTTLED


def passes_of(definition: BreakerDefinition, state: BreakerState) -> float:
    """What part of new risk passes a breaker that is tripped or in probation, 0 to 1.

    Parameters
    ----------
    definition : BreakerDefinition
    state : BreakerState
    """
    tripped = state.phase is Phase.TRIPPED
    return definition.tripped_size if tripped else definition.ramp[state.rung]


def _imposed_by(definition: BreakerDefinition, state: BreakerState, episode: Episode) -> Imposed:
    tripped = state.phase is Phase.TRIPPED
    imposes, size = imposed_state(definition, state), 1.0
    if imposes is TradingState.THROTTLED:
        size = passes_of(definition, state)
    return Imposed(
        breaker=definition.name,
        scope=definition.scope,
        state=imposes,
        size=size,
        probation=not tripped,
        flatten=tripped and definition.flatten,
        cause=_cause(definition, state, episode, size),
    )


def _cause(
    definition: BreakerDefinition, state: BreakerState, episode: Episode, size: float
) -> str:
    name = shown_name(definition.name, definition.scope)
    if state.phase is Phase.TRIPPED:
        return f"{name}: {episode.cause}"
    return f"{name} re-opens: new risk at {100.0 * size:.0f} % of size"
