"""From what a model has observed to equally likely returns of the running bar.

Holes are the point of this module. An asset without a return on some past bar gets a proxy
there, by this rule: 0.7 of the market's residual on that bar, plus 0.71 of the market's
residual on another bar, so that the proxy is as variable as a real residual, moves with the
market as crypto does, and is never a perfect hedge for anything. An asset with fewer than
`PROVEN_AFTER` returns is given the variance of a wild one (the 90th percentile of the proven
ones) unless its own is wilder; assessments say so.
"""

import math

import numpy as np

from risk.domain.market import Period
from risk.domain.model import PROVEN_AFTER, MarketFilter, ModelSpec, Scenarios
from risk.measures.correlation import correlation_from, shrink_to_mean
from risk.measures.types import FloatArray
from risk.portfolio.book_models import book_model

_MARKET_SHARE = 0.7
_OWN_SHARE = math.sqrt(1.0 - _MARKET_SHARE**2)
_WILD = 0.90
# Odd and far from any cycle of days or weeks, so that two proxied assets differ.
_STRIDE = 37


def build_scenarios(observed: MarketFilter, spec: ModelSpec) -> Scenarios | None:
    """Scenarios of the running bar; None while the method has too few bars or no variance."""
    method = book_model(spec.method)
    if len(observed.residuals) < method.needs:
        return None
    deviation = forecast_deviations(observed)
    if deviation is None:
        return None
    residuals, proxied = _without_holes(observed.residuals)
    filtered = np.asfortranarray(residuals * deviation)
    correlation = shrink_to_mean(correlation_from(observed.cross, observed.cross_weight))
    if spec.period is not Period.DAY:
        return Scenarios(filtered, filtered, None, None, correlation)
    raw = np.asfortranarray(np.where(proxied, filtered, observed.returns))
    unit_var, unit_es = method.units(filtered, raw)
    return Scenarios(filtered, raw, unit_var, unit_es, correlation)


def forecast_deviations(observed: MarketFilter) -> FloatArray | None:
    """Deviation of the running bar that each asset's scenarios are scaled to, shape (A,).

    The filter's forecast; for an asset with a short history, that of a wild one if it is larger.
    None while the filter knows no asset.
    """
    known = np.isfinite(observed.variance)
    if not known.any():
        return None
    proven = known & (observed.observed >= PROVEN_AFTER)
    sample = observed.variance[proven if proven.any() else known]
    wild = float(np.quantile(sample, _WILD))
    cautious = np.fmax(observed.variance, wild)
    return np.sqrt(np.where(proven, observed.variance, cautious))


def _without_holes(
    residuals: FloatArray,
) -> tuple[FloatArray, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    holes = np.isnan(residuals)
    if not holes.any():
        return residuals, holes
    market = np.nanmean(residuals, axis=1)
    size = math.sqrt(float(np.mean(market**2)))
    market = market / size if size > 0.0 else market
    filled = residuals.copy()
    for column in np.flatnonzero(holes.any(axis=0)):
        own = np.roll(market, (int(column) + 1) * _STRIDE)
        proxy = _MARKET_SHARE * market + _OWN_SHARE * own
        filled[holes[:, column], column] = proxy[holes[:, column]]
    return filled, holes
