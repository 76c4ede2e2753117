"""Stop plans in a policy file: a table a strategy, ``[stops.trend]``; rungs are tables in a list.

What a plan means is in `risk.domain.stops`; here it only travels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from risk.domain.stops import StopPlan, TakeProfit, TargetUnit
from risk.errors import PolicyInvalid

#: Of a plan, by what kind of value they are; all others are numbers.
_TRUTHS = ("applies",)
_UNITS = ("target_unit",)
_RUNGS = ("take_profit",)


def plan_of(values: Mapping[str, Any], entry: str) -> StopPlan:
    """The plan that a table of a file describes, its values of the types that a file has.

    Parameters
    ----------
    values : mapping of str to object
        Known fields only; numbers as float.
    entry : str
        What the table is called in a refusal.

    Raises
    ------
    PolicyInvalid
        If the plan contradicts itself or a value is out of its range.
    """
    try:
        return StopPlan(**{name: _value(name, value) for name, value in values.items()})
    except ValueError as error:
        raise PolicyInvalid(entry, f"cannot be: {error}") from error


def _value(name: str, value: Any) -> Any:
    if name in _UNITS:
        return TargetUnit(value)
    if name in _RUNGS:
        return tuple(TakeProfit(**rung) for rung in value)
    return value


def kind_of(name: str) -> type[object]:
    """What a field of a plan is in a file: bool, str, list or float."""
    if name in _TRUTHS:
        return bool
    if name in _UNITS:
        return str
    return list if name in _RUNGS else float


def said(plan: StopPlan) -> dict[str, Any]:
    """Those fields of a plan that are not as they would be anyway, rungs as tables."""
    return {
        spec.name: _plain(getattr(plan, spec.name))
        for spec in fields(plan)
        if getattr(plan, spec.name) != _default(spec)
    }


def _default(spec: Field[Any]) -> Any:
    return None if spec.default is MISSING else spec.default


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [{"distance": rung.distance, "share": rung.share} for rung in value]
    return value.value if isinstance(value, TargetUnit) else value


def told(plan: StopPlan) -> Iterator[tuple[str, Any]]:
    """Every field that is said, as one value that can be compared and printed."""
    for name, value in said(plan).items():
        if name in _RUNGS:
            yield name, tuple(f"{r['share']:g} at {r['distance']:g}" for r in value)
        else:
            yield name, value
