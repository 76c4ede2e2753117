"""An override that is on, in words: what, by whom, why, and when it is over by itself. Pure."""

from datetime import datetime

from pages.format import Zone
from pages.views.breakers.wording import ahead, minute, moment_words, share
from risk.domain.overrides import Override, OverrideKind


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
