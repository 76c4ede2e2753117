"""Figures of a table as plain dicts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from risk.analyzer.refusals import needs_bars, needs_movement
from risk.analyzer.table import BOOK, Table
from risk.domain.model import LEVELS
from risk.errors import InsufficientData, InvalidInput
from risk.measures import drawdown as drawdowns
from risk.measures.correlation import correlation_from, ewma_cross, nearest_psd, shrink_to_mean
from risk.measures.ewma import ewma_variance
from risk.measures.pair_correlation import sample_correlation
from risk.measures.returns import annualised_volatility
from risk.measures.shrinkage import MINIMUM_COMPLETE_BARS, shrunk_to_constant_correlation
from risk.measures.tail import VarEs
from risk.measures.tail_split import split_tail
from risk.measures.types import FloatArray
from risk.measures.volatility import gjr_filter

#: Fewest bars for a volatility, and for a drawdown of what is held.
MINIMUM_BARS = 30

# Of the average called by RiskMetrics' decay of .94.
_HALF_LIFE = math.log(0.5) / math.log(0.94)

Figures = Callable[[Table, tuple[float, ...]], VarEs]


def drawdown(table: Table) -> dict[str, Any]:
    """See :meth:`~risk.analyzer.facade.PositionRiskAnalyzer.maximum_drawdown`."""
    if table.held.any():  # a book that holds nothing fell by nothing, however short the table
        needs_bars("maximum_drawdown of a book", table, table.held, MINIMUM_BARS)
    values, labels = value_curve(table.book_returns[table.complete]), table.curve_labels
    deepest, longest = drawdowns.maximum_drawdown(values), drawdowns.longest_drawdown(values)
    return {
        "depth": deepest.depth,
        "peak": labels[deepest.peak],
        "trough": labels[deepest.trough],
        "current": drawdowns.current_drawdown(values),
        "longest": longest.bars if longest else 0,
        "conditional_95": drawdowns.conditional_drawdown(values, level=0.95),
    }


def volatility(table: Table, estimator: str) -> dict[str, float]:
    """See :meth:`~risk.analyzer.facade.PositionRiskAnalyzer.volatility`."""
    known = list(_DEVIATIONS)
    if estimator not in known:
        raise InvalidInput(f"no volatility is called {estimator!r}; there are {known}")
    for name, bars in zip((*table.assets, BOOK), _bars_seen(table), strict=True):
        if bars < MINIMUM_BARS:
            raise InsufficientData(f"volatility of {name}", needed=MINIMUM_BARS, got=bars)
    deviations = _DEVIATIONS[estimator](_all_series(table))
    return {
        name: annualised_volatility(float(deviation), table.period.per_year)
        for name, deviation in zip((*table.assets, BOOK), deviations, strict=True)
    }


def volatility_where_known(table: Table) -> dict[str, float | None]:
    """The default volatility; None where :func:`volatility` would refuse for want of bars."""
    deviations = _filtered_deviations(_all_series(table)).tolist()
    return {
        name: annualised_volatility(deviation, table.period.per_year)
        if bars >= MINIMUM_BARS
        else None
        for name, bars, deviation in zip(
            (*table.assets, BOOK), _bars_seen(table), deviations, strict=True
        )
    }


def _bars_seen(table: Table) -> list[int]:
    """Of each asset, then of the book."""
    seen: list[int] = (~np.isnan(_all_series(table))).sum(axis=0).tolist()
    return seen


def _all_series(table: Table) -> FloatArray:
    return np.column_stack((table.returns, table.book_returns))


def correlation(table: Table, estimator: str) -> dict[str, dict[str, float | None]]:
    """See :meth:`~risk.analyzer.facade.PositionRiskAnalyzer.correlation`."""
    known = list(_CORRELATIONS)
    if estimator not in known:
        raise InvalidInput(f"no correlation is called {estimator!r}; there are {known}")
    matrix = _CORRELATIONS[estimator](table)
    return {
        one: {
            other: None if math.isnan(matrix[i, j]) else float(matrix[i, j])
            for j, other in enumerate(table.assets)
        }
        for i, one in enumerate(table.assets)
    }


def filtered_correlation(returns: FloatArray) -> FloatArray:
    """The default correlation of a table of returns."""
    _, residuals, _ = gjr_filter(returns)
    return nearest_psd(shrink_to_mean(correlation_from(*ewma_cross(residuals))))


def positions(table: Table, figures: Figures) -> dict[str, dict[str, Any]]:
    """See :meth:`~risk.analyzer.facade.PositionRiskAnalyzer.positions`."""
    held = np.flatnonzero(table.held)
    if held.size == 0:
        return {}
    var, shortfall = (values * table.equity for values in figures(table, LEVELS))
    scenarios, exposure = table.returns[table.complete][:, held], table.exposure[held]
    var_parts, es_parts = (
        [split_tail(scenarios, exposure, *at) for at in zip(LEVELS, totals.tolist(), strict=True)]
        for totals in (var, shortfall)
    )
    told: dict[str, dict[str, Any]] = {}
    for place, column in enumerate(held.tolist()):
        alone = figures(table.only(table.assets[column]), LEVELS)
        told[table.assets[column]] = {
            "exposure": float(exposure[place]),
            "var": _by_level(alone[0] * table.equity),
            "es": _by_level(alone[1] * table.equity),
            "component_var": _by_level([split.components[place] for split in var_parts]),
            "component_es": _by_level([split.components[place] for split in es_parts]),
            "marginal_var": _by_level([split.marginals[place] for split in var_parts]),
        }
    return told


def _by_level(values: Any) -> dict[str, float]:
    return {str(level): float(value) for level, value in zip(LEVELS, values, strict=True)}


def value_curve(returns: FloatArray) -> FloatArray:
    """Value of one unit over time; what is lost altogether does not come back."""
    growth = 1.0 + returns
    for ruin in np.flatnonzero(growth <= 0.0)[:1].tolist():
        growth[ruin + 1 :] = 1.0
    return np.concatenate(([1.0], np.cumprod(growth)))


def _filtered_deviations(series: FloatArray) -> FloatArray:
    forecast: FloatArray = np.sqrt(gjr_filter(series)[0][-1])
    return forecast


def _ewma_deviations(series: FloatArray) -> FloatArray:
    forecast: FloatArray = np.sqrt(ewma_variance(series**2, _HALF_LIFE)[0][-1])
    return forecast


def _sample_deviations(series: FloatArray) -> FloatArray:
    deviations: FloatArray = np.nanstd(series, axis=0, ddof=1)
    return deviations


_DEVIATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "filter": _filtered_deviations,
    "ewma": _ewma_deviations,
    "sample": _sample_deviations,
}


def _filtered_where_known(table: Table) -> FloatArray:
    """The default correlation; NaN beside an asset of which the filter saw hardly anything."""
    matrix = filtered_correlation(table.returns)
    young = (~np.isnan(table.returns)).sum(axis=0) < MINIMUM_BARS
    unknown = young[:, None] | young
    np.fill_diagonal(unknown, False)
    return np.where(unknown, np.nan, matrix)


def _shrunk(table: Table) -> FloatArray:
    everything = np.ones(len(table.assets), dtype=np.bool_)
    needs_bars("ledoit_wolf", table, everything, MINIMUM_COMPLETE_BARS)
    needs_movement("ledoit_wolf", table, everything)
    return shrunk_to_constant_correlation(table.returns).correlation


_CORRELATIONS: dict[str, Callable[[Table], FloatArray]] = {
    "ewma": _filtered_where_known,
    "sample": lambda table: sample_correlation(table.returns),
    "ledoit_wolf": _shrunk,
}
