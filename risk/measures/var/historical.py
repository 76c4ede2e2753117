"""Plain history: quantile and tail average of the last returns, as they were."""

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


class HistoricalState(NamedTuple):
    """The last losses, oldest first."""

    levels: FloatArray
    losses: FloatArray


@dataclass(frozen=True)
class Historical:
    """Quantile of type 7 and coherent tail average of a window of raw losses.

    Forecasts from ``MINIMUM_HISTORY`` returns on, with what there is until the window is
    full.

    Attributes
    ----------
    name : str
    window : int
        Returns remembered, at least ``MINIMUM_HISTORY``.
    """

    name: str
    window: int
    tracks: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_window(self.window)

    def start(self, levels: Sequence[float] | FloatArray) -> HistoricalState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return HistoricalState(checked_levels(levels), np.empty(0))

    def update(self, state: HistoricalState, simple_return: float) -> HistoricalState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if np.isnan(simple_return):
            return state
        return HistoricalState(state.levels, pushed(state.losses, -simple_return, self.window))

    def forecast(self, state: HistoricalState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.losses.size < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.losses.size)
        return historical_var_es(state.losses, state.levels)

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        observed = ~np.isnan(returns)
        losses, seen = -returns[observed], seen_before(observed)
        path = unforecast(len(returns), levels)
        for t in np.flatnonzero(seen[:-1] >= MINIMUM_HISTORY):
            window = losses[max(0, seen[t] - self.window) : seen[t]]
            path.var[t], path.es[t] = historical_var_es(window, levels)
        return path

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        losses = -last_observed(returns, self.window)
        return self.forecast(HistoricalState(checked_levels(levels), losses))
