"""What a screen's address says: book, time, zone, and the words of that screen's own.

An address can be shared: whoever opens it sees the same view. A word that it cannot mean is
replaced by the default, and `Query.notes` says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

from pages.format import UTC_ZONE, Zone, zone
from pages.theme import DEFAULT_SCHEME, Scheme
from risk.domain.actors import Actor

DEFAULT_RANGE = "24h"
RANGES: Mapping[str, timedelta | None] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
#: As people read them.
RANGE_NAMES: Mapping[str, str] = {
    "1h": "1\N{NO-BREAK SPACE}h",
    "24h": "24\N{NO-BREAK SPACE}h",
    "7d": "7\N{NO-BREAK SPACE}d",
    "30d": "30\N{NO-BREAK SPACE}d",
    "all": "All",
}
#: Far enough back for "all": no book is older than the oldest coin.
_BEGINNING = timedelta(days=365 * 20)
_LONGEST_SPAN = timedelta(days=366 * 5)

GROUPINGS: Mapping[str, str] = {"asset": "Asset", "strategy": "Strategy", "venue": "Venue"}


@dataclass(frozen=True)
class Word:
    """A word that the address of one screen may have, beside those that all have.

    Attributes
    ----------
    name : str
    default : str
        What the screen shows without it.
    what : str
        What it chooses, as said in a sentence.
    options : mapping of value to text, or None
        What it may be, and how the screen calls that; None for any short text, which the
        screen judges by what it shows.
    longest : int
        Letters of such a text at most.
    """

    name: str
    default: str
    what: str
    options: Mapping[str, str] | None = None
    longest: int = 80

    def allows(self, value: str) -> bool:
        """Whether it may be `value`."""
        return len(value) <= self.longest if self.options is None else value in self.options


BY = Word("by", "asset", "grouping", GROUPINGS)

#: Words of every screen. Links between screens carry them.
COMMON_WORDS = ("book", "range", "from", "to", "tz", "kiosk")


@dataclass(frozen=True)
class Query:
    """How a screen is to be shown.

    Attributes
    ----------
    book : str or None
        None for the first one.
    range : str
        A key of ``RANGES``.
    between : tuple of (datetime, datetime), or None
        Beginning and end, where the address names both: then `range` does not count.
    zone : Zone
    kiosk : bool
        Whether only the content is shown, as on a wall.
    choices : tuple of (str, str)
        The screen's own words, those at their default left out.
    scheme : Scheme
        Colours; chosen by the browser and never part of an address.
    words : tuple of Word
        What the screen's own words are.
    notes : tuple of str
        What the address said that could not be understood; plain sentences.
    viewer : Actor or None
        Who looks, on screens that are another for each; never part of an address.
    """

    book: str | None = None
    range: str = DEFAULT_RANGE
    between: tuple[datetime, datetime] | None = None
    zone: Zone = UTC_ZONE
    kiosk: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    scheme: Scheme = DEFAULT_SCHEME
    words: tuple[Word, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    viewer: Actor | None = None

    def choice(self, word: str) -> str:
        """What one of the screen's own words says, or its default."""
        defaults = {own.name: own.default for own in self.words}
        return dict(self.choices).get(word, defaults[word])

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """Beginning and end of the range, as it stands at `now`.

        A range that names its end stands still once that has passed; of one that ends later
        there is nothing to show yet after `now`.
        """
        if self.between is None or self.between[0] >= now:
            return now - (RANGES[self.range] or _BEGINNING), now
        since, until = self.between
        return since, min(until, now)

    def stands_still(self, now: datetime) -> bool:
        """Whether the range ended before `now`, so that charts do not go on."""
        return self.span(now)[1] < now

    def still_to_come(self, now: datetime) -> str | None:
        """What is shown in place of a range that has not begun at `now`; None of any other."""
        if self.between is None or self.between[0] < now:
            return None
        begins = f"{self.minute(self.between[0], now)} {self.zone.label(self.between[0])}"
        return f"Nothing is known yet of what follows {begins}; {self.range} is shown."

    def range_words(self, now: datetime) -> str:
        """The range as a heading says it: ``range 24 h``, or ``10 Nov 08:00 to 12 Nov 09:30``."""
        if self.between is None or self.between[0] >= now:
            return f"range {RANGE_NAMES[self.range].lower()}"
        since, until = self.span(now)
        return f"{self.minute(since, now)} to {self.minute(until, now)}"

    def minute(self, moment: datetime, now: datetime) -> str:
        """``10 Nov 08:00``, with the year unless that is the running one."""
        return f"{self.zone.date(moment, now=now)} {self.zone.clock(moment)[:5]}"

    def as_words(self) -> dict[str, str]:
        """Back to the words of an address; :func:`parse` undoes it."""
        said = {
            "book": self.book,
            "range": None if self.range == DEFAULT_RANGE else self.range,
            "from": self.between and utc_text(self.between[0]),
            "to": self.between and utc_text(self.between[1]),
            "tz": None if self.zone.is_utc else self.zone.name,
            "kiosk": "1" if self.kiosk else None,
            **dict(self.choices),
        }
        return {word: value for word, value in said.items() if value is not None}

    def href(self, path: str, **changes: str | None) -> str:
        """The address of this view at `path` with some words changed; None leaves one out."""
        defaults = {own.name: own.default for own in self.words}
        said = {**self.as_words(), **changes}
        kept = {w: v for w, v in said.items() if v is not None and v != defaults.get(w)}
        return f"{path}?{urlencode(kept, safe=':/')}" if kept else path

    def links_to(self, path: str) -> Callable[[Mapping[str, str | None]], str]:
        """What turns changed words into the address of this view at `path` with them."""
        return lambda changes: self.href(path, **changes)


