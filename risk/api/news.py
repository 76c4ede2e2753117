"""Entries of the journal, ready to be told: whom each is about, and how it stands on the wire."""

from typing import NamedTuple

import msgspec

from risk.api.sight import About
from risk.storage.telling import JournalEntry

#: Of a journal, as a database can hold it.
LARGEST_SEQ = 2**63 - 1


class _Envelope(msgspec.Struct):
    """An event, as far as it says whom it is about."""

    body: About


_read = msgspec.json.Decoder(_Envelope).decode
#: What only keys for the whole book get to see.
_NOBODY_KNOWS = About(scope="unknown")


def about(entry: JournalEntry) -> About:
    """Whom an event is about."""
    try:
        return _read(entry.body).body
    except msgspec.MsgspecError:
        return _NOBODY_KNOWS


class News(NamedTuple):
    """One event, ready to be sent.

    Attributes
    ----------
    seq : int
    kind : str
    about : About
    frame : bytes
        As a server-sent event.
    """

    seq: int
    kind: str
    about: About
    frame: bytes


def news_of(entry: JournalEntry) -> News:
    """An entry of the journal, ready to be sent."""
    frame = f"id: {entry.seq}\nevent: {entry.kind}\ndata: {entry.body}\n\n"
    return News(entry.seq, entry.kind, about(entry), frame.encode())
