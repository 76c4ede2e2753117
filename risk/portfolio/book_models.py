"""The models that may measure a book, by name.

Two read the market filtered asset by asset. All others are models of one series of returns
(`risk.measures.var`): today's holdings are led through the past that the filter keeps, and the
model sees what they would have made as one series. So it forgets what lies before that window;
a model for which this makes a difference names the days it has.

A model whose figure takes longer than an order may wait for is not here (docs/risk-model.md).
To offer another one, add a line.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from risk.domain.model import DAY_MODEL, LEVELS, PROVEN_AFTER
from risk.errors import InvalidInput
from risk.measures.tail import (
    TAIL_WEIGHT,
    VarEs,
    blended_var_es,
    historical_var_es,
    unit_var_es,
)
from risk.measures.tail_with_more import (
    BlendedWithMore,
    HistoricalWithMore,
    blended_with_one_more,
)
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS, VarModel
from risk.measures.var.adaptive import CALM
from risk.measures.var.base import MINIMUM_HISTORY
from risk.measures.volatility import DEFAULT_GJR
from risk.portfolio.vectors import BookVectors, Reads

#: Days of returns that a book can be led through.
_KEPT = DAY_MODEL.window
_START = DEFAULT_GJR.start_bars

#: From profits to VaR and expected shortfall at ``LEVELS``, each of shape (L,), not tracked.
Figures = Callable[[BookVectors], VarEs]
#: From filtered and raw returns, each of shape (S, A), to VaR and expected shortfall of one
#: unit of each asset, each of shape (2, A, L): held long (0) or short (1), not tracked.
Units = Callable[[FloatArray, FloatArray], VarEs]
#: From returns that a model reads, contiguous, and the value of an order, to the largest VaR and
#: expected shortfall that it may lead to, shape (2, L), tracked and never below the least.
WithMore = Callable[[FloatArray, float], FloatArray]
#: From the book to which only losses are added, the one in which orders are filled, the
#: multipliers of tracking and the least figures to that.
Ready = Callable[[BookVectors, BookVectors, FloatArray, FloatArray], WithMore]
#: The same for one order, without making anything ready: beside what `Ready` takes, what
#: `WithMore` does.
AtOnce = Callable[[BookVectors, BookVectors, FloatArray, FloatArray, FloatArray, float], FloatArray]

_LEVELS = np.array(LEVELS)


@dataclass(frozen=True, kw_only=True)
class BookModel:
    """One way to read VaR and expected shortfall off a book's profits.

    Attributes
    ----------
    name : str
        Its key in ``BOOK_MODELS``, and that of the same method among ``VAR_MODELS``.
    title, how : str
        What screens call it, and how it measures, as the rest of a line.
    tracks : bool
        Whether the book's own exceptions correct its figures.
    reads : Reads
    newest : int or None
        Scenarios that it looks at, the newest: what the parts of its figures come from. None
        for all that are kept.
    needs : int
        Bars in the window before it can measure anything.
    monotone : bool
        Whether deeper losses hardly ever lower a figure. Not so where it follows a deviation:
        an order that only takes gains away makes a book calmer.
    figures : callable
        See ``Figures``. Losses positive, quote currency; twice the profits, twice the figures.
    units : callable
        See ``Units``.
    ready : callable or None
        See ``Ready``: the compiled way to ask for one more order. None where there is only the
        plain one, which measures each book anew.
    at_once : callable or None
        See ``AtOnce``: the compiled way to ask for a single order.
    """

    name: str
    title: str
    how: str
    tracks: bool
    reads: Reads
    newest: int | None
    needs: int
    monotone: bool
    figures: Figures
    units: Units
    ready: Ready | None = None
    at_once: AtOnce | None = None

    def scenarios_of(self, filtered: FloatArray, raw: FloatArray) -> FloatArray:
        """The scenarios that the parts of its figures come from, shape (S, A)."""
        read = raw if self.reads is Reads.RAW else filtered
        return read if self.newest is None else read[max(0, len(read) - self.newest) :]


def _filtered_evt(vectors: BookVectors) -> VarEs:
    return blended_var_es(-vectors.filtered, -vectors.raw, LEVELS)


def _filtered_evt_units(filtered: FloatArray, raw: FloatArray) -> VarEs:
    return unit_var_es(filtered, raw, LEVELS)


def _filtered_evt_ready(
    worst: BookVectors, filled: BookVectors, multipliers: FloatArray, least: FloatArray
) -> WithMore:
    return BlendedWithMore(worst, filled, LEVELS, multipliers, least, TAIL_WEIGHT)


def _filtered_evt_at_once(
    worst: BookVectors,
    filled: BookVectors,
    multipliers: FloatArray,
    least: FloatArray,
    returns: FloatArray,
    change: float,
) -> FloatArray:
    return blended_with_one_more(
        worst,
        filled,
        returns,
        change,
        levels=_LEVELS,
        multipliers=multipliers,
        least=least,
        tail_weight=TAIL_WEIGHT,
    )


def _filtered_historical_ready(
    worst: BookVectors, filled: BookVectors, multipliers: FloatArray, least: FloatArray
) -> WithMore:
    return HistoricalWithMore(worst.filtered, filled.filtered, LEVELS, multipliers, least)


def _filtered_historical(vectors: BookVectors) -> VarEs:
    return historical_var_es(-vectors.filtered, LEVELS)


def _one_by_one(figures: Figures) -> Units:
    """Figures per unit, asset by asset and side by side."""

    def units(filtered: FloatArray, raw: FloatArray) -> VarEs:
        found = [
            figures(BookVectors(side * filtered[:, column], side * raw[:, column]))
            for side in (1.0, -1.0)
            for column in range(filtered.shape[1])
        ]
        shape = 2, filtered.shape[1], len(LEVELS)
        var, es = zip(*found, strict=True)
        return np.array(var).reshape(shape), np.array(es).reshape(shape)

    return units


def _of_series(model: VarModel[Any]) -> Figures:
    """What a model of one series says of the past that today's holdings would have had."""

    def figures(vectors: BookVectors) -> VarEs:
        largest = float(np.abs(vectors.raw).max())
        if not math.isfinite(largest):
            raise ValueError("a book's profits contain NaN or infinity")
        if largest == 0.0:
            return np.zeros(len(LEVELS)), np.zeros(len(LEVELS))
        # Models of returns keep a least variance, which must not depend on the currency. By a
        # power of two, since that rounds nothing.
        scale = math.ldexp(1.0, math.frexp(largest)[1] - 1)
        var, es = model.untracked(vectors.raw / scale, LEVELS)
        return var * scale, es * scale

    return figures


