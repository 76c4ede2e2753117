"""Screens that move: each is read and built once a cycle, and browsers are told the difference.

A page says what it reads and how that looks (`Screen`); everything else is here. However many
browsers look at one book in one view, it is built once a cycle; a browser that says which
view and cycle it shows gets the difference only, and one that has been away gets all of it.

A change of the address within a page is such a difference too: the page that is in place stays,
and what its address says by now is asked for as a new cycle is.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar, cast

import structlog
from dash import ALL, Input, Output, State, callback, dcc, html, no_update, set_props
from dash.exceptions import PreventUpdate
from flask import current_app, request

from pages.access import running_actor
from pages.components.basics import Component
from pages.components.deltas import CannotExpress, Deltas, deltas, plain, with_ids
from pages.context import Book, BookReader, CompleteCycle, Pulse
from pages.newest import Newest
from pages.query import Query, Word, parse, words_of
from pages.readings import Readings
from pages.theme import Scheme, chosen_scheme
from pages.views.absent import (
    ADDRESS_NOTICES,
    RANGE_OVER,
    address_notices,
    no_cycle_parts,
    unreadable_parts,
)
from risk.domain.actors import Actor
from risk.errors import SeawallError

_LOG = structlog.get_logger(__name__)

Data = TypeVar("Data")

#: So long a view is prepared after it was asked for last.
_WATCHED_CYCLES, _WATCHED_SECONDS = 5.0, 5.0
#: What a root says and holds.
_OF_ROOT = ("children", "data-cycle", "data-news", "data-view")
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
        people look or choose; a chart's figure is sent whole when it changes, so let it change
        rarely (`Readings.course` changes once a pixel). What callbacks have written stays while
        people choose, unless they choose another book or zone. Presses (`n_clicks`) are those of
        buttons.
    news : callable or None
        Gives a number that grows when something happened between two cycles that the screen
        shows; None where nothing does.
    over : str
        What is said of a range that is over.
    personal : bool
        Whether it is another for whoever looks (`Query.viewer`): then it is built for each, and
        not before he asks.
    """

    name: str
    words: tuple[Word, ...]
    read: Callable[[Readings, Query, Book, CompleteCycle], Data]
    view: Callable[[Data], Sequence[Component]]
    news: Callable[[Readings, Book], int] | None = None
    over: str = RANGE_OVER
    personal: bool = False

    @property
    def root(self) -> str:
        """The id of what moves."""
        return f"{self.name}-view"


class Moment(NamedTuple):
    """A cycle, and what happened since, counted; None on screens that do not show that."""

    cycle: int
    news: int | None = None


@dataclass(frozen=True)
class Shown:
    """What a browser shows, as it says itself.

    Attributes
    ----------
    cycle : int or None
        None before the first one.
    view : Query or None
        None if it is the one that is asked for.
    news : int or None
        Up to where it knows what happened between cycles; None on screens that do not show that.
    """

    cycle: int | None
    view: Query | None = None
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

    moment: Moment
    tree: Mapping[str, Any]


