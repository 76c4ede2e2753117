"""Exposure: a trader's "where does the risk sit, what changed, and how much more may I?"."""

import json
from typing import Any

from dash import Input, Output, State, callback, no_update, register_page

from pages.query import parse
from pages.screens import Screen, live_page, running_screens
from pages.views.exposure.reading import read_exposure
from pages.views.exposure.room import (
    ANSWER,
    ASK,
    ASSET,
    SIDE,
    STRATEGY,
    VENUE,
    answer_parts,
)
from pages.views.exposure.selection import PATH, WORDS
from pages.views.exposure.view import exposure_view

register_page(
    __name__, path=PATH, name="Exposure", title="Exposure · Seawall", order=20, icon="exposure"
)

_SCREEN = Screen("exposure", words=WORDS, read=read_exposure, view=exposure_view)
layout = live_page(_SCREEN)


@callback(
    Output(ANSWER, "children"),
    Input(ASK, "n_clicks"),
    State(SIDE, "value"),
    State(STRATEGY, "value"),
    State(ASSET, "value"),
    State(VENUE, "value"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
def show_room(clicks: int | None, side: str | None, *chosen: str) -> Any:
    # Dash also asks when the card is put in place, before anybody has clicked.
    if not clicks:
        return no_update
    *parts, view = chosen
    query = parse(json.loads(view)["words"], WORDS)
    return answer_parts(running_screens().readings, query, side, parts)
