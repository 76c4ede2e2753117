"""What the address of the VaR page may say, and what it calls the live record."""

from pages.query import BY, Word
from pages.views.var.past import COMPARED
from risk.domain.market import Period
from risk.domain.model import DAY_MODEL
from risk.measures.var import VAR_MODELS

PATH = "/var"
#: Where all models stand with what every test says of them.
HEALTH_PATH = "/models"
NO_OTHER = "none"

HORIZON = Word("horizon", "1d", "horizon", {Period.DAY.value: "1 day", Period.HOUR.value: "1 hour"})
UNIT = Word("unit", "equity", "unit", {"equity": "% of equity", "money": "Money"})

#: The registered model whose method the live one uses, on each asset instead of the whole book.
IN_USE = DAY_MODEL.method
HOW_IN_USE = "the method in use, on the book's own series"
LIVE_WORDS = ("Live record", "the model in use, as forecast day by day")

WITH = Word(
    "with",
    NO_OTHER,
    "model to compare with",
    {
        NO_OTHER: "No other model",
        **{name: VAR_MODELS[name].title for name in COMPARED},
    },
)
WORDS = (HORIZON, UNIT, WITH, BY)
