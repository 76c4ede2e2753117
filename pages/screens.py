"""Screens that move: each is read and built once a cycle, and browsers are told the difference.

A page says what it reads and how that looks (`Screen`); everything else is here. However many
browsers look at one book in one view, it is built once a cycle; a browser that says which
cycle it shows gets the difference only, and one that has been away gets all of it.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import structlog
from dash import Input, Output, State, callback, dcc, html, set_props
from flask import current_app, request

from pages.components.basics import Component
from pages.components.deltas import CannotExpress, Deltas, deltas, plain
from pages.context import Book, BookReader, CompleteCycle, Pulse
from pages.newest import Newest
from pages.query import Query, Word, parse
from pages.readings import Readings
from pages.theme import chosen_scheme
from pages.views.absent import RANGE_OVER, address_notices, no_cycle_parts, unreadable_parts
from risk.errors import SeawallError

_LOG = structlog.get_logger(__name__)

Data = TypeVar("Data")

#: So long a view is prepared after it was asked for last.
_WATCHED_CYCLES, _WATCHED_SECONDS = 5.0, 5.0
#: Views remembered to tell differences from; three or four cycles of twenty different views.
_REMEMBERED_VIEWS = 96


@dataclass(frozen=True)
class Screen(Generic[Data]):
    """One page whose content moves with the engine's cycles.

    Attributes
    ----------
    name : str
        Its ids begin with it: ``<name>-view`` is the root of what moves.
    words : tuple of Word
        What its address may say beside the common words.
    read : callable
        Everything that it shows of one cycle.
    view : callable
        That as components: the children of the root. Give an id to whatever changes while
        people look; a chart's figure is sent whole when it changes, so let it change rarely
        (`Readings.course` changes once a pixel).
    news : callable or None
        Gives a number that grows when something happened between two cycles that the screen
        shows; None where nothing does.
    over : str
        What is said of a range that is over.
    """

    name: str
    words: tuple[Word, ...]
    read: Callable[[Readings, Query, Book, CompleteCycle], Data]
    view: Callable[[Data], Sequence[Component]]
    news: Callable[[Readings, Book], int] | None = None
    over: str = RANGE_OVER

    @property
    def root(self) -> str:
        """The id of what moves."""
        return f"{self.name}-view"


@dataclass(frozen=True)
class Shown:
    """What a browser shows, as it says itself; `cycle` is None before the first one."""

    cycle: int | None
    news: int | None = None


@dataclass(frozen=True)
class Update:
    """What a browser must set to show the newest cycle.

    Attributes
    ----------
    shown : Shown
        What it shows afterwards.
    changes : mapping of id to mapping of property to value
    whole : bool
        Whether the page must be laid out anew.
    """

    shown: Shown
    changes: Deltas
    whole: bool = False


@dataclass(frozen=True)
class _Built:
    """One view of one moment, as a plain tree."""

    moment: Shown
    tree: Mapping[str, Any]


@dataclass(frozen=True)
class _Watched:
    """A view that somebody asked for, what was shown then, and when that was (monotonic)."""

    screen: Screen[Any]
    query: Query
    book: Book
    shown: Shown
    at: float


class Screens:
    """The screens of every book, for all browsers of this process.

    Parameters
    ----------
    reader : BookReader
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, reader: BookReader, clock: Callable[[], float] = time.monotonic) -> None:
        self.newest = Newest(reader, prepare=self.prepare, clock=clock)
        self.readings = Readings(reader, self.newest)
        self._clock = clock
        self._watched: dict[tuple[str, Query], _Watched] = {}
        self._views: OrderedDict[tuple[str, Query, Shown], _Built] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, screen: Screen[Any], query: Query) -> tuple[Shown, Any]:
        """What a browser showing the newest cycle shall say, and that cycle's view."""
        built = self._newest(screen, query)
        if built is not None:
            return built.moment, built.tree
        return Shown(None), _root(screen, query, self._no_cycle(query), Shown(None))

    def _no_cycle(self, query: Query) -> list[Component]:
        book = self.readings.book(query)
        return no_cycle_parts(book, self.readings.reader.engine(book.name) if book else None)

    def update(self, screen: Screen[Any], query: Query, shown: Shown) -> Update:
        """What changed since the cycle that a browser shows."""
        newest = self._newest(screen, query)
        if newest is None:
            return Update(Shown(None), {}, whole=shown.cycle is not None)
        if shown.cycle is None:
            return Update(newest.moment, {}, whole=True)
        if newest.moment == shown:
            return Update(shown, {})
        return Update(newest.moment, self._changes(screen, query, shown, newest))

    def _newest(self, screen: Screen[Any], query: Query) -> _Built | None:
        book = self.readings.book(query)
        cycle = None if book is None else self.readings.cycle(book)
        if book is None or cycle is None:
            return None
        built = self._built(screen, query, book, cycle)
        self._watch(screen, query, book, built.moment)
        return built

    def _built(self, screen: Screen[Any], query: Query, book: Book, cycle: CompleteCycle) -> _Built:
        # Asked before anything is read: what is newer than the number is told once more.
        news = None if screen.news is None else screen.news(self.readings, book)
        moment = Shown(cycle.pulse.cycle, news)
        return self._remembered(screen, query, moment) or self.readings.once(
            ("view", screen.name, query, moment),
            lambda: self._build(screen, query, book, cycle, moment),
        )

    def _build(
        self, screen: Screen[Any], query: Query, book: Book, cycle: CompleteCycle, moment: Shown
    ) -> _Built:
        data = screen.read(self.readings, query, book, cycle)
        root = _root(screen, query, screen.view(data), moment)
        built = _Built(moment, plain(root))
        with self._lock:
            self._views[(screen.name, query, moment)] = built
            while len(self._views) > _REMEMBERED_VIEWS:
                self._views.popitem(last=False)
        return built

    def _remembered(self, screen: Screen[Any], query: Query, moment: Shown) -> _Built | None:
        with self._lock:
            return self._views.get((screen.name, query, moment))

    def _changes(self, screen: Screen[Any], query: Query, before: Shown, newest: _Built) -> Deltas:
        return self.readings.once(
            ("changes", screen.name, query, before, newest.moment),
            lambda: self._difference(screen, query, before, newest),
        )

    def _difference(
        self, screen: Screen[Any], query: Query, before: Shown, newest: _Built
    ) -> Deltas:
        """The difference between two moments, or all of the later one where it is unknown."""
        old = self._remembered(screen, query, before)
        moves = ("children", *_said_of(newest.moment))
        whole = {screen.root: {name: newest.tree["props"][name] for name in moves}}
        try:
            return whole if old is None else deltas(old.tree, newest.tree)
        except CannotExpress:
            return whole

    # -- before they are asked for ----------------------------------------------------------

    def _watch(self, screen: Screen[Any], query: Query, book: Book, shown: Shown) -> None:
        watched = _Watched(screen, query, book, shown, self._clock())
        with self._lock:
            self._watched[screen.name, query] = watched

    def prepare(self, book: Book, pulse: Pulse) -> None:
        """Build what people watch of `book`, and what changed for them, for a cycle not told yet.

        As much as fits into half a cycle: whatever is left is built when it is asked for.

        Raises
        ------
        StoreUnavailable
        """
        began, wanted = self._clock(), self._watched_of(book)
        cycle = self.readings.cycle_of(book, pulse) if wanted else None
        if cycle is None:
            return
        for watched in wanted:
            if self._clock() - began > self.readings.reader.cycle_seconds / 2.0:
                return
            self._prepare_one(watched, cycle)

    def _watched_of(self, book: Book) -> list[_Watched]:
        """Views that somebody asked for lately; the others are forgotten."""
        cycles = _WATCHED_CYCLES * self.readings.reader.cycle_seconds
        since = self._clock() - max(cycles, _WATCHED_SECONDS)
        with self._lock:
            self._watched = {key: one for key, one in self._watched.items() if one.at >= since}
            return [one for one in self._watched.values() if one.book == book]

    def _prepare_one(self, watched: _Watched, cycle: CompleteCycle) -> None:
        screen, query = watched.screen, watched.query
        try:
            built = self._built(screen, query, watched.book, cycle)
            self._changes(screen, query, watched.shown, built)
        except Exception:  # noqa: BLE001 - whoever watches it asks in a moment, and is told
            _LOG.exception("screen_not_prepared", screen=screen.name)


