"""A policy that somebody wants, upon what others have changed since he began. Pure.

Only where nobody else touched what he changed: then each entry is either his or theirs.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from risk.domain.actions import AdoptPolicy, Change, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.policy import Policy
from risk.policy.adoption import without_expired

_Unit = tuple[str, str]
#: Fields whose entries go by themselves.
_MAPPINGS = ("instruments", "strategies", "stops")
_NAMED = ("limits", "breakers")
#: Told with their limit.
_WITH_LIMITS = "temporary"
_FOLLOW = frozenset({"version", "by"})


def rebased(base: Policy, wanted: Policy, present: Policy, *, at: datetime) -> Policy | None:
    """What is wanted of `base`, done to the policy in force; None where both changed one entry.

    Parameters
    ----------
    base : Policy
        That `wanted` was made from.
    wanted : Policy
    present : Policy
        In force, made from `base` by others.
    at : datetime
        The market's time; temporary limits that are over by then count in none. UTC.
    """
    old, his, theirs = (_units(_now(policy, at)) for policy in (base, wanted, present))
    merged: dict[_Unit, Any] = {}
    # In the order of the one in force; what is new comes last.
    for unit in [*theirs, *(unit for unit in his if unit not in theirs)]:
        versions = old.get(unit), his.get(unit), theirs.get(unit)
        if versions[1] != versions[0] and versions[2] not in versions[:2]:
            return None
        taken = versions[2] if versions[1] == versions[0] else versions[1]
        if taken is not None:
            merged[unit] = taken
    return _policy_of(merged, present)


def same_limit(base: Policy, present: Policy, limit: str, *, at: datetime) -> bool:
    """Whether nothing was changed of what decides on one limit's thresholds."""
    old, new = (_units(_now(policy, at)) for policy in (base, present))
    units = [("limits", limit), ("dynamics", "")]
    return all(old.get(unit) == new.get(unit) for unit in units)


def upon(change: Change, base: Policy, present: Policy, *, at: datetime) -> Change | None:
    """What somebody wants, as it is to be adopted now; None where others have changed the same.

    Parameters
    ----------
    change : AdoptPolicy, SetTemporaryLimit or EndTemporaryLimit
        A change of model knows no policy.
    base : Policy
        That it was made from.
    present : Policy
        In force, made from `base` by others.
    at : datetime
        The market's time. UTC.
    """
    if isinstance(change, SetTemporaryLimit | EndTemporaryLimit):
        return change if same_limit(base, present, change.limit, at=at) else None
    assert isinstance(change, AdoptPolicy), "nothing else is held against a policy"
    merged = rebased(base, change.policy, present, at=at)
    return None if merged is None else replace(change, policy=merged, seen=present.version)


def _now(policy: Policy, at: datetime) -> Policy:
    kept = without_expired(policy, at)
    assert kept is not None, "there is one"
    return kept


def _units(policy: Policy) -> Mapping[_Unit, Any]:
    """A policy as entries, each of which belongs to one person's change."""
    found: dict[_Unit, Any] = {}
    for spec in fields(policy):
        name, value = spec.name, getattr(policy, spec.name)
        if name in _FOLLOW or name == _WITH_LIMITS:
            continue
        if name in _MAPPINGS:
            found |= {(name, key): each for key, each in value.items()}
        elif name in _NAMED:
            found |= {(name, each.name): _defined(each, policy) for each in value}
        elif name == "dynamics":
            found |= {("packs", kind): pack for kind, pack in value.packs.items()}
            found[name, ""] = replace(value, packs={})
        else:
            found[name, ""] = value
    return found


def _defined(entry: Any, policy: Policy) -> Any:
    """A definition; a limit's with what is lent to it."""
    lent = tuple(replace(t, by="") for t in policy.temporary if t.limit == entry.name)
    return replace(entry, version=1), lent


def _policy_of(units: Mapping[_Unit, Any], present: Policy) -> Policy:
    """The policy that these entries make."""
    parts: dict[str, dict[str, Any]] = {}
    for (name, key), value in units.items():
        parts.setdefault(name, {})[key] = value
    whole = {name: part[""] for name, part in parts.items() if set(part) == {""}}
    changes: dict[str, Any] = {**whole, **{name: parts.get(name, {}) for name in _MAPPINGS}}
    for name in _NAMED:
        changes[name] = tuple(entry for entry, _ in parts.get(name, {}).values())
    changes["temporary"] = tuple(
        lent for _, each in parts.get("limits", {}).values() for lent in each
    )
    changes["dynamics"] = replace(whole["dynamics"], packs=parts.get("packs", {}))
    return replace(present, **changes)
