"""Slices of room beside the agent: small orders are answered from them without a way to Seawall.

A slice is spent only while it lives (two seconds, counted from before it was asked for), while
what is known of Seawall's state is fresh and nothing there has become tighter, and by market
orders that fit into what is left of it. Everything else is asked about as always.

Seawall knows nothing of these orders until their slice is settled with the list of them, which is
done with each renewal, before anything else is said of one of them, and at the end. What is not
known to be granted is never spent: it is asked for again under its id, then settled as unspent.
"""

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import msgspec
import structlog

from risk.client.answers import Answer, Lent, read_lease_answer, refused
from risk.client.errors import NoAnswer, RequestRefused
from risk.client.flows import Call, Flow
from risk.client.ids import OrderIds
from risk.client.local import LocalChecks
from risk.client.memory import Memory
from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.events import Verdict
from risk.domain.leases import LEASE_LIFE, LEASE_PREFIX, MOST_ORDERS
from risk.domain.messages import LeaseBody, LeasedOrder, OrderBody, ReasonMessage
from risk.domain.orders import OrderType, Side
from risk.domain.steps import is_on_step
from risk.domain.trading import TradingState

_LOG = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode
_PATH = "/api/v1/leases"
_LIFE = LEASE_LIFE.total_seconds()
# Bytes that a list may have: a request has 64 KiB at most, and may ask for the next slice as well.
_LONGEST_LIST = 48 * 1024
# What is settled needs not to be settled again: refusals that say so.
_OVER = ("unknown_lease", "settled_before")

