"""One entry of the journal in words."""

from typing import Any, NamedTuple

import msgspec

from pages.context import KeptEntry
from pages.views.happenings import words, words_of_kind
from risk.domain.events import PEOPLE_STREAM, RiskEvent
from risk.domain.policy import Policy
from risk.errors import EventInvalid
from risk.storage.codec import decode_event


class Told(NamedTuple):
    """An entry as people read it.

    Attributes
    ----------
    shape : str
        Its glyph, which is also the name of its colour.
    fact, detail : str
        The bold words, and the rest of the sentence.
    """

    shape: str
    fact: str
    detail: str

    @property
    def sentence(self) -> str:
        """Both, as one sentence."""
        return f"{self.fact}, {self.detail}." if self.detail else f"{self.fact}."


def told_of(entry: KeptEntry, currency: str, policy: Policy | None = None) -> Told:
    """What an entry tells, also of a kind that this program does not know.

    Parameters
    ----------
    entry : KeptEntry
    currency : str
    policy : Policy, optional
        In force: in its units changes of it are read.
    """
    event = event_of(entry)
    return Told(*(words_of_kind(entry.kind) if event is None else words(event, currency, policy)))


def event_of(entry: KeptEntry) -> RiskEvent | None:
    """The event of an entry; None of one that a newer program wrote."""
    try:
        return decode_event(entry.body)
    except EventInvalid:
        return None


def fields_of(entry: KeptEntry) -> dict[str, Any]:
    """What an entry says, field by field, as it is kept."""
    body: dict[str, Any] = msgspec.json.decode(entry.body)["body"]
    return body


def stream_words(stream: str) -> str:
    """A stream as people call it: ``people``, or the book's name."""
    return "people" if stream == PEOPLE_STREAM else stream
