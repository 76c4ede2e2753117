"""Slices of room: granted as orders are, spent by their holders unasked, settled with a list."""

import math
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import NamedTuple

import msgspec

from risk.domain.decisions import Decision, Outcome, Reason, ReasonCode
from risk.domain.events import LeaseOverspent, ListDisputed, Severity, Verdict
from risk.domain.gate import Lent
from risk.domain.journalling import Note, Progressed, Told
from risk.domain.leases import (
    LEASE_LIFE,
    LEASE_PREFIX,
    MOST_ORDERS,
    Counts,
    alike_of,
    asked_of,
    is_lease_id,
    lease_of,
    listed_of,
    orders_of,
)
from risk.domain.limits import Unit
from risk.domain.messages import (
    LeaseBody,
    LeasedOrder,
    OrderAnswer,
    OrderBody,
    ReservationMessage,
    SettledLease,
    SettledOrder,
)
from risk.domain.orders import Reservation, ReservationStatus
from risk.domain.positions import DUST
from risk.domain.snapshot import RESERVATION_LIFE
from risk.engine.gate.common import Common
from risk.engine.gate.known import KnownOrder, order_of
from risk.engine.gate.orders import Orders, may_be_kept
from risk.engine.gate.outcomes import Outcomes
from risk.engine.gate.trades import too_much
from risk.errors import LeaseSettled, LeaseUnknown, ListRefused
from risk.limits.sent import SentOrder
from risk.manager.forms import is_name
from risk.manager.messages import message_of

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(OrderAnswer).decode


class _Made(NamedTuple):
    """What all orders have in common that were made of one slice."""

    known: KnownOrder
    answer: OrderAnswer
    reason: Reason


