"""What is read before a model is chosen for the book, and what becomes of the choice."""

from typing import Any, NamedTuple

from pages.components.basics import Component
from pages.components.toasts import toast
from pages.context import Book, Changes, CompleteCycle
from pages.format import sentence
from pages.query import Query
from pages.readings import Readings
from pages.views.health.book_model import (
    BY_PAGE,
    Preview,
    preview_of,
    status_words,
    waiting_words,
)
from risk.domain.market import Period
from risk.errors import SeawallError, StoreError, UnknownPortfolio
from risk.portfolio.book_models import title_of


class Outcome(NamedTuple):
    """What became of a choice.

    Attributes
    ----------
    chosen : bool
    toast : dict
        A message for `sendNotifications`.
    """

    chosen: bool
    toast: dict[str, Any]


def read_status(readings: Readings, query: Query) -> list[Component] | None:
    """The card's sentence with what waits for the engine; None if nothing does."""
    book, cycle = _newest(readings, query)
    waiting = readings.reader.waiting_model(book.name)
    return None if waiting is None else waiting_words(waiting, status_words(cycle, query))


def read_preview(readings: Readings, query: Query, wanted: str) -> Preview:
    """What another model would say of the newest complete snapshot.

    Raises
    ------
    InvalidInput
        If no model of a book is called that.
    """
    book, cycle = _newest(readings, query)
    model = readings.reader.model(book.name, Period.DAY)
    if model is None:
        raise StoreError(f"no one-day model of {book.name} is kept")
    return preview_of(
        book,
        cycle,
        model,
        wanted,
        age=readings.reader.wall() - cycle.pulse.saved,
        away=not readings.reader.engine(book.name).running,
    )


def _newest(readings: Readings, query: Query) -> tuple[Book, CompleteCycle]:
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    if book is None or cycle is None:
        raise UnknownPortfolio("no book with a complete cycle is shown")
    return book, cycle


def choose(changes: Changes, book: str, model: str, *, own: bool) -> Outcome:
    """Write down that a book shall be measured by a model, and say what became of it.

    Parameters
    ----------
    changes : Changes
    book, model : str
        As the dialog showed them.
    own : bool
        Whether a page of this server asks; nobody else may.
    """
    if not own:
        return _refused(model, "only Seawall's own page may choose a model")
    try:
        changes.choose_model(book, model, who=BY_PAGE)
    except SeawallError as problem:
        return _refused(model, str(problem))
    text = "The engine takes it in with its next cycle; this page then says so."
    return Outcome(True, toast("normal", f"{title_of(model)} chosen", text, key="book-model"))


def _refused(model: str, why: str) -> Outcome:
    title, text = f"{title_of(model)} not chosen", f"{sentence(why)}. Nothing was changed."
    return Outcome(False, toast("caution", title, text, key="book-model"))
