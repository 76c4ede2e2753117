"""What a policy's breakers must be like; the first thing that is wrong is told."""

from collections.abc import Sequence

from risk.breakers.types import BREAKER_TYPES, breaker_of, own_settings
from risk.domain.breakers import IMPOSABLE, BreakerDefinition
from risk.domain.policy import Policy
from risk.domain.stops import LONGEST_HOURS
from risk.domain.trading import TradingState
from risk.errors import PolicyInvalid
from risk.policy.checks import (
    LARGEST_THRESHOLD,
    SMALLEST,
    refuse_not_above_zero,
    refuse_odd_text,
    refuse_outside,
    refuse_settings,
    refuse_twice,
    refuse_unknown_scope,
)

#: The most readings among which a trip may be confirmed.
MOST_READINGS = 20
#: Letters of a name: it is the subject of a message, and typed to let the breaker go.
LONGEST_NAME = 100
#: Breakers of one policy: a cycle that first meets them leads each through weeks of hours, and must
#: give a sign of life meanwhile.
MOST_BREAKERS = 150
#: A pause of less is no pause: it would end with the next cycle, and tell of it each time.
SHORTEST_PAUSE_HOURS = 1.0 / 60.0
#: Ten years, by the word with which a setting's name ends.
_LONGEST = {
    "seconds": 3600.0 * LONGEST_HOURS,
    "minutes": 60.0 * LONGEST_HOURS,
    "hours": LONGEST_HOURS,
    "days": LONGEST_HOURS / 24.0,
}


def refuse_unsound_breakers(policy: Policy, portfolio: str) -> None:
    """Refuse breakers that contradict themselves or name what there is not.

    Parameters
    ----------
    policy : Policy
    portfolio : str
        Whose policy it is to be.

    Raises
    ------
    PolicyInvalid
        Naming the breaker, and what is wrong with it.
    """
    if len(policy.breakers) > MOST_BREAKERS:
        raise PolicyInvalid(
            "the policy", f"has {len(policy.breakers)} breakers; {MOST_BREAKERS} at the most"
        )
    for breaker in policy.breakers:
        _refuse_breaker(breaker, policy, portfolio)
    refuse_twice([breaker.name for breaker in policy.breakers], "is the name of two breakers")


def _refuse_breaker(breaker: BreakerDefinition, policy: Policy, portfolio: str) -> None:
    refuse_odd_text("a breaker", "name", breaker.name)
    _refuse_long_name(breaker.name)
    for what in ("owner", "rationale"):
        refuse_odd_text(breaker.name, what, getattr(breaker, what), may_be_empty=True)
    kind = BREAKER_TYPES.get(breaker.kind)
    if kind is not None:
        refuse_settings(breaker.name, breaker.parameters, kind, own_settings(kind), _refuse_number)
    refuse_outside(breaker.name, "trip", breaker.trip, most=LARGEST_THRESHOLD)
    breaker_of(breaker)
    refuse_not_above_zero(breaker.name, "trip", breaker.trip)
    _refuse_imposing(breaker)
    _refuse_confirming(breaker)
    _refuse_hours(breaker)
    refuse_unknown_scope(breaker.name, breaker.scope, policy, portfolio)


def _refuse_long_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise PolicyInvalid(
            f"{name[:LONGEST_NAME]}…", f"has a name of more than {LONGEST_NAME} letters"
        )


def _refuse_number(entry: str, name: str, value: float) -> None:
    """Whether it may be below zero the kind knows; here only what no clock and no float bears."""
    unit = name.rpartition("_")[2]
    if unit in _LONGEST:
        refuse_outside(entry, name, value, most=_LONGEST[unit])
    else:
        refuse_outside(entry, name, value, least=-LARGEST_THRESHOLD, most=LARGEST_THRESHOLD)


def _refuse_imposing(breaker: BreakerDefinition) -> None:
    if breaker.state not in IMPOSABLE:
        words = _or([state.name.lower() for state in IMPOSABLE])
        raise PolicyInvalid(
            breaker.name, f"imposes {breaker.state.name.lower()}, and may impose {words}"
        )
    if breaker.flatten and breaker.state is TradingState.THROTTLED:
        raise PolicyInvalid(
            breaker.name,
            "closes all positions and lets new ones be opened: flatten needs reduce_only or halted",
        )
    if not SMALLEST <= breaker.size < 1.0:
        raise PolicyInvalid(
            breaker.name, f"has size {breaker.size:g}, which must be above 0 and below 1"
        )


def _refuse_confirming(breaker: BreakerDefinition) -> None:
    if not 1 <= breaker.of <= MOST_READINGS:
        raise PolicyInvalid(
            breaker.name, f"has of {breaker.of}, which must be between 1 and {MOST_READINGS}"
        )
    if not 1 <= breaker.confirm <= breaker.of:
        raise PolicyInvalid(
            breaker.name,
            f"has confirm {breaker.confirm}, which must be between 1 and {breaker.of}, its of",
        )


def _refuse_hours(breaker: BreakerDefinition) -> None:
    for name in ("least_hours", "greatest_hours", "probation_hours"):
        refuse_not_above_zero(breaker.name, name, getattr(breaker, name), most=LONGEST_HOURS)
    refuse_outside(breaker.name, "least_hours", breaker.least_hours, least=SHORTEST_PAUSE_HOURS)
    if breaker.least_hours > breaker.greatest_hours:
        raise PolicyInvalid(
            breaker.name,
            f"has least_hours {breaker.least_hours:g}, which must be at most greatest_hours "
            f"{breaker.greatest_hours:g}",
        )


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
