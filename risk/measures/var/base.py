"""What every value-at-risk model of one return series can do.

A model forecasts the VaR and expected shortfall of a single series, an asset or a book of
fixed weights, as fractions of its value. Its state is its own; others only carry it.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import VarEs, checked_levels
from risk.measures.types import BoolArray, FloatArray, IntArray

State = TypeVar("State")

#: Fewest losses that any model of history forecasts from.
MINIMUM_HISTORY = 100


class VarPath(NamedTuple):
    """Forecasts over a history.

    Attributes
    ----------
    var, es : ndarray of shape (n, L)
        Row t was made before return t, from returns before it; NaN during warm-up.
    """

    var: FloatArray
    es: FloatArray

    @property
    def forecast(self) -> BoolArray:
        """Which rows hold a forecast, shape (n,)."""
        return ~np.isnan(self.var[:, 0])


class VarModel(Protocol[State]):
    """One way to forecast VaR and expected shortfall, in two forms that agree.

    Attributes
    ----------
    name : str
        Its key in ``VAR_MODELS``.
    title, how : str
        What screens call it, and how it forecasts, as the rest of a line.
    tracks : bool
    costly : bool
    lowest_level : float
    """

    @property
    def name(self) -> str:
        """Its key in ``VAR_MODELS``."""

    @property
    def title(self) -> str:
        """What screens call it, in a few words."""

    @property
    def how(self) -> str:
        """How it forecasts, as the rest of a line under its title."""

    @property
    def tracks(self) -> bool:
        """Whether its figures learn from the series' own exceptions."""

    @property
    def costly(self) -> bool:
        """Whether one forecast takes so long that no screen waits for a year of them."""

    @property
    def lowest_level(self) -> float:
        """Lowest level that it forecasts; 0 where it forecasts every one in (0, 1)."""

    def start(self, levels: Sequence[float] | FloatArray) -> State:
        """The state before any return.

        Parameters
        ----------
        levels : sequence of L floats
            Confidence, rising, each strictly between 0 and 1, none below :attr:`lowest_level`.

        Raises
        ------
        ValueError
            If the levels are not so.
        """

    def update(self, state: State, simple_return: float) -> State:
        """The state after one more return; NaN, a bar without one, changes nothing.

        The given state stays as it is.

        Parameters
        ----------
        state : State
        simple_return : float

        Raises
        ------
        ValueError
            If the return is infinite.
        """

    def forecast(self, state: State) -> VarEs:
        """VaR and expected shortfall of the coming return, each of shape (L,).

        Raises
        ------
        InsufficientData
            During warm-up.
        """

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """Every forecast over a history; equal to as many updates and forecasts.

        Parameters
        ----------
        returns : ndarray of shape (n,)
            Simple returns, oldest first; NaN where unobserved.
        levels : sequence of L floats
            As :meth:`start` takes them.

        Returns
        -------
        VarPath
            Each of shape (n, L), fractions of value, losses positive; NaN during warm-up.

        Raises
        ------
        ValueError
            If a return is infinite, or the levels are none that :meth:`start` takes.
        """

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """VaR and expected shortfall of the return after a history, each of shape (L,).

        What :meth:`forecast` gives after as many updates, but for what the model has learned
        from exceptions. For callers that know better whose exceptions count.

        Parameters
        ----------
        returns : ndarray of shape (n,)
            Simple returns, oldest first; NaN where unobserved.
        levels : sequence of L floats
            As :meth:`start` takes them.

        Raises
        ------
        InsufficientData
            During warm-up.
        ValueError
            If a return is infinite, or the levels are none that :meth:`start` takes.
        """


@runtime_checkable
class ManyAtOnce(Protocol):
    """A model that is quicker with many histories at once than with one after the other."""

    def untracked_each(
        self, histories: Sequence[FloatArray], levels: Sequence[float] | FloatArray
    ) -> VarPath:
        """What :func:`untracked_each` gives."""


def untracked_each(
    model: VarModel[Any], histories: Sequence[FloatArray], levels: Sequence[float] | FloatArray
) -> VarPath:
    """What a model forecasts after each of many histories that need not be related.

    Parameters
    ----------
    model : VarModel
    histories : sequence of m ndarray
        Simple returns of each, as :meth:`VarModel.untracked` takes them.
    levels : sequence of L floats

    Returns
    -------
    VarPath
        Row i is :meth:`VarModel.untracked` of history i; NaN where that is too short.

    Raises
    ------
    ValueError
        If a return is infinite, or the levels are none that :meth:`VarModel.start` takes.
    """
    if isinstance(model, ManyAtOnce):
        return model.untracked_each(histories, levels)
    path = unforecast(len(histories), served_levels(model, levels))
    for i, history in enumerate(histories):
        with suppress(InsufficientData):  # then there is nothing to forecast from
            path.var[i], path.es[i] = model.untracked(history, levels)
    return path


def served_levels(model: VarModel[Any], levels: Sequence[float] | FloatArray) -> FloatArray:
    """Levels as an array, refused where the model cannot forecast them.

    Raises
    ------
    ValueError
        If they do not rise within (0, 1), or the lowest is below what the model forecasts.
    """
    checked = checked_levels(levels)
    if checked[0] < model.lowest_level:
        raise ValueError(
            f"{model.name} forecasts levels of {model.lowest_level:g} and above, got {checked[0]:g}"
        )
    return checked


def unobserved(simple_return: float) -> bool:
    """Whether a bar has no return; an infinite one is refused."""
    if math.isinf(simple_return):
        raise ValueError("a return is infinite; mark it as unobserved")
    return math.isnan(simple_return)


def check_returns(returns: FloatArray) -> None:
    """Refuse infinite returns; NaN is a bar without one."""
    if np.isinf(returns).any():
        raise ValueError("returns contains infinity; mark it as unobserved")


def check_window(window: int) -> None:
    """Refuse a window that could never hold enough to forecast from."""
    if window < MINIMUM_HISTORY:
        raise ValueError(f"window must be {MINIMUM_HISTORY} or more, got {window}")


def pushed(window: FloatArray, value: float, size: int) -> FloatArray:
    """A copy of the window with a value appended, the oldest beyond `size` dropped."""
    kept = window[max(0, window.size + 1 - size) :]
    longer = np.empty(kept.size + 1)
    longer[:-1] = kept
    longer[-1] = value
    return longer


def last_observed(values: FloatArray, size: int) -> FloatArray:
    """The newest `size` values that are not NaN, or all if there are fewer, oldest first."""
    newest = values[max(0, values.size - size) :]
    if not np.isnan(newest).any():
        return newest
    observed: FloatArray = values[~np.isnan(values)]
    return observed[max(0, observed.size - size) :]


def seen_before(observed: BoolArray) -> IntArray:
    """How many were observed before each bar, and at the end; shape (n + 1,)."""
    counts: IntArray = np.concatenate(([0], np.cumsum(observed)))
    return counts


def unforecast(n: int, levels: FloatArray) -> VarPath:
    """A path without forecasts, to be filled in."""
    return VarPath(np.full((n, levels.size), np.nan), np.full((n, levels.size), np.nan))
