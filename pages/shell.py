"""The frame around every page: navigation, header, the strip that says what market this is.

Pure but for reading the page registry; the behaviour of its controls is in
``assets/seawall.js``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html

from pages.components.basics import Component, glyph
from pages.components.notices import loading_state
from pages.context import Book, FeedInfo
from pages.glyphs import SHAPES
from pages.query import DEFAULT_RANGE, RANGES
from pages.theme import SCHEMES, Scheme, mantine_theme, plotly_template

#: Tabs that fit side by side at 390 pixels.
_TABS = 5


def shell(
    *, feed: FeedInfo, books: Sequence[Book], cycle_seconds: float, scheme: Scheme
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
    """
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="live"),
            dcc.Store(id="shell-settings", data=_settings(cycle_seconds)),
            html.A("Skip to content", href="#page", className="sw-skip"),
            html.Div(
                [_strip(feed), _navigation(), _header(books), _main(), _tabs()],
                className="sw-shell",
            ),
        ],
        id="mantine",
        theme=mantine_theme(),
        forceColorScheme=scheme,
    )


def _settings(cycle_seconds: float) -> dict[str, Any]:
    templates: Mapping[str, Any] = {scheme: plotly_template(scheme) for scheme in SCHEMES}
    titles = {page["relative_path"]: page["name"] for page in dash.page_registry.values()}
    return {"cycleSeconds": cycle_seconds, "templates": templates, "titles": titles}


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


def _navigation() -> html.Nav:
    return html.Nav(
        [
            html.Div([glyph("seawall"), html.Span("Seawall")], className="sw-brand"),
            html.Ul([html.Li(_nav_link(page)) for page in _pages()]),
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
    links = [_nav_link(page) for page in _pages()[:_TABS]]
    return html.Nav(links, className="sw-tabs", **{"aria-label": "Pages, narrow"})


def _nav_link(page: Mapping[str, Any]) -> dcc.Link:
    name = page["name"]
    icon = page.get("icon", "page")
    return dcc.Link(
        [glyph(icon if icon in SHAPES else "page"), html.Span(name)],
        href=page["relative_path"],
        className="sw-nav-link",
        title=name,
    )


# -- header -------------------------------------------------------------------------------


def _header(books: Sequence[Book]) -> html.Header:
    return html.Header(
        [
            html.H1("Seawall", id="page-title"),
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
                    html.Span("Demo, no login", className="sw-account"),
                ],
                id="controls",
                className="sw-controls",
            ),
        ],
        className="sw-header",
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


def _range_picker() -> dmc.SegmentedControl:
    data = [{"value": key, "label": key if key != "all" else "All"} for key in RANGES]
    return dmc.SegmentedControl(id="range-pick", value=DEFAULT_RANGE, data=data, size="xs")


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
            _freshness_banner(),
            html.Div(id="refusal", role="alert"),
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
        Output("page-title", "children"),
        Input("url", "search"),
        Input("url", "pathname"),
        State("shell-settings", "data"),
    )
    for function, control in _ADDRESS_CONTROLS.items():
        app.clientside_callback(
            _browser(function), Input(control, "value"), prevent_initial_call=True
        )


_ADDRESS_CONTROLS = {
    "chooseRange": "range-pick",
    "chooseZone": "zone-switch",
    "chooseBook": "book-pick",
    "chooseGrouping": "by-switch",
}


def _browser(function: str) -> ClientsideFunction:
    return ClientsideFunction("seawall", function)
