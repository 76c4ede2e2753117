"""Agents that trade the demo's strategies as any agent would: ask, trade what was allowed, report.

An `Agent` is told each reading of the market and what its strategy wishes, and acts on it in a
thread of its own: whoever tells it never waits. It speaks to Seawall through a `Gatekeeper`, as
somebody else's agent does over the wire. Trades happen on paper, at the mark of their moment.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import structlog

from risk.domain.market import Mark, Trust
from risk.domain.paper import paper_fill
from risk.domain.positions import PositionKey
from risk.domain.reductions import surplus_over
from risk.errors import SeawallError
from risk.lab.wishing import ON_PAPER, Occasion, Wish

_LOG = structlog.get_logger(__name__)

#: Readings after which a wish that was not answered yet is dropped: it was made for another market.
MOST_TURNS = 2
#: Wishes of one strategy that may wait; the oldest make room.
MOST_WAITING = 64
#: Readings between two tries to meet requests that cannot be met, as while trading is halted.
LONGEST_PAUSE = 16


class Permission(Protocol):
    """An answer to an order, such as `risk.client.Answer`."""

    @property
    def answered(self) -> bool:
        """Whether Seawall decided at all."""
        ...

    @property
    def approved(self) -> bool:
        """Whether something was allowed."""
        ...

    @property
    def quantity(self) -> float:
        """Units that may be traded."""
        ...

    @property
    def decided_at(self) -> datetime | None:
        """The wall's time of the decision. UTC."""
        ...

    @property
    def why(self) -> str:
        """What decided, in words."""
        ...

    def sendable(self) -> bool:
        """Whether it may be traded at this moment."""
        ...


class Request(Protocol):
    """A request to make a position smaller."""

    @property
    def id(self) -> str:
        """Unique in the portfolio."""
        ...

    @property
    def strategy(self) -> str:
        """Whose position it is."""
        ...

    @property
    def asset(self) -> str:
        """Of the position."""
        ...

    @property
    def venue(self) -> str:
        """Of the position."""
        ...

    @property
    def target_quantity(self) -> float:
        """Signed units to end at."""
        ...


class Holding(Protocol):
    """What a strategy holds of an asset."""

    @property
    def strategy(self) -> str:
        """Whose it is."""
        ...

    @property
    def asset(self) -> str:
        """What is held."""
        ...

    @property
    def venue(self) -> str:
        """Where it is held."""
        ...

    @property
    def quantity(self) -> float:
        """Signed units."""
        ...