class Slices:
    """The part of a gate that lends room.

    Parameters
    ----------
    common : Common
    orders : Orders
        A slice is judged as they are.
    outcomes : Outcomes
        Knows orders of before.
    """

    def __init__(self, common: Common, orders: Orders, outcomes: Outcomes) -> None:
        self._common = common
        self._orders = orders
        self._outcomes = outcomes

    def lend(self, body: LeaseBody, *, sender: str) -> Lent:
        """See :meth:`risk.domain.gate.Gate.lend`."""
        asked, listed = asked_of(body), listed_of(body)
        common = self._common
        # May wait for the database: done before anybody else has to wait for this.
        self._look_up(body)
        with common.lock:
            common.require_open()
            settled = None
            if body.settles is not None:
                settled = self._settle(body.settles, body, listed, sender)
            granted = None if asked is None else self._grant(asked, body.at_most, sender)
            return Lent(granted, settled)

    # --- granting --------------------------------------------------------------------------

    def _grant(self, body: OrderBody, at_most: int, sender: str) -> Future[bytes]:
        common, orders = self._common, self._orders
        begun = common.clock.monotonic()
        name = body.client_order_id
        if not is_lease_id(name) or name == LEASE_PREFIX:
            return orders.refuse_misnamed(body)
        known = common.orders.get(name)
        if known is not None:
            return known.future if self._stands(known, body) else orders.refuse_other(body)
        journalling = common.journalling
        decision = self._decision(body, at_most, journalling=journalling)
        if decision.allowed <= 0.0:
            # One that is granted counts by the orders that were made of it, once they are told.
            common.answering.note_asked(body.strategy, refused=True)
        if not may_be_kept(body):
            return orders.refuse(decision)
        waits = journalling and (common.durable or decision.allowed > 0.0)
        known, answered = orders.decided(
            body, sender, decision, begun, journalled=waits, life=LEASE_LIFE
        )
        notes = [*self._hold(known, decision), answered]
        if not waits:
            known.future.set_result(known.record.answer.encode())
            common.put_refusal(notes)
            return known.future
        return common.put(
            notes,
            known.future,
            written=lambda: known.record.answer.encode(),  # noqa: PLW0108 - as it stands then
            unwritten=lambda: self._refuse_unwritten(known),
            always=True,
        )

    def _stands(self, known: KnownOrder, body: OrderBody) -> bool:
        """Whether a slice that was asked for before is the same, and may be spent still."""
        if known.body != body:
            return False
        over = known.let_through and not known.is_open
        expires = _decode(known.record.answer).expires_at
        return not over and self._common.clock.wall() < expires

    def _decision(self, body: OrderBody, at_most: int, *, journalling: bool) -> Decision:
        """As on an order; and how many orders may be made of it."""
        manager = self._orders.manager(journalling=journalling)
        request = self._orders.request(body, may_emergency=False)
        decision = manager.validate_order(request)
        if decision.allowed <= 0.0:
            return decision
        if not journalling:
            # Proven reductions too: what nobody wrote down nobody may spend unasked.
            return _refused(decision, _SILENT)
        left = manager.orders_left(request, min(at_most, MOST_ORDERS))
        if left.exhausted:
            return _refused(decision, *left.exhausted)
        told = (
            _counting(ReasonCode.LEASE_ORDERS, left.orders),
            _counting(ReasonCode.LEASE_ALIKE, left.alike),
        )
        return replace(decision, evidence=(*decision.evidence, *told))

    def _hold(self, known: KnownOrder, decision: Decision) -> list[Note]:
        """Take the room of a slice, and remember it; gives what is to be written of that."""
        common, notes = self._common, list[Note]()
        if known.reservation is not None:
            notes.append(common.book.add(known.reservation))
            self._count(known, decision.reasons)
        common.orders.add(known)
        return notes

    def _count(self, known: KnownOrder, told: Sequence[Counts]) -> None:
        body, sent = known.body, self._common.answering.sent_of(known.body.strategy)
        orders, alike = orders_of(told), alike_of(told)
        sent.lease(body.client_order_id, body.asset, body.side, orders, alike)

    def _refuse_unwritten(self, known: KnownOrder) -> bytes:
        """What is said of a slice that is not on disk: it is none."""
        common, name, notes = self._common, known.body.client_order_id, list[Note]()
        reserved = common.book.ledger.reservations.get(name)
        unsaid = known.record.answer
        answer = _decode(unsaid)
        refusal = msgspec.structs.replace(
            answer,
            verdict=Verdict.REJECT,
            quantity=0.0,
            reasons=[message_of(_SILENT), *answer.reasons],
            reservation=None,
            journalled=False,
        )
        if known.status is ReservationStatus.SETTLED:
            # Given up by its holder before it was answered: what is to be written says so.
            return _encode(refusal)
        if reserved is not None:
            notes.append(common.book.add(replace(reserved, status=ReservationStatus.VOIDED)))
        self._end_count(known)
        known.record = replace(
            known.record,
            verdict=Verdict.REJECT,
            allowed=0.0,
            answer=_encode(refusal).decode(),
            status=None,
        )
        known.reservation, known.status = None, None
        reasons = (ReasonCode.NOT_JOURNALLED.value,)
        notes.append(self._orders.told(known.record, reasons, instead_of=unsaid))
        common.scribe.put(notes)
        return known.record.answer.encode()

    # --- settling --------------------------------------------------------------------------

    def _look_up(self, body: LeaseBody) -> None:
        """Remember what the database knows of all that is named."""
        names = (body.lease_id, body.settles, *(each.client_order_id for each in body.orders))
        self._outcomes.recall(name for name in names if name is not None and is_name(name))

    def _settle(
        self, lease_id: str, body: LeaseBody, listed: Sequence[LeasedOrder], sender: str
    ) -> Future[SettledLease]:
        common = self._common
        known = common.orders.get(lease_id)
        mine = (body.portfolio, body.strategy)
        if known is None or (known.body.portfolio, known.body.strategy) != mine:
            raise LeaseUnknown(lease_id)
        if known.status is ReservationStatus.SETTLED:
            said = self._settled_before(known, listed)
            return self._say_settled((), said, always=True)
        self._refuse_disputed(known, sum(each.quantity for each in listed), sender)
        room, notes = self._give_back(known)
        told, booked = self._book_all(known, listed, room, sender)
        known.status = ReservationStatus.SETTLED
        known.filled = math.fsum(q for said, q in told if said.accepted)
        notes += (*booked, Progressed(lease_id, known.status, known.filled))
        if known.filled > room * (1.0 + DUST):
            notes.append(self._overspent(known, room, sender))
        return self._say_settled(notes, _settled(known, [said for said, _ in told]))

    def _say_settled(
        self, notes: Sequence[Note], said: SettledLease, *, always: bool = False
    ) -> Future[SettledLease]:
        """Say it once it is written; again, once all that was put before is.

        Whoever hears that it is on disk forgets the list.
        """
        return self._common.put(
            notes,
            Future(),
            written=lambda: said,
            unwritten=lambda: msgspec.structs.replace(said, journalled=False),
            always=always,
        )

    def _refuse_disputed(self, known: KnownOrder, ordered: float, sender: str) -> None:
        """Refuse a list that nobody believes: reserved, it would leave no room to anybody."""
        reason = too_much(ordered, known.record.allowed)
        if reason is None:
            return
        event = ListDisputed(
            **self._common.stamp(),
            lease_id=known.body.client_order_id,
            strategy=known.body.strategy,
            sender=sender,
            reason=reason,
            severity=Severity.CRITICAL,
        )
        self._common.put_refusal([Told(event)])
        raise ListRefused(reason)

    def _give_back(self, known: KnownOrder) -> tuple[float, list[Note]]:
        """Free what is held for a slice; gives how many units that were, and what to write."""
        book, notes = self._common.book, list[Note]()
        self._end_count(known)
        reserved = book.ledger.reservations.get(known.body.client_order_id)
        if reserved is None:
            return 0.0, notes
        notes.append(book.add(replace(reserved, status=ReservationStatus.SETTLED)))
        return reserved.order.quantity, notes

    def _book_all(
        self, known: KnownOrder, listed: Sequence[LeasedOrder], room: float, sender: str
    ) -> tuple[list[tuple[SettledOrder, float]], list[Note]]:
        """Reserve all orders that were made of a slice; gives what is said of each, and notes."""
        begun = self._common.clock.monotonic()
        lease_id, ordered = known.body.client_order_id, sum(each.quantity for each in listed)
        made = _Made(known, _decode(known.record.answer), _leased(lease_id, ordered, room))
        told, notes = list[tuple[SettledOrder, float]](), list[Note]()
        for each in listed:
            accepted = self._common.orders.get(each.client_order_id) is None
            said = SettledOrder(client_order_id=each.client_order_id, accepted=accepted)
            told.append((said, each.quantity))
            if accepted:
                notes += self._book(made, each, sender, begun)
        return told, notes

    def _book(self, made: _Made, each: LeasedOrder, sender: str, begun: float) -> list[Note]:
        """Reserve an order that was made of a slice, as one that was answered; gives its notes."""
        common, body = self._common, _order_of(made.known.body, each)
        wall, now = common.clock.wall(), common.clock.now()
        seq = common.book.ledger.seq + 1
        reservation = Reservation(
            id=f"{made.answer.snapshot_id}/{seq}",
            order=order_of(body, venue=made.known.record.venue, quantity=each.quantity),
            placed_at=wall,
            expires_at=wall + RESERVATION_LIFE,
        )
        answer = msgspec.structs.replace(
            made.answer,
            client_order_id=each.client_order_id,
            verdict=Verdict.APPROVE,
            quantity=each.quantity,
            reasons=[message_of(made.reason)],
            reservation=ReservationMessage(id=reservation.id, expires_at=reservation.expires_at),
            ledger_seq=seq,
            action_seq=common.answering.action_seq,
            decided_at=wall,
            # Sent already: nobody is to send it by this.
            expires_at=wall,
            journalled=common.waits,
        )
        record = replace(
            made.known.record,
            client_order_id=each.client_order_id,
            at=now,
            sender=sender,
            verdict=Verdict.APPROVE,
            requested=each.quantity,
            allowed=each.quantity,
            micros=(common.clock.monotonic() - begun) * 1e6,
            request=_encode(body).decode(),
            answer=_encode(answer).decode(),
            status=reservation.status,
            filled=0.0,
        )
        known = KnownOrder(body, record, reservation)
        known.future.set_result(record.answer.encode())
        told = self._orders.told(record, (ReasonCode.LEASED.value,))
        notes: list[Note] = [common.book.add(reservation), told]
        sent = SentOrder(now, body.asset, body.side, each.quantity)
        common.answering.note_sent(body.strategy, sent)
        common.answering.note_asked(body.strategy, refused=False)
        common.orders.add(known)
        return notes

    def _overspent(self, known: KnownOrder, room: float, sender: str) -> Told:
        event = LeaseOverspent(
            **self._common.stamp(),
            lease_id=known.body.client_order_id,
            strategy=known.body.strategy,
            asset=known.body.asset,
            sender=sender,
            quantity=known.filled,
            allowed=room,
            severity=Severity.WARNING,
        )
        return Told(event)

    def _settled_before(self, known: KnownOrder, listed: Sequence[LeasedOrder]) -> SettledLease:
        """The same answer again to the same list.

        Raises
        ------
        LeaseSettled
            If it is another one.
        """
        common, lease_id = self._common, known.body.client_order_id
        told, spent = [], list[float]()
        for each in listed:
            order = common.orders.get(each.client_order_id)
            if order is None:
                raise LeaseSettled(lease_id)
            accepted = lease_of(_decode(order.record.answer).reasons) == lease_id
            if accepted and order.record.requested != each.quantity:
                raise LeaseSettled(lease_id)
            if accepted:
                spent.append(each.quantity)
            told.append(SettledOrder(client_order_id=each.client_order_id, accepted=accepted))
        # None has less than nothing: what adds up to the same are the same orders.
        if math.fsum(spent) != known.filled:
            raise LeaseSettled(lease_id)
        return _settled(known, told)

    # --- what counts as sent ---------------------------------------------------------------

    def _end_count(self, known: KnownOrder) -> None:
        sent = self._common.answering.sent_of(known.body.strategy)
        sent.end_lease(known.body.client_order_id)

    def recall(self) -> None:
        """After a restart, count again what the slices may become that are open."""
        for name in self._common.book.ledger.reservations:
            known = self._common.orders.get(name)
            if known is not None and is_lease_id(name):
                self._count(known, _decode(known.record.answer).reasons)

    def forget_ended(self) -> None:
        """Count no more what slices may become that a person released.

        The caller holds the lock.
        """
        open_now = self._common.book.ledger.reservations
        for sent in self._common.answering.all_sent:
            for name in sent.leases:
                if name not in open_now:
                    sent.end_lease(name)


