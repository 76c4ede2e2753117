"""Model health: can each VaR model be believed, by number, order and depth of its exceptions?"""

from dash import register_page

from pages.screens import Screen, live_page
from pages.views.health import health_view, read_health
from pages.views.health.words import PATH, WORDS

register_page(
    __name__,
    path=PATH,
    name="Model health",
    short="Models",
    title="Model health · Seawall",
    order=50,
    icon="health",
)

layout = live_page(Screen("health", words=WORDS, read=read_health, view=health_view))
