"""The one poller of the journal, for all who listen to events.

It keeps the newest entries; each listener takes from those at its own pace, and who is further
behind reads the journal. Nobody waits for anybody.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import structlog

from risk.api.desk import Desk
from risk.api.news import News, news_of
from risk.api.problems import try_again
from risk.domain.keys import ApiKey
from risk.errors import StoreError

_LOG = structlog.get_logger(__name__)

Result = TypeVar("Result")

#: Seconds between two looks into the journal.
EVERY = 0.25
#: Seconds of silence after which a listener hears that the line still stands.
HEARTBEAT = 10.0
#: Seconds in which a listener must take what is sent.
PATIENCE = 5.0
#: Listeners at once, in all and with one key.
MOST_LISTENERS = 200
MOST_A_KEY = 20
#: Entries that are kept for all.
KEPT = 2_000
_A_PAGE = 500


class Pace(NamedTuple):
    """How long things take; a test is in a hurry.

    Attributes
    ----------
    every, heartbeat, patience : float
        Seconds; see ``EVERY``, ``HEARTBEAT`` and ``PATIENCE``.
    """

    every: float = EVERY
    heartbeat: float = HEARTBEAT
    patience: float = PATIENCE


class Hub:
    """The poller and what it found. Lives in one event loop.

    Parameters
    ----------
    desk : Desk
    pace : Pace

    Attributes
    ----------
    woken : asyncio.Event
        Set, and replaced, when there is news, when keys have changed and at the end: take it
        before you look, and wait for it when there was nothing to see.
    """

    def __init__(self, desk: Desk, pace: Pace = Pace()) -> None:  # noqa: B008 - immutable
        self.desk = desk
        self.pace = pace
        self.woken = asyncio.Event()
        self._closing = False
        self._newest: int | None = None
        self._kept: deque[News] = deque(maxlen=KEPT)
        self._listeners: Counter[str] = Counter()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="api-journal")
        self._poller: asyncio.Task[None] | None = None
        self._keys_seen = desk.keys.version

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._listeners.total()

    @property
    def open(self) -> bool:
        """Whether somebody looks for news."""
        return not self._closing and self._poller is not None and not self._poller.done()

    def enter(self, key: ApiKey) -> None:
        """Let one more listen; `leave` undoes it.

        Raises
        ------
        Refused
            If too many do already.
        """
        if self._closing:
            raise try_again(503, "no_authority", "this server is about to end")
        if self.listeners >= MOST_LISTENERS or self._listeners[key.id] >= MOST_A_KEY:
            raise try_again(429, "too_many_listeners", "too many listen to this stream already")
        self._listeners[key.id] += 1
        if not self.open:
            self._forget()
            self._poller = asyncio.get_running_loop().create_task(self._poll())

    def leave(self, key: ApiKey) -> None:
        """One less listens; with the last one the poller rests."""
        self._listeners[key.id] -= 1
        self._listeners += Counter()  # forgets keys without a listener
        if not self._listeners and self._poller is not None:
            self._poller.cancel()
            self._forget()

    def close(self) -> None:
        """End all streams; from the event loop."""
        self._closing = True
        self._wake()

    def free(self) -> None:
        """End the thread that looks; once the event loop is over."""
        self._reader.shutdown(cancel_futures=True)

    async def newest(self, *, surely: bool = False) -> int:
        """Number of the newest entry; `surely` asks the database again.

        Raises
        ------
        StoreError
        """
        desk = self.desk
        if self._newest is None or surely:
            found = await self._ask(lambda: desk.reader.newest_entry(desk.portfolio))
            if self._newest is not None:
                return max(found, self._newest)
            self._newest = found
        return self._newest

    async def after(self, seq: int) -> Sequence[News]:
        """News later than number `seq`, oldest first; a page of them if it lies long ago.

        Raises
        ------
        StoreError
        """
        if seq >= await self.newest():
            return ()
        if self._kept and self._kept[0].seq <= seq + 1:
            return [each for each in self._kept if each.seq > seq]
        desk = self.desk
        entries = await desk.aside(
            lambda: desk.reader.entries_after(desk.portfolio, seq, limit=_A_PAGE)
        )
        return [news_of(entry) for entry in entries]

    def _forget(self) -> None:
        self._newest = None
        self._kept.clear()

    def _wake(self) -> None:
        woken, self.woken = self.woken, asyncio.Event()
        woken.set()

    async def _ask(self, read: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._reader, read)

    async def _poll(self) -> None:
        away = False
        while True:
            try:
                await self._look()
            except StoreError as problem:
                if not away:
                    _LOG.warning("journal_not_read", problem=str(problem))
                away = True
            else:
                if away:
                    self._wake()  # for those who could not read by themselves either
                away = False
            await asyncio.sleep(self.pace.every)

    async def _look(self) -> None:
        newest, desk = await self.newest(), self.desk
        entries = await self._ask(
            lambda: desk.reader.entries_after(desk.portfolio, newest, limit=_A_PAGE)
        )
        self._kept.extend(news_of(entry) for entry in entries)
        if entries:
            self._newest = entries[-1].seq
        if entries or desk.keys.version != self._keys_seen:
            self._keys_seen = desk.keys.version
            self._wake()
