"""Forms drawn from dataclass fields: a control by type and unit, and back to values. Pure.

A new field, or a new kind of limit or breaker with settings of its own, has its form by this alone:
the type says which control, `Shown` in the annotation which unit and choices, the docstring the
help. The classes' own rules say what else is wrong.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_type_hints

import dash_mantine_components as dmc

from pages.components.basics import Component
from pages.components.typed import (
    PER_CENT,
    PLAIN_SCALE,
    Scale,
    Typed,
    chosen,
    day_typed,
    moment_typed,
    number_typed,
    text_typed,
    texts_typed,
    whole_typed,
    with_unit,
    written,
    wrong,
)
from pages.format import Zone, sentence
from risk.domain.breakers import BreakerUnit
from risk.domain.fields import Shown, meanings_of, shown_of
from risk.domain.limits import Unit
from risk.domain.trading import TradingState

Control = Literal["number", "whole", "text", "texts", "choice", "day", "moment"]

#: What the ids of all controls of a form say of their type.
FIELD = "form-field"

_MULTIPLE = Scale(1, "\N{MULTIPLICATION SIGN}")
_SCALES: Mapping[StrEnum, Scale] = {
    Unit.SHARE: PER_CENT,
    Unit.FRACTION: PER_CENT,
    Unit.TIMES: _MULTIPLE,
    Unit.DAYS: Scale(1, "d"),
    Unit.QUANTITY: Scale(1, "units"),
    BreakerUnit.FRACTION: PER_CENT,
    BreakerUnit.RATIO: _MULTIPLE,
}
#: By the word with which a name ends.
_SCALES_BY_NAME: Mapping[str, Scale] = {
    "seconds": Scale(1, "s"),
    "minutes": Scale(1, "min"),
    "hours": Scale(1, "h"),
    "days": Scale(1, "d"),
}
#: What people call fields whose names are made for files.
_LABELS: Mapping[str, str] = {
    "hard": "Hard threshold",
    "soft": "Soft threshold",
    "dynamic": "Follows performance and regime",
    "review_by": "Review by",
    "trip": "Trips above",
    "release": "Is left at",
    "state": "Imposes",
    "size": "Size of new risk",
    "flatten": "Closes all positions",
    "enabled": "Switched on",
    "confirm": "Readings that must agree",
    "of": "Of the last readings",
    "least_hours": "Shortest pause",
    "greatest_hours": "Longest pause",
    "probation_hours": "Re-opening takes",
    "half_life_hours": "Half-life of what is recent",
    "half_life_minutes": "Half-life of what is recent",
    "easing_hours": "Half-life of what it eases by",
    "normal_days": "Half-life of what is normal",
    "fall_sigmas": "Fall, in daily deviations",
    "least_marks": "Fewest assets in doubt",
    "counts_cash": "Cash counts",
    "expires": "Until",
    "starts": "From",
}
_TRUTH: Mapping[str, bool] = {"yes": True, "no": False}
_CONTROLS: Mapping[Any, Control] = {
    float: "number",
    int: "whole",
    str: "text",
    tuple[str, ...]: "texts",
    date: "day",
    date | None: "day",
    datetime: "moment",
}
#: Of a docstring: names of constants, and marks of code.
_OF_CODE = re.compile(r"[,;]? [Oo]ne of ``[A-Z_]+``|^One of ``[A-Z_]+``\.?|`+")

#: Of a docstring: that a form must say which unit, and a bound in fractions.
_OF_KIND = re.compile(r", in the unit of the kind|, in the limit's unit")
#: How a unit is named in a sentence, where that is not *in* and its sign.
_IN: Mapping[str, str] = {
    "": "a number",
    _MULTIPLE.suffix: "as a multiple (\N{MULTIPLICATION SIGN})",
    "d": "in days",
}
_BOUND = re.compile(r"\b(above|below|between|and|at most|at least) (\d+(?:\.\d+)?)\b")


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of a form.

    Attributes
    ----------
    name : str
        Of the dataclass.
    label, help : str
    control : str
    scale : Scale
        Of a number.
    options : mapping of str to object
        Of a choice, what each of its words stands for.
    at_most : str
        Name of the field that it may not exceed; empty for none.
    at_least : float or None
        The least that it may be.
    """

    name: str
    label: str
    help: str
    control: Control
    scale: Scale = PLAIN_SCALE
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    at_most: str = ""
    at_least: float | None = None


