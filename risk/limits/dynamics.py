"""Thresholds that follow performance and regime, and temporary ones, which take precedence.

A dynamic limit stands at its base times a factor,

    performance factor x regime factor, never below the floor, never above the cap,

in whole steps. It falls at once, and rises a step at a time, as fast as the policy's
``loosen_per_day`` and no faster. What has been earned of the next step is reckoned from the
clock, so that it does not matter how often anybody asks.
"""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.domain.limits import AS_DEFINED, LimitDefinition, LimitState, TemporaryLimit, Thresholds
from risk.domain.policy import Dynamics, Policy, RegimePack
from risk.domain.scopes import ScopeKind

#: The pack of limits that belong to no strategy type, and of types without one of their own.
GENERAL_PACK = ScopeKind.PORTFOLIO.value

_DAY_SECONDS = 86_400.0
# What floats leave over must not cost a step.
_DUST = 1e-9


class Conditions(NamedTuple):
    """What moves dynamic limits.

    Attributes
    ----------
    drawdown : float
        Fall from the high of the last 90 days, a fraction, 0 to 1.
    regime : str or None
        One of ``REGIMES``; None while none is known.
    """

    drawdown: float
    regime: str | None


def thresholds_of(
    definition: LimitDefinition,
    policy: Policy,
    before: LimitState | None,
    conditions: Conditions,
    at: datetime,
) -> Thresholds:
    """A limit's thresholds at `at`. Pure.

    A temporary limit in force replaces hard and soft; of several the one with the lower hard
    threshold rules whole, with equal ones the one with the lower soft. Behind it the factor goes
    on, so that at its end the thresholds are what they would have been without it.

    Parameters
    ----------
    definition : LimitDefinition
    policy : Policy
        A sound one: steps, floor and cap are above zero.
    before : LimitState or None
        How the limit stood before; None for a new one, whose factor need not be earned.
    conditions : Conditions
    at : datetime
        UTC, not earlier than the last time.

    Returns
    -------
    Thresholds
        Its cause is a plain sentence.
    """
    thresholds = _dynamic(definition, policy, before, conditions, at)
    in_force = [t for t in policy.temporary if t.limit == definition.name and t.in_force(at)]
    if not in_force:
        return thresholds
    rules = min(in_force, key=lambda temporary: (temporary.hard, temporary.soft))
    return thresholds._replace(hard=rules.hard, soft=rules.soft, cause=_until(rules))


def _until(temporary: TemporaryLimit) -> str:
    until = f"temporary until {temporary.expires:%Y-%m-%d %H:%M} UTC"
    return f"{until}, set by {temporary.by}: {temporary.reason}"


def _dynamic(
    definition: LimitDefinition,
    policy: Policy,
    before: LimitState | None,
    conditions: Conditions,
    at: datetime,
) -> Thresholds:
    if not definition.dynamic:
        return Thresholds(definition.hard, definition.soft, 1.0, AS_DEFINED)
    dynamics = policy.dynamics
    pack = pack_of(definition, policy)
    wanted = _in_bounds(_unbounded(dynamics, pack, conditions), dynamics)
    factor, rising_since = _followed(wanted, before, dynamics, at)
    return Thresholds(
        hard=definition.hard * factor,
        soft=definition.soft * factor,
        factor=factor,
        cause=_cause(dynamics, pack, conditions, wanted, factor),
        rising_since=rising_since,
    )


def pack_of(definition: LimitDefinition, policy: Policy) -> RegimePack:
    """The regime pack that a limit follows: its strategy type's, else that of the portfolio.

    Parameters
    ----------
    definition : LimitDefinition
        A strategy's limit follows the pack of the strategy's type.
    policy : Policy
        Where it has neither pack, regimes do not matter.
    """
    scope, packs = definition.scope, policy.dynamics.packs
    kind = GENERAL_PACK
    if scope.kind is ScopeKind.STRATEGY_TYPE:
        kind = scope.name
    elif scope.kind is ScopeKind.STRATEGY:
        kind = policy.strategies.get(scope.name, GENERAL_PACK)
    return packs.get(kind) or packs.get(GENERAL_PACK) or RegimePack()


def own_levels(
    definition: LimitDefinition, stands: LimitState | None
) -> tuple[float, float] | None:
    """Hard and soft thresholds of a limit now where nothing is lent to it; None if unknown.

    Parameters
    ----------
    definition : LimitDefinition
    stands : LimitState or None
        How it stands; None where nobody knows.

    Examples
    --------
    >>> from risk.domain.scopes import Scope, ScopeKind
    >>> book = Scope(ScopeKind.PORTFOLIO, "demo")
    >>> gross = LimitDefinition(name="g", kind="gross_exposure", scope=book, hard=0.9, soft=0.81)
    >>> own_levels(gross, None)
    (0.9, 0.81)
    """
    if not definition.dynamic:
        return definition.hard, definition.soft
    if stands is None:
        return None
    factor = stands.thresholds.factor
    return _tidy(definition.hard * factor), _tidy(definition.soft * factor)