class Gatekeeper(Protocol):
    """What an agent needs of Seawall, such as `risk.client.Seawall`.

    All but `validate` and `settle` raise SeawallError where Seawall does not answer, or refuses.
    """

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """Ids of orders that room may be held for without the agent knowing."""
        ...

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Reports that may not have arrived."""
        ...

    def validate(
        self,
        asset: str,
        side: str,
        quantity: float,
        *,
        client_order_id: str,
        venue: str,
        reduce_only: bool,
    ) -> Permission:
        """Whether an order may be sent; the same id again is the same order."""
        ...

    def filled(
        self, client_order_id: str, *, fill_id: str, quantity: float, price: float, fee: float
    ) -> object:
        """Report a trade."""
        ...

    def cancelled(self, client_order_id: str) -> object:
        """Report that an order is dead."""
        ...

    def settle(self) -> object:
        """Cancel what is in doubt, and tell again what is unsaid."""
        ...

    def reductions(self) -> Sequence[Request]:
        """Requests to reduce that are not met."""
        ...

    def positions(self) -> Sequence[Holding]:
        """Everything that is held."""
        ...

    def acknowledge(self, reduction_id: str) -> None:
        """Say that a request was heard."""
        ...

    def on_reduction(self, callback: Callable[[Any], object]) -> object:
        """Call back, in another thread, with every request to reduce."""
        ...

    def close(self) -> None:
        """End what runs in the background."""
        ...


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


class Agent:
    """One strategy's agent.

    Parameters
    ----------
    strategy : str
    connect : callable
        From the strategy's name to a `Gatekeeper`; SeawallError where there is none yet.
    reduces : bool
        Whether it meets requests to reduce; not where somebody else does.
    """

    def __init__(
        self, strategy: str, connect: Callable[[str], Gatekeeper], *, reduces: bool = True
    ) -> None:
        self.strategy = strategy
        self._connect = connect
        self._reduces = reduces
        self._tray = Tray()
        self._news = threading.Event()
        self._ending = threading.Event()
        self._gatekeeper: Gatekeeper | None = None
        self._requested = threading.Event()
        self._look_at = 0
        self._pause = 1
        self._acknowledged: set[str] = set()
        self._trouble = ""

    # --- told by others, who never wait ------------------------------------------------------

    def show(self, sight: Sight, wishes: Iterable[Wish], open_orders: Collection[str]) -> None:
        """Take in a reading and what the strategy wishes; see `Tray.put`."""
        dropped = self._tray.put(sight, wishes, open_orders)
        if dropped:
            _LOG.debug("wishes_dropped", strategy=self.strategy, wishes=dropped)
        self._news.set()

    def end(self) -> None:
        """Ask it to end after the order that is under way."""
        self._ending.set()
        self._news.set()

    def requested(self, _request: object = None) -> None:
        """Note that there is a request to reduce."""
        self._requested.set()
        self._news.set()

    # --- its own thread ----------------------------------------------------------------------

    def run(self) -> None:
        """Act on whatever comes, until told to end."""
        while self._came():
            try:
                self.act()
            except Exception:  # noqa: BLE001 - logged: a thread has nobody to raise to
                _LOG.exception("agent_failed", strategy=self.strategy)
        if self._gatekeeper is not None:
            self._gatekeeper.close()

    def _came(self) -> bool:
        self._news.wait()
        self._news.clear()
        return not self._ending.is_set()

    def act(self) -> None:
        """Do what there is to do now."""
        sight = self._tray.sight
        gatekeeper = self._connected()
        if gatekeeper is None or sight is None:
            return
        if not self._clear(gatekeeper):
            gatekeeper.settle()
            self._clear(gatekeeper)
        for order in self._tray.strays():
            _LOG.info("stray_order_given_back", strategy=self.strategy, order=order)
            self._give_back(gatekeeper, order)
        if self._reduces and (self._requested.is_set() or sight.turn >= self._look_at):
            self._meet_requests(gatekeeper, sight)
        while not self._ending.is_set():
            errand = self._tray.begin()
            if errand is None or not self._trade(gatekeeper, errand):
                return

    def _connected(self) -> Gatekeeper | None:
        if self._gatekeeper is None:
            try:
                self._gatekeeper = self._connect(self.strategy)
            except SeawallError as problem:
                self._note(str(problem))
                return None
            if self._reduces:
                self._gatekeeper.on_reduction(self.requested)
        return self._gatekeeper

    def _clear(self, gatekeeper: Gatekeeper) -> bool:
        """Whether it is known what became of everything that was asked and told."""
        if gatekeeper.in_doubt or gatekeeper.unsaid:
            return False
        self._tray.settled()
        return True

    def _note(self, trouble: str) -> None:
        """Log what is wrong, once for as long as it is."""
        if trouble and trouble != self._trouble:
            _LOG.info("agent_waits", strategy=self.strategy, problem=trouble)
        self._trouble = trouble

    # --- orders ------------------------------------------------------------------------------

    def _trade(self, gatekeeper: Gatekeeper, errand: Errand) -> bool:
        """Ask, and trade what is allowed; whether Seawall answered.

        Without an answer the wish is asked again with the next reading, under the same id. Where
        it may have been let through unheard it is not: what is in doubt is settled, and dropped.
        """
        wish, again = errand.wish, False
        try:
            if self._tradable(wish.key.asset) is None:
                return True
            answer = gatekeeper.validate(
                wish.key.asset,
                "buy" if wish.quantity > 0.0 else "sell",
                abs(wish.quantity),
                client_order_id=wish.identity,
                venue=wish.key.venue,
                reduce_only=wish.occasion is Occasion.REDUCE,
            )
            if answer.answered:
                self._note("")
                self._act_on(gatekeeper, errand, answer)
                return True
            self._note(answer.why)
            in_doubt = wish.identity in gatekeeper.in_doubt
            again = not in_doubt and wish.occasion is not Occasion.REDUCE
            return False
        finally:
            self._tray.end(again=again)

    def _act_on(self, gatekeeper: Gatekeeper, errand: Errand, answer: Permission) -> None:
        wish = errand.wish
        if not answer.approved:
            _LOG.info(
                "order_rejected",
                strategy=self.strategy,
                asset=wish.key.asset,
                quantity=wish.quantity,
                why=answer.why,
            )
            return
        mark = self._tradable(wish.key.asset)
        # An answer from before the wish is one to the same order in a former life of this agent.
        is_old = answer.decided_at is None or answer.decided_at < errand.sight.wall
        if mark is None or is_old or not answer.sendable():
            self._give_back(gatekeeper, wish.identity)
            return
        signed = math.copysign(answer.quantity, wish.quantity)
        fill = paper_fill(wish.identity, wish.key, signed, mark, wish.at)
        try:
            gatekeeper.filled(
                wish.identity,
                fill_id=fill.id,
                quantity=fill.quantity,
                price=fill.price,
                fee=fill.fee,
            )
        except SeawallError as problem:
            # Told again by `settle` if it may not have arrived; if it was refused, nothing was
            # traded, and the order's room goes back with the strays.
            _LOG.warning("fill_not_told", order=wish.identity, problem=str(problem))

    def _give_back(self, gatekeeper: Gatekeeper, order: str) -> None:
        try:
            gatekeeper.cancelled(order)
        except SeawallError as problem:
            _LOG.warning("order_not_given_back", order=order, problem=str(problem))

    def _tradable(self, asset: str) -> Mark | None:
        """The asset's mark now, which may be a later one than at the wish."""
        sight = self._tray.sight
        return None if sight is None else sight.tradable(asset)

    # --- requests to reduce ------------------------------------------------------------------

    def _meet_requests(self, gatekeeper: Gatekeeper, sight: Sight) -> None:
        """Sell what is too much; what cannot be sold now is tried again, ever more seldom."""
        told = self._requested.is_set()
        self._requested.clear()
        self._pause = 1 if told else min(2 * self._pause, LONGEST_PAUSE)
        self._look_at = sight.turn + self._pause
        try:
            asked = [each for each in gatekeeper.reductions() if each.strategy == self.strategy]
            self._acknowledged &= {each.id for each in asked}
            # What was told just now may not be listed yet.
            if not asked and not told:
                self._look_at = _NEVER
            held = (
                {_key_of(each): each.quantity for each in gatekeeper.positions()} if asked else {}
            )
            for each in asked:
                if self._ending.is_set():
                    return
                self._meet(gatekeeper, each, held.get(_key_of(each), 0.0))
        except SeawallError as problem:
            self._note(str(problem))

    def _meet(self, gatekeeper: Gatekeeper, asked: Request, quantity: float) -> None:
        if asked.id not in self._acknowledged:
            gatekeeper.acknowledge(asked.id)
            self._acknowledged.add(asked.id)
        sight, surplus = self._tray.sight, surplus_over(asked.target_quantity, quantity)
        mark = None if sight is None else sight.tradable(asked.asset)
        if sight is None or mark is None or not surplus:
            return
        wish = Wish(
            identity=f"{ON_PAPER}{Occasion.REDUCE}/{asked.id}/{sight.at:%Y%m%dT%H%M%S%f}",
            occasion=Occasion.REDUCE,
            key=_key_of(asked),
            quantity=-surplus,
            value=-surplus * mark.price,
            at=sight.at,
        )
        errand = Errand(sight, wish)
        self._tray.set_out(errand)
        self._trade(gatekeeper, errand)


#: A turn that does not come.
_NEVER = 2**63


def _key_of(held: Request | Holding) -> PositionKey:
    return PositionKey(held.strategy, held.asset, held.venue)
