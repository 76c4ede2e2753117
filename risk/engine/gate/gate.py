"""Check and reserve in one step under one lock, write down, answer.

What the database does not take in time is never let in as new risk; halts and proven reductions
are answered from memory all the same, and written once it answers again.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

import msgspec

from risk.domain.actions import Action, LatchTrading, ReleaseReservation
from risk.domain.decisions import Decision, OrderRequest, Reason, ReasonCode, SignalRequest
from risk.domain.events import (
    AnswersLost,
    FillDisputed,
    FillUnexpected,
    OrderValidation,
    ReductionAcknowledged,
    ReservationOverdue,
    ReservationReleased,
    Severity,
)
from risk.domain.gate import GateView
from risk.domain.journalling import (
    Answered,
    AnsweredOrder,
    Asked,
    GateJournal,
    Note,
    Progressed,
    Told,
    Written,
)
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.messages import (
    CommandAnswer,
    FillBody,
    OrderAnswer,
    OrderBody,
    OrderStanding,
    SignalAnswer,
    SignalBody,
)
from risk.domain.orders import Order, Reservation, ReservationStatus, Side
from risk.domain.ports import AccountReading, Carried, Clock, CycleRecord
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope
from risk.domain.snapshot import RESERVATION_LIFE, Snapshot
from risk.domain.trading import TradingState
from risk.engine.book import Book
from risk.engine.gate.answering import Answering
from risk.engine.gate.known import KnownOrder, KnownOrders
from risk.engine.gate.trades import disbelief, fill_of, same_trade
from risk.engine.scribe import Scribe
from risk.errors import FillRefused, OrderUnknown, ReductionUnknown
from risk.limits.views import SentOrder
from risk.manager import order_validation
from risk.manager.latching import refuse_unknown_scope
from risk.manager.messages import order_answer, signal_answer

#: Refusals that wait for a silent database; more are counted and not kept.
REFUSALS_KEPT = 5_000
#: What floats leave over of a quantity, as a share of it.
_DUST = 1e-9

_T = TypeVar("_T")
_encode = msgspec.json.Encoder(order="deterministic").encode


class _Waiting(Generic[_T]):
    """Somebody who waits until notes are on disk: a `Ticket`.

    Parameters
    ----------
    gate : Gate
    future : Future
    written : callable
        Gives what is said once they are.
    unwritten : callable
        Gives what is said if they are not in time.
    """

    def __init__(
        self,
        gate: "Gate",
        future: Future[_T],
        written: Callable[[], _T],
        unwritten: Callable[[], _T],
    ) -> None:
        self._gate = gate
        self._future = future
        self._written = written
        self._unwritten = unwritten

    def written(self, written: Written) -> None:
        """Say it, now that it is, unless something was said before."""
        with self._gate.lock:
            self._gate.hear(written)
            self._say(self._written)

    def give_up(self) -> None:
        """Say what may be said of what is not written. The caller holds the lock."""
        self._say(self._unwritten)

    def _say(self, answer: Callable[[], _T]) -> None:
        self._gate.waiting.pop(id(self), None)
        if not self._future.done():
            self._future.set_result(answer())


class Gate:
    """Answers orders for one book, and keeps room for those that it lets through.

    Parameters
    ----------
    carried : Carried
        After the last saved cycle, with everything that was booked since.
    journal : GateJournal
    token : int
        Of the lease.
    clock : Clock
    patience : float
        Seconds after which a write that is not done counts as late.
    stale_after : float
        Seconds after which a snapshot carries no new risk.
    durable : bool
        Whether an answer waits until it is on disk. Without, a crash may lose the last ones.

    Attributes
    ----------
    portfolio : str
    lock : threading.RLock
        Held by whoever looks at more than one thing at once.
    """

    def __init__(
        self,
        *,
        carried: Carried,
        journal: GateJournal,
        token: int,
        clock: Clock,
        patience: float,
        stale_after: float,
        durable: bool = True,
    ) -> None:
        self.portfolio = carried.state.portfolio
        self.lock = threading.RLock()
        self.waiting: dict[int, _Waiting[Any]] = {}
        self._clock = clock
        self._journal = journal
        self._durable = durable
        self._book = Book(carried.ledger, carried.untold)
        self._answering = Answering(clock=clock, stale_after=stale_after)
        self._orders = KnownOrders()
        self._fill_ids: dict[tuple[str, str], str] = {}
        self._overdue: set[str] = set()
        self._acknowledged: set[str] = set()
        self._refused_unwritten = 0
        self._scribe = Scribe(
            journal,
            token=token,
            monotonic=clock.monotonic,
            patience=patience,
            on_silence=self._answer_from_memory,
        )
        for client_order_id in carried.ledger.reservations:
            self._recall(client_order_id)

    def start(self) -> None:
        """Begin to write."""
        self._scribe.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._scribe.stop()

    # --- the cycle -------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """The live one."""
        with self.lock:
            return self._book.ledger

    def take_in(self, reading: AccountReading) -> tuple[Ledger, AccountReading]:
        """Book what an account tells; on disk before it returns.

        Returns
        -------
        tuple of Ledger and AccountReading
            The live ledger, and everything in it of which no cycle has told yet.

        Raises
        ------
        StoreUnavailable
            If the database does not answer; what was told holds in memory, and is written later.
        LeaseLost, StoreError
            If nothing can be written any more.
        """
        with self.lock:
            entries: tuple[Flow | Fill, ...] = (*reading.flows, *reading.fills)
            new = [entry for entry in entries if not self._book.has_heard(entry)]
            if new:
                self._scribe.put([self._book.add(entry) for entry in new])
        self._scribe.flush()
        with self.lock:
            fills, flows = self._book.untold
            told = replace(reading, fills=fills, flows=flows)
            return self._book.ledger, told

    @property
    def action_seq(self) -> int:
        """The last action of a person that it has taken in."""
        with self.lock:
            return self._answering.action_seq

    def take_actions(self, actions: Iterable[Action]) -> None:
        """Take in at once what people asked of trading; again does nothing."""
        with self.lock:
            listed = list(actions)
            for action in listed:
                if isinstance(action, ReleaseReservation):
                    self._release(action)
            self._answering.take(listed)

    def serve(self, record: CycleRecord) -> None:
        """Answer on this cycle from now on; nothing that came meanwhile is lost.

        Parameters
        ----------
        record : CycleRecord
            A saved one.
        """
        ledger = self.ledger
        manager = self._answering.lead(record, ledger)
        with self.lock:
            if self._book.ledger is not ledger:
                ledger = self._book.ledger
                manager = manager.following(ledger)
            self._answering.serve(record, manager, ledger)
            self._book.told(record.snapshot.ledger_seq)
            self._tell_overdue()

    def _tell_overdue(self) -> None:
        """Say once of each order that nobody has told what became of it."""
        now, open_now = self._clock.now(), self._book.ledger.reservations
        self._overdue &= open_now.keys()
        late = [
            (name, reserved)
            for name, reserved in open_now.items()
            if reserved.expires_at < now and name not in self._overdue
        ]
        self._overdue.update(name for name, _ in late)
        events = [
            Told(
                ReservationOverdue(
                    **self._stamp(now),
                    client_order_id=name,
                    strategy=reserved.order.strategy,
                    asset=reserved.order.asset,
                    quantity=reserved.open_quantity,
                    severity=Severity.WARNING,
                )
            )
            for name, reserved in late
        ]
        if events:
            self._scribe.put(events)

    def _stamp(self, at: datetime) -> dict[str, Any]:
        return {**self._answering.record.snapshot.stamp, "at": at}

    # --- orders ----------------------------------------------------------------------------

    def validate_order(self, body: OrderBody, *, sender: str, may_emergency: bool) -> Future[bytes]:
        """The answer to an order, which reserves room if something of it may be sent.

        See :class:`risk.domain.gate.Gate`.

        Raises
        ------
        GateClosed
            Before the first cycle.
        """
        begun = self._clock.monotonic()
        with self.lock:
            known = self._orders.get(body.client_order_id)
            if known is not None:
                return known.future if known.body == body else self._refuse_other(body)
            return self._answer(body, sender, may_emergency, begun).future

    def _answer(
        self, body: OrderBody, sender: str, may_emergency: bool, begun: float
    ) -> KnownOrder:
        manager = self._answering.manager(self._book.ledger, journalling=self._scribe.journalling)
        decision = manager.validate_order(self._request(body, may_emergency))
        now = self._clock.now()
        notes: list[Note] = []
        reservation = self._reserve(decision, body, now)
        if reservation is not None:
            notes.append(self._book.add(reservation))
            self._note_sent(body, now)
        known = self._known(body, sender, decision, reservation, now, begun)
        self._orders.add(known)
        notes.append(self._note_of(known, decision, now))
        self._put_answer(known, notes, frees=_only_reduces(decision))
        return known

    def _request(self, body: OrderBody, may_emergency: bool) -> OrderRequest:
        return OrderRequest(
            client_order_id=body.client_order_id,
            portfolio=body.portfolio,
            strategy=body.strategy,
            asset=body.asset,
            venue=body.venue or self._answering.venue,
            side=body.side,
            quantity=body.quantity,
            order_type=body.order_type,
            limit_price=body.limit_price,
            reduce_only=body.reduce_only,
            emergency=body.emergency and may_emergency,
        )

    def _reserve(self, decision: Decision, body: OrderBody, now: datetime) -> Reservation | None:
        if decision.allowed <= 0.0:
            return None
        order = Order(
            client_order_id=body.client_order_id,
            portfolio=body.portfolio,
            strategy=body.strategy,
            asset=body.asset,
            venue=body.venue or self._answering.venue,
            side=body.side,
            quantity=decision.allowed,
            order_type=body.order_type,
            limit_price=body.limit_price,
            reduce_only=body.reduce_only,
            emergency=body.emergency,
        )
        return Reservation(
            id=f"{decision.snapshot_id}/{self._book.ledger.seq + 1}",
            order=order,
            placed_at=now,
            expires_at=now + RESERVATION_LIFE,
        )

    def _note_sent(self, body: OrderBody, now: datetime) -> None:
        sent = SentOrder(now, body.asset, body.side, body.quantity)
        self._answering.note_sent(body.strategy, sent)

    def _known(
        self,
        body: OrderBody,
        sender: str,
        decision: Decision,
        reservation: Reservation | None,
        now: datetime,
        begun: float,
    ) -> KnownOrder:
        answer = order_answer(
            decision,
            reservation,
            at=now,
            ledger_seq=self._book.ledger.seq,
            action_seq=self._answering.action_seq,
            journalled=self._durable and self._scribe.journalling,
        )
        record = AnsweredOrder(
            client_order_id=body.client_order_id,
            strategy=body.strategy,
            asset=body.asset,
            venue=body.venue or self._answering.venue,
            side=body.side.value,
            at=now,
            sender=sender,
            snapshot=self._answering.record.number,
            verdict=decision.verdict,
            requested=decision.requested,
            allowed=decision.allowed,
            micros=(self._clock.monotonic() - begun) * 1e6,
            request=_encode(body).decode(),
            answer=_encode(answer).decode(),
            status=None if reservation is None else reservation.status,
        )
        return KnownOrder(body, record, reservation)

    def _note_of(self, known: KnownOrder, decision: Decision, now: datetime) -> Answered:
        event = order_validation(decision, self._answering.record.snapshot)
        digest = _digest(known.record.answer)
        event = replace(event, at=now, sender=known.record.sender, answer_digest=digest)
        return Answered(known.record, event)

    def _put_answer(self, known: KnownOrder, notes: list[Note], *, frees: bool) -> None:
        """Let an answer be written and then said; at once where that is not waited for."""
        if self._scribe.journalling and self._durable:
            self._wait(
                notes,
                known.future,
                written=lambda: _said(known),
                unwritten=lambda: self._answer_unwritten(known, frees=frees),
            )
            return
        known.future.set_result(known.record.answer.encode())
        self._put_later(known, notes)

    def _wait(
        self,
        notes: list[Note],
        future: Future[_T],
        *,
        written: Callable[[], _T],
        unwritten: Callable[[], _T],
    ) -> None:
        ticket = _Waiting(self, future, written, unwritten)
        self.waiting[id(ticket)] = ticket
        self._scribe.put(notes, ticket)

    def _put_later(self, known: KnownOrder, notes: list[Note]) -> None:
        """Let notes be written whenever that is possible; of refusals not more than so many."""
        silent = not self._scribe.journalling
        if silent and not known.let_through and self._scribe.backlog >= REFUSALS_KEPT:
            self._refused_unwritten += 1
        else:
            self._scribe.put(notes)

    def _answer_from_memory(self) -> None:
        """The journal is silent: say to all who wait what may be said without it."""
        with self.lock:
            for ticket in list(self.waiting.values()):
                ticket.give_up()

    def _answer_unwritten(self, known: KnownOrder, *, frees: bool) -> bytes:
        """What is said of an order whose answer is not on disk: no new risk of it is let in."""
        notes: list[Note] = []
        if known.reservation is not None and not frees:
            voided = replace(known.reservation, status=ReservationStatus.VOIDED)
            notes.append(self._book.add(voided))
        if known.reservation is None or frees:
            answer = msgspec.json.decode(known.record.answer, type=OrderAnswer)
            said = _encode(msgspec.structs.replace(answer, journalled=False)).decode()
            known.record = replace(known.record, answer=said)
            notes.append(self._note_again(known))
        else:
            self._decide_again(known, notes)
        self._put_later(known, notes)
        return known.record.answer.encode()

    def _decide_again(self, known: KnownOrder, notes: list[Note]) -> None:
        """Answer as to one that comes now, while nothing is written."""
        manager = self._answering.manager(self._book.ledger, journalling=False)
        decision = manager.validate_order(self._request(known.body, may_emergency=False))
        now = self._clock.now()
        reservation = self._reserve(decision, known.body, now)
        if reservation is not None:
            notes.append(self._book.add(reservation))
        begun = self._clock.monotonic()
        again = self._known(known.body, known.record.sender, decision, reservation, now, begun)
        known.record = replace(again.record, micros=known.record.micros)
        known.reservation, known.status = reservation, again.status
        notes.append(self._note_again(known, decision))

    def _note_again(self, known: KnownOrder, decision: Decision | None = None) -> Answered:
        """The answer that is said in place of one that never was."""
        record = known.record
        event = OrderValidation(
            **self._stamp(record.at),
            client_order_id=record.client_order_id,
            strategy=record.strategy,
            asset=record.asset,
            verdict=record.verdict,
            requested_quantity=Side(record.side).sign * record.requested,
            allowed_quantity=Side(record.side).sign * record.allowed,
            reasons=(ReasonCode.NOT_JOURNALLED.value,) if decision is None else decision.deciding,
            sender=record.sender,
            answer_digest=_digest(record.answer),
        )
        return Answered(record, event, instead=True)

    def _refuse_other(self, body: OrderBody) -> Future[bytes]:
        """Another order under an id that has its answer: refused, and nothing changes."""
        manager = self._answering.manager(self._book.ledger, journalling=self._scribe.journalling)
        request = self._request(body, may_emergency=False)
        decision = manager.duplicate(request)
        answer = order_answer(
            decision,
            None,
            at=self._clock.now(),
            ledger_seq=self._book.ledger.seq,
            action_seq=self._answering.action_seq,
            journalled=False,
        )
        return _done(_encode(answer))

    def hear(self, written: Written) -> None:
        """What writing has brought to light. The caller holds the lock."""
        self._answering.take(written.latches)
        for client_order_id, before in written.answered_before.items():
            known = self._orders.get(client_order_id)
            if known is not None and not known.recalled:
                self._give_way(known, before)
        if self._refused_unwritten and self._scribe.journalling:
            lost, self._refused_unwritten = self._refused_unwritten, 0
            event = AnswersLost(
                **self._stamp(self._clock.now()), refused=lost, severity=Severity.WARNING
            )
            self._scribe.put([Told(event)])

    def _give_way(self, known: KnownOrder, before: AnsweredOrder) -> None:
        """An order that was answered long ago keeps that answer, and takes no room again."""
        if known.reservation is not None:
            voided = replace(known.reservation, status=ReservationStatus.VOIDED)
            self._scribe.put([self._book.add(voided)])
        recalled = KnownOrder.recall(before)
        self._orders.add(recalled)
        if not known.future.done():
            same = recalled.body == known.body
            answer = recalled.future if same else self._refuse_other(known.body)
            known.future.set_result(answer.result())

    def validate_signal(self, body: SignalBody) -> SignalAnswer:
        """What an order like this would be answered now; nothing is reserved or journalled.

        Raises
        ------
        GateClosed
            Before the first cycle.
        """
        with self.lock:
            manager = self._answering.manager(
                self._book.ledger, journalling=self._scribe.journalling
            )
            request = SignalRequest(
                portfolio=body.portfolio,
                strategy=body.strategy,
                asset=body.asset,
                venue=body.venue or self._answering.venue,
                side=body.side,
                quantity=body.quantity,
            )
            return signal_answer(manager.validate_signal(request), at=self._clock.now())

    # --- what becomes of orders ------------------------------------------------------------

    def knows(self, client_order_id: str) -> bool:
        """Whether an order is known by heart: what is not has to be looked up, which may wait."""
        with self.lock:
            return self._orders.get(client_order_id) is not None

    def standing(self, client_order_id: str) -> OrderStanding:
        """Where an order stands that was let through, also once it is filled or dead.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        known = self._order(client_order_id)
        with self.lock:
            return known.standing(journalled=known.future.done())

    def strategy_of(self, client_order_id: str) -> str | None:
        """Whose order it is; None if no order of that id was let through.

        Raises
        ------
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        try:
            return self._order(client_order_id).record.strategy
        except OrderUnknown:
            return None

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
        StoreUnavailable
            If the order had to be looked up, and the database does not answer.
        """
        known = self._order(client_order_id)
        fill = fill_of(known.order, body, now=self._clock.now())
        if known.recalled and self._journal.is_booked(fill):
            with self.lock:
                return _done(known.standing(journalled=True))
        with self.lock:
            before = known.fills.get(fill.id)
            if before is not None:
                return self._repeat_fill(known, before, fill)
            self._refuse_disputed(known, fill, sender)
            return self._book_fill(known, fill, sender)

    def _repeat_fill(self, known: KnownOrder, before: Fill, fill: Fill) -> Future[OrderStanding]:
        if not same_trade(before, fill):
            raise FillRefused(
                f"trade {fill.id} was reported before, with other numbers", conflict=True
            )
        return _done(known.standing(journalled=self._scribe.journalling))

    def _refuse_disputed(self, known: KnownOrder, fill: Fill, sender: str) -> None:
        owner = self._fill_ids.get((fill.venue, fill.id))
        if owner is not None:
            raise FillRefused(f"trade {fill.id} was reported of order {owner}", conflict=True)
        reason = disbelief(
            fill,
            self._answering.record.snapshot.mark(fill.asset),
            filled=known.filled + fill.quantity,
            allowed=known.record.allowed,
        )
        if reason is None:
            return
        event = FillDisputed(
            **self._stamp(self._clock.now()),
            client_order_id=known.record.client_order_id,
            sender=sender,
            reason=reason,
            severity=Severity.CRITICAL,
        )
        self._scribe.put([Told(event)])
        raise FillRefused(reason)

    def _book_fill(self, known: KnownOrder, fill: Fill, sender: str) -> Future[OrderStanding]:
        reserved = self._book.ledger.reservations.get(known.record.client_order_id)
        notes: list[Note] = [self._book.add(fill)]
        known.fills[fill.id] = fill
        known.filled += fill.quantity
        self._fill_ids[fill.venue, fill.id] = known.record.client_order_id
        open_now = known.record.client_order_id in self._book.ledger.reservations
        if reserved is not None:
            partly = ReservationStatus.PARTLY_FILLED
            known.status = partly if open_now else ReservationStatus.FILLED
        notes += self._unexpected(known, fill, sender, was_open=reserved is not None)
        return self._progress(known, notes)

    def _unexpected(
        self, known: KnownOrder, fill: Fill, sender: str, *, was_open: bool
    ) -> list[Note]:
        """What is told of a trade that its order did not allow."""
        allowed = known.record.allowed
        if was_open and known.filled <= allowed * (1.0 + _DUST):
            return []
        reason = (
            f"{known.filled:,.6g} were filled of an order of {allowed:,.6g}"
            if was_open
            else f"the order was {known.status or 'refused'} already"
        )
        event = FillUnexpected(
            **self._stamp(self._clock.now()),
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
        future: Future[OrderStanding] = Future()
        if self._scribe.journalling and self._durable:
            self._wait(
                notes,
                future,
                written=lambda: known.standing(journalled=True),
                unwritten=lambda: known.standing(journalled=False),
            )
        else:
            self._scribe.put(notes)
            future.set_result(known.standing(journalled=False))
        return future

    def cancel(self, client_order_id: str, *, sender: str) -> Future[OrderStanding]:  # noqa: ARG002
        """Give back the room of an order that whoever sent it knows to be dead.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        StoreUnavailable
            If the order had to be looked up, and the database does not answer.
        """
        known = self._order(client_order_id)
        with self.lock:
            reserved = self._book.ledger.reservations.get(client_order_id)
            if reserved is None:
                return _done(known.standing(journalled=self._scribe.journalling))
            return self._progress(known, [self._end(known, reserved)])

    def _end(self, known: KnownOrder, reserved: Reservation) -> Note:
        """Drop a reservation of an order that is known to be dead."""
        late = reserved.expires_at < self._clock.now()
        status = ReservationStatus.EXPIRED if late else ReservationStatus.VOIDED
        known.status = status
        return self._book.add(replace(reserved, status=status))

    def _release(self, action: ReleaseReservation) -> None:
        """Give back room on a person's word."""
        reserved = self._book.ledger.reservations.get(action.client_order_id)
        known = self._orders.get(action.client_order_id)
        if reserved is None or known is None:
            return
        event = ReservationReleased(
            **self._stamp(self._clock.now()),
            client_order_id=action.client_order_id,
            strategy=reserved.order.strategy,
            asset=reserved.order.asset,
            quantity=reserved.open_quantity,
            who=action.who,
            reason=action.reason,
        )
        self._progress(known, [self._end(known, reserved), Told(event)])

    def _order(self, client_order_id: str) -> KnownOrder:
        """An order that was let through; looked up if it is not known by heart."""
        with self.lock:
            known = self._orders.get(client_order_id)
        if known is None:
            known = self._recall(client_order_id)
        if known is None or not known.let_through:
            raise OrderUnknown(client_order_id)
        return known

    def _recall(self, client_order_id: str) -> KnownOrder | None:
        record = self._journal.order(client_order_id)
        if record is None:
            return None
        with self.lock:
            # Somebody may have looked it up meanwhile.
            known = self._orders.get(client_order_id)
            if known is None:
                known = KnownOrder.recall(record)
                known.reservation = self._book.ledger.reservations.get(client_order_id)
                self._orders.add(known)
            return known

    # --- people ----------------------------------------------------------------------------

    def latch(
        self, scope: Scope, state: TradingState, *, who: str, reason: str
    ) -> Future[CommandAnswer]:
        """Hold a scope at `state`, or tighter, from the next order on: first in memory.

        Raises
        ------
        InvalidInput
            If the book has no such scope.
        GateClosed
            Before the first cycle.
        """
        with self.lock:
            refuse_unknown_scope(scope, self._answering.record.state)
            asked = LatchTrading(
                seq=0,
                at=self._clock.wall(),
                who=who,
                scope=scope,
                state=state,
                reason=reason,
                id=str(uuid4()),
            )
            self._answering.latch(asked)
            held = self._answering.latches[scope].state.name
            future: Future[CommandAnswer] = Future()
            if not self._scribe.journalling:
                self._scribe.put([Asked(asked)])
                future.set_result(_latched(scope, held, journalled=False))
                return future
            self._wait(
                [Asked(asked)],
                future,
                written=lambda: _latched(scope, held, journalled=True),
                unwritten=lambda: _latched(scope, held, journalled=False),
            )
            return future

    def acknowledge(self, reduction_id: str, *, sender: str) -> Future[Reduction]:
        """Note that somebody means to meet a request to make a position smaller.

        Raises
        ------
        ReductionUnknown
            If no request of that id is open.
        """
        with self.lock:
            open_now = {asked.id: asked for asked in self._answering.record.state.open_reductions}
            asked = open_now.get(reduction_id)
            if asked is None:
                raise ReductionUnknown(reduction_id)
            if reduction_id in self._acknowledged:
                return _done(asked)
            self._acknowledged &= open_now.keys()
            self._acknowledged.add(reduction_id)
            event = ReductionAcknowledged(
                **self._stamp(self._clock.now()),
                id=asked.id,
                strategy=asked.key.strategy,
                asset=asked.key.asset,
                venue=asked.key.venue,
                sender=sender,
            )
            future: Future[Reduction] = Future()
            if self._scribe.journalling:
                said = lambda: asked  # noqa: E731
                self._wait([Told(event)], future, written=said, unwritten=said)
            else:
                self._scribe.put([Told(event)])
                future.set_result(asked)
            return future

    def view(self) -> GateView:
        """What is live now; cheap.

        Raises
        ------
        GateClosed
            Before the first cycle.
        """
        with self.lock:
            record, ledger = self._answering.record, self._book.ledger
            return GateView(
                state=record.state,
                snapshot=self._live(record.snapshot, ledger),
                assessment=record.assessment,
                latches=self._answering.latches,
                journalling=self._scribe.journalling,
                snapshot_age=self._answering.age,
                fresh=self._answering.fresh,
                open_reservations=ledger.reservations,
            )

    def _live(self, snapshot: Snapshot, ledger: Ledger) -> Snapshot:
        return snapshot if snapshot.ledger is ledger else replace(snapshot, ledger=ledger)


def _only_reduces(decision: Decision) -> bool:
    """Whether all that was let through makes a live position smaller."""
    if decision.allowed <= 0.0:
        return False
    return any(
        isinstance(each, Reason) and each.code == ReasonCode.REDUCTION_PROVEN
        for each in decision.evidence
    )


def _said(known: KnownOrder) -> bytes:
    return known.record.answer.encode()


def _latched(scope: Scope, state: str, *, journalled: bool) -> CommandAnswer:
    return CommandAnswer(scope=scope.label, trading_state=state, journalled=journalled)


def _done(answer: _T) -> Future[_T]:
    future: Future[_T] = Future()
    future.set_result(answer)
    return future


def _digest(answer: str) -> str:
    return hashlib.sha256(answer.encode()).hexdigest()
