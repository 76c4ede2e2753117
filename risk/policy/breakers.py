"""Breakers in a policy file: ``[[breakers]]`` entries to definitions, and what they default to.

What a sound breaker is stands in :mod:`risk.policy.breaker_rules`, what one does in
:mod:`risk.breakers`.
"""

from collections.abc import Iterator

from risk.breakers.types import BREAKER_TYPES, own_settings
from risk.domain.breakers import IMPOSABLE, BreakerDefinition
from risk.domain.limits import suffixed
from risk.domain.stops import LONGEST_HOURS
from risk.domain.trading import TradingState
from risk.errors import PolicyInvalid
from risk.policy.values import (
    Table,
    did_you_mean,
    has_own_name,
    number_in,
    parameters_in,
    refuse_unknown,
    scopes_in,
    text_in,
    truth_in,
    version_in,
    whole_in,
)

#: A breaker whose file says nothing else may be left at this share of its trip level.
RELEASE_SHARE = 0.7
#: A pause grows with how bad the trip is, to so many times the shortest; a day at the least.
GREATEST_TIMES = 4.0
GREATEST_LEAST_HOURS = 24.0
#: What one that throttles scales new risk by.
USUAL_SIZE = 0.5

#: What every entry may say, beside the settings of its kind.
OF_BREAKER = (
    "kind",
    "on",
    "name",
    "trip",
    "release",
    "state",
    "size",
    "flatten",
    "enabled",
    "confirm",
    "of",
    "least_hours",
    "greatest_hours",
    "probation_hours",
    "owner",
    "rationale",
    "version",
)
_STATES = {state.name.lower(): state for state in IMPOSABLE}


def breakers_of(table: Table, number: int, portfolio: str) -> Iterator[BreakerDefinition]:
    """One definition of each scope that an entry of a file names.

    Parameters
    ----------
    table : mapping
        The entry.
    number : int
        Its place in the file, from 1.
    portfolio : str

    Raises
    ------
    PolicyInvalid
        If a key is not known or a value of a wrong type.
    """
    entry = f"breaker {number}"
    kind = text_in(table, "kind", entry)
    if kind not in BREAKER_TYPES:
        raise PolicyInvalid(entry, f"is of kind {kind}; {did_you_mean(kind, BREAKER_TYPES)}")
    settings = own_settings(BREAKER_TYPES[kind])
    entry = f"breaker {number} ({kind})"
    refuse_unknown(entry, table, [*OF_BREAKER, *settings])
    scopes = scopes_in(table, entry, portfolio)
    stem = text_in(table, "name", entry, default=kind)
    trip = number_in(table, "trip", entry)
    confirm = whole_in(table, "confirm", entry, least=1, default=1)
    least = number_in(table, "least_hours", entry, default=1.0)
    for scope in scopes:
        yield BreakerDefinition(
            name=stem if has_own_name(table) else suffixed(stem, scope),
            kind=kind,
            scope=scope,
            trip=trip,
            release=number_in(table, "release", entry, default=release_of(trip)),
            state=_state(table, entry),
            size=number_in(table, "size", entry, default=USUAL_SIZE),
            flatten=truth_in(table, "flatten", entry),
            enabled=truth_in(table, "enabled", entry, default=True),
            confirm=confirm,
            of=whole_in(table, "of", entry, least=1, default=confirm),
            least_hours=least,
            greatest_hours=number_in(table, "greatest_hours", entry, default=greatest_of(least)),
            probation_hours=number_in(table, "probation_hours", entry, default=least),
            parameters=parameters_in(table, settings),
            owner=text_in(table, "owner", entry, default=""),
            rationale=text_in(table, "rationale", entry, default=""),
            version=version_in(table, entry, default=1),
        )


def release_of(trip: float) -> float:
    """Where a breaker may be left if nobody says, without the dust of binary fractions."""
    return float(f"{RELEASE_SHARE * trip:.12g}")


def greatest_of(least_hours: float) -> float:
    """The longest pause if nobody says."""
    longest = max(GREATEST_LEAST_HOURS, GREATEST_TIMES * least_hours)
    return max(least_hours, min(longest, LONGEST_HOURS))


def _state(table: Table, entry: str) -> TradingState:
    word = text_in(table, "state", entry, default=TradingState.REDUCE_ONLY.name.lower())
    if word not in _STATES:
        raise PolicyInvalid(
            entry, f"has state {word!r}, which no breaker imposes; {did_you_mean(word, _STATES)}"
        )
    return _STATES[word]
