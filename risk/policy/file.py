"""A policy as one readable file: TOML text to a policy. `docs/policy.md` describes it.

What is unknown, of a wrong type or in contradiction is refused and never guessed.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from risk.domain.limits import LimitDefinition, Parameter, TemporaryLimit, suffixed
from risk.domain.policy import DeRisking, Dynamics, Instrument, Policy, RegimePack, Rung
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import StopPlan, TakeProfit
from risk.errors import PolicyInvalid
from risk.limits.types import LIMIT_TYPES, own_settings
from risk.policy.rules import refuse_unsound
from risk.policy.stops import kind_of, plan_of

#: A limit whose file says nothing else warns from this share of `hard` on.
SOFT_SHARE = 0.8

Table = Mapping[str, Any]
Flat = TypeVar("Flat", Instrument, RegimePack, Rung)

_OF_HEAD = ("version", "by", "cluster_correlation", "maintenance_margin")
_OF_LIMIT = ("kind", "on", "hard", "name", "soft", "dynamic", "owner", "rationale", "review_by")
_OF_TEMPORARY = ("limit", "hard", "soft", "starts", "expires", "reason", "by")
_LARGEST = sys.float_info.max
_LAST_VERSION = 2**31 - 1
#: Of a value that is wrong, what is told.
_TOLD = 200
_LINE_BREAK = re.compile(r"\s*\n\s*")


def read_policy(text: str, *, portfolio: str) -> Policy:
    """The policy that a file describes.

    Parameters
    ----------
    text : str
        TOML.
    portfolio : str
        Whose it is: what a limit on ``portfolio`` is set on.

    Raises
    ------
    PolicyInvalid
        Naming the entry and what is wrong with it, and the line where the text is not TOML.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError, with a line
        raise PolicyInvalid("the file", f"is not TOML: {error}") from error
    _refuse_unknown("the file", document, [*_SECTIONS, *_OF_HEAD])
    found = {name: read(document, portfolio) for name, read in _SECTIONS.items()}
    policy = Policy(
        version=_version(document, "the file", default=0),
        by=_text(document, "by", "the file", default=""),
        cluster_correlation=_number(
            document, "cluster_correlation", "the file", default=Policy().cluster_correlation
        ),
        maintenance_margin=_number(
            document, "maintenance_margin", "the file", default=Policy().maintenance_margin
        ),
        **found,
    )
    refuse_unsound(policy, portfolio)
    return policy


# --- sections ------------------------------------------------------------------------------


def _instruments(document: Table, _portfolio: str) -> dict[str, Instrument]:
    table = _table(document, "instruments", "the file")
    return {
        asset: _flat(Instrument, _table(table, asset, "instruments"), f"instrument {asset}")
        for asset in table
    }


def _strategies(document: Table, _portfolio: str) -> dict[str, str]:
    table = _table(document, "strategies", "the file")
    return {name: _text(table, name, "strategies") for name in table}


def _limits(document: Table, portfolio: str) -> tuple[LimitDefinition, ...]:
    entries = enumerate(_tables(document, "limits", "the file"), start=1)
    return tuple(
        limit for number, entry in entries for limit in _limits_of(entry, number, portfolio)
    )


def _temporary(document: Table, _portfolio: str) -> tuple[TemporaryLimit, ...]:
    entries = enumerate(_tables(document, "temporary", "the file"), start=1)
    return tuple(_temporary_of(table, f"temporary limit {number}") for number, table in entries)


def _dynamics(document: Table, _portfolio: str) -> Dynamics:
    table, entry = _table(document, "dynamics", "the file"), "dynamics"
    numbers = [spec.name for spec in fields(Dynamics) if spec.name != "packs"]
    _refuse_unknown(entry, table, [*numbers, "packs"])
    packs = _table(table, "packs", entry)
    return Dynamics(
        **{name: _number(table, name, entry) for name in numbers if name in table},
        packs={
            kind: _flat(RegimePack, _table(packs, kind, "packs"), f"regime pack {kind}")
            for kind in packs
        },
    )


def _derisking(document: Table, _portfolio: str) -> DeRisking:
    table, entry = _table(document, "derisking", "the file"), "derisking"
    numbers = [spec.name for spec in fields(DeRisking) if spec.name != "ladder"]
    _refuse_unknown(entry, table, [*numbers, "ladder"])
    rungs = enumerate(_tables(table, "ladder", entry), start=1)
    return DeRisking(
        **{name: _number(table, name, entry) for name in numbers if name in table},
        ladder=tuple(_flat(Rung, rung, f"rung {number} of the ladder") for number, rung in rungs),
    )


