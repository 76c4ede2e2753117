"""Which way a change goes: whether it only tightens, or leaves more room than before. Pure.

Tightening is only what is proven to be, piece by piece; whatever nobody has classified here, a new
field of a definition included, counts as loosening. What the words of :mod:`risk.policy.diff` say
of a line (*tighter*) is for people to read; who must agree is decided here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit
from risk.domain.policy import DeRisking, Dynamics, Policy, RegimePack, Rung
from risk.domain.proposals import Direction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.limits.dynamics import GENERAL_PACK
from risk.limits.rulebook import EXPOSURE_KINDS
from risk.policy.diff import Difference, What, diff
from risk.policy.thresholds import Present, compared, less, together
from risk.portfolio.book_models import title_of

LOOSENS, TIGHTENS, NEITHER = Direction.LOOSENS, Direction.TIGHTENS, Direction.NEITHER


class Directed(NamedTuple):
    """Which way a change goes.

    Attributes
    ----------
    direction : Direction
    loosens : tuple of str
        Those lines of what is different that loosen, or may.
    """

    direction: Direction
    loosens: tuple[str, ...] = ()


def direction_of(before: Policy | None, after: Policy, present: Present | None = None) -> Directed:
    """Which way it goes when a policy takes another's place.

    Parameters
    ----------
    before : Policy or None
        In force; None where there was none, so that nothing could be traded.
    after : Policy
    present : Present or None
        How its limits stand, which tells of some temporary ones that their end tightens; None
        where it is not known, so that less is proven.

    Returns
    -------
    Directed
        LOOSENS of a first policy. Of others LOOSENS if any difference does, or may.
    """
    differences = diff(before, after)
    if before is None:
        return Directed(LOOSENS, tuple(map(str, differences)))
    ways = [_judged(difference, before, after, present) for difference in differences]
    loosens = [
        *(str(each) for each, way in zip(differences, ways, strict=True) if way is LOOSENS),
        *_unseen(differences, before, after),
    ]
    return Directed(LOOSENS if loosens else together(ways), tuple(loosens))


def direction_of_model(in_use: str | None, wanted: str) -> Directed:
    """Which way it goes when another model measures a book: nobody can say.

    Parameters
    ----------
    in_use : str or None
        None where that is not known yet.
    wanted : str
    """
    if in_use == wanted:
        return Directed(NEITHER)
    return Directed(LOOSENS, (model_line(in_use, wanted),))


def model_line(in_use: str | None, wanted: str) -> str:
    """What is different when another model measures a book, as one line."""
    now = "none yet" if in_use is None else title_of(in_use)
    return f"model of the book: {now} -> {title_of(wanted)}"


# --- one difference ------------------------------------------------------------------------


def _judged(
    difference: Difference, before: Policy, after: Policy, present: Present | None
) -> Direction:
    over_time = _JUDGES_OVER_TIME.get(difference.part)
    if over_time is not None:
        return over_time(difference, before, after, present)
    judge = _JUDGES.get(difference.part)
    return LOOSENS if judge is None else judge(difference, before, after)


def _instrument(difference: Difference, _before: Policy, _after: Policy) -> Direction:
    # Other steps let other orders through.
    return TIGHTENS if difference.what is What.REMOVED else LOOSENS


def _strategy(difference: Difference, before: Policy, after: Policy) -> Direction:
    """Taken away it tightens, unless that leaves others of its type room in a limit of the type."""
    if difference.what is not What.REMOVED:
        return LOOSENS
    kind = before.strategies[difference.name]
    shared = Scope(ScopeKind.STRATEGY_TYPE, kind)
    capped = shared in {
        *(limit.scope for limit in before.limits),
        *(breaker.scope for breaker in before.breakers),
    }
    return LOOSENS if capped and kind in after.strategies.values() else TIGHTENS


def _limit(
    difference: Difference, before: Policy, after: Policy, present: Present | None
) -> Direction:
    old, new = before.limit(difference.name), after.limit(difference.name)
    if old is None:
        assert new is not None, "it is in one of the two"
        return LOOSENS if _opens(new, before) else TIGHTENS
    if new is None:
        return TIGHTENS if _is_taken_away(old.scope, after) else LOOSENS
    moved = (old.hard, old.soft) != (new.hard, new.soft)
    levels = compared(old.name, before, after, present) if moved else NEITHER
    return together([_fieldwise(old, new, _OF_LIMITS), levels])


def _temporary(
    difference: Difference, before: Policy, after: Policy, present: Present | None
) -> Direction:
    """As its limit's thresholds go; a limit that is new or gone is told by itself."""
    touched = [
        [each for each in policy.temporary if difference.name.startswith(f"{each.limit} from ")]
        for policy in (before, after)
    ]
    names = {each.limit for side in touched for each in side}
    return together(
        compared(name, before, after, present)
        for name in names
        if before.limit(name) is not None and after.limit(name) is not None
    )


