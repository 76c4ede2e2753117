"""The gate as those see it who ask for others: answers to orders, commands, and what is live.

Every call may come from any thread. One takes less than a millisecond, and may come from an event
loop's, unless it is about an order that is not known by heart (see `Gate.knows`): that is looked
up in the database, and raises StoreUnavailable where that does not answer. What must be on disk
before it is said comes as a future. Where nobody can answer, before the first cycle or once another
authority rules, a call raises GateClosed.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from risk.domain.assessment import Assessment
from risk.domain.latches import Latch
from risk.domain.messages import (
    CommandAnswer,
    FillBody,
    LeaseBody,
    OrderBody,
    OrderStanding,
    SettledLease,
    SignalAnswer,
    SignalBody,
)
from risk.domain.orders import Reservation
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.trading import TradingState


@dataclass(frozen=True)
class GateView:
    """What is live at one moment.

    Attributes
    ----------
    state : RiskState
        After the last complete cycle.
    snapshot : Snapshot
        Its ledger is the live one, reservations included.
    assessment : Assessment
        Of the last complete cycle.
    latches : mapping of Scope to Latch
        In force, those that are not journalled yet included.
    journalling : bool
        Whether the last write of decisions went through.
    journal_problem : str
        Why it did not; empty otherwise.
    snapshot_age : float
        Seconds on the monotonic clock since the market of the last saved cycle was read.
    fresh : bool
        Whether new risk may be answered on it.
    open_reservations : mapping of client order id to Reservation
        Those that still hold room.
    """

    state: RiskState
    snapshot: Snapshot
    assessment: Assessment
    latches: Mapping[Scope, Latch]
    journalling: bool
    journal_problem: str
    snapshot_age: float
    fresh: bool
    open_reservations: Mapping[str, Reservation]


class Said(NamedTuple):
    """What was answered to an order.

    Attributes
    ----------
    strategy : str
        Whose order it was.
    answer : Future of bytes
        JSON of the `OrderAnswer`, as it was said; done once it may be said.
    """

    strategy: str
    answer: Future[bytes]


class Lent(NamedTuple):
    """What was answered to who asked for a slice of room, or settled one.

    Attributes
    ----------
    answer : Future of bytes or None
        JSON of an `OrderAnswer` about the slice; None where none was asked for.
    settled : Future of SettledLease or None
        None where none was settled.
    """

    answer: Future[bytes] | None
    settled: Future[SettledLease] | None


class Gate(Protocol):
    """Answers orders, and keeps room for those that it lets through."""

    @property
    def portfolio(self) -> str:
        """Whose gate it is."""
        ...

    def validate_order(self, body: OrderBody, *, sender: str, may_emergency: bool) -> Future[bytes]:
        """The answer to an order, which reserves room if something of it may be sent.

        The same id and body have the same answer again, byte for byte; the same id with another
        body is rejected as a ``duplicate_order``.

        Parameters
        ----------
        body : OrderBody
        sender : str
            Who sent it, for the journal.
        may_emergency : bool
            Whether its claim to be an emergency may be believed.

        Returns
        -------
        Future of bytes
            JSON of an `OrderAnswer`, done once it is journalled; at once for what needs no room
            while the database is away.
        """
        ...

    def lend(self, body: LeaseBody, *, sender: str) -> Lent:
        """Settle a slice of room, and reserve another: in this order, and in one step.

        A slice is judged as an order of its size would be, and never granted before it is
        journalled. It goes down with the list of all orders that were made of it: each counts as
        answered from then on, with room of its own, also what is more than was granted. The rest
        is free again. The same list again has the same answer. It may have to ask the database.

        Raises
        ------
        InvalidInput
            If what is sent cannot be used.
        LeaseUnknown
            If a slice is settled that was never asked for.
        LeaseSettled
            If one was settled before, with other orders.
        ListRefused
            If they cannot have been made of it.
        """
        ...

    def validate_signal(self, body: SignalBody) -> SignalAnswer:
        """What an order like this would be answered now; nothing is reserved or journalled."""
        ...

    def record_fill(
        self, client_order_id: str, body: FillBody, *, sender: str
    ) -> Future[OrderStanding]:
        """Book a trade that an order led to; a second one of the same id changes nothing.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        FillRefused
            If the trade cannot be one of that order's.
        """
        ...

    def cancel(self, client_order_id: str, *, sender: str) -> Future[OrderStanding]:
        """Give back the room of an order that whoever sent it knows to be dead.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        """
        ...

    def standing(self, client_order_id: str) -> OrderStanding:
        """Where an order stands that was let through, also once it is filled or dead.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        """
        ...

    def answer_to(self, client_order_id: str) -> Said | None:
        """What was answered to an order, let through or not; None if none of that id was asked.

        Answers that nobody keeps, such as those to orders whose names are none, are not found.
        """
        ...

    def knows(self, client_order_id: str) -> bool:
        """Whether a report of an order can be judged without asking the database."""
        ...

    def strategy_of(self, client_order_id: str) -> str | None:
        """Whose order it is; None if no order of that id was let through."""
        ...

    def latch(
        self,
        scope: Scope,
        state: TradingState,
        *,
        who: str,
        reason: str,
        latch_id: str | None = None,
    ) -> Future[CommandAnswer]:
        """Hold a scope at `state`, or tighter, from the next order on: first in memory.

        Parameters
        ----------
        scope : Scope
        state : TradingState
        who, reason : str
        latch_id : str, optional
            Unique, made by who asks: what is asked twice under it counts once.

        Raises
        ------
        InvalidInput
            If the book has no such scope.
        """
        ...

    def acknowledge(self, reduction_id: str, *, sender: str) -> Future[Reduction]:
        """Note that somebody means to meet a request to make a position smaller.

        Raises
        ------
        ReductionUnknown
            If no request of that id is open.
        """
        ...

    def view(self) -> GateView:
        """What is live now; cheap."""
        ...
