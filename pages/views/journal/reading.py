"""Everything that the Journal page shows, read and brought into shape."""

from dataclasses import dataclass
from datetime import datetime

from pages.context import (
    Book,
    ChainView,
    CompleteCycle,
    EntriesPage,
    EntriesWanted,
    EntryProof,
    Place,
)
from pages.later import Awaited
from pages.query import Query
from pages.readings import Readings
from pages.views.journal.address import before, entry_named, searches, wanted_of
from risk.domain.events import PEOPLE_STREAM

#: People act while no engine runs: nothing here may stand still with the cycles. By the wall, after
#: so many seconds, it is asked for all browsers how long the journal is, and which kinds of entries
#: there are; and a search is repeated, which may have looked through all that was ever written.
_LENGTH_SECONDS, _KINDS_SECONDS, _SEARCH_SECONDS = 1, 3, 30
#: So often the page is drawn anew at least: a look at the chain grows old though nobody writes.
_DRAWN_SECONDS = 5
#: From the number of one drawing to the next: a journal that was cut off looks like no earlier one.
_APART = 1_000_000


@dataclass(frozen=True, kw_only=True)
class JournalData:
    """Everything the Journal page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    wall : datetime
        Now, by the wall; the cycle may be long past.
    listed : Awaited of EntriesPage
        What the range and the filters leave; a search may take a while.
    chains : tuple of ChainView
        Of the book's journal and of that of people, as far as they were followed.
    chosen : EntryProof or None
        The entry that the address names, if there is one.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    wall: datetime
    listed: Awaited[EntriesPage]
    chains: tuple[ChainView, ...]
    chosen: EntryProof | None

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market


def journal_news(readings: Readings, book: Book) -> int:
    """Grows with each entry, and every few seconds."""
    return readings.epoch(_DRAWN_SECONDS) * _APART + _length(readings, book)


def _length(readings: Readings, book: Book) -> int:
    return readings.once(
        ("journal length", book.name, readings.epoch(_LENGTH_SECONDS)),
        lambda: readings.reader.journal_length(book.name),
    )


def read_journal(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> JournalData:
    """Everything that the Journal page shows of one moment."""
    # Read first: whatever is written meanwhile has a later number, and is read again with that.
    length, news = _length(readings, book), journal_news(readings, book)
    wanted = read_wanted(readings, query, book, cycle)
    return JournalData(
        book=book,
        query=query,
        cycle=cycle,
        wall=readings.reader.wall(),
        listed=_listed(readings, wanted, before(query), (book.name, length), query),
        chains=tuple(readings.reader.chains(book.name)),
        chosen=_chosen(readings, query, book, news),
    )


def read_wanted(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> EntriesWanted:
    """Which entries the range and the filters ask for."""
    present = readings.once(
        ("journal kinds", book.name, readings.epoch(_KINDS_SECONDS)),
        lambda: frozenset(
            kind
            for stream in (book.name, PEOPLE_STREAM)
            for kind in readings.reader.journal_kinds(stream)
        ),
    )
    market, wall = cycle.pulse.market, readings.reader.wall()
    return wanted_of(query, book.name, market=market, wall=wall, present=present)


def _listed(
    readings: Readings,
    wanted: EntriesWanted,
    place: Place | None,
    length: tuple[str, int],
    query: Query,
) -> Awaited[EntriesPage]:
    def read() -> EntriesPage:
        return readings.reader.journal_page(wanted, before=place)

    if searches(query):
        epoch = readings.epoch(_SEARCH_SECONDS)
        return readings.later.ask_anew(("journal", wanted, place), read, epoch=epoch)
    return Awaited(readings.once(("journal", wanted, place, length), read))


def _chosen(readings: Readings, query: Query, book: Book, news: int) -> EntryProof | None:
    named = entry_named(query)
    # Of another book the address would have to say so.
    if named is None or named[0] not in (book.name, PEOPLE_STREAM):
        return None
    return readings.once(
        ("journal entry", *named, news), lambda: readings.reader.journal_entry(*named)
    )
