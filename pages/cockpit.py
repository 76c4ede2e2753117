"""Cockpit: a trader's first five seconds. Am I all right, and what would hurt me next?"""

from dash import register_page

from pages.query import BY
from pages.screens import Screen, live_page
from pages.views.cockpit import cockpit_view, read_cockpit

register_page(
    __name__,
    path="/",
    name="Cockpit",
    title="Cockpit · Seawall",
    order=10,
    tab=1,
    icon="cockpit",
)

layout = live_page(Screen("cockpit", words=(BY,), read=read_cockpit, view=cockpit_view))
