"""Journal: "what happened here, who did it, and can I believe that nothing of it was changed?"."""

import json
from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update, register_page

from pages.paths import JOURNAL_PATH
from pages.query import parse
from pages.screens import Screen, live_page, running_screens
from pages.views.journal.address import SCREEN, WORDS
from pages.views.journal.file import read_file
from pages.views.journal.reading import journal_news, read_journal
from pages.views.journal.story import CSV
from pages.views.journal.view import journal_view

register_page(
    __name__,
    path=JOURNAL_PATH,
    name="Journal",
    title="Journal · Seawall",
    order=48,
    icon="journal",
)

_SCREEN = Screen(SCREEN, words=WORDS, read=read_journal, view=journal_view, news=journal_news)
_live = live_page(_SCREEN)
_FILE = "journal-file"


def layout(**words: str | list[str]) -> html.Div:
    """What moves with the cycles and without, and where a file is handed to the browser."""
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
