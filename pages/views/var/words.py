"""What the address of the VaR page may say, and what the models are called."""

from collections.abc import Mapping

from pages.query import BY, Word
from risk.domain.market import Period
from risk.domain.model import DAY_MODEL

PATH = "/var"
NO_OTHER = "none"

HORIZON = Word("horizon", "1d", "horizon", {Period.DAY.value: "1 day", Period.HOUR.value: "1 hour"})
UNIT = Word("unit", "equity", "unit", {"equity": "% of equity", "money": "Money"})

#: Of each registered model: its name on screens, and how it forecasts.
MODEL_WORDS: Mapping[str, tuple[str, str]] = {
    "filtered_evt": (
        "Filtered, Pareto tail",
        "500 days at today's volatility, Pareto tail, self-correcting",
    ),
    "filtered_historical": (
        "Filtered history",
        "up to 2 000 days at today's volatility",
    ),
    "historical_250": ("Plain history, 250 d", "the last 250 days as they were"),
    "historical_500": ("Plain history, 500 d", "the last 500 days as they were"),
}
#: The registered model whose method the live one uses, on each asset instead of the whole book.
IN_USE = DAY_MODEL.method.value
HOW_IN_USE = "the method in use, on the book's own series"
LIVE_WORDS = ("Live record", "the model in use, as forecast day by day")

WITH = Word(
    "with",
    NO_OTHER,
    "model to compare with",
    {
        NO_OTHER: "No other model",
        **{name: words[0] for name, words in MODEL_WORDS.items()},
    },
)
WORDS = (HORIZON, UNIT, WITH, BY)