def greatest_factor(definition: LimitDefinition, policy: Policy) -> float:
    """The most that performance and regime can ever make of a dynamic limit's base.

    Performance alone never raises a limit, so that it is the pack's greatest number within bounds.

    Parameters
    ----------
    definition : LimitDefinition
    policy : Policy
    """
    pack = pack_of(definition, policy)
    return _in_bounds(max(pack.calm, pack.normal, pack.stressed), policy.dynamics)


def greatest_factor_until(
    until: datetime, definition: LimitDefinition, policy: Policy, stands: LimitState
) -> float:
    """The same until a time, from how the limit stands: the factor rises by what is earned only.

    Parameters
    ----------
    until : datetime
        UTC.
    definition : LimitDefinition
    policy : Policy
    stands : LimitState
        Of the last cycle.
    """
    dynamics = policy.dynamics
    present = _within(stands.thresholds.factor, dynamics)
    since = stands.thresholds.rising_since or stands.at
    earned = max(0, math.floor((until - since).total_seconds() / _seconds_each(dynamics) + _DUST))
    return min(greatest_factor(definition, policy), _tidy(present + earned * dynamics.step))


def performance_factor(dynamics: Dynamics, drawdown: float) -> float:
    """What a drawdown leaves of a limit: 1 up to where it begins, then down a straight line.

    Parameters
    ----------
    dynamics : Dynamics
    drawdown : float
        Fraction, 0 to 1.

    Examples
    --------
    >>> [round(performance_factor(Dynamics(), fall), 2) for fall in (0.03, 0.125, 0.30)]
    [1.0, 0.7, 0.4]
    """
    span = dynamics.drawdown_to - dynamics.drawdown_from
    way = min(1.0, max(0.0, (drawdown - dynamics.drawdown_from) / span))
    return 1.0 - way * (1.0 - dynamics.performance_least)


def _unbounded(dynamics: Dynamics, pack: RegimePack, conditions: Conditions) -> float:
    return performance_factor(dynamics, conditions.drawdown) * pack.factor(conditions.regime)


def _in_bounds(factor: float, dynamics: Dynamics) -> float:
    """`factor` in whole steps from 1, rounded to the strict side, between floor and cap."""
    steps = math.floor((factor - 1.0) / dynamics.step + _DUST)
    return _within(_tidy(1.0 + steps * dynamics.step), dynamics)


def _within(factor: float, dynamics: Dynamics) -> float:
    return min(dynamics.cap, max(dynamics.floor, factor))


def _seconds_each(dynamics: Dynamics) -> float:
    """How long one step of a rise takes to be earned."""
    return dynamics.step / dynamics.loosen_per_day * _DAY_SECONDS


def _followed(
    wanted: float, before: LimitState | None, dynamics: Dynamics, at: datetime
) -> tuple[float, datetime | None]:
    """The factor after `at`, and from when the next step of its rise is reckoned."""
    if before is None:
        return wanted, None
    # Bounds that a new policy moved hold at once.
    present = _within(before.thresholds.factor, dynamics)
    if wanted <= present:
        return wanted, None
    since = before.thresholds.rising_since
    if since is None:
        return present, at  # what nobody saw is not earned
    each = _seconds_each(dynamics)
    # More than is wanted need not be counted: a rate may be beyond what any clock can tell.
    most = (wanted - present) / dynamics.step + 1.0
    earned = max(0, math.floor(min(most, (at - since).total_seconds() / each) + _DUST))
    risen = _tidy(present + earned * dynamics.step)
    if risen >= wanted:
        return wanted, None
    return risen, since + timedelta(seconds=earned * each)


def _tidy(factor: float) -> float:
    return round(factor, 10)


def _cause(
    dynamics: Dynamics, pack: RegimePack, conditions: Conditions, wanted: float, factor: float
) -> str:
    return (
        "; ".join(
            [
                *_of_performance(dynamics, conditions.drawdown),
                *_of_regime(pack, conditions.regime),
                *_of_bounds(dynamics, _unbounded(dynamics, pack, conditions)),
                *_of_the_way_up(dynamics, wanted, factor),
            ]
        )
        or "as defined: performance and regime leave it as it is"
    )


def _of_performance(dynamics: Dynamics, drawdown: float) -> list[str]:
    factor = performance_factor(dynamics, drawdown)
    if factor == 1.0:
        return []
    under = f"book is {100.0 * drawdown:.0f} % under its 90-day high"
    return [f"performance factor {factor:.2f}: {under}"]


def _of_regime(pack: RegimePack, regime: str | None) -> list[str]:
    factor = pack.factor(regime)
    if factor == 1.0:
        return []
    if regime is None:
        return [f"regime not known yet, taken for the strictest × {factor:g}"]
    return [f"regime {regime} × {factor:g}"]


def _of_bounds(dynamics: Dynamics, unbounded: float) -> list[str]:
    if unbounded < dynamics.floor:
        return [f"never below {dynamics.floor:g} of its base"]
    return [f"never above {dynamics.cap:g} of its base"] if unbounded > dynamics.cap else []


def _of_the_way_up(dynamics: Dynamics, wanted: float, factor: float) -> list[str]:
    if factor == wanted:
        return []
    return [
        f"at {factor:.2f} rising to {wanted:.2f}, by {dynamics.loosen_per_day:.2f} a day at most"
    ]
