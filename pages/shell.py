"""The frame around every page: navigation, header, the strip that says what market this is.

Pure but for reading the page registry; the behaviour of its controls is in
``assets/seawall.js`` and the files that it names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html

from pages.account_menu import account_menu
from pages.components.basics import Component, glyph
from pages.components.links import inside_link
from pages.components.notices import loading_state
from pages.components.proof import WANTED, proof_dialog, proved_toast
from pages.components.states import PROBATION_LOOK, STATE_LOOKS, UNKNOWN_LOOK, StateLook
from pages.components.toasts import CONTAINER, toast_container, toast_look
from pages.context import Book, FeedInfo
from pages.glyphs import SHAPES
from pages.paths import BREAKERS_PATH, CHANGES_PATH
from pages.query import COMMON_WORDS, DEFAULT_RANGE, RANGE_NAMES, RANGES
from pages.theme import SCHEMES, Scheme, mantine_theme, plotly_template
from pages.visitor import Visitor

#: Tabs that fit side by side at 390 pixels.
_TABS = 5


def shell(
    *,
    feed: FeedInfo,
    books: Sequence[Book],
    cycle_seconds: float,
    scheme: Scheme,
    visitor: Visitor,
) -> dmc.MantineProvider:
    """The whole document around the page that the address names.

    Parameters
    ----------
    feed : FeedInfo
    books : sequence of Book
    cycle_seconds : float
        How often the engine means to complete a cycle: ages are counted in it.
    scheme : Scheme
        As this browser chose it last.
    visitor : Visitor
        Who looks at it.
    """
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="live"),
            dcc.Store(id="shell-settings", data=_settings(books, cycle_seconds, visitor)),
            dcc.Store(id=WANTED),
            html.A("Skip to content", href="#page", className="sw-skip"),
            toast_container(),
            proof_dialog(),
            html.Div(
                [_strip(feed), _navigation(), _header(books, visitor), _main(), _tabs()],
                className="sw-shell sw-by-role",
                # What only some may use is shown to them alone, also where a view is everybody's.
                **{"data-can": " ".join(sorted(each.value for each in visitor.actor.abilities))},
            ),
        ],
        id="mantine",
        theme=mantine_theme(),
        forceColorScheme=scheme,
    )


def _settings(books: Sequence[Book], cycle_seconds: float, visitor: Visitor) -> dict[str, Any]:
    templates: Mapping[str, Any] = {scheme: plotly_template(scheme) for scheme in SCHEMES}
    return {
        "cycleSeconds": cycle_seconds,
        "templates": templates,
        "titles": {
            page["relative_path"]: [page["name"], _short_name(page)]
            for page in dash.page_registry.values()
        },
        "firstBook": books[0].name if books else None,
        "commonWords": COMMON_WORDS,
        "defaultRange": DEFAULT_RANGE,
        "rangeNames": RANGE_NAMES,
        "rangeSeconds": {key: span.total_seconds() for key, span in RANGES.items() if span},
        "looks": _state_settings(),
        "toasts": CONTAINER,
        "visitor": _visitor_settings(visitor),
    }


def _visitor_settings(visitor: Visitor) -> dict[str, Any]:
    """What the browser knows of whoever looks: it decides what is asked of him."""
    return {
        "name": visitor.actor.name,
        "proof": visitor.proof,
        "proofSeconds": visitor.proof_seconds,
        "factor": visitor.login is not None and visitor.login.person.second_factor,
        "provider": visitor.login is not None and visitor.login.person.subject is not None,
        "proved": proved_toast(),
    }


def _state_settings() -> dict[str, dict[str, Any]]:
    """How the browser shows each state that the pulse may name."""
    others = {look.word: look for look in (PROBATION_LOOK, UNKNOWN_LOOK)}
    looks = {state.name: look for state, look in STATE_LOOKS.items()} | others
    return {name: _look_setting(look) for name, look in looks.items()}


def _look_setting(look: StateLook) -> dict[str, Any]:
    return {
        "word": look.word,
        "shape": look.shape,
        "says": _IN_SHORT[look.shape],
        "works": look.still_works,
        "toast": toast_look(look.shape),
    }


_IN_SHORT: Mapping[str, str] = {
    "normal": "",
    "caution": "warning only",
    "throttled": "new risk is cut",
    "reduce_only": "entries paused",
    "halted": "trading stopped",
    "probation": "re-opening",
    "stale": "new risk is refused",
}


def _strip(feed: FeedInfo) -> html.Aside:
    """Says on every screen that this is no live market: neither of the feeds is one."""
    what = "Simulated market" if feed.simulated else "Replay of old prices"
    source = f" · {feed.label}" if feed.seed is None else f" · seed {feed.seed}"
    return html.Aside(
        [
            glyph("info"),
            html.P(
                [
                    html.Strong(what),
                    html.Span(source, className="sw-wide"),
                    " · no real orders",
                    html.Span(", no real money", className="sw-wide"),
                ]
            ),
        ],
        className="sw-strip",
        **{"aria-label": what},
    )


# -- navigation ---------------------------------------------------------------------------


def _pages() -> list[Mapping[str, Any]]:
    """Registered pages that stand in the navigation, in their order."""
    named: Iterable[Mapping[str, Any]] = dash.page_registry.values()
    return [page for page in named if page.get("order") is not None]


def _short_name(page: Mapping[str, Any]) -> str:
    """What a page is called where its name has no room: `short` in its registration."""
    return str(page.get("short", page["name"]))


def _navigation() -> html.Nav:
    return html.Nav(
        [
            html.Div([glyph("seawall"), html.Span("Seawall")], className="sw-brand"),
            html.Ul([html.Li(_nav_link(page, "side")) for page in _pages()]),
            html.Span(className="sw-grow"),
            html.Div(
                [html.Div("No cycle yet", id="nav-cycle"), html.Div(id="nav-saved")],
                className="sw-nav-foot",
            ),
        ],
        className="sw-nav",
        **{"aria-label": "Pages"},
    )


def _tabs() -> html.Nav:
    """As many pages as fit, those first that are needed on the way; the last place opens the rest.

    A page says which place it wants: `tab` in its registration.
    """
    pages = sorted(_pages(), key=lambda page: page.get("tab", _TABS))
    fitting = pages if len(pages) <= _TABS else pages[: _TABS - 1]
    links = [_nav_link(page, "tab") for page in fitting]
    further = [_nav_link(page, "tab") for page in pages[len(fitting) :]]
    return html.Nav(
        [*links, *([_more_tabs(further)] if further else [])],
        className="sw-tabs",
        **{"aria-label": "Pages, narrow"},
    )


def _more_tabs(links: Sequence[Component]) -> html.Details:
    return html.Details(
        [
            html.Summary([glyph("more"), html.Span("More")], className="sw-nav-link"),
            html.Ul([html.Li(link) for link in links], className="sw-more-list"),
        ],
        className="sw-more-tabs",
    )


def _nav_link(page: Mapping[str, Any], place: str) -> html.A:
    """Its address gets the words that all pages share as soon as the browser knows them."""
    name, path = page["name"], page["relative_path"]
    icon = page.get("icon", "page")
    return inside_link(
        [
            glyph(icon if icon in SHAPES else "page"),
            html.Span(_short_name(page) if place == "tab" else name),
            *([_tripped_badge(place)] if path == BREAKERS_PATH else []),
            *([_waiting_badge(place)] if path == CHANGES_PATH else []),
        ],
        path,
        class_name="sw-nav-link",
        id={"type": "page-link", "place": place, "path": path},
        title=name,
    )


def _tripped_badge(place: str) -> html.Span:
    """How many breakers are tripped, as the pulse says; hidden while none is."""
    base = f"nav-tripped-{place}"
    return html.Span(
        [
            glyph("stale", id=f"{base}-glyph"),
            html.Span("", id=f"{base}-count"),
            html.Span(" tripped", className="sw-hidden"),
        ],
        id=base,
        className="sw-nav-badge",
        hidden=True,
    )


def _waiting_badge(place: str) -> html.Span:
    """How many changes wait for whoever may decide, as the pulse says; hidden while none does."""
    base = f"nav-changes-{place}"
    return html.Span(
        [
            html.Span("", id=f"{base}-count"),
            html.Span(" waiting for a second person", className="sw-hidden"),
        ],
        id=base,
        className="sw-nav-badge",
        hidden=True,
    )


# -- header -------------------------------------------------------------------------------


def _header(books: Sequence[Book], visitor: Visitor) -> html.Header:
    return html.Header(
        [
            html.H1(
                [
                    html.Span("Seawall", id="page-name", className="sw-wide"),
                    html.Span("Seawall", id="page-short-name", className="sw-short"),
                ],
                id="page-title",
            ),
            _state_badge(),
            html.Span(className="sw-grow"),
            _age_chip(),
            html.Button(
                glyph("more"),
                id="controls-toggle",
                type="button",
                className="sw-icon-button sw-narrow-only",
                **{"aria-label": "Controls", "aria-expanded": "false", "aria-controls": "controls"},
            ),
            html.Div(
                [
                    _book_picker(books),
                    _range_picker(),
                    _zone_switch(),
                    html.Span("", id="market-clock", className="sw-clock sw-num-plain"),
                    _icon_button("pause-button", "pause", "Pause this view"),
                    _icon_button("refresh-button", "refresh", "Refresh now"),
                    _icon_button("scheme-button", "scheme", "Switch between dark and light"),
                    account_menu(visitor),
                ],
                id="controls",
                className="sw-controls",
            ),
        ],
        className="sw-header",
    )


def _state_badge() -> html.Span:
    """Hidden until the pulse states a state; it leads to the cockpit, which says why."""
    badge = html.Span(
        [
            glyph("stale", state="stale", id="state-badge-glyph"),
            html.Span(UNKNOWN_LOOK.word, id="state-badge-word"),
        ],
        className="sw-badge",
    )
    parts = html.Span(
        [
            glyph("stale", id="state-parts-glyph"),
            html.Span("", id="state-parts-word"),
            html.Span("", id="state-parts-short"),
            html.Span("", id="state-parts-heard", className="sw-hidden"),
        ],
        id="state-parts-badge",
        className="sw-badge sw-badge-parts",
        hidden=True,
    )
    link = inside_link(
        [badge, parts, html.Span("", id="state-badge-says", className="sw-state-says")],
        "/",
        class_name="sw-state-link",
        id={"type": "page-link", "place": "badge", "path": "/"},
        title="Trading state of the book; the cockpit says why",
    )
    return html.Span(
        link, id="state-badge", className="sw-state-badge", hidden=True, **{"data-state": "stale"}
    )


def _age_chip() -> html.Span:
    return html.Span(
        [
            glyph("stale", state="stale", id="age-glyph"),
            html.Span("Connecting", id="age-word"),
            html.Span("", id="age-text", className="sw-age-text sw-num-plain"),
        ],
        id="age-chip",
        className="sw-chip",
        title="Age of the newest complete cycle, by the wall clock",
        **{"data-freshness": "none"},
    )


def _book_picker(books: Sequence[Book]) -> Component:
    """A name when there is one book, a choice when there are more."""
    if len(books) < 2:
        name = books[0].name if books else "none"
        return html.Span(["Book ", html.Strong(name)], className="sw-book")
    return dmc.Select(
        id="book-pick",
        data=[book.name for book in books],
        value=books[0].name,
        allowDeselect=False,
        size="xs",
        w=140,
        **{"aria-label": "Book"},
    )


def _range_picker() -> html.Div:
    """A button that says the range in words and opens the ways to choose another one."""
    button = html.Button(
        [glyph("range"), html.Span(RANGE_NAMES[DEFAULT_RANGE], id="range-words"), glyph("down")],
        id="range-button",
        type="button",
        className="sw-field-button",
        title="Time range",
        **{"aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "range-popover"},
    )
    popover = html.Div(
        [
            html.Div("Up to now", className="sw-label"),
            html.Div([_range_link(key) for key in RANGES], className="sw-range-links"),
            html.Div(
                ["From one time to another. ", html.Span(id="range-zone")], className="sw-label"
            ),
            _range_field("range-from", "From"),
            _range_field("range-to", "To"),
            html.P("", id="range-problem", className="sw-problem", role="alert"),
            html.Button("Apply", id="range-apply", type="button", className="sw-button"),
        ],
        id="range-popover",
        className="sw-popover",
        hidden=True,
        role="dialog",
        **{"aria-label": "Time range"},
    )
    return html.Div([button, popover], className="sw-range")


def _range_link(key: str) -> html.A:
    named: dict[str, Any] = {"id": {"type": "range-link", "range": key}, "data-range": key}
    return inside_link(RANGE_NAMES[key], "", class_name="sw-span", **named)


def _range_field(component_id: str, label: str) -> dmc.TextInput:
    return dmc.TextInput(
        id=component_id,
        label=label,
        size="xs",
        attributes={"input": {"type": "datetime-local"}},
        className="sw-time-field",
    )


def _zone_switch() -> dmc.SegmentedControl:
    data = [{"value": "UTC", "label": "UTC"}, {"value": "local", "label": "Local"}]
    return dmc.SegmentedControl(id="zone-switch", value="UTC", data=data, size="xs")


def _icon_button(component_id: str, shape: str, label: str) -> html.Button:
    return html.Button(
        glyph(shape, id=f"{component_id}-glyph"),
        id=component_id,
        type="button",
        className="sw-icon-button",
        title=label,
        **{"aria-label": label},
    )


def _main() -> html.Main:
    return html.Main(
        [
            # Written by the browser alone, so that they appear when the server is gone.
            html.Div(
                [_freshness_banner(), html.Div(id="refusal", role="alert")],
                className="sw-warnings",
            ),
            loading_state("the page"),
            dash.page_container,
        ],
        id="page",
        className="sw-main",
        tabIndex=-1,
    )


def _freshness_banner() -> html.Div:
    return html.Div(
        [
            glyph("stale", id="freshness-glyph"),
            html.P([html.Strong(id="freshness-strong"), html.Span(id="freshness-rest")]),
            html.Span(className="sw-grow"),
            html.Button("Resume", id="resume-button", type="button", className="sw-link"),
        ],
        id="freshness-banner",
        className="sw-banner",
        role="status",
    )


# -- behaviour ----------------------------------------------------------------------------


def register_behaviour(app: dash.Dash) -> None:
    """Tie the controls to the functions in ``assets/seawall.js``."""
    app.clientside_callback(_browser("start"), Input("shell-settings", "data"))
    app.clientside_callback(
        _browser("followAddress"),
        Output("page-name", "children"),
        Output("page-short-name", "children"),
        Output("range-words", "children"),
        Output(_PAGE_LINKS, "href"),
        Output(_RANGE_LINKS, "href"),
        Input("url", "search"),
        Input("url", "pathname"),
        State("shell-settings", "data"),
        State(_PAGE_LINKS, "id"),
        State(_RANGE_LINKS, "id"),
    )
    app.clientside_callback(
        _browser("chooseWords"), Input(_WORDS, "value"), prevent_initial_call=True
    )
    app.clientside_callback(_browser("wantProof"), Input(WANTED, "data"), prevent_initial_call=True)
    for function, control in _FRAME_CONTROLS.items():
        app.clientside_callback(
            _browser(function),
            Input(control, "value"),
            State("shell-settings", "data"),
            prevent_initial_call=True,
        )


_PAGE_LINKS = {"type": "page-link", "place": ALL, "path": ALL}
_RANGE_LINKS = {"type": "range-link", "range": ALL}
#: A control of a page that sets a word of its address: ``{"type": "word", "word": "by"}``.
_WORDS = {"type": "word", "word": ALL}
_FRAME_CONTROLS = {"chooseZone": "zone-switch", "chooseBook": "book-pick"}


def _browser(function: str) -> ClientsideFunction:
    return ClientsideFunction("seawall", function)
