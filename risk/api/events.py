"""What happened, by its number in the portfolio's journal."""

from typing import Annotated

import msgspec

from risk.api.news import LARGEST_SEQ, about
from risk.api.operations import READERS, Call, Operation
from risk.api.sight import Sight
from risk.storage.telling import JournalEntry

_USUAL = 100


class EventsParameters(msgspec.Struct, kw_only=True, frozen=True):
    """Which events.

    Attributes
    ----------
    after : int or None
        Those later than this number; the newest ones unless given.
    limit : int
        How many entries of the journal are looked at, at most.
    """

    after: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SEQ)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = _USUAL


class EventEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One event.

    Attributes
    ----------
    seq : int
        Its number in the journal.
    event : object
        ``{"kind", "version", "body"}``, as `seawall events schema` describes.
    """

    seq: int
    event: msgspec.Raw


class EventsAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Events in the order in which they were written down.

    Attributes
    ----------
    events : list of EventEntry
        Without those about strategies that the key does not see.
    next : int
        Ask with `after` of this number for later ones.
    """

    events: list[EventEntry]
    next: int


async def _events(call: Call) -> EventsAnswer:
    asked: EventsParameters = call.parameters
    desk = call.desk
    entries = await desk.aside(lambda: _entries(call, asked))
    sight = call.sight(desk.view())
    return EventsAnswer(
        events=[_entry(each) for each in entries if _seen(sight, each)],
        next=entries[-1].seq if entries else asked.after or 0,
    )


def _entries(call: Call, asked: EventsParameters) -> list[JournalEntry]:
    reader, portfolio = call.desk.reader, call.desk.portfolio
    if asked.after is None:
        return list(reader.last_entries(portfolio, limit=asked.limit))
    return list(reader.entries_after(portfolio, asked.after, limit=asked.limit))


def _seen(sight: Sight, entry: JournalEntry) -> bool:
    return sight.event(entry.kind, about(entry))


def _entry(entry: JournalEntry) -> EventEntry:
    return EventEntry(seq=entry.seq, event=msgspec.Raw(entry.body))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/events",
        summary="What happened: the newest events, or those after a number.",
        handle=_events,
        abilities=READERS,
        parameters=EventsParameters,
        answer=EventsAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
