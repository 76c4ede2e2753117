"""The Limits page as components: the tree, one limit at length, what runs out soon."""

from dash import html

from pages.components.basics import Component
from pages.components.notices import empty_state, page_banner
from pages.views.latches import latch_banners
from pages.views.limits.asked import asked_card, requests_card
from pages.views.limits.detail import detail_card, expiring_card
from pages.views.limits.reading import LimitsData
from pages.views.limits.table import table_card


def limits_view(data: LimitsData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    if data.cycle.state.policy is None:
        return [_no_policy(data)]
    detail = [] if data.chosen is None else [detail_card(data, data.chosen)]
    return [
        html.Div(_notices(data), id="limits-notices", className="sw-notices"),
        table_card(data),
        _side([*detail, requests_card(data), asked_card(data), expiring_card(data)]),
    ]


def _side(cards: list[Component]) -> html.Div:
    """What stays in sight beside the tree; it scrolls by itself, with the keyboard too."""
    label = {"role": "region", "aria-label": "The chosen limit, requests and ends"}
    return html.Div(cards, className="sw-limits-side", tabIndex=0, **label)


def _no_policy(data: LimitsData) -> Component:
    return empty_state(
        "No policy yet: every order is refused",
        f"Nobody has said what {data.book.name} may trade and how much, so nothing passes but what "
        "only reduces. Write the limits into a file and adopt it with “seawall policy import "
        "FILE”. They appear here with the engine's next cycle.",
    )


def _notices(data: LimitsData) -> list[Component]:
    state, now = data.cycle.state, data.cycle.assessment.at
    return [*latch_banners(state, data.query, now=now), *_not_understood(data)]


def _not_understood(data: LimitsData) -> list[Component]:
    if not data.asked or (data.chosen is not None and data.chosen.name == data.asked):
        return []
    shown = "" if data.chosen is None else f" {data.chosen.title} is shown."
    told = f"This policy has no limit {data.asked!r}.{shown}"
    return [page_banner("Address not understood.", told, state="info")]