def words_of(address: str) -> dict[str, str | list[str]]:
    """The words of an address, as :func:`parse` takes them: ``/limits?scope=asset``."""
    said = parse_qs(address.partition("?")[2], keep_blank_values=True)
    return {word: values[0] if len(values) == 1 else values for word, values in said.items()}


def parse(
    address: Mapping[str, str | Sequence[str] | None],
    words: Sequence[Word] = (),
    *,
    scheme: Scheme = DEFAULT_SCHEME,
) -> Query:
    """The query that an address means; of a word said several times the last counts.

    Parameters
    ----------
    address : mapping of word to what it says
    words : sequence of Word
        The screen's own.
    scheme : Scheme
    """
    notes: list[str] = []
    said = {name: _last(name, value, notes) for name, value in address.items()}
    _tell_unknown(said, words, notes)
    return Query(
        book=said.get("book"),
        range=_range_of(said.get("range"), notes),
        between=_between(said.get("from"), said.get("to"), notes),
        zone=_zone_of(said.get("tz"), notes),
        kiosk=_flag("kiosk", said.get("kiosk"), notes),
        choices=_choices(said, words, notes),
        scheme=scheme,
        words=tuple(words),
        notes=tuple(notes),
    )


def _last(name: str, said: str | Sequence[str] | None, notes: list[str]) -> str | None:
    if said is None or isinstance(said, str):
        return said
    notes.append(f"The address says {name[:40]!r} {len(said)} times; the last one counts.")
    return said[-1]


def _tell_unknown(said: Mapping[str, str | None], words: Sequence[Word], notes: list[str]) -> None:
    known = {*COMMON_WORDS, *(word.name for word in words)}
    notes.extend(
        f"This page does not know the word {name[:40]!r}." for name in said if name not in known
    )


def _range_of(said: str | None, notes: list[str]) -> str:
    if said is None or said in RANGES:
        return said or DEFAULT_RANGE
    notes.append(f"There is no range {said[:40]!r}; {DEFAULT_RANGE} is shown.")
    return DEFAULT_RANGE


def utc_text(moment: datetime) -> str:
    """A time as an address says it: ``2026-11-10T08:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}Z"


def _between(
    since: str | None, until: str | None, notes: list[str]
) -> tuple[datetime, datetime] | None:
    """Both ends of a range, or None and why."""
    if since is None and until is None:
        return None
    ends = _moment(since), _moment(until)
    if ends[0] is None or ends[1] is None:
        wrong = (since if ends[0] is None else until) or "nothing"
        why = f"{wrong[:40]!r} is no time like 2026-11-10T08:00Z"
    elif ends[0] >= ends[1]:
        why = "it ends before it begins"
    elif ends[1] - ends[0] > _LONGEST_SPAN:
        why = f"it is longer than {_LONGEST_SPAN.days} days"
    else:
        return ends[0], ends[1]
    notes.append(f"The range from one time to another cannot be shown: {why}.")
    return None


def _moment(said: str | None) -> datetime | None:
    """A time of an address, to the minute; UTC unless it names an offset."""
    try:
        moment = datetime.fromisoformat(said or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(second=0, microsecond=0)
    except (ValueError, OverflowError):
        return None


def _zone_of(name: str | None, notes: list[str]) -> Zone:
    found = zone(name) if name else UTC_ZONE
    if found is None:
        notes.append(f"There is no time zone {str(name)[:40]!r} here; times are UTC.")
    return found or UTC_ZONE


def _flag(name: str, said: str | None, notes: list[str]) -> bool:
    if said not in (None, "0", "1"):
        notes.append(f"{name!r} is 1 or 0, not {said[:40]!r}; 0 is taken.")
    return said == "1"


def _choices(
    said: Mapping[str, str | None], words: Sequence[Word], notes: list[str]
) -> tuple[tuple[str, str], ...]:
    chosen: list[tuple[str, str]] = []
    for word in words:
        value = said.get(word.name)
        if value is None or value == word.default:
            continue
        if word.allows(value):
            chosen.append((word.name, value))
        else:
            shown = (word.options or {}).get(word.default, word.default)
            notes.append(f"There is no {word.what} {value[:40]!r}; {shown} is shown.")
    return tuple(chosen)
