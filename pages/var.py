"""VaR and model: is the risk that we are told right, and what happened when it was not?"""

from dash import register_page

from pages.screens import Screen, live_page
from pages.views.var import read_var, var_view
from pages.views.var.words import PATH, WORDS

register_page(
    __name__,
    path=PATH,
    name="VaR and model",
    short="VaR",
    title="VaR and model · Seawall",
    order=40,
    icon="var",
)

layout = live_page(Screen("var", words=WORDS, read=read_var, view=var_view))
