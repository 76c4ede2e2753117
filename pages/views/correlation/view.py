"""The correlation screen: an answer, six figures, the map of pairs, one pair, the mean over time.

Data in, component tree out.
"""

from dash import html

from pages.components.basics import Component
from pages.views.correlation.answer import answer_card, notes
from pages.views.correlation.cards import card_row
from pages.views.correlation.course import mean_card
from pages.views.correlation.pair import pair_card
from pages.views.correlation.pairs import map_card
from pages.views.correlation.reading import CorrelationData


def correlation_view(data: CorrelationData) -> list[Component]:
    """The correlation screen; its parts are placed by the page's grid."""
    return [
        answer_card(data),
        html.Div(notes(data), id="correlation-notices", className="sw-notices"),
        card_row(data),
        map_card(data),
        pair_card(data),
        mean_card(data),
    ]
