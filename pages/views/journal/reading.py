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

#: Cycles for which it is reused which kinds of entries there are, and what a search found: that may
#: have looked through all that was ever written.
_KINDS_REUSE, _SEARCH_REUSE = 3, 30


@dataclass(frozen=True, kw_only=True)
class JournalData:
    """Everything the Journal page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
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
    listed: Awaited[EntriesPage]
    chains: tuple[ChainView, ...]
    chosen: EntryProof | None

    @property
    def now(self) -> datetime:
        """The market's time of the cycle."""
        return self.cycle.pulse.market

    @property
    def wall(self) -> datetime:
        """The wall's time of the cycle."""
        return self.cycle.pulse.saved


def read_journal(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> JournalData:
    """Everything that the Journal page shows of one moment."""
    number = cycle.pulse.cycle
    # Read first: whatever is written meanwhile has a later number, and is read again with that.
    length = readings.once(
        ("journal length", book.name, number), lambda: readings.reader.journal_length(book.name)
    )
    wanted = read_wanted(readings, query, book, cycle)
    return JournalData(
        book=book,
        query=query,
        cycle=cycle,
        listed=_listed(readings, wanted, before(query), (book.name, length), number, query),
        chains=tuple(readings.reader.chains(book.name)),
        chosen=_chosen(readings, query, book, length),
    )


def read_wanted(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> EntriesWanted:
    """Which entries the range and the filters ask for."""
    present = readings.once(
        ("journal kinds", book.name, cycle.pulse.cycle // _KINDS_REUSE),
        lambda: frozenset(
            kind
            for stream in (book.name, PEOPLE_STREAM)
            for kind in readings.reader.journal_kinds(stream)
        ),
    )
    pulse = cycle.pulse
    return wanted_of(query, book.name, market=pulse.market, wall=pulse.saved, present=present)


def _listed(
    readings: Readings,
    wanted: EntriesWanted,
    place: Place | None,
    news: tuple[str, int],
    cycle: int,
    query: Query,
) -> Awaited[EntriesPage]:
    def read() -> EntriesPage:
        return readings.reader.journal_page(wanted, before=place)

    if searches(query):
        return readings.later.ask_anew(
            ("journal", wanted, place), read, epoch=cycle // _SEARCH_REUSE
        )
    return Awaited(readings.once(("journal", wanted, place, news), read))


def _chosen(readings: Readings, query: Query, book: Book, length: int) -> EntryProof | None:
    named = entry_named(query)
    # Of another book the address would have to say so.
    if named is None or named[0] not in (book.name, PEOPLE_STREAM):
        return None
    return readings.once(
        ("journal entry", *named, length), lambda: readings.reader.journal_entry(*named)
    )
