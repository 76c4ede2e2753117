"""Limits: a risk officer's "how close is each one, and how did it get there?"."""

import json
from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update, register_page

from pages.paths import LIMITS_PATH
from pages.query import parse
from pages.screens import Screen, live_page, running_screens
from pages.views.limits.address import WORDS
from pages.views.limits.file import read_file
from pages.views.limits.reading import read_limits
from pages.views.limits.table import CSV
from pages.views.limits.view import limits_view

register_page(
    __name__,
    path=LIMITS_PATH,
    name="Limits",
    title="Limits · Seawall",
    order=45,
    tab=3,
    icon="limits",
)

_SCREEN = Screen("limits", words=WORDS, read=read_limits, view=limits_view)
_live = live_page(_SCREEN)
_FILE = "limits-file"


def layout(**words: str | list[str]) -> html.Div:
    """What moves with the cycles, and where a file is handed to the browser."""
    return html.Div([_live(**words), dcc.Download(id=_FILE)])


@callback(
    Output(_FILE, "data"),
    Input(CSV, "n_clicks"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
def save_file(clicks: int | None, view: str) -> Any:
    # Dash also asks when the button is put in place, before anybody has clicked.
    if not clicks:
        return no_update
    query = parse(json.loads(view)["words"], WORDS)
    found = read_file(running_screens().readings, query)
    if found is None:
        return no_update
    name, text = found
    # Spreadsheets take a file for UTF-8 by this mark only.
    return dcc.send_string(f"\N{ZERO WIDTH NO-BREAK SPACE}{text}", name)
