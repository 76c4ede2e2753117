"""What the endpoints need of the rest of Seawall; whoever starts the server brings it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from risk.auth.keys import KeyRing
from risk.domain.gate import Gate, GateView
from risk.engine.notary import NotaryView
from risk.errors import GateClosed
from risk.storage.telling import JournalEntry, LabelledHistory, LastValue

Result = TypeVar("Result")

#: Orders a second that one key may ask about, unless set.
ORDERS_PER_SECOND = 2_000.0
#: Other questions a second.
READS_PER_SECOND = 100.0
#: Seconds in which the gate must answer.
PATIENCE = 10.0
_READERS = 4
_TELLERS = 8


class Telling(Protocol):
    """What agents are told from the database; see `risk.storage.telling.SqlTelling`.

    Every call may take long and raises StoreError if the database cannot be asked.
    """

    def newest_entry(self, portfolio: str) -> int:
        """Number of the journal's last entry."""
        ...

    def entries_after(self, portfolio: str, seq: int, *, limit: int) -> Sequence[JournalEntry]:
        """Entries later than number `seq`, oldest first."""
        ...

    def last_entries(self, portfolio: str, *, limit: int) -> Sequence[JournalEntry]:
        """The newest entries, oldest first."""
        ...

    def last_values(self, portfolio: str) -> Sequence[LastValue]:
        """The newest number of every metric of the whole book."""
        ...

    def metric_histories(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> Sequence[LabelledHistory]:
        """A metric of the book and of its parts over time."""
        ...


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the endpoints need.

    Attributes
    ----------
    portfolio : str
        Whose authority this is.
    gate : callable
        The gate; None while this is not the authority, or not yet.
    keys : KeyRing
    reader : Telling
    wall : callable
        The wall's time, UTC.
    monotonic : callable
        Seconds that only ever grow.
    orders_per_second, reads_per_second : float
        That one key may ask for.
    hosts : frozenset of str
        Names, beside those of this machine itself, under which it may be asked.
    notary : callable
        How signing the journal fares; None while it is not done here.
    """

    portfolio: str
    gate: Callable[[], Gate | None]
    keys: KeyRing
    reader: Telling
    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    orders_per_second: float = ORDERS_PER_SECOND
    reads_per_second: float = READS_PER_SECOND
    hosts: frozenset[str] = frozenset()
    notary: Callable[[], NotaryView | None] = lambda: None
    _readers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_READERS, thread_name_prefix="api-read"),
        repr=False,
    )
    _tellers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_TELLERS, thread_name_prefix="api-order"),
        repr=False,
    )

    def view(self) -> GateView | None:
        """What is live; None while nothing is, since this is not the authority, or just begins."""
        gate = self.gate()
        try:
            return None if gate is None else gate.view()
        except GateClosed:
            return None

    async def aside(self, read: Callable[[], Result]) -> Result:
        """What `read` gives, asked in a thread: it may wait for the database."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    async def apart(self, tell: Callable[[], Result]) -> Result:
        """As `aside`, for what becomes of orders: no reading keeps it waiting."""
        return await asyncio.get_running_loop().run_in_executor(self._tellers, tell)

    def close(self) -> None:
        """End the threads; what still waits for one is not asked any more."""
        for pool in (self._readers, self._tellers):
            pool.shutdown(cancel_futures=True)


async def outcome(future: Future[Result]) -> Result:
    """What a gate's future holds, awaited without ever cancelling it.

    Unlike `asyncio.wrap_future`, which takes the answer away from whoever is to give it when the
    one who asked goes away.

    Raises
    ------
    TimeoutError
        If it is not done within ``PATIENCE``.
    """
    if future.done():
        return future.result()
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def settle() -> None:
        if not done.done():
            done.set_result(None)

    def tell(_future: Future[Result]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)

    future.add_done_callback(tell)
    timer = loop.call_later(PATIENCE, settle)
    try:
        await done
    finally:
        timer.cancel()
    if not future.done():
        raise TimeoutError
    return future.result()
