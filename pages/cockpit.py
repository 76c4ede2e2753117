"""Cockpit: a trader's first five seconds. Am I all right, and what would hurt me next?"""

from typing import Any

from dash import Input, Output, State, callback, dcc, html, register_page, set_props
from flask import request

from pages.components.basics import card, heading
from pages.context import NO_HISTORY
from pages.figures.history import history_figure
from pages.query import Query, parse
from pages.screens import CockpitScreens, Shown, cockpit_screens
from pages.theme import chosen_scheme
from pages.views.cockpit import address_notices, unreadable_view
from risk.errors import SeawallError

register_page(
    __name__, path="/", name="Cockpit", title="Cockpit · Seawall", order=10, icon="cockpit"
)


def layout(**words: str | list[str]) -> html.Div:
    """The cockpit as the address asks for it, or why it cannot be shown."""
    query = parse(words)
    try:
        content = _content(cockpit_screens(), query)
    except SeawallError as error:
        content = _laid_out(query, Shown(None), [unreadable_view(str(error))])
    return html.Div(content, id="cockpit")


@callback(
    Output("cockpit-shown", "data"),
    Input("live", "data"),
    State("cockpit-shown", "data"),
    prevent_initial_call=True,
)
def show_newest(_live: dict[str, Any] | None, shown: dict[str, Any]) -> dict[str, Any]:
    screens, query = cockpit_screens(), parse(shown["words"])
    update = screens.update(query, Shown(shown["cycle"], shown["charted"]))
    if update.whole:
        set_props("cockpit", {"children": _content(screens, query)})
    for component_id, props in update.changes.items():
        set_props(component_id, props)
    return _said(query, update.shown)


def _content(screens: CockpitScreens, query: Query) -> list[Any]:
    shown, view = screens.view(query)
    chart = [] if shown.cycle is None else [_chart_card(screens, query)]
    notices = address_notices(query, screens.book(query))
    return _laid_out(query, shown, [notices, view, *chart])


def _laid_out(query: Query, shown: Shown, parts: list[Any]) -> list[Any]:
    store = dcc.Store(id="cockpit-shown", data=_said(query, shown))
    return [html.Div(parts, className="sw-cockpit"), store]


def _said(query: Query, shown: Shown) -> dict[str, Any]:
    return {"words": query.as_words(), "cycle": shown.cycle, "charted": shown.charted}


def _chart_card(screens: CockpitScreens, query: Query) -> html.Section:
    book = screens.book(query)
    equity, var = screens.chart_histories(query) or (NO_HISTORY, NO_HISTORY)
    figure = history_figure(
        equity,
        var,
        currency=book.currency if book else "",
        zone=query.zone,
        scheme=chosen_scheme(request.cookies),
    )
    graph = dcc.Graph(
        id="cockpit-chart",
        figure=figure,
        responsive=True,
        config={"displayModeBar": False, "scrollZoom": False},
        style={"height": "260px"},
    )
    return card(
        [heading("Equity and VaR", note=f"range {query.range}, times {query.zone.name}"), graph],
        label="Equity and VaR over the chosen range",
        class_name="sw-course",
    )
