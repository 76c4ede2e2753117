"""What the address of the VaR page may say, and what it calls the live record."""

from collections import Counter
from collections.abc import Sequence

from pages.query import BY, Word
from pages.views.var.past import COMPARED
from risk.domain.market import Period
from risk.domain.model import DEFAULT_BOOK_MODEL
from risk.domain.state import RiskState
from risk.measures.var import VAR_MODELS
from risk.portfolio.book_models import title_of

PATH = "/var"
#: Where all models stand with what every test says of them.
HEALTH_PATH = "/models"
NO_OTHER = "none"

HORIZON = Word("horizon", "1d", "horizon", {Period.DAY.value: "1 day", Period.HOUR.value: "1 hour"})
UNIT = Word("unit", "equity", "unit", {"equity": "% of equity", "money": "Money"})

HOW_IN_USE = "the method in use, on the book's own series"
LIVE = "Live record"

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


def in_use(state: RiskState) -> str:
    """Name of the model that measures the book's day after a cycle."""
    return DEFAULT_BOOK_MODEL if state.book_model is None else state.book_model.name


def how_live(models: Sequence[str]) -> str:
    """How the live record came about; of several models, how many days each forecast.

    Parameters
    ----------
    models : sequence of str
        Of each day, whose forecast it was; oldest first.
    """
    days = Counter(models)
    if len(days) < 2:
        return "the model in use, as forecast day by day"
    told = ", ".join(
        f"{title_of(name)} {count} {'day' if count == 1 else 'days'}"
        for name, count in days.items()
    )
    return f"as forecast day by day: {told}"
