"""What the address of the Journal page may say."""

from collections.abc import Collection
from datetime import datetime, timedelta

from pages.context import EntriesWanted, Place, Stretch
from pages.paths import JOURNAL_PATH
from pages.query import Query, Word
from pages.views.journal.groups import GROUPS, PEOPLE, STORY, kinds_of_group
from risk.domain.events import PEOPLE_STREAM

PATH = JOURNAL_PATH
#: The screen, and what moves of it.
SCREEN = "journal"
JOURNAL_VIEW = f"{SCREEN}-view"
#: What stands above the one entry that is told at length; that one comes once it is chosen, and is
#: then next to what is brought into sight.
ABOVE_ENTRY = "journal-chain"

GROUP = Word("kind", STORY, "kind of entries", GROUPS)
PERSON = Word("person", "", "person", longest=64)
TEXT = Word("text", "", "text")
ENTRY = Word("entry", "", "entry", longest=100)
#: The list goes on from this place backwards.
BEFORE = Word("before", "", "place", longest=120)
FILTERS = (GROUP, PERSON, TEXT)
WORDS = (*FILTERS, ENTRY, BEFORE)

#: Digits of a number that fits into the table.
_DIGITS = 18
#: Between two cycles time goes on: what happens then belongs to "now" too.
_TO_COME = timedelta(days=1)


def unfiltered(query: Query) -> str:
    """The address of the same view without any filter."""
    return query.href(PATH, **{word.name: None for word in (*FILTERS, BEFORE)})


def searches(query: Query) -> bool:
    """Whether entries are looked through for what stands in them: that may take a while."""
    return bool(query.choice(PERSON.name) or query.choice(TEXT.name))


def entry_text(stream: str, seq: int) -> str:
    """An entry as the address says it: ``demo:14902``."""
    return f"{stream}:{seq}"


def entry_named(query: Query) -> tuple[str, int] | None:
    """Stream and number of the entry that the address names; None if it names none."""
    stream, _, number = query.choice(ENTRY.name).rpartition(":")
    return (stream, int(number)) if stream and _is_number(number) else None


def before_text(place: Place) -> str:
    """A place as the address says it: ``1795910400000/demo/14902``."""
    return f"{place.at_ms}/{place.stream}/{place.seq}"


def before(query: Query) -> Place | None:
    """From where on backwards the list is told; None from its beginning, or if that is none."""
    at, _, rest = query.choice(BEFORE.name).partition("/")
    stream, _, seq = rest.rpartition("/")
    if not stream or not _is_number(at) or not _is_number(seq):
        return None
    return Place(int(at), stream, int(seq))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS


def wanted_of(
    query: Query, book: str, *, market: datetime, wall: datetime, present: Collection[str]
) -> EntriesWanted:
    """Which entries the range and the filters ask for.

    Parameters
    ----------
    query : Query
    book : str
    market, wall : datetime
        Now by either clock: what happened to the book bears the market's time, what people did
        about logins and proposals the wall's.
    present : collection of str
        Kinds of all entries that there are.
    """
    group = query.choice(GROUP.name)
    return EntriesWanted(
        (_stretch(query, book, market), _stretch(query, PEOPLE_STREAM, wall)),
        kinds=kinds_of_group(group, present),
        person=query.choice(PERSON.name),
        text=query.choice(TEXT.name),
        news_only=group == STORY,
        people_only=group == PEOPLE,
    )


def _stretch(query: Query, stream: str, now: datetime) -> Stretch:
    since, until = query.span(now)
    # By the minute, so that nothing is read anew while nothing happened.
    ends = until if query.stands_still(now) else _minute(now) + _TO_COME
    return Stretch(stream, _minute(since), ends)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