def _root(screen: Screen[Any], query: Query, parts: Sequence[Component], moment: Shown) -> html.Div:
    """What moves; it says itself which moment it is, and of which view: that no update rewrites."""
    said = {**_said_of(moment), "data-view": _view_text(query)}
    return html.Div(list(parts), id=screen.root, className="sw-contents", **said)


def _said_of(moment: Shown) -> dict[str, str]:
    """What the browser asks by whether there is anything newer."""
    news = {} if moment.news is None else {"data-news": str(moment.news)}
    return {"data-cycle": "" if moment.cycle is None else str(moment.cycle), **news}


def _view_text(query: Query) -> str:
    return json.dumps({"words": query.as_words(), "scheme": query.scheme}, sort_keys=True)


# -- pages --------------------------------------------------------------------------------


def live_page(screen: Screen[Any]) -> Callable[..., html.Div]:
    """The layout function of a page that shows `screen`, and the callback that moves it.

    Call it once, in the page's module: ``layout = live_page(SCREEN)``.
    """

    @callback(
        Output(f"{screen.name}-shown", "data"),
        Input("live", "data"),
        State(screen.root, "data-view"),
        State(screen.root, "data-cycle"),
        State(screen.root, "data-news"),
        prevent_initial_call=True,
    )
    def show_newest(
        _live: dict[str, Any] | None, view: str, cycle: str, news: str | None
    ) -> int | None:
        shown = Shown(int(cycle) if cycle else None, int(news) if news else None)
        return _brought_up_to_date(screen, json.loads(view), shown)

    def layout(**words: str | list[str]) -> html.Div:
        query = parse(words, screen.words, scheme=chosen_scheme(request.cookies))
        try:
            content = _content(screen, query)
        except SeawallError as error:
            root = _root(screen, query, unreadable_parts(str(error)), Shown(None))
            content = _laid_out(screen, [root])
        return html.Div(content, id=screen.name, **{"data-defaults": _defaults(screen)})

    return layout


