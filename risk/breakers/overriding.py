"""Overrides: what a person may ask of a breaker, and what one that is on makes of it. Pure.

An override is a mask over what its breaker imposes, or keeps it where it is; its rule goes on
beneath. How it begins and ends in a step is in :mod:`risk.breakers.lifecycle`.
"""

import math
from datetime import datetime, timedelta

from risk.breakers.imposing import passes_by_rule
from risk.breakers.words import what_works
from risk.domain.actions import OverrideBreaker
from risk.domain.breakers import BreakerDefinition, BreakerState, Phase
from risk.domain.overrides import (
    HOLDING,
    LONGEST,
    LOOSENING,
    Override,
    OverrideKind,
    OverrideWish,
)

#: A breaker that a person let go above its level trips again at so much worse than then.
PARDON = 1.1
#: A step down ends after so many steps in a row without a reading. One or two are missing where a
#: feed is late; after three nobody knows any more what new risk is let into.
BLIND_STEPS = 3

# --- whether it may be ---------------------------------------------------------------------


def why_not_overridden(
    definition: BreakerDefinition, state: BreakerState, wish: OverrideWish, at: datetime
) -> str | None:
    """Why a breaker cannot be overridden so, one sentence; None if it can.

    Parameters
    ----------
    definition : BreakerDefinition
        As the policy has it.
    state : BreakerState
    wish : OverrideWish
        Of this breaker.
    at : datetime
        The market's time. UTC.
    """
    quicker = who_was_quicker(definition.name, state.override, wish)
    if quicker is not None:
        return quicker
    name = definition.name
    if wish.seen_action and state.override is None:
        return f"the override of {name} that was seen, number {wish.seen_action}, is over already"
    if wish.kind is OverrideKind.END:
        return _why_not_ended(name, state.override, wish)
    if not definition.enabled:
        return f"{name} is switched off in the policy: it stops nothing that could be overridden"
    return (
        _why_not_then(wish, at)
        or _why_not_seen(name, state, wish)
        or tripped_since(name, state, wish)
        or _why_not_shorter(name, state.override, wish)
        or _why_not_so(definition, state, wish)
    )


def who_was_quicker(name: str, on: Override | None, wish: OverrideWish) -> str | None:
    """Who overrode the breaker since somebody looked, one sentence; None if nobody did.

    Parameters
    ----------
    name : str
        The breaker's.
    on : Override or None
        The one that is on.
    wish : OverrideWish
    """
    if on is None or on.action == wish.seen_action:
        return None
    return (
        f"{on.by} was quicker: since {on.since:%Y-%m-%d %H:%M:%S} UTC {name} is {in_words(on)} "
        f"(number {on.action}); look at that first"
    )


def tripped_since(name: str, state: BreakerState, wish: OverrideWish) -> str | None:
    """That a breaker tripped again since somebody looked who is to loosen it, one sentence.

    Parameters
    ----------
    name : str
        The breaker's.
    state : BreakerState
    wish : OverrideWish

    Returns
    -------
    str or None
        None if it did not, or if nobody said what was seen; what tightens may come at any time.
    """
    episode, seen = state.episode, wish.seen_retrips
    if wish.kind not in LOOSENING or seen is None or episode is None:
        return None
    # Another episode is told as that.
    if episode.id != wish.seen_episode or episode.retrips == seen:
        return None
    times = "once" if episode.retrips == 1 else f"{episode.retrips} times"
    return (
        f"the market was quicker: {name} has tripped again since it was looked at, {times} in this "
        "episode; look at that first"
    )


def _why_not_ended(name: str, on: Override | None, wish: OverrideWish) -> str | None:
    if on is None:
        return f"{name} is not overridden: there is nothing to end"
    if wish.ends is not None and wish.ends is not on.kind:
        return f"{name} is {in_words(on)} (number {on.action}): look at that first"
    return None


def _why_not_then(wish: OverrideWish, at: datetime) -> str | None:
    if wish.expires is None or wish.expires.utcoffset() is None:
        return "an override needs an expiry, UTC"
    if wish.expires <= at:
        return f"the expiry must lie ahead, and it is {_when(at)} already"
    longest = LONGEST[wish.kind]
    if wish.expires - at > longest:
        hours = longest / timedelta(hours=1)
        return f"it may last for {hours:g} h at the most, now until {_when(at + longest)}"
    return None


