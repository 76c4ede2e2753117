"""The journal: events kept for ever, each entry's hash covering the entry before it.

Changing or removing an entry breaks the chain from there on. Cutting off the newest entries
leaves a shorter chain that holds: only a copy of the last hash kept elsewhere shows that.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from risk.domain.events import RiskEvent
from risk.errors import JournalBroken
from risk.storage import codec
from risk.storage.bulk import Prepared, insert_rows
from risk.storage.tables import journal, to_ms

_COLUMNS = ("stream", "seq", "at_ms", "kind", "body", "hash")
_BEGINNING = b""
_ROWS_AT_A_TIME = 1_000


class Entry(NamedTuple):
    """An event ready to be chained.

    Attributes
    ----------
    at_ms : int
    kind : str
    body : str
        Canonical JSON of the event.
    """

    at_ms: int
    kind: str
    body: str


def entries_of(events: Iterable[RiskEvent]) -> list[Entry]:
    """Entries for those events that are worth keeping for ever."""
    return [
        Entry(to_ms(event.at), type(event).__name__, codec.encode_event(event).decode())
        for event in events
        if event.journalled
    ]


def append(connection: Connection, stream: str, entries: Iterable[Entry]) -> None:
    """Chain `entries` to the end of `stream`."""
    entries = list(entries)
    if not entries:
        return
    rows = []
    seq, link = _last_link(connection, stream)
    for entry in entries:
        seq += 1
        link = _hash(link, stream, seq, entry)
        rows.append((stream, seq, *entry, link))
    insert_rows(connection, journal, _COLUMNS, rows)


def verify(connection: Connection, stream: str) -> int:
    """Check the whole chain of `stream`; returns its number of entries.

    Raises
    ------
    JournalBroken
        Naming the first entry that is missing or was changed.
    """
    checked, link = 0, _BEGINNING
    for seq, entry, kept in _all_entries(connection, stream):
        if seq != checked + 1:
            raise JournalBroken(f"entry {checked + 1} of the journal of {stream} is missing")
        link = _hash(link, stream, seq, entry)
        if link != kept:
            raise JournalBroken(
                f"entry {seq} of the journal of {stream} was changed ({entry.kind})"
            )
        checked = seq
    return checked


def _all_entries(connection: Connection, stream: str) -> Iterator[tuple[int, Entry, bytes]]:
    query = (
        select(journal.c.seq, journal.c.at_ms, journal.c.kind, journal.c.body, journal.c.hash)
        .where(journal.c.stream == stream)
        .order_by(journal.c.seq)
        .execution_options(yield_per=_ROWS_AT_A_TIME)
    )
    for seq, at_ms, kind, body, kept in connection.execute(query):
        yield seq, Entry(at_ms, kind, body), bytes(kept)


_NEWEST = Prepared(
    select(journal.c.seq, journal.c.hash)
    .where(journal.c.stream == bindparam("stream"))
    .order_by(journal.c.seq.desc())
    .limit(1)
)


def _last_link(connection: Connection, stream: str) -> tuple[int, bytes]:
    row = _NEWEST.run(connection, stream=stream).first()
    return (row.seq, bytes(row.hash)) if row else (0, _BEGINNING)


def _hash(previous: bytes, stream: str, seq: int, entry: Entry) -> bytes:
    # Every field ends in a zero byte, which none contains: no two entries hash the same bytes.
    fields = (stream, str(seq), str(entry.at_ms), entry.kind, entry.body)
    return hashlib.sha256(previous + "\0".join(fields).encode()).digest()
