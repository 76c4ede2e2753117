"""How figures of limits are written on screens: the signs and spaces of `pages.format`."""

import math
from datetime import timedelta

from pages.components.utilization import UNMEASURED_STANDING, Standing
from pages.format import amount, money, multiple, number, percent, quantity
from risk.domain.events import RULE, LimitUpdated
from risk.domain.limits import LimitStatus, Unit
from risk.limits.words import Write

_NBSP = "\N{NO-BREAK SPACE}"

#: How screens call each status.
STANDINGS: dict[LimitStatus, Standing] = {
    LimitStatus.WITHIN: "inside",
    LimitStatus.SOFT: "soft",
    LimitStatus.HARD: "hard",
    LimitStatus.UNKNOWN: UNMEASURED_STANDING,
}
#: Decimals of a figure that is nearly nothing.
_MOST_DECIMALS = 5
_LONGEST_HOURS = 24.0 * 30.0


def writer(currency: str) -> Write:
    """Figures with their unit: ``4.56 %``, ``0.68 ×``, ``150.0 k USD``, ``0.4 d``."""

    def write(value: float, unit: Unit) -> str:
        if unit in (Unit.SHARE, Unit.FRACTION):
            return percent(value, 2 if abs(value) < 0.0995 else 1)
        if unit is Unit.TIMES:
            return multiple(value)
        if unit is Unit.MONEY:
            return money(value, currency)
        if unit is Unit.DAYS:
            return f"{number(value, _decimals(value, 1))}{_NBSP}d"
        if unit is Unit.QUANTITY:
            return quantity(value)
        return number(value, 0 if value == round(value) else _decimals(value, 2))

    return write


def _decimals(value: float, usual: int) -> int:
    """More than usual for what would be told as nothing: ``0.003``, and not ``0``."""
    if value == 0.0 or abs(value) >= 10.0**-usual:
        return usual
    return min(_MOST_DECIMALS, -math.floor(math.log10(abs(value))))


def trimmed(write: Write) -> Write:
    """Without zeros that say nothing, as a sentence has figures: ``35 %``."""

    def trim(value: float, unit: Unit) -> str:
        text = write(value, unit)
        digits, space, rest = text.partition(_NBSP)
        if "." in digits:
            digits = digits.rstrip("0").rstrip(".")
        return f"{digits}{space}{rest}"

    return trim


def money_left(value: float | None, currency: str) -> str:
    """Headroom in money; a dash where the limit has none."""
    return "" if value is None else f"{amount(value)}{_NBSP}{currency}"


def duration(span: timedelta) -> str:
    """``27 s``, ``51 min``, ``3 h 20``, ``9 d``."""
    seconds = max(0, round(span.total_seconds()))
    if 0 < seconds < 60:
        return f"{seconds}{_NBSP}s"
    minutes = max(0, round(span.total_seconds() / 60.0))
    if minutes < 90:
        return f"{minutes}{_NBSP}min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}{_NBSP}h" if hours >= 10 or not rest else f"{hours}{_NBSP}h{_NBSP}{rest:02}"
    return f"{round(hours / 24.0)}{_NBSP}d"


def age_words(seconds: float) -> str:
    """``0.8 s``, ``41 s``, ``5 min``."""
    if seconds < 90.0:
        return f"{number(seconds, 1 if seconds < 10.0 else 0)}{_NBSP}s"
    return duration(timedelta(seconds=seconds))


#: Of a limit that only orders fill while none of them passes.
PAUSED_WORDS = "Entries are paused: no order fills more of it, only the market can."


def pace_words(hours: float | None, status: LimitStatus) -> str:
    """When a limit will be full: ``Full in 3 h at this pace.``

    A breach is hard until it is clearly over: it need not be full any more.
    """
    if status is LimitStatus.UNKNOWN:
        return "Its pace is unknown."
    if hours is None or hours > _LONGEST_HOURS:
        return "Not full at this pace."
    if hours == 0.0:
        is_crossed = status is LimitStatus.HARD
        return "Full already." if is_crossed else "Full now: nothing more fits."
    return f"Full in {duration(timedelta(hours=hours))} at this pace."


def pace_figure(hours: float | None, status: LimitStatus) -> str:
    """The same for a column: ``3 h``, ``full``, ``none``."""
    if status is LimitStatus.UNKNOWN:
        return "unknown"
    if hours is None or hours > _LONGEST_HOURS:
        return "none"
    return "full" if hours == 0.0 else duration(timedelta(hours=hours))


def cause_of(event: LimitUpdated) -> str:
    """Why a threshold moved, and who moved it, unless the cause says that already."""
    named = event.changed_by == RULE or f"set by {event.changed_by}" in event.reason
    return event.reason if named else f"{event.reason}, by {event.changed_by}"


def verb_of(event: LimitUpdated) -> str:
    """``tightened`` or ``loosened``, by the soft threshold where only that one changed.

    ``set`` of a new limit, and ``taken away`` of one that is gone.
    """
    if event.previous is None or event.threshold is None:
        return "taken away" if event.threshold is None else "set"
    if event.threshold != event.previous:
        return "tightened" if event.threshold < event.previous else "loosened"
    if event.soft is None or event.previous_soft is None:
        return "changed"
    return "tightened" if event.soft < event.previous_soft else "loosened"
