"""Orders with their answers, written before they are said: a `GateJournal` in a database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from risk.domain.actions import LatchTrading
from risk.domain.events import RiskEvent, Verdict
from risk.domain.journalling import (
    Answered,
    AnsweredOrder,
    Asked,
    Booked,
    Note,
    Progressed,
    Told,
    Written,
)
from risk.domain.ledger import Fill
from risk.domain.orders import ReservationStatus
from risk.errors import StoreError
from risk.storage import journal, ledger
from risk.storage.bulk import OnConflict, Prepared, insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.latches import latch
from risk.storage.lease import require_token
from risk.storage.tables import decision, from_ms, gate_batch, ledger_entry, to_ms

_COLUMNS = tuple(column.name for column in decision.columns)
# SQLite takes no more than 32,766 values.
_IDS_AT_ONCE = 10_000
_in_columns = itemgetter(*_COLUMNS)


class SqlGateJournal:
    """Keeps the notes of one portfolio's gate.

    Parameters
    ----------
    engines : Engines
    portfolio : str
    """

    def __init__(self, engines: Engines, portfolio: str) -> None:
        self._writer = engines.writer
        self._reader = engines.reader
        self._portfolio = portfolio

    def last_batch(self) -> int:
        """Number of the last batch that was written; 0 before the first."""
        with transaction(self._reader) as connection:
            return last_batch(connection, self._portfolio)

    def write(self, batch: int, notes: Sequence[Note], *, token: int) -> Written:
        """Write a batch in one transaction; one that was written before is left as it is.

        Raises
        ------
        LeaseLost
            If `token` is not the newest one of the portfolio: nothing was written.
        StoreUnavailable
            If the database did not answer; the batch may have been written.
        StoreError
            If it is not the one after the last.
        """
        with transaction(self._writer) as connection:
            require_token(connection, self._portfolio, token)
            if not _take_number(connection, self._portfolio, batch):
                # What its first writing brought to light nobody has heard.
                before = _told_otherwise(connection, self._portfolio, notes)
                return Written(before, tuple(self._write_latches(connection, notes)))
            before = self._write_orders(connection, notes)
            self._write_ledger(connection, notes)
            self._write_progress(connection, notes, before)
            journal.append(connection, self._portfolio, journal.entries_of(_events(notes, before)))
            return Written(before, tuple(self._write_latches(connection, notes)))

    def answered(self, client_order_ids: Collection[str]) -> Sequence[AnsweredOrder]:
        """Those of the orders that were answered."""
        with transaction(self._reader) as connection:
            return _orders(connection, self._portfolio, client_order_ids)

    def let_through_since(self, at: datetime) -> Sequence[AnsweredOrder]:
        """Orders of which anything was let through since then, oldest first."""
        query = (
            select(decision)
            .where(
                decision.c.portfolio == self._portfolio,
                decision.c.at_ms >= to_ms(at),
                decision.c.allowed > 0.0,
            )
            .order_by(decision.c.at_ms)
        )
        with transaction(self._reader) as connection:
            return [order_of_row(row) for row in connection.execute(query)]

    def last_fills(self, most: int) -> Sequence[str]:
        """Of the last fills in the ledger venue and id, as ``venue/id``; oldest first."""
        query = (
            select(ledger_entry.c.external_id)
            .where(
                ledger_entry.c.portfolio == self._portfolio,
                ledger_entry.c.kind == ledger.FILL,
            )
            .order_by(ledger_entry.c.seq.desc())
            .limit(most)
        )
        with transaction(self._reader) as connection:
            return list(connection.execute(query).scalars())[::-1]

    def booked(self, fill: Fill) -> Fill | None:
        """The fill of that id at that venue that is in the ledger; None if none is."""
        with transaction(self._reader) as connection:
            return ledger.booked(connection, self._portfolio, fill)

    def _write_ledger(self, connection: Connection, notes: Iterable[Note]) -> None:
        entries = [(note.seq, note.entry) for note in notes if isinstance(note, Booked)]
        ledger.book(connection, ledger.rows_of(self._portfolio, entries))

    def _write_orders(
        self, connection: Connection, notes: Iterable[Note]
    ) -> dict[str, AnsweredOrder]:
        """The last answer to each order; gives those that had theirs before this batch."""
        answered = [note for note in notes if isinstance(note, Answered)]
        first = {n.order.client_order_id: n.order for n in answered if n.instead_of is None}
        rows = [_in_columns(_values(self._portfolio, order)) for order in first.values()]
        # Hardly any was there before: to look for each would cost more than to look for some.
        kept = insert_rows(connection, decision, _COLUMNS, rows, on_conflict=OnConflict.KEEP)
        before = {}
        if kept < len(rows):
            before = _told_otherwise(connection, self._portfolio, notes)
        for note in answered:
            if note.instead_of is not None:
                said = _prefixed(_values(self._portfolio, note.order))
                _INSTEAD.run(connection, unsaid=note.instead_of, **said)
        return before

    def _write_progress(
        self, connection: Connection, notes: Iterable[Note], before: Mapping[str, AnsweredOrder]
    ) -> None:
        last = {n.client_order_id: n for n in notes if isinstance(n, Progressed)}
        # An order that was answered again under a used id was none.
        for note in (n for name, n in last.items() if name not in before):
            _PROGRESS.run(
                connection,
                portfolio=self._portfolio,
                name=note.client_order_id,
                status=note.status.value,
                filled=note.filled,
            )

    def _write_latches(
        self, connection: Connection, notes: Iterable[Note]
    ) -> Iterable[LatchTrading]:
        for note in notes:
            if isinstance(note, Asked):
                asked = note.latch
                yield latch(
                    connection,
                    self._portfolio,
                    asked.scope,
                    asked.state,
                    who=asked.who,
                    reason=asked.reason,
                    latch_id=asked.id,
                    at=asked.at,
                    is_held=True,
                )


_PROGRESS = Prepared(
    update(decision)
    .where(
        decision.c.portfolio == bindparam("portfolio"),
        decision.c.client_order_id == bindparam("name"),
    )
    .values(status=bindparam("status"), filled=bindparam("filled"))
)
_INSTEAD = Prepared(
    update(decision)
    .where(
        decision.c.portfolio == bindparam("its_portfolio"),
        decision.c.client_order_id == bindparam("its_client_order_id"),
        decision.c.answer == bindparam("unsaid"),
    )
    .values({name: bindparam(f"its_{name}") for name in _COLUMNS})
)
_NEXT = Prepared(
    update(gate_batch)
    .where(
        gate_batch.c.portfolio == bindparam("portfolio"),
        gate_batch.c.number == bindparam("before"),
    )
    .values(number=bindparam("batch"))
)


def last_batch(connection: Connection, portfolio: str) -> int:
    """Number of the last batch of the portfolio's gate that was written; 0 before the first."""
    query = select(gate_batch.c.number).where(gate_batch.c.portfolio == portfolio)
    return connection.execute(query).scalar() or 0


