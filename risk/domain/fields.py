"""What dataclasses say of their fields beyond the type: what forms are drawn from.

A class whose fields say nothing has a form all the same, with plain numbers and free text; how it
is read stands in :mod:`pages.components.fields`.
"""

import inspect
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, get_type_hints


class Shown(NamedTuple):
    """How people read a field, and what it may not pass; the metadata of its annotation.

    Attributes
    ----------
    unit : StrEnum or None
        What its number counts, a member of ``Unit``; None says nothing.
    of_kind : bool
        Whether it counts what the definition's kind counts.
    at_most : str
        Name of the field that it may not exceed; empty for none.
    one_of : tuple
        All that it may be; empty where that cannot be listed.
    at_least : float or None
        The least that it may be; None says nothing.
    """

    unit: StrEnum | None = None
    of_kind: bool = False
    at_most: str = ""
    one_of: tuple[Any, ...] = ()
    at_least: float | None = None


#: Of a field that says nothing.
PLAIN = Shown()


def shown_of(kind: type) -> Mapping[str, Shown]:
    """What each annotated name of a class says of itself."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: _said(hint) for name, hint in hints.items()}


def _said(hint: Any) -> Shown:
    metadata = getattr(hint, "__metadata__", ())
    return next((each for each in metadata if isinstance(each, Shown)), PLAIN)


def meanings_of(kind: type) -> dict[str, str]:
    """What the docstring's *Attributes* say of each name; empty where they give a type only."""
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")
    said: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if not line.startswith(" "):
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
            said |= dict.fromkeys(names, "")
        else:
            said |= {name: f"{said[name]} {line.strip()}".strip() for name in names}
    return said
