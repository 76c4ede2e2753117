"""What is read before a model is chosen for the book, and what becomes of the choice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pages.components.basics import Component
from pages.context import Book, CompleteCycle
from pages.format import sentence
from pages.query import Query
from pages.readings import Readings
from pages.reasons import reason_fault, typed_line
from pages.views.editing.sending import (
    NOT_UP_TO_DATE,
    Outcome,
    propose,
    refused,
)
from pages.views.editing.subjects import NO_NUMBER
from pages.views.health.book_model import proposed_parts, status_words, waiting_words
from pages.views.health.preview import Preview, preview_of
from pages.views.health.reading import read_health
from risk.domain.actions import ChooseBookModel
from risk.domain.actors import Actor
from risk.domain.market import Period
from risk.domain.proposals import Proposal
from risk.engine.actions import Actions
from risk.errors import StoreError
from risk.portfolio.book_models import title_of

#: After so many cycles without a new one the engine gives no sign, whoever holds the portfolio.
_SILENT_CYCLES = 3.0


def read_status(
    readings: Readings, query: Query, kept: Sequence[Proposal]
) -> list[Component] | None:
    """The card's sentence with what waits for the engine or a second person; None if nothing does.

    Parameters
    ----------
    readings : Readings
    query : Query
    kept : sequence of Proposal
        Those of the book that wait.
    """
    book, cycle = readings.shown(query)
    waiting, now = readings.reader.waiting_model(book.name), readings.reader.wall()
    proposed = [each for each in kept if isinstance(each.change, ChooseBookModel)]
    if waiting is None and not proposed:
        return None
    said = status_words(cycle, query)
    if waiting is not None:
        said = waiting_words(waiting, said, query, now=now)
    return [*said, *(part for each in proposed for part in proposed_parts(each, query, now=now))]


def read_preview(readings: Readings, query: Query, wanted: str) -> Preview:
    """What another model would say of the newest complete snapshot.

    Raises
    ------
    InvalidInput
        If no model of a book is called that.
    """
    book, cycle = readings.shown(query)
    model = readings.reader.model(book.name, Period.DAY)
    if model is None:
        raise StoreError(f"no one-day model of {book.name} is kept")
    waiting = readings.reader.waiting_model(book.name)
    return preview_of(
        book,
        cycle,
        model,
        wanted,
        taken=query.zone.date_and_clock(cycle.pulse.market, now=readings.reader.wall()),
        judged=read_health(readings, query, book, cycle).models,
        away=_is_away(readings, book, cycle),
        seen=max(cycle.state.action_seq, 0 if waiting is None else waiting.seq),
    )


def _is_away(readings: Readings, book: Book, cycle: CompleteCycle) -> bool:
    reader = readings.reader
    # Saved in the future: the clock was set back, and no cycle came since.
    age = abs((reader.wall() - cycle.pulse.saved).total_seconds())
    return age >= _SILENT_CYCLES * reader.cycle_seconds or not reader.engine(book.name).running


class Asked(NamedTuple):
    """What the dialog offered when it was confirmed.

    Attributes
    ----------
    book, model : str
    seen : int
        Number of the last action that was known when the models were compared.
    """

    book: str
    model: str
    seen: int


def asked_of(data: Any) -> Asked | None:
    """What a page sends back of its dialog; None if it is nothing that a dialog held."""
    if not isinstance(data, dict):
        return None
    book, model, seen = (data.get(name) for name in Asked._fields)
    if isinstance(book, str) and isinstance(model, str) and isinstance(seen, int):
        return Asked(book, model, seen)
    return None


def choose(
    actions: Actions, actor: Actor, asked: Asked | None, *, reason: str | None, at: datetime
) -> Outcome:
    """Propose that a book shall be measured by a model, and say what became of it.

    Parameters
    ----------
    actions : Actions
    actor : Actor
        Whose choice it is.
    asked : Asked or None
        None if the page sent nothing that its dialog held.
    reason : str or None
        As it was typed.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    NotAllowed
        If he may not.
    """
    if asked is None:
        return refused("another model", NOT_UP_TO_DATE)
    title, fault = f"measure the book by {title_of(asked.model)}", reason_fault(reason)
    if fault:
        return refused(title, fault)._replace(reason=f"{sentence(fault)}.")
    change = ChooseBookModel(
        seq=NO_NUMBER, at=at, who=actor.name, model=asked.model, seen=asked.seen
    )
    return propose(actions, actor, asked.book, change, title=title, reason=typed_line(reason))
