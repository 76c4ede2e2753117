"""Tails of a book with one more order, asked for one order after another, or for one.

An order may be filled or not. So its book has two: one in which the order only ever loses, and
one in which it is filled; the larger figure of both counts, and never less than a given one.
Both differ from a book that is known by one position: its losses are put in order once, and an
order's worst ones are looked for from the largest down, until no other can be among them. What
:mod:`risk.measures.tail` says of the same profits is the oracle. An order of which no float can
tell the loss has an infinite one.
"""

from collections.abc import Sequence

import numpy as np

from risk.errors import InsufficientData
from risk.measures import tail_kernels
from risk.measures.tail import checked_levels, pareto_needs
from risk.measures.types import FloatArray, IntArray


class HistoricalWithMore:
    """Plain quantiles and tail averages.

    Parameters
    ----------
    worst : ndarray of shape (n,)
        Profit in each scenario, a loss negative, of the book to which only losses are added.
    filled : ndarray of shape (n,)
        The same of the book in which the order is filled.
    levels : sequence of L floats
        Rising.
    multipliers : ndarray of shape (L,)
        Of :func:`~risk.measures.tracking.tracked_var_es`.
    least : ndarray of shape (2, L)
        VaR and expected shortfall that are told at the least.

    Raises
    ------
    InsufficientData
        If there are no scenarios.
    ValueError
        If the levels do not rise within (0, 1), a profit is not finite or shapes disagree.
    """

    def __init__(
        self,
        worst: FloatArray,
        filled: FloatArray,
        levels: Sequence[float] | FloatArray,
        multipliers: FloatArray,
        least: FloatArray,
    ) -> None:
        self._falling, self._scenario = _ranked((worst, filled), needed=1)
        self._rest = _checked(levels, multipliers, least)

    def __call__(self, returns: FloatArray, change: float) -> FloatArray:
        """VaR and expected shortfall, shape (2, L), with an order over `change`.

        Parameters
        ----------
        returns : ndarray of shape (n,)
            The asset's in each scenario. Contiguous.
        change : float
            Value of the order; a sale is negative.
        """
        return tail_kernels.historical_with_more(
            self._falling, self._scenario, returns, change, *self._rest
        )


class BlendedWithMore:
    """A fitted tail, steadied by plain history: :func:`~risk.measures.tail.blended_var_es`.

    Parameters
    ----------
    worst, filled : tuple of two ndarrays of shape (n,)
        As `HistoricalWithMore` takes them, filtered and raw.
    levels, multipliers, least
        As `HistoricalWithMore` takes them.
    tail_weight : float
        In [0, 1].

    Raises
    ------
    InsufficientData
        If there are too few scenarios for a tail.
    ValueError
        As `HistoricalWithMore`.
    """

    def __init__(
        self,
        worst: tuple[FloatArray, FloatArray],
        filled: tuple[FloatArray, FloatArray],
        levels: Sequence[float] | FloatArray,
        multipliers: FloatArray,
        least: FloatArray,
        tail_weight: float,
    ) -> None:
        books = (worst[0], filled[0], worst[1], filled[1])
        self._falling, self._scenario = _ranked(books, needed=pareto_needs())
        self._levels, self._multipliers, self._least = _checked(levels, multipliers, least)
        self._weight = tail_weight

    def __call__(self, returns: FloatArray, change: float) -> FloatArray:
        """VaR and expected shortfall, shape (2, L), with an order over `change`.

        Parameters
        ----------
        returns : ndarray of shape (2, n)
            The asset's in each scenario, filtered and raw. Contiguous.
        change : float
            Value of the order; a sale is negative.
        """
        return tail_kernels.blended_with_more(
            self._falling,
            self._scenario,
            returns,
            change,
            self._levels,
            self._weight,
            self._multipliers,
            self._least,
        )


def blended_with_one_more(
    worst: tuple[FloatArray, FloatArray],
    filled: tuple[FloatArray, FloatArray],
    returns: FloatArray,
    change: float,
    *,
    levels: FloatArray,
    multipliers: FloatArray,
    least: FloatArray,
    tail_weight: float,
) -> FloatArray:
    """What `BlendedWithMore` says, of a book that is asked about once: nothing is put in order.

    Parameters
    ----------
    worst, filled : tuple of two ndarrays of shape (n,)
        Finite; as `BlendedWithMore` takes them.
    returns : ndarray of shape (2, n)
        The asset's in each scenario, filtered and raw. Contiguous.
    change : float
        Value of the order; a sale is negative.
    levels, multipliers : ndarray of shape (L,)
    least : ndarray of shape (2, L)
    tail_weight : float
        As `BlendedWithMore` takes them.

    Returns
    -------
    ndarray of shape (2, L)
        VaR and expected shortfall.
    """
    return tail_kernels.blended_with_one_more(
        *worst, *filled, returns, change, levels, tail_weight, multipliers, least
    )


def worst_loss_with_more(profits: FloatArray, returns: FloatArray, change: float) -> float:
    """Largest loss over scenarios once an order's losses are added, never below zero.

    Parameters
    ----------
    profits : ndarray of shape (n,)
        Of the book in each scenario.
    returns : ndarray of shape (n,)
        Of the order's asset.
    change : float
        Value of the order; a sale is negative.
    """
    return tail_kernels.worst_loss_with(profits, returns, change)


def _ranked(books: Sequence[FloatArray], *, needed: int) -> tuple[FloatArray, IntArray]:
    """Losses of each book, the largest first, and the scenario of each; shape (books, n)."""
    losses = -np.array(books, dtype=np.float64)
    if losses.shape[1] < needed:
        raise InsufficientData("what one more order adds", needed=needed, got=losses.shape[1])
    if not np.isfinite(losses).all():
        raise ValueError("losses contains NaN or infinity; fill or drop gaps first")
    scenario = np.argsort(-losses, axis=1, kind="stable").astype(np.int64)
    return np.take_along_axis(losses, scenario, axis=1), scenario


def _checked(
    levels: Sequence[float] | FloatArray, multipliers: FloatArray, least: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    levels = checked_levels(levels)
    if multipliers.shape != levels.shape or least.shape != (2, levels.size):
        raise ValueError(f"{levels.size} levels, {multipliers.size} multipliers")
    return levels, np.ascontiguousarray(multipliers), np.ascontiguousarray(least)
