"""Ways to a book's VaR and expected shortfall from a table of returns.

Three look at the book's assets together; every model of ``VAR_MODELS`` can be named beside them
and looks at the book as one series. Several bars at once are simulated, whatever the method.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from risk.analyzer.refusals import as_invalid, needs_bars, needs_movement
from risk.analyzer.table import Table
from risk.errors import InsufficientData, InvalidInput
from risk.measures.moments import moments_of
from risk.measures.shrinkage import shrunk_to_constant_correlation
from risk.measures.tail import VarEs, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS
from risk.measures.var.base import MINIMUM_HISTORY
from risk.measures.var.book_scenarios import (
    Scenarios,
    covariance_root,
    draw_scenarios,
    projected_var_es,
)
from risk.measures.var.horizon import horizon_var_es
from risk.measures.var.parametric import normal_var_es
from risk.measures.var.windowed import scaled

#: Degrees of freedom of the Monte Carlo method's shocks: crypto's tails are heavy.
DEGREES = 5

Method = Callable[[Table, FloatArray, int], VarEs]
_Forecast = Callable[[FloatArray], VarEs]


def check_method(method: str) -> None:
    """Refuse, as an InvalidInput, a method that nothing knows."""
    known = (*METHODS, *VAR_MODELS)
    if method not in known:
        raise InvalidInput(f"no method is called {method!r}; there are {', '.join(known)}")


def var_es(table: Table, levels: Sequence[float], method: str, seed: int) -> VarEs:
    """VaR and expected shortfall of one bar.

    Parameters
    ----------
    table : Table
    levels : sequence of L floats
        Confidence, rising, each strictly between 0 and 1.
    method : str
        One of ``METHODS``, or a model's name in ``VAR_MODELS``.
    seed : int
        Of the Monte Carlo method; the same seed gives the same figures.

    Returns
    -------
    var, es : ndarray of shape (L,)
        Fractions of equity, losses positive; 0 for a book that holds nothing.

    Raises
    ------
    InvalidInput
        If nothing knows the method, or it cannot answer for this table or these levels.
    InsufficientData
        If fewer than :func:`bars_needed` bars have all that is held; the text names the rarest
        asset.
    """
    check_method(method)
    if not table.held.any():
        return np.zeros(len(levels)), np.zeros(len(levels))
    needs_bars(f"{method} of a book", table, table.held, bars_needed(method))
    with as_invalid(method):
        if method in METHODS:
            return METHODS[method](table, np.array(levels, dtype=np.float64), seed)
        return VAR_MODELS[method].untracked(table.book_returns, levels)


def var_es_over(table: Table, levels: Sequence[float], bars: int, seed: int) -> VarEs:
    """VaR and expected shortfall of several bars together, by simulated paths.

    Parameters
    ----------
    table : Table
    levels : sequence of L floats
        As for :func:`var_es`.
    bars : int
        1 or more.
    seed : int
        Of the paths.

    Returns
    -------
    var, es : ndarray of shape (L,)
        Fractions of equity, losses positive, at most 1: a book that has lost its equity loses
        no more. 0 for a book that holds nothing.

    Raises
    ------
    InvalidInput
        If the span is longer than the history that it is simulated from.
    InsufficientData
        As :func:`var_es`.
    """
    if not table.held.any():
        return np.zeros(len(levels)), np.zeros(len(levels))
    needs_bars(f"{bars} bars of a book", table, table.held, bars_needed_over())
    known = int(table.complete.sum())
    if bars > known:
        raise InvalidInput(f"{bars} bars cannot be told from {known}: ask for so many at most")
    rng = np.random.default_rng(seed)
    return horizon_var_es(table.book_returns, levels, steps=bars, rng=rng)


@lru_cache(maxsize=64)
def bars_needed(method: str) -> int:
    """Fewest bars with all that is held from which a method answers.

    Parameters
    ----------
    method : str

    Returns
    -------
    int
        ``MINIMUM_HISTORY``, and what a model's filter sees before its first shock.
    """
    if method in METHODS:
        return MINIMUM_HISTORY
    return _needed(lambda returns: VAR_MODELS[method].untracked(returns, (0.99,)))


@lru_cache(maxsize=1)
def bars_needed_over() -> int:
    """The same for several bars together."""
    rng = np.random.default_rng(0)
    return _needed(lambda returns: horizon_var_es(returns, (0.99,), steps=1, rng=rng))


def _needed(forecast: _Forecast) -> int:
    """Ask with ``MINIMUM_HISTORY`` bars of some series, and add what is said to be missing."""
    try:
        forecast(np.random.default_rng(0).normal(0.0, 0.02, MINIMUM_HISTORY))
    except InsufficientData as short:
        return MINIMUM_HISTORY + short.needed - short.got
    return MINIMUM_HISTORY


def _historical(table: Table, levels: FloatArray, seed: int) -> VarEs:  # noqa: ARG001
    return historical_var_es(-table.book_returns[table.complete], levels)


def _parametric(table: Table, levels: FloatArray, seed: int) -> VarEs:  # noqa: ARG001
    losses = moments_of(-table.book_returns[table.complete])
    var, es = scaled(losses, normal_var_es(levels))
    return var[0], es[0]


def _monte_carlo(table: Table, levels: FloatArray, seed: int) -> VarEs:
    """All assets held together, with heavy tails that come together, too."""
    needs_movement("monte_carlo", table, table.held)
    weights, returns = table.weights[table.held], table.returns[table.complete][:, table.held]
    root = covariance_root(shrunk_to_constant_correlation(returns).covariance)
    var, es = projected_var_es(_scenarios(weights.size, seed), root, weights, levels)
    mean = float(returns.mean(axis=0) @ weights)
    return var - mean, es - mean


@lru_cache(maxsize=2)
def _scenarios(assets: int, seed: int) -> Scenarios:
    """Drawn once for as many assets: each position alone, and the book, ask again and again."""
    scenarios = draw_scenarios(assets, rng=np.random.default_rng(seed), degrees=DEGREES)
    scenarios.setflags(write=False)
    return scenarios


METHODS: dict[str, Method] = {
    "historical": _historical,
    "parametric": _parametric,
    "monte_carlo": _monte_carlo,
}
