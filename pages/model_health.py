"""Model health: can each VaR model be believed, and which one shall measure the book?"""

import json
from typing import Any

from dash import Input, Output, State, callback, ctx, html, no_update, register_page, set_props
from flask import request

from pages.access import guarded, running_actions, running_actor
from pages.components.toasts import CONTAINER
from pages.origin import is_own
from pages.query import Query, parse
from pages.screens import Screen, live_page, running_screens
from pages.views.health import health_view, read_health
from pages.views.health.book_model import ASK, HINT, PICK, STATUS
from pages.views.health.choosing import Outcome, asked_of, choose, read_preview, read_status
from pages.views.health.preview import (
    ASKED,
    CANCEL,
    CONFIRM,
    DIALOG,
    DIALOG_BODY,
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
    return read_status(running_screens().readings, _query(view)) or no_update


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
    set_props(DIALOG_BODY, {"children": preview_parts(preview)})
    return True


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Input(CONFIRM, "n_clicks"),
    Input(CANCEL, "n_clicks"),
    State(ASKED, "data"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
@guarded(Ability.PROPOSE)
def confirm(confirmed: int | None, cancelled: int | None, asked: object, view: str) -> Any:
    if not (confirmed or cancelled):
        return no_update
    if ctx.triggered_id == CONFIRM:
        asked_for = asked_of(asked)
        outcome = choose(running_actions(), running_actor(), asked_for, own=is_own(request))
        _tell(outcome, view)
    return False


def _tell(outcome: Outcome, view: str) -> None:
    set_props(CONTAINER, {"sendNotifications": [outcome.toast]})
    if outcome.chosen:
        set_props(PICK, {"value": None})
        status = read_status(running_screens().readings, _query(view))
        if status is not None:
            set_props(STATUS, {"children": status})


def _query(view: str) -> Query:
    return parse(json.loads(view)["words"], WORDS)
