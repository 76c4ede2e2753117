"""Writes the gate's notes: whatever waits goes into one transaction, so that many share one disk.

Whoever wants something written puts it here with a ticket, and hears of the ticket when it is on
disk, or when it takes too long. What could not be written is kept and written first, unchanged
and under its number, once the database answers again.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

from risk.domain.journalling import GateJournal, Note, Written
from risk.errors import StoreUnavailable

_LOG = structlog.get_logger(__name__)

#: Notes after which a transaction takes no more lines: what waits behind a long one should not wait
#: much longer. Most lines have two; one that settles a slice of room may have a thousand.
LARGEST_BATCH = 1_000
#: Lines that may wait where a database that was silent counts as answering again.
_MOST_WAITING = 500
#: Seconds between two tries while the database does not answer.
RETRY_SECONDS = 0.25
#: Seconds that whoever flushes waits for another thread's batch: a cycle can, an agent cannot.
FLUSH_SECONDS = 1.0
#: Seconds between two looks of whoever waits for another thread's batch.
_GLANCE = 0.005
#: Looks at a batch within the time that it may take.
_LOOKS = 10
#: When lateness is found at the latest, as a multiple of that time.
LATEST_SILENCE = 1.0 + 1.0 / _LOOKS


class Ticket(Protocol):
    """Somebody who waits for notes to be on disk."""

    def written(self) -> None:
        """They are; called from the thread that wrote them."""
        ...


class _Line(NamedTuple):
    notes: tuple[Note, ...]
    ticket: Ticket | None


class Scribe:
    """Writes notes in the order in which they are put.

    Parameters
    ----------
    journal : GateJournal
    token : int
        Of the lease; every batch carries it.
    monotonic : callable
        Seconds that only ever grow.
    patience : float
        Seconds that a batch may take before those who wait are told that it is late.
    on_written : callable
        Told what came of every batch, before those who wait for it.
    on_silence : callable
        Called, from any thread, when the journal has become silent: what waits will not be
        written soon.

    Attributes
    ----------
    journalling : bool
        Whether the last batch was written in time.
    problem : str
        Why it was not; empty while `journalling`.
    failure : Exception or None
        What ended all writing; nothing will be written any more.
    """

    def __init__(
        self,
        journal: GateJournal,
        *,
        token: int,
        monotonic: Callable[[], float],
        patience: float,
        on_written: Callable[[Written], None],
        on_silence: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._token = token
        self._monotonic = monotonic
        self._patience = patience
        self._on_written = on_written
        self._on_silence = on_silence
        self._number = journal.last_batch()
        self._put = 0
        self._done = 0
        self._queue: deque[_Line] = deque()
        self._batch: list[_Line] = []
        self._news = threading.Condition()
        self._writing = threading.Lock()
        self._began: float | None = None
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.journalling = True
        self.problem = ""
        self.failure: Exception | None = None

    # --- asking ----------------------------------------------------------------------------

    def put(self, notes: Sequence[Note], ticket: Ticket | None = None) -> None:
        """Let notes be written soon; `ticket` hears of it."""
        with self._news:
            self._queue.append(_Line(tuple(notes), ticket))
            self._put += 1
            self._news.notify_all()

    @property
    def backlog(self) -> int:
        """Lines that are not known to be written."""
        return len(self._queue) + len(self._batch)

    def flush(self) -> None:
        """Return once everything that was put before is written, by whichever thread.

        Raises
        ------
        StoreUnavailable
            If the database does not answer in time; it will be tried again.
        LeaseLost, StoreError
            If writing has ended.
        """
        wanted, deadline = self._put, self._monotonic() + FLUSH_SECONDS
        while self._done < wanted or self.failure is not None:
            if self._writing.acquire(blocking=False):
                try:
                    self._write_next()
                finally:
                    self._writing.release()
            elif self._monotonic() > deadline:
                raise StoreUnavailable("the journal is silent: the database does not answer")
            else:
                with self._news:
                    self._news.wait(timeout=_GLANCE)

    # --- writing ---------------------------------------------------------------------------

    def _write_next(self) -> None:
        """Write what waits, one batch of it. The caller holds `_writing`."""
        if self.failure is not None:
            raise self.failure
        self._take_batch()
        if not self._batch:
            return
        notes = [note for line in self._batch for note in line.notes]
        self._began = self._monotonic()
        try:
            written = self._journal.write(self._number + 1, notes, token=self._token)
        except StoreUnavailable as problem:
            self._fall_silent(str(problem))
            raise
        except Exception as failure:
            # Whatever it is, it would be met again: nobody waits for it in vain.
            self.failure = failure
            self._fall_silent(str(failure))
            raise
        finally:
            self._began = None
        self._number += 1
        lines, self._batch = self._batch, []
        with self._news:
            self._done += len(lines)
            self._news.notify_all()
        self._speak_again()
        self._on_written(written)
        for line in lines:
            if line.ticket is not None:
                line.ticket.written()

    def _take_batch(self) -> None:
        # One that may have been written already is written again exactly as it was.
        if self._batch:
            return
        notes = 0
        with self._news:
            while self._queue and notes < LARGEST_BATCH:
                line = self._queue.popleft()
                self._batch.append(line)
                notes += len(line.notes)

    def _fall_silent(self, problem: str) -> None:
        self.problem = problem
        if self.journalling:
            self.journalling = False
            _LOG.warning("journal_silent", waiting=self.backlog, problem=problem)
        self._on_silence()

    def _speak_again(self) -> None:
        # What came meanwhile waits for no more than one batch, however fast it comes.
        if not self.journalling and len(self._queue) < _MOST_WAITING:
            self.journalling, self.problem = True, ""
            _LOG.info("journal_speaks_again")

    # --- threads ---------------------------------------------------------------------------

    def start(self) -> None:
        """Write in a thread of its own, and watch it in another."""
        self._threads = [
            threading.Thread(target=self._write_for_ever, name="scribe", daemon=True),
            threading.Thread(target=self._watch, name="scribe-watch", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write what is left, once, and end; what the database does not take is told of."""
        self._ended.set()
        with self._news:
            self._news.notify()
        for thread in self._threads:
            thread.join(timeout=FLUSH_SECONDS)
        try:
            self.flush()
        except Exception as problem:  # noqa: BLE001 - what ended writing ended a cycle already
            _LOG.warning("notes_left", lines=self.backlog, problem=str(problem))

    def _write_for_ever(self) -> None:
        while not self._ended.is_set() and self.failure is None:
            with self._news:
                if not self._queue and not self._batch:
                    self._news.wait()
                    continue
            try:
                self.flush()
            except StoreUnavailable:
                self._ended.wait(RETRY_SECONDS)
            except Exception as failure:  # noqa: BLE001 - the next cycle meets it, and ends
                _LOG.error("journal_ended", problem=str(failure))

    def _watch(self) -> None:
        """Say so when a batch takes too long: the thread that writes it cannot."""
        while not self._ended.wait(self._patience / _LOOKS):
            began = self._began
            if began is not None and self._monotonic() - began > self._patience:
                self._fall_silent(self.problem or f"no answer within {self._patience:g} s")
