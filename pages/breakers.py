"""Breakers: what stopped trading by itself, why, what still works, and until when?"""

from typing import Any

from dash import Input, Output, State, callback, no_update, register_page, set_props
from flask import request

from pages.access import guarded, running_actions, running_actor
from pages.components.toasts import CONTAINER
from pages.origin import is_own
from pages.paths import BREAKERS_PATH
from pages.screens import Screen, live_page
from pages.views.breakers.address import WORDS
from pages.views.breakers.reading import read_breakers
from pages.views.breakers.release import ASK, ASKED, REASON, TYPED
from pages.views.breakers.releasing import asked_of, release
from pages.views.breakers.view import breakers_view
from risk.domain.actors import Ability

register_page(
    __name__,
    path=BREAKERS_PATH,
    name="Breakers",
    title="Breakers · Seawall",
    order=46,
    tab=2,
    icon="breakers",
)

layout = live_page(Screen("breakers", words=WORDS, read=read_breakers, view=breakers_view))


@callback(
    Output(TYPED, "value"),
    Output(REASON, "error"),
    Output(TYPED, "error"),
    Input(ASK, "n_clicks"),
    State(ASKED, "data"),
    State(REASON, "value"),
    State(TYPED, "value"),
    prevent_initial_call=True,
)
@guarded(Ability.OVERRIDE)
def let_go(clicks: int | None, asked: object, reason: str | None, typed: str | None) -> Any:
    # Dash also asks when the panel is put in place, before anybody has clicked.
    if not clicks:
        return no_update, no_update, no_update
    outcome = release(
        running_actions(),
        running_actor(),
        asked_of(asked),
        reason=reason,
        typed=typed,
        own=is_own(request),
    )
    set_props(CONTAINER, {"sendNotifications": [outcome.toast]})
    # At the field too: a message at the corner is gone before a slow reader has found its place.
    return "" if outcome.done else no_update, outcome.reason or None, outcome.typed or None
