"""What a page holds and sends back with each question: whether it can be that at all.

A browser sends whatever it is told to. Here is the one place that says what cannot have stood on a
page of ours; `pages.questions` refuses it before anything is done. Whether what it can have held is
right, those decide who read it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from pages.theme import SCHEMES

#: No table has a row of a greater number.
BIGGEST = (1 << 63) - 1
_LONGEST_NUMBER = 18


def is_held(component: Mapping[str, Any]) -> bool:
    """Whether that component can have held that value in that property."""
    name, prop, value = component["id"], component["property"], component.get("value")
    if prop == "id":
        return bool(value == name) and has_no_monster(name)
    # Fields of forms have names of several parts: what people type there may be anything.
    is_form = prop == "value" and not isinstance(name, str)
    judge = _STORES.get(name) if isinstance(name, str) and prop == "data" else _JUDGES.get(prop)
    return is_form or ((judge is None or judge(value)) and has_no_monster(value))


def is_row_number(value: Any) -> TypeGuard[int]:
    """Whether it can be the number of something kept, or 0 for nothing."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BIGGEST


def has_no_monster(value: Any) -> bool:
    """Whether every whole number in it is one that a database knows."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
        elif isinstance(one, int) and abs(one) > BIGGEST:
            return False
    return True


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_path(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.startswith("/"))


def _is_count(value: Any) -> bool:
    return value is None or is_row_number(value)


def _is_number_text(value: Any) -> bool:
    if not value:
        return _is_text(value)
    digits = isinstance(value, str) and value.isascii() and value.isdigit()
    return digits and len(value) <= _LONGEST_NUMBER


def _are_words(value: Any) -> bool:
    """Words of an address, as `pages.query.parse` takes them."""
    return isinstance(value, dict) and all(map(_is_said, value.values()))


def _is_said(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return _is_text(value)


def _is_view(value: Any) -> bool:
    """How a screen is shown, as it said itself when it was drawn; nothing where none is."""
    if value is None:
        return False
    try:
        said = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return (
        isinstance(said, dict)
        and _are_words(said.get("words"))
        and said.get("scheme") in SCHEMES
        and _is_text(said.get("viewer"))
    )


def _is_live(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("address"), str)


def _is_about(value: Any) -> bool:
    return value is None or _are_words(value)


#: By the name of the property, whosever it is.
_JUDGES: Mapping[str, Callable[[Any], bool]] = {
    "data-view": _is_view,
    "data-cycle": _is_number_text,
    "data-news": _is_number_text,
    "data-address": _is_text,
    "pathname": _is_path,
    "search": _is_text,
    "n_clicks": _is_count,
    "value": _is_text,
}
#: By the name of a store.
_STORES: Mapping[str, Callable[[Any], bool]] = {"live": _is_live, "editor-about": _is_about}