@dataclass(frozen=True)
class _Watched:
    """A view that somebody asked for, the moment shown then, and when that was (monotonic)."""

    screen: Screen[Any]
    query: Query
    book: Book
    moment: Moment
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
        self._views: OrderedDict[tuple[str, Query, Moment], _Built] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, screen: Screen[Any], query: Query) -> tuple[Shown, Any]:
        """What a browser showing the newest cycle shall say, and that cycle's view."""
        built = self._newest(screen, query)
        if built is not None:
            return _shown_at(built.moment), built.tree
        return Shown(None), _root(screen, query, self._no_cycle(query), None)

    def _no_cycle(self, query: Query) -> list[Component]:
        book = self.readings.book(query)
        return no_cycle_parts(book, self.readings.reader.engine(book.name) if book else None)

    def update(self, screen: Screen[Any], query: Query, shown: Shown) -> Update:
        """What differs from the view and the cycle that a browser shows."""
        newest = self._newest(screen, query)
        before = shown.view or query
        if newest is None:
            return Update(Shown(None), {}, whole=shown.cycle is not None or before != query)
        now = _shown_at(newest.moment)
        if shown.cycle is None:
            return Update(now, {}, whole=True)
        moment = Moment(shown.cycle, shown.news)
        if newest.moment == moment and before == query:
            return Update(now, {})
        return Update(now, self._changes(screen, query, before, moment, newest))

    def _newest(self, screen: Screen[Any], query: Query) -> _Built | None:
        book = self.readings.book(query)
        cycle = None if book is None else self.readings.cycle(book)
        if book is None or cycle is None:
            return None
        built = self._built(screen, query, book, cycle)
        if not screen.personal:
            self._watch(screen, query, book, built.moment)
        return built

    def _built(self, screen: Screen[Any], query: Query, book: Book, cycle: CompleteCycle) -> _Built:
        # Asked before anything is read: what is newer than the number is told once more.
        news = None if screen.news is None else screen.news(self.readings, book)
        moment = Moment(cycle.pulse.cycle, news)
        return self._remembered(screen, query, moment) or self.readings.once(
            ("view", screen.name, query, moment),
            lambda: self._build(screen, query, book, cycle, moment),
        )

    def _build(
        self, screen: Screen[Any], query: Query, book: Book, cycle: CompleteCycle, moment: Moment
    ) -> _Built:
        data = screen.read(self.readings, query, book, cycle)
        root = _root(screen, query, screen.view(data), moment)
        built = _Built(moment, with_ids(plain(root)))
        with self._lock:
            self._views[(screen.name, query, moment)] = built
            while len(self._views) > _REMEMBERED_VIEWS:
                self._views.popitem(last=False)
        return built

    def _remembered(self, screen: Screen[Any], query: Query, moment: Moment) -> _Built | None:
        with self._lock:
            return self._views.get((screen.name, query, moment))

    def _changes(
        self, screen: Screen[Any], query: Query, before: Query, moment: Moment, newest: _Built
    ) -> Deltas:
        return self.readings.once(
            ("changes", screen.name, query, before, moment, newest.moment),
            lambda: self._difference(screen, self._remembered(screen, before, moment), newest),
        )

    def _difference(self, screen: Screen[Any], old: _Built | None, newest: _Built) -> Deltas:
        """The difference between two views, or all of the later one where `old` is unknown."""
        props = newest.tree["props"]
        whole = {screen.root: {name: props[name] for name in _OF_ROOT if name in props}}
        try:
            return whole if old is None else deltas(old.tree, newest.tree)
        except CannotExpress:
            return whole

    # -- before they are asked for ----------------------------------------------------------

    def _watch(self, screen: Screen[Any], query: Query, book: Book, moment: Moment) -> None:
        watched = _Watched(screen, query, book, moment, self._clock())
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
            self._changes(screen, query, query, watched.moment, built)
        except Exception:  # noqa: BLE001 - whoever watches it asks in a moment, and is told
            _LOG.exception("screen_not_prepared", screen=screen.name)


def _shown_at(moment: Moment) -> Shown:
    return Shown(moment.cycle, news=moment.news)


def _root(
    screen: Screen[Any], query: Query, parts: Sequence[Component], moment: Moment | None
) -> html.Div:
    """What moves; it says itself which moment it is, and of which view: that no update rewrites."""
    said = {"data-cycle": "" if moment is None else str(moment.cycle)}
    if moment is not None and moment.news is not None:
        said["data-news"] = str(moment.news)
    said["data-view"] = _view_text(query)
    return html.Div(list(parts), id=screen.root, className="sw-contents", **said)


def _view_text(query: Query) -> str:
    said: dict[str, Any] = {"words": query.as_words(), "scheme": query.scheme}
    if query.viewer is not None:
        said["viewer"] = _viewer_text(query.viewer)
    return json.dumps(said, sort_keys=True)


def _viewer_text(viewer: Actor) -> str:
    return f"{viewer.name}, {viewer.role}"


# -- pages --------------------------------------------------------------------------------

#: What the page router tells a layout besides the words of the address.
ROUTING: Mapping[str, State] = {
    "_pathname": State("_pages_location", "pathname"),
    "_search": State("_pages_location", "search"),
    "_in_place": State({"type": "place", "screen": ALL, "book": ALL, "zone": ALL}, "id"),
}


def live_page(screen: Screen[Any]) -> Callable[..., html.Div]:
    """The layout function of a page that shows `screen`, and the callback that moves it.

    Call it once, in the page's module: ``layout = live_page(SCREEN)``.
    """

    @callback(
        Output(f"{screen.name}-shown", "data"),
        Input("live", "data"),
        State(screen.root, "data-view"),
        State(screen.root, "data-cycle"),
        State(screen.name, "data-address"),
        *([State(screen.root, "data-news")] if screen.news else []),
        prevent_initial_call=True,
    )
    def show_newest(
        live: dict[str, Any], view: str, cycle: str, address: str, news: str | None = None
    ) -> Any:
        said = json.loads(view)
        before = query_for(screen, said["words"], said["scheme"])
        # What somebody else was shown here is no base for what this one is to see.
        is_his = before.viewer is None or said.get("viewer") == _viewer_text(before.viewer)
        known = int(cycle) if cycle and is_his else None
        shown = Shown(known, before, int(news) if news else None)
        return _brought_up_to_date(screen, live["address"], shown, before, address)

    def layout(
        *,
        _pathname: str = "",
        _search: str = "",
        _in_place: Sequence[Mapping[str, str]] = (),
        **words: str | list[str],
    ) -> html.Div:
        query = query_for(screen, words, chosen_scheme(request.cookies))
        if _place(screen, query) in _in_place:
            # The page stays, and follows its address as it follows the cycles.
            raise PreventUpdate
        said = {"data-defaults": _defaults(screen), "data-address": f"{_pathname}{_search}"}
        return html.Div(_content_or_why_not(screen, query), id=screen.name, **said)

    return layout


