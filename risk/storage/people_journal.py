"""The journal of people: a stream that any program writes, one after another.

Unlike the stream of a book it has no authority: an entry is chained in the same transaction as the
change that it tells of, so that neither is ever there without the other: docs/decisions/journal.md.
So are the notices of what people must hear of at once, for the engines of the books to deliver.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Connection, func, select, text

from risk.alerts.notices import notice_of
from risk.domain.changing import DENIALS_WITHIN, paced
from risk.domain.events import PEOPLE_STREAM, ActionDenied, RiskEvent
from risk.domain.notices import Notice
from risk.storage import journal, outbox, tables
from risk.storage.tables import from_ms, to_ms

_LOG = structlog.get_logger(__name__)

# Any number does, as long as nothing else in the database locks the same one.
_LOCK = 0x5EA_0A13
#: What stands in a notice's id before the number of its entry; a cycle has a number there.
_CYCLE = "people"


def take_turn(connection: Connection) -> None:
    """Let nobody else write of people until the end of this transaction."""
    # SQLite's writer engine holds the right to write since the transaction's first word.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def tell(connection: Connection, *events: RiskEvent, channels: Sequence[str] = ()) -> None:
    """Write what people did, in the transaction of the change itself.

    Of what somebody is denied again and again, by whichever program, it is told once that there is
    more (`paced`).

    Parameters
    ----------
    connection : Connection
        Of the writer.
    *events : RiskEvent
    channels : sequence of str
        By which people are told of those events that they must hear of (`notice_of`): by the engine
        of the event's own book or, where it belongs to none, by those of all books.
    """
    take_turn(connection)
    kept = [told for event in events if event.journalled for told in _paced(connection, event)]
    journal.append(connection, PEOPLE_STREAM, journal.entries_of(kept))
    if channels and kept:
        notices = _notices(connection, kept, _last_number(connection) - len(kept) + 1)
        outbox.post(connection, outbox.rows_of(notices, channels))


def _paced(connection: Connection, event: RiskEvent) -> Iterator[RiskEvent]:
    if not isinstance(event, ActionDenied):
        yield event
        return
    told = paced(event, _denials_of(connection, event))
    if told is None:
        _LOG.info("denial_not_told", by=event.by, asked=event.asked)
    else:
        yield told


def _denials_of(connection: Connection, event: ActionDenied) -> list[datetime]:
    """When the same person was denied something lately."""
    entry = tables.journal.c
    query = select(entry.at_ms, entry.body).where(
        entry.stream == PEOPLE_STREAM,
        entry.kind == ActionDenied.__name__,
        entry.at_ms > to_ms(event.at - DENIALS_WITHIN),
        entry.at_ms < to_ms(event.at + DENIALS_WITHIN),
    )
    return [
        from_ms(row.at_ms)
        for row in connection.execute(query)
        if msgspec.json.decode(row.body)["body"].get("by") == event.by
    ]


def _notices(connection: Connection, events: Iterable[RiskEvent], first: int) -> Iterator[Notice]:
    books: list[str] = list(connection.execute(select(tables.portfolio.c.name)).scalars())
    for number, event in enumerate(events, start=first):
        for book in books if event.portfolio == PEOPLE_STREAM else [event.portfolio]:
            notice = notice_of(replace(event, portfolio=book, cycle=_CYCLE), number)
            if notice is not None:
                yield notice


def _last_number(connection: Connection) -> int:
    entry = tables.journal.c
    newest = select(func.max(entry.seq)).where(entry.stream == PEOPLE_STREAM)
    return int(connection.execute(newest).scalar_one())