class FormRead(NamedTuple):
    """What a form says.

    Attributes
    ----------
    values : mapping of name to value
        Of the fields without a fault.
    faults : mapping of name to str
        What is wrong, a sentence without its full stop.
    """

    values: Mapping[str, Any]
    faults: Mapping[str, str]


# -- from a class ----------------------------------------------------------------------------


def form_fields(
    kind: type, names: Sequence[str], *, of_kind: Scale = PLAIN_SCALE, currency: str = ""
) -> tuple[FormField, ...]:
    """The fields of a dataclass that a form can show, in the order of `names`.

    Parameters
    ----------
    kind : type
    names : sequence of str
        Which are wanted; those of a type without a control are left out.
    of_kind : Scale
        Of what counts as the definition's kind does.
    currency : str
        In which money is written.
    """
    hints, said, meanings = get_type_hints(kind), shown_of(kind), meanings_of(kind)
    found = []
    for name in names:
        options = _options(hints[name], said[name])
        control: Control | None = "choice" if options else _CONTROLS.get(hints[name])
        if control is not None:
            scale = _scale(name, said[name], of_kind, currency)
            found.append(
                FormField(
                    name=name,
                    label=label_of(name),
                    help=_help(meanings.get(name, ""), "" if options else scale.suffix),
                    control=control,
                    scale=scale,
                    options=options,
                    at_most=said[name].at_most,
                    at_least=said[name].at_least,
                )
            )
    return tuple(found)


def scale_of(unit: StrEnum, currency: str) -> Scale:
    """How numbers of a unit are written in fields."""
    return Scale(1, currency) if unit is Unit.MONEY else _SCALES.get(unit, PLAIN_SCALE)


def label_of(name: str) -> str:
    """What people call a field."""
    stem, _, last = name.rpartition("_")
    known = stem if stem and last in _SCALES_BY_NAME else name
    return _LABELS.get(name, sentence(known.replace("_", " ")))


def _scale(name: str, said: Shown, of_kind: Scale, currency: str) -> Scale:
    if said.of_kind:
        return of_kind
    if said.unit is not None:
        return scale_of(said.unit, currency)
    return _SCALES_BY_NAME.get(name.rpartition("_")[2], PLAIN_SCALE)


def _options(hint: Any, said: Shown) -> Mapping[str, Any]:
    if hint is bool:
        return _TRUTH
    is_enum = isinstance(hint, type) and issubclass(hint, Enum)
    allowed = said.one_of or (tuple(hint) if is_enum else ())
    scale = PLAIN_SCALE if said.unit is None else scale_of(said.unit, "")
    return {_word(each, scale): each for each in allowed}


def _word(value: Any, scale: Scale) -> str:
    """What stands for one of several."""
    if isinstance(value, TradingState):
        return value.word
    if isinstance(value, float):
        return with_unit(value, scale)
    return str(value)


def _help(meaning: str, unit: str) -> str:
    """What a docstring says, in the words and the unit of the form."""
    told = _OF_KIND.sub(f", {_IN.get(unit, f'in {unit}')}", _OF_CODE.sub("", meaning).strip())
    return sentence(_BOUND.sub(_in_per_cent, told) if unit == PER_CENT.suffix else told)


def _in_per_cent(bound: "re.Match[str]") -> str:
    return f"{bound.group(1)} {with_unit(float(bound.group(2)), PER_CENT)}"


# -- from values to what stands there, and back ----------------------------------------------


def as_typed(field: FormField, value: Any, zone: Zone) -> str | list[str] | None:
    """What stands in a field that has a value; :func:`read_fields` undoes it."""
    if field.control == "choice":
        return next((word for word, each in field.options.items() if each == value), None)
    if value is None:
        return ""
    if field.control in ("number", "whole"):
        return written(value, field.scale)
    if field.control == "texts":
        return list(value)
    if field.control == "day":
        return value.isoformat()
    if field.control == "moment":
        return f"{value.astimezone(zone.info):%Y-%m-%dT%H:%M}"
    return value


