"""How a model goes from one bar to the next: the only place where models change.

At a close, the forecast made for the bar is scored against what happened to the holdings it
was made for, the filters take in the bar's returns, and a forecast is made for the next bar
with today's holdings. Between closes a model changes only where people choose another method.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Mark, Period
from risk.domain.model import (
    DAY_MODEL,
    HOUR_MODEL,
    LEVELS,
    Forecast,
    MarketFilter,
    Model,
    Models,
    ModelSpec,
    Score,
)
from risk.measures.correlation import ewma_cross_update
from risk.measures.tracking import tracking_start, tracking_update
from risk.measures.types import FloatArray
from risk.measures.volatility import GjrState, gjr_update
from risk.portfolio.book_models import book_model
from risk.portfolio.regime import market_return
from risk.portfolio.scenarios import build_scenarios
from risk.portfolio.tails import book_tail, weights_of

#: Scored bars remembered for counting exceptions.
SCORES_KEPT = 1000


def new_model(spec: ModelSpec, assets: Sequence[str] = ()) -> Model:
    """A model that has seen nothing yet."""
    empty = Model(
        spec=spec,
        version=0,
        assets=(),
        closed=None,
        filter=_filter_of_nothing(),
        scenarios=None,
        tracking=tracking_start(len(LEVELS)),
        forecast=None,
        score=None,
        exceeded=np.empty((0, len(LEVELS)), dtype=np.bool_),
    )
    return with_assets(empty, assets)


def new_models(assets: Sequence[str] = ()) -> Models:
    """Both horizons' models, having seen nothing yet."""
    return Models(day=new_model(DAY_MODEL, assets), hour=new_model(HOUR_MODEL, assets))


def with_assets(model: Model, assets: Iterable[str]) -> Model:
    """The model, knowing these assets too; what it knows of the others stays."""
    added = tuple(asset for asset in sorted(set(assets)) if model.column(asset) is None)
    if not added:
        return model
    return with_scenarios(_widened_by(model, added))


def with_scenarios(model: Model) -> Model:
    """The model with scenarios derived anew from its filter, e.g. after it was loaded."""
    return replace(model, scenarios=build_scenarios(model.filter, model.spec))


def measured_by(model: Model, method: str) -> Model:
    """The model with another method: same market, and a correction of its own that starts anew.

    The running forecast stays: it was shown, and is scored as what it was.

    Parameters
    ----------
    model : Model
    method : str
        A key of ``BOOK_MODELS``.

    Raises
    ------
    InvalidInput
        If no model of a book is called that.
    """
    spec = replace(model.spec, method=book_model(method).name)
    return with_scenarios(replace(model, spec=spec, tracking=tracking_start(len(LEVELS))))


def advance(model: Model, bar: BarClose, exposure: Mapping[str, float]) -> Model:
    """Score the running forecast, take in the bar, forecast the next one.

    Parameters
    ----------
    model : Model
    bar : BarClose
        Of the model's period, later than any it has seen.
    exposure : mapping of asset to float
        Held at the close, quote currency; negative when short.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        If the bar is of another period, or not later than the last one.
    """
    seen, returns = _taken_in(model, bar)
    score = _score(model, bar, returns)
    advanced = replace(
        with_scenarios(seen),
        tracking=_tracked(model, score),
        score=score,
        exceeded=_remembered(model.exceeded, score),
        unscored=model.unscored + (model.forecast is not None and score is None),
    )
    return replace(advanced, forecast=_forecast(advanced, bar.closed, exposure))


def warm(model: Model, closes: Iterable[BarClose]) -> Model:
    """The model after bars during which no book was held, oldest first.

    Equal to advancing with an empty book, without deriving scenarios that nobody looks at.
    """
    for close in closes:
        model, _ = _taken_in(model, close)
    return with_scenarios(replace(model, forecast=None, score=None))


