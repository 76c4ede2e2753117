"""Ways to a book's VaR and expected shortfall from a table of returns.

Three look at the book's assets together; every model of ``VAR_MODELS`` can be named beside them
and looks at the book as one series.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtri

from risk.analyzer.table import Table
from risk.errors import InsufficientData, InvalidInput
from risk.measures.shrinkage import shrunk_to_constant_correlation
from risk.measures.tail import VarEs, checked_levels, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS
from risk.measures.var.base import MINIMUM_HISTORY

#: Draws of the Monte Carlo method: its 99 % figure is then known to about 1 %.
DRAWS = 100_000

#: Degrees of freedom of its shocks: crypto's tails are heavy.
DEGREES = 5

Method = Callable[[Table, FloatArray, int], VarEs]


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
        If nothing knows the method.
    InsufficientData
        If too few bars have all that is held.
    ValueError
        If the levels do not rise within (0, 1).
    """
    checked = checked_levels(levels)
    if method not in METHODS and method not in VAR_MODELS:
        known = ", ".join((*METHODS, *VAR_MODELS))
        raise InvalidInput(f"no method is called {method!r}; there are {known}")
    if not table.held.any():
        return np.zeros(checked.size), np.zeros(checked.size)
    needs_history(table)
    if method in METHODS:
        return METHODS[method](table, checked, seed)
    return VAR_MODELS[method].untracked(table.book_returns, checked)


def needs_history(table: Table) -> None:
    """Refuse a book whose assets were seen together too rarely, naming the rarest."""
    bars = int(table.complete.sum())
    if bars < MINIMUM_HISTORY:
        seen = np.where(table.held, (~np.isnan(table.returns)).sum(axis=0), np.iinfo(np.int64).max)
        rarest = table.assets[int(seen.argmin())]
        raise InsufficientData(f"a book with {rarest}", needed=MINIMUM_HISTORY, got=bars)


def _historical(table: Table, levels: FloatArray, seed: int) -> VarEs:  # noqa: ARG001
    return historical_var_es(-table.book_returns[table.complete], levels)


def _parametric(table: Table, levels: FloatArray, seed: int) -> VarEs:  # noqa: ARG001
    mean, deviation = _moments(table)
    quantiles = ndtri(levels)
    densities = np.exp(-(quantiles**2) / 2.0) / math.sqrt(2.0 * math.pi)
    return deviation * quantiles - mean, deviation * densities / (1.0 - levels) - mean


def _monte_carlo(table: Table, levels: FloatArray, seed: int) -> VarEs:
    """Draws of all assets held together, with heavy tails that come together, too."""
    rng = np.random.default_rng(seed)
    weights, returns = table.weights[table.held], table.returns[table.complete][:, table.held]
    covariance = shrunk_to_constant_correlation(returns).covariance
    values, vectors = np.linalg.eigh(covariance)
    exposure = (vectors * np.sqrt(np.maximum(values, 0.0))).T @ weights
    shocks = rng.standard_normal((DRAWS, exposure.size)) @ exposure
    # One mixing variable a draw makes the shocks multivariate t, scaled to keep their variance.
    mixing = np.sqrt((DEGREES - 2.0) / rng.chisquare(DEGREES, DRAWS))
    mean = float(returns.mean(axis=0) @ weights)
    return historical_var_es(-(shocks * mixing) - mean, levels)


def _moments(table: Table) -> tuple[float, float]:
    observed = table.book_returns[table.complete]
    return float(observed.mean()), float(observed.std(ddof=1))


METHODS: dict[str, Method] = {
    "historical": _historical,
    "parametric": _parametric,
    "monte_carlo": _monte_carlo,
}
