"""Whether the forecasts of a VaR model held: exceptions, and how surprising their number is."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, xlogy

from risk.errors import InsufficientData
from risk.measures.types import BoolArray, FloatArray

#: Probabilities of that many exceptions or fewer from which Basel's amber and red zones begin.
_AMBER_FROM, _RED_FROM = 0.95, 0.9999


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
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    exceeded = hits(losses, var)
    if exceeded.size == 0:
        raise InsufficientData("pinball_loss", needed=1, got=0)
    beyond = np.asarray(losses, dtype=np.float64) - np.asarray(var, dtype=np.float64)
    return float(np.mean(np.where(exceeded, level * beyond, (level - 1.0) * beyond)))


def _log_likelihood(hit_count: int, forecasts: int, probability: float) -> float:
    misses = forecasts - hit_count
    return float(xlogy(hit_count, probability) + xlogy(misses, 1.0 - probability))


def _chi_squared_tail(statistic: float) -> float:
    """Probability that a chi-squared variable of one degree exceeds `statistic`."""
    return math.erfc(math.sqrt(statistic / 2.0))
