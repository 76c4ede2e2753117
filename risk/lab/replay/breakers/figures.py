"""What breakers are worth: their trips beside calm days and crashes.

Whatever leaves less than all of new risk is *shut*: half size and the ramp of probation count in
full, and weighted in `calm_size_lost`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.lab.replay.breakers.days import Crash, Days, day_of
from risk.lab.replay.breakers.prints import ITS_WORK, Printed
from risk.lab.replay.breakers.trail import Trip
from risk.measures.types import FloatArray

_YEAR_SECONDS = 365.25 * 86_400.0
_HOUR_SECONDS = 3_600.0


class Spread(NamedTuple):
    """Median, nine in ten, and the largest."""

    median: float
    most: float
    largest: float


class Remaining(NamedTuple):
    """How much of a fall was still to come; 0 nothing of it, 1 all."""

    median: float
    mean: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one breaker, or several together, did over one market's history.

    Attributes
    ----------
    trips, retrips : int
        All trips, and those of them that came in probation.
    trips_per_year : float or None
    false_trips : int
        On calm days.
    false_per_calm_day, calm_time_shut, calm_size_lost : float or None
        False trips by calm days; the share of the readings of calm days at which it was shut; what
        part of new risk it took there.
    time_shut : float or None
        The share of all readings at which it was shut: what recall would be by chance, or nearly.
    recall, episode_recall : float or None
        The share of crash days, and of crashes, in which it was shut.
    loss_remaining : Remaining or None
        Of the crashes in which it was shut, when it first was.
    hours_shut : Spread or None
        How long it stayed shut, runs that touch taken as one.
    """

    trips: int
    retrips: int
    trips_per_year: float | None
    false_trips: int
    false_per_calm_day: float | None
    calm_time_shut: float | None
    calm_size_lost: float | None
    time_shut: float | None
    recall: float | None
    episode_recall: float | None
    loss_remaining: Remaining | None
    hours_shut: Spread | None


def figures_of(
    times: NDArray[np.int64], left: FloatArray, trips: Sequence[Trip], days: Days
) -> Figures:
    """Figures of what was left of new risk at each reading.

    Parameters
    ----------
    times : ndarray of shape (n_readings,)
        Seconds since 1970.
    left : ndarray of shape (n_readings,)
        0 to 1.
    trips : sequence of Trip
    days : Days
        Of the market that it watches.
    """
    shut = left < 1.0
    of_day = (times - 1) // 86_400
    calm = np.isin(of_day, list(days.calm))
    crashed = set(of_day[shut].tolist()) & days.crash
    false = sum(day_of(trip.at) in days.calm for trip in trips)
    caught = [_remaining(crash, times, shut, days) for crash in days.crashes]
    still_to_come = [each for each in caught if each is not None]
    years = (times[-1] - times[0]) / _YEAR_SECONDS if times.size else 0.0
    return Figures(
        trips=len(trips),
        retrips=sum(trip.again for trip in trips),
        trips_per_year=_ratio(len(trips), years),
        false_trips=false,
        false_per_calm_day=_ratio(false, len(days.calm)),
        calm_time_shut=_mean(shut[calm]),
        calm_size_lost=_mean(1.0 - left[calm]),
        time_shut=_mean(shut),
        recall=_ratio(len(crashed), len(days.crash)),
        episode_recall=_ratio(len(still_to_come), len(days.crashes)),
        loss_remaining=_typical(still_to_come),
        hours_shut=_spread(_runs(times, shut)),
    )


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _mean(values: NDArray[np.bool_] | FloatArray) -> float | None:
    return float(np.mean(values)) if values.size else None


def _remaining(
    crash: Crash, times: NDArray[np.int64], shut: NDArray[np.bool_], days: Days
) -> float | None:
    """Of the fall, when first shut in it; None if never."""
    first, last = np.searchsorted(times, (crash.high, crash.last + 1))
    inside = np.flatnonzero(shut[first:last])
    if not inside.size:
        return None
    at = int(times[first + inside[0]])
    if at >= crash.low:
        return 0.0
    high, low, then = (days.level[days.moves.place(t)] for t in (crash.high, crash.low, at))
    return float(np.clip((then - low) / (high - low), 0.0, 1.0))


def _typical(shares: Sequence[float]) -> Remaining | None:
    return Remaining(float(np.median(shares)), float(np.mean(shares))) if shares else None


def _runs(times: NDArray[np.int64], shut: NDArray[np.bool_]) -> FloatArray:
    """Lengths of the runs in which it was shut, hours; one that is not over ends with the data."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], shut, [False])).astype(np.int8)))
    begins, ends = edges[::2], np.minimum(edges[1::2], times.size - 1)
    return np.asarray((times[ends] - times[begins]) / _HOUR_SECONDS, dtype=np.float64)


def _spread(hours: FloatArray) -> Spread | None:
    if not hours.size:
        return None
    return Spread(float(np.median(hours)), float(np.quantile(hours, 0.9)), float(hours.max()))


def edges(times: NDArray[np.int64], left: FloatArray) -> tuple[Trip, ...]:
    """Trips of what has no episodes of its own: each time that less is left than all before."""
    shut = np.concatenate(([False], left < 1.0))
    begun = np.flatnonzero(shut[1:] & ~shut[:-1])
    return tuple(Trip(int(times[n]), False, float(1.0 - left[n])) for n in begun)


# --- technical ones ----------------------------------------------------------------------------


class Technical(NamedTuple):
    """Trips that bad prints made.

    Attributes
    ----------
    prints : int
        That were tried.
    trips : int
        That the right prices do not have within a day.
    share : float or None
        Of all trips of the history with those prints in it; None without any.
    """

    prints: int
    trips: int
    share: float | None


def technical(prints: int, clean: Sequence[int], with_prints: Sequence[int]) -> Technical:
    """Of a history led once with bad prints and once without.

    Parameters
    ----------
    prints : int
    clean, with_prints : sequence of int
        When a breaker tripped in each, seconds since 1970.
    """
    new = sum(not _is_near(at, clean) for at in with_prints)
    return Technical(prints, new, _ratio(new, len(with_prints)))


def technical_of_each(name: str, clean: Sequence[int], printed: Iterable[Printed]) -> Technical:
    """Of prints that were tried each for itself; one trip a print counts at the most."""
    tried = list(printed)
    new = sum(
        any(breaker == name and not _is_near(at, clean) for breaker, at in each.trips)
        for each in tried
    )
    return Technical(len(tried), new, _ratio(new, new + len(clean)))


def _is_near(at: int, others: Sequence[int]) -> bool:
    return any(abs(at - other) <= ITS_WORK.total_seconds() for other in others)
