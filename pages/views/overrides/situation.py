"""The moment in which somebody acts on a breaker: read once, and judged by pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from pages.context import Book, CompleteCycle, MetricHistory
from pages.format import Zone
from pages.query import Query
from pages.readings import Readings
from pages.views.breakers.rows import BreakerRow, rows_of
from risk.domain.assessment import Assessment
from risk.domain.breakers import Phase
from risk.domain.state import RiskState

#: How far back it is looked for when a breaker was above its level last.
_CALM_REACH = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One breaker of a book, and all that whoever acts on it must know.

    Attributes
    ----------
    book : Book
    zone : Zone
    now : datetime
        The market's time of the cycle. UTC.
    cycle : int
    age : float
        Of the cycle, seconds by the wall clock.
    cycle_seconds : float
        How often the engine means to complete one.
    state : RiskState
    assessment : Assessment
    row : BreakerRow
        The breaker.
    rows : sequence of BreakerRow
        All of the policy.
    wall : datetime
        Wall time now. UTC.
    calm : timedelta or None
        For how long it has measured less than its trip level; None of one that has not, and where
        that is not known.
    """

    book: Book
    zone: Zone
    now: datetime
    cycle: int
    age: float
    cycle_seconds: float
    state: RiskState
    assessment: Assessment
    row: BreakerRow
    rows: Sequence[BreakerRow]
    wall: datetime
    calm: timedelta | None = None


class Asked(NamedTuple):
    """What a form was made for: whoever confirms it has seen this and nothing later.

    Attributes
    ----------
    book, breaker : str
    episode : str
        The trip that was on; empty while armed.
    action : int
        Number of the override that was on; 0 for none.
    """

    book: str
    breaker: str
    episode: str
    action: int


def asked_of(data: Any) -> Asked | None:
    """What a page sends back of its form; None if it is nothing that a form held."""
    if not isinstance(data, Mapping):
        return None
    book, breaker, episode, action = (data.get(name) for name in Asked._fields)
    texts = all(isinstance(each, str) for each in (book, breaker, episode))
    if not texts or not isinstance(action, int) or isinstance(action, bool):
        return None
    return Asked(str(book), str(breaker), str(episode), action)


def asked_about(book: Book, row: BreakerRow) -> Asked:
    """What a form about a breaker shows as it stands."""
    return Asked(
        book=book.name,
        breaker=row.name,
        episode="" if row.episode is None else row.episode.id,
        action=0 if row.override is None else row.override.action,
    )


def read_situation(readings: Readings, query: Query, asked: Asked) -> Situation | None:
    """The present one; None if there is no such book or breaker (any more).

    Raises
    ------
    StoreUnavailable
    """
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    if book is None or cycle is None or book.name != asked.book:
        return None
    rows = rows_of(cycle)
    row = next((each for each in rows if each.name == asked.breaker), None)
    if row is None:
        return None
    return situation_of(
        book,
        query.zone,
        cycle,
        row,
        rows,
        wall=readings.reader.wall(),
        cycle_seconds=readings.reader.cycle_seconds,
        calm=_calm(readings, book, cycle, row),
    )


def situation_of(
    book: Book,
    zone: Zone,
    cycle: CompleteCycle,
    row: BreakerRow,
    rows: Sequence[BreakerRow],
    *,
    wall: datetime | None = None,
    cycle_seconds: float = 1.0,
    calm: timedelta | None = None,
) -> Situation:
    """The one of a cycle; without a wall time, the one in which it was saved."""
    now = cycle.pulse.saved if wall is None else wall
    return Situation(
        book=book,
        zone=zone,
        now=cycle.pulse.market,
        cycle=cycle.pulse.cycle,
        age=abs((now - cycle.pulse.saved).total_seconds()),
        cycle_seconds=cycle_seconds,
        state=cycle.state,
        assessment=cycle.assessment,
        row=row,
        rows=rows,
        wall=now,
        calm=calm,
    )


def _calm(
    readings: Readings, book: Book, cycle: CompleteCycle, row: BreakerRow
) -> timedelta | None:
    if row.state is None or row.state.phase is Phase.ARMED:
        return None
    until = cycle.pulse.market.replace(second=0, microsecond=0)
    course = readings.once(
        ("breaker calm", book.name, row.name, until),
        lambda: readings.reader.breaker_course(
            book.name, row.name, since=until - _CALM_REACH, until=until
        ),
    )
    return calm_for(course, row, cycle.pulse.market)


def calm_for(course: MetricHistory, row: BreakerRow, now: datetime) -> timedelta | None:
    """For how long a breaker has measured less than its trip level.

    Parameters
    ----------
    course : MetricHistory
        What it measured, in its own unit.
    row : BreakerRow
    now : datetime
        The market's time.
    """
    if row.reading is None or row.reading.value > row.breaker.trip:
        return None
    above = np.flatnonzero(course.values > row.breaker.trip)
    if not above.size:
        return None
    last = datetime.fromtimestamp(int(course.ts_ms[above[-1]]) / 1000.0, UTC)
    return max(timedelta(0), now - last)
