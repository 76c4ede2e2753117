"""What forecasts cost, and which did better.

A score is the lower, the better. It says nothing by itself: only scores over the same periods
can be compared.
"""

import math
from typing import NamedTuple

import numpy as np

from risk.errors import InsufficientData, NotIdentified
from risk.measures import checks
from risk.measures.backtest.counts import hits
from risk.measures.backtest.shortfall import checked_shortfalls
from risk.measures.types import FloatArray

#: A working week of daily differences: volatility makes them alike for days.
DIEBOLD_MARIANO_LAG = 5


class DieboldMariano(NamedTuple):
    """Diebold and Mariano's test that two forecasts are equally good.

    Attributes
    ----------
    statistic : float
        Positive if the first lost more; standard normal if both are equally good.
    p_value : float
        Probability of a statistic at least as far from zero, either way, if they are.
    """

    statistic: float
    p_value: float


def pinball_loss(losses: FloatArray, var: FloatArray, level: float) -> float:
    r"""Mean quantile loss of forecasts; the lower, the better they were [1]_.

    :math:`(L - V)(1 - \alpha - 1[L < V])`, where :math:`\alpha` is one minus the level: a loss
    beyond its VaR costs :math:`1 - \alpha` per unit, room that was not needed :math:`\alpha`.
    Only the true quantile has the lowest expected one.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var : ndarray of shape (n,)
        Entry t was forecast before ``losses[t]``, in the same unit.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    float
        In the unit of `losses`; comparable only over the same losses.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `level` is outside (0, 1), a number is NaN, or the lengths differ.

    References
    ----------
    .. [1] Koenker, R. and Bassett, G. (1978). "Regression quantiles". Econometrica 46(1).

    Examples
    --------
    >>> round(pinball_loss(np.array([1.0, 5.0]), np.array([3.0, 3.0]), 0.99), 3)
    1.0
    """
    each = pinball_losses(losses, var, level)
    if each.size == 0:
        raise InsufficientData("pinball_loss", needed=1, got=0)
    return float(np.mean(each))


def pinball_losses(losses: FloatArray, var: FloatArray, level: float) -> FloatArray:
    """The quantile loss of each forecast, whose mean is :func:`pinball_loss`.

    Parameters
    ----------
    losses, var : ndarray of shape (n,)
        As there.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    ndarray of shape (n,)
        In the unit of `losses`, none below zero.

    Raises
    ------
    ValueError
        If `level` is outside (0, 1), a number is NaN, or the lengths differ.

    Examples
    --------
    >>> pinball_losses(np.array([1.0, 5.0]), np.array([3.0, 3.0]), 0.75)
    array([0.5, 1.5])
    """
    checks.level(level)
    exceeded = hits(losses, var)
    beyond = np.asarray(losses, dtype=np.float64) - np.asarray(var, dtype=np.float64)
    costs: FloatArray = np.where(exceeded, level * beyond, (level - 1.0) * beyond)
    return costs


def fissler_ziegel_loss(losses: FloatArray, var: FloatArray, es: FloatArray, level: float) -> float:
    r"""Mean joint loss of VaR and expected shortfall; the lower, the better they were [1]_.

    The member of Fissler and Ziegel's family whose differences have no unit (degree 0) [2]_:

    .. math::

        \frac{(L - V)\, 1[L > V]}{\alpha E} + \frac{V}{E} + \ln E - 1

    where :math:`\alpha` is one minus the level.
    No score can judge an expected shortfall alone; only the true pair has the lowest expected
    value of this one.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var, es : ndarray of shape (n,)
        Entry t was forecast before ``losses[t]``, in the same unit; `es` above zero and not
        below `var`.
    level : float
        Confidence of both, strictly between 0 and 1.

    Returns
    -------
    float
        Of any sign. Another unit of the losses adds the same to every model's.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `level` is outside (0, 1), a number is not finite, the lengths differ, or an expected
        shortfall is not above zero or is below its VaR.

    References
    ----------
    .. [1] Fissler, T. and Ziegel, J. (2016). "Higher order elicitability and Osband's principle".
       Annals of Statistics 44(4).
    .. [2] Patton, A., Ziegel, J. and Chen, R. (2019). "Dynamic semiparametric models for expected
       shortfall (and value-at-risk)". Journal of Econometrics 211(2).

    Examples
    --------
    >>> round(fissler_ziegel_loss(np.array([1.0, 5.0]), np.full(2, 3.0), np.full(2, 4.0), 0.5), 3)
    1.636
    """
    each = fissler_ziegel_losses(losses, var, es, level)
    if each.size == 0:
        raise InsufficientData("fissler_ziegel_loss", needed=1, got=0)
    return float(np.mean(each))


