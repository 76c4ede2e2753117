"""What the address of the page of model health may say."""

from pages.paths import HEALTH_PATH
from pages.query import Word
from pages.views.records.past import COMPARED
from risk.measures.var import VAR_MODELS

PATH = HEALTH_PATH

#: Whichever model measures the book.
IN_USE = "in_use"
#: Whose outcomes are shown band by band, beside those of the live record.
MODEL = Word(
    "model",
    IN_USE,
    "model",
    {IN_USE: "The model in use", **{name: VAR_MODELS[name].title for name in COMPARED}},
)
SORT = Word(
    "sort",
    "loss",
    "order of the table",
    {"loss": "Pinball", "hits": "Hits", "depth": "Depth", "name": "Name"},
)
WORDS = (MODEL, SORT)
