"""The page Changes: what waits, what was decided, and the versions that came of it."""

from dash import html

from pages.components.basics import Component
from pages.views.proposals.inbox import inbox_card
from pages.views.proposals.past import decided_card, versions_card
from pages.views.proposals.reading import ProposalsData


def proposals_view(data: ProposalsData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    return [
        inbox_card(data),
        html.Div([versions_card(data)], className="sw-proposals-side"),
        decided_card(data),
    ]
