"""A gate's journal in memory; one suite runs over it and over the real one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from risk.domain.actions import LatchTrading
from risk.domain.events import RiskEvent
from risk.domain.journalling import (
    Answered,
    AnsweredOrder,
    Asked,
    Booked,
    GateJournal,
    Note,
    Progressed,
    Told,
    Written,
)
from risk.domain.ledger import Entry, Fill
from risk.errors import StoreError


class FakeGateJournal:
    """Keeps notes in lists.

    Parameters
    ----------
    require : callable or None
        Given the token of each batch; raises where it is not the newest.

    Attributes
    ----------
    entries : list of (int, Entry)
        Of the ledger, in the order in which they were booked.
    events : list of RiskEvent
    orders : dict of client order id to AnsweredOrder
    latches : list of LatchTrading
    fail_with : Exception or None
        Raised by every writing while it stands.
    fails_after : bool
        Whether a batch that fails was written all the same, and only its answer was lost.
    """

    def __init__(self, require: Callable[[int], None] | None = None) -> None:
        self._require = require
        self._number = 0
        self.entries: list[tuple[int, Entry]] = []
        self.events: list[RiskEvent] = []
        self.orders: dict[str, AnsweredOrder] = {}
        self.latches: list[LatchTrading] = []
        self.fail_with: Exception | None = None
        self.fails_after = False

    def last_batch(self) -> int:
        return self._number

    def write(self, batch: int, notes: Sequence[Note], *, token: int) -> Written:
        if self._require is not None:
            self._require(token)
        if self.fail_with is not None and not self.fails_after:
            raise self.fail_with
        written = self._write(batch, notes)
        if self.fail_with is not None:
            raise self.fail_with
        return written

    def _write(self, batch: int, notes: Sequence[Note]) -> Written:
        if batch == self._number:
            return self._written_before(notes)
        if batch != self._number + 1:
            raise StoreError(f"batch {batch} does not follow {self._number}")
        self._number = batch
        before = self._had_their_answer(notes)
        latches = []
        for note in notes:
            match note:
                case Booked(seq, entry):
                    self._book(seq, entry)
                case Answered(order, instead_of=unsaid):
                    self._answer(order, note.event, unsaid, before)
                case Progressed(name, status, filled) if name not in before:
                    found = self.orders[name]
                    self.orders[name] = replace(found, status=status, filled=filled)
                case Told(event):
                    self.events.append(event)
                case Asked(latch):
                    latches.append(self._number_of(latch))
        return Written(before, tuple(latches))

    def _written_before(self, notes: Sequence[Note]) -> Written:
        answered = [note.order for note in notes if isinstance(note, Answered)]
        ours = {(order.client_order_id, order.answer) for order in answered}
        kept = {name: self.orders[name] for name, _ in ours if name in self.orders}
        before = {name: o for name, o in kept.items() if (name, o.answer) not in ours}
        latches = [self._number_of(note.latch) for note in notes if isinstance(note, Asked)]
        return Written(before, tuple(latches))

    def _answer(
        self,
        order: AnsweredOrder,
        event: RiskEvent,
        unsaid: str | None,
        before: dict[str, AnsweredOrder],
    ) -> None:
        name = order.client_order_id
        if self.orders[name].answer == unsaid if unsaid is not None else name not in before:
            self.orders[name] = order
        if unsaid is not None or name not in before:
            self.events.append(event)

    def _had_their_answer(self, notes: Sequence[Note]) -> dict[str, AnsweredOrder]:
        asked = [n.order for n in notes if isinstance(n, Answered) and n.instead_of is None]
        names = [order.client_order_id for order in asked]
        return {name: self.orders[name] for name in names if name in self.orders}

    def _book(self, seq: int, entry: Entry) -> None:
        if self.entries and seq <= self.entries[-1][0]:
            raise StoreError(f"entry {seq} was booked before")
        if isinstance(entry, Fill) and self.booked(entry) is not None:
            raise StoreError(f"fill {entry.id} was booked before")
        self.entries.append((seq, entry))

    def _number_of(self, latch: LatchTrading) -> LatchTrading:
        for known in self.latches:
            if (known.id, known.scope, known.state) == (latch.id, latch.scope, latch.state):
                return known
        numbered = replace(latch, seq=len(self.latches) + 1)
        self.latches.append(numbered)
        return numbered

    def answered(self, client_order_ids: Collection[str]) -> Sequence[AnsweredOrder]:
        return [self.orders[name] for name in client_order_ids if name in self.orders]

    def let_through_since(self, at: datetime) -> Sequence[AnsweredOrder]:
        found = [each for each in self.orders.values() if each.at >= at and each.allowed > 0.0]
        return sorted(found, key=lambda each: each.at)

    def last_fills(self, most: int) -> Sequence[str]:
        fills = [entry for _, entry in self.entries if isinstance(entry, Fill)]
        return [f"{fill.venue}/{fill.id}" for fill in fills[-most:]]

    def booked(self, fill: Fill) -> Fill | None:
        fills = (entry for _, entry in self.entries if isinstance(entry, Fill))
        same = (each for each in fills if (each.venue, each.id) == (fill.venue, fill.id))
        return next(same, None)


def order_in(journal: GateJournal, client_order_id: str) -> AnsweredOrder | None:
    """An order as a journal knows it; None if it was not answered."""
    return next(iter(journal.answered([client_order_id])), None)
