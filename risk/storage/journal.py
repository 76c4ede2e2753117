"""The journal: events kept for ever, each entry's hash covering the entry before it.

Changing or removing an entry breaks the chain from there on. Whoever can write the database can
chain all of it anew, or cut off the newest entries: that only checkpoints show, which are signed,
and whose copies are kept elsewhere (:mod:`risk.storage.checkpoints`).

Functions take an open connection and never commit: the caller owns the transaction.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from risk.domain.events import RiskEvent
from risk.errors import JournalBroken
from risk.storage import codec
from risk.storage.bulk import Prepared, insert_rows
from risk.storage.tables import journal, to_ms

_COLUMNS = ("stream", "seq", "at_ms", "kind", "body", "hash")
#: Entries that are followed at once: whoever follows a long chain keeps no transaction open.
PORTION = 2_000


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


class Link(NamedTuple):
    """A place in a chain.

    Attributes
    ----------
    seq : int
        Number of the entry; 0 before the first.
    hash : bytes
        Its hash, which covers all before it.
    """

    seq: int
    hash: bytes


class Break(NamedTuple):
    """Where a journal is not as it was written.

    Attributes
    ----------
    first, last : int
        The entries concerned: the same of a single one.
    what : str
        What is wrong with one of them, as the rest of a sentence; of several, with all.
    """

    first: int
    last: int
    what: str

    def words(self, stream: str) -> str:
        """One sentence, without its end."""
        named = f"entry {self.first}"
        if self.last > self.first:
            named = f"entries {self.first} to {self.last}"
        return f"{named} of the journal of {stream} {self.what}"


BEGINNING = Link(0, b"")


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
    seq, link = newest_link(connection, stream)
    for entry in entries:
        seq += 1
        link = _hash(link, stream, seq, *entry)
        rows.append((stream, seq, *entry, link))
    insert_rows(connection, journal, _COLUMNS, rows)


_NEWEST = Prepared(
    select(journal.c.seq, journal.c.hash)
    .where(journal.c.stream == bindparam("stream"))
    .order_by(journal.c.seq.desc())
    .limit(1)
)


def newest_link(connection: Connection, stream: str) -> Link:
    """The end of a chain, as it stands there; not followed."""
    row = _NEWEST.run(connection, stream=stream).first()
    return Link(row.seq, bytes(row.hash)) if row else BEGINNING


def streams(connection: Connection) -> Iterator[str]:
    """Names of all streams, in their order: each is looked for beyond the one before."""
    name: str | None = ""
    while True:
        query = select(func.min(journal.c.stream)).where(journal.c.stream > name)
        name = connection.execute(query).scalar()
        if name is None:
            return
        yield name


# ---------------------------------------------------------------- following the chain


def follow(
    connection: Connection, stream: str, since: Link, *, limit: int = PORTION
) -> tuple[Link, Break | None]:
    """Follow a chain a portion further.

    Parameters
    ----------
    connection : Connection
    stream : str
    since : Link
        How far it was followed before.
    limit : int
        Entries at most.

    Returns
    -------
    tuple of (Link, Break or None)
        How far it holds, which is `since` itself where there is no more; and where it breaks
        after that, if it does.
    """
    seq, link = since
    for number, at_ms, kind, body, kept in _portion(connection, stream, since, limit):
        if number != seq + 1:
            return Link(seq, link), _hole(seq, number)
        fitting = _hash(link, stream, number, at_ms, kind, body)
        if fitting != kept:
            return Link(seq, link), _unfitting(number, kind)
        seq, link = number, fitting
    return Link(seq, link), None


def verify(connection: Connection, stream: str) -> int:
    """Follow the whole chain of `stream`; returns its number of entries.

    Raises
    ------
    JournalBroken
        Naming the first entry that is missing or was changed.
    """
    place, before = BEGINNING, None
    while place != before:
        before = place
        place, wrong = follow(connection, stream, before)
        if wrong is not None:
            raise JournalBroken(wrong.words(stream))
    return place.seq


def _hole(seq: int, number: int) -> Break:
    if number <= seq:
        return Break(number, number, "was put in: numbers begin at 1")
    first, last = seq + 1, number - 1
    return Break(first, last, "is missing" if first == last else "are missing")


def _unfitting(number: int, kind: str) -> Break:
    before = f"; or entry {number - 1} was, and its hash with it" if number > 1 else ""
    return Break(number, number, f"was changed ({kind}), or put in{before}")


def _portion(
    connection: Connection, stream: str, since: Link, limit: int
) -> Iterable[tuple[int, int, str, str, bytes]]:
    entry = journal.c
    query = (
        select(entry.seq, entry.at_ms, entry.kind, entry.body, entry.hash)
        .where(entry.stream == stream)
        .order_by(entry.seq)
        .limit(limit)
    )
    if since.seq:
        # Before the first one, whatever is there is looked at, whichever number it has.
        query = query.where(entry.seq > since.seq)
    return connection.execute(query)


def _hash(previous: bytes, stream: str, seq: int, at_ms: int, kind: str, body: str) -> bytes:
    # Every field ends in a zero byte, which none contains: no two entries hash the same bytes.
    return hashlib.sha256(previous + f"{stream}\0{seq}\0{at_ms}\0{kind}\0{body}".encode()).digest()
