"""What a breaker will do once an override of it is over, as things stand. Pure.

The state machine itself is asked (:func:`risk.breakers.lifecycle.heard`), with the newest reading
at each moment at which something falls due: no second opinion of what it does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.breakers.imposing import passes_by_rule
from risk.breakers.lifecycle import heard
from risk.breakers.types import breaker_of
from risk.domain.actions import OverrideBreaker
from risk.domain.breakers import BreakerDefinition, BreakerState, Phase
from risk.domain.overrides import OverrideKind, OverrideWish
from risk.domain.trading import TradingState

_TICK = timedelta(seconds=1)
_SOMEBODY = "somebody"


class Over(NamedTuple):
    """An override that is over.

    Attributes
    ----------
    at : datetime
        When, as things stand: at its expiry, or sooner. UTC.
    state : BreakerState
        How its breaker stands then.
    """

    at: datetime
    state: BreakerState


def once_over(definition: BreakerDefinition, state: BreakerState, at: datetime) -> Over | None:
    """How a breaker stands once its override is over, were the market to stand still.

    Parameters
    ----------
    definition : BreakerDefinition
    state : BreakerState
    at : datetime
        The market's time. UTC.

    Returns
    -------
    Over or None
        None if it is not overridden.
    """
    on = state.override
    if on is None:
        return None
    # With the next step, and then whenever something falls due.
    after, moment = at, at + _TICK
    while True:
        state = _stepped(definition, state, after, moment)
        if state.override is None:
            return Over(moment, state)
        after, dues = moment, (state.until, on.expires)
        moment = min(each for each in dues if each is not None and each > after)


def once_wished(
    definition: BreakerDefinition, state: BreakerState, wish: OverrideWish, at: datetime
) -> Over | None:
    """The same of an override that somebody only asks for; of END, with the next step.

    Parameters
    ----------
    definition : BreakerDefinition
    state : BreakerState
    wish : OverrideWish
        Of this breaker.
    at : datetime
        The market's time. UTC.

    Returns
    -------
    Over or None
        None if it would be refused.
    """
    asked = OverrideBreaker(
        seq=0,
        at=at,
        # A trip by nobody would count as one of its rule.
        who=_SOMEBODY,
        breaker=wish.breaker,
        kind=wish.kind,
        reason=wish.reason,
        expires=wish.expires,
        seen_episode=wish.seen_episode,
        seen_action=wish.seen_action,
        size=wish.size,
        seen_retrips=wish.seen_retrips,
        seen_value=wish.seen_value,
        ends=wish.ends,
    )
    after = heard(state, breaker_of(definition), definition, (asked,), at=at, cycle="")
    if after.refusals:
        return None
    if wish.kind is OverrideKind.END:
        return Over(at + _TICK, _stepped(definition, after.state, at, at + _TICK))
    return once_over(definition, after.state, at) or Over(at, after.state)


def _stepped(
    definition: BreakerDefinition, state: BreakerState, after: datetime, at: datetime
) -> BreakerState:
    """After as many steps up to `at` as confirm a trip, each with the newest reading."""
    breaker = breaker_of(definition)
    moments = (at - ahead * _TICK for ahead in reversed(range(definition.of)))
    for moment in moments:
        if moment > after:
            state = heard(state, breaker, definition, (), at=moment, cycle="").state
    return state


def then_in_words(
    definition: BreakerDefinition, over: Over, when: Callable[[datetime], str]
) -> str:
    """What a breaker does once its override is over, after *it*: *re-opens at 25 % of size*.

    Parameters
    ----------
    definition : BreakerDefinition
    over : Over
    when : callable
        Writes a moment.
    """
    size = f"{100.0 * passes_by_rule(definition, over.state):.0f} % of size"
    match over.state.phase:
        case Phase.ARMED:
            return "is armed and holds nothing"
        case Phase.PROBATION:
            return f"re-opens at {size}"
        case Phase.TRIPPED:
            shut = definition.state.word
            if definition.state is TradingState.THROTTLED:
                shut = f"{shut}, {size},"
            return f"is {shut} by its rule {_how_long(definition, over, when)}"


def _how_long(definition: BreakerDefinition, over: Over, when: Callable[[datetime], str]) -> str:
    until = over.state.until
    if breaker_of(definition).needs_person:
        return "until a person lets it go"
    if until is not None and until > over.at:
        return f"until {when(until)} at the earliest"
    return "until it has eased"
