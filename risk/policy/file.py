"""A policy as one readable file: TOML text to a policy. `docs/policy.md` describes it.

What is unknown, of a wrong type or in contradiction is refused and never guessed.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit, suffixed
from risk.domain.policy import DeRisking, Dynamics, Instrument, Policy, RegimePack, Rung
from risk.domain.stops import StopPlan, TakeProfit
from risk.errors import PolicyInvalid
from risk.limits.types import LIMIT_TYPES, own_settings
from risk.policy.breakers import breakers_of
from risk.policy.rules import refuse_unsound
from risk.policy.stops import kind_of, plan_of
from risk.policy.values import (
    Table,
    date_in,
    did_you_mean,
    has_own_name,
    needed,
    number_in,
    parameters_in,
    refuse_unknown,
    scopes_in,
    table_in,
    tables_in,
    text_in,
    time_in,
    truth_in,
    version_in,
)

#: A limit whose file says nothing else warns from this share of `hard` on.
SOFT_SHARE = 0.8

Flat = TypeVar("Flat", Instrument, RegimePack, Rung)

_OF_HEAD = ("version", "by", "cluster_correlation", "maintenance_margin")
_OF_LIMIT = ("kind", "on", "hard", "name", "soft", "dynamic", "owner", "rationale", "review_by")
_OF_TEMPORARY = ("limit", "hard", "soft", "starts", "expires", "reason", "by")


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
    refuse_unknown("the file", document, [*_SECTIONS, *_OF_HEAD])
    found = {name: read(document, portfolio) for name, read in _SECTIONS.items()}
    policy = Policy(
        version=version_in(document, "the file", default=0),
        by=text_in(document, "by", "the file", default=""),
        cluster_correlation=number_in(
            document, "cluster_correlation", "the file", default=Policy().cluster_correlation
        ),
        maintenance_margin=number_in(
            document, "maintenance_margin", "the file", default=Policy().maintenance_margin
        ),
        **found,
    )
    refuse_unsound(policy, portfolio)
    return policy


# --- sections ------------------------------------------------------------------------------


def _instruments(document: Table, _portfolio: str) -> dict[str, Instrument]:
    table = table_in(document, "instruments", "the file")
    return {
        asset: _flat(Instrument, table_in(table, asset, "instruments"), f"instrument {asset}")
        for asset in table
    }


def _strategies(document: Table, _portfolio: str) -> dict[str, str]:
    table = table_in(document, "strategies", "the file")
    return {name: text_in(table, name, "strategies") for name in table}


def _limits(document: Table, portfolio: str) -> tuple[LimitDefinition, ...]:
    entries = enumerate(tables_in(document, "limits", "the file"), start=1)
    return tuple(
        limit for number, entry in entries for limit in _limits_of(entry, number, portfolio)
    )


def _breakers(document: Table, portfolio: str) -> tuple[BreakerDefinition, ...]:
    entries = enumerate(tables_in(document, "breakers", "the file"), start=1)
    return tuple(
        breaker for number, entry in entries for breaker in breakers_of(entry, number, portfolio)
    )


def _temporary(document: Table, _portfolio: str) -> tuple[TemporaryLimit, ...]:
    entries = enumerate(tables_in(document, "temporary", "the file"), start=1)
    return tuple(_temporary_of(table, f"temporary limit {number}") for number, table in entries)


def _dynamics(document: Table, _portfolio: str) -> Dynamics:
    table, entry = table_in(document, "dynamics", "the file"), "dynamics"
    numbers = [spec.name for spec in fields(Dynamics) if spec.name != "packs"]
    refuse_unknown(entry, table, [*numbers, "packs"])
    packs = table_in(table, "packs", entry)
    return Dynamics(
        **{name: number_in(table, name, entry) for name in numbers if name in table},
        packs={
            kind: _flat(RegimePack, table_in(packs, kind, "packs"), f"regime pack {kind}")
            for kind in packs
        },
    )


def _derisking(document: Table, _portfolio: str) -> DeRisking:
    table, entry = table_in(document, "derisking", "the file"), "derisking"
    numbers = [spec.name for spec in fields(DeRisking) if spec.name != "ladder"]
    refuse_unknown(entry, table, [*numbers, "ladder"])
    rungs = enumerate(tables_in(table, "ladder", entry), start=1)
    return DeRisking(
        **{name: number_in(table, name, entry) for name in numbers if name in table},
        ladder=tuple(_flat(Rung, rung, f"rung {number} of the ladder") for number, rung in rungs),
    )


def _stops(document: Table, _portfolio: str) -> dict[str, StopPlan]:
    table = table_in(document, "stops", "the file")
    return {
        strategy: _plan(table_in(table, strategy, "stops"), f"stops of {strategy}")
        for strategy in table
    }


def _plan(table: Table, entry: str) -> StopPlan:
    refuse_unknown(entry, table, [spec.name for spec in fields(StopPlan)])
    return plan_of({name: _of_plan(table, name, entry) for name in table}, entry)


def _of_plan(table: Table, name: str, entry: str) -> Any:
    kind = kind_of(name)
    if kind is bool:
        return truth_in(table, name, entry)
    if kind is str:
        return text_in(table, name, entry)
    if kind is float:
        return number_in(table, name, entry)
    rungs = enumerate(tables_in(table, name, entry), start=1)
    return [_rung_of_profit(rung, f"rung {number} of {name}, {entry},") for number, rung in rungs]


def _rung_of_profit(table: Table, entry: str) -> dict[str, float]:
    names = [spec.name for spec in fields(TakeProfit)]
    refuse_unknown(entry, table, names)
    return {name: number_in(table, name, entry) for name in names}


#: What a file may hold beside its head, and what reads it: by the name of the policy's field.
_SECTIONS: dict[str, Callable[[Table, str], Any]] = {
    "instruments": _instruments,
    "strategies": _strategies,
    "limits": _limits,
    "breakers": _breakers,
    "temporary": _temporary,
    "dynamics": _dynamics,
    "derisking": _derisking,
    "stops": _stops,
}


# --- entries -------------------------------------------------------------------------------


def _limits_of(table: Table, number: int, portfolio: str) -> Iterator[LimitDefinition]:
    """One definition of each scope that an entry names."""
    entry = f"limit {number}"
    kind = text_in(table, "kind", entry)
    if kind not in LIMIT_TYPES:
        raise PolicyInvalid(entry, f"is of kind {kind}; {did_you_mean(kind, LIMIT_TYPES)}")
    settings = own_settings(LIMIT_TYPES[kind])
    entry = f"limit {number} ({kind})"
    refuse_unknown(entry, table, [*_OF_LIMIT, "version", *settings])
    stem = text_in(table, "name", entry, default=kind)
    hard, soft = _thresholds(table, entry)
    for scope in scopes_in(table, entry, portfolio):
        yield LimitDefinition(
            name=stem if has_own_name(table) else suffixed(stem, scope),
            kind=kind,
            scope=scope,
            hard=hard,
            soft=soft,
            parameters=parameters_in(table, settings),
            dynamic=truth_in(table, "dynamic", entry),
            owner=text_in(table, "owner", entry, default=""),
            rationale=text_in(table, "rationale", entry, default=""),
            review_by=date_in(table, "review_by", entry),
            version=version_in(table, entry, default=1),
        )


def _temporary_of(table: Table, entry: str) -> TemporaryLimit:
    refuse_unknown(entry, table, _OF_TEMPORARY)
    limit = text_in(table, "limit", entry)
    entry = f"temporary limit of {limit}"
    hard, soft = _thresholds(table, entry)
    return TemporaryLimit(
        limit=limit,
        hard=hard,
        soft=soft,
        starts=time_in(table, "starts", entry),
        expires=time_in(table, "expires", entry),
        reason=text_in(table, "reason", entry),
        by=text_in(table, "by", entry, default=""),
    )


def _thresholds(table: Table, entry: str) -> tuple[float, float]:
    hard = number_in(table, "hard", entry)
    return hard, number_in(table, "soft", entry, default=soft_of(hard))


def soft_of(hard: float) -> float:
    """Where a warning begins if nobody says, without the dust of binary fractions."""
    return float(f"{SOFT_SHARE * hard:.12g}")


def _flat(kind: type[Flat], table: Table, entry: str) -> Flat:
    """A value all of whose fields are numbers."""
    known = [spec.name for spec in fields(kind)]
    refuse_unknown(entry, table, known)
    for spec in fields(kind):
        if spec.default is MISSING:
            needed(table, spec.name, entry)
    return kind(**{name: number_in(table, name, entry) for name in table})
