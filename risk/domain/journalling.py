"""What the gate writes down before it answers, and where to.

Notes are written in their order, many in one transaction. A batch has a number, so that one of
which nobody knows whether it was written can be written again.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from risk.domain.actions import LatchTrading
from risk.domain.events import OrderValidation, RiskEvent, Verdict
from risk.domain.ledger import Entry, Fill
from risk.domain.orders import ReservationStatus, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweredOrder:
    """An order, how it was answered, and what became of it.

    Attributes
    ----------
    client_order_id, strategy, asset, venue, side : str
        As they were sent.
    at : datetime
        When it was answered, the market's time. UTC.
    sender : str
        Whose key it came with.
    snapshot : int
        Number of the cycle that it was judged by.
    verdict : Verdict
    requested, allowed : float
        Units.
    micros : float
        What the answer took, microseconds, without being written down.
    request, answer : str
        Canonical JSON of what was sent, and what was said.
    status : ReservationStatus or None
        Of the room that was set aside; None where nothing was let through.
    filled : float
        Units.
    """

    client_order_id: str
    strategy: str
    asset: str
    venue: str
    side: str
    at: datetime
    sender: str
    snapshot: int
    verdict: Verdict
    requested: float
    allowed: float
    micros: float
    request: str
    answer: str
    status: ReservationStatus | None = None
    filled: float = 0.0


class Booked(NamedTuple):
    """An entry of the ledger.

    Attributes
    ----------
    seq : int
        Its number.
    entry : Entry
    """

    seq: int
    entry: Entry


class Answered(NamedTuple):
    """An order and its answer.

    Attributes
    ----------
    order : AnsweredOrder
    portfolio, cycle : str
        Of the snapshot that it was judged by.
    reasons : tuple of str
        Codes of the checks that decided.
    instead_of : str or None
        The answer to the same order that it takes the place of, since that was never said. Any
        other answer stays.
    """

    order: AnsweredOrder
    portfolio: str
    cycle: str
    reasons: tuple[str, ...]
    instead_of: str | None = None

    @property
    def event(self) -> OrderValidation:
        """The same for the journal; put together where it is written, and not where orders wait."""
        order, sign = self.order, Side(self.order.side).sign
        return OrderValidation(
            at=order.at,
            portfolio=self.portfolio,
            cycle=self.cycle,
            client_order_id=order.client_order_id,
            strategy=order.strategy,
            asset=order.asset,
            verdict=order.verdict,
            requested_quantity=sign * order.requested,
            allowed_quantity=sign * order.allowed,
            reasons=self.reasons,
            sender=order.sender,
            answer_digest=hashlib.sha256(order.answer.encode()).hexdigest(),
        )


class Progressed(NamedTuple):
    """How far an order that was let through has come.

    Attributes
    ----------
    client_order_id : str
    status : ReservationStatus
    filled : float
        Units, of all its trades together.
    """

    client_order_id: str
    status: ReservationStatus
    filled: float


class Told(NamedTuple):
    """An event that belongs into the journal by itself."""

    event: RiskEvent


class Asked(NamedTuple):
    """A latch that holds in memory already; its number is still to be given."""

    latch: LatchTrading


Note = Booked | Answered | Progressed | Told | Asked


class Written(NamedTuple):
    """What came of writing a batch.

    Attributes
    ----------
    answered_before : mapping of client order id to AnsweredOrder
        Orders that had their answer already: this one was not written.
    latches : tuple of LatchTrading
        Those asked, with their numbers.
    """

    answered_before: Mapping[str, AnsweredOrder]
    latches: tuple[LatchTrading, ...]


class GateJournal(Protocol):
    """Where a gate's notes go: one portfolio's."""

    def last_batch(self) -> int:
        """Number of the last batch that was written; 0 before the first.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...

    def write(self, batch: int, notes: Sequence[Note], *, token: int) -> Written:
        """Write a batch in one transaction; one that was written before is left as it is.

        Raises
        ------
        LeaseLost
            If `token` is not the newest one of the portfolio: nothing was written.
        StoreUnavailable
            If the database did not answer; the batch may have been written, and writing it
            again is harmless.
        StoreError
            If it is not the one after the last, or the database refuses it.
        """
        ...

    def answered(self, client_order_ids: Collection[str]) -> Sequence[AnsweredOrder]:
        """Those of the orders that were answered; asked for together, since each way takes long.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...

    def let_through_since(self, at: datetime) -> Sequence[AnsweredOrder]:
        """Orders of which anything was let through since then, oldest first.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...

    def last_fills(self, most: int) -> Sequence[str]:
        """Of the last fills in the ledger venue and id, as ``venue/id``; oldest first.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...

    def booked(self, fill: Fill) -> Fill | None:
        """The fill of that id at that venue that is in the ledger; None if none is.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...
