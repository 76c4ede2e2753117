"""The page of model health: can each VaR model be believed, by number, order and depth?

Data in, component tree out.
"""

from pages.components.basics import Component
from pages.views.health.answer import answer
from pages.views.health.book_model import book_model_card
from pages.views.health.charts import bands_card, light_card
from pages.views.health.reading import HealthData, read_health
from pages.views.health.table import table_card

__all__ = ["HealthData", "health_view", "read_health"]


def health_view(data: HealthData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    return [
        answer(data),
        book_model_card(data),
        table_card(data),
        light_card(data),
        bands_card(data),
    ]
