"""Which model measures a book, and what its record is called."""

from collections import Counter
from collections.abc import Sequence

from risk.domain.model import DEFAULT_BOOK_MODEL
from risk.domain.state import RiskState
from risk.portfolio.book_models import BOOK_MODELS, title_of
from risk.portfolio.vectors import Reads

HOW_IN_USE = "the method in use, on the book's own series"
LIVE = "Live record"


def in_use(state: RiskState) -> str:
    """Name of the model that measures the book's day after a cycle."""
    return DEFAULT_BOOK_MODEL if state.book_model is None else state.book_model.name


def how_live(models: Sequence[str], used: str) -> str:
    """How the live record came about; of other models than the one in use, whose days they are.

    Parameters
    ----------
    models : sequence of str
        Of each day, whose forecast it was; oldest first.
    used : str
        The model in use.
    """
    days = Counter(models)
    if set(days) <= {used}:
        return "the model in use, as forecast day by day"
    told = ", ".join(
        f"{title_of(name)} {count} {'day' if count == 1 else 'days'}"
        for name, count in days.items()
    )
    return f"as forecast day by day: {told}"


def others_words(models: Sequence[str], used: str) -> str:
    """That a record is not, or only in part, of the model in use; empty if it is.

    Parameters
    ----------
    models, used
        As in :func:`how_live`.
    """
    own, title = list(models).count(used), title_of(used)
    if own == len(models):
        return ""
    days = "none" if own == 0 else f"{own}"
    return f"Of these days {title}, in use now, has forecast {days}."


def reads_filtered_days(used: str) -> bool:
    """Whether a model takes its dependence from days at each asset's volatility today."""
    return used in BOOK_MODELS and BOOK_MODELS[used].reads is not Reads.RAW