_Kind: TypeAlias = tuple[str, str, str, str | None]
Ask = Callable[[Call, float, Callable[[bytes], Lent]], Flow[Lent]]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Room that a client keeps at hand for small market orders.

    Attributes
    ----------
    asset : str
        Such as ``BTC/USDT``.
    side : {"buy", "sell"}
    quantity : float
        Units, of all orders together that are made of it in about a second.
    venue : str or None
        As the orders name it: None is spent by those that name none.
    strategy : str
        Empty for the client's.
    orders : int
        Orders that may be made of it at most, up to 500.

    Raises
    ------
    ValueError
        If one of them cannot be meant.
    """

    asset: str
    side: str
    quantity: float
    venue: str | None = None
    strategy: str = ""
    orders: int = 100

    def __post_init__(self) -> None:
        if self.side not in tuple(Side):
            raise ValueError(f"a slice's side must be 'buy' or 'sell', got {self.side!r}")
        if not 0.0 < self.quantity < math.inf:
            raise ValueError(f"a slice's quantity must be finite and positive: {self.quantity}")
        if not 0 < self.orders <= MOST_ORDERS:
            raise ValueError(f"a slice is for 1 to {MOST_ORDERS} orders, got {self.orders}")


class _Held:
    """One slice, from before it is asked for until it is settled."""

    __slots__ = (
        "alike",
        "answer",
        "asked_at",
        "asking",
        "body",
        "bytes_left",
        "doubted",
        "good_until",
        "least",
        "left",
        "lot",
        "orders",
        "orders_left",
        "sizes",
        "state",
    )

    def __init__(self, body: LeaseBody, asked_at: float) -> None:
        self.body = body
        self.asked_at = asked_at
        self.asking = True
        self.doubted = False
        # Of each order that is made of it; None until it is granted.
        self.answer: Answer | None = None
        self.good_until = -math.inf
        self.left = 0.0
        self.orders_left = self.alike = 0
        # How many orders there are of each.
        self.sizes: dict[float, int] = {}
        self.lot = self.least = 0.0
        self.state: TradingState | None = None
        self.orders: list[LeasedOrder] = []
        self.bytes_left = _LONGEST_LIST

    @property
    def id(self) -> str:
        return self.body.lease_id or ""

    def grant(self, lent: Lent, clock: Callable[[], float]) -> None:
        """Take in that it was granted."""
        answer, said = lent
        assert answer is not None, "it was asked for"
        self.good_until = min(answer.good_until, self.asked_at + _LIFE)
        self.left, self.orders_left, self.alike = answer.quantity, said.orders, said.alike
        self.lot, self.least = said.lot, said.least
        # A word of a later version is tighter than any: nothing is spent then.
        self.state = TradingState.__members__.get(answer.trading_state)
        told = ReasonMessage(code=ReasonCode.LEASED, outcome=Outcome.PASSED, subject=self.id)
        self.answer = replace(
            answer,
            verdict=Verdict.APPROVE,
            reasons=(told,),
            lease=self.id,
            # The slice is on disk; none of its orders is yet.
            journalled=False,
            good_until=self.good_until,
            clock=clock,
        )

    def fits(self, quantity: float, now: float) -> bool:
        """Whether so much may be spent of it."""
        return (
            now < self.good_until
            and self.least <= quantity <= self.left
            and self.orders_left > 0
            and self.sizes.get(quantity, 0) < self.alike
            and (not self.lot or is_on_step(quantity, self.lot))
        )


class _Spent:
    """An order that was answered from a slice Seawall has not heard the list of."""

    __slots__ = ("answer", "body", "held")

    def __init__(self, body: OrderBody, answer: Answer, held: _Held) -> None:
        self.body = body
        self.answer = answer
        self.held = held


class Asker(Protocol):
    """What slices need of the conversations that they are part of."""

    portfolio: str
    strategy: str
    timeout: float
    patience: float
    clock: Callable[[], float]
    ids: OrderIds
    memory: Memory

    def ask(self, call: Call, seconds: float, read: Callable[[bytes], Lent]) -> Flow[Lent]:
        """What `read` makes of the first reply that counts."""
        ...


class Slices:
    """Keeps slices, spends them, and settles them. Safe to use from several threads.

    Parameters
    ----------
    asker : Asker
    wanted : iterable of Slice

    Raises
    ------
    ValueError
        If two are for the same orders, or one names no strategy where the client names none.
    """

    def __init__(self, asker: Asker, wanted: Iterable[Slice]) -> None:
        self._asker = asker
        self._wanted: dict[_Kind, Slice] = {}
        for each in wanted:
            strategy = each.strategy or asker.strategy
            if not strategy:
                raise ValueError("name a strategy: of the client or of the slice")
            kind = (strategy, each.asset, str(Side(each.side)), each.venue)
            if kind in self._wanted:
                raise ValueError(f"two slices are for the same orders: {kind}")
            self._wanted[kind] = each
        self._lock = threading.Lock()
        self._open: dict[_Kind, _Held] = {}
        self._asked: dict[_Kind, _Held] = {}
        self._closed: dict[str, _Held] = {}
        self._spent: dict[str, _Spent] = {}

    # --- spending --------------------------------------------------------------------------

    def spend(self, body: OrderBody, local: LocalChecks, now: float) -> Answer | None:
        """The answer to an order from a slice; None if Seawall must be asked.

        Parameters
        ----------
        body : OrderBody
            Well-formed, see `malformed`.
        local : LocalChecks
        now : float
            Monotonic seconds.
        """
        name = body.client_order_id
        before = self._spent.get(name)
        if before is not None:
            return before.answer if before.body == body else _duplicate(body)
        held = self._open.get((body.strategy, body.asset, body.side, body.venue))
        if held is None or held.answer is None or not _is_plain(body):
            return None
        # One that was asked about has its answer there, or will have.
        if self._asker.memory.was_asked(name):
            return None
        if held.state is None or not local.clears(body, now, held.state):
            return None
        with self._lock:
            if not held.fits(body.quantity, now) or name in self._spent:
                return None
            order = LeasedOrder(client_order_id=name, quantity=body.quantity)
            listed = len(_encode(order)) + 1
            if listed > held.bytes_left:
                return None
            held.bytes_left -= listed
            held.left = max(0.0, held.left - body.quantity)
            held.orders_left -= 1
            held.sizes[body.quantity] = held.sizes.get(body.quantity, 0) + 1
            held.orders.append(order)
            answer = held.answer.of_order(name, body.quantity)
            self._spent[name] = _Spent(body, answer, held)
        self._asker.memory.first_asked(name, now)
        return answer

    # --- what is out -----------------------------------------------------------------------

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Ids of slices that Seawall may hold room for, those that may be spent still included."""
        with self._lock:
            held = (*self._open.values(), *self._asked.values(), *self._closed.values())
            return tuple(each.id for each in held)

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """Ids of those that will be spent no more, or may not have been granted."""
        with self._lock:
            asked = [each for each in self._asked.values() if not each.asking]
            return tuple(each.id for each in (*asked, *self._closed.values()))

    # --- conversations ---------------------------------------------------------------------

    def renew(self) -> Flow[None]:
        """Settle what was spent, and ask for more of each kind; tells of trouble in the log."""
        for kind in self._wanted:
            yield from self._quietly(self._turn(kind, self._close(kind), self._asker.timeout))
        yield from self._quietly(self._end_all(self._asker.timeout))

    def settle(self) -> Flow[None]:
        """Settle all that will be spent no more, and all that is in doubt.

        Raises
        ------
        NoAnswer, RequestRefused
            If one cannot be settled now; the others are not tried.
        """
        with self._lock:
            doubted = [kind for kind, held in self._asked.items() if not held.asking]
        for kind in doubted:
            yield from self._turn(kind, None, self._asker.patience)
        yield from self._end_all(self._asker.patience)

    def finish(self) -> Flow[None]:
        """Settle everything, and keep nothing at hand any more; tells of trouble in the log."""
        with self._lock:
            self._wanted = {}
        for kind in list(self._open):
            self._close(kind)
        yield from self._quietly(self.settle())
        # What was in doubt may have been granted just now.
        for kind in list(self._open):
            self._close(kind)
        yield from self._quietly(self._end_all(self._asker.patience))
        if self.unsettled:
            _LOG.warning("slices_not_settled", slices=self.unsettled)

    def make_known(self, client_order_id: str) -> Flow[None]:
        """Let Seawall know of an order that was answered here, before anything is said of it.

        Raises
        ------
        NoAnswer, RequestRefused
            If that cannot be done now.
        """
        spent = self._spent.get(client_order_id)
        if spent is None:
            return
        body = spent.body
        kind = (body.strategy, body.asset, str(body.side), body.venue)
        with self._lock:
            self._put_away(spent.held)
        yield from self._turn(kind, spent.held, self._asker.patience)

    # --- one request -----------------------------------------------------------------------

    def _turn(self, kind: _Kind, before: _Held | None, seconds: float) -> Flow[None]:
        """Settle a slice and ask for the next of its kind, unless another thread does."""
        asked = self._next(kind)
        if asked is None and before is None:
            return
        body = self._body(kind, asked, before)
        asked_at = 0.0 if asked is None else asked.asked_at
        call = Call("POST", _PATH, msgspec.json.encode(body), "a slice of room")
        in_doubt = True
        try:
            lent = yield from self._asker.ask(
                call, seconds, lambda data: read_lease_answer(data, body, asked_at=asked_at)
            )
            in_doubt = False
            self._take(kind, asked, before, lent)
        except (NoAnswer, RequestRefused) as failure:
            in_doubt = failure.may_be_done
            if not (before is not None and self._is_over(failure, before)):
                raise
        finally:
            # Reached by whatever ends a conversation, an agent's Ctrl-C or cancelled task too.
            if asked is not None:
                self._asked_in_vain(kind, asked, in_doubt=in_doubt)

    def _end_all(self, seconds: float) -> Flow[None]:
        """Settle all that will be spent no more; the first that cannot be ends it."""
        with self._lock:
            closed = list(self._closed.values())
        for held in closed:
            yield from self._end(held, seconds)

    def _end(self, held: _Held, seconds: float) -> Flow[None]:
        """Settle one slice, and ask for no other."""
        body = self._body(_kind_of(held.body), None, held)
        call = Call("POST", _PATH, msgspec.json.encode(body), f"settling {held.id}")
        try:
            lent = yield from self._asker.ask(
                call, seconds, lambda data: read_lease_answer(data, body, asked_at=held.asked_at)
            )
            self._take(_kind_of(held.body), None, held, lent)
        except RequestRefused as refusal:
            if not self._is_over(refusal, held):
                raise

    def _body(self, kind: _Kind, asked: _Held | None, before: _Held | None) -> LeaseBody:
        strategy, _, _, _ = kind
        body = (
            LeaseBody(portfolio=self._asker.portfolio, strategy=strategy)
            if asked is None
            else asked.body
        )
        if before is None:
            return body
        return msgspec.structs.replace(body, settles=before.id, orders=list(before.orders))

    def _quietly(self, flow: Flow[None]) -> Flow[None]:
        try:
            yield from flow
        except (NoAnswer, RequestRefused) as failure:
            _LOG.warning("slice_not_renewed", problem=str(failure))

    # --- what came of it -------------------------------------------------------------------

    def _next(self, kind: _Kind) -> _Held | None:
        """The slice to ask for: the one in doubt again, before any other."""
        with self._lock:
            asked = self._asked.get(kind)
            if asked is not None:
                if asked.asking:
                    return None
                asked.asking = True
                return asked
            wanted = self._wanted.get(kind)
            if wanted is None:
                return None
            strategy, asset, side, venue = kind
            body = LeaseBody(
                portfolio=self._asker.portfolio,
                strategy=strategy,
                lease_id=f"{LEASE_PREFIX}{self._asker.ids.next()}",
                asset=asset,
                side=Side(side),
                quantity=wanted.quantity,
                venue=venue,
                at_most=wanted.orders,
            )
            held = self._asked[kind] = _Held(body, self._asker.clock())
            return held

    def _take(self, kind: _Kind, asked: _Held | None, before: _Held | None, lent: Lent) -> None:
        with self._lock:
            settled = lent.said.settled
            if before is not None and settled is not None:
                for each in settled.orders:
                    if not each.accepted:
                        _LOG.error("order_had_another_answer", order=each.client_order_id)
                # What is not on disk there is told again.
                if settled.journalled:
                    self._forget(before)
            if asked is None or lent.answer is None:
                return
            del self._asked[kind]
            if lent.answer.approved:
                asked.grant(lent, self._asker.clock)
                self._put_away(self._open.get(kind))
                self._open[kind] = asked
            elif asked.doubted:
                # An earlier attempt may have been granted, and be too old by now.
                self._closed[asked.id] = asked

    def _asked_in_vain(self, kind: _Kind, asked: _Held, *, in_doubt: bool) -> None:
        with self._lock:
            asked.asking = False
            if self._asked.get(kind) is not asked:
                return
            asked.doubted = asked.doubted or in_doubt
            if not asked.doubted:
                del self._asked[kind]

    def _is_over(self, failure: NoAnswer | RequestRefused, held: _Held) -> bool:
        """Whether Seawall will never take this list; then it is told in the log, and forgotten."""
        if not isinstance(failure, RequestRefused) or failure.error not in _OVER:
            return False
        if held.orders or failure.error == "settled_before":
            orders = [each.client_order_id for each in held.orders]
            _LOG.error("slice_cannot_be_settled", slice=held.id, orders=orders, why=str(failure))
        with self._lock:
            self._forget(held)
        return True

    def _close(self, kind: _Kind) -> _Held | None:
        """Spend the slice of a kind no more; gives it, if there is one."""
        with self._lock:
            held = self._open.get(kind)
            self._put_away(held)
            return held

    # The caller of what follows holds the lock.

    def _put_away(self, held: _Held | None) -> None:
        if held is None:
            return
        held.good_until = -math.inf
        kind = _kind_of(held.body)
        if self._open.get(kind) is held:
            del self._open[kind]
            self._closed[held.id] = held

    def _forget(self, held: _Held) -> None:
        self._closed.pop(held.id, None)
        for each in held.orders:
            self._spent.pop(each.client_order_id, None)


def _kind_of(body: LeaseBody) -> _Kind:
    return body.strategy, body.asset or "", str(body.side), body.venue


def _is_plain(body: OrderBody) -> bool:
    """Whether nothing about an order needs to be judged there."""
    return (
        body.order_type is OrderType.MARKET
        and body.limit_price is None
        and not body.reduce_only
        and not body.emergency
    )


def _duplicate(body: OrderBody) -> Answer:
    reason = ReasonMessage(
        code=ReasonCode.DUPLICATE_ORDER, outcome=Outcome.FAILED, subject=body.client_order_id
    )
    return refused(body, reason, "another order was answered here under that id")
