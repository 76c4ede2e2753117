"""How numbers, money and times are written, everywhere.

True minus signs, narrow no-break spaces between thousands, no-break spaces before units, so
that a figure never wraps or shifts. A figure that nobody knows is the word ``unknown``; a NaN
is a defect further down and is refused.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNKNOWN = "unknown"
NONE = "none"

_MINUS = "\N{MINUS SIGN}"
_THIN = "\N{NARROW NO-BREAK SPACE}"
_NBSP = "\N{NO-BREAK SPACE}"
_TIMES = "\N{MULTIPLICATION SIGN}"

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def number(value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
    """`value` with `decimals` places; a leading plus where `signed` and above zero."""
    if value is None:
        return UNKNOWN
    if not math.isfinite(value):
        raise ValueError(f"a figure must be finite, got {value}")
    rounded = round(value, decimals)
    text = f"{abs(rounded):,.{decimals}f}".replace(",", _THIN)
    return _sign(rounded, signed=signed) + text


def _sign(rounded: float, *, signed: bool) -> str:
    if rounded < 0.0:
        return _MINUS
    return "+" if signed and rounded > 0.0 else ""


def percent(fraction: float | None, decimals: int = 2, *, signed: bool = False) -> str:
    """A fraction as per cent: 0.0455 is ``4.55 %``."""
    if fraction is None:
        return UNKNOWN
    return f"{number(100.0 * fraction, decimals, signed=signed)}{_NBSP}%"


def multiple(value: float | None, decimals: int = 2) -> str:
    """A multiple of something: ``0.68 ×``."""
    return UNKNOWN if value is None else f"{number(value, decimals)}{_NBSP}{_TIMES}"


# From which amount on, its unit, that unit's size, and its decimals. An amount that rounding
# would lift into the next unit belongs there.
_SCALES = ((999.995e6, "bn", 1e9, 2), (999.95e3, "m", 1e6, 2), (999.5, "k", 1e3, 1))


def amount(value: float | None, *, signed: bool = False) -> str:
    """Money without its currency: ``2.41 m``, ``77.4 k``, ``842``."""
    if value is None:
        return UNKNOWN
    for least, unit, size, decimals in _SCALES:
        if abs(value) >= least:
            return f"{number(value / size, decimals, signed=signed)}{_NBSP}{unit}"
    return number(value, signed=signed)


def axis_unit(largest: float) -> tuple[str, float]:
    """In which unit an axis up to `largest` is drawn, and that unit's size: ``("k", 1000.0)``."""
    return next(
        ((unit, size) for least, unit, size, _ in _SCALES if abs(largest) >= least), ("", 1.0)
    )


def money(value: float | None, currency: str, *, signed: bool = False) -> str:
    """Money with its currency: ``77.4 k USD``."""
    return UNKNOWN if value is None else f"{amount(value, signed=signed)}{_NBSP}{currency}"


def price(value: float | None) -> str:
    """A price with five significant figures or two decimals, whichever is finer."""
    if value is None:
        return UNKNOWN
    if value >= 100.0:
        return number(value, 2)
    whole_digits = math.floor(math.log10(value)) + 1 if value > 0.0 else 1
    return number(value, min(10, 5 - max(whole_digits, -5)))


def quantity(value: float) -> str:
    """Units of an asset with four significant figures, never in exponents."""
    return number(value, _unit_decimals(value))


def quantity_at_most(value: float) -> str:
    """Units of which no more may be traded: as :func:`quantity`, and never rounded up.

    Parameters
    ----------
    value : float
        Zero or more.
    """
    decimals = _unit_decimals(value)
    # By its digits: times a power of ten, 0.103 would be a little less than itself.
    cut = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)
    return number(float(cut), decimals)


def _unit_decimals(value: float) -> int:
    if value == 0.0:
        return 0
    digits = math.floor(math.log10(abs(value))) + 1
    return min(10, max(0, 4 - digits))


def sentence(text: str) -> str:
    """`text` with a capital letter at its beginning and all others as they are."""
    return text[:1].upper() + text[1:]


def ordinal(rank: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    teen = 10 <= rank % 100 <= 20
    return f"{rank}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(rank % 10, 'th')}"


def window(span: timedelta) -> str:
    """How far a history reaches, in one unit: ``5 h``, ``441 d``, ``3 y``."""
    days = span.total_seconds() / 86_400.0
    if days > 730.5:  # two years: below, a rounded year would hide months
        return f"{days / 365.25:.0f}{_NBSP}y"
    if days >= 2.0:
        return f"{days:.0f}{_NBSP}d"
    return f"{max(1.0, days * 24.0):.0f}{_NBSP}h"


@dataclass(frozen=True)
class Zone:
    """A time zone to show times in.

    Attributes
    ----------
    name : str
        Of the time zone database, or ``UTC``.
    info : tzinfo
    """

    name: str
    info: tzinfo

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.info)

    @property
    def is_utc(self) -> bool:
        """Whether it is plain UTC."""
        return self.name == "UTC"

    def label(self, moment: datetime) -> str:
        """The zone's short name at `moment`: ``UTC``, ``CET``."""
        return "UTC" if self.is_utc else self._local(moment).strftime("%Z")

    def clock(self, moment: datetime) -> str:
        """``15:42:18``."""
        return f"{self._local(moment):%H:%M:%S}"

    def stamp(self, moment: datetime) -> str:
        """``15:42:18 UTC``."""
        return f"{self.clock(moment)}{_NBSP}{self.label(moment)}"

    def day(self, moment: datetime) -> str:
        """``28 Oct``."""
        local = self._local(moment)
        return f"{local.day}{_NBSP}{_MONTHS[local.month - 1]}"

    def date(self, moment: datetime, *, now: datetime) -> str:
        """``28 Oct``, followed by the year if that is not this one."""
        year = self._local(moment).year
        return self.day(moment) if year == self._local(now).year else f"{self.day(moment)} {year}"

    def date_and_clock(self, moment: datetime, *, now: datetime) -> str:
        """``15:42:18 UTC``, preceded by the day if that is not today, with a year if not this."""
        if self.is_same_day(moment, now):
            return self.stamp(moment)
        return f"{self.date(moment, now=now)} {self.stamp(moment)}"

    def date_and_minute(self, moment: datetime, *, now: datetime) -> str:
        """``15:42``, preceded by the day and the year in the same way."""
        clock = self.clock(moment)[:5]
        return clock if self.is_same_day(moment, now) else f"{self.date(moment, now=now)} {clock}"

    def is_same_day(self, one: datetime, other: datetime) -> bool:
        """Whether both are on one day of one year."""
        return self._local(one).date() == self._local(other).date()

    def wall_time(self, ts_ms: int) -> str:
        """``2026-11-12T15:42:18``, from milliseconds since 1970."""
        return f"{datetime.fromtimestamp(ts_ms / 1000.0, self.info):%Y-%m-%dT%H:%M:%S}"


UTC_ZONE = Zone("UTC", UTC)


def zone(name: str) -> Zone | None:
    """The zone called `name`; None if no such zone is known here."""
    if name.upper() == "UTC":
        return UTC_ZONE
    try:
        return Zone(name, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