def fissler_ziegel_losses(
    losses: FloatArray, var: FloatArray, es: FloatArray, level: float
) -> FloatArray:
    """The joint loss of each pair of forecasts, whose mean is :func:`fissler_ziegel_loss`.

    Parameters
    ----------
    losses, var, es : ndarray of shape (n,)
        As there.
    level : float
        Confidence of both, strictly between 0 and 1.

    Returns
    -------
    ndarray of shape (n,)
        For :func:`diebold_mariano`, for instance.

    Raises
    ------
    ValueError
        As there.
    """
    losses, var, es = checked_shortfalls(losses, var, es, level)
    if (es < var).any():
        raise ValueError("an expected shortfall is below its VaR")
    beyond = np.maximum(losses - var, 0.0)
    costs: FloatArray = beyond / ((1.0 - level) * es) + var / es + np.log(es) - 1.0
    return costs


def diebold_mariano(
    first: FloatArray, second: FloatArray, *, lag: int = DIEBOLD_MARIANO_LAG
) -> DieboldMariano:
    r"""Two-sided test that two series of forecasts lost equally much on average [1]_.

    The mean of :math:`d_t = L^1_t - L^2_t` over its standard error, whose variance is
    :math:`(\hat\gamma_0 + 2 \sum_{k=1}^{q} (1 - k/(q+1)) \hat\gamma_k) / n` [2]_, against the
    normal distribution.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        What each forecast cost in the same periods, e.g. :func:`pinball_losses`.
    lag : int
        Periods over which differences may be correlated, q.

    Returns
    -------
    DieboldMariano
        The statistic is 0 if no period tells them apart.

    Raises
    ------
    InsufficientData
        If there are not more periods than ``lag + 1``.
    NotIdentified
        If all periods differ by the same, so that there is no scatter to judge it by.
    ValueError
        If a number is NaN, the lengths differ, or `lag` is negative.

    Notes
    -----
    With few periods the normal distribution rejects too often.

    References
    ----------
    .. [1] Diebold, F. X. and Mariano, R. S. (1995). "Comparing predictive accuracy". Journal of
       Business & Economic Statistics 13(3).
    .. [2] Newey, W. K. and West, K. D. (1987). "A simple, positive semi-definite,
       heteroskedasticity and autocorrelation consistent covariance matrix". Econometrica 55(3).

    Examples
    --------
    >>> round(diebold_mariano(np.array([2.0, 1.0, 3.0, 2.0]), np.ones(4), lag=0).statistic, 3)
    2.828
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or lag < 0:
        raise ValueError(f"losses of shapes {first.shape} and {second.shape}, lag {lag}")
    if np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("first or second contains NaN; leave out what was not forecast")
    if first.size <= lag + 1:
        raise InsufficientData("diebold_mariano", needed=lag + 2, got=first.size)
    difference = first - second
    if not difference.any():
        return DieboldMariano(0.0, 1.0)
    variance = _newey_west_variance(difference, lag)
    # Rounding leaves a trace of variance in differences that are all the same.
    if variance <= (1e-12 * float(np.abs(difference).max())) ** 2:
        raise NotIdentified("diebold_mariano", "all periods differ by the same")
    statistic = float(np.mean(difference)) / math.sqrt(variance / difference.size)
    return DieboldMariano(statistic, math.erfc(abs(statistic) / math.sqrt(2.0)))


def _newey_west_variance(values: FloatArray, lag: int) -> float:
    """Of the mean of `values`, times their number."""
    apart = values - np.mean(values)
    together = [float(apart[k:] @ apart[: apart.size - k]) for k in range(lag + 1)]
    weighted = [2.0 * (1.0 - k / (lag + 1)) * together[k] for k in range(1, lag + 1)]
    return (together[0] + sum(weighted)) / values.size