def _take_number(connection: Connection, portfolio: str, batch: int) -> bool:
    """Whether this batch is the next one; False if it was written before.

    Raises
    ------
    StoreError
        If it is neither.
    """
    if _NEXT.run(connection, portfolio=portfolio, before=batch - 1, batch=batch).rowcount == 1:
        return True
    last = last_batch(connection, portfolio)
    if last == batch:
        return False
    if last != batch - 1:
        raise StoreError(
            f"batch {batch} of the gate of {portfolio} does not follow the last one, {last}"
        )
    row = (portfolio, batch)
    columns = ("portfolio", "number")
    insert_rows(connection, gate_batch, columns, [row], on_conflict=OnConflict.REPLACE)
    return True


def _told_otherwise(
    connection: Connection, portfolio: str, notes: Iterable[Note]
) -> dict[str, AnsweredOrder]:
    """Those orders of which the database keeps an answer that is not among the notes."""
    answered = [note.order for note in notes if isinstance(note, Answered)]
    ours = {(order.client_order_id, order.answer) for order in answered}
    found = _orders(connection, portfolio, {order.client_order_id for order in answered})
    return {
        before.client_order_id: before
        for before in found
        if (before.client_order_id, before.answer) not in ours
    }


def _orders(connection: Connection, portfolio: str, ids: Iterable[str]) -> list[AnsweredOrder]:
    wanted, found = list(ids), list[AnsweredOrder]()
    for first in range(0, len(wanted), _IDS_AT_ONCE):
        query = select(decision).where(
            decision.c.portfolio == portfolio,
            decision.c.client_order_id.in_(wanted[first : first + _IDS_AT_ONCE]),
        )
        found += map(order_of_row, connection.execute(query))
    return found


def _events(notes: Iterable[Note], before: Mapping[str, AnsweredOrder]) -> Iterable[RiskEvent]:
    for note in notes:
        if isinstance(note, Told) or (
            isinstance(note, Answered)
            and (note.instead_of is not None or note.order.client_order_id not in before)
        ):
            yield note.event


def _prefixed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"its_{name}": value for name, value in values.items()}


def _values(portfolio: str, order: AnsweredOrder) -> dict[str, Any]:
    """What stands in each column of the table."""
    return {
        "portfolio": portfolio,
        "client_order_id": order.client_order_id,
        "at_ms": to_ms(order.at),
        "snapshot": order.snapshot,
        "strategy": order.strategy,
        "asset": order.asset,
        "venue": order.venue,
        "side": order.side,
        "sender": order.sender,
        "verdict": order.verdict.value,
        "requested": order.requested,
        "allowed": order.allowed,
        "micros": order.micros,
        "status": None if order.status is None else order.status.value,
        "filled": order.filled,
        "request": order.request,
        "answer": order.answer,
    }


def order_of_row(row: Row[Any]) -> AnsweredOrder:
    """The order that a row of the table holds."""
    return AnsweredOrder(
        client_order_id=row.client_order_id,
        strategy=row.strategy,
        asset=row.asset,
        venue=row.venue,
        side=row.side,
        at=from_ms(row.at_ms),
        sender=row.sender,
        snapshot=row.snapshot,
        verdict=Verdict(row.verdict),
        requested=row.requested,
        allowed=row.allowed,
        micros=row.micros,
        request=row.request,
        answer=row.answer,
        status=None if row.status is None else ReservationStatus(row.status),
        filled=row.filled,
    )