class Rolled(NamedTuple):
    """Models after some closes, and what was seen on the way.

    Attributes
    ----------
    models : Models
    scores : tuple of Score
        Forecasts that met their outcome.
    hours : tuple of float or None
        The market's return of each hour, see :func:`risk.portfolio.regime.market_return`.
    """

    models: Models
    scores: tuple[Score, ...]
    hours: tuple[float | None, ...]


def roll_models(
    models: Models, closes: Iterable[BarClose], ledger: Ledger, marks: Mapping[str, Mark]
) -> Rolled:
    """Advance both models over closes, oldest first, forecasting for the ledger's holdings.

    Parameters
    ----------
    models : Models
    closes : iterable of BarClose
    ledger : Ledger
    marks : mapping of asset to Mark
        Value a holding that has no bar in a close.
    """
    scores: list[Score] = []
    hours: list[float | None] = []
    for close in closes:
        if close.period is Period.HOUR:
            hours.append(market_return(models.hour, close))
        model = advance(models.of(close.period), close, _exposure_at(close, ledger, marks))
        models = models.with_model(model)
        if model.score is not None:
            scores.append(model.score)
    return Rolled(models, tuple(scores), tuple(hours))


def _exposure_at(close: BarClose, ledger: Ledger, marks: Mapping[str, Mark]) -> dict[str, float]:
    exposure: dict[str, float] = {}
    for position in ledger.positions.values():
        bar, mark = close.bars.get(position.asset), marks.get(position.asset)
        if bar is not None:
            price = bar.close
        elif mark is not None and mark.known:
            price = mark.price
        else:
            price = position.entry_price
        exposure[position.asset] = exposure.get(position.asset, 0.0) + position.quantity * price
    return exposure


def _refuse_misplaced(model: Model, bar: BarClose) -> None:
    if bar.period is not model.spec.period:
        raise ValueError(f"a bar of {bar.period} cannot advance a model of {model.spec.period}")
    if model.closed is not None and bar.closed <= model.closed:
        raise ValueError(f"the bar closed at {bar.closed}, the model has seen {model.closed}")


def _taken_in(model: Model, bar: BarClose) -> tuple[Model, FloatArray]:
    """The model with the bar in its filter, and the bar's returns by its columns.

    A return is NaN where either of its two closes is missing.
    """
    _refuse_misplaced(model, bar)
    unknown = sorted(asset for asset in bar.bars if model.column(asset) is None)
    if unknown:
        model = _widened_by(model, tuple(unknown))
    breaks = [column for a in bar.breaks if (column := model.column(a)) is not None]
    known = _forgetting(model.filter, breaks)
    closes = _closes(model, bar)
    if model.closed == bar.opened:
        returns = closes / known.close - 1.0
    else:
        returns = np.full(len(closes), np.nan)
    seen = _observe(known, closes, returns, model.spec.window)
    return replace(model, version=model.version + 1, closed=bar.closed, filter=seen), returns


def _closes(model: Model, bar: BarClose) -> FloatArray:
    return np.array([_close_of(bar, asset) for asset in model.assets], dtype=np.float64)


def _close_of(bar: BarClose, asset: str) -> float:
    found = bar.bars.get(asset)
    return np.nan if found is None else found.close


def _score(model: Model, bar: BarClose, returns: FloatArray) -> Score | None:
    made = model.forecast
    if made is None or made.opened != bar.opened:
        return None
    weights = weights_of(model, made.exposure)
    if weights is None:
        return None
    returns = returns[: len(weights)]  # assets that came with this bar were not held before it
    held = weights != 0.0
    if np.isnan(returns[held]).any():
        return None
    loss = -float(weights[held] @ returns[held])
    return Score(
        model.spec.period, bar.closed, loss, made.var, made.es, loss > made.var, made.method
    )


def _tracked(model: Model, score: Score | None) -> FloatArray:
    # Multipliers are a model's own: it does not learn from another one's forecast.
    learns = score is not None and score.method == model.spec.method
    if score is None or not learns or not book_model(model.spec.method).tracks:
        return model.tracking
    return tracking_update(model.tracking, score.exceeded, LEVELS)


