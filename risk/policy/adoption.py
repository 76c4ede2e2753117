"""Which policy is in force: what people asked for, applied purely, or refused with a sentence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from risk.domain.actions import (
    Action,
    AdoptPolicy,
    EndTemporaryLimit,
    PolicyChange,
    Refusal,
    SetTemporaryLimit,
)
from risk.domain.breakers import BreakerDefinition
from risk.domain.events import LimitUpdated, PolicyChanged, RiskEvent
from risk.domain.limits import LimitDefinition, LimitState, TemporaryLimit
from risk.domain.policy import Policy
from risk.domain.proposals import why_unsanctioned
from risk.errors import InvalidInput, PolicyInvalid
from risk.policy.diff import diff
from risk.policy.direction import direction_of
from risk.policy.rules import known_limit, refuse_unsound
from risk.policy.thresholds import Present

#: The kinds of action that `adopt` applies.
ADOPTED = (AdoptPolicy, SetTemporaryLimit, EndTemporaryLimit)

#: What is lent for longer is no exception any more: it is to be defined.
LONGEST_LENT = timedelta(days=30)

Defined = TypeVar("Defined", LimitDefinition, BreakerDefinition)


class Adopted(NamedTuple):
    """The policy after what was asked, and what is to be told of it.

    Attributes
    ----------
    policy : Policy or None
    changes : tuple of PolicyChange
        In the order in which they came; the last one stands.
    refusals : tuple of Refusal
    """

    policy: Policy | None
    changes: tuple[PolicyChange, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def adopt(
    policy: Policy | None,
    actions: Sequence[Action],
    *,
    portfolio: str,
    at: datetime,
    limits: Mapping[str, LimitState] = MappingProxyType({}),
) -> Adopted:
    """Apply what people asked of a policy; actions of other kinds are left to others.

    What loosens and has not the word of a second person is refused.

    Parameters
    ----------
    policy : Policy or None
        In force; None while nobody adopted one.
    actions : sequence of Action
        Not taken in yet, oldest first.
    portfolio : str
    at : datetime
        Of the cycle, the market's time. UTC.
    limits : mapping of str to LimitState
        How they stood after the cycle before, by name; of one that is not there less is proven.

    Returns
    -------
    Adopted
    """
    changes, refusals = list[PolicyChange](), list[Refusal]()
    policy = without_expired(policy, at)
    for action in actions:
        if not isinstance(action, ADOPTED):
            continue
        try:
            wanted = made_of(policy, action, at=at)
            refuse_unsound(wanted, portfolio)
            refuse_long_lent(policy, wanted)
        except PolicyInvalid as invalid:
            refusals.append(Refusal(asked_for(action), action.who, str(invalid)))
            continue
        directed = direction_of(policy, wanted, Present(at, limits))
        unsanctioned = why_unsanctioned(action, directed.direction)
        if unsanctioned is not None:
            refusals.append(Refusal(asked_for(action), action.who, unsanctioned))
            continue
        what = tuple(str(difference) for difference in diff(policy, wanted))
        told = "" if action.sanction is None else action.sanction.told
        policy = wanted
        changes.append(PolicyChange(policy, action.seq, action.who, what, told))
    return Adopted(policy, tuple(changes), tuple(refusals))


def made_of(policy: Policy | None, action: Action, *, at: datetime) -> Policy:
    """What an action makes of a policy, sound or not: what was adopted once stays history.

    Parameters
    ----------
    policy : Policy or None
        In force before.
    action : Action
        Of a kind in ``ADOPTED``.
    at : datetime
        Of the cycle that takes it in. UTC.

    Raises
    ------
    PolicyInvalid
        If there is nothing to apply it to, or another policy is in force than it was made for.
    """
    before = without_expired(policy, at)
    version = 0 if before is None else before.version
    return replace(_wanted(before, action, at), version=version + 1, by=action.who)


def refuse_long_lent(before: Policy | None, after: Policy) -> None:
    """Refuse a temporary limit for longer than ``LONGEST_LENT``, unless it is in force already.

    Parameters
    ----------
    before : Policy or None
    after : Policy

    Raises
    ------
    PolicyInvalid
    """
    known = {_ends(lent) for lent in before.temporary} if before else set()
    for lent in after.temporary:
        if lent.expires - lent.starts > LONGEST_LENT and _ends(lent) not in known:
            raise PolicyInvalid(
                f"temporary limit of {lent.limit}",
                f"expires on {lent.expires:%Y-%m-%d}, and may be for {LONGEST_LENT.days} days at "
                "the most: for longer, change the limit itself",
            )


def _ends(lent: TemporaryLimit) -> tuple[object, ...]:
    # Another one may have taken away its first days.
    return lent.limit, lent.hard, lent.soft, lent.expires


def revert_of(
    versions: Mapping[int, Policy], number: int, *, at: datetime, who: str
) -> AdoptPolicy:
    """The change that brings an earlier version back, compared with the newest one.

    Temporary limits of then that are not over come back with it.

    Parameters
    ----------
    versions : mapping of int to Policy
        All that are known, those that wait for the engine included.
    number : int
    at : datetime
        UTC.
    who : str

    Raises
    ------
    InvalidInput
        If there was no such version, or it is the newest one.
    """
    newest = max(versions, default=0)
    if number not in versions:
        known = f"there are 1 to {newest}" if versions else "there is none yet"
        raise InvalidInput(f"there was no version {number} of the policy; {known}")
    if number == newest:
        raise InvalidInput(f"version {number} is the newest one: there is nothing to bring back")
    return AdoptPolicy(seq=0, at=at, who=who, policy=versions[number], seen=newest)


def without_expired(policy: Policy | None, at: datetime) -> Policy | None:
    """The policy without temporary limits that are over; the very same where none is."""
    if policy is None or all(at < temporary.expires for temporary in policy.temporary):
        return policy
    return replace(policy, temporary=tuple(t for t in policy.temporary if at < t.expires))


def policy_events(
    before: Policy | None, changes: Sequence[PolicyChange], **stamp: Any
) -> Iterator[RiskEvent]:
    """What is to be told of policies that took another's place: new limits, and those gone.

    Thresholds of limits that stay are told where it is known what is in force of them, not here.

    Parameters
    ----------
    before : Policy or None
        In force before the first of them.
    changes : sequence of PolicyChange
    **stamp
        What every event carries.
    """
    for policy, action, by, what, approved_by in changes:
        yield PolicyChanged(
            **stamp,
            number=policy.version,
            action=action,
            by=by,
            what=what,
            approved_by=approved_by,
        )
        yield from _set_or_gone(before, policy, by, stamp)
        before = policy


def asked_for(action: Action) -> str:
    """What an action asks for, as the end of a sentence: *asked to*."""
    match action:
        case AdoptPolicy(policy=policy):
            parts = [(len(policy.limits), "limit"), (len(policy.breakers), "breaker")]
            told = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts]
            return f"adopt a policy of {' and '.join(told if policy.breakers else told[:1])}"
        case SetTemporaryLimit(limit=limit, hard=hard, expires=expires):
            return f"set {limit} to {hard:g} until {expires.isoformat(timespec='minutes')}"
        case EndTemporaryLimit(limit=limit):
            return f"end the temporary limit of {limit}"
    raise TypeError(f"an action of kind {type(action).__name__} asks nothing of a policy")


# --- what each kind of action wants --------------------------------------------------------


def _wanted(policy: Policy | None, action: Action, at: datetime) -> Policy:
    match action:
        case AdoptPolicy():
            return _adopted(policy, action, at)
        case SetTemporaryLimit():
            return _with_temporary(_needed(policy), action, at)
        case EndTemporaryLimit():
            return _without_temporary(_needed(policy), action.limit)
    raise TypeError(f"an action of kind {type(action).__name__} asks nothing of a policy")


def _needed(policy: Policy | None) -> Policy:
    if policy is None:
        raise PolicyInvalid("the book", "has none yet: adopt one first")
    return policy


def _adopted(policy: Policy | None, action: AdoptPolicy, at: datetime) -> Policy:
    version = 0 if policy is None else policy.version
    if action.seen != version:
        by = "nobody" if policy is None else policy.by
        raise PolicyInvalid(
            f"version {version}, by {by},",
            f"is in force, and the new policy was compared with version {action.seen}: "
            "compare with the one in force first",
        )
    kept = without_expired(action.policy, at)
    assert kept is not None, "there is one"
    before = Policy() if policy is None else policy
    return replace(
        kept,
        limits=tuple(_versioned(before.limit(limit.name), limit) for limit in kept.limits),
        breakers=tuple(_versioned(before.breaker(each.name), each) for each in kept.breakers),
    )


def _versioned(known: Defined | None, wanted: Defined) -> Defined:
    """What is wanted with the number that its history gives it, whatever its file says."""
    if known is None:
        return replace(wanted, version=1)
    same = replace(wanted, version=known.version) == known
    return replace(wanted, version=known.version + (0 if same else 1))


def _with_temporary(policy: Policy, action: SetTemporaryLimit, at: datetime) -> Policy:
    entry = f"temporary limit of {action.limit}"
    if action.expires <= at:
        raise PolicyInvalid(
            entry, f"would have expired before now, {at.isoformat(timespec='seconds')}"
        )
    new = TemporaryLimit(
        limit=action.limit,
        hard=action.hard,
        soft=action.soft,
        starts=at if action.starts is None else action.starts,
        expires=action.expires,
        reason=action.reason,
        by=action.who,
    )
    kept = (part for t in policy.temporary for part in _beside(t, new, policy))
    return replace(policy, temporary=(*kept, new))


def _beside(one: TemporaryLimit, new: TemporaryLimit, policy: Policy) -> Iterator[TemporaryLimit]:
    """What remains of a temporary limit beside a new one.

    One that is tighter than defined goes on before and after it: who loosens a limit for an hour
    does not end what was to hold for a month. One that is looser ends with its successor.
    """
    if not _meet(one, new):
        yield one
        return
    defined = policy.limit(one.limit)
    if defined is None or one.hard >= defined.hard:
        return
    if one.starts < new.starts:
        yield replace(one, expires=new.starts)
    if one.expires > new.expires:
        yield replace(one, starts=new.expires)


def _meet(one: TemporaryLimit, other: TemporaryLimit) -> bool:
    same = one.limit == other.limit
    return same and one.starts < other.expires and other.starts < one.expires


def _without_temporary(policy: Policy, limit: str) -> Policy:
    known_limit(policy, limit)
    kept = tuple(temporary for temporary in policy.temporary if temporary.limit != limit)
    if len(kept) == len(policy.temporary):
        raise PolicyInvalid(limit, "has no temporary limit: it is as defined already")
    return replace(policy, temporary=kept)


def _set_or_gone(
    before: Policy | None, after: Policy, by: str, stamp: dict[str, Any]
) -> Iterator[LimitUpdated]:
    old = {limit.name: limit for limit in before.limits} if before else {}
    new = {limit.name: limit for limit in after.limits}
    for name in [*new, *(name for name in old if name not in new)]:
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            yield LimitUpdated(
                **stamp,
                limit=name,
                threshold=None if now is None else now.hard,
                previous=None if was is None else was.hard,
                soft=None if now is None else now.soft,
                previous_soft=None if was is None else was.soft,
                reason=f"version {after.version} of the policy",
                changed_by=by,
            )