def _why_not_seen(name: str, state: BreakerState, wish: OverrideWish) -> str | None:
    on = "" if state.episode is None else state.episode.id
    if on == wish.seen_episode:
        return None
    if not on:
        return f"{name} is armed again: the episode that was seen, {wish.seen_episode}, is over"
    return f"{name} has tripped since: its episode is {on}; look at that one"


def _why_not_shorter(name: str, on: Override | None, wish: OverrideWish) -> str | None:
    """What holds takes the place of what holds only if it holds for longer, else it loosens."""
    if on is None or not on.holds or wish.kind not in HOLDING:
        return None
    if wish.expires is not None and wish.expires >= on.expires:
        return None
    return f"{name} is {in_words(on)} already: whoever wants it sooner ends that"


def _why_not_so(
    definition: BreakerDefinition, state: BreakerState, wish: OverrideWish
) -> str | None:
    name = definition.name
    match wish.kind:
        case OverrideKind.TRIP:
            masked = state.override is not None and state.override.loosens
            if state.phase is Phase.TRIPPED and not masked:
                return f"{name} is tripped already: extend its pause, or hold it"
        case OverrideKind.HOLD:
            if state.phase is Phase.ARMED:
                return f"{name} is armed: there is nothing to hold; trip it by hand"
            return _why_not_longer(name, state, wish)
        case OverrideKind.EXTEND:
            if state.phase is Phase.ARMED:
                return f"{name} is armed: there is no pause to extend; trip it by hand"
            if state.phase is Phase.PROBATION:
                return f"{name} re-opens already: hold it on its step, or trip it by hand"
            return _why_not_longer(name, state, wish)
        case OverrideKind.STEP_DOWN:
            return _why_not_stepped_down(definition, state, wish.size) or _why_worse(
                definition, state, wish
            )
    return None


def _why_not_longer(name: str, state: BreakerState, wish: OverrideWish) -> str | None:
    until = until_by_rule(state)
    if until is None or wish.expires is None or wish.expires > until:
        return None
    return f"{name} does not step on before {_when(until)} by its own rule: ask for longer"


def _why_not_stepped_down(
    definition: BreakerDefinition, state: BreakerState, size: float
) -> str | None:
    name = definition.name
    if state.phase is Phase.ARMED:
        return f"{name} is armed: new risk passes at whole size"
    if not (math.isfinite(size) and 0.0 < size <= 1.0):
        return f"new risk is scaled by a size above 0 and up to 1, not by {size}"
    now = passes_by_rule(definition, state)
    if now >= 1.0:
        return f"{name} lets new risk pass at whole size already: it only watches for a new trip"
    if size < now:
        return (
            f"{name} lets new risk pass at {_percent(now)} of size by its rule: "
            f"{_percent(size)} would be tighter"
        )
    return None


def _why_worse(
    definition: BreakerDefinition, state: BreakerState, wish: OverrideWish
) -> str | None:
    reading = state.reading
    if reading is None or reading.value <= bearable(definition.trip, _measured(state, wish)):
        return None
    seen = wish.seen_value
    then = "could not be measured" if seen is None else f"measured {seen:.3g}"
    return (
        f"{definition.name} has got worse since it was looked at: it {then}, and now "
        f"{reading.value:.3g}; look at that first"
    )


def bearable(trip: float, then: float | None) -> float:
    """Up to what a breaker may get worse while new risk passes by a person's word.

    Parameters
    ----------
    trip : float
        Its trip level.
    then : float or None
        What it measured when that person looked; None where it could not.
    """
    return trip if then is None or then <= trip else PARDON * then


def _measured(state: BreakerState, wish: OverrideWish) -> float | None:
    """What counts as seen: the least of what was, so that what got worse meanwhile ends it."""
    now = None if state.reading is None else state.reading.value
    if wish.seen_retrips is None:
        return now
    if now is None or wish.seen_value is None:
        return wish.seen_value
    return min(now, wish.seen_value)


# --- what one that is on makes of a state --------------------------------------------------


def begun(state: BreakerState, asked: OverrideBreaker, at: datetime) -> BreakerState:
    """With an override that nothing speaks against on; there was none.

    Parameters
    ----------
    state : BreakerState
    asked : OverrideBreaker
    at : datetime
        The market's time. UTC.
    """
    assert asked.expires is not None, "only the end of one needs no expiry"
    stepped = asked.kind is OverrideKind.STEP_DOWN
    on = Override(
        kind=asked.kind,
        by=asked.who,
        reason=asked.reason,
        since=at,
        expires=asked.expires,
        action=asked.seq,
        size=asked.size if stepped else 1.0,
        episode=state.episode.id if stepped and state.episode is not None else "",
        measured=_measured(state, asked.wish) if stepped else None,
        read=asked.read,
    )
    return with_until(state._replace(override=on), state.until)


