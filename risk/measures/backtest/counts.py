"""How many exceptions there were, and how surprising that is: nothing of their order."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, xlogy

from risk.errors import InsufficientData, NotIdentified
from risk.measures import checks
from risk.measures.types import BoolArray, FloatArray


class LikelihoodRatio(NamedTuple):
    """A likelihood-ratio test.

    Attributes
    ----------
    statistic : float
        Twice how much likelier the hits are under the best alternative, in logarithms; 0 or more.
    p_value : float
        Probability of a statistic at least as large if the model were right, as it is after
        many periods.
    """

    statistic: float
    p_value: float


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
    checks.level(level)
    if not 0 <= hit_count <= forecasts:
        raise ValueError(f"{hit_count} hits in {forecasts} forecasts")
    observed = _log_likelihood(hit_count, forecasts, hit_count / forecasts)
    expected = _log_likelihood(hit_count, forecasts, 1.0 - level)
    statistic = max(2.0 * (observed - expected), 0.0)
    return Kupiec(forecasts, hit_count, statistic, _chi_squared_tail(statistic))


def kupiec_tuff(first_hit: int, level: float) -> LikelihoodRatio:
    r"""Two-sided likelihood-ratio test of the time until the first failure [1]_.

    If the level is right, the first hit comes after :math:`1/\alpha` periods on average.

    Parameters
    ----------
    first_hit : int
        Number of the period with the first hit; the first period is number 1.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    ValueError
        If there can be no such period, or `level` is outside (0, 1).

    Notes
    -----
    Weak, since it looks at one hit only: at 99 % any first hit from the 7th to the 438th period
    is no surprise. It is for the weeks in which there is nothing else to judge by.

    References
    ----------
    .. [1] Kupiec, P. (1995). "Techniques for verifying the accuracy of risk measurement
       models". Journal of Derivatives 3(2).

    Examples
    --------
    >>> [kupiec_tuff(period, 0.99).p_value < 0.05 for period in (6, 7, 438, 439)]
    [True, False, False, True]
    """
    checks.level(level)
    if first_hit < 1:
        raise ValueError(f"the first period is number 1, got {first_hit}")
    observed = _log_likelihood(1, first_hit, 1.0 / first_hit)
    statistic = max(2.0 * (observed - _log_likelihood(1, first_hit, 1.0 - level)), 0.0)
    return LikelihoodRatio(statistic, _chi_squared_tail(statistic))


def kupiec_region(forecasts: int, level: float, size: float = 0.05) -> tuple[int, int]:
    """Fewest and most hits that :func:`kupiec` does not reject.

    Parameters
    ----------
    forecasts : int
    level : float
        Confidence of the VaR.
    size : float
        Probability of rejecting a right model, above 0 and at most 1.

    Returns
    -------
    tuple of two int
        Both not rejected.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    NotIdentified
        If no number of hits is accepted, as may happen at a size close to 1.
    ValueError
        If `level` is outside (0, 1) or `size` outside (0, 1].

    Examples
    --------
    >>> kupiec_region(510, 0.99)
    (2, 10)
    """
    checks.level(level)
    checks.fraction("size", size)
    if forecasts < 1:
        raise InsufficientData("kupiec_region", needed=1, got=forecasts)
    centre = round(forecasts * (1.0 - level))

    def accepted(hit_count: int) -> bool:
        inside = 0 <= hit_count <= forecasts
        return inside and kupiec(hit_count, forecasts, level).p_value >= size

    if not accepted(centre):
        reason = f"each number of hits in {forecasts} is rejected at size {size}"
        raise NotIdentified("kupiec_region", reason)
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
    InsufficientData, NotIdentified
        As :func:`kupiec_region`.
    ValueError
        If `times` cannot be, `level` is outside (0, 1) or `size` outside (0, 1].

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


def _log_likelihood(hit_count: int, forecasts: int, probability: float) -> float:
    misses = forecasts - hit_count
    return float(xlogy(hit_count, probability) + xlogy(misses, 1.0 - probability))


def _chi_squared_tail(statistic: float) -> float:
    """Probability that a chi-squared variable of one degree exceeds `statistic`."""
    return math.erfc(math.sqrt(statistic / 2.0))
