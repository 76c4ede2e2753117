"""Forms of limits and breakers: which fields they have, and back to a definition. Pure.

Which fields there are follows from the definition's class and the kind's own settings; nothing here
names one of either.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, NamedTuple

from pages.components.fields import (
    FormField,
    FormRead,
    as_typed,
    field_named_in,
    form_fields,
    read_fields,
    scale_of,
)
from pages.components.typed import PER_CENT, Scale, with_unit
from pages.format import Zone, sentence
from risk.breakers import types as breaker_types
from risk.breakers.base import Breaker
from risk.breakers.types import BREAKER_TYPES
from risk.domain.breakers import BreakerDefinition
from risk.domain.fields import shown_of
from risk.domain.limits import LimitDefinition
from risk.errors import PolicyInvalid
from risk.limits import types as limit_types
from risk.limits.base import LimitBase
from risk.limits.types import LIMIT_TYPES
from risk.limits.words import shown_in

Definition = LimitDefinition | BreakerDefinition

#: What a definition is, and what follows from its history: nobody types that into its form.
_NOT_TYPED = frozenset({"name", "kind", "scope", "parameters", "version"})
_TEXTS = frozenset({"text", "day"})
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


class Group(NamedTuple):
    """Fields under one heading."""

    title: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True)
class DefinitionForm:
    """The form of one kind of limit or breaker.

    Attributes
    ----------
    kind : type
        Of ``LIMIT_TYPES`` or ``BREAKER_TYPES``.
    groups : tuple of Group
        None of them is empty.
    """

    kind: type[LimitBase] | type[Breaker]
    groups: tuple[Group, ...]

    @property
    def fields(self) -> tuple[FormField, ...]:
        """All of them."""
        return tuple(each for group in self.groups for each in group.fields)

    @property
    def settings(self) -> Sequence[str]:
        """Names of the kind's own."""
        return settings_of(self.kind)

    def typed(self, definition: Definition, zone: Zone) -> dict[str, Any]:
        """What stands in the form of a definition."""
        return {
            each.name: as_typed(each, self._value(definition, each.name), zone)
            for each in self.fields
        }

    def _value(self, definition: Definition, name: str) -> Any:
        if name not in self.settings:
            return getattr(definition, name)
        return definition.parameters.get(name, default_of(self.kind, name))

    def read(self, typed: Mapping[str, Any], zone: Zone) -> FormRead:
        """What was typed as values, or what is wrong at which field."""
        return read_fields(self.fields, typed, zone)

    def applied(self, values: Mapping[str, Any], base: Definition) -> Definition:
        """`base` as the form has it.

        A setting that was never said stays unsaid while it is what it would be anyway.
        """
        settings = {
            name: values[name]
            for name in self.settings
            if name in base.parameters or values[name] != default_of(self.kind, name)
        }
        own = {name: value for name, value in values.items() if name not in self.settings}
        return replace(base, **own, parameters=settings)


def limit_form(kind: str, currency: str) -> DefinitionForm:
    """The form of a kind of limit."""
    return _form(LimitDefinition, LIMIT_TYPES[kind], scale_of(shown_in(kind), currency), currency)


def breaker_form(kind: str, currency: str) -> DefinitionForm:
    """The form of a kind of breaker."""
    found = BREAKER_TYPES[kind]
    return _form(BreakerDefinition, found, scale_of(found.unit, currency), currency)


def form_of(definition: Definition, currency: str) -> DefinitionForm:
    """The form of a limit or breaker."""
    made = limit_form if isinstance(definition, LimitDefinition) else breaker_form
    return made(definition.kind, currency)


def level_fields(kind: str, currency: str) -> tuple[FormField, ...]:
    """Both thresholds of a kind of limit, as any form asks for them."""
    return limit_form(kind, currency).groups[0].fields


def settings_of(kind: type[LimitBase] | type[Breaker]) -> tuple[str, ...]:
    """Names of the settings that a kind adds to those of every limit or breaker."""
    if issubclass(kind, Breaker):
        return breaker_types.own_settings(kind)
    return limit_types.own_settings(kind)


def default_of(kind: type[LimitBase] | type[Breaker], name: str) -> Any:
    """What a setting is where nobody says."""
    found = next(spec.default for spec in fields(kind) if spec.name == name)
    return None if found is MISSING else found


def _form(
    definition: type[Definition],
    kind: type[LimitBase] | type[Breaker],
    of_kind: Scale,
    currency: str,
) -> DefinitionForm:
    names = [spec.name for spec in fields(definition) if spec.name not in _NOT_TYPED]
    common = form_fields(definition, names, of_kind=of_kind, currency=currency)
    said = shown_of(definition)
    levels = [each for each in common if said[each.name].of_kind]
    about = [each for each in common if each.control in _TEXTS]
    acts = [each for each in common if each not in levels and each not in about]
    own = form_fields(kind, settings_of(kind), of_kind=of_kind, currency=currency)
    titled = (
        ("Levels", levels),
        (f"Settings of {kind.title.lower() if kind.title[1:].islower() else kind.title}", own),
        ("What it does", acts),
        ("Who answers for it", about),
    )
    return DefinitionForm(kind, tuple(Group(t, tuple(found)) for t, found in titled if found))


# -- what a rule says ------------------------------------------------------------------------


def fault_of(invalid: PolicyInvalid, form_fields: Sequence[FormField]) -> tuple[str, str]:
    """The field at which a rule's refusal is told, empty for the whole form, and its sentence."""
    name = field_named_in(invalid.problem, form_fields)
    found = next((each for each in form_fields if each.name == name), None)
    if found is None:
        return "", f"{invalid.entry} {invalid.problem}"
    if found.scale != PER_CENT:
        return name, sentence(invalid.problem)
    # Rules speak of fractions; the field was written in per cent. What follows is a hint for files.
    told = _FIGURE.sub(_as_per_cent, invalid.problem.partition("; ")[0])
    return name, sentence(told)


def _as_per_cent(figure: "re.Match[str]") -> str:
    return with_unit(float(figure.group()), PER_CENT)
