"""Risk of holding a book for several bars: paths that make their own storms."""

import numpy as np

from risk.domain.assessment import TailRisk
from risk.domain.model import LEVELS, PROVEN_AFTER, Model, Scenarios
from risk.measures.types import FloatArray, IntArray
from risk.measures.var.base import MINIMUM_HISTORY
from risk.measures.var.horizon import PATHS, book_horizon_var_es
from risk.measures.volatility import DEFAULT_GJR, GjrState
from risk.portfolio.scenarios import forecast_deviations
from risk.portfolio.tails import NO_RISK


def horizon_tail(
    model: Model,
    weights: FloatArray,
    *,
    steps: int,
    rng: np.random.Generator,
    paths: int = PATHS,
) -> TailRisk | None:
    """VaR and expected shortfall of holding a book unchanged over the coming bars.

    From the same filter and the same residuals as the model's own figures of one bar, assets
    with a short history proxied as there; without its blend and its tracking, which were made
    for one bar.

    Parameters
    ----------
    model : Model
    weights : ndarray of shape (A,)
        Exposure by column of the model; negative when short.
    steps : int
        Bars that it is held.
    rng : numpy.random.Generator
        For the shocks; the same state gives the same figures.
    paths : int

    Returns
    -------
    TailRisk or None
        Never below zero; None while the model cannot tell.
    """
    scenarios, deviation = model.scenarios, forecast_deviations(model.filter)
    if scenarios is None or deviation is None or len(scenarios.filtered) < MINIMUM_HISTORY:
        return None
    held = np.flatnonzero(weights)
    if not held.size:
        return NO_RISK
    var, es = book_horizon_var_es(
        _state_of(model, deviation, held),
        _shocks_of(scenarios, deviation, held),
        weights[held],
        LEVELS,
        steps=steps,
        rng=rng,
        paths=paths,
    )
    return TailRisk(*(tuple(max(0.0, float(value)) for value in part) for part in (var, es)))


def _state_of(model: Model, deviation: FloatArray, held: IntArray) -> GjrState:
    """The filter, as wild as its assets' scenarios are; what was hardly seen stays as wild."""
    variance, known = deviation[held] ** 2, model.filter
    observed = known.observed[held]
    proven = observed >= PROVEN_AFTER
    return GjrState(
        variance=variance,
        long_run=np.where(proven, known.long_run[held], variance),
        observed=np.maximum(observed, DEFAULT_GJR.start_bars),
    )


def _shocks_of(scenarios: Scenarios, deviation: FloatArray, held: IntArray) -> FloatArray:
    shocks: FloatArray = scenarios.filtered[:, held] / deviation[held]
    return shocks