def _led(
    name: str,
    *,
    newest: int | None = 250,
    needs: int = MINIMUM_HISTORY,
    monotone: bool = True,
    how: str = "",
) -> BookModel:
    """A registered model of one series, on the past of today's holdings."""
    series = VAR_MODELS[name]
    figures = _of_series(series)
    return BookModel(
        name=name,
        title=series.title,
        how=how or series.how,
        tracks=series.tracks,
        reads=Reads.RAW,
        newest=newest,
        needs=needs,
        monotone=monotone,
        figures=figures,
        units=_one_by_one(figures),
    )


_MODELS = [
    BookModel(
        name="filtered_evt",
        title=VAR_MODELS["filtered_evt"].title,
        how=f"{_KEPT} days at each asset's volatility today, Pareto tail, self-correcting",
        tracks=True,
        reads=Reads.BOTH,
        newest=None,
        needs=PROVEN_AFTER,
        monotone=True,
        figures=_filtered_evt,
        units=_filtered_evt_units,
        ready=_filtered_evt_ready,
        at_once=_filtered_evt_at_once,
    ),
    BookModel(
        name="filtered_historical",
        title=VAR_MODELS["filtered_historical"].title,
        how=f"{_KEPT} days at each asset's volatility today",
        tracks=False,
        reads=Reads.FILTERED,
        newest=None,
        needs=PROVEN_AFTER,
        monotone=True,
        figures=_filtered_historical,
        units=_one_by_one(_filtered_historical),
        ready=_filtered_historical_ready,
    ),
    _led(
        "ewma_filtered_historical",
        newest=None,
        needs=_START + MINIMUM_HISTORY,
        monotone=False,
        how=f"{_KEPT - _START} days at today's EWMA volatility of the book",
    ),
    _led("ewma_normal", newest=None, monotone=False),
    _led("historical_250"),
    _led("historical_500", newest=None),
    _led(
        "adaptive",
        newest=CALM,
        how=f"{VAR_MODELS['adaptive'].how} against {_KEPT} days",
    ),
    _led("parametric_normal", monotone=False),
    _led("parametric_t", monotone=False),
    _led("cornish_fisher", monotone=False),
    _led("monte_carlo_gaussian", monotone=False),
    _led("monte_carlo_bootstrap"),
    _led("most_conservative", monotone=False),
]

#: Every model that may measure a book, the default first.
BOOK_MODELS: dict[str, BookModel] = {model.name: model for model in _MODELS}


def title_of(name: str) -> str:
    """What screens call a model; its name where it is not known any more."""
    return BOOK_MODELS[name].title if name in BOOK_MODELS else name


def book_model(name: str) -> BookModel:
    """The model called `name`.

    Raises
    ------
    InvalidInput
        If none is called that; the text names the nearest, or all.
    """
    if name in BOOK_MODELS:
        return BOOK_MODELS[name]
    near = get_close_matches(name, BOOK_MODELS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(BOOK_MODELS)}"
    raise InvalidInput(f"no model of a book is called {name!r}; {hint}")
