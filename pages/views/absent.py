"""What stands on a screen whose numbers cannot be shown, and what is to be said of its address."""

from datetime import datetime

from dash import html

from pages.components.basics import Component
from pages.components.notices import empty_state, error_state, page_banner
from pages.context import Book, EngineSign
from pages.format import sentence
from pages.query import Query

#: What is to be said of the address stands here.
ADDRESS_NOTICES = "address-notices"


def unreadable_parts(reason: str) -> list[Component]:
    """What stands here while the store does not answer."""
    return [
        error_state(
            "The book cannot be read",
            f"{sentence(reason)}. This page fills by itself once the book can be read again.",
        )
    ]


def no_cycle_parts(book: Book | None, engine: EngineSign | None) -> list[Component]:
    """What stands here before the first cycle, or without any book.

    Parameters
    ----------
    book : Book or None
    engine : EngineSign or None
        Of that book; None without one.
    """
    if book is None or engine is None:
        return [
            empty_state(
                "No portfolio yet",
                "Add one with “seawall portfolios add NAME”, then fund it. It appears here by "
                "itself.",
            )
        ]
    return [empty_state(f"No complete cycle of {book.name} yet", _why_none(book, engine))]


def _why_none(book: Book, engine: EngineSign) -> str:
    then = "This page fills by itself once a cycle is complete."
    if engine.problem is not None:
        return f"{engine.problem} {then}"
    if not engine.running:
        start = f"“SEAWALL_PORTFOLIO={book.name} seawall engine”"
        return f"No engine runs for it: start one with {start}. {then}"
    return (
        "The engine prepares its first cycle: it reads prices and warms its models. On the very "
        "first start of the demonstration it also leads the book through half a year, which takes "
        "a minute or two. The book is treated as halted until then. This page fills by itself. If "
        "it stays empty, look at the engine's log."
    )


def no_course() -> Component:
    """What stands in a chart's place while nothing is known of its range."""
    return empty_state(
        "Nothing is known of this range yet",
        "A book's history begins with its first cycles; the chart fills by itself within minutes. "
        "Of an older range, choose one that reaches into the book's life.",
        small=True,
    )


#: What most screens say of a range that is over.
RANGE_OVER = "Figures are of now; the range moves the charts only."


def address_notices(
    query: Query, book: Book | None, now: datetime | None = None, *, over: str = RANGE_OVER
) -> html.Div:
    """What the address asked for that does not exist, and of which time the figures are.

    Parameters
    ----------
    query : Query
    book : Book or None
    now : datetime or None
        The market's time; None before the first cycle.
    over : str
        What is said of a range that is over.
    """
    notes = [*query.notes, *_unknown_book(query.book, book)]
    banners = [
        *([page_banner("Address not understood.", " ".join(notes), state="info")] if notes else []),
        *(_of_another_time(query, now, over) if now is not None else []),
    ]
    return html.Div(banners, id=ADDRESS_NOTICES, className="sw-notices sw-address-notices")


def _of_another_time(query: Query, now: datetime, over: str) -> list[Component]:
    coming = query.still_to_come(now)
    if coming is not None:
        return [page_banner("This range has not begun.", coming, state="info")]
    if not query.stands_still(now):
        return []
    return [page_banner("This range is over.", over, state="info")]


def _unknown_book(asked: str | None, book: Book | None) -> list[str]:
    if asked is None or book is None or asked == book.name:
        return []
    return [f"There is no book {asked[:40]!r}; {book.name} is shown."]