def _stops(document: Table, _portfolio: str) -> dict[str, StopPlan]:
    table = _table(document, "stops", "the file")
    return {
        strategy: _plan(_table(table, strategy, "stops"), f"stops of {strategy}")
        for strategy in table
    }


def _plan(table: Table, entry: str) -> StopPlan:
    _refuse_unknown(entry, table, [spec.name for spec in fields(StopPlan)])
    return plan_of({name: _of_plan(table, name, entry) for name in table}, entry)


def _of_plan(table: Table, name: str, entry: str) -> Any:
    kind = kind_of(name)
    if kind is bool:
        return _truth(table, name, entry)
    if kind is str:
        return _text(table, name, entry)
    if kind is float:
        return _number(table, name, entry)
    rungs = enumerate(_tables(table, name, entry), start=1)
    return [_rung_of_profit(rung, f"rung {number} of {name}, {entry},") for number, rung in rungs]


def _rung_of_profit(table: Table, entry: str) -> dict[str, float]:
    names = [spec.name for spec in fields(TakeProfit)]
    _refuse_unknown(entry, table, names)
    return {name: _number(table, name, entry) for name in names}


#: What a file may hold beside its head, and what reads it: by the name of the policy's field.
_SECTIONS: dict[str, Callable[[Table, str], Any]] = {
    "instruments": _instruments,
    "strategies": _strategies,
    "limits": _limits,
    "temporary": _temporary,
    "dynamics": _dynamics,
    "derisking": _derisking,
    "stops": _stops,
}


# --- entries -------------------------------------------------------------------------------


def _limits_of(table: Table, number: int, portfolio: str) -> Iterator[LimitDefinition]:
    """One definition of each scope that an entry names."""
    entry = f"limit {number}"
    kind = _text(table, "kind", entry)
    if kind not in LIMIT_TYPES:
        raise PolicyInvalid(entry, f"is of kind {kind}; {_did_you_mean(kind, LIMIT_TYPES)}")
    settings = own_settings(LIMIT_TYPES[kind])
    entry = f"limit {number} ({kind})"
    _refuse_unknown(entry, table, [*_OF_LIMIT, "version", *settings])
    stem = _text(table, "name", entry, default=kind)
    hard, soft = _thresholds(table, entry)
    for scope in _scopes(table, entry, portfolio):
        together = not isinstance(table["on"], str) or "name" not in table
        yield LimitDefinition(
            name=suffixed(stem, scope) if together else stem,
            kind=kind,
            scope=scope,
            hard=hard,
            soft=soft,
            parameters={own: _parameter(table[own]) for own in settings if own in table},
            dynamic=_truth(table, "dynamic", entry),
            owner=_text(table, "owner", entry, default=""),
            rationale=_text(table, "rationale", entry, default=""),
            review_by=_date(table, "review_by", entry),
            version=_version(table, entry, default=1),
        )


def _scopes(table: Table, entry: str, portfolio: str) -> list[Scope]:
    named = _needed(table, "on", entry)
    texts = [named] if isinstance(named, str) else named
    if not (isinstance(texts, list) and texts and all(isinstance(each, str) for each in texts)):
        raise PolicyInvalid(entry, f"has on = {named!r}, which must name a scope or list some")
    return [_scope(text, entry, portfolio) for text in texts]


def _scope(text: str, entry: str, portfolio: str) -> Scope:
    if text == ScopeKind.PORTFOLIO.value:
        return Scope(ScopeKind.PORTFOLIO, portfolio)
    kind, _, name = text.partition(":")
    kinds = [each.value for each in ScopeKind if each is not ScopeKind.PORTFOLIO]
    if kind not in kinds or not name:
        raise PolicyInvalid(
            entry,
            f"is set on {text!r}, which is no scope: write portfolio, or one of "
            f"{', '.join(kinds)} with a name after a colon",
        )
    return Scope(ScopeKind(kind), name)


