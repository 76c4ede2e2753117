"""Whether equity that was read is believed: a bad print moves nothing, a collapse counts.

Pure. A reading that leaps is held back, and the book with it, until enough readings tell of the
same level: the new one, or the one before. When time is up without that, the worse is believed.

- A leap is a change of the unit value, flows taken out, by more than `LEAP` within a minute of
  the last reading that was believed; that grows with the root of the time, up to `LARGEST_LEAP`.
- The window holds the last `OF` readings, and begins with the one that was believed last: it
  speaks for the level before. A level is confirmed by `AGREEING` of them, the newest among them.
- Two readings agree if neither is a leap from the other, or if they differ by no more than `ALIKE`
  of the leap: in a market in free fall no two readings are the same.
- A reading with more than `DOUBTFUL_SHARE` of gross exposure valued by stale or suspect marks
  confirms nothing. Where it does not leap it is believed as ever: an old mark holds equity still.
- The first reading from the deadline on decides: by a majority of the window, which with hours
  between readings is two of three, or else for the lower of the last believed level and the
  window's median. So a scatter ends, for the worse, and nothing is latched for good.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.domain.equity_trust import EquityTrust, ReadEquity
from risk.domain.snapshot import Snapshot
from risk.domain.state import Performance
from risk.portfolio.performance import equity_at, unit_value_of

#: A change by more than this share within a minute is a leap.
LEAP = 0.05
#: However long ago the last believed reading was, a change by more than this is one.
LARGEST_LEAP = 0.5
#: So many of the last so many readings confirm a level.
AGREEING, OF = 3, 5
#: Readings that differ by no more than this share of the leap tell of the same level.
ALIKE = 0.2
#: Where stale or suspect marks value more of gross exposure, a reading confirms nothing.
DOUBTFUL_SHARE = 0.05
#: How long equity may be distrusted, in the market's time.
PATIENCE = timedelta(seconds=60)


class Reading(NamedTuple):
    """Equity as it was read.

    Attributes
    ----------
    at : datetime
        UTC.
    equity : float or None
        Quote currency; None while it is unknown.
    net_flows : float
        Sum of all flows so far.
    confirms : bool
        See `ReadEquity`.
    """

    at: datetime
    equity: float | None
    net_flows: float
    confirms: bool


class Judged(NamedTuple):
    """What a reading leads to.

    Attributes
    ----------
    trust : EquityTrust or None
        None while equity is believed.
    believed : float or None
        The equity to go on with, quote currency; None if nothing moves.
    as_read : bool
        Whether `believed` is what was read just now.
    """

    trust: EquityTrust | None
    believed: float | None
    as_read: bool


def reading_of(snapshot: Snapshot) -> Reading:
    """What a snapshot says the book is worth, and whether that may confirm a level."""
    return Reading(
        snapshot.at,
        snapshot.equity,
        snapshot.ledger.net_flows,
        _doubtful_share(snapshot) <= DOUBTFUL_SHARE,
    )


def _doubtful_share(snapshot: Snapshot) -> float:
    """Part of gross exposure that is valued by marks which are not trusted."""
    gross = doubtful = 0.0
    for position in snapshot.ledger.positions.values():
        mark = snapshot.mark(position.asset)
        if mark.known:
            value = abs(position.quantity * mark.price)
            gross += value
            doubtful += 0.0 if mark.trust.allows_new_risk else value
    return doubtful / gross if gross > 0.0 else 0.0


def next_trust(
    before: EquityTrust | None, performance: Performance | None, reading: Reading
) -> Judged:
    """Whether a reading is believed, and what is remembered of it if not.

    Parameters
    ----------
    before : EquityTrust or None
        After the last step.
    performance : Performance or None
        After the last step: as of the last reading that was believed.
    reading : Reading
        Not earlier than that. What is unknown changes nothing.
    """
    equity = reading.equity
    if equity is None:
        return Judged(before, None, as_read=False)
    if performance is None:
        return Judged(None, equity, as_read=True)
    trusted = ReadEquity(performance.at, performance.unit_value, confirms=True)
    value = unit_value_of(performance, equity, reading.net_flows)
    read = ReadEquity(reading.at, value, reading.confirms)
    if before is None and not _leaps(trusted, read):
        return Judged(None, equity, as_read=True)
    distrust = before
    if distrust is None:
        distrust = _begun(read, _in_words(performance, value, equity, reading.net_flows))
    readings = _with(distrust.readings, read, trusted)
    window = (trusted, *readings)[-OF:]
    if _confirmed(window, read, trusted, over=distrust.is_over(read.at)):
        return Judged(None, equity, as_read=True)
    if distrust.is_over(read.at):
        worse = min(trusted.unit_value, _median(window))
        return Judged(None, equity_at(performance, worse, reading.net_flows), as_read=False)
    return Judged(distrust._replace(readings=readings[-OF:]), None, as_read=False)


def _leaps(earlier: ReadEquity, later: ReadEquity) -> bool:
    moved = abs(later.unit_value - earlier.unit_value)
    return moved > _allowed(earlier.at, later.at) * earlier.unit_value


def _allowed(earlier: datetime, later: datetime) -> float:
    minutes = max(1.0, (later - earlier).total_seconds() / 60.0)
    return min(LEAP * math.sqrt(minutes), LARGEST_LEAP)


def _with(
    readings: tuple[ReadEquity, ...], read: ReadEquity, trusted: ReadEquity
) -> tuple[ReadEquity, ...]:
    """The readings with one more; of those of one moment the furthest off stands for all."""
    if not readings or readings[-1].at != read.at:
        return (*readings, read)

    def offness(each: ReadEquity) -> tuple[float, float]:
        return abs(each.unit_value - trusted.unit_value), -each.unit_value

    return (*readings[:-1], max(readings[-1], read, key=offness))


def _confirmed(
    window: Sequence[ReadEquity], read: ReadEquity, trusted: ReadEquity, *, over: bool
) -> bool:
    """Whether enough readings of the window, the newest among them, tell of its level."""
    if not read.confirms or window[-1] is not read:
        return False
    needed = min(AGREEING, len(window) // 2 + 1) if over else AGREEING
    alike = ALIKE * abs(read.unit_value - trusted.unit_value)
    agreeing = [
        each
        for each in window
        if each.confirms
        and (abs(each.unit_value - read.unit_value) <= alike or not _leaps(each, read))
    ]
    return len(agreeing) >= needed


def _median(window: Sequence[ReadEquity]) -> float:
    """Of an even number the lower of the two in the middle."""
    return sorted(each.unit_value for each in window)[(len(window) - 1) // 2]


def _begun(read: ReadEquity, what: str) -> EquityTrust:
    deadline = read.at + PATIENCE
    return EquityTrust(
        readings=(),
        distrusted_since=read.at,
        deadline=deadline,
        cause=(
            f"{what}: waiting for {AGREEING} of {OF} readings that agree; "
            f"until {deadline:%H:%M:%S} UTC no new risk, reductions pass"
        ),
    )


def _in_words(performance: Performance, value: float, equity: float, net_flows: float) -> str:
    trusted = performance.unit_value
    stood = equity_at(performance, trusted, net_flows)
    return f"equity reads {equity:,.0f}, {_off(trusted, value)} the last trusted {stood:,.0f}"


def _off(trusted: float, value: float) -> str:
    if trusted <= 0.0:
        return "above"
    change = value / trusted - 1.0
    if change > 2.0:
        return f"{value / trusted:,.0f} times"
    return f"{100.0 * abs(change):.0f} % {'over' if change > 0.0 else 'under'}"
