"""Correlation: a trader asks whether many coins are one bet, and what of it holds in a storm."""

from dash import ClientsideFunction, Input, State, clientside_callback, register_page

from pages.screens import Screen, live_page
from pages.views.correlation.reading import read_correlation
from pages.views.correlation.view import correlation_view
from pages.views.correlation.words import WORDS

register_page(
    __name__,
    path="/correlation",
    name="Correlation",
    title="Correlation · Seawall",
    order=30,
    icon="correlation",
)

layout = live_page(Screen("correlation", words=WORDS, read=read_correlation, view=correlation_view))

# A pair is chosen in the address, by a click on the map or by the two lists.
clientside_callback(
    ClientsideFunction("correlation", "choosePair"),
    Input("correlation-map", "clickData"),
    Input("correlation-first", "value"),
    Input("correlation-second", "value"),
    State("correlation-map", "figure"),
    prevent_initial_call=True,
)
