"""What the models of a sliding window of raw losses have in common.

Such a model is one function of the last losses: :meth:`Windowed.of_window`, or, where four
moments are all that it looks at, :meth:`OfMoments.of_moments`. Both forms of a model call
that same function of the same window, which is why they agree.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from risk.errors import InsufficientData
from risk.measures.moments import Moments, moments_of, moments_of_slices
from risk.measures.tail import VarEs, checked_levels
from risk.measures.types import FloatArray, IntArray
from risk.measures.var.base import (
    MINIMUM_HISTORY,
    VarPath,
    check_returns,
    check_window,
    last_observed,
    pushed,
    seen_before,
    unforecast,
    unobserved,
)


class LossWindow(NamedTuple):
    """The last losses, oldest first."""

    levels: FloatArray
    losses: FloatArray


@dataclass(frozen=True)
class Windowed(ABC):
    """A function of the last raw losses, all of the same weight.

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
    costly: ClassVar[bool] = False
    lowest_level: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        check_window(self.window)

    @abstractmethod
    def of_window(self, losses: FloatArray, levels: FloatArray) -> VarEs:
        """VaR and expected shortfall, each of shape (L,), after `losses`, oldest first."""

    def start(self, levels: Sequence[float] | FloatArray) -> LossWindow:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return LossWindow(checked_levels(levels), np.empty(0))

    def update(self, state: LossWindow, simple_return: float) -> LossWindow:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if unobserved(simple_return):
            return state
        return LossWindow(state.levels, pushed(state.losses, -simple_return, self.window))

    def forecast(self, state: LossWindow) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.losses.size < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.losses.size)
        return self.of_window(state.losses, state.levels)

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        check_returns(returns)
        observed = ~np.isnan(returns)
        seen = seen_before(observed)
        path = unforecast(len(returns), levels)
        rows = np.flatnonzero(seen[:-1] >= MINIMUM_HISTORY)
        if rows.size:
            path.var[rows], path.es[rows] = self._after(-returns[observed], seen[rows], levels)
        return path

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        levels = checked_levels(levels)
        check_returns(returns)
        return self.forecast(LossWindow(levels, -last_observed(returns, self.window)))

    def _after(self, losses: FloatArray, seen: IntArray, levels: FloatArray) -> VarEs:
        """Figures, each of shape (rows, L), after as many losses as `seen` says."""
        windows = (losses[max(0, k - self.window) : k] for k in seen.tolist())
        figures = [self.of_window(window, levels) for window in windows]
        return np.array([var for var, _ in figures]), np.array([es for _, es in figures])


class OfMoments(Windowed):
    """A distribution fitted to the first four moments of the window, at most."""

    @abstractmethod
    def of_moments(self, moments: Moments, levels: FloatArray) -> VarEs:
        """VaR and expected shortfall, each of shape (m, L), of losses with m sets of moments."""

    def of_window(self, losses: FloatArray, levels: FloatArray) -> VarEs:
        """See :class:`Windowed`."""
        var, es = self.of_moments(moments_of(losses), levels)
        return var[0], es[0]

    def untracked_each(
        self, histories: Sequence[FloatArray], levels: Sequence[float] | FloatArray
    ) -> VarPath:
        """See :class:`~risk.measures.var.base.ManyAtOnce`."""
        for history in histories:
            check_returns(history)
        windows = [last_observed(history, self.window) for history in histories]
        stops = np.cumsum([window.size for window in windows])
        starts = stops - [window.size for window in windows]
        path = unforecast(len(windows), checked_levels(levels))
        rows = np.flatnonzero(stops - starts >= MINIMUM_HISTORY)
        if rows.size:
            moments = moments_of_slices(-np.concatenate(windows), starts[rows], stops[rows])
            path.var[rows], path.es[rows] = self.of_moments(moments, checked_levels(levels))
        return path

    def _after(self, losses: FloatArray, seen: IntArray, levels: FloatArray) -> VarEs:
        starts = np.maximum(seen - self.window, 0)
        return self.of_moments(moments_of_slices(losses, starts, seen), levels)


def scaled(moments: Moments, standard: VarEs) -> VarEs:
    """Figures of a standardised loss, moved to the mean and stretched to the deviation.

    Parameters
    ----------
    moments : Moments
        Of shape (m,).
    standard : tuple of two ndarray that broadcast to shape (m, L)
        Of a loss of mean 0 and deviation 1.
    """
    mean, deviation = moments.mean[:, None], moments.deviation[:, None]
    return mean + deviation * standard[0], mean + deviation * standard[1]
