"""What breakers impose on trading, as follows from how each one stands."""

from collections.abc import Iterator
from typing import NamedTuple

from risk.breakers.words import shown_name
from risk.domain.breakers import BreakerDefinition, Breakers, BreakerState, Episode, Phase
from risk.domain.overrides import Override, OverrideKind
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
        Whether it re-opens, by its rule or by a person, and tightens again at a sign of trouble.
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
    if state.phase is Phase.TRIPPED and _stepped_down(definition, state) is None:
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
    on = _stepped_down(definition, state)
    return passes_by_rule(definition, state) if on is None else on.size


def passes_by_rule(definition: BreakerDefinition, state: BreakerState) -> float:
    """The same without what a person has stepped it down to."""
    match state.phase:
        case Phase.ARMED:
            return 1.0
        case Phase.TRIPPED:
            return definition.tripped_size
        case Phase.PROBATION:
            return definition.ramp[state.rung]


def stands_at(definition: BreakerDefinition, state: BreakerState) -> tuple[TradingState, float]:
    """What a breaker makes of its scope, whether it is tripped or not, and what part passes."""
    if state.episode is None or not state.episode.imposed:
        return TradingState.NORMAL, 1.0
    return imposed_state(definition, state), passes_of(definition, state)


def _stepped_down(definition: BreakerDefinition, state: BreakerState) -> Override | None:
    """What a person has stepped it down to, unless its rule lets through as much."""
    on = state.override
    if on is None or on.kind is not OverrideKind.STEP_DOWN:
        return None
    return on if on.size > passes_by_rule(definition, state) else None


def _imposed_by(definition: BreakerDefinition, state: BreakerState, episode: Episode) -> Imposed:
    shut = state.phase is Phase.TRIPPED and _stepped_down(definition, state) is None
    imposes, size = imposed_state(definition, state), 1.0
    if imposes is TradingState.THROTTLED:
        size = passes_of(definition, state)
    return Imposed(
        breaker=definition.name,
        scope=definition.scope,
        state=imposes,
        size=size,
        probation=not shut,
        flatten=shut and definition.flatten,
        cause=_cause(definition, state, episode, size),
    )


def _cause(
    definition: BreakerDefinition, state: BreakerState, episode: Episode, size: float
) -> str:
    name = shown_name(definition.name, definition.scope)
    on = _stepped_down(definition, state)
    if on is not None:
        return f"{name} stepped down by {on.by}: new risk at {100.0 * size:.0f} % of size"
    held = _held_by(state.override)
    if state.phase is Phase.TRIPPED:
        return f"{name}: {episode.cause}{held}"
    return f"{name} re-opens: new risk at {100.0 * size:.0f} % of size{held}"


def _held_by(on: Override | None) -> str:
    """Of what a person keeps from stepping on; a trip by hand says so by itself."""
    if on is None or not on.holds or on.kind is OverrideKind.TRIP:
        return ""
    return f"; held by {on.by}"
