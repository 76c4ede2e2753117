"""A policy as one readable file: a policy to TOML text that reads back as the very same.

Limits, and breakers, that differ in their scope alone share an entry, so that the file is as short
as a person would have written it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TypeVar

from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit, suffixed
from risk.domain.policy import DeRisking, Dynamics, Instrument, Policy, RegimePack, Rung
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import StopPlan
from risk.domain.trading import TradingState
from risk.policy.breakers import USUAL_SIZE
from risk.policy.stops import said

#: What an entry defines, of each scope that it names.
Defined = TypeVar("Defined", LimitDefinition, BreakerDefinition)
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
        *(["[[limits]]", *_lines(entry)] for entry in _entries(policy.limits, _of_limit)),
        *(["[[breakers]]", *_lines(entry)] for entry in _entries(policy.breakers, _of_breaker)),
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


# --- limits and breakers -------------------------------------------------------------------


def _entries(
    definitions: Iterable[Defined], told: Callable[[Defined], dict[str, Value]]
) -> Iterator[dict[str, Value]]:
    """Entries that define these, in their order; `told` says what is neither name nor scope."""
    for (stem, shared), group in groupby(definitions, key=_shared):
        alike = list(group)
        if stem and len(alike) > 1:
            scopes = tuple(_scope(each.scope) for each in alike)
            name = None if stem == shared.kind else stem
            yield _entry(shared.kind, scopes, name) | told(shared)
        else:
            yield from (_alone(each) | told(each) for each in alike)


def _shared(definition: Defined) -> tuple[str, Defined]:
    """What those of one entry have in common: how their names begin, and all but their scope."""
    suffix, name = suffixed("", definition.scope), definition.name
    stem = name.removesuffix(suffix) if name.endswith(suffix) else ""
    return stem, replace(definition, name="", scope=_ANY)


def _alone(definition: LimitDefinition | BreakerDefinition) -> dict[str, Value]:
    kind, scope, name = definition.kind, definition.scope, definition.name
    return _entry(kind, _scope(scope), None if name == suffixed(kind, scope) else name)


_ANY = Scope(ScopeKind.PORTFOLIO, "")


def _entry(kind: str, scopes: str | tuple[str, ...], name: str | None) -> dict[str, Value]:
    entry: dict[str, Value] = {} if name is None else {"name": name}
    return entry | {"kind": kind, "on": scopes}


def _of_limit(limit: LimitDefinition) -> dict[str, Value]:
    return {
        **dict(sorted(limit.parameters.items())),
        "hard": limit.hard,
        "soft": limit.soft,
        **_said(
            dynamic=limit.dynamic or None,
            owner=limit.owner or None,
            rationale=limit.rationale or None,
            review_by=limit.review_by,
            version=limit.version if limit.version > 1 else None,
        ),
    }


def _of_breaker(breaker: BreakerDefinition) -> dict[str, Value]:
    throttled, several = breaker.state is TradingState.THROTTLED, breaker.of > 1
    return {
        **dict(sorted(breaker.parameters.items())),
        "trip": breaker.trip,
        "release": breaker.release,
        "state": breaker.state.name.lower(),
        **_said(
            size=breaker.size if throttled or breaker.size != USUAL_SIZE else None,
            flatten=breaker.flatten or None,
            enabled=None if breaker.enabled else False,
            confirm=breaker.confirm if several else None,
            of=breaker.of if several else None,
        ),
        "least_hours": breaker.least_hours,
        "greatest_hours": breaker.greatest_hours,
        "probation_hours": breaker.probation_hours,
        **_said(
            owner=breaker.owner or None,
            rationale=breaker.rationale or None,
            version=breaker.version if breaker.version > 1 else None,
        ),
    }


def _said(**values: Value | None) -> dict[str, Value]:
    """Those that are not as they would be anyway."""
    return {name: value for name, value in values.items() if value is not None}


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
