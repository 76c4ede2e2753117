"""The gate: one door for orders, fills, cycles and people, over one lock and one ledger.

What the database does not take in time is never let in as new risk; halts and proven reductions
are answered from memory all the same, and written once it answers again.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

from risk.domain.actions import Action, ReleaseReservation
from risk.domain.conduct import Conduct
from risk.domain.gate import GateView, Lent, Said
from risk.domain.journalling import GateJournal
from risk.domain.leases import is_lease_id
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.messages import (
    CommandAnswer,
    FillBody,
    LeaseBody,
    OrderBody,
    OrderStanding,
    SignalAnswer,
    SignalBody,
)
from risk.domain.orders import Side
from risk.domain.ports import AccountReading, Carried, Clock, CycleRecord
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.engine.gate.common import Common
from risk.engine.gate.orders import Orders
from risk.engine.gate.outcomes import Outcomes
from risk.engine.gate.people import People
from risk.engine.gate.slices import Slices
from risk.errors import OrderUnknown
from risk.limits.sent import SentOrder


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
        self._common = Common(
            carried=carried,
            journal=journal,
            token=token,
            clock=clock,
            patience=patience,
            stale_after=stale_after,
            durable=durable,
        )
        self._orders = Orders(self._common)
        self._outcomes = Outcomes(self._common)
        self._people = People(self._common)
        self._slices = Slices(self._common, self._orders, self._outcomes)
        self._recalled = False
        self._outcomes.recall(carried.ledger.reservations)
        self._slices.recall()

    def start(self) -> None:
        """Begin to write."""
        self._common.scribe.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._common.scribe.stop()

    # --- the cycle -------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """The live one."""
        with self._common.lock:
            return self._common.book.ledger

    def take_in(self, reading: AccountReading) -> tuple[Ledger, AccountReading]:
        """Book what an account tells; on disk before it returns, with all that came before.

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
        common = self._common
        with common.lock:
            entries: tuple[Flow | Fill, ...] = (*reading.flows, *reading.fills)
            new = [entry for entry in entries if not common.book.has_heard(entry)]
            if new:
                common.scribe.put([common.book.add(entry) for entry in new])
            fills, flows = common.book.untold
            ledger, told = common.book.ledger, replace(reading, fills=fills, flows=flows)
        # A cycle that is saved must not know of what a crash could still undo.
        common.scribe.flush()
        return ledger, told

    @property
    def conduct(self) -> Mapping[str, Conduct]:
        """What each strategy asked for since the last cycle that was served.

        Nothing is counted off by reading it: a cycle that fails loses no order, and the one that
        is served at last takes off what it told.
        """
        with self._common.lock:
            return self._common.answering.conduct

    @property
    def action_seq(self) -> int:
        """The last action of a person that it has taken in."""
        with self._common.lock:
            return self._common.answering.action_seq

    def take_actions(self, actions: Iterable[Action]) -> None:
        """Take in at once what people asked of trading; again does nothing."""
        listed = list(actions)
        with self._common.lock:
            for action in listed:
                if isinstance(action, ReleaseReservation):
                    self._outcomes.release(action)
            self._common.answering.take(listed)

    def tighten(self, record: CycleRecord) -> None:
        """Obey at once what a step tightened, before its cycle is saved; it loosens nothing.

        Parameters
        ----------
        record : CycleRecord
            Not saved yet.
        """
        with self._common.lock:
            self._common.answering.tighten(record)

    def serve(self, record: CycleRecord, *, read_at: float | None = None) -> None:
        """Answer on this cycle from now on; nothing that came meanwhile is lost.

        Parameters
        ----------
        record : CycleRecord
            A saved one.
        read_at : float or None
            On the monotonic clock, when its market was read; None for now. One that waited long
            for the database is old when it is served, and carries no new risk.
        """
        common, ledger = self._common, self.ledger
        read_at = common.clock.monotonic() if read_at is None else read_at
        manager = common.answering.lead(record, ledger)
        if not self._recalled:
            self._recall_sent(manager.looks_back)
        with common.lock:
            if common.book.ledger is not ledger:
                ledger = common.book.ledger
                manager = manager.following(ledger)
            common.answering.serve(record, manager, ledger, read_at=read_at)
            common.book.told(record.snapshot.ledger_seq)
            self._outcomes.tell_overdue()
            self._slices.forget_ended()

    def _recall_sent(self, seconds: float) -> None:
        """A restart does not let anybody send as often again."""
        since = self._common.clock.now() - timedelta(seconds=seconds)
        for order in self._common.journal.let_through_since(since):
            if is_lease_id(order.client_order_id):
                continue  # what was made of it was sent
            sent = SentOrder(order.at, order.asset, Side(order.side), order.requested)
            self._common.answering.note_sent(order.strategy, sent)
        self._recalled = True

    def view(self) -> GateView:
        """See :meth:`risk.domain.gate.Gate.view`.

        Raises
        ------
        GateClosed
            Before the first cycle.
        """
        common = self._common
        with common.lock:
            record, ledger = common.answering.record, common.book.ledger
            snapshot = record.snapshot
            if snapshot.ledger is not ledger:
                snapshot = snapshot.over(ledger)
            return GateView(
                state=record.state,
                snapshot=snapshot,
                assessment=record.assessment,
                latches=common.answering.latches,
                journalling=common.journalling,
                journal_problem=common.scribe.problem,
                snapshot_age=common.answering.age,
                fresh=common.answering.fresh,
                open_reservations=ledger.reservations,
            )

    # --- orders ----------------------------------------------------------------------------

    def validate_order(self, body: OrderBody, *, sender: str, may_emergency: bool) -> Future[bytes]:
        """See :meth:`risk.domain.gate.Gate.validate_order`.

        Raises
        ------
        GateClosed
            Before the first cycle, and once another authority rules.
        """
        return self._orders.validate(body, sender=sender, may_emergency=may_emergency)

    def lend(self, body: LeaseBody, *, sender: str) -> Lent:
        """See :meth:`risk.domain.gate.Gate.lend`.

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
        GateClosed
            Before the first cycle, and once another authority rules.
        StoreUnavailable
            If an order or a slice had to be looked up, and the database does not answer.
        """
        return self._slices.lend(body, sender=sender)

    def validate_signal(self, body: SignalBody) -> SignalAnswer:
        """See :meth:`risk.domain.gate.Gate.validate_signal`.

        Raises
        ------
        GateClosed
            Before the first cycle, and once another authority rules.
        """
        return self._orders.signal(body)

    # --- what becomes of them --------------------------------------------------------------

    def knows(self, client_order_id: str) -> bool:
        """See :meth:`risk.domain.gate.Gate.knows`."""
        with self._common.lock:
            known = self._common.orders.get(client_order_id)
            return known is not None and not known.recalled and self._outcomes.remembers_all

    def standing(self, client_order_id: str) -> OrderStanding:
        """See :meth:`risk.domain.gate.Gate.standing`.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        return self._outcomes.standing(client_order_id)

    def answer_to(self, client_order_id: str) -> Said | None:
        """See :meth:`risk.domain.gate.Gate.answer_to`.

        Raises
        ------
        GateClosed
            Before the first cycle, and once another authority rules.
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        known = self._outcomes.answered(client_order_id)
        return None if known is None else Said(known.record.strategy, known.future)

    def strategy_of(self, client_order_id: str) -> str | None:
        """Whose order it is; None if no order of that id was let through.

        Raises
        ------
        StoreUnavailable
            If it had to be looked up, and the database does not answer.
        """
        try:
            return self._outcomes.order(client_order_id).record.strategy
        except OrderUnknown:
            return None

    def record_fill(
        self, client_order_id: str, body: FillBody, *, sender: str
    ) -> Future[OrderStanding]:
        """See :meth:`risk.domain.gate.Gate.record_fill`.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        FillRefused
            If the trade cannot be one of that order's.
        StoreUnavailable
            If the order had to be looked up, and the database does not answer.
        """
        return self._outcomes.fill(client_order_id, body, sender=sender)

    def cancel(self, client_order_id: str, *, sender: str) -> Future[OrderStanding]:
        """See :meth:`risk.domain.gate.Gate.cancel`.

        Raises
        ------
        OrderUnknown
            If no order of that id was let through.
        StoreUnavailable
            If the order had to be looked up, and the database does not answer.
        """
        return self._outcomes.cancel(client_order_id, sender=sender)

    # --- people ----------------------------------------------------------------------------

    def latch(
        self,
        scope: Scope,
        state: TradingState,
        *,
        who: str,
        reason: str,
        latch_id: str | None = None,
    ) -> Future[CommandAnswer]:
        """See :meth:`risk.domain.gate.Gate.latch`.

        Raises
        ------
        InvalidInput
            If the book has no such scope, `who` names nobody, or `reason` says nothing.
        GateClosed
            Before the first cycle, and once another authority rules.
        """
        return self._people.latch(scope, state, who=who, reason=reason, latch_id=latch_id)

    def acknowledge(self, reduction_id: str, *, sender: str) -> Future[Reduction]:
        """See :meth:`risk.domain.gate.Gate.acknowledge`.

        Raises
        ------
        ReductionUnknown
            If no request of that id is open.
        """
        return self._people.acknowledge(reduction_id, sender=sender)
