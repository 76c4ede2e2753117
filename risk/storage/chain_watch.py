"""Follows the journal's chains beside everything else, so that a screen may say how far they hold.

Nothing is claimed that was not looked at: a chain is followed from its first entry on, a little at
a time, and from where that ended as it grows. Since somebody might change what was looked at long
ago, all of it is followed again now and then. Signatures of old checkpoints and the anchor are left
to ``seawall journal verify``: here only the newest checkpoint is held against the chain.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import select

from risk.domain.checkpoints import Checkpoint, Keyring
from risk.errors import SeawallError
from risk.storage import checkpoints, journal, tables
from risk.storage.engines import Engines, transaction
from risk.storage.journal import BEGINNING, Link

_LOG = structlog.get_logger(__name__)

#: Entries that are followed at once, and how long others may go on before the next: a page that is
#: asked for meanwhile hardly waits.
PORTION, PAUSE_SECONDS = 1_000, 0.02
#: From one look for what is new to the next, and from one look at everything to the next.
EVERY_SECONDS, ANEW_SECONDS = 5.0, 3_600.0
#: Streams that nobody asked for in this time are not looked at.
INTEREST_SECONDS = 60.0


class ChainView(NamedTuple):
    """How far a stream was looked at, and what was found.

    Attributes
    ----------
    stream : str
    entries : int
        Up to which entry the chain was followed and holds.
    length : int
        How many entries there were when that was last looked for.
    checked : datetime or None
        When it was followed to its end last; None while it never was. UTC.
    whole : datetime or None
        When all of it was followed last, from the first entry on, and nothing was wrong. UTC.
    broken : str or None
        Where it does not hold, one sentence without its end.
    signed : Checkpoint or None
        The newest one, if it fits the chain and is signed with a key that is known here.
    unsigned : str or None
        Why there is none; None while that was not looked at.
    """

    stream: str
    entries: int = 0
    length: int = 0
    checked: datetime | None = None
    whole: datetime | None = None
    broken: str | None = None
    signed: Checkpoint | None = None
    unsigned: str | None = None


@dataclass
class _Followed:
    """What is known of one stream."""

    view: ChainView
    asked: float
    #: Up to where it held when that was looked at; whatever comes later must follow from there.
    place: Link = BEGINNING
    #: Where the look at everything stands that goes on; None while none does.
    anew: Link | None = None
    #: When everything was looked at last; None while it never was.
    looked_at: float | None = None
    #: What that found wrong: told until all of it is found to be as it was.
    bent: "_Bent | None" = None


class _Bent(NamedTuple):
    """Where a chain that held is another one by now, and up to where it holds."""

    holds: int
    words: str


class ChainWatch:
    """Looks at those streams that somebody asked about lately, in a thread of its own.

    Parameters
    ----------
    engines : Engines
    keys : callable
        Gives the public keys that are known here; None for none.
    wall : callable
        Gives the wall's time, UTC.
    monotonic : callable
        Seconds that only ever grow.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        keys: Callable[[], Keyring | None],
        wall: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = engines
        self._keys = keys
        self._wall = wall
        self._monotonic = monotonic
        self._known: dict[str, _Followed] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def views(self, streams: Sequence[str]) -> list[ChainView]:
        """What is known of these streams by now; from the first asking on they are looked at."""
        now = self._monotonic()
        with self._lock:
            for stream in streams:
                known = self._known.setdefault(stream, _Followed(ChainView(stream), now))
                known.asked = now
            found = [self._known[stream].view for stream in streams]
            self._start()
        return found

    def end(self) -> None:
        """Look no more."""
        self._ending.set()

    def _start(self) -> None:
        # With the first question, after the server has forked its workers.
        if self._thread is None:
            self._thread = threading.Thread(target=self._go_on, name="chain-watch", daemon=True)
            self._thread.start()

    def _go_on(self) -> None:
        while not self._ending.wait(0.0):
            pause = PAUSE_SECONDS if self._looked() else EVERY_SECONDS
            if self._ending.wait(pause):
                return

    def _looked(self) -> bool:
        try:
            return self.look()
        except SeawallError as problem:
            _LOG.warning("chain_not_followed", problem=str(problem))
        except Exception:  # noqa: BLE001 - told in the log; the screen says when it looked last
            _LOG.exception("chain_watch_failed")
        return False

    def look(self) -> bool:
        """Follow each stream that is asked about a portion further; whether there is more.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        since = self._monotonic() - INTEREST_SECONDS
        with self._lock:
            wanted = [each for each in self._known.values() if each.asked >= since]
        # Each, not until the first that has more: a short one does not wait for a long one.
        more = [self._follow(each) for each in wanted]
        return any(more)

    def _follow(self, known: _Followed) -> bool:
        """A portion of one stream: whether there is more of it."""
        if self._further(known):
            return True
        now = self._monotonic()
        if known.looked_at is None:
            self._all_of_it(known, now)
        elif known.anew is None and now - known.looked_at >= ANEW_SECONDS:
            known.anew = BEGINNING
        return known.anew is not None and self._once_more(known, known.anew, now)

    def _further(self, known: _Followed) -> bool:
        """From where it was followed to, a portion further: whether there is more."""
        stream, view = known.view.stream, known.view
        with transaction(self._engines.reader) as connection:
            place, wrong = journal.follow(connection, stream, known.place, limit=PORTION)
            end = journal.newest_link(connection, stream)
        wrong = wrong or checkpoints.other_end(place, end)
        known.place = place
        holds, broken = min(place.seq, end.seq), None if wrong is None else wrong.words(stream)
        if known.bent is not None:
            holds, broken = known.bent
        view = view._replace(entries=holds, length=end.seq, broken=broken)
        goes_on = wrong is None and place.seq < end.seq
        if not goes_on:
            view = self._with_checkpoint(view._replace(checked=self._wall()))
        self._tell(known, view)
        return goes_on

    def _once_more(self, known: _Followed, anew: Link, now: float) -> bool:
        """All of it again, a portion further: whether there is more."""
        stream, place = known.view.stream, known.place
        # Not beyond the place that is known: there it shows whether it is still the same chain.
        limit = min(PORTION, place.seq - anew.seq)
        with transaction(self._engines.reader) as connection:
            further, wrong = journal.follow(connection, stream, anew, limit=limit)
            further = min(further, journal.newest_link(connection, stream), key=lambda at: at.seq)
        if wrong is None and anew.seq < further.seq < place.seq:
            known.anew = further
            return True
        wrong = wrong or checkpoints.other_end(place, further)
        known.anew = None
        known.bent = None if wrong is None else _Bent(further.seq, wrong.words(stream))
        self._all_of_it(known, now)
        # What is wrong is told with the next look for what is new, which follows at once.
        return True

    def _all_of_it(self, known: _Followed, now: float) -> None:
        known.looked_at = now
        if known.bent is None and known.view.broken is None:
            self._tell(known, known.view._replace(whole=self._wall()))

    def _with_checkpoint(self, view: ChainView) -> ChainView:
        """Hold the newest checkpoint against the chain, which has just been followed."""
        with transaction(self._engines.reader) as connection:
            newest = checkpoints.newest(connection, view.stream)
            entry = tables.journal.c
            query = select(entry.hash).where(
                entry.stream == view.stream, entry.seq == (newest.seq if newest else 0)
            )
            there = connection.execute(query).scalar()
        if newest is None:
            return view._replace(signed=None, unsigned="no checkpoint was made yet")
        problem = self._wrong_with(newest, None if there is None else bytes(there))
        if problem is None:
            return view._replace(signed=newest, unsigned=None)
        return view._replace(signed=None, unsigned=problem)

    def _wrong_with(self, newest: Checkpoint, there: bytes | None) -> str | None:
        keys = self._keys()
        if there != newest.hash:
            return f"the checkpoint of entry {newest.seq} does not fit the chain"
        if keys is None:
            return "no public key is here, so that signatures are not checked"
        if newest.key_id not in keys.ids:
            return f"the checkpoint of entry {newest.seq} is signed with a key not known here"
        if not keys.vouches_for(newest):
            return f"the checkpoint of entry {newest.seq} does not bear the signature of its key"
        return None

    def _tell(self, known: _Followed, view: ChainView) -> None:
        with self._lock:
            known.view = view
