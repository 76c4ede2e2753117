"""A policy as one readable file: a policy to TOML text that reads back as the very same.

Limits that differ in their scope alone share an entry, so that the file is as short as a person
would have written it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from itertools import groupby

from risk.domain.limits import LimitDefinition, TemporaryLimit, suffixed
from risk.domain.policy import DeRisking, Dynamics, Instrument, Policy, RegimePack, Rung
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import StopPlan
from risk.policy.stops import said

Value = float | int | str | bool | date | datetime | tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: Beyond it a whole number is not exactly one of float64.
_LARGEST_WHOLE = 2.0**53
_LIST_IN_LINE = 80


def policy_text(policy: Policy) -> str:
    """The file that describes a policy.

    Parameters
    ----------
    policy : Policy
        Sound, as `refuse_unsound` has it.

    Returns
    -------
    str
        TOML. `read_policy` makes the same policy of it, for the same portfolio.
    """
    parts = [
        _lines(_head(policy)),
        ["[instruments]", *_instruments(policy.instruments)],
        ["[strategies]", *_lines(policy.strategies)],
        *_dynamics(policy.dynamics),
        ["[derisking]", *_derisking(policy.derisking)],
        *([f"[stops.{_key(strategy)}]", *_stops(plan)] for strategy, plan in policy.stops.items()),
        *(["[[limits]]", *_lines(entry)] for entry in _entries(policy.limits)),
        *(["[[temporary]]", *_lines(_temporary(each))] for each in policy.temporary),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(policy: Policy) -> dict[str, Value]:
    head: dict[str, Value] = {"version": policy.version} if policy.version else {}
    if policy.by:
        head["by"] = policy.by
    return {
        **head,
        "cluster_correlation": policy.cluster_correlation,
        "maintenance_margin": policy.maintenance_margin,
    }


# --- sections ------------------------------------------------------------------------------


def _instruments(instruments: Mapping[str, Instrument]) -> Iterator[str]:
    for asset, instrument in instruments.items():
        steps = {name: step for name, step in _numbers(instrument).items() if step}
        yield f"{_key(asset)} = {_inline(steps)}"


def _dynamics(dynamics: Dynamics) -> Iterator[list[str]]:
    yield ["[dynamics]", *_lines(_numbers(dynamics))]
    if dynamics.packs:
        packs = dynamics.packs.items()
        yield [
            "[dynamics.packs]",
            *(f"{_key(kind)} = {_inline(_numbers(pack))}" for kind, pack in packs),
        ]


def _derisking(derisking: DeRisking) -> Iterator[str]:
    yield from _lines(_numbers(derisking))
    if derisking.ladder:
        yield "ladder = ["
        yield from (f"    {_inline(_numbers(rung))}," for rung in derisking.ladder)
        yield "]"


def _stops(plan: StopPlan) -> Iterator[str]:
    for name, value in said(plan).items():
        if isinstance(value, list):
            yield f"{_key(name)} = [{', '.join(map(_inline, value))}]"
        else:
            yield from _lines({name: value})


def _temporary(temporary: TemporaryLimit) -> dict[str, Value]:
    return {spec.name: getattr(temporary, spec.name) for spec in fields(temporary)}


# --- limits --------------------------------------------------------------------------------


def _entries(limits: Iterable[LimitDefinition]) -> Iterator[dict[str, Value]]:
    for (stem, shared), group in groupby(limits, key=_shared):
        alike = list(group)
        if stem and len(alike) > 1:
            scopes = tuple(_scope(limit.scope) for limit in alike)
            yield _entry(shared, scopes, name=None if stem == shared.kind else stem)
        else:
            yield from (_alone(limit) for limit in alike)


def _shared(limit: LimitDefinition) -> tuple[str, LimitDefinition]:
    """What limits of one entry have in common: how their names begin, and all but their scope."""
    suffix = suffixed("", limit.scope)
    stem = limit.name.removesuffix(suffix) if limit.name.endswith(suffix) else ""
    return stem, replace(limit, name="", scope=_ANY)


def _alone(limit: LimitDefinition) -> dict[str, Value]:
    derived = limit.name == suffixed(limit.kind, limit.scope)
    return _entry(limit, _scope(limit.scope), name=None if derived else limit.name)


_ANY = Scope(ScopeKind.PORTFOLIO, "")


def _entry(
    limit: LimitDefinition, scopes: str | tuple[str, ...], *, name: str | None
) -> dict[str, Value]:
    entry: dict[str, Value] = {} if name is None else {"name": name}
    entry |= {"kind": limit.kind, "on": scopes, **dict(sorted(limit.parameters.items()))}
    entry |= {"hard": limit.hard, "soft": limit.soft}
    told: dict[str, Value | None] = {
        "dynamic": limit.dynamic or None,
        "owner": limit.owner or None,
        "rationale": limit.rationale or None,
        "review_by": limit.review_by,
        "version": limit.version if limit.version > 1 else None,
    }
    return entry | {key: value for key, value in told.items() if value is not None}


def _scope(scope: Scope) -> str:
    if scope.kind is ScopeKind.PORTFOLIO:
        return scope.kind.value
    return f"{scope.kind.value}:{scope.name}"


# --- TOML ----------------------------------------------------------------------------------


def _numbers(value: Instrument | RegimePack | Rung | Dynamics | DeRisking) -> dict[str, Value]:
    """Those of a value's fields that are numbers."""
    named = ((spec.name, getattr(value, spec.name)) for spec in fields(value))
    return {name: number for name, number in named if isinstance(number, int | float)}


def _lines(table: Mapping[str, Value]) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items()]


def _inline(table: Mapping[str, Value]) -> str:
    return f"{{ {', '.join(_lines(table))} }}" if table else "{}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return _quoted(value) if isinstance(value, str) else _list(value)


def _number(value: float) -> str:
    whole = float(value).is_integer() and abs(value) <= _LARGEST_WHOLE
    return str(int(value)) if whole else repr(value)


def _quoted(text: str) -> str:
    """A TOML string: JSON's, which is one of TOML's where all of it is printable."""
    return json.dumps(text, ensure_ascii=False)


def _list(texts: tuple[str, ...]) -> str:
    line = f"[{', '.join(map(_quoted, texts))}]"
    if len(line) <= _LIST_IN_LINE:
        return line
    return "\n".join(["[", *(f"    {_quoted(text)}," for text in texts), "]"])
