"""What is read before a model is chosen for the book, and what becomes of the choice."""

from typing import Any, NamedTuple

from pages.components.basics import Component
from pages.components.toasts import toast
from pages.context import Book, CompleteCycle
from pages.format import sentence
from pages.query import Query
from pages.readings import Readings
from pages.views.health.book_model import status_words, waiting_words
from pages.views.health.preview import Preview, preview_of
from pages.views.health.reading import read_health
from risk.domain.actors import Actor
from risk.domain.market import Period
from risk.domain.proposals import ProposalStatus
from risk.engine.actions import Actions
from risk.errors import NotAllowed, SeawallError, StoreError, StoreUnavailable, UnknownPortfolio
from risk.portfolio.book_models import title_of

#: After so many cycles without a new one the engine gives no sign, whoever holds the portfolio.
_SILENT_CYCLES = 3.0


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
    if waiting is None:
        return None
    status = status_words(cycle, query)
    return waiting_words(waiting, status, query, now=readings.reader.wall())


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


def _newest(readings: Readings, query: Query) -> tuple[Book, CompleteCycle]:
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    if book is None or cycle is None:
        raise UnknownPortfolio("no book with a complete cycle is shown")
    return book, cycle


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


def choose(actions: Actions, actor: Actor, asked: Asked | None, *, own: bool) -> Outcome:
    """Propose that a book shall be measured by a model, and say what became of it.

    Parameters
    ----------
    actions : Actions
    actor : Actor
        Whose choice it is.
    asked : Asked or None
        None if the page sent nothing that its dialog held.
    own : bool
        Whether a page of this server asks; nobody else may.

    Raises
    ------
    NotAllowed
        If he may not.
    """
    if asked is None:
        return _refused("Another model", f"this page is not up to date: load it again. {_SAME}")
    book, model, seen = asked
    if not own:
        return _refused(title_of(model), f"only Seawall's own page may choose a model. {_SAME}")
    try:
        made = actions.choose_model(actor, book, model, seen=seen)
    except NotAllowed:
        raise
    except StoreUnavailable as problem:
        # An answer that got lost may have been a yes.
        return _refused(title_of(model), f"{problem}. It may be chosen all the same: look again")
    except SeawallError as problem:
        return _refused(title_of(model), f"{problem}. {_SAME}")
    if made.status is ProposalStatus.OPEN:
        text = f"Proposal {made.id} waits for another person, an officer."
        return Outcome(True, toast("normal", f"{title_of(model)} proposed", text, key="book-model"))
    text = "The engine takes it in with its next cycle; this page then says so."
    return Outcome(True, toast("normal", f"{title_of(model)} chosen", text, key="book-model"))


_SAME = "Nothing was changed"


def _refused(title: str, why: str) -> Outcome:
    text = f"{sentence(why)}."
    return Outcome(False, toast("caution", f"{title} not chosen", text, key="book-model"))
