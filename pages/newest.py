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

#: What was read longer ago than this is asked of the store again by whoever wants to know.
_TRUSTED_SECONDS = 0.5
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
        self._asked[portfolio] = self._clock()
        known = self._read.get(portfolio)
        if known is not None and self._is_trusted(known.at):
            return known.pulse
        return self._reader.pulse(portfolio)

    def _is_trusted(self, read_at: float) -> bool:
        return self._clock() - read_at <= _TRUSTED_SECONDS

    # -- reading ahead ----------------------------------------------------------------------

    def start(self) -> None:
        """Read from now on, in a thread that ends with the process."""
        threading.Thread(target=self._read_for_ever, name="newest", daemon=True).start()

    def _read_for_ever(self) -> None:
        beat = min(_LONGEST_BEAT_SECONDS, self._reader.cycle_seconds / _BEATS_A_CYCLE)
        pause = threading.Event()
        while not pause.wait(beat):
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
        if pulse is None:
            self._read.pop(book.name, None)
            return
        known = self._read.get(book.name)
        if known is None or known.pulse.cycle != pulse.cycle:
            self._prepare(book, pulse)
        self._read[book.name] = _Read(pulse, began)
