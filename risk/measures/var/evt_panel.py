"""The default model of many series at once, bar by bar.

What :class:`~risk.measures.var.filtered_evt.FilteredEvt` forecasts for one series, for each of
many: the windows of residuals and losses are kept in order, so that a bar neither sorts nor
copies them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from risk.measures.sorted_windows import SortedWindows, windows_push, windows_start
from risk.measures.tail import checked_levels, ordered_var_es
from risk.measures.tracking import tracked_var_es, tracking_judged, tracking_start
from risk.measures.types import BoolArray, FloatArray
from risk.measures.var.base import MINIMUM_HISTORY, check_window
from risk.measures.volatility import GjrState, gjr_start, gjr_update


class EvtPanel(NamedTuple):
    """Filters, windows, multipliers, and the forecasts that the coming bar will judge.

    Attributes
    ----------
    levels : ndarray of shape (L,)
    volatility : GjrState
    shocks, losses : SortedWindows
        The last residuals, as losses, and the last raw losses.
    multipliers : ndarray of shape (series, L)
    var, es : ndarray of shape (series, L)
        Of the coming return; NaN during a series' warm-up.
    """

    levels: FloatArray
    volatility: GjrState
    shocks: SortedWindows
    losses: SortedWindows
    multipliers: FloatArray
    var: FloatArray
    es: FloatArray

    @property
    def forecast(self) -> BoolArray:
        """Which series have a forecast, shape (series,)."""
        return ~np.isnan(self.var[:, 0])

    def copy(self) -> "EvtPanel":
        """One that updates of this one leave as it is."""
        return self._replace(shocks=self.shocks.copy(), losses=self.losses.copy())


def panel_start(series: int, levels: Sequence[float] | FloatArray, window: int) -> EvtPanel:
    """The state of series that have not been seen yet.

    Parameters
    ----------
    series : int
    levels : sequence of L floats
        Rising.
    window : int
        Residuals and raw losses remembered, at least ``MINIMUM_HISTORY``.
    """
    check_window(window)
    levels = checked_levels(levels)
    nothing = np.full((series, levels.size), np.nan)
    return EvtPanel(
        levels=levels,
        volatility=gjr_start(series),
        shocks=windows_start(series, window),
        losses=windows_start(series, window),
        multipliers=np.tile(tracking_start(levels.size), (series, 1)),
        var=nothing,
        es=nothing,
    )


def panel_update(panel: EvtPanel, returns_row: FloatArray) -> EvtPanel:
    """Take in one bar of every series.

    Parameters
    ----------
    panel : EvtPanel
        Used up: the result takes over its windows and changes them. Pass a copy to keep it.
    returns_row : ndarray of shape (series,)
        Simple returns; NaN, a bar without one, changes nothing of its series.

    Returns
    -------
    EvtPanel

    Raises
    ------
    ValueError
        If a return is infinite, or there is not one per series; the panel is as it was then.
        Also if a level lies below the tail, a tenth of the residuals rounded up.
    """
    losses = -np.asarray(returns_row, dtype=np.float64)
    volatility, residuals = gjr_update(panel.volatility, -losses)
    windows_push(panel.shocks, -residuals)
    windows_push(panel.losses, losses)
    multipliers = tracking_judged(panel.multipliers, panel.var, losses, panel.levels)
    deviations = np.sqrt(volatility.variance)
    blend = ordered_var_es(
        panel.shocks, deviations, panel.losses, panel.levels, needed=MINIMUM_HISTORY
    )
    var, es = tracked_var_es(*blend, multipliers)
    return panel._replace(volatility=volatility, multipliers=multipliers, var=var, es=es)
