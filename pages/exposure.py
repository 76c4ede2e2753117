"""Exposure: a trader's "where does the risk sit, and what changed since yesterday?"."""

from dash import register_page

from pages.screens import Screen, live_page
from pages.views.exposure.reading import read_exposure
from pages.views.exposure.selection import PATH, WORDS
from pages.views.exposure.view import exposure_view

register_page(
    __name__, path=PATH, name="Exposure", title="Exposure · Seawall", order=20, icon="exposure"
)

layout = live_page(Screen("exposure", words=WORDS, read=read_exposure, view=exposure_view))
