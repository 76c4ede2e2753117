"""Values of a policy file: read as what they must be, or refused in words.

What they mean is for whoever asks; every function takes the entry's name for a refusal and raises
`PolicyInvalid`.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from risk.domain.limits import Parameter
from risk.domain.scopes import Scope, ScopeKind
from risk.errors import PolicyInvalid

Table = Mapping[str, Any]

_LARGEST = sys.float_info.max
_LAST_VERSION = 2**31 - 1
#: Of a value that is wrong, what is told.
_TOLD = 200
_LINE_BREAK = re.compile(r"\s*\n\s*")


# --- which there are -----------------------------------------------------------------------


def refuse_unknown(entry: str, table: Table, known: Sequence[str]) -> None:
    """Refuse a key that is not among those known, naming the likeliest."""
    for name in table:
        if name not in known:
            raise PolicyInvalid(
                entry, f"has {name}, which is not known there; {did_you_mean(name, known)}"
            )


def did_you_mean(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """The likeliest of the known names as a question, else all of them."""
    likely = get_close_matches(name, known, n=1)
    return f"did you mean {likely[0]}?" if likely else f"there are {', '.join(known)}"


def needed(table: Table, name: str, entry: str) -> Any:
    """A value as it stands."""
    if name not in table:
        raise PolicyInvalid(entry, f"needs {name}")
    return table[name]


# --- one value -----------------------------------------------------------------------------


def number_in(table: Table, name: str, entry: str, *, default: float | None = None) -> float:
    """A number; needed where there is no default. NaN is for the rules to refuse."""
    value = needed(table, name, entry) if default is None else table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(entry, name, value, "a number")
    if abs(value) > _LARGEST:
        raise PolicyInvalid(entry, f"has {name}, which must be a finite number")
    return float(value)


def text_in(table: Table, name: str, entry: str, *, default: str | None = None) -> str:
    """Text in one line; needed where there is no default."""
    value = needed(table, name, entry) if default is None else table.get(name, default)
    if not isinstance(value, str):
        raise wrong(entry, name, value, "text in quotes")
    return _LINE_BREAK.sub(" ", value)


def truth_in(table: Table, name: str, entry: str, *, default: bool = False) -> bool:
    """True or false."""
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise wrong(entry, name, value, "true or false")
    return value


def whole_in(table: Table, name: str, entry: str, *, least: int, default: int) -> int:
    """A whole number, `least` or more."""
    value = table.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(entry, name, value, f"a whole number, {least} or more")
    if not least <= value <= _LAST_VERSION:
        raise wrong(entry, name, value, f"a whole number, {least} or more")
    return value


def version_in(table: Table, entry: str, *, default: int) -> int:
    """A version, `default` or more."""
    return whole_in(table, "version", entry, least=default, default=default)


def date_in(table: Table, name: str, entry: str) -> date | None:
    """A date, or None where none is given."""
    value = table.get(name)
    if value is None or type(value) is date:
        return value
    raise wrong(entry, name, value, "a date without quotes, such as 2027-01-31")


def time_in(table: Table, name: str, entry: str) -> datetime:
    """A moment with its zone."""
    value = needed(table, name, entry)
    if not isinstance(value, datetime) or not _is_a_moment(value):
        raise wrong(
            entry, name, value, "a time with its zone, without quotes, such as 2027-01-31T12:00:00Z"
        )
    return value


def _is_a_moment(value: datetime) -> bool:
    """Whether it has a zone, and is within the calendar in UTC too."""
    try:
        return value.utcoffset() is not None and bool(value.astimezone(UTC))
    except OverflowError:
        return False


def parameters_in(table: Table, settings: Sequence[str]) -> dict[str, Parameter]:
    """Those of a kind's own settings that are given, as they stand: rules say what is wrong."""
    return {own: _parameter(table[own]) for own in settings if own in table}


def _parameter(value: Any) -> Parameter:
    if isinstance(value, list):
        return tuple(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return float(value) if whole else value


# --- scopes --------------------------------------------------------------------------------


def scopes_in(table: Table, entry: str, portfolio: str) -> list[Scope]:
    """What an entry is set on: one scope, or each of a list."""
    named = needed(table, "on", entry)
    texts = [named] if isinstance(named, str) else named
    if not (isinstance(texts, list) and texts and all(isinstance(each, str) for each in texts)):
        raise PolicyInvalid(entry, f"has on = {named!r}, which must name a scope or list some")
    return [_scope(text, entry, portfolio) for text in texts]


def has_own_name(table: Table) -> bool:
    """Whether an entry's name is its only one's, and not how those of several scopes begin."""
    return isinstance(table["on"], str) and "name" in table


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


# --- tables --------------------------------------------------------------------------------


def table_in(table: Table, name: str, entry: str) -> Table:
    """A table; an empty one where none is given."""
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise wrong(entry, name, value, "a table")
    return value


def tables_in(table: Table, name: str, entry: str) -> list[Table]:
    """A list of tables; an empty one where none is given."""
    value = table.get(name, [])
    if not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
        raise wrong(entry, name, value, f"a list of tables, each headed [[{name}]]")
    return value


def wrong(entry: str, name: str, value: object, wanted: str) -> PolicyInvalid:
    """The refusal of a value that is not what it must be."""
    try:
        told = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        told = "a number beyond all others"
    if len(told) > _TOLD:
        told = f"{told[:_TOLD]}..."
    return PolicyInvalid(entry, f"has {name} = {told}, which must be {wanted}")
