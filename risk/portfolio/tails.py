"""VaR and expected shortfall of a book, held and committed, and their parts.

One figure for all uses: what is shown, limited, split and backtested comes from
:func:`book_tail`, by the model of the book (`book_models`).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from risk.domain.assessment import TailRisk
from risk.domain.model import LEVELS, Model
from risk.measures.tail_split import split_tail
from risk.measures.tracking import tracked_var_es
from risk.measures.types import FloatArray
from risk.portfolio.book_models import book_model
from risk.portfolio.vectors import BookVectors, over_scenarios

NO_RISK = TailRisk((0.0,) * len(LEVELS), (0.0,) * len(LEVELS))


class TailParts(NamedTuple):
    """A book's figures split by asset; columns as in ``Model.assets``, rows as ``LEVELS``.

    Attributes
    ----------
    var, es : ndarray of shape (L, A)
        Components; each row adds up to the book's figure.
    marginal_var : ndarray of shape (L, A)
        Change of the book's VaR per unit of currency bought.
    marginal_es : ndarray of shape (L, A)
    """

    var: FloatArray
    es: FloatArray
    marginal_var: FloatArray
    marginal_es: FloatArray


def weights_of(model: Model, exposure: Mapping[str, float]) -> FloatArray | None:
    """Exposure by column, shape (A,); None if the model does not know an asset held."""
    weights = np.zeros(len(model.assets))
    for asset, value in exposure.items():
        column = model.column(asset)
        if column is not None:
            weights[column] = value
        elif value != 0.0:
            return None
    return weights


def project(model: Model, weights: FloatArray) -> BookVectors | None:
    """Profit of a book in each scenario; None while the model has none."""
    scenarios = model.scenarios
    if scenarios is None:
        return None
    reads = book_model(model.spec.method).reads
    return over_scenarios(scenarios, reads, lambda returns: returns @ weights)


def project_one(model: Model, asset: str, exposure: float) -> BookVectors | None:
    """Profit of holding one asset in each scenario; None if the model cannot tell."""
    column = model.column(asset)
    if model.scenarios is None or column is None:
        return None
    reads = book_model(model.spec.method).reads
    return over_scenarios(model.scenarios, reads, lambda returns: returns[:, column] * exposure)


def tail_of(model: Model, vectors: BookVectors) -> TailRisk:
    """VaR and expected shortfall of a book's profits, never below zero.

    Tracked if the model of the book tracks.
    """
    method = book_model(model.spec.method)
    var, es = method.figures(vectors)
    if method.tracks:
        var, es = tracked_var_es(var, es, model.tracking)
    return TailRisk(_at_least_zero(var), _at_least_zero(es))


def book_tail(model: Model, weights: FloatArray) -> TailRisk | None:
    """VaR and expected shortfall of holdings; None while the model cannot tell."""
    if not weights.any():
        return NO_RISK if model.scenarios is not None else None
    vectors = project(model, weights)
    return None if vectors is None else tail_of(model, vectors)


def committed_tail(
    model: Model,
    *,
    held: TailRisk,
    worst: BookVectors,
    filled: BookVectors,
    raising: BookVectors | None = None,
) -> TailRisk:
    """The largest figures that pending orders may lead to.

    For a monotone measure `worst` alone would bound every subset of fills. A fitted Pareto
    tail is not monotone, so the book with nothing filled and the one with everything filled
    count as well; and where a figure follows a deviation, which a loss in place of a gain makes
    smaller, so does the book with those orders filled that would each raise it.

    Parameters
    ----------
    model : Model
    held : TailRisk
        With nothing filled.
    worst : BookVectors
        Held profits plus, in each scenario, those pending orders that would lose.
    filled : BookVectors
        Profits with everything filled.
    raising : BookVectors or None
        Held profits plus those pending orders that would raise the figures if nothing else
        were filled (:func:`raises`); None for a model that needs no such guard.
    """
    books = (worst, filled) if raising is None else (worst, filled, raising)
    return largest((held, *(tail_of(model, book) for book in books)))


def raises(model: Model, held: TailRisk, filled: BookVectors) -> bool:
    """Whether a book with one order filled has the larger 99 % VaR."""
    return tail_of(model, filled).var_at(0.99) > held.var_at(0.99)


def largest(tails: Iterable[TailRisk]) -> TailRisk:
    """Level by level the largest of several figures."""
    var, es = zip(*((tail.var, tail.es) for tail in tails), strict=True)
    return TailRisk(
        tuple(max(level) for level in zip(*var, strict=True)),
        tuple(max(level) for level in zip(*es, strict=True)),
    )


def split_by_asset(model: Model, weights: FloatArray, tail: TailRisk) -> TailParts | None:
    """Each asset's part of a book's figures; None for a flat book or a model without scenarios."""
    if model.scenarios is None or not weights.any():
        return None
    kept = model.scenarios
    scenarios = book_model(model.spec.method).scenarios_of(kept.filtered, kept.raw)
    of_var = [
        split_tail(scenarios, weights, level, var)
        for level, var in zip(LEVELS, tail.var, strict=True)
    ]
    of_es = [
        split_tail(scenarios, weights, level, es) for level, es in zip(LEVELS, tail.es, strict=True)
    ]
    return TailParts(
        var=np.array([split.components for split in of_var]),
        es=np.array([split.components for split in of_es]),
        marginal_var=np.array([split.marginals for split in of_var]),
        marginal_es=np.array([split.marginals for split in of_es]),
    )


def standalone_tails(model: Model) -> tuple[FloatArray, FloatArray] | None:
    """VaR and ES of one unit of currency, tracked if the book is; None while unknown.

    Returns
    -------
    var, es : ndarray of shape (2, A, L)
        Held long (0) or short (1).
    """
    scenarios = model.scenarios
    if scenarios is None or scenarios.unit_var is None or scenarios.unit_es is None:
        return None
    var, es = scenarios.unit_var, scenarios.unit_es
    if book_model(model.spec.method).tracks:
        var, es = tracked_var_es(var, es, model.tracking)
    return np.maximum(var, 0.0), np.maximum(es, 0.0)


def _at_least_zero(values: FloatArray) -> tuple[float, ...]:
    return tuple(max(0.0, float(value)) for value in values)
