"""Entries of the journal as a file for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterator

from pages.context import BookReader, EntriesWanted, KeptEntry
from pages.query import Query
from pages.readings import Readings
from pages.views.journal.address import before
from pages.views.journal.reading import read_wanted
from pages.views.journal.story import MOST_SAVED
from pages.views.journal.telling import fields_of, stream_words, told_of
from risk.domain.spreadsheets import safe_cell

_HEAD = ("At", "Journal", "Entry", "Kind", "What happened", "Fields", "Hash")
#: Entries that are read at once.
_AT_ONCE = 1_000


def read_file(readings: Readings, query: Query) -> tuple[str, str] | None:
    """Name and text of the file of the entries that a view shows; None before the first cycle."""
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    if book is None or cycle is None:
        return None
    wanted = read_wanted(readings, query, book, cycle)
    entries = _entries(readings.reader, wanted, query)
    name = f"seawall-{book.name}-journal-{cycle.pulse.market:%Y%m%dT%H%M%SZ}.csv"
    return name, csv_text(entries, book.currency)


def csv_text(entries: Iterator[KeptEntry], currency: str) -> str:
    """A row an entry, and no text that a spreadsheet would run as a formula."""
    file = io.StringIO()
    write = csv.writer(file, lineterminator="\r\n")
    write.writerow(_HEAD)
    write.writerows(_row(entry, currency) for entry in entries)
    return file.getvalue()


def _entries(reader: BookReader, wanted: EntriesWanted, query: Query) -> Iterator[KeptEntry]:
    place, left = before(query), MOST_SAVED
    while left:
        page = reader.journal_page(wanted, before=place, limit=min(left, _AT_ONCE))
        yield from page.entries
        place, left = page.older, left - len(page.entries)
        if place is None:
            return


def _row(entry: KeptEntry, currency: str) -> tuple[str, ...]:
    return (
        entry.at.isoformat(timespec="milliseconds"),
        safe_cell(stream_words(entry.stream)),
        str(entry.seq),
        safe_cell(entry.kind),
        safe_cell(told_of(entry, currency).sentence),
        safe_cell(json.dumps(fields_of(entry), ensure_ascii=False)),
        entry.hash.hex(),
    )
