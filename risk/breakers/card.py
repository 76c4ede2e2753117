"""The card of a trip: everything that people must know of it, put into words while it is known.

Cards are for people; agents are not told trip levels.
"""

import math
from collections.abc import Iterator
from datetime import timedelta

from risk.breakers.base import Breaker, Sight
from risk.breakers.hours import next_hours
from risk.breakers.types import breaker_of
from risk.breakers.words import market_in_words
from risk.domain.assessment import Assessment
from risk.domain.breakers import BreakerDefinition, BreakerState, Episode
from risk.domain.cards import Card, CardInput
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.portfolio.committed import enclosing

#: What no reset does, whatever the breaker.
RESET_DOES_NOT = (
    "Re-send refused orders",
    "Move any high or baseline of the book",
    "Lift any limit, or what people stopped",
)


def card_of(
    episode: Episode,
    definition: BreakerDefinition,
    snapshot: Snapshot,
    assessment: Assessment,
    state: RiskState,
) -> Card:
    """What was known when a breaker tripped. Pure.

    Parameters
    ----------
    episode : Episode
        That began with the snapshot.
    definition : BreakerDefinition
        Of its breaker.
    snapshot : Snapshot
    assessment : Assessment
        Of the snapshot.
    state : RiskState
        After the step.

    Returns
    -------
    Card
        Without NaN: what is not known is None.
    """
    breaker = breaker_of(definition)
    stands = state.breakers.states[episode.breaker]
    held = assessment.held.exposure if not snapshot.unvalued else None
    return Card(
        episode=episode.id,
        breaker=episode.breaker,
        title=breaker.title,
        rule=breaker.rule,
        unit=breaker.unit,
        value=episode.value,
        trip=episode.threshold,
        release=definition.release,
        numerator=_known(episode.numerator),
        denominator=_known(episode.denominator),
        sentence=episode.cause,
        inputs=tuple(_inputs(stands, episode.scope, snapshot, state)),
        blocked=_blocked(definition),
        works=_works(definition),
        reset_does=_reset_does(breaker, definition, episode),
        reset_does_not=RESET_DOES_NOT,
        reset_by=_reset_by(breaker, definition, stands, episode),
        steps_down_from=stands.until or snapshot.at,
        person_by=episode.tripped_at + timedelta(hours=definition.greatest_hours),
        market=market_in_words(_sight(snapshot, state)),
        equity=_known(assessment.equity),
        gross=_known(held.gross) if held else None,
        net=_known(held.net) if held else None,
        open_positions=len(_assets_held(episode.scope, snapshot, state)),
    )


# --- numbers -------------------------------------------------------------------------------


def _known(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _inputs(
    stands: BreakerState, scope: Scope, snapshot: Snapshot, state: RiskState
) -> Iterator[CardInput]:
    """What the measure says it is made of; else what is held in its scope, by which it is valued.

    Names that are of no asset have no mark whose trust could be told.
    """
    named = stands.reading.inputs if stands.reading is not None else ()
    assets = {*snapshot.watched, *snapshot.models.hour.assets, *snapshot.models.day.assets}
    for name in named or sorted(set(_assets_held(scope, snapshot, state))):
        if name in assets:
            mark = snapshot.mark(name)
            age = max(0.0, (snapshot.at - mark.at).total_seconds())
            yield CardInput(name, mark.trust, age)


def _assets_held(scope: Scope, snapshot: Snapshot, state: RiskState) -> list[str]:
    """The asset of each position in the scope."""
    return [
        key.asset
        for key, position in snapshot.ledger.positions.items()
        if position.quantity != 0.0 and scope in enclosing(key, state.portfolio, state.policy)
    ]


def _sight(snapshot: Snapshot, state: RiskState) -> Sight:
    """What the breakers looked at, as far as words need it."""
    hours = next_hours(state.breakers.closes, (), snapshot.watched, snapshot.models.hour)
    return Sight(
        snapshot=snapshot,
        performance=state.performance,
        courses=state.courses,
        hours=hours.closed,
        running=hours.running,
        latches=state.latches,
    )


# --- words ---------------------------------------------------------------------------------


def _blocked(definition: BreakerDefinition) -> tuple[str, ...]:
    if not definition.enabled:
        return ()
    if definition.state is TradingState.THROTTLED:
        return (f"New risk above {_percent(definition.size)} of its size",)
    if definition.state is TradingState.REDUCE_ONLY:
        return ("All new risk", "Turning a position round: only the part that closes it passes")
    return ("All new risk", "Reductions without an emergency key")


def _works(definition: BreakerDefinition) -> tuple[str, ...]:
    if not definition.enabled:
        return ("Everything: the breaker is off, and only records that it would have tripped",)
    asked = ("Closing all positions here, which this trip asks for",) if definition.flatten else ()
    if definition.state is TradingState.HALTED:
        return ("Proven reductions marked as an emergency, with a key for it", "Cancels", *asked)
    throttled = definition.state is TradingState.THROTTLED
    return (
        "Proven reductions at full size",
        "Stops, take-profits, cancels",
        *([f"New risk up to {_percent(definition.size)} of its size"] if throttled else []),
        *asked,
    )


def _reset_does(
    breaker: Breaker, definition: BreakerDefinition, episode: Episode
) -> tuple[str, ...]:
    if not definition.enabled:
        return ("Ends this record: nothing is shut",)
    throttled = definition.state is TradingState.THROTTLED
    sizes = ", ".join(_size(rung) for rung in definition.ramp)
    again = f"cuts it to {_percent(definition.size)} again" if throttled else "shuts it in full"
    level, begins = breaker.probation_trip, _begins(breaker)
    if episode.by_hand_alone:
        level, begins = 1.0, False
    return (
        f"Re-opens new risk at {sizes} % over {_hours(definition.probation_hours)}",
        f"A new trip meanwhile {again} and doubles the pause",
        *([f"Until then it trips at {_percent(level)} of its level"] if level != 1.0 else []),
        *(["What it measures begins anew; the book's own high stays"] if begins else []),
    )


def _begins(breaker: Breaker) -> bool:
    """Whether what it measures begins anew after a pause."""
    return type(breaker).rearmed is not Breaker.rearmed


def _reset_by(
    breaker: Breaker, definition: BreakerDefinition, stands: BreakerState, episode: Episode
) -> str:
    if not definition.enabled:
        return "Nobody needs to: it imposes nothing"
    since = f"from {stands.until:%Y-%m-%d %H:%M:%S} UTC" if stands.until else "from now on"
    person = f"a person with a reason, {since} and not sooner, into the same ramp"
    if breaker.needs_person:
        return f"Only {person}"
    timed = breaker.ends_by_time or episode.by_hand_alone
    alone = "by itself then" if timed else "by itself then, once it has eased"
    return f"{person[0].upper()}{person[1:]}; or {alone}"


def _percent(fraction: float) -> str:
    return f"{_size(fraction)} %"


def _size(fraction: float) -> str:
    return f"{100.0 * fraction:.0f}"


def _hours(hours: float) -> str:
    return f"{hours:g} h" if hours >= 1.0 else f"{60.0 * hours:.0f} min"
