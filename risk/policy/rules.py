"""What a policy must be like to be adopted; the first thing that is wrong is told."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from difflib import get_close_matches
from itertools import pairwise

from risk.domain.limits import LimitDefinition, TemporaryLimit, Thresholds, Unit
from risk.domain.policy import Dynamics, Policy, RegimePack, Rung
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import LONGEST_HOURS
from risk.errors import PartAboveWhole, PolicyInvalid
from risk.limits.dynamics import GENERAL_PACK
from risk.limits.types import LIMIT_TYPES, limit_of, own_settings
from risk.policy.breaker_rules import refuse_unsound_breakers
from risk.policy.checks import (
    LARGEST_THRESHOLD,
    refuse_not_above_zero,
    refuse_odd_text,
    refuse_outside,
    refuse_settings,
    refuse_twice,
    refuse_unknown_scope,
    there_are,
)

#: The most that an agent may be given to act on a request: a year.
LONGEST_DEADLINE_MINUTES = 365.0 * 24.0 * 60.0
#: The longest window of a limit, in seconds: ten years.
LONGEST_WINDOW = 3600.0 * LONGEST_HOURS

_LARGEST_FACTOR = 1000.0
_SMALLEST_STEP = 1e-6


def refuse_unsound(policy: Policy, portfolio: str) -> None:
    """Refuse a policy that contradicts itself or names what there is not.

    Parameters
    ----------
    policy : Policy
    portfolio : str
        Whose policy it is to be.

    Raises
    ------
    PolicyInvalid
        Naming the entry, and what is wrong with it.
    """
    _refuse_instruments(policy)
    _refuse_strategies(policy)
    _refuse_dynamics(policy)
    _refuse_derisking(policy)
    _refuse_stops(policy)
    for limit in policy.limits:
        _refuse_limit(limit, policy, portfolio)
    refuse_twice([limit.name for limit in policy.limits], "is the name of two limits")
    for temporary in policy.temporary:
        _refuse_temporary(temporary, policy)
    _refuse_overlap(policy.temporary)
    _refuse_above_parents(policy)
    refuse_unsound_breakers(policy, portfolio)


# --- what may be traded --------------------------------------------------------------------


def _refuse_instruments(policy: Policy) -> None:
    for asset, instrument in policy.instruments.items():
        entry = f"instrument {asset}"
        refuse_odd_text(entry, "name", asset)
        for spec in fields(instrument):
            refuse_outside(entry, spec.name, getattr(instrument, spec.name))


def _refuse_strategies(policy: Policy) -> None:
    for strategy, kind in policy.strategies.items():
        refuse_odd_text(f"strategy {strategy}", "name", strategy)
        refuse_odd_text(f"strategy {strategy}", "type", kind)
        if kind == GENERAL_PACK:  # its pack would be that of limits of no type
            raise PolicyInvalid(
                f"strategy {strategy}", f"cannot be of a type called {GENERAL_PACK}: choose another"
            )


# --- how limits move -----------------------------------------------------------------------


def _refuse_dynamics(policy: Policy) -> None:
    dynamics, entry = policy.dynamics, "dynamics"
    refuse_not_above_zero(entry, "floor", dynamics.floor, most=1.0)
    refuse_outside(entry, "cap", dynamics.cap, least=1.0, most=_LARGEST_FACTOR)
    _refuse_falls(dynamics)
    refuse_not_above_zero(entry, "performance_least", dynamics.performance_least, most=1.0)
    refuse_outside(entry, "step", dynamics.step, least=_SMALLEST_STEP, most=1.0)
    refuse_outside(
        entry,
        "loosen_per_day",
        dynamics.loosen_per_day,
        least=_SMALLEST_STEP,
        most=_LARGEST_FACTOR,
    )
    for kind, pack in dynamics.packs.items():
        _refuse_pack(kind, pack, policy)
    refuse_outside("clusters", "cluster_correlation", policy.cluster_correlation, most=1.0)


def _refuse_falls(dynamics: Dynamics) -> None:
    begins, ends = dynamics.drawdown_from, dynamics.drawdown_to
    refuse_outside("dynamics", "drawdown_from", begins, most=1.0)
    refuse_outside("dynamics", "drawdown_to", ends, most=1.0)
    if begins >= ends:
        raise PolicyInvalid(
            "dynamics", f"has drawdown_from {begins:g}, which must be below drawdown_to {ends:g}"
        )


def _refuse_pack(kind: str, pack: RegimePack, policy: Policy) -> None:
    entry = f"regime pack {kind}"
    types = {*policy.strategies.values(), GENERAL_PACK}
    if kind not in types:
        raise PolicyInvalid(
            entry, f"is for a strategy type that no strategy has; {there_are(types)}"
        )
    for spec in fields(pack):
        refuse_not_above_zero(entry, spec.name, getattr(pack, spec.name), most=_LARGEST_FACTOR)


def _refuse_derisking(policy: Policy) -> None:
    derisking = policy.derisking
    refuse_not_above_zero("derisking", "release", derisking.release, most=1.0)
    refuse_not_above_zero(
        "derisking",
        "deadline_minutes",
        derisking.deadline_minutes,
        most=LONGEST_DEADLINE_MINUTES,
    )
    for rung in derisking.ladder:
        entry = f"ladder at {rung.drawdown:g}"
        refuse_not_above_zero(entry, "drawdown", rung.drawdown, most=1.0)
        refuse_outside(entry, "size", rung.size, most=1.0)
    for before, after in pairwise(derisking.ladder):
        _refuse_out_of_order(before, after)


def _refuse_stops(policy: Policy) -> None:
    for strategy in policy.stops:
        if strategy not in policy.strategies:
            raise PolicyInvalid(
                f"stops of {strategy}",
                f"are of a strategy that the policy lacks; {there_are(tuple(policy.strategies))}",
            )
    refuse_outside("liquidation", "maintenance_margin", policy.maintenance_margin, most=1.0)
    if policy.maintenance_margin == 1.0:
        raise PolicyInvalid("liquidation", "has maintenance_margin 1, which must be below 1")


def _refuse_out_of_order(before: Rung, after: Rung) -> None:
    if after.drawdown <= before.drawdown or after.size >= before.size:
        raise PolicyInvalid(
            f"ladder at {after.drawdown:g}",
            f"is out of order: after a drawdown of {before.drawdown:g} and a size of "
            f"{before.size:g} must come a larger drawdown and a smaller size",
        )


# --- limits --------------------------------------------------------------------------------


def _refuse_limit(limit: LimitDefinition, policy: Policy, portfolio: str) -> None:
    refuse_odd_text("a limit", "name", limit.name)
    for what in ("owner", "rationale"):
        refuse_odd_text(limit.name, what, getattr(limit, what), may_be_empty=True)
    if limit.review_by is not None and type(limit.review_by) is not date:
        raise PolicyInvalid(limit.name, f"has review_by {limit.review_by}, which is no date")
    kind = LIMIT_TYPES.get(limit.kind)
    if kind is not None:
        own = own_settings(kind)
        refuse_settings(limit.name, limit.parameters, kind, own, _refuse_number)
    limit_of(limit)
    refuse_outside(limit.name, "hard", limit.hard, most=LARGEST_THRESHOLD)
    refuse_unknown_scope(limit.name, limit.scope, policy, portfolio)


def _refuse_number(entry: str, name: str, value: float) -> None:
    if name == "seconds":
        refuse_outside(entry, name, value, most=LONGEST_WINDOW)
    else:
        refuse_outside(entry, name, value)


# --- temporary limits ----------------------------------------------------------------------


def known_limit(policy: Policy, name: str) -> LimitDefinition:
    """The policy's limit of that name, of which a temporary one may be set or ended.

    Raises
    ------
    PolicyInvalid
        If there is none; it names the likeliest.
    """
    limit = policy.limit(name)
    if limit is None:
        likely = get_close_matches(name, [limit.name for limit in policy.limits], n=1)
        hint = f"; did you mean {likely[0]}?" if likely else ""
        raise PolicyInvalid(
            f"temporary limit of {name}", f"is of a limit that the policy lacks{hint}"
        )
    return limit


def _refuse_temporary(temporary: TemporaryLimit, policy: Policy) -> None:
    entry = f"temporary limit of {temporary.limit}"
    limit = known_limit(policy, temporary.limit)
    for moment in (temporary.starts, temporary.expires):
        if moment.utcoffset() is None:
            raise PolicyInvalid(entry, f"has the time {moment}, which needs a zone")
    if temporary.expires <= temporary.starts:
        raise PolicyInvalid(
            entry, f"expires at {_told(temporary.expires)}, not after {_told(temporary.starts)}"
        )
    refuse_odd_text(entry, "reason", temporary.reason)
    refuse_odd_text(entry, "by", temporary.by, may_be_empty=True)
    try:
        limit_of(limit, Thresholds(temporary.hard, temporary.soft, 1.0, temporary.reason))
    except PolicyInvalid as invalid:
        raise PolicyInvalid(entry, invalid.problem) from invalid


def _refuse_overlap(temporary: Sequence[TemporaryLimit]) -> None:
    ordered = sorted(temporary, key=lambda each: (each.limit, each.starts))
    for before, after in pairwise(ordered):
        if before.limit == after.limit and after.starts < before.expires:
            raise PolicyInvalid(
                f"temporary limit of {after.limit}",
                f"starts at {_told(after.starts)}, before another one expires at "
                f"{_told(before.expires)}",
            )


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


# --- children and parents ------------------------------------------------------------------


def _refuse_above_parents(policy: Policy) -> None:
    """A part of a book may not be allowed more than the whole of which it is a part."""
    of_limit: dict[str, list[TemporaryLimit]] = {}
    for temporary in policy.temporary:
        of_limit.setdefault(temporary.limit, []).append(temporary)
    wider = [limit for limit in policy.limits if limit.scope.kind in _WIDER]
    for limit in policy.limits:
        if LIMIT_TYPES[limit.kind].unit is not Unit.SHARE:
            continue
        raised = of_limit.get(limit.name, [])
        for parent in _parents(limit, wider, policy):
            _refuse_above(limit, limit.hard, parent, parent.hard)
            for each in raised:
                others = of_limit.get(parent.name, [])
                _refuse_above(limit, each.hard, parent, _most_during(each, parent, others))


def _refuse_above(
    limit: LimitDefinition, hard: float, parent: LimitDefinition, most: float
) -> None:
    if hard > most:
        raise PartAboveWhole(limit.name, hard, parent.name, most)


def _most_during(
    raised: TemporaryLimit, parent: LimitDefinition, others: Sequence[TemporaryLimit]
) -> float:
    """What a parent allows until the end of a part's temporary limit, without a gap.

    Else the policy would contradict itself once the parent's ended, and whatever anybody asked
    of it then would be refused.
    """
    until: datetime | None = None
    enough = (each for each in others if each.hard >= raised.hard)
    for each in sorted(enough, key=lambda each: each.starts):
        if until is None or each.starts <= until:
            until = each.expires
    return parent.hard if until is None or until < raised.expires else max(raised.hard, parent.hard)


_WIDER = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY_TYPE)


def _parents(
    limit: LimitDefinition, wider: Sequence[LimitDefinition], policy: Policy
) -> Iterator[LimitDefinition]:
    """Limits of the same kind and settings on what encloses the scope of `limit`."""
    for other in wider:
        alike = other.kind == limit.kind and other.parameters == limit.parameters
        if alike and _encloses(other.scope, limit.scope, policy):
            yield other


def _encloses(outer: Scope, inner: Scope, policy: Policy) -> bool:
    if outer.kind is ScopeKind.PORTFOLIO:
        return inner.kind is not ScopeKind.PORTFOLIO
    return (
        outer.kind is ScopeKind.STRATEGY_TYPE
        and inner.kind is ScopeKind.STRATEGY
        and policy.strategies.get(inner.name) == outer.name
    )
