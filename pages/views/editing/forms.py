"""Forms of limits and breakers: which fields they have, and back to a definition. Pure.

Which fields there are follows from the definition's class and the kind's own settings; nothing here
names one of either.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from types import MappingProxyType
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
from pages.components.typed import PER_CENT, PLAIN_SCALE, Scale, with_unit
from pages.format import Zone, sentence
from risk.breakers import types as breaker_types
from risk.breakers.base import Breaker
from risk.breakers.types import BREAKER_TYPES
from risk.domain.breakers import BreakerDefinition
from risk.domain.fields import shown_of
from risk.domain.limits import LimitDefinition
from risk.errors import PartAboveWhole, PolicyInvalid
from risk.limits import types as limit_types
from risk.limits.base import LimitBase
from risk.limits.types import LIMIT_TYPES
from risk.limits.words import shown_in
from risk.policy.checks import SMALLEST

Definition = LimitDefinition | BreakerDefinition

#: What a definition is, and what follows from its history: nobody types that into its form.
_NOT_TYPED = frozenset({"name", "kind", "scope", "parameters", "version"})
_TEXTS = frozenset({"text", "day"})
#: How rules begin that name a field and its value: the form has both before it.
_HAS = re.compile(r"has (\w+) -?[\d.]")
_MUST_BE = re.compile(r"^has \w+ \S+, which must be (.*)$")
_LEAST = f": {SMALLEST:g} at the least"
_EXPIRED = "would have expired before now"
_FIGURE = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


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


class Saying(NamedTuple):
    """In which words a rule's refusal is told.

    Attributes
    ----------
    about : str
        Name of the limit or breaker that the form is about; empty of a whole policy.
    names : mapping of str to str
        What screens call the policy's limits and breakers.
    now : str
        The market's time, in words.
    """

    about: str = ""
    names: Mapping[str, str] = MappingProxyType({})
    now: str = "now"


_PLAINLY = Saying()


def fault_of(
    invalid: PolicyInvalid, form_fields: Sequence[FormField], saying: Saying = _PLAINLY
) -> tuple[str, str]:
    """The field at which a rule's refusal is told, empty for the whole form, and its sentence."""
    if isinstance(invalid, PartAboveWhole):
        return _part_above_whole(invalid, form_fields, saying)
    if _EXPIRED in invalid.problem:
        return "expires", f"Must be later than {saying.now}"
    found = _field_of(invalid.problem, form_fields)
    if found is None:
        return "", f"{saying.names.get(invalid.entry, invalid.entry)} {invalid.problem}"
    # Rules name fields and speak of fractions; what follows is a hint for files.
    problem = invalid.problem.partition("; ")[0] if found.scale.suffix else invalid.problem
    told = _MUST_BE.sub(r"must be \1", problem).removesuffix(_LEAST)
    if found.scale != PLAIN_SCALE:
        told = _FIGURE.sub(lambda figure: with_unit(float(figure.group()), found.scale), told)
    return found.name, sentence(_labelled(told, form_fields))


def _part_above_whole(
    invalid: PartAboveWhole, form_fields: Sequence[FormField], saying: Saying
) -> tuple[str, str]:
    """Shares of equity are all that limits of a part and of the whole are compared in."""
    allows, most = (with_unit(each, PER_CENT) for each in (invalid.allows, invalid.most))
    whole = saying.names.get(invalid.whole, invalid.whole)
    if invalid.entry == saying.about and any(each.name == "hard" for each in form_fields):
        return "hard", f"Must not be above the {most} of {whole}, of which it is a part"
    part = saying.names.get(invalid.entry, invalid.entry)
    return "", f"{part}, which is a part of {whole}, allows {allows}, and {whole} {most}"


def _field_of(problem: str, form_fields: Sequence[FormField]) -> FormField | None:
    # Of several that a rule names, the one whose value it says is wrong.
    has = _HAS.match(problem)
    name = has.group(1) if has else field_named_in(problem, form_fields)
    by_name = {each.name: each for each in form_fields}
    return by_name.get(name) or by_name.get(field_named_in(problem, form_fields))


def _labelled(told: str, form_fields: Sequence[FormField]) -> str:
    labels = {each.name: f"“{each.label}”" for each in form_fields if "_" in each.name}
    return re.sub(r"\w+", lambda word: labels.get(word.group(), word.group()), told)
