"""What several screens read, read once for all of them.

Fifty browsers on one book ask the same questions within the same second. Each question is put
to the store once: who asks it meanwhile waits for that answer.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pages.context import (
    CHART_POINTS,
    Book,
    BookReader,
    CompleteCycle,
    MetricHistory,
    PolicyVersion,
    Pulse,
    VarRecord,
    book_named,
)
from pages.later import Later
from pages.newest import Newest
from pages.query import Query
from risk.domain.events import RiskEvent
from risk.domain.ledger import Fill, Flow
from risk.errors import UnknownPortfolio

Answer = TypeVar("Answer")

SPARK_POINTS = 60
RANK_POINTS = 2_000
RANK_REACH = timedelta(days=365)
#: Charts gain a point this often at most: nobody sees more, and each point costs bytes.
FINEST_STEP = timedelta(seconds=10)
#: Cycles for which an answer that hardly changes is reused.
_TREND_REUSE = 15
_SLOW_REUSE = 60
_EVENTS_REUSE = 60
#: More than a day of the busiest demonstration; what is older is not told.
_EVENTS_READ = 5_000
_REMEMBERED = 1_024


class Readings:
    """Answers of one store, remembered for as long as they are true enough.

    Parameters
    ----------
    reader : BookReader

    newest : Newest
        Told which cycle is the newest; by default whatever the store says at that moment.

    Attributes
    ----------
    later : Later
        For what takes too long to be worked out while somebody waits.
    """

    def __init__(self, reader: BookReader, newest: Newest | None = None) -> None:
        self.reader = reader
        self.newest = newest or Newest(reader, prepare=lambda _book, _pulse: None)
        self.later = Later()
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._beginnings: dict[str, datetime] = {}
        self._ledgers: dict[str, tuple[tuple[Fill | Flow, ...], int]] = {}
        self._ledger_lock = threading.Lock()
        self._days: dict[tuple[str, datetime], tuple[int, tuple[RiskEvent, ...]]] = {}

    def once(self, key: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer remembered under `key`, or that of `ask`, which one thread asks.

        Parameters
        ----------
        key : hashable
            Names the question and, by a number that grows (a cycle, a day, an epoch), how
            new the answer must be.
        ask : callable
            What it raises reaches everybody who waits for it, and is not remembered: fifty
            browsers must not put the same question to a store that does not answer in turns.
        """
        with self._lock:
            known = self._answers.get(key)
            answer: Future[Answer] = Future() if known is None else known
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        return self._asked(key, ask, answer) if known is None else answer.result()

    def _asked(self, key: Hashable, ask: Callable[[], Answer], answer: "Future[Answer]") -> Answer:
        try:
            answer.set_result(ask())
        except BaseException as problem:  # noqa: BLE001 - everybody who waits is told
            with self._lock:
                if self._answers.get(key) is answer:
                    del self._answers[key]
            answer.set_exception(problem)
        return answer.result()

    def epoch(self, seconds: float) -> int:
        """Which stretch of so many seconds it is by the wall: for what needs no engine."""
        return int(self.reader.wall().timestamp() // seconds)

    # -- the book ---------------------------------------------------------------------------

    def book(self, query: Query) -> Book | None:
        """The book that `query` names, or the first one."""
        return book_named(self.newest.books(), query.book)

    def cycle(self, book: Book) -> CompleteCycle | None:
        """The newest complete cycle; None before the first one."""
        pulse = self.newest.pulse(book.name)
        return None if pulse is None else self.cycle_of(book, pulse)

    def shown(self, query: Query) -> tuple[Book, CompleteCycle]:
        """The book that `query` names with its newest complete cycle.

        Raises
        ------
        UnknownPortfolio
            If there is no book, or no complete cycle of it.
        """
        book = self.book(query)
        cycle = None if book is None else self.cycle(book)
        if book is None or cycle is None:
            raise UnknownPortfolio("no book with a complete cycle is shown")
        return book, cycle

    def cycle_of(self, book: Book, pulse: Pulse) -> CompleteCycle | None:
        """The cycle of `pulse`, or the one after it if that was complete when it was read."""
        return self.once(("cycle", book.name, pulse.cycle), lambda: self.reader.latest(book.name))

    # -- numbers over time ------------------------------------------------------------------

    def course(self, book: Book, metric: str, query: Query, now: datetime) -> MetricHistory:
        """A metric over the range of `query`, for a chart.

        It ends with the last whole step of the chart, so that it changes once a step.
        """
        since, until, step = self.chart_span(book, query, now)
        return self.once(
            ("course", book.name, metric, since, until),
            lambda: self.reader.metric_history(
                book.name,
                metric,
                since=since,
                until=until,
                max_points=max(2, round((until - since) / step)),
            ),
        )

    def chart_span(
        self, book: Book, query: Query, now: datetime
    ) -> tuple[datetime, datetime, timedelta]:
        """Beginning, end and step of a chart: all on whole steps."""
        since, until = query.span(now)
        since = max(since, min(self.beginning(book, now), until - FINEST_STEP))
        step = max(FINEST_STEP, (until - since) / CHART_POINTS)
        if step > timedelta(minutes=1):
            step = timedelta(minutes=-(-step // timedelta(minutes=1)))
        return _floored(since, step), _floored(until, step), step

    def trend(self, book: Book, metric: str, query: Query, cycle: CompleteCycle) -> MetricHistory:
        """A metric over the range of `query`, for a sparkline."""
        now, epoch = cycle.pulse.market, cycle.pulse.cycle // _TREND_REUSE
        since, until = query.span(now)
        since = max(since, min(self.beginning(book, now), until - FINEST_STEP))
        return self.once(
            ("trend", book.name, metric, query.range, query.between, epoch),
            lambda: self.reader.metric_history(
                book.name, metric, since=since, until=until, max_points=SPARK_POINTS
            ),
        )

    def baseline(self, book: Book, metric: str, cycle: CompleteCycle) -> MetricHistory:
        """A metric over the last year, to tell what is usual."""
        now, epoch = cycle.pulse.market, cycle.pulse.cycle // _SLOW_REUSE
        return self.once(
            ("baseline", book.name, metric, epoch),
            lambda: self.reader.metric_history(
                book.name, metric, since=now - RANK_REACH, until=now, max_points=RANK_POINTS
            ),
        )

    def beginning(self, book: Book, now: datetime) -> datetime:
        """When the book begins: "all" begins there, lest its points be thinned by empty years."""
        if book.name not in self._beginnings:
            found = self._read_beginning(book, now)
            if found is None:
                return Query(range="all").span(now)[0]
            self._beginnings[book.name] = found
        return self._beginnings[book.name]

    def _read_beginning(self, book: Book, now: datetime) -> datetime | None:
        """Looked for twice: in all times, and again within the stretch that was found."""
        since, until = Query(range="all").span(now)[0], now
        for _ in range(2):
            known = self.reader.metric_history(
                book.name, "equity", since=since, until=until, max_points=CHART_POINTS
            )
            if not known.ts_ms.size:
                return None
            first = datetime.fromtimestamp(int(known.ts_ms[0]) / 1000.0, UTC)
            # Thinning hides at most one stretch before the first point.
            since, until = first - (until - since) / CHART_POINTS, first
        return since

    # -- what happened ----------------------------------------------------------------------

    def events(self, book: Book, cycle: CompleteCycle) -> tuple[RiskEvent, ...]:
        """All of the running day (UTC), newest first: busy fills must not push out a trip."""
        return self.once(
            ("events", book.name, cycle.pulse.cycle),
            lambda: self._read_events(book, midnight_before(cycle.pulse.market)),
        )

    def events_of_yesterday(self, book: Book, cycle: CompleteCycle) -> tuple[RiskEvent, ...]:
        """All of the day (UTC) before the running one, newest first; read anew now and then."""
        midnight = midnight_before(cycle.pulse.market)
        return self.once(
            ("events of yesterday", book.name, midnight, cycle.pulse.cycle // _EVENTS_REUSE),
            lambda: self._read_yesterday(book, midnight),
        )

    def _read_yesterday(self, book: Book, midnight: datetime) -> tuple[RiskEvent, ...]:
        since = midnight - timedelta(days=1)
        read = self.reader.recent_events(book.name, since=since, limit=_EVENTS_READ)
        return tuple(event for event in read if event.at < midnight)

    def _read_events(self, book: Book, midnight: datetime) -> tuple[RiskEvent, ...]:
        """Read anew now and then, since what people book may bear an earlier time.

        In between, only from the newest known moment on.
        """
        with self._lock:
            reads, known = self._days.get((book.name, midnight), (0, ()))
        since = _millisecond(known[0].at) if known and reads % _EVENTS_REUSE else midnight
        fresh = self.reader.recent_events(book.name, since=since, limit=_EVENTS_READ)
        events = (*fresh, *(event for event in known if event.at < since))
        with self._lock:
            self._days = {key: day for key, day in self._days.items() if key[1] == midnight}
            self._days[(book.name, midnight)] = reads + 1, events
        return events

    def ledger(self, book: Book) -> tuple[Fill | Flow, ...]:
        """Everything booked, oldest first; only what is new is read."""
        with self._ledger_lock:
            entries, seq = self._ledgers.get(book.name, ((), 0))
            part = self.reader.ledger_entries(book.name, after=seq)
            if part.entries:
                entries = (*entries, *part.entries)
                self._ledgers[book.name] = entries, part.seq
            return entries

    def policy_versions(self, book: Book, version: int) -> Sequence[PolicyVersion]:
        """Every version of the policy, the newest first; `version` is the one in force."""
        return self.once(
            ("policy versions", book.name, version),
            lambda: self.reader.policy_versions(book.name),
        )

    def record(self, book: Book, cycle: CompleteCycle) -> VarRecord | None:
        """How the one-day VaR fared."""
        epoch = cycle.pulse.cycle // _SLOW_REUSE
        return self.once(("record", book.name, epoch), lambda: self.reader.var_record(book.name))


def midnight_before(now: datetime) -> datetime:
    """00:00 UTC of the running day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _millisecond(moment: datetime) -> datetime:
    """Where the millisecond of `moment` begins: the store tells no finer times apart."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _floored(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % step
