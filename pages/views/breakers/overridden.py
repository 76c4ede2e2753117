"""An override that is on, in words: what, by whom, why, and when it is over by itself. Pure."""

from datetime import datetime

from pages.components.states import STATE_LOOKS
from pages.format import Zone
from pages.views.breakers.wording import ahead, minute, moment_words, share
from risk.breakers.foreseeing import Over, once_over, then_in_words
from risk.breakers.imposing import passes_by_rule
from risk.domain.breakers import BreakerDefinition, BreakerState, Phase
from risk.domain.overrides import Override, OverrideKind
from risk.domain.trading import TradingState


def does_words(on: Override) -> str:
    """What a breaker is while it is on: ``stepped down to 75 % of size``, ``switched off``."""
    return did_words(on.kind, on.size)


def did_words(kind: OverrideKind, size: float) -> str:
    """The same of one that need not be on any more."""
    return {
        OverrideKind.STEP_DOWN: f"stepped down to {share(size)} of size",
        OverrideKind.DISABLE: "switched off",
        OverrideKind.HOLD: "held where it is",
        OverrideKind.EXTEND: "kept shut for longer",
        OverrideKind.TRIP: "tripped by hand",
        OverrideKind.END: "ended",
    }[kind]


def short_words(on: Override, zone: Zone, now: datetime) -> str:
    """For a list: ``switched off by ana until 17:30``."""
    return f"{does_words(on)} by {on.by} until {minute(zone, on.expires, now)}"


def returns_words(on: Override, zone: Zone, now: datetime) -> str:
    """When its rule counts again: ``returns by itself at 17:30:00 UTC, in 1 h 48``."""
    at = moment_words(zone, on.expires, now)
    return f"returns by itself at {at}, {ahead(on.expires, now)}"


def to_words(
    definition: BreakerDefinition, stands: BreakerState | None, zone: Zone, now: datetime
) -> str:
    """What comes of its scope by then: ``; as things stand it then re-opens at 25 % of size``."""
    over = None if stands is None else once_over(definition, stands, now)
    if stands is None or stands.override is None or over is None:
        return ""
    then = then_words(definition, over, zone, now)
    if over.at < stands.override.expires:
        return f"; as things stand sooner, at {minute(zone, over.at, now)}, and then it {then}"
    return f"; as things stand it then {then}"


def then_words(definition: BreakerDefinition, over: Over, zone: Zone, now: datetime) -> str:
    """What it does once its override is over, after *it*: ``re-opens at 25 % of size``."""
    return then_in_words(definition, over, lambda moment: minute(zone, moment, now))


def rule_words(definition: BreakerDefinition, stands: BreakerState | None) -> str:
    """What its rule alone makes of its scope: ``REDUCE ONLY``, ``25 % of size``; or nothing."""
    if stands is None or stands.episode is None or not stands.episode.imposed:
        return ""
    size = f"{share(passes_by_rule(definition, stands))} of size"
    if stands.phase is Phase.PROBATION:
        return size
    word = STATE_LOOKS[definition.state].word
    return f"{word}, {size}" if definition.state is TradingState.THROTTLED else word
