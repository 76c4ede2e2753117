"""What the address of the VaR page may say."""

from pages.paths import VAR_PATH
from pages.query import BY, Word
from pages.views.records.past import COMPARED
from risk.domain.market import Period
from risk.measures.var import VAR_MODELS

PATH = VAR_PATH
NO_OTHER = "none"

HORIZON = Word("horizon", "1d", "horizon", {Period.DAY.value: "1 day", Period.HOUR.value: "1 hour"})
UNIT = Word("unit", "equity", "unit", {"equity": "% of equity", "money": "Money"})

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
