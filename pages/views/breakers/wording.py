"""How figures and moments of breakers are written on screens."""

from datetime import datetime, timedelta

from pages.context import Book
from pages.format import NONE, UNKNOWN, Zone, money, multiple, number, percent, quantity
from pages.views.limits.writing import duration
from risk.breakers.manual import is_manual
from risk.breakers.types import SHOWN_TYPES
from risk.breakers.words import shown_name
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.words import scope_words

_NBSP = "\N{NO-BREAK SPACE}"
_FINE = 0.0995
#: Of kinds that do not name theirs.
_PART_NAMES = {"money": ("Lost", "Of equity"), "number": ("Numerator", "Denominator")}


def figure_of(value: float | None, unit: BreakerUnit) -> str:
    """``2.14 ×``, ``3.50 %``, ``6``: a value or level of a breaker."""
    if value is None:
        return UNKNOWN
    if unit is BreakerUnit.RATIO:
        return multiple(value)
    if unit is BreakerUnit.FRACTION:
        return percent(value, 2 if abs(value) < _FINE else 1)
    if unit is BreakerUnit.COUNT:
        return number(value, 0 if value == round(value) else 1)
    return number(value, 2)


def of_level(value: float | None, trip: float, unit: BreakerUnit) -> str:
    """``2.14 of 2.00 ×``: the unit is said once."""
    level = figure_of(trip, unit)
    if value is None:
        return f"trips above {level}"
    shown = figure_of(value, unit).split(_NBSP, maxsplit=1)[0]
    return f"{shown} of {level}"


def part_of(value: float | None, kind: str, book: Book) -> str:
    """Numerator or denominator of a measure, as its kind counts them."""
    if value is None:
        return UNKNOWN
    known = SHOWN_TYPES.get(kind)
    parts = "number" if known is None else known.parts
    if parts == "money":
        return money(value, book.currency)
    if parts == "fraction":
        return percent(value, 1)
    return number(value, 0) if value == round(value) else quantity(value)


def part_names(kind: str) -> tuple[str, str]:
    """What numerator and denominator of a measure are called: ``Lost``, ``Of equity``."""
    known = SHOWN_TYPES.get(kind)
    if known is None:
        return _PART_NAMES["number"]
    return known.part_names or _PART_NAMES.get(known.parts, _PART_NAMES["number"])


def ends_without_level(kind: str) -> str:
    """By what a kind lets go that asks for no level, ``by time alone``; empty of any other."""
    known = SHOWN_TYPES.get(kind)
    if known is None:
        return ""
    if known.needs_person:
        return "by a person only"
    return "by time alone" if known.ends_by_time else ""


def unit_of_kind(kind: str) -> BreakerUnit:
    """In which unit a kind counts; plain numbers of one that this program does not know."""
    known = SHOWN_TYPES.get(kind)
    return BreakerUnit.CORRELATION if known is None else known.unit


def trip_name(episode: Episode) -> str:
    """What tripped: a breaker by its name, people by the scope that they stopped."""
    by_hand = is_manual(episode.breaker)
    return (
        f"By hand, {scope_name(episode.scope)}"
        if by_hand
        else shown_name(episode.breaker, episode.scope)
    )


def trip_figure(episode: Episode, value: float) -> str:
    """A value or level of a trip; people stop at no level."""
    if is_manual(episode.breaker):
        return NONE
    return figure_of(value, unit_of_kind(episode.kind))


def scope_name(scope: Scope) -> str:
    """A scope as a label: ``Book``, ``trend``, ``BTC``."""
    if scope.kind is ScopeKind.PORTFOLIO:
        return "Book"
    return scope.name if scope.kind is ScopeKind.STRATEGY else scope_words(scope)


def minute(zone: Zone, moment: datetime, now: datetime) -> str:
    """``15:51``, preceded by the day if that is not today."""
    return zone.date_and_minute(moment, now=now)


def moment_words(zone: Zone, moment: datetime, now: datetime) -> str:
    """``15:51:05 UTC``, preceded by the day if that is not today."""
    return zone.date_and_clock(moment, now=now)


#: A cause is kept as it was said at the trip; later it is told as what was so then.
_PAST = ((" is ", " was "), (" are ", " were "), (" has ", " had "), (" have ", " had "))


def is_measured(episode: Episode) -> bool:
    """Whether a rule found its cause; what a person wrote is not put into other words."""
    return not is_manual(episode.breaker) and not episode.tripped_by


def past_words(episode: Episode) -> str:
    """``volatility was 2.26 times normal``: a trip's cause once the trip lies behind."""
    cause = episode.cause.rstrip(".")
    for now, then in _PAST if is_measured(episode) else ():
        cause = cause.replace(now, then)
    return cause


def in_one_unit(*hours: float) -> tuple[str, ...]:
    """Times that are read beside each other: all in days if each is whole, else in hours."""
    if all(each >= 24.0 and each % 24.0 == 0.0 for each in hours):
        return tuple(f"{number(each / 24.0)}{_NBSP}d" for each in hours)
    if all(each >= 1.0 and each == round(each) for each in hours):
        return tuple(f"{number(each)}{_NBSP}h" for each in hours)
    return tuple(duration(timedelta(hours=each)) for each in hours)


def ahead(moment: datetime, now: datetime) -> str:
    """``in 9 min``; of what is over, ``9 min ago``."""
    span = moment - now
    if span >= timedelta(0):
        return f"in {duration(span)}"
    return f"{duration(-span)} ago"


def share(size: float) -> str:
    """``50 %``."""
    return percent(size, 0)
