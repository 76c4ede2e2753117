"""Which model measures a book, and what its record is called."""

from collections import Counter
from collections.abc import Sequence

from risk.domain.model import DEFAULT_BOOK_MODEL
from risk.domain.state import RiskState
from risk.portfolio.book_models import title_of

HOW_IN_USE = "the method in use, on the book's own series"
LIVE = "Live record"


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