def _breaker(difference: Difference, before: Policy, after: Policy) -> Direction:
    old, new = before.breaker(difference.name), after.breaker(difference.name)
    if old is None:
        assert new is not None, "it is in one of the two"
        return TIGHTENS if new.enabled else NEITHER
    if new is None:
        return _breaker_gone(old, after) if old.enabled else NEITHER
    if _is_unclassified(old, new, _OF_BREAKERS):
        return LOOSENS
    if not (old.enabled and new.enabled):
        return _more(old.enabled, new.enabled)
    sizes = less(old.tripped_size, new.tripped_size)
    return together([_fieldwise(old, new, _OF_BREAKERS), sizes, _confirming(old, new)])


def _confirming(old: BreakerDefinition, new: BreakerDefinition) -> Direction:
    """By which readings trip it; the newest is always one of those that must lie above."""
    sooner = _trips_whenever(old, new), _trips_whenever(new, old)
    if all(sooner):
        return NEITHER
    return TIGHTENS if sooner[0] else LOOSENS


def _trips_whenever(one: BreakerDefinition, other: BreakerDefinition) -> bool:
    """Whether `other` trips on whatever readings `one` trips on."""
    sure = one.confirm - max(0, one.of - other.of)
    return other.confirm <= max(1, sure)


def _breaker_gone(breaker: BreakerDefinition, after: Policy) -> Direction:
    # One that closes positions is missed also where nothing new may be bought.
    unneeded = _is_taken_away(breaker.scope, after) and not breaker.flatten
    return TIGHTENS if unneeded else LOOSENS


def _dynamics(_difference: Difference, before: Policy, after: Policy) -> Direction:
    return _fieldwise(before.dynamics, after.dynamics, _OF_DYNAMICS)


def _packs(_difference: Difference, before: Policy, after: Policy) -> Direction:
    """By the pack that each strategy type follows, its own or the general one."""
    old, new = before.dynamics.packs, after.dynamics.packs
    return together(
        _fieldwise(_followed(kind, old), _followed(kind, new), _OF_PACKS)
        for kind in {GENERAL_PACK, *old, *new}
    )


def _derisking(_difference: Difference, before: Policy, after: Policy) -> Direction:
    return _fieldwise(before.derisking, after.derisking, _OF_DERISKING)


def _ladder(_difference: Difference, before: Policy, after: Policy) -> Direction:
    """By the size that is left at each drawdown."""
    old, new = before.derisking.ladder, after.derisking.ladder
    if any(_unknown(rung, _OF_RUNGS) for rung in (*old, *new)):
        return LOOSENS
    begins = {rung.drawdown for rung in (*old, *new)}
    return together(less(_left(old, at), _left(new, at)) for at in begins)


def _stops(difference: Difference, before: Policy, after: Policy) -> Direction:
    """A plan that is new only closes positions earlier; of a changed one nobody can say."""
    old, new = (policy.stops.get(difference.name) for policy in (before, after))
    applied = [plan is not None and plan.applies for plan in (old, new)]
    if applied == [True, True]:
        return LOOSENS
    return _more(*applied)


#: What judges a difference, by its part. Of `clusters` nobody can say: assets that are netted
#: against each other in one cluster count apart in two. Nor of `liquidation`.
_JUDGES: Mapping[str, Callable[[Difference, Policy, Policy], Direction]] = {
    "instrument": _instrument,
    "strategy": _strategy,
    "breaker": _breaker,
    "dynamics": _dynamics,
    "regime pack": _packs,
    "derisking": _derisking,
    "ladder": _ladder,
    "stops of": _stops,
}

#: Of what holds at some moments and not at others.
_JUDGES_OVER_TIME: Mapping[str, Callable[[Difference, Policy, Policy, Present | None], Direction]]
_JUDGES_OVER_TIME = {"limit": _limit, "temporary limit": _temporary}


def _opens(limit: LimitDefinition, policy: Policy) -> bool:
    """Whether a limit is the first on its scope's exposure, which was zero without it."""
    limited = {each.scope for each in policy.limits if each.kind in EXPOSURE_KINDS}
    return limit.kind in EXPOSURE_KINDS and limit.scope not in limited


def _is_taken_away(scope: Scope, policy: Policy) -> bool:
    """Whether what a limit or breaker is set on may not be traded any more at all."""
    left: Mapping[ScopeKind, Iterable[str]] = {
        ScopeKind.ASSET: policy.instruments,
        ScopeKind.STRATEGY: policy.strategies,
        ScopeKind.STRATEGY_TYPE: policy.strategies.values(),
    }
    return scope.kind in left and scope.name not in left[scope.kind]


def _followed(kind: str, packs: Mapping[str, RegimePack]) -> RegimePack:
    return packs.get(kind) or packs.get(GENERAL_PACK) or RegimePack()


def _left(ladder: Sequence[Rung], drawdown: float) -> float:
    reached = [rung.size for rung in ladder if rung.drawdown <= drawdown]
    return reached[-1] if reached else 1.0


# --- fields --------------------------------------------------------------------------------

