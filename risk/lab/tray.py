"""What waits for an agent: wishes, each with the reading of the market that it was made at."""

import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from risk.domain.market import Mark, Trust
from risk.domain.positions import PositionKey
from risk.lab.wishing import ON_PAPER, Occasion, Wish

#: Readings after which a wish that was not answered yet is dropped: it was made for another market.
MOST_TURNS = 2
#: Wishes of one strategy that may wait; the oldest make room.
MOST_WAITING = 64


@dataclass(frozen=True, slots=True)
class Sight:
    """What agents see of the market.

    Attributes
    ----------
    turn : int
        Number of the reading, growing by one.
    at, wall : datetime
        The market's time, and the wall's. UTC.
    marks : mapping of asset to Mark
    """

    turn: int
    at: datetime
    wall: datetime
    marks: Mapping[str, Mark]

    def tradable(self, asset: str) -> Mark | None:
        """The asset's mark, if it may be traded at."""
        mark = self.marks.get(asset)
        return mark if mark is not None and mark.trust is Trust.TRUSTED else None


class Errand(NamedTuple):
    """A wish, and the reading that it was made at.

    Attributes
    ----------
    sight : Sight
    wish : Wish
    """

    sight: Sight
    wish: Wish


class Tray:
    """Wishes that wait for their agent: few, and none of yesterday. Safe between threads.

    A newer wish for a close takes the place of an older one for the same position, which was made
    for another price. None is taken for a position with an order under way, or one that ended so
    lately that whoever wished may not have seen it: that would be traded twice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sight: Sight | None = None
        self._waiting: deque[Errand] = deque()
        self._under_way: Errand | None = None
        self._ended: dict[PositionKey, int] = {}
        self._minded: set[str] = set()
        self._strays: tuple[str, ...] = ()

    @property
    def sight(self) -> Sight | None:
        """The last reading."""
        return self._sight

    def put(self, sight: Sight, wishes: Iterable[Wish], open_orders: Collection[str]) -> int:
        """Take in a reading, and what is wished on it; returns how many wishes were dropped.

        Parameters
        ----------
        sight : Sight
        wishes : iterable of Wish
        open_orders : collection of str
            Ids of this strategy's orders that room was held for at the reading.
        """
        with self._lock:
            self._sight = sight
            self._ended = {k: turn for k, turn in self._ended.items() if turn >= sight.turn - 1}
            before = len(self._waiting)
            self._waiting = deque(
                w for w in self._waiting if w.sight.turn >= sight.turn - MOST_TURNS
            )
            dropped = before - len(self._waiting)
            for wish in wishes:
                dropped += self._take(Errand(sight, wish))
            names = {waiting.wish.identity for waiting in self._waiting} | self._minded
            self._strays = tuple(
                name for name in open_orders if name.startswith(ON_PAPER) and name not in names
            )
            return dropped

    def _take(self, new: Errand) -> int:
        dropped = 0
        if new.wish.occasion is Occasion.CLOSE:
            key, under_way = new.wish.key, self._under_way
            if key in self._ended or (under_way is not None and key == under_way.wish.key):
                return 1
            kept = deque(w for w in self._waiting if not _replaces(new, w))
            dropped += len(self._waiting) - len(kept)
            self._waiting = kept
        self._waiting.append(new)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            dropped += 1
        return dropped

    def begin(self) -> Errand | None:
        """The next wish, under way from now on; None if none waits."""
        with self._lock:
            if not self._waiting:
                return None
            return self._set_out(self._waiting.popleft())

    def set_out(self, errand: Errand) -> None:
        """Note that an order is under way that nobody put here."""
        with self._lock:
            self._set_out(errand)

    def _set_out(self, errand: Errand) -> Errand:
        self._under_way = errand
        self._minded.add(errand.wish.identity)
        return errand

    def end(self, *, again: bool = False) -> None:
        """Note that no order is under way any more; `again`: it waits, and grows no younger."""
        with self._lock:
            ended, self._under_way = self._under_way, None
            assert ended is not None, "what ends has begun"
            assert self._sight is not None, "what has begun was seen"
            if again:
                self._waiting.appendleft(ended)
                return
            self._ended[ended.wish.key] = self._sight.turn
            if ended.wish.occasion is Occasion.REDUCE:
                # What waits for the position was wished before it was made smaller.
                self._waiting = deque(w for w in self._waiting if not _is_close_of(w, ended))

    def settled(self) -> None:
        """Nothing is in doubt: what is open and not under way is nobody's."""
        with self._lock:
            self._minded.clear()

    def strays(self) -> tuple[str, ...]:
        """Open orders that nobody minds, as of a former life of this agent; told once."""
        with self._lock:
            strays, self._strays = self._strays, ()
            return strays


def _is_close_of(waiting: Errand, ended: Errand) -> bool:
    return waiting.wish.occasion is Occasion.CLOSE and waiting.wish.key == ended.wish.key


def _replaces(new: Errand, old: Errand) -> bool:
    """Whether a wish makes an older one pointless; those of one reading belong together."""
    same = (new.wish.key, new.wish.occasion) == (old.wish.key, old.wish.occasion)
    return same and old.sight.turn < new.sight.turn
