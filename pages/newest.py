"""The newest cycle of each book, read a few times a second for everybody who asks.

Fifty browsers ask twice a second whether there is news, and all of them for their page when
there is. Read by one thread, with the pages prepared before the news is told, neither question
waits for the database nor for a page to be built.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from pages.context import Book, BookReader, Pulse
from risk.errors import SeawallError

_LOG = structlog.get_logger(__name__)

#: What was read longer ago than this is asked of the store again by whoever wants to know: long
#: enough for pages to be prepared in, which may take half a cycle.
_TRUSTED_SECONDS, _TRUSTED_CYCLES = 0.5, 0.75
#: A book that nobody asked for in this time is not read.
_INTEREST_SECONDS = 10.0
_LONGEST_BEAT_SECONDS = 0.1
_BEATS_A_CYCLE = 4

Prepare = Callable[[Book, Pulse], None]


@dataclass(frozen=True)
class _Read:
    """A book's newest cycle, and when it was read (monotonic seconds)."""

    pulse: Pulse
    at: float


class Newest:
    """What is newest, from memory while a thread reads it, else from the store.

    Parameters
    ----------
    reader : BookReader
    prepare : callable
        Told of each new cycle before anybody else is.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, reader: BookReader, *, prepare: Prepare, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._prepare = prepare
        self._clock = clock
        self._asked: dict[str, float] = {}
        self._read: dict[str, _Read] = {}
        self._books: tuple[Sequence[Book], float] | None = None
        self._trusted_seconds = max(_TRUSTED_SECONDS, _TRUSTED_CYCLES * reader.cycle_seconds)
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def books(self) -> Sequence[Book]:
        """All portfolios, the one to show first coming first."""
        known = self._books
        if known is not None and self._is_trusted(known[1]):
            return known[0]
        return self._reader.books()

    def pulse(self, portfolio: str) -> Pulse | None:
        """The newest complete cycle; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        began = self._asked[portfolio] = self._clock()
        known = self._read.get(portfolio)
        if known is not None and self._is_trusted(known.at):
            return known.pulse
        pulse = self._reader.pulse(portfolio)
        return pulse if known is None else self._keep(portfolio, pulse, began)

    def _keep(self, portfolio: str, pulse: Pulse | None, began: float) -> Pulse | None:
        """Note what was read at `began`; what somebody read later stands, or a cycle would be
        told after the one that follows it.
        """
        with self._lock:
            known = self._read.get(portfolio)
            if known is not None and known.at > began:
                return known.pulse
            if pulse is None:
                self._read.pop(portfolio, None)
            else:
                self._read[portfolio] = _Read(pulse, began)
        return pulse

    def _is_trusted(self, read_at: float) -> bool:
        return self._clock() - read_at <= self._trusted_seconds

    # -- reading ahead ----------------------------------------------------------------------

    def start(self) -> None:
        """Read from now on, in a thread that ends with the process or by :meth:`end`."""
        threading.Thread(target=self._read_on, name="newest", daemon=True).start()

    def end(self) -> None:
        """Read no more."""
        self._ended.set()

    def _read_on(self) -> None:
        beat = min(_LONGEST_BEAT_SECONDS, self._reader.cycle_seconds / _BEATS_A_CYCLE)
        while not self._ended.wait(beat):
            try:
                self.beat()
            except Exception:  # noqa: BLE001 - whoever asks meets the same failure, and is told
                _LOG.exception("reading_ahead_failed")

    def beat(self) -> None:
        """Read what people asked for lately, once."""
        since = self._clock() - _INTEREST_SECONDS
        wanted = {name for name, at in list(self._asked.items()) if at >= since}
        if not wanted:
            return
        try:
            self._read_all(wanted)
        except SeawallError:
            # Nothing is known now: whoever asks puts the question, and is answered why not.
            self._books = None
            self._read.clear()

    def _read_all(self, wanted: set[str]) -> None:
        began = self._clock()
        books = self._reader.books()
        self._books = books, began
        for book in books:
            if book.name in wanted:
                self._read_one(book)

    def _read_one(self, book: Book) -> None:
        began = self._clock()
        pulse = self._reader.pulse(book.name)
        known = self._read.get(book.name)
        if pulse is not None and (known is None or known.pulse.cycle != pulse.cycle):
            self._prepare(book, pulse)
        self._keep(book.name, pulse, began)