#: Which way two values of a field go.
_Rule = Callable[[Any, Any], Direction]


def _more(old: Any, new: Any) -> Direction:
    """More is tighter."""
    return less(new, old)


def _told_elsewhere(_old: Any, _new: Any) -> Direction:
    """Words, or what another rule judges."""
    return NEITHER


def _nobody_can_say(old: Any, new: Any) -> Direction:
    """It is another measure, or moves otherwise."""
    return NEITHER if old == new else LOOSENS


_WORDS: Mapping[str, _Rule] = dict.fromkeys(
    ("name", "owner", "rationale", "review_by", "version"), _told_elsewhere
)
_MEASURES: Mapping[str, _Rule] = dict.fromkeys(("kind", "scope", "parameters"), _nobody_can_say)
_OF_LIMITS: Mapping[str, _Rule] = {
    **_WORDS,
    **_MEASURES,
    "dynamic": _nobody_can_say,
    "hard": _told_elsewhere,
    "soft": _told_elsewhere,
}
_OF_BREAKERS: Mapping[str, _Rule] = {
    **_WORDS,
    **_MEASURES,
    "trip": less,
    "release": less,
    "state": _more,
    "size": _told_elsewhere,
    "flatten": _more,
    "enabled": _more,
    "confirm": _told_elsewhere,
    "of": _told_elsewhere,
    "least_hours": _more,
    "greatest_hours": _more,
    "probation_hours": _more,
}
_OF_DYNAMICS: Mapping[str, _Rule] = {
    **dict.fromkeys(
        (
            "floor",
            "cap",
            "drawdown_from",
            "drawdown_to",
            "performance_least",
            "loosen_per_day",
        ),
        less,
    ),
    "step": _nobody_can_say,
    "packs": _told_elsewhere,
}
_OF_PACKS: Mapping[str, _Rule] = dict.fromkeys(("calm", "normal", "stressed"), less)
_OF_DERISKING: Mapping[str, _Rule] = {
    "release": less,
    "deadline_minutes": less,
    "ladder": _told_elsewhere,
}
_OF_RUNGS = frozenset({"drawdown", "size"})

_Compared = LimitDefinition | BreakerDefinition | Dynamics | RegimePack | DeRisking


def _fieldwise(old: _Compared, new: _Compared, rules: Mapping[str, _Rule]) -> Direction:
    """Field by field; a field without a rule may have been anything, and loosens."""
    return together(
        rules.get(name, _nobody_can_say)(getattr(old, name, None), getattr(new, name, None))
        for name in {spec.name for spec in (*fields(old), *fields(new))}
    )


def _is_unclassified(old: _Compared, new: _Compared, rules: Mapping[str, _Rule]) -> bool:
    """Whether a field is another one of which nobody has said anything."""
    return any(
        getattr(old, name, None) != getattr(new, name, None)
        for name in {*_unknown(old, rules), *_unknown(new, rules)}
    )


def _unknown(value: Any, known: Iterable[str]) -> set[str]:
    return {spec.name for spec in fields(value)} - set(known)


# --- what the differences do not show ------------------------------------------------------

#: The parts in which differences of a policy's field are told; none of those that do not matter.
_PARTS: Mapping[str, frozenset[str]] = {
    "instruments": frozenset({"instrument"}),
    "strategies": frozenset({"strategy"}),
    "limits": frozenset({"limit"}),
    "breakers": frozenset({"breaker"}),
    "temporary": frozenset({"temporary limit"}),
    "dynamics": frozenset({"dynamics", "regime pack"}),
    "derisking": frozenset({"derisking", "ladder"}),
    "stops": frozenset({"stops of"}),
    "cluster_correlation": frozenset({"clusters"}),
    "maintenance_margin": frozenset({"liquidation"}),
}
_DO_NOT_MATTER = frozenset({"version", "by"})


def _unseen(differences: Sequence[Difference], before: Policy, after: Policy) -> Iterator[str]:
    """Fields of the policy that differ in something of which no difference tells."""
    told = {difference.part for difference in differences}
    for name in sorted({spec.name for spec in (*fields(before), *fields(after))} - _DO_NOT_MATTER):
        if told & _PARTS.get(name, frozenset()):
            continue
        if _plain(getattr(before, name, None)) != _plain(getattr(after, name, None)):
            yield f"{name}: changed, in what nobody can say"


def _plain(value: Any) -> Any:
    """A part of a policy without what follows from its adoption, whatever order it is in."""
    if not isinstance(value, tuple):
        return value
    return {_key_of(each): _bare(each) for each in value}


def _key_of(entry: Any) -> Any:
    return (entry.limit, entry.starts) if isinstance(entry, TemporaryLimit) else entry.name


def _bare(entry: Any) -> Any:
    if isinstance(entry, TemporaryLimit):
        return replace(entry, by="")
    if isinstance(entry, BreakerDefinition) and entry.state is not TradingState.THROTTLED:
        return replace(entry, version=1, size=0.0)  # which is that of those that throttle alone
    return replace(entry, version=1)
