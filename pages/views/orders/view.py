"""The Orders page as components: totals, one order, the list, agents, open reservations."""

from dash import html

from pages.components.basics import Component
from pages.components.notices import page_banner
from pages.views.latches import latch_banners
from pages.views.orders.address import BEFORE, before, is_cut
from pages.views.orders.agents import agents_card
from pages.views.orders.held import held_card
from pages.views.orders.reading import OrdersData
from pages.views.orders.story import story_parts
from pages.views.orders.table import list_card
from pages.views.orders.totals import totals
from risk.storage.orders import LONGEST_SUM


def orders_view(data: OrdersData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    return [
        html.Div(_notices(data), id="orders-notices", className="sw-notices"),
        totals(data),
        html.Div(story_parts(data), id="orders-chosen", className="sw-contents"),
        list_card(data),
        agents_card(data.book, data.query, data.agents, now=data.now),
        held_card(data),
    ]


def _notices(data: OrdersData) -> list[Component]:
    state, now = data.cycle.state, data.cycle.assessment.at
    return [
        *latch_banners(state, data.query, now=now),
        *_cut(data),
        *_not_understood(data),
    ]


def _cut(data: OrdersData) -> list[Component]:
    if not is_cut(data.query, data.now):
        return []
    told = (
        f"The last {LONGEST_SUM.days} days of it are shown. For older orders choose a range from "
        "one time to another."
    )
    return [page_banner("This range is long.", told, state="info")]


def _not_understood(data: OrdersData) -> list[Component]:
    said = data.query.choice(BEFORE.name)
    if not said or before(data.query) is not None:
        return []
    told = f"{said[:40]!r} is no time like 2026-11-10T08:00:00.000Z; the newest orders are shown."
    return [page_banner("Address not understood.", told, state="info")]
