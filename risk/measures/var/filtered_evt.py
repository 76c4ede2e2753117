"""The default for one day: a Pareto tail of filtered history, blended and tracked.

Four steps: the fixed GJR filter; a generalised Pareto tail over the last residuals, times
the forecast deviation; a quarter of plain history in the blend; a multiplier per level that
learns from the series' own exceptions. Nothing is fitted iteratively, so a day costs
microseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import (
    VarEs,
    blended_var_es,
    checked_levels,
    tracked_var_es,
    tracking_start,
    tracking_update,
)
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


class FilteredEvtState(NamedTuple):
    """Filter, windows, multipliers, and the forecast that the coming return will judge.

    Attributes
    ----------
    levels : ndarray of shape (L,)
    volatility : GjrState
    residuals, losses : ndarray
        The last residuals and raw losses, oldest first.
    multipliers : ndarray of shape (L,)
    standing : tuple of two ndarray of shape (L,), or None
        VaR and expected shortfall of the coming return; None during warm-up.
    """

    levels: FloatArray
    volatility: GjrState
    residuals: FloatArray
    losses: FloatArray
    multipliers: FloatArray
    standing: VarEs | None


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

    def start(self, levels: Sequence[float] | FloatArray) -> FilteredEvtState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        return FilteredEvtState(
            levels, gjr_start(1), np.empty(0), np.empty(0), tracking_start(levels.size), None
        )

    def update(self, state: FilteredEvtState, simple_return: float) -> FilteredEvtState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if np.isnan(simple_return):
            return state
        volatility, (residual,) = gjr_update(state.volatility, np.array([simple_return]))
        residuals = state.residuals
        if not np.isnan(residual):
            residuals = pushed(residuals, residual, self.window)
        advanced = state._replace(
            volatility=volatility,
            residuals=residuals,
            losses=pushed(state.losses, -simple_return, self.window),
            multipliers=_judged(state, -simple_return),
        )
        return advanced._replace(standing=_forecast(advanced))

    def forecast(self, state: FilteredEvtState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.standing is None:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.residuals.size)
        return state.standing

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        blend = self._blends(returns, levels)
        multipliers = tracking_start(levels.size)
        for t in np.flatnonzero(blend.forecast):
            var, es = tracked_var_es(blend.var[t], blend.es[t], multipliers)
            blend.var[t], blend.es[t] = var, es
            if not np.isnan(returns[t]):
                multipliers = tracking_update(multipliers, -returns[t] > var, levels)
        return blend

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
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


def _judged(state: FilteredEvtState, loss: float) -> FloatArray:
    """Multipliers after the standing forecast met its return."""
    if state.standing is None:
        return state.multipliers
    return tracking_update(state.multipliers, loss > state.standing[0], state.levels)


def _forecast(state: FilteredEvtState) -> VarEs | None:
    if state.residuals.size < MINIMUM_HISTORY:
        return None
    variance = float(state.volatility.variance[0])
    var, es = _blend(state.residuals, variance, state.losses, state.levels)
    return tracked_var_es(var, es, state.multipliers)


def _blend(residuals: FloatArray, variance: float, losses: FloatArray, levels: FloatArray) -> VarEs:
    return blended_var_es(-residuals * math.sqrt(variance), losses, levels)
