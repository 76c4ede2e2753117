"""Filtered history: past shocks, rescaled to the volatility forecast for the coming bar.

The default for one hour. Barone-Adesi, G., Giannopoulos, K. and Vosper, L. (1999). "VaR
without correlations for portfolios of derivative securities". Journal of Futures Markets
19(5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import VarEs, checked_levels, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var.base import (
    MINIMUM_HISTORY,
    VarPath,
    check_window,
    last_observed,
    pushed,
    seen_before,
    unforecast,
)
from risk.measures.volatility import GjrState, gjr_filter, gjr_start, gjr_update


class FilteredHistoricalState(NamedTuple):
    """The volatility filter and the last residuals, oldest first."""

    levels: FloatArray
    volatility: GjrState
    residuals: FloatArray


@dataclass(frozen=True)
class FilteredHistorical:
    """Quantile and tail average of a window of residuals, times the forecast deviation.

    Attributes
    ----------
    name : str
    window : int
        Residuals remembered, at least ``MINIMUM_HISTORY``.
    """

    name: str
    window: int
    title: ClassVar[str] = "Filtered history"
    tracks: ClassVar[bool] = False
    costly: ClassVar[bool] = False
    lowest_level: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        check_window(self.window)

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"up to {self.window:,} days at today's volatility".replace(",", " ")

    def start(self, levels: Sequence[float] | FloatArray) -> FilteredHistoricalState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return FilteredHistoricalState(checked_levels(levels), gjr_start(1), np.empty(0))

    def update(
        self, state: FilteredHistoricalState, simple_return: float
    ) -> FilteredHistoricalState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        volatility, (residual,) = gjr_update(state.volatility, np.array([simple_return]))
        residuals = state.residuals
        if not np.isnan(residual):
            residuals = pushed(residuals, residual, self.window)
        return FilteredHistoricalState(state.levels, volatility, residuals)

    def forecast(self, state: FilteredHistoricalState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.residuals.size < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.residuals.size)
        losses = -state.residuals * math.sqrt(state.volatility.variance[0])
        return historical_var_es(losses, state.levels)

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        variance, residuals, _ = gjr_filter(returns[:, None])
        observed = ~np.isnan(residuals[:, 0])
        shocks, seen = -residuals[observed, 0], seen_before(observed)
        path = unforecast(len(returns), levels)
        for t in np.flatnonzero(seen[:-1] >= MINIMUM_HISTORY):
            window = shocks[max(0, seen[t] - self.window) : seen[t]]
            path.var[t], path.es[t] = historical_var_es(window * math.sqrt(variance[t, 0]), levels)
        return path

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        _, residuals, volatility = gjr_filter(returns[:, None])
        shocks = last_observed(residuals[:, 0], self.window)
        return self.forecast(FilteredHistoricalState(checked_levels(levels), volatility, shocks))
