"""What all that is told of events is made of."""

from collections.abc import Callable, Mapping
from typing import Any

from risk.domain.events import RiskEvent, Severity

#: Glyph, bold fact, detail.
Words = tuple[str, str, str]
#: How events of several kinds are told: each with the currency of its book.
Sayings = Mapping[type[RiskEvent], Callable[[Any, str], Words]]

BY_SEVERITY = {Severity.INFO: "info", Severity.WARNING: "throttled", Severity.CRITICAL: "halted"}


def in_line(reason: str) -> str:
    """A sentence of the program as a part of another one; what begins with a name keeps it."""
    named = reason[1:2] and not reason[1:2].islower() and not reason[1:2].isspace()
    return (reason if named else f"{reason[:1].lower()}{reason[1:]}").rstrip(".")


def quoted(said: str) -> str:
    """What a person wrote, unchanged."""
    return f"“{said}”" if said else ""
