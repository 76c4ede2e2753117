"""What a screen's address says: book, range, time zone, grouping. An address can be shared.

A word that an address cannot mean is replaced by the default, and `Query.notes` says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pages.format import UTC_ZONE, Zone, zone

DEFAULT_RANGE = "24h"
RANGES: Mapping[str, timedelta | None] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
#: Far enough back for "all": no book is older than the oldest coin.
_BEGINNING = timedelta(days=365 * 20)

GROUPINGS: Mapping[str, str] = {"asset": "Asset", "strategy": "Strategy", "venue": "Venue"}
DEFAULT_GROUPING = "asset"


@dataclass(frozen=True)
class Query:
    """How a screen is to be shown.

    Attributes
    ----------
    book : str or None
        None for the first one.
    range : str
        A key of ``RANGES``.
    zone : Zone
    by : str
        A key of ``GROUPINGS``.
    notes : tuple of str
        What the address said that could not be understood; plain sentences.
    """

    book: str | None = None
    range: str = DEFAULT_RANGE
    zone: Zone = UTC_ZONE
    by: str = DEFAULT_GROUPING
    notes: tuple[str, ...] = field(default=(), compare=False)

    def since(self, now: datetime) -> datetime:
        """Where the range begins that ends at `now`."""
        return now - (RANGES[self.range] or _BEGINNING)

    def as_words(self) -> dict[str, str | None]:
        """Back to the words of an address; :func:`parse` undoes it."""
        return {"book": self.book, "range": self.range, "tz": self.zone.name, "by": self.by}


def parse(address: Mapping[str, str | Sequence[str] | None]) -> Query:
    """The query that an address means; of a word said several times the last counts."""
    notes: list[str] = []
    words = {name: _last(name, said, notes) for name, said in address.items()}
    return Query(
        book=words.get("book"),
        range=_one_of(RANGES, words.get("range"), DEFAULT_RANGE, "range", notes),
        zone=_zone_of(words.get("tz"), notes),
        by=_one_of(GROUPINGS, words.get("by"), DEFAULT_GROUPING, "grouping", notes),
        notes=tuple(notes),
    )


def _last(name: str, said: str | Sequence[str] | None, notes: list[str]) -> str | None:
    if said is None or isinstance(said, str):
        return said
    notes.append(f"The address says {name[:40]!r} {len(said)} times; the last one counts.")
    return said[-1]


def _one_of(
    choices: Mapping[str, object], word: str | None, default: str, what: str, notes: list[str]
) -> str:
    if word is None or word in choices:
        return word or default
    notes.append(f"There is no {what} {word[:40]!r}; {default} is shown.")
    return default


def _zone_of(name: str | None, notes: list[str]) -> Zone:
    found = zone(name) if name else UTC_ZONE
    if found is None:
        notes.append(f"There is no time zone {str(name)[:40]!r} here; times are UTC.")
    return found or UTC_ZONE
