"""Whether the forecasts of a VaR model held, how surprising that is, and which did better."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, xlogy

from risk.errors import InsufficientData
from risk.measures.types import BoolArray, FloatArray

#: Probabilities of that many exceptions or fewer from which Basel's amber and red zones begin.
_AMBER_FROM, _RED_FROM = 0.95, 0.9999
#: A working week of daily differences: volatility makes them alike for days.
DIEBOLD_MARIANO_LAG = 5


class Kupiec(NamedTuple):
    """Kupiec's test of the proportion of failures.

    Attributes
    ----------
    forecasts, hits : int
        Periods judged, and those whose loss exceeded its VaR.
    statistic : float
        Likelihood ratio.
    p_value : float
        Probability of a number of hits at least as unlikely if the level were right.
    """

    forecasts: int
    hits: int
    statistic: float
    p_value: float

    @property
    def hit_rate(self) -> float:
        """Share of periods that exceeded."""
        return self.hits / self.forecasts


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


def hits(losses: FloatArray, var: FloatArray) -> BoolArray:
    """Which losses exceeded the VaR forecast for them. A loss equal to it does not.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var : ndarray of shape (n,) or (n, levels)
        Row t was forecast before ``losses[t]``.

    Returns
    -------
    ndarray of the shape of `var`, bool

    Raises
    ------
    ValueError
        If a number is NaN, for then nothing was forecast or nothing happened: leave such
        periods out; or if the lengths differ.

    Examples
    --------
    >>> hits(np.array([0.01, 0.05]), np.array([0.03, 0.03]))
    array([False,  True])
    """
    losses, var = np.asarray(losses, dtype=np.float64), np.asarray(var, dtype=np.float64)
    if len(losses) != len(var):
        raise ValueError(f"{len(losses)} losses beside {len(var)} forecasts")
    if np.isnan(losses).any() or np.isnan(var).any():
        raise ValueError("losses or var contains NaN; leave out what was not forecast")
    exceeded: BoolArray = (losses if var.ndim == 1 else losses[:, None]) > var
    return exceeded


def kupiec(hit_count: int, forecasts: int, level: float) -> Kupiec:
    r"""Two-sided likelihood-ratio test that hits are as frequent as :math:`\alpha` [1]_.

    Parameters
    ----------
    hit_count : int
        0 and `forecasts` included.
    forecasts : int
        Periods judged; they must not overlap.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    Kupiec

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If the hits are not between 0 and `forecasts`, or `level` is outside (0, 1).

    References
    ----------
    .. [1] Kupiec, P. (1995). "Techniques for verifying the accuracy of risk measurement
       models". Journal of Derivatives 3(2).

    Examples
    --------
    >>> round(kupiec(0, 255, 0.99).statistic, 3)
    5.126
    """
    if forecasts < 1:
        raise InsufficientData("kupiec", needed=1, got=forecasts)
    if not (0 <= hit_count <= forecasts and 0.0 < level < 1.0):
        raise ValueError(f"{hit_count} hits in {forecasts} forecasts at level {level}")
    observed = _log_likelihood(hit_count, forecasts, hit_count / forecasts)
    expected = _log_likelihood(hit_count, forecasts, 1.0 - level)
    statistic = max(2.0 * (observed - expected), 0.0)
    return Kupiec(forecasts, hit_count, statistic, _chi_squared_tail(statistic))


def kupiec_region(forecasts: int, level: float, size: float = 0.05) -> tuple[int, int]:
    """Fewest and most hits that :func:`kupiec` does not reject.

    Parameters
    ----------
    forecasts : int
    level : float
        Confidence of the VaR.
    size : float
        Probability of rejecting a right model.

    Returns
    -------
    tuple of two int
        Both not rejected.

    Raises
    ------
    InsufficientData
        If no number of hits is accepted, or there are no forecasts.

    Examples
    --------
    >>> kupiec_region(510, 0.99)
    (2, 10)
    """
    centre = round(forecasts * (1.0 - level))

    def accepted(hit_count: int) -> bool:
        inside = 0 <= hit_count <= forecasts
        return inside and kupiec(hit_count, forecasts, level).p_value >= size

    if not accepted(centre):
        raise InsufficientData("kupiec_region", needed=forecasts + 1, got=forecasts)
    low = high = centre
    while accepted(low - 1):
        low -= 1
    while accepted(high + 1):
        high += 1
    return low, high


def chance_inside_region(
    forecasts: int, level: float, *, times: float, size: float = 0.05
) -> float:
    """How often a VaR exceeded `times` as often as it should be stays in :func:`kupiec_region`.

    Above 1 it is what the test misses (one less its power); at 1 the share of right models that
    pass, which the steps of a count keep from being ``1 - size`` exactly.

    Parameters
    ----------
    forecasts : int
    level : float
        Confidence of the VaR.
    times : float
        Not negative; at most ``1 / (1 - level)``, which is an exception each time.
    size : float
        Of the region.

    Returns
    -------
    float
        Between 0 and 1; exceptions are independent.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `times` cannot be.

    Examples
    --------
    >>> round(chance_inside_region(186, 0.99, times=2.0), 2)
    0.83
    """
    rate = times * (1.0 - level)
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{times} times an exception rate of {1.0 - level} is no probability")
    low, high = kupiec_region(forecasts, level, size)
    fewer = float(bdtr(low - 1, forecasts, rate)) if low > 0 else 0.0
    return float(bdtr(high, forecasts, rate)) - fewer


def traffic_light_zones(forecasts: int, level: float = 0.99) -> tuple[int, int]:
    """Fewest exceptions of the amber and of the red zone of Basel's traffic light [1]_.

    A zone begins with the number of exceptions that a right model would reach or stay below
    with a probability of at least 95 % (amber) or 99.99 % (red).

    Parameters
    ----------
    forecasts : int
        Periods judged; Basel takes 250.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    tuple of two int
        Fewer than the first are green.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `level` is outside (0, 1).

    References
    ----------
    .. [1] Basel Committee on Banking Supervision (1996). "Supervisory framework for the use of
       backtesting in conjunction with the internal models approach to market risk capital
       requirements".

    Examples
    --------
    >>> traffic_light_zones(250)
    (5, 10)
    """
    if forecasts < 1:
        raise InsufficientData("traffic_light_zones", needed=1, got=forecasts)
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    as_many_or_fewer = bdtr(np.arange(forecasts + 1), forecasts, 1.0 - level)
    amber, red = np.searchsorted(as_many_or_fewer, (_AMBER_FROM, _RED_FROM))
    # No zone begins before the first exception, however few days were judged.
    return max(1, int(amber)), max(2, int(red))


def pinball_loss(losses: FloatArray, var: FloatArray, level: float) -> float:
    r"""Mean quantile loss of forecasts; the lower, the better they were [1]_.

    :math:`(L - V)(\alpha - 1[L < V])`: a loss beyond its VaR costs :math:`\alpha` per unit, room
    that was not needed :math:`1 - \alpha`. Only the true quantile has the lowest expected one.

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
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    exceeded = hits(losses, var)
    beyond = np.asarray(losses, dtype=np.float64) - np.asarray(var, dtype=np.float64)
    costs: FloatArray = np.where(exceeded, level * beyond, (level - 1.0) * beyond)
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
        If there are not more periods than ``lag + 1``, or the differences do not vary.
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
        raise InsufficientData("diebold_mariano", needed=first.size + 1, got=first.size)
    statistic = float(np.mean(difference)) / math.sqrt(variance / difference.size)
    return DieboldMariano(statistic, math.erfc(abs(statistic) / math.sqrt(2.0)))


def _newey_west_variance(values: FloatArray, lag: int) -> float:
    """Of the mean of `values`, times their number."""
    apart = values - np.mean(values)
    together = [float(apart[k:] @ apart[: apart.size - k]) for k in range(lag + 1)]
    weighted = [2.0 * (1.0 - k / (lag + 1)) * together[k] for k in range(1, lag + 1)]
    return (together[0] + sum(weighted)) / values.size


def _log_likelihood(hit_count: int, forecasts: int, probability: float) -> float:
    misses = forecasts - hit_count
    return float(xlogy(hit_count, probability) + xlogy(misses, 1.0 - probability))


def _chi_squared_tail(statistic: float) -> float:
    """Probability that a chi-squared variable of one degree exceeds `statistic`."""
    return math.erfc(math.sqrt(statistic / 2.0))