def lifted(state: BreakerState) -> BreakerState:
    """Without its override: it may step on when its rule says so."""
    return state._replace(until=until_by_rule(state), override=None)


def until_by_rule(state: BreakerState) -> datetime | None:
    """When a breaker's rule alone would let it step on."""
    on = state.override
    return on.until if on is not None and on.holds else state.until


def lasts_beyond(state: BreakerState, kind: OverrideKind) -> datetime | None:
    """Beyond what an override of that kind must last, for it would change nothing; None of most.

    Parameters
    ----------
    state : BreakerState
        Of its breaker.
    kind : OverrideKind
    """
    on, by_rule = state.override, until_by_rule(state)
    held = on.expires if on is not None and on.holds and kind in HOLDING else None
    rule = by_rule if kind in (OverrideKind.HOLD, OverrideKind.EXTEND) else None
    return max((each for each in (held, rule) if each is not None), default=None)


def with_until(state: BreakerState, until: datetime | None) -> BreakerState:
    """With when its rule lets it step on; what holds it puts that off."""
    on = state.override
    if on is None or not on.holds or until is None:
        return state._replace(until=until)
    return state._replace(until=max(until, on.expires), override=on._replace(until=until))


def with_missed(state: BreakerState, at: datetime) -> BreakerState:
    """With whether it could be measured noted of what steps it down; a moment counts once.

    Parameters
    ----------
    state : BreakerState
    at : datetime
        The market's time of the step. UTC.
    """
    on = state.override
    if on is None or on.kind is not OverrideKind.STEP_DOWN:
        return state
    missed = on.missed if state.reading is None else ()
    if state.reading is None and at > max((on.since, *missed)):
        missed = (*missed, at)[-BLIND_STEPS:]
    return state if missed == on.missed else state._replace(override=on._replace(missed=missed))


def is_disabled(state: BreakerState) -> bool:
    """Whether a person lets it only record what it would do."""
    return state.override is not None and state.override.kind is OverrideKind.DISABLE


# --- words ---------------------------------------------------------------------------------


def effect_of(definition: BreakerDefinition, wish: OverrideWish) -> str:
    """What an override will do, in sentences: for whoever is about to confirm it.

    Parameters
    ----------
    definition : BreakerDefinition
    wish : OverrideWish
        One that nothing speaks against.
    """
    name, scope = definition.name, definition.scope.label
    if wish.kind is OverrideKind.END or wish.expires is None:
        return f"What the rule of {name} says holds again in {scope} at once."
    until = _when(wish.expires)
    match wish.kind:
        case OverrideKind.TRIP:
            flat = ", and all its positions are asked to be closed" if definition.flatten else ""
            return (
                f"{scope} is {definition.state.word} at once{flat}, until {until} at the least. "
                f"{what_works(definition.state, definition.size)}"
            )
        case OverrideKind.HOLD:
            return (
                f"{name} stays where it is until {until}, whatever it measures; where it re-opens, "
                "a new trip still shuts it."
            )
        case OverrideKind.EXTEND:
            return f"The pause of {name} lasts until {until} at the least."
        case OverrideKind.STEP_DOWN:
            return (
                f"New risk in {scope} passes at {_percent(wish.size)} of size at once, until "
                f"{until}; then its rule holds again. It ends sooner if {name} trips again, gets "
                "worse than now, or lets go."
            )
        case OverrideKind.DISABLE:
            return (
                f"{name} stops nothing from now on until {until}, and only records what it would "
                "have done; then it imposes at once what its rule says."
            )


def in_words(on: Override) -> str:
    """What a breaker is while an override is on: *held until 2024-06-01 15:00 UTC*."""
    return f"{_is(on)} until {_when(on.expires)}"


def _is(on: Override) -> str:
    match on.kind:
        case OverrideKind.STEP_DOWN:
            return f"stepped down to {_percent(on.size)} of size"
        case OverrideKind.DISABLE:
            return "disabled"
        case OverrideKind.EXTEND:
            return "paused"
        case OverrideKind.HOLD:
            return "held"
        case _:
            return "tripped by hand"


def _percent(size: float) -> str:
    return f"{100.0 * size:.0f} %"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
