"""Simple returns of prices, and what they compound and scale to."""

import math

import numpy as np

from risk.errors import InsufficientData
from risk.measures.types import FloatArray

#: Crypto markets never close.
DAYS_PER_YEAR = 365
HOURS_PER_YEAR = 24 * DAYS_PER_YEAR


def simple_returns(prices: FloatArray) -> FloatArray:
    """Change of each price relative to the one before.

    Simple, not logarithmic: only simple returns add up across the assets of a book.

    Parameters
    ----------
    prices : ndarray of shape (n,) or (n, assets)
        Positive, oldest first; NaN where no price was observed.

    Returns
    -------
    ndarray of shape (n - 1,) or (n - 1, assets)
        Fractions. NaN unless a price and its predecessor were both observed: a move
        across a gap belongs to no single bar.

    Raises
    ------
    InsufficientData
        If there are fewer than two prices.
    ValueError
        If a price is zero, negative or infinite.

    Examples
    --------
    >>> simple_returns(np.array([100.0, 110.0, np.nan, 99.0]))
    array([0.1, nan, nan])
    """
    prices = np.asarray(prices, dtype=np.float64)
    if len(prices) < 2:
        raise InsufficientData("simple_returns", needed=2, got=len(prices))
    if np.isinf(prices).any() or (prices <= 0.0).any():
        raise ValueError("prices must be positive and finite, or NaN where unobserved")
    returns: FloatArray = prices[1:] / prices[:-1] - 1.0
    return returns


def compound(returns: FloatArray) -> float:
    """Total return of consecutive simple returns.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Fractions, each at least -1.

    Returns
    -------
    float
        Fraction; 0 for no returns.

    Raises
    ------
    ValueError
        If a return is NaN or infinite, or loses more than everything.

    Examples
    --------
    >>> round(compound(np.array([0.1, -0.1])), 12)
    -0.01
    """
    returns = np.asarray(returns, dtype=np.float64)
    if not np.isfinite(returns).all() or (returns < -1.0).any():
        raise ValueError("returns must be finite and at least -1")
    return float(np.prod(1.0 + returns) - 1.0)


def annualised_volatility(volatility: float, periods_per_year: float) -> float:
    """Scale a period's volatility to a year by the square root of time.

    Parameters
    ----------
    volatility : float
        Standard deviation of one period's returns.
    periods_per_year : float
        ``DAYS_PER_YEAR`` or ``HOURS_PER_YEAR``.

    Returns
    -------
    float
        Standard deviation of a year's return.

    Raises
    ------
    ValueError
        If the volatility is negative or not finite, or the periods are not positive.

    Examples
    --------
    >>> round(annualised_volatility(0.035, DAYS_PER_YEAR), 4)
    0.6687
    """
    if not (math.isfinite(volatility) and volatility >= 0.0):
        raise ValueError(f"volatility must be finite and not negative, got {volatility}")
    if not (math.isfinite(periods_per_year) and periods_per_year > 0.0):
        raise ValueError(f"periods_per_year must be positive, got {periods_per_year}")
    return volatility * math.sqrt(periods_per_year)
