"""What the models know between two bar closes: filters, windows, scenarios, forecasts.

These are shapes only. A model changes at a bar's close and nowhere else, by
:func:`risk.portfolio.forecasting.advance`; assessing a book never changes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.market import Period
from risk.measures.types import FloatArray

#: Confidence levels of every VaR and expected shortfall, in this order everywhere.
LEVELS: tuple[float, ...] = (0.95, 0.975, 0.99)

#: Returns an asset needs before its own history is believed; below, it is proxied.
PROVEN_AFTER = 60


#: What measures a book for which nothing else was chosen: a key of ``BOOK_MODELS``.
DEFAULT_BOOK_MODEL = "filtered_evt"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """What distinguishes one model from another.

    Attributes
    ----------
    period : Period
        The bar it advances on, which is also its horizon.
    window : int
        Scenarios kept.
    method : str
        How VaR and expected shortfall are read off the scenarios: a key of ``BOOK_MODELS``.
    """

    period: Period
    window: int
    method: str


DAY_MODEL = ModelSpec(period=Period.DAY, window=500, method=DEFAULT_BOOK_MODEL)
HOUR_MODEL = ModelSpec(period=Period.HOUR, window=2000, method="filtered_historical")


class MarketFilter(NamedTuple):
    """Everything remembered about the assets; column j belongs to ``Model.assets[j]``.

    Attributes
    ----------
    variance : ndarray of shape (A,)
        Forecast variance of the running bar's simple return.
    long_run : ndarray of shape (A,)
        Slow average of winsorised squared returns.
    observed : ndarray of shape (A,), int
        Returns seen since the asset's series began.
    close : ndarray of shape (A,)
        Close of the last bar; NaN where the asset had none.
    residuals : ndarray of shape (S, A)
        Last returns over their forecast deviation, oldest first; NaN where unobserved.
    returns : ndarray of shape (S, A)
        The same returns, raw.
    cross, cross_weight : ndarray of shape (A, A)
        Decayed sums of residual products, and of their weights.
    """

    variance: FloatArray
    long_run: FloatArray
    observed: NDArray[np.int64]
    close: FloatArray
    residuals: FloatArray
    returns: FloatArray
    cross: FloatArray
    cross_weight: FloatArray


class Scenarios(NamedTuple):
    """Equally likely returns of the running bar, additive in positions. No NaN.

    Derived from the filter at each close; columns in Fortran order, so that one asset's
    scenarios lie together.

    Attributes
    ----------
    filtered : ndarray of shape (S, A)
        Residuals times today's forecast deviation.
    raw : ndarray of shape (S, A)
        Returns as they were.
    unit_var, unit_es : ndarray of shape (2, A, L) or None
        VaR and ES of one unit of currency held long (0) or short (1), before tracking; of
        the one-day model only.
    correlation : ndarray of shape (A, A)
        Shrunk correlation of residuals, newer bars weighing more: for betas, not for VaR, whose
        dependence is that of the scenarios themselves.
    """

    filtered: FloatArray
    raw: FloatArray
    unit_var: FloatArray | None
    unit_es: FloatArray | None
    correlation: FloatArray


class Forecast(NamedTuple):
    """What was forecast for the running bar, and for which holdings.

    Attributes
    ----------
    opened : datetime
        Start of the bar it is for. UTC.
    exposure : mapping of asset to float
        Quote currency held at that moment; negative when short.
    var, es : ndarray of shape (L,)
        Quote currency, losses positive.
    method : str
        Name of the model that made it; empty only where it was stored without.
    """

    opened: datetime
    exposure: Mapping[str, float]
    var: FloatArray
    es: FloatArray
    method: str = ""


class Score(NamedTuple):
    """A forecast confronted with what happened to the holdings it was made for.

    Attributes
    ----------
    period : Period
    closed : datetime
        End of the bar. UTC.
    loss : float
        Quote currency; a gain is negative.
    var, es : ndarray of shape (L,)
    exceeded : ndarray of shape (L,), bool
    method : str
        Name of the model that made the forecast; empty only where it was stored without.
    """

    period: Period
    closed: datetime
    loss: float
    var: FloatArray
    es: FloatArray
    exceeded: NDArray[np.bool_]
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One horizon's model of the market and of one book. Immutable and versioned.

    Attributes
    ----------
    spec : ModelSpec
    version : int
        Bars it has advanced over.
    assets : tuple of str
    closed : datetime or None
        Close of the last bar; None before the first.
    filter : MarketFilter
    scenarios : Scenarios or None
        None while fewer bars were seen than the method needs: nothing can be measured.
    tracking : ndarray of shape (L,)
        The book's own correction of its VaR, from its own exceptions.
    forecast : Forecast or None
        For the running bar; None when there was no book or no scenario yet.
    score : Score or None
        How the last closed forecast fared; None if it could not be scored.
    exceeded : ndarray of shape (n, L), bool
        Scored bars, oldest first, the last 1,000 at most.
    unscored : int
        Forecasts never scored because a held asset had no return in that bar.
    """

    spec: ModelSpec
    version: int
    assets: tuple[str, ...]
    closed: datetime | None
    filter: MarketFilter
    scenarios: Scenarios | None
    tracking: FloatArray
    forecast: Forecast | None
    score: Score | None
    exceeded: NDArray[np.bool_]
    unscored: int = 0
    _column: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_column", {asset: j for j, asset in enumerate(self.assets)})

    def column(self, asset: str) -> int | None:
        """The asset's column, or None if the model has never heard of it."""
        return self._column.get(asset)

    def proven(self, asset: str) -> bool:
        """Whether the asset has enough history of its own."""
        column = self.column(asset)
        return column is not None and int(self.filter.observed[column]) >= PROVEN_AFTER


class Models(NamedTuple):
    """The models of one book, by horizon."""

    day: Model
    hour: Model

    def of(self, period: Period) -> Model:
        """The model that advances on bars of `period`."""
        return self.day if period is Period.DAY else self.hour

    def with_model(self, model: Model) -> "Models":
        """These, with `model` in place of the one of its period."""
        if model.spec.period is Period.DAY:
            return self._replace(day=model)
        return self._replace(hour=model)
