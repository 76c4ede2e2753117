"""Entries of the journal as people read them: newest first, of one or more streams, a page at once.

Of a kind that is rare among thousands of orders the newest entries are found by their kind and not
by looking through all: each kind is asked for by itself, and what comes of it put in order.

Functions take an open connection: the caller owns the transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, text, union_all

from risk.domain.checkpoints import Checkpoint
from risk.domain.events import RULE, ForecastScored
from risk.domain.market import Period
from risk.storage import checkpoints, codec
from risk.storage.tables import from_ms, journal, to_ms

#: Entries that one page has.
PAGE = 100
#: Fields of events that name a person.
PERSON_FIELDS = ("person", "by", "who", "author", "changed_by", "released_by", "tried")
# What stands in the body of a day's forecast, and of one that was gone beyond.
_NEWS_OF_FORECASTS = (f'"period":"{Period.DAY.value}"', '"exceeded_99":true')
# What stands in the body of what a rule did: inside a text its marks would be written otherwise.
_BY_RULE = tuple(f'"{field}":"{RULE}"' for field in ("by", "changed_by", "released_by"))
# What a name is followed by: its end, or by which way its bearer came.
_AFTER_NAME = ('"', " (")


class Stretch(NamedTuple):
    """A part of a stream by time, both ends included. UTC."""

    stream: str
    since: datetime
    until: datetime


class EntriesWanted(NamedTuple):
    """Which entries are asked for.

    Attributes
    ----------
    stretches : tuple of Stretch
        Each of another stream: a book's tells the market's time, that of people the wall's.
    kinds : frozenset of str, or None
        Names of kinds of events; None for every one.
    person : str
        Somebody whom the entry names; empty for everybody.
    text : str
        What stands in it, in capitals or not; empty for anything.
    news_only : bool
        Whether hours that stayed inside their forecast are left out: there is one every hour.
    people_only : bool
        Whether what a rule did is left out.
    """

    stretches: tuple[Stretch, ...]
    kinds: frozenset[str] | None = None
    person: str = ""
    text: str = ""
    news_only: bool = False
    people_only: bool = False


class Place(NamedTuple):
    """Where in a list an entry stands: lists go from the greatest to the least.

    Attributes
    ----------
    at_ms : int
    stream : str
    seq : int
    """

    at_ms: int
    stream: str
    seq: int


class KeptEntry(NamedTuple):
    """One entry.

    Attributes
    ----------
    stream : str
    seq : int
    at : datetime
        When what it tells of became true: the market's time, of people's stream the wall's. UTC.
    kind : str
        Of event.
    body : str
        JSON of the event in its envelope.
    hash : bytes
        It covers all entries before it.
    """

    stream: str
    seq: int
    at: datetime
    kind: str
    body: str
    hash: bytes

    @property
    def place(self) -> Place:
        """Where it stands in a list."""
        return Place(to_ms(self.at), self.stream, self.seq)


class EntriesPage(NamedTuple):
    """Entries, newest first.

    Attributes
    ----------
    entries : tuple of KeptEntry
    older : Place or None
        Where those begin that follow: ask with ``before`` it; None if none does.
    """

    entries: tuple[KeptEntry, ...]
    older: Place | None


class EntryProof(NamedTuple):
    """One entry with what vouches for it.

    Attributes
    ----------
    entry : KeptEntry
    covered_by : Checkpoint or None
        The first that covers it; None while none does. Not verified.
    """

    entry: KeptEntry
    covered_by: Checkpoint | None


def entries_page(
    connection: Connection,
    wanted: EntriesWanted,
    *,
    before: Place | None = None,
    limit: int = PAGE,
) -> EntriesPage:
    """The newest entries of those wanted, and where the next begin.

    Parameters
    ----------
    connection : Connection
    wanted : EntriesWanted
    before : Place or None
        Where an earlier page ended.
    limit : int
    """
    found = [
        entry
        for stretch in wanted.stretches
        for entry in _newest(connection, stretch, wanted, before, limit + 1)
    ]
    found.sort(key=lambda entry: entry.place, reverse=True)
    kept = tuple(found[:limit])
    return EntriesPage(kept, kept[-1].place if len(found) > limit else None)


def kinds_of(connection: Connection, stream: str) -> list[str]:
    """Every kind of event in a stream, in alphabetical order."""
    return list(connection.execute(_KINDS, {"stream": stream}).scalars())


#: Each is found beyond the one before, by the index: there are few, of millions of entries.
_KINDS = text(
    """
    WITH RECURSIVE found (kind) AS (
        SELECT min(kind) FROM journal WHERE stream = :stream
        UNION ALL
        SELECT (SELECT min(kind) FROM journal WHERE stream = :stream AND kind > found.kind)
        FROM found WHERE found.kind IS NOT NULL
    )
    SELECT kind FROM found WHERE kind IS NOT NULL ORDER BY kind
    """
)


def entry_proof(connection: Connection, stream: str, seq: int) -> EntryProof | None:
    """One entry with its hash and the checkpoint that covers it; None if there is none."""
    query = select(journal).where(journal.c.stream == stream, journal.c.seq == seq)
    row = connection.execute(query).first()
    if row is None:
        return None
    covered_by = checkpoints.first_covering(connection, stream, seq)
    return EntryProof(_entry(row), covered_by)


def _newest(
    connection: Connection,
    stretch: Stretch,
    wanted: EntriesWanted,
    before: Place | None,
    limit: int,
) -> Iterator[KeptEntry]:
    conditions = [*_within(stretch, before), *_saying(connection, wanted)]
    query = select(journal).where(*conditions)
    if wanted.kinds is not None:
        kinds = wanted.kinds.intersection(kinds_of(connection, stretch.stream))
        if not kinds:
            return
        query = _of_kinds(query, sorted(kinds), limit)
    else:
        query = _in_order(query, limit)
    yield from map(_entry, connection.execute(query))


def _of_kinds(query: Select[Any], kinds: Sequence[str], limit: int) -> Select[Any]:
    """The newest of each kind, of which the newest: whatever else there is is not looked at."""
    newest = [
        select(_in_order(query.where(journal.c.kind == kind), limit).subquery()) for kind in kinds
    ]
    found = union_all(*newest).subquery()
    return select(found).order_by(found.c.at_ms.desc(), found.c.seq.desc()).limit(limit)


def _in_order(query: Select[Any], limit: int) -> Select[Any]:
    return query.order_by(journal.c.at_ms.desc(), journal.c.seq.desc()).limit(limit)


def _within(stretch: Stretch, before: Place | None) -> Iterator[ColumnElement[bool]]:
    row = journal.c
    yield row.stream == stretch.stream
    yield row.at_ms >= to_ms(stretch.since)
    yield row.at_ms <= to_ms(stretch.until)
    if before is None:
        return
    # The whole of it once more, as a range: or nothing would be found by its time.
    yield row.at_ms <= before.at_ms
    if stretch.stream == before.stream:
        yield or_(row.at_ms < before.at_ms, row.seq < before.seq)
    elif stretch.stream > before.stream:
        yield row.at_ms < before.at_ms


def _saying(connection: Connection, wanted: EntriesWanted) -> Iterator[ColumnElement[bool]]:
    body = journal.c.body
    if wanted.person:
        # Unlike LIKE, these mind capitals on both databases; bodies are canonical.
        place_of = func.instr if connection.dialect.name == "sqlite" else func.strpos
        yield or_(*(place_of(body, said) > 0 for said in _naming(wanted.person)))
    if wanted.text:
        yield body.icontains(codec.encode_text(wanted.text)[1:-1], autoescape=True)
    if wanted.news_only:
        news = (body.contains(said, autoescape=True) for said in _NEWS_OF_FORECASTS)
        yield or_(journal.c.kind != ForecastScored.__name__, *news)
    if wanted.people_only:
        yield from (~body.contains(said, autoescape=True) for said in _BY_RULE)


def _naming(person: str) -> Iterable[str]:
    name = codec.encode_text(person)[:-1]
    return (f'"{field}":{name}{end}' for field in PERSON_FIELDS for end in _AFTER_NAME)


def _entry(row: Any) -> KeptEntry:
    return KeptEntry(row.stream, row.seq, from_ms(row.at_ms), row.kind, row.body, bytes(row.hash))
