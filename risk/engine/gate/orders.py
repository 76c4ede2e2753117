"""Answers to orders: checked and reserved in one step, written down, then said."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import msgspec

from risk.domain.decisions import (
    Decision,
    OrderRequest,
    Reason,
    ReasonCode,
    SignalRequest,
    deciding_of,
)
from risk.domain.events import Verdict
from risk.domain.journalling import Answered, AnsweredOrder, Note, Written
from risk.domain.leases import is_lease_id
from risk.domain.messages import OrderAnswer, OrderBody, SignalAnswer, SignalBody
from risk.domain.orders import Reservation, ReservationStatus
from risk.domain.snapshot import RESERVATION_LIFE
from risk.engine.gate.common import Common, done
from risk.engine.gate.known import KnownOrder, order_of
from risk.engine.gate.signals import SignalNews
from risk.limits.sent import SentOrder
from risk.manager import RiskManager
from risk.manager.forms import is_finite, is_name
from risk.manager.messages import order_answer, signal_answer
from risk.manager.orders import ANSWER_LIFE

_encode = msgspec.json.Encoder(order="deterministic").encode


class Orders:
    """The part of a gate that answers.

    Parameters
    ----------
    common : Common
    """

    def __init__(self, common: Common) -> None:
        self._common = common
        self._signals = SignalNews(common)
        common.on_answered_before = self._give_way

    def validate(self, body: OrderBody, *, sender: str, may_emergency: bool) -> Future[bytes]:
        """See :meth:`risk.domain.gate.Gate.validate_order`."""
        common = self._common
        begun = common.clock.monotonic()
        with common.lock:
            common.require_open()
            if is_lease_id(body.client_order_id):
                return self.refuse_misnamed(body)
            known = common.orders.get(body.client_order_id)
            if known is not None:
                return known.future if known.body == body else self.refuse_other(body)
            request = self.request(body, may_emergency)
            # Looked at once: what is judged as written down must not be said before it is.
            journalling = common.journalling
            decision = self.manager(journalling=journalling).validate_order(request)
            common.answering.note_asked(body.strategy, refused=decision.allowed <= 0.0)
            if not may_be_kept(body):
                return self.refuse(decision)
            waits = common.durable and journalling
            known, answered = self.decided(body, sender, decision, begun, journalled=waits)
            notes = [*self._hold(known), answered]
            return self._say(known, notes, waits=waits, frees=_only_reduces(decision))

    def signal(self, body: SignalBody) -> SignalAnswer:
        """See :meth:`risk.domain.gate.Gate.validate_signal`."""
        common = self._common
        with common.lock:
            common.require_open()
            request = SignalRequest(
                portfolio=body.portfolio,
                strategy=body.strategy,
                asset=body.asset,
                venue=self._venue(body),
                side=body.side,
                quantity=body.quantity,
            )
            decision = self.manager().validate_signal(request)
            answer = signal_answer(decision, at=common.clock.wall())
            self._signals.tell(decision, deciding_of(answer.reasons))
            return answer

    # --- one answer ------------------------------------------------------------------------

    def manager(self, *, journalling: bool | None = None) -> RiskManager:
        """What answers now; as if written or not, if that is told."""
        common = self._common
        written = common.journalling if journalling is None else journalling
        return common.answering.manager(common.book.ledger, journalling=written)

    def _venue(self, body: OrderBody | SignalBody) -> str:
        return body.venue or self._common.answering.venue

    def request(self, body: OrderBody, may_emergency: bool) -> OrderRequest:
        """An order as it is judged."""
        return OrderRequest(
            client_order_id=body.client_order_id,
            portfolio=body.portfolio,
            strategy=body.strategy,
            asset=body.asset,
            venue=self._venue(body),
            side=body.side,
            quantity=body.quantity,
            order_type=body.order_type,
            limit_price=body.limit_price,
            reduce_only=body.reduce_only,
            emergency=body.emergency and may_emergency,
        )

    def decided(
        self,
        body: OrderBody,
        sender: str,
        decision: Decision,
        begun: float,
        *,
        journalled: bool,
        life: timedelta = ANSWER_LIFE,
    ) -> tuple[KnownOrder, Answered]:
        """The order as it is answered, and what is to be written of it; nothing is held yet."""
        common = self._common
        wall, now = common.clock.wall(), common.clock.now()
        reservation = self._reservation(decision, body)
        answer = order_answer(
            decision,
            reservation,
            at=wall,
            ledger_seq=common.book.ledger.seq + (reservation is not None),
            action_seq=common.answering.action_seq,
            journalled=journalled,
            life=life,
        )
        record = AnsweredOrder(
            client_order_id=body.client_order_id,
            strategy=body.strategy,
            asset=body.asset,
            venue=self._venue(body),
            side=body.side.value,
            at=now,
            sender=sender,
            snapshot=common.answering.record.number,
            verdict=decision.verdict,
            requested=decision.requested,
            allowed=decision.allowed,
            micros=(common.clock.monotonic() - begun) * 1e6,
            request=_encode(body).decode(),
            answer=_encode(answer).decode(),
            status=None if reservation is None else reservation.status,
        )
        told = self.told(record, deciding_of(answer.reasons))
        return KnownOrder(body, record, reservation), told

    def _reservation(self, decision: Decision, body: OrderBody) -> Reservation | None:
        if decision.allowed <= 0.0:
            return None
        common = self._common
        wall = common.clock.wall()
        return Reservation(
            id=f"{decision.snapshot_id}/{common.book.ledger.seq + 1}",
            order=order_of(body, venue=self._venue(body), quantity=decision.allowed),
            placed_at=wall,
            expires_at=wall + RESERVATION_LIFE,
        )

    def _hold(self, known: KnownOrder) -> list[Note]:
        """Take the room of an order, and remember it; gives what is to be written of that."""
        common, notes = self._common, list[Note]()
        if known.reservation is not None:
            notes.append(common.book.add(known.reservation))
            sent = SentOrder(
                known.record.at, known.record.asset, known.body.side, known.body.quantity
            )
            common.answering.note_sent(known.record.strategy, sent)
        common.orders.add(known)
        return notes

    def _say(
        self, known: KnownOrder, notes: list[Note], *, waits: bool, frees: bool
    ) -> Future[bytes]:
        """Let an answer be written and then said; at once where that is not waited for."""
        common = self._common
        if waits:
            return common.put(
                notes,
                known.future,
                written=lambda: known.record.answer.encode(),  # noqa: PLW0108 - as it stands then
                unwritten=lambda: self._answer_unwritten(known, frees=frees),
            )
        known.future.set_result(known.record.answer.encode())
        if known.let_through:
            common.scribe.put(notes)
        else:
            common.put_refusal(notes)
        return known.future

    # --- answers that are not written in time ----------------------------------------------

    def _answer_unwritten(self, known: KnownOrder, *, frees: bool) -> bytes:
        """What is said of an order whose answer is not on disk: no new risk of it is let in."""
        common, notes, unsaid = self._common, list[Note](), known.record.answer
        if known.reservation is None or frees:
            answer = msgspec.json.decode(known.record.answer, type=OrderAnswer)
            said = _encode(msgspec.structs.replace(answer, journalled=False)).decode()
            known.record = replace(known.record, answer=said)
            reasons: tuple[str, ...] = (ReasonCode.NOT_JOURNALLED.value,)
        else:
            voided = replace(known.reservation, status=ReservationStatus.VOIDED)
            notes.append(common.book.add(voided))
            reasons = self._decide_again(known, notes)
        notes.append(self.told(known.record, reasons, instead_of=unsaid))
        # Also of a refusal: what was never said is written down, or will be.
        common.scribe.put(notes)
        return known.record.answer.encode()

    def _decide_again(self, known: KnownOrder, notes: list[Note]) -> tuple[str, ...]:
        """Answer as to one that comes now, while nothing is written; gives the reasons' codes."""
        begun = self._common.clock.monotonic()
        request = self.request(known.body, may_emergency=False)
        decision = self.manager(journalling=False).validate_order(request)
        if not known.is_open:
            # Its agent gave it up meanwhile, and will not do so again: it gets no room anew.
            decision = replace(decision, verdict=Verdict.REJECT, allowed=0.0)
        again, answered = self.decided(
            known.body, known.record.sender, decision, begun, journalled=False
        )
        if again.reservation is not None:
            notes.append(self._common.book.add(again.reservation))
        known.record, known.reservation = again.record, again.reservation
        known.status = again.status
        return answered.reasons

    def told(
        self, record: AnsweredOrder, reasons: tuple[str, ...], *, instead_of: str | None = None
    ) -> Answered:
        """An answer as it is written, and told of."""
        snapshot = self._common.answering.record.snapshot
        return Answered(record, snapshot.portfolio, snapshot.id, reasons, instead_of)

    # --- orders that are none --------------------------------------------------------------

    def refuse_other(self, body: OrderBody) -> Future[bytes]:
        """Another order under an id that has its answer: refused, and nothing changes."""
        self._common.answering.note_asked(body.strategy, refused=True)
        return self._is_other(body)

    def _is_other(self, body: OrderBody) -> Future[bytes]:
        request = self.request(body, may_emergency=False)
        return self.refuse(self.manager().duplicate(request))

    def refuse_misnamed(self, body: OrderBody) -> Future[bytes]:
        """An order under the name of a slice, or the other way round."""
        self._common.answering.note_asked(body.strategy, refused=True)
        return self.refuse(self.manager().misnamed(self.request(body, may_emergency=False)))

    def refuse(self, decision: Decision) -> Future[bytes]:
        """Say no without remembering it."""
        common = self._common
        answer = order_answer(
            decision,
            None,
            at=common.clock.wall(),
            ledger_seq=common.book.ledger.seq,
            action_seq=common.answering.action_seq,
            journalled=False,
        )
        return done(_encode(answer))

    def _give_way(self, written: Written) -> None:
        """Orders that were answered long ago keep that answer, and take no room again."""
        common = self._common
        for client_order_id, before in written.answered_before.items():
            known = common.orders.get(client_order_id)
            if known is None or known.recalled:
                continue
            if known.reservation is not None:
                voided = replace(known.reservation, status=ReservationStatus.VOIDED)
                common.scribe.put([common.book.add(voided)])
            recalled = KnownOrder.recall(before)
            common.orders.add(recalled)
            if not known.future.done():
                same = recalled.body == known.body
                answer = recalled.future if same else self._is_other(known.body)
                known.future.set_result(answer.result())


def may_be_kept(body: OrderBody) -> bool:
    """Whether a table can hold it, and tell it from others."""
    names = (body.client_order_id, body.strategy, body.asset, body.venue or "")
    numbers = (body.quantity, 0.0 if body.limit_price is None else body.limit_price)
    return bool(body.client_order_id) and all(map(is_name, names)) and all(map(is_finite, numbers))


def _only_reduces(decision: Decision) -> bool:
    """Whether all that was let through makes a live position smaller."""
    if decision.allowed <= 0.0:
        return False
    return any(
        isinstance(each, Reason) and each.code == ReasonCode.REDUCTION_PROVEN
        for each in decision.evidence
    )
