"""Answered orders as screens read them: lists, sums, and one with all that belongs to it.

Reading only. Functions take an open connection: the caller owns the transaction.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, case, func, select

from risk.domain.assessment import Assessment
from risk.domain.events import (
    OrderEnded,
    ReductionAcknowledged,
    ReductionLate,
    ReductionRequested,
    ReservationReleased,
    Verdict,
)
from risk.domain.journalling import AnsweredOrder
from risk.domain.leases import LEASE_PREFIX
from risk.domain.ledger import Fill
from risk.domain.orders import ReservationStatus
from risk.domain.positions import DUST
from risk.storage import codec
from risk.storage.decisions import order_of_row
from risk.storage.ledger import FILL
from risk.storage.readings import (
    AgentSums,
    DecisionTimes,
    OrdersPage,
    OrderStory,
    OrdersWanted,
)
from risk.storage.tables import decision, from_ms, journal, ledger_entry, snapshot, to_ms

#: Orders that one list has at most, and how far back sums reach.
PAGE, LONGEST_SUM = 200, timedelta(days=30)
#: Times of answers are those of the newest so many.
TIMED = 10_000
#: Entries of the ledger that are looked through at once for an order's fills.
_STRETCH = 20_000
_GIVEN_BACK = (ReservationStatus.VOIDED, ReservationStatus.EXPIRED)
_MILLISECOND = timedelta(milliseconds=1)

#: What the journal tells of requests to make positions smaller.
ReductionEvent = ReductionRequested | ReductionAcknowledged | ReductionLate
_REDUCTIONS = (ReductionRequested, ReductionAcknowledged, ReductionLate)


def orders_page(connection: Connection, portfolio: str, wanted: OrdersWanted) -> OrdersPage:
    """Up to `PAGE` orders, newest first; a millisecond is never torn between two lists."""
    found = decision.c
    newest = _wanted(select(decision), portfolio, wanted).order_by(
        found.at_ms.desc(), found.client_order_id
    )
    rows = connection.execute(newest.limit(PAGE + 1)).all()
    if len(rows) <= PAGE:
        return OrdersPage(tuple(map(order_of_row, rows)), None)
    torn = rows[-1].at_ms
    kept = [row for row in rows if row.at_ms > torn]
    if kept:
        return OrdersPage(tuple(map(order_of_row, kept)), from_ms(torn))
    at_once = connection.execute(newest.where(found.at_ms == torn)).all()
    return OrdersPage(tuple(map(order_of_row, at_once)), from_ms(torn) - _MILLISECOND)


def agent_sums(connection: Connection, portfolio: str, wanted: OrdersWanted) -> list[AgentSums]:
    """How orders were answered by sender and strategy, over the last 30 days of the range."""
    found = decision.c
    counted = [
        func.sum(case((found.verdict == verdict.value, 1), else_=0))
        for verdict in (Verdict.APPROVE, Verdict.RESIZE, Verdict.REJECT)
    ]
    columns = (found.sender, found.strategy, *counted, func.max(found.at_ms))
    recent = wanted._replace(since=max(wanted.since, wanted.until - LONGEST_SUM))
    query = _wanted(select(*columns), portfolio, recent)
    grouped = query.group_by(found.sender, found.strategy).order_by(found.sender, found.strategy)
    return [
        AgentSums(sender, strategy, int(approved), int(resized), int(rejected), from_ms(last))
        for sender, strategy, approved, resized, rejected, last in connection.execute(grouped)
    ]


def decision_times(
    connection: Connection, portfolio: str, wanted: OrdersWanted
) -> DecisionTimes | None:
    """What the newest answers of those asked for took; None without any."""
    query = _wanted(select(decision.c.micros), portfolio, wanted)
    newest = query.order_by(decision.c.at_ms.desc()).limit(TIMED)
    micros = np.array(connection.execute(newest).scalars().all(), dtype=np.float64)
    if not micros.size:
        return None
    p50, p99 = np.quantile(micros, (0.5, 0.99), method="higher")
    return DecisionTimes(micros.size, float(p50), float(p99))


def reduction_events(
    connection: Connection, portfolio: str, wanted: OrdersWanted
) -> list[ReductionEvent]:
    """Requests to reduce, their acknowledgements and delays in the range, oldest first."""
    entry = journal.c
    query = (
        select(entry.body)
        .where(
            entry.stream == portfolio,
            entry.kind.in_([kind.__name__ for kind in _REDUCTIONS]),
            entry.at_ms >= to_ms(max(wanted.since, wanted.until - LONGEST_SUM)),
            entry.at_ms <= to_ms(wanted.until),
        )
        .order_by(entry.at_ms, entry.seq)
    )
    events = [codec.decode_event(body) for body in connection.execute(query).scalars()]
    return [event for event in events if isinstance(event, _REDUCTIONS)]


def order_story(connection: Connection, portfolio: str, client_order_id: str) -> OrderStory | None:
    """One order with the cycle that it was judged by and its fills; None if there is none."""
    found = decision.c
    row = connection.execute(
        select(decision, snapshot.c.snapshot.label("judged_by"), snapshot.c.assessment)
        .outerjoin(
            snapshot,
            (snapshot.c.portfolio == found.portfolio) & (snapshot.c.number == found.snapshot),
        )
        .where(found.portfolio == portfolio, found.client_order_id == client_order_id)
    ).first()
    if row is None:
        return None
    order = order_of_row(row)
    judged = None if row.assessment is None else codec.decode_value(row.assessment, Assessment)
    marks = {} if row.judged_by is None else codec.marks_of_snapshot(row.judged_by)
    fills = tuple(_fills_of(connection, portfolio, order))
    return OrderStory(
        order, judged, marks.get(order.asset), fills, end_of(connection, portfolio, order)
    )


def end_of(
    connection: Connection, portfolio: str, order: AnsweredOrder
) -> OrderEnded | ReservationReleased | None:
    """Who gave back its room; nobody is looked for of an order whose room was not."""
    if order.status not in _GIVEN_BACK:
        return None
    entry = journal.c
    for kind in (OrderEnded, ReservationReleased):
        query = (
            select(entry.body)
            .where(
                entry.stream == portfolio,
                entry.kind == kind.__name__,
                entry.at_ms.between(to_ms(order.at), to_ms(order.at + LONGEST_SUM)),
                entry.body.contains(_naming(order.client_order_id), autoescape=True),
            )
            .order_by(entry.at_ms, entry.seq)
        )
        # SQLite compares without regard to capitals.
        for event in map(codec.decode_event, connection.execute(query).scalars()):
            if isinstance(event, kind) and event.client_order_id == order.client_order_id:
                return event
    return None


def _naming(client_order_id: str) -> str:
    """What stands in the body of each entry about an order: bodies are canonical."""
    return f'"client_order_id":{codec.encode_text(client_order_id)}'


def _fills_of(connection: Connection, portfolio: str, order: AnsweredOrder) -> Iterator[Fill]:
    """Booked after the answer: looked for from there on, until all that is filled is found."""
    if order.status is ReservationStatus.SETTLED:
        return  # of a slice: what is filled is filled of its orders
    last = connection.execute(
        select(func.max(ledger_entry.c.seq)).where(ledger_entry.c.portfolio == portfolio)
    ).scalar()
    left, seq = order.filled, codec.decode_answer(order.answer).ledger_seq
    while left > DUST * order.filled and seq < (last or 0):
        for fill in _fills_between(connection, portfolio, order.client_order_id, seq):
            left -= fill.quantity
            yield fill
        seq += _STRETCH


def _fills_between(
    connection: Connection, portfolio: str, client_order_id: str, seq: int
) -> list[Fill]:
    entry = ledger_entry.c
    query = (
        select(entry.body)
        .where(
            entry.portfolio == portfolio,
            entry.seq > seq,
            entry.seq <= seq + _STRETCH,
            entry.kind == FILL,
            entry.body.contains(_naming(client_order_id), autoescape=True),
        )
        .order_by(entry.seq)
    )
    fills = [codec.decode_entry(b.encode(), Fill) for b in connection.execute(query).scalars()]
    # SQLite compares without regard to capitals.
    return [fill for fill in fills if fill.client_order_id == client_order_id]


def _wanted(query: Select[Any], portfolio: str, wanted: OrdersWanted) -> Select[Any]:
    found = decision.c
    query = query.where(
        found.portfolio == portfolio,
        found.at_ms >= to_ms(wanted.since),
        found.at_ms <= to_ms(wanted.until),
    )
    if wanted.verdict is not None:
        query = query.where(found.verdict == wanted.verdict.value)
    for column, name in (
        (found.strategy, wanted.strategy),
        (found.asset, wanted.asset),
        (found.sender, wanted.sender),
    ):
        if name:
            query = query.where(column == name)
    if wanted.find:
        query = query.where(found.client_order_id.icontains(wanted.find, autoescape=True))
    if wanted.slices is not None:
        # SQLite's LIKE would take an order's LEASE: for a slice's.
        begins = func.substr(found.client_order_id, 1, len(LEASE_PREFIX))
        query = query.where((begins == LEASE_PREFIX) == wanted.slices)
    return query
