r"""A fitted GJR-GARCH model with a Pareto tail: what fitting adds to the fixed filter.

.. math:: v_{t+1} = \omega + (\alpha + \gamma 1[r_t < 0])\, r_t^2 + \beta v_t

The four parameters are fitted by maximum likelihood, with errors of Student's t, to the last
1,000 returns, and again every 20 returns; in between the variance goes on with them [1]_. A
generalised Pareto tail of the last 500 residuals, times the forecast deviation, gives VaR and
expected shortfall [2]_. The mean return is taken for zero.

Below 250 returns, where the likelihood is too flat, and where the fit does not converge, the
weights of the fixed filter stand in, about the window's own mean square.

The fit needs the package `arch` (the extra ``models``); without it this model is not among
``VAR_MODELS``, and making one is refused.

References
----------
.. [1] Glosten, L., Jagannathan, R. and Runkle, D. (1993). "On the relation between the
   expected value and the volatility of the nominal excess return on stocks". Journal of
   Finance 48(5).
.. [2] McNeil, A. and Frey, R. (2000). "Estimation of tail-related risk measures for
   heteroscedastic financial time series". Journal of Empirical Finance 7.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import ClassVar, NamedTuple

import numpy as np
from numba import njit

from risk.errors import ExtraMissing, InsufficientData
from risk.measures.kernel import VECTOR, kernel
from risk.measures.tail import VarEs, pareto_lowest_level, pareto_var_es
from risk.measures.types import FloatArray
from risk.measures.var.base import (
    MINIMUM_HISTORY,
    VarPath,
    check_returns,
    check_window,
    pushed,
    served_levels,
    unforecast,
    unobserved,
)
from risk.measures.volatility import DEFAULT_GJR, VARIANCE_FLOOR

#: Returns between two fits.
REFIT_EVERY = 20

#: Fewest returns that parameters are fitted to.
FITTED_FROM = 250

#: Last residuals that the tail is fitted to.
RESIDUALS = 500

#: Decimals of a return in deviations that the fit sees: so few that a series and its double
#: have the same parameters, and rounding does not decide where the search ends.
_DECIMALS = 10


class GarchParameters(NamedTuple):
    """Of the recursion of the variance."""

    omega: float
    alpha: float
    gamma: float
    beta: float


class GarchFit(NamedTuple):
    """Parameters, and whether a likelihood chose them.

    Attributes
    ----------
    parameters : GarchParameters
    by_likelihood : bool
        False where the weights of the fixed filter stand in.
    """

    parameters: GarchParameters
    by_likelihood: bool


class GarchState(NamedTuple):
    """The fitted recursion, what it was fitted to, and what it left.

    Attributes
    ----------
    levels : ndarray of shape (L,)
    returns : ndarray
        The window, oldest first.
    observed : int
        Returns seen.
    parameters : GarchParameters or None
        None before the first ``MINIMUM_HISTORY`` returns.
    by_likelihood : bool
        Whether a likelihood chose them; see :class:`GarchFit`.
    variance : float
        Forecast for the running bar.
    residuals : ndarray
        The last ones, oldest first.
    """

    levels: FloatArray
    returns: FloatArray
    observed: int
    parameters: GarchParameters | None
    by_likelihood: bool
    variance: float
    residuals: FloatArray


@dataclass(frozen=True)
class Garch:
    """See the module.

    Attributes
    ----------
    name : str
    window : int
        Returns that it is fitted to, at least ``MINIMUM_HISTORY``.

    Raises
    ------
    ExtraMissing
        If `arch` is not installed.
    """

    name: str
    window: int
    title: ClassVar[str] = "Fitted GARCH, Pareto tail"
    tracks: ClassVar[bool] = False
    costly: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_window(self.window)
        if not is_available():
            raise ExtraMissing(self.name, package="arch", extra="models")

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"volatility fitted to {self.window} days every {REFIT_EVERY}, Pareto tail"

    @property
    def lowest_level(self) -> float:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return pareto_lowest_level(RESIDUALS)

    def start(self, levels: Sequence[float] | FloatArray) -> GarchState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return GarchState(
            served_levels(self, levels), np.empty(0), 0, None, False, math.nan, np.empty(0)
        )

    def update(self, state: GarchState, simple_return: float) -> GarchState:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if unobserved(simple_return):
            return state
        state = state._replace(
            returns=pushed(state.returns, simple_return, self.window), observed=state.observed + 1
        )
        if state.observed >= MINIMUM_HISTORY and _is_due(state.observed):
            return _refitted(state)
        return state if state.parameters is None else _advanced(state, state.parameters)

    def forecast(self, state: GarchState) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        if state.parameters is None:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=state.observed)
        return pareto_var_es(-state.residuals * math.sqrt(state.variance), state.levels)

    def path(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarPath:
        """See :class:`~risk.measures.var.base.VarModel`."""
        check_returns(returns)
        state, path = self.start(levels), unforecast(len(returns), served_levels(self, levels))
        for t, value in enumerate(returns.tolist()):
            if state.parameters is not None:
                path.var[t], path.es[t] = self.forecast(state)
            state = self.update(state, value)
        return path

    def untracked(self, returns: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.base.VarModel`."""
        check_returns(returns)
        state, seen = self.start(levels), returns[~np.isnan(returns)]
        if seen.size < MINIMUM_HISTORY:
            raise InsufficientData(self.name, needed=MINIMUM_HISTORY, got=seen.size)
        last_fit = seen.size - (seen.size - MINIMUM_HISTORY) % REFIT_EVERY
        fitted_to = seen[max(0, last_fit - self.window) : last_fit]
        state = _refitted(state._replace(returns=fitted_to, observed=last_fit))
        for value in seen[last_fit:].tolist():
            state = self.update(state, value)
        return self.forecast(state)