_SILENT = Reason(ReasonCode.NOT_JOURNALLED, Outcome.FAILED, "journal")


def _counting(code: ReasonCode, orders: int) -> Reason:
    """What is told of how many orders may be made of a slice."""
    return Reason(
        code, Outcome.PASSED, "orders", value=0.0, threshold=float(orders), unit=Unit.COUNT
    )


def _refused(decision: Decision, *reasons: Reason) -> Decision:
    evidence = (*decision.evidence, *reasons)
    return replace(decision, verdict=Verdict.REJECT, allowed=0.0, evidence=evidence)


def _leased(lease_id: str, ordered: float, room: float) -> Reason:
    """What is told of each order that was made of a slice."""
    within = ordered <= room * (1.0 + DUST)
    return Reason(
        ReasonCode.LEASED,
        Outcome.PASSED if within else Outcome.WARNED,
        lease_id,
        value=ordered,
        threshold=room,
        unit=Unit.QUANTITY,
    )


def _settled(known: KnownOrder, told: list[SettledOrder]) -> SettledLease:
    granted, spent = known.record.allowed, known.filled
    return SettledLease(
        lease_id=known.body.client_order_id,
        granted=granted,
        spent=spent,
        unspent=max(0.0, granted - spent),
        overspent=max(0.0, spent - granted),
        orders=told,
        journalled=True,
    )


def _order_of(slice_: OrderBody, each: LeasedOrder) -> OrderBody:
    return msgspec.structs.replace(
        slice_, client_order_id=each.client_order_id, quantity=each.quantity
    )
