"""What is known of limits over time: how full they were, and what the journal tells of them.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import json
from datetime import datetime

from sqlalchemy import Connection, select

from risk.domain.events import LimitBreached, LimitCleared, LimitUpdated
from risk.storage import charts, codec, tables
from risk.storage.charts import MetricHistory
from risk.storage.metrics import UTILIZATION

#: What the journal tells of a limit.
LimitEvent = LimitBreached | LimitCleared | LimitUpdated
_KINDS = (LimitBreached, LimitCleared, LimitUpdated)


def utilizations(
    connection: Connection,
    portfolio: str,
    *,
    since: datetime,
    until: datetime,
    max_points: int,
    limit: str | None,
) -> dict[str, MetricHistory]:
    """How full each limit was, or the one named; thinned, those without a point left out."""
    series = _series(connection, portfolio)
    wanted = {number: name for number, name in series.items() if limit in (None, name)}
    span = tables.to_ms(since), tables.to_ms(until)
    found = charts.thinned(connection, wanted, *span, max_points)
    return {wanted[number]: history for number, history in found.items()}


def _series(connection: Connection, portfolio: str) -> dict[int, str]:
    """Numbers of the series of utilizations, and the limit that each is about."""
    key = tables.metric_series.c
    query = select(key.id, key.labels).where(key.portfolio == portfolio, key.metric == UTILIZATION)
    return {
        number: json.loads(labels)["limit"]
        for number, labels in connection.execute(query.order_by(key.labels))
    }


def events_of(
    connection: Connection, portfolio: str, limit: str, *, since: datetime, until: datetime
) -> list[LimitEvent]:
    """Breaches, their ends and changes of one limit, oldest first; both ends included."""
    entry = tables.journal.c
    # Bodies are canonical, so that this text stands in each that is about the limit.
    about = f'"limit":{codec.encode_text(limit)}'
    query = (
        select(entry.body)
        .where(
            entry.stream == portfolio,
            entry.kind.in_([kind.__name__ for kind in _KINDS]),
            entry.at_ms >= tables.to_ms(since),
            entry.at_ms <= tables.to_ms(until),
            entry.body.contains(about, autoescape=True),
        )
        .order_by(entry.at_ms, entry.seq)
    )
    events = [codec.decode_event(body) for body in connection.execute(query).scalars()]
    # SQLite compares without regard to capitals.
    return [event for event in events if isinstance(event, _KINDS) and event.limit == limit]