def _temporary_of(table: Table, entry: str) -> TemporaryLimit:
    _refuse_unknown(entry, table, _OF_TEMPORARY)
    limit = _text(table, "limit", entry)
    entry = f"temporary limit of {limit}"
    hard, soft = _thresholds(table, entry)
    return TemporaryLimit(
        limit=limit,
        hard=hard,
        soft=soft,
        starts=_time(table, "starts", entry),
        expires=_time(table, "expires", entry),
        reason=_text(table, "reason", entry),
        by=_text(table, "by", entry, default=""),
    )


def _thresholds(table: Table, entry: str) -> tuple[float, float]:
    hard = _number(table, "hard", entry)
    return hard, _number(table, "soft", entry, default=soft_of(hard))


def soft_of(hard: float) -> float:
    """Where a warning begins if nobody says, without the dust of binary fractions."""
    return float(f"{SOFT_SHARE * hard:.12g}")


def _flat(kind: type[Flat], table: Table, entry: str) -> Flat:
    """A value all of whose fields are numbers."""
    known = [spec.name for spec in fields(kind)]
    _refuse_unknown(entry, table, known)
    for spec in fields(kind):
        if spec.default is MISSING:
            _needed(table, spec.name, entry)
    return kind(**{name: _number(table, name, entry) for name in table})


# --- values --------------------------------------------------------------------------------


def _refuse_unknown(entry: str, table: Table, known: Sequence[str]) -> None:
    for name in table:
        if name not in known:
            raise PolicyInvalid(
                entry, f"has {name}, which is not known there; {_did_you_mean(name, known)}"
            )


def _did_you_mean(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    likely = get_close_matches(name, known, n=1)
    return f"did you mean {likely[0]}?" if likely else f"there are {', '.join(known)}"


def _needed(table: Table, name: str, entry: str) -> Any:
    if name not in table:
        raise PolicyInvalid(entry, f"needs {name}")
    return table[name]


def _number(table: Table, name: str, entry: str, *, default: float | None = None) -> float:
    value = _needed(table, name, entry) if default is None else table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(entry, name, value, "a number")
    if abs(value) > _LARGEST:
        raise PolicyInvalid(entry, f"has {name}, which must be a finite number")
    return float(value)


def _text(table: Table, name: str, entry: str, *, default: str | None = None) -> str:
    value = _needed(table, name, entry) if default is None else table.get(name, default)
    if not isinstance(value, str):
        raise _wrong(entry, name, value, "text in quotes")
    return _LINE_BREAK.sub(" ", value)


def _truth(table: Table, name: str, entry: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(entry, name, value, "true or false")
    return value


def _version(table: Table, entry: str, *, default: int) -> int:
    value = table.get("version", default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(entry, "version", value, f"a whole number, {default} or more")
    if not default <= value <= _LAST_VERSION:
        raise _wrong(entry, "version", value, f"a whole number, {default} or more")
    return value


def _date(table: Table, name: str, entry: str) -> date | None:
    value = table.get(name)
    if value is None or type(value) is date:
        return value
    raise _wrong(entry, name, value, "a date without quotes, such as 2027-01-31")


def _time(table: Table, name: str, entry: str) -> datetime:
    value = _needed(table, name, entry)
    if not isinstance(value, datetime) or not _is_a_moment(value):
        raise _wrong(
            entry, name, value, "a time with its zone, without quotes, such as 2027-01-31T12:00:00Z"
        )
    return value


def _is_a_moment(value: datetime) -> bool:
    """Whether it has a zone, and is within the calendar in UTC too."""
    try:
        return value.utcoffset() is not None and bool(value.astimezone(UTC))
    except OverflowError:
        return False


def _parameter(value: Any) -> Parameter:
    """As it stands: whether its type is right is for the rules to say."""
    if isinstance(value, list):
        return tuple(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return float(value) if whole else value


def _table(table: Table, name: str, entry: str) -> Table:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise _wrong(entry, name, value, "a table")
    return value


def _tables(table: Table, name: str, entry: str) -> list[Table]:
    value = table.get(name, [])
    if not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
        raise _wrong(entry, name, value, f"a list of tables, each headed [[{name}]]")
    return value


def _wrong(entry: str, name: str, value: object, wanted: str) -> PolicyInvalid:
    try:
        told = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        told = "a number beyond all others"
    if len(told) > _TOLD:
        told = f"{told[:_TOLD]}..."
    return PolicyInvalid(entry, f"has {name} = {told}, which must be {wanted}")
