"""The VaR page: did losses stay inside VaR, why not, and would another model do better?

Data in, component tree out.
"""

from pages.components.basics import Component
from pages.views.var.levels import levels_card
from pages.views.var.models import models_card
from pages.views.var.parts import components_card, exceptions_card, plot_card
from pages.views.var.reading import VarData, read_var
from pages.views.var.verdict import answer, strip

__all__ = ["VarData", "read_var", "var_view"]


def var_view(data: VarData) -> list[Component]:
    """The VaR page; its parts are placed by the page's grid."""
    return [
        answer(data),
        strip(data),
        plot_card(data),
        models_card(data),
        exceptions_card(data),
        components_card(data),
        levels_card(data),
    ]
