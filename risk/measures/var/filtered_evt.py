"""The default for one day: a Pareto tail of filtered history, blended and tracked.

Four steps: the fixed GJR filter; a generalised Pareto tail over the last residuals, times
the forecast deviation; a quarter of plain history in the blend; a multiplier per level that
learns from the series' own exceptions. Nothing is fitted iteratively, so a day costs
microseconds. Bar by bar it is a panel of one series (`evt_panel`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import VarEs, blended_var_es, pareto_lowest_level
from risk.measures.tracking import tracked_path
from risk.measures.types import FloatArray
from risk.measures.var.base import (
    MINIMUM_HISTORY,
    VarPath,
    check_window,
    last_observed,
    seen_before,
    served_levels,
    unforecast,
)
from risk.measures.var.evt_panel import EvtPanel, panel_start, panel_update
from risk.measures.volatility import gjr_filter


@dataclass(frozen=True)
class FilteredEvt:
    """See the module.

    Attributes
    ----------
    name : str
    window : int
        Residuals and raw losses remembered, at least ``MINIMUM_HISTORY``.
    """

    name: str
    window: int
    title: ClassVar[str] = "Filtered, Pareto tail"
    tracks: ClassVar[bool] = True
    costly: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_window(self.window)

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"{self.window} days at today's volatility, Pareto tail, self-correcting"

    @property
    def lowest_level(self) -> float:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return pareto_lowest_level(self.window)

    def start(self, levels: Sequence[float] | FloatArray) -> EvtPanel:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return panel_start(1, served_levels(self, levels), self.window)

    def update(self, state: EvtPanel, simple_return: float) -> EvtPanel:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if math.isnan(simple_return):
            return state
        return panel_update(state.copy(), np.array([simple_return]))

    def forecast(self, state: EvtPanel) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if not state.forecast[0]:
            got = int(state.shocks.counts()[0])
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=got)
        return state.var[0], state.es[0]

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = served_levels(self, levels)
        blend = self._blends(returns, levels)
        return VarPath(*tracked_path(*blend, -returns, levels))

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = served_levels(self, levels)
        _, residuals, volatility = gjr_filter(returns[:, None])
        shocks = last_observed(residuals[:, 0], self.window)
        if shocks.size < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=shocks.size)
        losses = -last_observed(returns, self.window)
        return _blend(shocks, float(volatility.variance[0]), losses, levels)

    def _blends(self, returns: FloatArray, levels: FloatArray) -> VarPath:
        """Forecasts before tracking."""
        variance, residuals, _ = gjr_filter(returns[:, None])
        filtered = ~np.isnan(residuals[:, 0])
        observed = ~np.isnan(returns)
        shocks, shocks_seen = residuals[filtered, 0], seen_before(filtered)
        losses, losses_seen = -returns[observed], seen_before(observed)
        path = unforecast(len(returns), levels)
        for t in np.flatnonzero(shocks_seen[:-1] >= MINIMUM_HISTORY):
            shock_window = shocks[max(0, shocks_seen[t] - self.window) : shocks_seen[t]]
            loss_window = losses[max(0, losses_seen[t] - self.window) : losses_seen[t]]
            path.var[t], path.es[t] = _blend(shock_window, variance[t, 0], loss_window, levels)
        return path


def _blend(residuals: FloatArray, variance: float, losses: FloatArray, levels: FloatArray) -> VarEs:
    return blended_var_es(-residuals * math.sqrt(variance), losses, levels)
