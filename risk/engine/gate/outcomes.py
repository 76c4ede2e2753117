"""What becomes of orders that were let through: fills, cancels, and those nobody tells of."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from risk.domain.actions import ReleaseReservation
from risk.domain.events import (
    FillDisputed,
    FillUnexpected,
    OrderEnded,
    ReservationOverdue,
    ReservationReleased,
    Severity,
)
from risk.domain.journalling import AnsweredOrder, Note, Progressed, Told
from risk.domain.leases import is_lease_id
from risk.domain.ledger import Fill
from risk.domain.messages import FillBody, OrderStanding
from risk.domain.orders import Reservation, ReservationStatus
from risk.domain.positions import DUST
from risk.engine.gate.common import Common, done
from risk.engine.gate.known import KnownOrder
from risk.engine.gate.trades import disbelief, fill_of, same_trade
from risk.errors import FillRefused, OrderUnknown

#: Trades known by heart; once there are more, the database is asked about those that are not.
_REMEMBERED = 100_000


class Outcomes:
    """The part of a gate that hears what became of orders.

    Parameters
    ----------
    common : Common
    """

    def __init__(self, common: Common) -> None:
        self._common = common
        self._trades: OrderedDict[str, None] = OrderedDict.fromkeys(
            common.journal.last_fills(_REMEMBERED)
        )
        self._overdue: set[str] = set()

    # --- orders ----------------------------------------------------------------------------

    def order(self, client_order_id: str) -> KnownOrder:
        """An order that was let through; looked up if it is not known by heart.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        known = self.answered(client_order_id)
        if known is None or not known.let_through:
            raise OrderUnknown(client_order_id)
        return known

    def _sent(self, client_order_id: str) -> KnownOrder:
        """As `order`; a slice of room is none: nothing of it is filled, and no word ends it."""
        if is_lease_id(client_order_id):
            raise OrderUnknown(client_order_id)
        return self.order(client_order_id)

    def answered(self, client_order_id: str) -> KnownOrder | None:
        """An order that was answered, let through or not; looked up if it is not known by heart.

        Raises
        ------
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        with self._common.lock:
            self._common.require_open()
            known = self._common.orders.get(client_order_id)
        if known is not None:
            return known
        return next(iter(self.recall([client_order_id])), None)

    def recall(self, client_order_ids: Iterable[str]) -> list[KnownOrder]:
        """Remember what the database knows of orders that are not known by heart; gives those.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        common = self._common
        with common.lock:
            unknown = [name for name in client_order_ids if common.orders.get(name) is None]
        records = common.journal.answered(unknown) if unknown else ()
        with common.lock:
            return list(map(self._recalled, records))

    def _recalled(self, record: AnsweredOrder) -> KnownOrder:
        common, name = self._common, record.client_order_id
        # Somebody may have looked it up meanwhile.
        known = common.orders.get(name)
        if known is None:
            known = KnownOrder.recall(record)
            known.reservation = common.book.ledger.reservations.get(name)
            common.orders.add(known)
        return known

    def standing(self, client_order_id: str) -> OrderStanding:
        """See :meth:`risk.domain.gate.Gate.standing`."""
        known = self.order(client_order_id)
        with self._common.lock:
            return known.standing(journalled=known.future.done() and self._common.journalling)

    # --- fills -----------------------------------------------------------------------------

    def fill(self, client_order_id: str, body: FillBody, *, sender: str) -> Future[OrderStanding]:
        """See :meth:`risk.domain.gate.Gate.record_fill`."""
        common = self._common
        known = self._sent(client_order_id)
        fill = fill_of(known.order, body, now=common.clock.now(), wall=common.clock.wall())
        if self._may_be_forgotten(known, fill):
            before = common.journal.booked(fill)
            if before is not None:
                return self._told_long_ago(known, before, fill)
        with common.lock:
            before = known.fills.get(fill.id)
            if before is not None:
                return self._repeated(known, before, fill)
            self._refuse_anothers(fill)
            if common.book.has_heard(fill):  # the account told of it
                return self._stand(known)
            self._refuse_disputed(known, fill, sender)
            return self._book(known, fill, sender)

    @property
    def remembers_all(self) -> bool:
        """Whether every trade that was booked is known by heart."""
        return len(self._trades) < _REMEMBERED

    def _may_be_forgotten(self, known: KnownOrder, fill: Fill) -> bool:
        """Whether only the database can tell that a trade was booked before."""
        with self._common.lock:
            if fill.id in known.fills:
                return False
            return known.recalled or not (self.remembers_all or _trade(fill) in self._trades)

    def _told_long_ago(self, known: KnownOrder, before: Fill, fill: Fill) -> Future[OrderStanding]:
        """A trade that is booked and was forgotten here: it would end the engine if it were twice.

        One of no order is the account's own word of it.
        """
        if before.client_order_id not in (None, fill.client_order_id):
            raise _anothers(fill)
        if before.client_order_id is not None and not same_trade(before, fill):
            raise _otherwise(fill)
        with self._common.lock:
            return done(known.standing(journalled=True))

    def _repeated(self, known: KnownOrder, before: Fill, fill: Fill) -> Future[OrderStanding]:
        if not same_trade(before, fill):
            raise _otherwise(fill)
        return self._stand(known)

    def _refuse_anothers(self, fill: Fill) -> None:
        if _trade(fill) in self._trades:
            raise _anothers(fill)

    def _refuse_disputed(self, known: KnownOrder, fill: Fill, sender: str) -> None:
        reason = disbelief(
            fill,
            self._common.answering.record.snapshot.mark(fill.asset),
            self._common.book.ledger.positions.get(fill.key),
            filled=known.filled + fill.quantity,
            allowed=known.record.allowed,
        )
        if reason is None:
            return
        event = FillDisputed(
            **self._common.stamp(),
            client_order_id=known.record.client_order_id,
            sender=sender,
            reason=reason,
            severity=Severity.CRITICAL,
        )
        self._common.put_refusal([Told(event)])
        raise FillRefused(reason)

    def _book(self, known: KnownOrder, fill: Fill, sender: str) -> Future[OrderStanding]:
        book, name = self._common.book, known.record.client_order_id
        was_open = name in book.ledger.reservations
        notes: list[Note] = [book.add(fill)]
        known.fills[fill.id] = fill
        known.filled += fill.quantity
        self._remember(fill)
        if was_open:
            still_open = name in book.ledger.reservations
            partly, filled = ReservationStatus.PARTLY_FILLED, ReservationStatus.FILLED
            known.status = partly if still_open else filled
        notes += self._unexpected(known, fill, sender, was_open=was_open)
        return self._progress(known, notes)

    def _remember(self, fill: Fill) -> None:
        self._trades[_trade(fill)] = None
        if len(self._trades) > _REMEMBERED:
            self._trades.popitem(last=False)

    def _unexpected(
        self, known: KnownOrder, fill: Fill, sender: str, *, was_open: bool
    ) -> list[Note]:
        """What is told of a trade that its order did not allow."""
        allowed = known.record.allowed
        if was_open and known.filled <= allowed * (1.0 + DUST):
            return []
        reason = (
            f"{known.filled:,.6g} were filled of an order of {allowed:,.6g}"
            if was_open
            else f"the order was {known.status or 'refused'} already"
        )
        event = FillUnexpected(
            **self._common.stamp(),
            client_order_id=known.record.client_order_id,
            strategy=fill.strategy,
            asset=fill.asset,
            sender=sender,
            quantity=known.filled,
            allowed=allowed,
            reason=reason,
            severity=Severity.CRITICAL,
        )
        return [Told(event)]

    def _progress(self, known: KnownOrder, notes: list[Note]) -> Future[OrderStanding]:
        status = known.status or ReservationStatus.VOIDED
        notes.append(Progressed(known.record.client_order_id, status, known.filled))
        return self._say(known, notes)

    def _stand(self, known: KnownOrder) -> Future[OrderStanding]:
        """Where it stands, again: on disk only once all is that was told before."""
        return self._say(known, (), always=True)

    def _say(
        self, known: KnownOrder, notes: Sequence[Note], *, always: bool = False
    ) -> Future[OrderStanding]:
        return self._common.put(
            notes,
            Future(),
            written=lambda: known.standing(journalled=True),
            unwritten=lambda: known.standing(journalled=False),
            always=always,
        )

    # --- orders that are dead --------------------------------------------------------------

    def cancel(self, client_order_id: str, *, sender: str) -> Future[OrderStanding]:
        """See :meth:`risk.domain.gate.Gate.cancel`."""
        known = self._sent(client_order_id)
        with self._common.lock:
            reserved = self._common.book.ledger.reservations.get(client_order_id)
            if reserved is None:
                return self._stand(known)
            event = OrderEnded(**self._common.stamp(), **_about(reserved), sender=sender)
            return self._progress(known, [self._end(known, reserved), Told(event)])

    def _end(self, known: KnownOrder, reserved: Reservation) -> Note:
        """Drop a reservation of an order that is known to be dead."""
        late = reserved.expires_at < self._common.clock.wall()
        known.status = ReservationStatus.EXPIRED if late else ReservationStatus.VOIDED
        return self._common.book.add(replace(reserved, status=known.status))

    def release(self, action: ReleaseReservation) -> None:
        """Give back room on a person's word; nothing if it is taken no more.

        The caller holds the lock.
        """
        reserved = self._common.book.ledger.reservations.get(action.client_order_id)
        known = self._common.orders.get(action.client_order_id)
        if reserved is None or known is None:
            return
        event = ReservationReleased(
            **self._common.stamp(),
            **_about(reserved),
            who=action.who,
            reason=action.reason,
        )
        self._progress(known, [self._end(known, reserved), Told(event)])

    def tell_overdue(self) -> None:
        """Say once of each order that nobody has told what became of it.

        The caller holds the lock.
        """
        wall, open_now = self._common.clock.wall(), self._common.book.ledger.reservations
        self._overdue &= open_now.keys()
        late = [
            (name, reserved)
            for name, reserved in open_now.items()
            if reserved.expires_at < wall and name not in self._overdue
        ]
        if not late:
            return
        self._overdue.update(name for name, _ in late)
        self._common.scribe.put([self._told_overdue(reserved) for _, reserved in late])

    def _told_overdue(self, reserved: Reservation) -> Told:
        stamp = self._common.stamp()
        event = ReservationOverdue(**stamp, **_about(reserved), severity=Severity.WARNING)
        return Told(event)


def _about(reserved: Reservation) -> dict[str, Any]:
    """What every event about room that was set aside says."""
    order = reserved.order
    return {
        "client_order_id": order.client_order_id,
        "strategy": order.strategy,
        "asset": order.asset,
        "quantity": reserved.open_quantity,
    }


def _otherwise(fill: Fill) -> FillRefused:
    return FillRefused(f"trade {fill.id} was reported before, with other numbers", conflict=True)


def _anothers(fill: Fill) -> FillRefused:
    # Not of which: it may be an order that whoever reports must not know of.
    return FillRefused(f"trade {fill.id} was reported of another order", conflict=True)


def _trade(fill: Fill) -> str:
    """What makes two trades the same one, as the ledger keeps it."""
    return f"{fill.venue}/{fill.id}"
