r"""Variance of a bar from its open, high, low and close.

A bar's range knows more than its ends: for the same error, squared returns need about five times
as many bars as Parkinson's estimator [1]_, six times as many as Rogers and Satchell's [3]_, seven
times as many as Garman and Klass' [2]_. With :math:`u = \ln H/O`, :math:`d = \ln L/O` and
:math:`c = \ln C/O`:

.. math::

    \text{Parkinson} &= \frac{(u - d)^2}{4 \ln 2} \\
    \text{Garman-Klass} &= \tfrac12 (u - d)^2 - (2 \ln 2 - 1)\, c^2 \\
    \text{Rogers-Satchell} &= u (u - c) + d (d - c)

The first two take the drift for zero, the third does not. All take prices for seen at every
moment: where trades are rare the range is missed, and they are too low. They see nothing between
one close and the next open; crypto has nothing there. A bad print widens a range for good: judge
prices first.

References
----------
.. [1] Parkinson, M. (1980). "The extreme value method for estimating the variance of the rate of
   return". Journal of Business 53(1).
.. [2] Garman, M. and Klass, M. (1980). "On the estimation of security price volatilities from
   historical data". Journal of Business 53(1).
.. [3] Rogers, L. and Satchell, S. (1991). "Estimating variance from high, low and closing
   prices". Annals of Applied Probability 1(4).
"""

import math

import numpy as np

from risk.measures import checks
from risk.measures.returns import DAYS_PER_YEAR, annualised_volatility
from risk.measures.types import BoolArray, FloatArray


def parkinson_variance(high: FloatArray, low: FloatArray) -> FloatArray:
    """Variance of each bar's log return from its range alone.

    Parameters
    ----------
    high, low : ndarray of one shape
        Prices; NaN where unobserved.

    Returns
    -------
    ndarray of the same shape
        Of one bar, 0 or more; NaN where either price is.

    Raises
    ------
    ValueError
        If a price is zero, negative or infinite, a high is below its low, or shapes differ.

    Examples
    --------
    >>> parkinson_variance(np.array([104.0, np.nan]), np.array([100.0, 99.0])).round(6)
    array([0.000555,      nan])
    """
    high, low = _prices(high=high, low=low)
    _refuse_crossed(high < low, "its high below its low")
    variance: FloatArray = np.log(high / low) ** 2 / (4.0 * math.log(2.0))
    return variance


def garman_klass_variance(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> FloatArray:
    """Variance of each bar's log return from its range and its ends; the least noisy of the three.

    Parameters
    ----------
    open_, high, low, close : ndarray of one shape
        Prices; NaN where unobserved.

    Returns
    -------
    ndarray of the same shape
        Of one bar, 0 or more; NaN where any of the four prices is.

    Raises
    ------
    ValueError
        If a price is zero, negative or infinite, a high is below or a low above another price of
        its bar, or shapes differ.
    """
    up, down, change = _moves(open_, high, low, close)
    variance: FloatArray = 0.5 * (up - down) ** 2 - (2.0 * math.log(2.0) - 1.0) * change**2
    return variance


def rogers_satchell_variance(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> FloatArray:
    """Variance of each bar's log return, whatever its drift.

    Parameters
    ----------
    open_, high, low, close : ndarray of one shape
        Prices; NaN where unobserved.

    Returns
    -------
    ndarray of the same shape
        Of one bar, 0 or more; NaN where any of the four prices is. A bar that only rose or only
        fell has none.

    Raises
    ------
    ValueError
        As :func:`garman_klass_variance`.
    """
    up, down, change = _moves(open_, high, low, close)
    variance: FloatArray = up * (up - change) + down * (down - change)
    return variance


def mean_volatility(variances: FloatArray, periods_per_year: float = DAYS_PER_YEAR) -> float:
    """Annual deviation of bars whose variances are given: the root of their mean, scaled.

    Parameters
    ----------
    variances : ndarray of shape (bars,)
        As the estimators give them, or squared returns; NaN where unobserved.
    periods_per_year : float
        ``DAYS_PER_YEAR`` or ``HOURS_PER_YEAR``.

    Returns
    -------
    float
        Standard deviation of a year's log return.

    Raises
    ------
    InsufficientData
        If no bar was observed.
    ValueError
        If a variance is negative or infinite, or the periods are not positive.
    """
    variances = np.asarray(variances, dtype=np.float64)
    seen = variances[~np.isnan(variances)]
    checks.enough("mean_volatility", needed=1, got=seen.size)
    if np.isinf(seen).any() or (seen < 0.0).any():
        raise ValueError("variances must be finite and not negative, or NaN where unobserved")
    return annualised_volatility(math.sqrt(float(seen.mean())), periods_per_year)


def _moves(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Logarithms of high, low and close over the open; NaN in all where a price is missing."""
    open_, high, low, close = _prices(open=open_, high=high, low=low, close=close)
    _refuse_crossed(high < low, "its high below its low")
    # A comparison with NaN is false, so that a bar with holes is not accused of the rest.
    _refuse_crossed((high < open_) | (high < close), "its high below its open or close")
    _refuse_crossed((low > open_) | (low > close), "its low above its open or close")
    holes = np.isnan(open_ + high + low + close)
    up, down, change = (np.where(holes, math.nan, np.log(p / open_)) for p in (high, low, close))
    return up, down, change


def _prices(**prices: FloatArray) -> list[FloatArray]:
    arrays = [np.asarray(values, dtype=np.float64) for values in prices.values()]
    if len({values.shape for values in arrays}) != 1:
        shapes = ", ".join(
            f"{name} {values.shape}" for name, values in zip(prices, arrays, strict=True)
        )
        raise ValueError(f"prices of one shape are needed, got {shapes}")
    for name, values in zip(prices, arrays, strict=True):
        if np.isinf(values).any() or (values <= 0.0).any():
            raise ValueError(f"{name} must be positive and finite, or NaN where unobserved")
    return arrays


def _refuse_crossed(crossed: BoolArray, what: str) -> None:
    if crossed.any():
        first = tuple(int(i) for i in np.argwhere(crossed)[0])
        where = first[0] if len(first) == 1 else first
        raise ValueError(f"bar {where} has {what}: mark it as unobserved or repair it")
