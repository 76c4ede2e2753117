"""The moment in which somebody acts on a breaker: read once, and judged by pure functions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

import numpy as np

from pages.context import Book, CompleteCycle, MetricHistory
from pages.format import Zone
from pages.query import Query
from pages.readings import Readings
from pages.views.breakers.rows import BreakerRow, rows_of
from risk.domain.assessment import Assessment
from risk.domain.breakers import Phase
from risk.domain.overrides import OverrideKind
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
    retrips : int
        How often that trip had come again.
    ends : str
        What the override was that was on; empty for none.
    value : float or None
        What it measured, as the form has shown it last; None where it could not be measured.
    """

    book: str
    breaker: str
    episode: str
    action: int
    retrips: int = 0
    ends: str = ""
    value: float | None = None

    def as_shown(self, situation: Situation | None) -> Self:
        """With what the breaker measures as a form shows it in that situation."""
        if situation is None:
            return self
        return self._replace(value=_measured(situation.row))


def asked_of(data: Any) -> Asked | None:
    """What a page sends back of its form; None if it is nothing that a form held."""
    if not isinstance(data, Mapping):
        return None
    told = [data.get(name) for name in Asked._fields]
    book, breaker, episode, action, retrips, ends, value = told
    texts = all(isinstance(each, str) for each in (book, breaker, episode, ends))
    counts = all(isinstance(each, int) and not isinstance(each, bool) for each in (action, retrips))
    if not texts or not counts or ends not in ("", *OverrideKind):
        return None
    return Asked._make((book, breaker, episode, action, retrips, ends, value_of(value)))


def value_of(said: Any) -> float | None:
    """What a page sends back of what a breaker measured; None if it is no figure."""
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    try:
        value = float(said)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def asked_about(book: Book, row: BreakerRow) -> Asked:
    """What a form about a breaker shows as it stands."""
    return Asked(
        book=book.name,
        breaker=row.name,
        episode="" if row.episode is None else row.episode.id,
        action=0 if row.override is None else row.override.action,
        retrips=0 if row.episode is None else row.episode.retrips,
        ends="" if row.override is None else row.override.kind.value,
        value=_measured(row),
    )


def _measured(row: BreakerRow) -> float | None:
    return None if row.reading is None else row.reading.value


def read_situation(
    readings: Readings, query: Query, asked: Asked, *, course: bool = True
) -> Situation | None:
    """The present one; None if there is no such book or breaker (any more).

    Parameters
    ----------
    readings : Readings
    query : Query
    asked : Asked
    course : bool
        Whether to look up what the breaker measured, too: it is needed before what loosens alone,
        and nobody who tightens waits for it.

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
        calm=_calm(readings, book, cycle, row) if course else None,
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