def is_available() -> bool:
    """Whether `arch` is installed; it is imported at the first fit only, for it is large."""
    return find_spec("arch") is not None


def fitted(returns: FloatArray) -> GarchFit:
    """Parameters for a window of returns, by likelihood where there is enough to fit.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Finite.

    Returns
    -------
    GarchFit
        Below ``FITTED_FROM`` returns, of a window without deviation, and where the fit does not
        converge: the weights of the fixed filter, and `by_likelihood` False.
    """
    square = float(np.mean(returns**2))
    if returns.size >= FITTED_FROM and square > VARIANCE_FLOOR:
        parameters = _by_likelihood(np.round(returns / math.sqrt(square), _DECIMALS))
        if parameters is not None:
            return GarchFit(parameters._replace(omega=parameters.omega * square), True)
    usual = DEFAULT_GJR
    level = (1.0 - usual.persistence) * square
    return GarchFit(GarchParameters(level, usual.a, usual.gamma, usual.b), False)


def _by_likelihood(standardised: FloatArray) -> GarchParameters | None:
    """None if the search did not converge."""
    from arch.univariate import GARCH, StudentsT, ZeroMean  # noqa: PLC0415

    model = ZeroMean(
        standardised, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(), rescale=False
    )
    result = model.fit(disp="off", show_warning=False)
    found = np.asarray(result.params, dtype=np.float64)
    if result.convergence_flag != 0 or not np.isfinite(found).all():
        return None
    return GarchParameters(*found[:4].tolist())


def _is_due(observed: int) -> bool:
    return (observed - MINIMUM_HISTORY) % REFIT_EVERY == 0


def _refitted(state: GarchState) -> GarchState:
    """New parameters, and the variance and residuals that they leave in the whole window."""
    parameters, by_likelihood = fitted(state.returns)
    variance, residuals = _filter(state.returns, *parameters)
    return state._replace(
        parameters=parameters,
        by_likelihood=by_likelihood,
        variance=variance,
        residuals=residuals[-RESIDUALS:],
    )


def _advanced(state: GarchState, parameters: GarchParameters) -> GarchState:
    newest = float(state.returns[-1])
    residual = newest / math.sqrt(state.variance)
    return state._replace(
        variance=_step(state.variance, newest, *parameters),
        residuals=pushed(state.residuals, residual, RESIDUALS),
    )


@njit(cache=True)
def _next_variance(
    variance: float, value: float, omega: float, alpha: float, gamma: float, beta: float
) -> float:
    reaction = alpha + gamma if value < 0.0 else alpha
    return max(omega + reaction * value * value + beta * variance, VARIANCE_FLOOR)


@kernel("float64", "float64", "float64", "float64", "float64", "float64")
def _step(
    variance: float, value: float, omega: float, alpha: float, gamma: float, beta: float
) -> float:
    return _next_variance(variance, value, omega, alpha, gamma, beta)


@kernel(VECTOR, "float64", "float64", "float64", "float64")
def _filter(
    returns: FloatArray, omega: float, alpha: float, gamma: float, beta: float
) -> tuple[float, FloatArray]:
    """The variance after the last return, and the residuals; it begins as the mean square."""
    residuals = np.empty(returns.size)
    variance = max(float(np.mean(returns * returns)), VARIANCE_FLOOR)
    for t in range(returns.size):
        residuals[t] = returns[t] / math.sqrt(variance)
        variance = _next_variance(variance, returns[t], omega, alpha, gamma, beta)
    return variance, residuals
