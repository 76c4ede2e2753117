"""When an override may expire: only what would not be refused. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pages.format import Zone
from pages.views.breakers.wording import ahead, minute
from risk.breakers.overriding import lasts_beyond
from risk.domain.breakers import BreakerState
from risk.domain.overrides import LONGEST, OverrideKind

#: Usual life of an override; every kind may have so much.
_USUAL = timedelta(hours=2)
#: How far ahead it may expire, as far as its kind allows.
_SPANS = (
    *(timedelta(minutes=minutes) for minutes in (30, 45, 60, 75, 90, 105, 120, 150, 180, 210, 240)),
    *(timedelta(hours=hours) for hours in (6, 8, 12, 24, 48, 72, 120)),
)
_STEP = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def expiries(
    kind: OverrideKind, state: BreakerState | None, now: datetime, chosen: datetime | None = None
) -> Sequence[datetime]:
    """On quarters of an hour, all that would be taken, the earliest first.

    Parameters
    ----------
    kind : OverrideKind
        One that expires.
    state : BreakerState or None
        Of the breaker; None of one that was not looked at yet.
    now : datetime
        The market's time. UTC.
    chosen : datetime, optional
        What somebody has chosen: it stays among them for as long as it would be taken.
    """
    longest = LONGEST[kind]
    beyond = None if state is None else lasts_beyond(state, kind)
    first = now if beyond is None else max(now, beyond)
    spans = (*_SPANS, longest)
    moments = {_on_a_step(start + span) for start in (first, now) for span in spans}
    taken = moments if chosen is None else {*moments, chosen}
    return sorted(each for each in taken if first < each <= now + longest)


def choices(moments: Sequence[datetime], zone: Zone, now: datetime) -> list[dict[str, str]]:
    """As a field offers them: ``17:30 UTC, in 1 h 47``."""
    return [{"value": m.isoformat(), "label": _words(m, zone, now)} for m in moments]


def usual_of(moments: Sequence[datetime], now: datetime) -> datetime:
    """Two hours from now on, on a quarter of an hour; the first where that cannot be."""
    usual = _on_a_step(now + _USUAL)
    return usual if usual in moments or not moments else moments[0]


def _on_a_step(moment: datetime) -> datetime:
    return moment - (moment - _EPOCH) % _STEP


def _words(moment: datetime, zone: Zone, now: datetime) -> str:
    return f"{minute(zone, moment, now)} {zone.label(moment)}, {ahead(moment, now)}"