def query_for(
    screen: Screen[Any], words: Mapping[str, str | Sequence[str] | None], scheme: Scheme
) -> Query:
    """What an address asks, with who asks where that matters."""
    query = parse(words, screen.words, scheme=scheme)
    if not screen.personal:
        return query
    # When he proved last who he is changes nothing of what he sees.
    return replace(query, viewer=replace(running_actor(), proven_at=None))


def _place(screen: Screen[Any], query: Query) -> dict[str, str]:
    """What a page in place must be of to stay there, whatever else its address says.

    Of another book, or with the times of another zone, hardly anything would stay; and what
    callbacks have written would be wrong.
    """
    where = {"screen": screen.name, "book": query.book or "", "zone": query.zone.name}
    return {"type": "place", **where}


def _defaults(screen: Screen[Any]) -> str:
    """What the browser leaves out of the address, because the screen shows it anyway."""
    return json.dumps({word.name: word.default for word in screen.words})


def _brought_up_to_date(
    screen: Screen[Any], address: str, shown: Shown, before: Query, shown_address: str
) -> Any:
    """Set what differs from what the browser shows; the cycle that it shows then."""
    query = query_for(screen, words_of(address), chosen_scheme(request.cookies))
    if _place(screen, before) != _place(screen, query):
        return no_update  # The page router brings all of it.
    update = _update_or_why_not(screen, query, shown)
    for component_id, props in update.changes.items():
        set_props(component_id, props)
    if address != shown_address:
        notices = _notices(screen, running_screens().readings, query)
        set_props(ADDRESS_NOTICES, {"children": notices.children})
        set_props(screen.name, {"data-address": address})
    return update.shown.cycle


def _update_or_why_not(screen: Screen[Any], query: Query, shown: Shown) -> Update:
    """What a browser must set; of a view that it does not show yet and that cannot be read, why."""
    try:
        update = running_screens().update(screen, query, shown)
        # Charts have literal colours: a browser that changed its scheme needs all of them anew.
        is_whole = update.whole or (shown.view or query).scheme != query.scheme
        content = _content(screen, query) if is_whole else None
    except SeawallError as error:
        if shown.view == query:
            raise
        update, content = Update(Shown(None), {}), _unreadable(screen, query, error)
    if content is None:
        return update
    return Update(update.shown, {screen.name: {"children": content}, **_stores_in(content)})


def _stores_in(content: Sequence[Any]) -> Deltas:
    """What stores hold, set once more: of what comes as a part of a whole Dash asks no callback."""
    found: dict[Any, dict[str, Any]] = {}
    todo = list(plain(content))
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict) and isinstance(part.get("props"), dict):
            props = part["props"]
            if part.get("type") == "Store" and isinstance(props.get("id"), str) and "data" in props:
                found[props["id"]] = {"data": props["data"]}
            todo += [props.get("children")]
    return found


def _content_or_why_not(screen: Screen[Any], query: Query) -> list[Any]:
    try:
        return _content(screen, query)
    except SeawallError as error:
        return _unreadable(screen, query, error)


def _unreadable(screen: Screen[Any], query: Query, error: SeawallError) -> list[Any]:
    parts = unreadable_parts(str(error))
    return _laid_out(
        screen, query, [address_notices(query, None), _root(screen, query, parts, None)]
    )


def _content(screen: Screen[Any], query: Query) -> list[Any]:
    screens = running_screens()
    _shown, view = screens.view(screen, query)
    return _laid_out(screen, query, [_notices(screen, screens.readings, query), view])


def _notices(screen: Screen[Any], readings: Readings, query: Query) -> html.Div:
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    now = None if cycle is None else cycle.pulse.market
    return address_notices(query, book, now, over=screen.over)


def _laid_out(screen: Screen[Any], query: Query, parts: Sequence[Any]) -> list[Any]:
    return [
        html.Div(list(parts), className=f"sw-page sw-{screen.name}"),
        # A callback must write something; what it changes has no fixed place.
        dcc.Store(id=f"{screen.name}-shown"),
        html.Div(id=_place(screen, query), hidden=True),
    ]


SCREENS_EXTENSION = "risk_screens"


def running_screens() -> Screens:
    """The screens of the running application."""
    return cast(Screens, current_app.extensions[SCREENS_EXTENSION])
