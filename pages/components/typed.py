"""What people type into forms, read strictly: a value, or what is wrong in words. Pure.

Numbers are read as they are written on screens, a fraction as per cent, in plain digits with a
point. Whatever could be meant otherwise (a comma, an exponent, an empty field) is refused.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pages.format import Zone

#: Letters of a number at most: more digits than these mean nothing.
LONGEST_NUMBER = 30
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_EXPONENT = re.compile(r"-?[\d.]+[eE][-+]?\d+", re.ASCII)
_NO_NUMBERS = frozenset({"nan", "inf", "infinity"})
_NBSP = "\N{NO-BREAK SPACE}"
_SPACES = f"{_NBSP}\N{NARROW NO-BREAK SPACE}"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


class Scale(NamedTuple):
    """How a number inside is written on screens.

    Attributes
    ----------
    times : int
        What it is multiplied by.
    suffix : str
        What stands after it; empty for nothing.
    """

    times: int = 1
    suffix: str = ""


PLAIN_SCALE = Scale()
PER_CENT = Scale(100, "%")


class Typed(NamedTuple):
    """What was read of a field.

    Attributes
    ----------
    value : object
        None where `fault` is not empty.
    fault : str
        What is wrong, a sentence without its full stop; empty where nothing is.
    """

    value: Any
    fault: str = ""


def wrong(fault: str) -> Typed:
    """Nothing was read, and why."""
    return Typed(None, fault)


# -- numbers ---------------------------------------------------------------------------------


def written(value: float, scale: Scale = PLAIN_SCALE) -> str:
    """A number as it stands in a field: 0.025 in per cent is ``2.5``; no digit is lost.

    Examples
    --------
    >>> written(0.0625, PER_CENT)
    '6.25'
    >>> written(150000.0)
    '150000'
    """
    # By its digits: times 100, the float 0.07 would be a little more than 7.
    text = f"{Decimal(repr(float(value))) * scale.times:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def with_unit(value: float, scale: Scale) -> str:
    """A number as a field has it, with its unit: ``6.25 %``."""
    return f"{written(value, scale)}{_NBSP}{scale.suffix}".rstrip(_NBSP)


def number_typed(text: Any, scale: Scale = PLAIN_SCALE) -> Typed:
    """A number that was typed, with or without its suffix.

    Parameters
    ----------
    text : object
        What a browser sent.
    scale : Scale
    """
    said = _without_suffix(text, scale)
    fault = _fault_of_number(said)
    if fault:
        return wrong(fault)
    return Typed(float(Decimal(said) / scale.times))


def whole_typed(text: Any) -> Typed:
    """A whole number that was typed."""
    said = _without_suffix(text, PLAIN_SCALE)
    fault = _fault_of_number(said)
    if fault:
        return wrong(fault)
    return Typed(int(said)) if _WHOLE.fullmatch(said) else wrong("Write a whole number")


def _without_suffix(text: Any, scale: Scale) -> str:
    said = str(text).strip() if isinstance(text, str | int | float) else ""
    said = said.replace("\N{MINUS SIGN}", "-")
    if scale.suffix and said.endswith(scale.suffix):
        said = said.removesuffix(scale.suffix).rstrip(f" {_SPACES}")
    return said


def _fault_of_number(said: str) -> str:
    if not said:
        return "Write a number"
    if len(said) > LONGEST_NUMBER:
        return f"Write {LONGEST_NUMBER} digits at most"
    if _NUMBER.fullmatch(said):
        return ""
    if "," in said:
        return "Write a point before the decimals and no comma, such as 2.5"
    if said.lower().lstrip("+-") in _NO_NUMBERS:
        return f"{said} is no number that could be kept to"
    if _EXPONENT.fullmatch(said):
        return "Write all digits, without an exponent"
    return f"{said!r} is no number; write digits and a point, such as 2.5"


# -- all else --------------------------------------------------------------------------------


def text_typed(text: Any) -> Typed:
    """One line of text; what was typed in several is put into one."""
    return Typed(" ".join(text.split()) if isinstance(text, str) else "")


def texts_typed(texts: Any) -> Typed:
    """Several texts, each once, in the order in which they came."""
    given = texts if isinstance(texts, list) else []
    said = [" ".join(each.split()) for each in given if isinstance(each, str)]
    return Typed(tuple(dict.fromkeys(each for each in said if each)))


def chosen(text: Any, options: Mapping[str, Any]) -> Typed:
    """One of several, by the word that stands for it."""
    if isinstance(text, str) and text in options:
        return Typed(options[text])
    return wrong(f"Choose {_or(list(options))}")


def day_typed(text: Any) -> Typed:
    """A day such as ``2027-01-31``; None if none was typed."""
    if text in (None, ""):
        return Typed(None)
    if isinstance(text, str) and _DAY.fullmatch(text):
        try:
            return Typed(date.fromisoformat(text))
        except ValueError:
            pass  # the 30th of February
    return wrong("Write a day that there is, such as 2027-01-31")


def moment_typed(text: Any, zone: Zone) -> Typed:
    """A moment as the clocks of a zone show it, such as ``2027-01-31T17:30``, in UTC."""
    if isinstance(text, str) and _MINUTE.fullmatch(text):
        try:
            return Typed(datetime.fromisoformat(text).replace(tzinfo=zone.info).astimezone(UTC))
        except (ValueError, OverflowError):
            pass
    return wrong("Choose day and time")


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
