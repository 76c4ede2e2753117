"""Lines of what was changed, with the units of what they are about. Pure.

A line is kept as a program reads it (``limit VaR: hard 0.12 -> 0.2``): the kinds of limits and
breakers say in which unit each field is read.
"""

import re
from collections.abc import Iterable

from pages.components.fields import FormField
from pages.components.typed import with_unit
from pages.views.editing.forms import Definition, form_of
from pages.views.editing.subjects import name_of
from risk.domain.limits import LimitDefinition
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.types import LIMIT_TYPES

_HEAD = re.compile(
    r"(?P<part>limit|breaker|temporary limit) (?P<name>.+?)(?P<rest>: .*)", re.DOTALL
)
#: What a person wrote begins here: it stays as it is.
_WRITTEN = ", reason "
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def told_lines(lines: Iterable[str], policy: Policy | None, currency: str) -> tuple[str, ...]:
    """Each line as people read it: ``limit VaR 99 %: hard 12 % → 20 % (looser)``."""
    return tuple(told_line(each, policy, currency) for each in lines)


def told_line(line: str, policy: Policy | None, currency: str) -> str:
    """One of them; of what the policy has no more, and whose name says no kind, without units."""
    head = _HEAD.match(line)
    definition = None if head is None else _about(head["part"], head["name"], policy)
    if head is None or definition is None:
        return _arrows(line)
    rest, written, reason = head["rest"].partition(_WRITTEN)
    for field in form_of(definition, currency).fields:
        rest = _with_units(rest, field)
    return f"{head['part']} {_named(head['name'], definition)}{_arrows(rest)}{written}{reason}"


def _named(name: str, definition: Definition) -> str:
    """As screens call it, and of a temporary one from when on."""
    shown = name_of(definition) if isinstance(definition, LimitDefinition) else definition.name
    return f"{shown}{name.removeprefix(definition.name)}"


def _arrows(text: str) -> str:
    return text.replace(" -> ", " → ")


def _with_units(text: str, field: FormField) -> str:
    if field.control not in ("number", "whole"):
        return text

    def written(found: re.Match[str]) -> str:
        told = (with_unit(float(each), field.scale) for each in found.groups() if each)
        return f"{field.name} {' -> '.join(told)}"

    return re.sub(rf"\b{field.name} ({_NUMBER})(?: -> ({_NUMBER}))?(?=[ ,;]|$)", written, text)


def _about(part: str, name: str, policy: Policy | None) -> Definition | None:
    if part == "breaker":
        return None if policy is None else policy.breaker(name)
    bare = name.rpartition(" from ")[0] if part == "temporary limit" else name
    known = None if policy is None else policy.limit(bare)
    return known or _by_name(bare)


def _by_name(name: str) -> LimitDefinition | None:
    """A limit that nobody has named is called by its kind and scope."""
    kind, _, rest = name.partition(" ")
    where, _, whose = rest.partition(" ")
    if kind not in LIMIT_TYPES or where not in list(ScopeKind):
        return None
    scope = Scope(ScopeKind(where), whose)
    return LimitDefinition(name=name, kind=kind, scope=scope, hard=0.0, soft=0.0)