def _remembered(
    exceeded: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], score: Score | None
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    if score is None:
        return exceeded
    return np.vstack([exceeded, score.exceeded])[-SCORES_KEPT:]


def _forecast(model: Model, opened: datetime, exposure: Mapping[str, float]) -> Forecast | None:
    weights = weights_of(model, exposure)
    if weights is None or not weights.any():
        return None  # a flat book cannot lose: scoring it would teach the model to be bold
    tail = book_tail(model, weights)
    if tail is None:
        return None
    return Forecast(
        opened, dict(exposure), np.array(tail.var), np.array(tail.es), model.spec.method
    )


# --- the filter ----------------------------------------------------------------------------


def _observe(
    known: MarketFilter, closes: FloatArray, returns: FloatArray, window: int
) -> MarketFilter:
    state, residuals = gjr_update(GjrState(known.variance, known.long_run, known.observed), returns)
    seen = known._replace(
        variance=state.variance,
        long_run=state.long_run,
        observed=state.observed,
        close=closes,
    )
    if np.isnan(residuals).all():
        return seen
    cross, weight = ewma_cross_update(known.cross, known.cross_weight, residuals)
    return seen._replace(
        residuals=_pushed(known.residuals, residuals, window),
        returns=_pushed(known.returns, returns, window),
        cross=cross,
        cross_weight=weight,
    )


def _pushed(window: FloatArray, row: FloatArray, size: int) -> FloatArray:
    kept = window[max(0, len(window) - size + 1) :]
    return np.vstack([kept, row])


def _forgetting(known: MarketFilter, columns: Sequence[int]) -> MarketFilter:
    """The filter without the past of assets whose series begins anew."""
    if not columns:
        return known
    anew = known._replace(
        variance=known.variance.copy(),
        long_run=known.long_run.copy(),
        observed=known.observed.copy(),
        close=known.close.copy(),
        residuals=known.residuals.copy(),
        returns=known.returns.copy(),
        cross=known.cross.copy(),
        cross_weight=known.cross_weight.copy(),
    )
    for column in columns:
        anew.variance[column] = np.nan
        anew.long_run[column] = 0.0
        anew.observed[column] = 0
        anew.close[column] = np.nan
        anew.residuals[:, column] = np.nan
        anew.returns[:, column] = np.nan
        for sums in (anew.cross, anew.cross_weight):
            sums[column, :] = 0.0
            sums[:, column] = 0.0
    return _without_empty_rows(anew)


def _without_empty_rows(known: MarketFilter) -> MarketFilter:
    useful = ~np.isnan(known.residuals).all(axis=1)
    return known._replace(residuals=known.residuals[useful], returns=known.returns[useful])


def _filter_of_nothing() -> MarketFilter:
    none, square = np.empty(0), np.empty((0, 0))
    return MarketFilter(
        none, none, np.empty(0, dtype=np.int64), none, square, square, square, square
    )


def _widened_by(model: Model, added: tuple[str, ...]) -> Model:
    return replace(model, assets=model.assets + added, filter=_widened(model.filter, len(added)))


def _widened(known: MarketFilter, added: int) -> MarketFilter:
    unseen = np.full((len(known.residuals), added), np.nan)
    grown = ((0, added), (0, added))
    return MarketFilter(
        variance=np.concatenate([known.variance, np.full(added, np.nan)]),
        long_run=np.concatenate([known.long_run, np.zeros(added)]),
        observed=np.concatenate([known.observed, np.zeros(added, dtype=np.int64)]),
        close=np.concatenate([known.close, np.full(added, np.nan)]),
        residuals=np.hstack([known.residuals, unseen]),
        returns=np.hstack([known.returns, unseen]),
        cross=np.pad(known.cross, grown),
        cross_weight=np.pad(known.cross_weight, grown),
    )