def read_fields(fields: Sequence[FormField], typed: Mapping[str, Any], zone: Zone) -> FormRead:
    """What was typed as values, or what is wrong at which field.

    Parameters
    ----------
    fields : sequence of FormField
    typed : mapping of name to object
        As a browser sent it, which may be anything.
    zone : Zone
        Of the times in it.
    """
    read = {each.name: _read(each, typed.get(each.name), zone) for each in fields}
    values = {name: each.value for name, each in read.items() if not each.fault}
    faults = {name: each.fault for name, each in read.items() if each.fault}
    by_name = {each.name: each for each in fields}
    for each in fields:
        fault = _out_of_order(each, by_name, values)
        if fault:
            faults[each.name] = fault
    return FormRead({name: v for name, v in values.items() if name not in faults}, faults)


def _read(field: FormField, typed: Any, zone: Zone) -> Typed:
    if field.control == "choice":
        return chosen(typed, field.options)
    if field.control in ("number", "whole"):
        return _number(field, typed)
    if field.control == "moment":
        return moment_typed(typed, zone)
    return {"texts": texts_typed, "day": day_typed}.get(field.control, text_typed)(typed)


def _number(field: FormField, typed: Any) -> Typed:
    whole = field.control == "whole"
    read = whole_typed(typed) if whole else number_typed(typed, field.scale)
    if read.fault or field.at_least is None or read.value >= field.at_least:
        return read
    return wrong(f"Must be {with_unit(field.at_least, field.scale)} or more")


def _out_of_order(
    field: FormField, by_name: Mapping[str, FormField], values: Mapping[str, Any]
) -> str:
    """That a field lies above the one that it may not exceed; empty where it does not."""
    other = by_name.get(field.at_most)
    if other is None or field.name not in values or other.name not in values:
        return ""
    if values[field.name] <= values[other.name]:
        return ""
    return f"Must not be above “{other.label}”, {with_unit(values[other.name], other.scale)}"


def field_named_in(text: str, fields: Sequence[FormField]) -> str:
    """The field that a rule's sentence names first; empty if it names none."""
    names = {each.name for each in fields}
    return next((word for word in re.findall(r"\w+", text) if word in names), "")


# -- controls --------------------------------------------------------------------------------


def field_id(name: str, form: str = FIELD) -> dict[str, str]:
    """The id of a field's control in a form."""
    return {"type": form, "field": name}


def field_control(field: FormField, typed: Any, *, zone: Zone, form: str = FIELD) -> Component:
    """What a field is typed into or chosen by, with its help.

    Parameters
    ----------
    field : FormField
    typed : object
        What stands there at first.
    zone : Zone
        Of times.
    form : str
        What the ids of all its controls have in common.
    """
    common: dict[str, Any] = {
        "id": field_id(field.name, form),
        "label": f"{field.label} ({zone.name})" if field.control == "moment" else field.label,
        "description": field.help or None,
        "value": typed,
        "size": "xs",
    }
    if field.control == "choice":
        return dmc.Select(data=list(field.options), allowDeselect=False, **common)
    if field.control == "texts":
        return dmc.TagsInput(clearable=False, **common)
    if field.control == "text":
        return dmc.Textarea(autosize=True, minRows=1, maxRows=4, debounce=_TYPING_MS, **common)
    return dmc.TextInput(
        debounce=_TYPING_MS,
        rightSection=field.scale.suffix or None,
        rightSectionWidth=_SUFFIX_PX if field.scale.suffix else None,
        rightSectionPointerEvents="none",
        attributes={"input": _INPUTS[field.control]},
        **common,
    )


#: So long after the last letter somebody is taken to have written a field.
_TYPING_MS = 350
_SUFFIX_PX = 44
_DIGITS = {"inputMode": "decimal", "autoComplete": "off", "spellCheck": "false"}
_INPUTS: Mapping[str, Mapping[str, str]] = {
    "number": _DIGITS,
    "whole": {**_DIGITS, "inputMode": "numeric"},
    "day": {"type": "date"},
    "moment": {"type": "datetime-local"},
}

__all__ = [
    "FIELD",
    "FormField",
    "FormRead",
    "as_typed",
    "field_control",
    "field_id",
    "field_named_in",
    "form_fields",
    "label_of",
    "read_fields",
    "scale_of",
]
