"""Model health: can each VaR model be believed, and which one shall measure the book?"""

import json
from typing import Any

from dash import Input, Output, State, callback, html, no_update, register_page, set_props

from pages.access import guarded, is_demo, running_actions, running_actor
from pages.components.toasts import CONTAINER
from pages.query import Query, parse
from pages.screens import Screen, live_page, running_screens
from pages.views.editing.sending import Outcome
from pages.views.health import health_view, read_health
from pages.views.health.book_model import ASK, HINT, PICK, STATUS
from pages.views.health.choosing import asked_of, choose, read_preview, read_status
from pages.views.health.preview import (
    ASKED,
    CANCEL,
    CONFIRM,
    DIALOG,
    DIALOG_BODY,
    REASON,
    asking_parts,
    dialog,
    preview_parts,
    title_words,
)
from pages.views.health.words import PATH, WORDS
from risk.domain.actors import Ability

register_page(
    __name__,
    path=PATH,
    name="Model health",
    short="Models",
    title="Model health · Seawall",
    order=50,
    icon="health",
)

_SCREEN = Screen("health", words=WORDS, read=read_health, view=health_view)
_live = live_page(_SCREEN)


def layout(**words: str | list[str]) -> html.Div:
    """What moves with the cycles, and the dialog, which must stay open over them."""
    return html.Div([_live(**words), dialog()])


@callback(
    Output(STATUS, "children"),
    Input(STATUS, "id"),
    State(_SCREEN.root, "data-view"),
)
def show_what_waits(_id: str, view: str) -> Any:
    # A view is built once a cycle: it cannot know of what was chosen while the engine is away.
    return _status(view) or no_update


@callback(
    Output(DIALOG, "opened"),
    Input(ASK, "n_clicks"),
    State(PICK, "value"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
def show_preview(clicks: int | None, wanted: str | None, view: str) -> Any:
    # Dash also asks when the card is put in place, before anybody has clicked.
    if not clicks:
        return no_update
    set_props(HINT, {"children": "" if wanted else "Choose another model first."})
    if not wanted:
        return False
    preview = read_preview(running_screens().readings, _query(view), wanted)
    set_props(DIALOG, {"title": title_words(wanted)})
    asking = asking_parts(preview, running_actor(), demo=is_demo())
    set_props(DIALOG_BODY, {"children": [*preview_parts(preview), *asking]})
    return True


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Output(REASON, "error"),
    Input(CONFIRM, "n_clicks"),
    State(ASKED, "data"),
    State(REASON, "value"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
@guarded(Ability.PROPOSE)
def confirm(clicks: int | None, asked: object, reason: str | None, view: str) -> Any:
    if not clicks:
        return no_update, no_update
    at = running_screens().readings.reader.wall()
    outcome = choose(running_actions(), running_actor(), asked_of(asked), reason=reason, at=at)
    _tell(outcome, view)
    return no_update if outcome.reason else False, outcome.reason or None


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Input(CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def keep(clicks: int | None) -> Any:
    return False if clicks else no_update


def _tell(outcome: Outcome, view: str) -> None:
    set_props(CONTAINER, {"sendNotifications": [outcome.toast]})
    if outcome.proposal is not None:
        set_props(PICK, {"value": None})
        status = _status(view)
        if status is not None:
            set_props(STATUS, {"children": status})


def _status(view: str) -> Any:
    readings, query = running_screens().readings, _query(view)
    book, _cycle = readings.shown(query)
    kept = running_actions().proposals(book.name, open_only=True)
    return read_status(readings, query, kept)


def _query(view: str) -> Query:
    return parse(json.loads(view)["words"], WORDS)