def _defaults(screen: Screen[Any]) -> str:
    """What the browser leaves out of the address, because the screen shows it anyway."""
    return json.dumps({word.name: word.default for word in screen.words})


def _brought_up_to_date(screen: Screen[Any], view: Mapping[str, Any], shown: Shown) -> int | None:
    """Set what changed since the browser's moment; the cycle that it shows then."""
    query = parse(view["words"], screen.words, scheme=chosen_scheme(request.cookies))
    update = running_screens().update(screen, query, shown)
    # Charts have literal colours: a browser that changed its scheme needs all of them anew.
    if update.whole or view["scheme"] != query.scheme:
        set_props(screen.name, {"children": _content(screen, query)})
        return update.shown.cycle
    for component_id, props in update.changes.items():
        set_props(component_id, props)
    return update.shown.cycle


def _content(screen: Screen[Any], query: Query) -> list[Any]:
    screens = running_screens()
    _shown, view = screens.view(screen, query)
    book, now = _book_and_now(screens.readings, query)
    notices = address_notices(query, book, now, over=screen.over)
    return _laid_out(screen, [notices, view])


def _book_and_now(readings: Readings, query: Query) -> tuple[Book | None, datetime | None]:
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    return book, None if cycle is None else cycle.pulse.market


def _laid_out(screen: Screen[Any], parts: Sequence[Any]) -> list[Any]:
    # A callback must write something; what it changes has no fixed place.
    store = dcc.Store(id=f"{screen.name}-shown")
    return [html.Div(list(parts), className=f"sw-page sw-{screen.name}"), store]


SCREENS_EXTENSION = "risk_screens"


def running_screens() -> Screens:
    """The screens of the running application."""
    return cast(Screens, current_app.extensions[SCREENS_EXTENSION])
