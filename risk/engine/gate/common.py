"""What all parts of a gate share: one lock, one ledger, one journal, and those who wait for it."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Generic, TypeVar

from risk.domain.events import AnswersLost, Severity
from risk.domain.journalling import Asked, GateJournal, Note, Told, Written
from risk.domain.ports import Carried, Clock
from risk.engine.book import Book
from risk.engine.gate.answering import Answering
from risk.engine.gate.known import KnownOrders
from risk.engine.scribe import Scribe
from risk.errors import GateClosed

#: Lines that wait for a silent database; of refusals beyond them only the number is kept.
REFUSALS_KEPT = 5_000

_T = TypeVar("_T")


class _Waiting(Generic[_T]):
    """Somebody who waits until notes are on disk: a `Ticket`."""

    def __init__(
        self,
        common: "Common",
        future: Future[_T],
        written: Callable[[], _T],
        unwritten: Callable[[], _T],
    ) -> None:
        self._common = common
        self._future = future
        self._written = written
        self._unwritten = unwritten

    def written(self) -> None:
        """Say it, now that it is, unless something was said before."""
        with self._common.lock:
            self._say(self._written)

    def give_up(self) -> None:
        """Say what may be said of what is not written. The caller holds the lock."""
        self._say(self._unwritten)

    def close(self, reason: GateClosed) -> None:
        """Say that nobody will answer here any more. The caller holds the lock."""
        if not self._future.done():
            self._future.set_exception(reason)

    def _say(self, answer: Callable[[], _T]) -> None:
        self._common.waiting.pop(id(self), None)
        if not self._future.done():
            self._future.set_result(answer())


class Common:
    """The state of a gate. Whoever looks at more than one thing at once holds the lock.

    Parameters
    ----------
    carried : Carried
    journal : GateJournal
    token : int
    clock : Clock
    patience, stale_after : float
    durable : bool
        See :class:`risk.engine.gate.gate.Gate`.

    Attributes
    ----------
    lock : threading.RLock
    waiting : dict
        Those who wait for the journal, in the order in which they came.
    book : Book
    answering : Answering
    orders : KnownOrders
    scribe : Scribe
    on_answered_before : callable
        Told of orders of the last batch that had their answer before.
    """

    def __init__(
        self,
        *,
        carried: Carried,
        journal: GateJournal,
        token: int,
        clock: Clock,
        patience: float,
        stale_after: float,
        durable: bool,
    ) -> None:
        self.lock = threading.RLock()
        self.waiting: dict[int, _Waiting[Any]] = {}
        self.clock = clock
        self.journal = journal
        self.durable = durable
        self.book = Book(carried.ledger, carried.untold)
        self.answering = Answering(clock=clock, stale_after=stale_after)
        self.orders = KnownOrders()
        self.on_answered_before: Callable[[Written], None] = lambda _written: None
        self._refused_unwritten = 0
        self.scribe = Scribe(
            journal,
            token=token,
            monotonic=clock.monotonic,
            patience=patience,
            on_written=self._hear,
            on_silence=self._answer_all_waiting,
        )

    # --- what every answer needs -----------------------------------------------------------

    def require_open(self) -> None:
        """Refuse to answer once nothing can be written any more: another authority may rule.

        Raises
        ------
        GateClosed
        """
        if self.scribe.failure is not None:
            raise _closed()

    def stamp(self, at: datetime | None = None) -> dict[str, Any]:
        """What every event carries, at a market's time: now, if none is given."""
        snapshot = self.answering.record.snapshot
        return {**snapshot.stamp, "at": self.clock.now() if at is None else at}

    @property
    def journalling(self) -> bool:
        """Whether what is put now is likely to be on disk soon."""
        return self.scribe.journalling

    @property
    def waits(self) -> bool:
        """Whether an answer waits until it is on disk."""
        return self.durable and self.scribe.journalling

    # --- writing ---------------------------------------------------------------------------

    def put(
        self,
        notes: Sequence[Note],
        future: Future[_T],
        *,
        written: Callable[[], _T],
        unwritten: Callable[[], _T],
        always: bool = False,
    ) -> Future[_T]:
        """Let notes be written, and then something be said; at once where that is not waited for.

        Parameters
        ----------
        notes : sequence of Note
        future : Future
        written, unwritten : callable
            Give what is said of what is on disk, and of what is not in time.
        always : bool
            Whether it is waited for even where answers are said as soon as they are decided.
        """
        if not (self.waits or (always and self.journalling)):
            self.scribe.put(notes)
            future.set_result(unwritten())
            return future
        ticket = _Waiting(self, future, written, unwritten)
        self.waiting[id(ticket)] = ticket
        self.scribe.put(notes, ticket)
        return future

    def put_refusal(self, notes: Sequence[Note]) -> None:
        """Let a refusal be written that was said already; not more than so many wait."""
        if not self.journalling and self.scribe.backlog >= REFUSALS_KEPT:
            self._refused_unwritten += 1
        else:
            self.scribe.put(notes)

    def _hear(self, written: Written) -> None:
        """What writing has brought to light."""
        with self.lock:
            self.answering.take(written.latches)
            for latch in self.answering.ask_anew(written.latches):
                self.scribe.put([Asked(latch)])
            if written.answered_before:
                self.on_answered_before(written)
            if self._refused_unwritten and self.journalling:
                lost, self._refused_unwritten = self._refused_unwritten, 0
                event = AnswersLost(**self.stamp(), refused=lost, severity=Severity.WARNING)
                self.scribe.put([Told(event)])

    def _answer_all_waiting(self) -> None:
        """The journal is silent: say to all who wait what may be said without it."""
        with self.lock:
            tickets, ended = list(self.waiting.values()), self.scribe.failure is not None
            for ticket in tickets:
                if ended:
                    ticket.close(_closed())
                else:
                    ticket.give_up()
            if ended:
                self.waiting.clear()


def _closed() -> GateClosed:
    return GateClosed("this authority has ended: nothing that it says would hold")


def done(answer: _T) -> Future[_T]:
    """An answer that need not be waited for."""
    future: Future[_T] = Future()
    future.set_result(answer)
    return future
