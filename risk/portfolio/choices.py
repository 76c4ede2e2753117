"""Which model measures a book: what the setting says, until a person chooses."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from risk.domain.actions import (
    BY_SETTING,
    Action,
    BookModelInUse,
    ChooseBookModel,
    ModelChange,
    Refusal,
)
from risk.domain.assessment import TailRisk
from risk.domain.model import Model, Models
from risk.domain.proposals import Direction, why_unsanctioned
from risk.portfolio.book_models import BOOK_MODELS, book_model
from risk.portfolio.forecasting import measured_by
from risk.portfolio.tails import book_tail, weights_of

#: The kinds of action that `choose` applies.
CHOSEN = (ChooseBookModel,)


class Chosen(NamedTuple):
    """Models after what was chosen, and what is to be told of it.

    Attributes
    ----------
    models : Models
    changes : tuple of ModelChange
        In the order in which they came; the last one stands.
    refusals : tuple of Refusal
    """

    models: Models
    changes: tuple[ModelChange, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def choose(
    models: Models,
    actions: Sequence[Action],
    *,
    in_use: BookModelInUse | None,
    by_setting: str | None,
) -> Chosen:
    """Measure the book's day by what was chosen last; actions of other kinds are left to others.

    Nobody can say that another model only tightens: without the word of a second person a choice is
    refused.

    Parameters
    ----------
    models : Models
    actions : sequence of Action
        Not taken in yet, oldest first.
    in_use : BookModelInUse or None
        After the last cycle; None before the first.
    by_setting : str or None
        A key of ``BOOK_MODELS``, in force unless a person has chosen; None leaves it open.

    Returns
    -------
    Chosen
    """
    name, changes, refusals = models.day.spec.method, list[ModelChange](), list[Refusal]()
    if by_setting not in (None, name) and not (in_use is not None and in_use.chosen):
        assert by_setting is not None, "not None and not the one in use"
        changes.append(ModelChange(name, by_setting, BY_SETTING))
        name = by_setting
    for action in actions:
        if not isinstance(action, CHOSEN):
            continue
        reason = why_not(action.model, in_use=name) or why_unsanctioned(action, Direction.LOOSENS)
        if reason is not None:
            refusals.append(Refusal(f"measure the book by {action.model}", action.who, reason))
            continue
        told = "" if action.sanction is None else action.sanction.told
        changes.append(ModelChange(name, action.model, action.who, told))
        name = action.model
    if changes:  # rebuilt once, for the last of them, also where that is the first one again
        models = models.with_model(measured_by(models.day, name))
    return Chosen(models, tuple(changes), tuple(refusals))


def why_not(name: str, *, in_use: str) -> str | None:
    """Why a book cannot be measured by another model; None if it can.

    Parameters
    ----------
    name, in_use : str
        The one wanted, and the one in use.
    """
    if name not in BOOK_MODELS:
        return f"no model of a book is called {name}"
    return f"{name} is in use already" if name == in_use else None


def tail_by(model: Model, exposure: Mapping[str, float], name: str) -> TailRisk | None:
    """What another model would say of holdings now; None while it cannot tell.

    Parameters
    ----------
    model : Model
        Of one day, as it is in use.
    exposure : mapping of asset to float
        Quote currency; negative when short.
    name : str
        A key of ``BOOK_MODELS``.

    Raises
    ------
    InvalidInput
        If no model of a book is called that.
    """
    other = measured_by(model, name)
    weights = weights_of(other, exposure)
    return None if weights is None else book_tail(other, weights)


def days_missing(model: Model, name: str) -> int:
    """Days that another model needs beyond those in the window; 0 if there are enough."""
    return max(0, book_model(name).needs - len(model.filter.residuals))
