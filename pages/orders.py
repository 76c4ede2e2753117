"""Orders: a trader's "why was that order shrunk or refused?", and an officer's "who asks what?"."""

import json
from typing import Any

from dash import Input, Output, State, callback, no_update, register_page

from pages.paths import ORDERS_PATH
from pages.query import parse
from pages.screens import Screen, live_page, running_screens
from pages.views.orders.address import WORDS
from pages.views.orders.reading import order_news, read_orders
from pages.views.orders.room import room_now
from pages.views.orders.story import ANSWER, ASK
from pages.views.orders.view import orders_view

register_page(
    __name__, path=ORDERS_PATH, name="Orders", title="Orders · Seawall", order=47, icon="orders"
)

_SCREEN = Screen(
    "orders",
    words=WORDS,
    read=read_orders,
    view=orders_view,
    news=order_news,
    over="Orders are those of the range; open reservations are of now.",
)
layout = live_page(_SCREEN)


@callback(
    Output(ANSWER, "children"),
    Input(ASK, "n_clicks"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
def show_room(clicks: int | None, view: str) -> Any:
    # Dash also asks when the card is put in place, before anybody has clicked.
    if not clicks:
        return no_update
    query = parse(json.loads(view)["words"], WORDS)
    return room_now(running_screens().readings, query)
