r"""How large one position may be, and what may hold it smaller.

The size is what loses a chosen share of equity at a stop some deviations away,

.. math:: \min\left(\frac{E\, q}{k\, \sigma},\; E\, m\right)

with equity *E*, share at risk *q*, stop at *k* deviations :math:`\sigma`, and largest position
*m*. Such sizes add up in a book; :mod:`risk.measures.book_sizing` goes on from here.

References
----------
.. [1] Thorp, E. (2006). "The Kelly criterion in blackjack, sports betting, and the stock
   market". Handbook of Asset and Liability Management 1.
"""

from collections.abc import Sequence

from risk.measures import checks

#: Daily deviation over average true range of one day, for large coins. Without drift and with
#: normal moves it would be 0.627; heavy tails widen a deviation more than a mean range.
ATR_TO_DEVIATION = 0.76

#: Share of the growth-optimal size beyond which no expected return is believed.
KELLY_SHARE = 0.25

#: Fall from the high of 90 days, and what is left of every size from there on.
DRAWDOWN_LADDER = ((0.05, 0.75), (0.10, 0.50), (0.15, 0.25), (0.20, 0.10))


def position_size(
    equity: float,
    volatility: float,
    *,
    risk_per_trade: float = 0.01,
    max_position: float = 0.25,
    stop_deviations: float = 2.0,
) -> float:
    r"""Value of a position that loses `risk_per_trade` of equity at its stop, capped.

    :math:`\min(E q / (k \sigma), E m)`.

    Parameters
    ----------
    equity : float
        Quote currency; none, none at all, buys nothing.
    volatility : float
        Standard deviation of the asset's return over the period that the stop is meant for.
    risk_per_trade : float
        Share of equity at risk, in (0, 1].
    max_position : float
        Largest position, share of equity in (0, 1].
    stop_deviations : float
        Distance of the stop in standard deviations.

    Returns
    -------
    float
        Quote currency, at most ``equity * max_position``.

    Raises
    ------
    ValueError
        If the equity is negative, the volatility or the distance not positive, a fraction
        outside (0, 1], or anything NaN or infinite; the text names it.

    Examples
    --------
    >>> position_size(100_000.0, 0.04)
    12500.0
    >>> position_size(100_000.0, 0.0001)
    25000.0
    """
    equity = checks.not_negative("equity", equity)
    risk_amount = equity * checks.fraction("risk_per_trade", risk_per_trade)
    largest = equity * checks.fraction("max_position", max_position)
    volatility = checks.positive("volatility", volatility)
    stop = volatility * checks.positive("stop_deviations", stop_deviations)
    # A product of two positive numbers may still round to zero, or overflow.
    return min(risk_amount / checks.positive("volatility times stop_deviations", stop), largest)


def deviation_from_atr(
    average_true_range: float, price: float, ratio: float = ATR_TO_DEVIATION
) -> float:
    """Deviation of an asset's return that its average true range speaks of.

    A mean range is not a deviation: taken for one it would make every size a quarter too small.

    Parameters
    ----------
    average_true_range : float
        In the unit of `price`.
    price : float
    ratio : float
        Deviation over range.

    Returns
    -------
    float
        Fraction, of the period that the range is of.

    Raises
    ------
    ValueError
        If one of them is not finite and positive.

    Examples
    --------
    >>> round(deviation_from_atr(2_000.0, 50_000.0), 6)
    0.0304
    """
    range_share = checks.positive("average_true_range", average_true_range) / checks.positive(
        "price", price
    )
    return range_share * checks.positive("ratio", ratio)


def kelly_cap(expected_return: float, volatility: float, share: float = KELLY_SHARE) -> float:
    r"""Largest believable position: :math:`share \cdot \mu / \sigma^2` [1]_, nothing below zero.

    Parameters
    ----------
    expected_return : float
        Of the side taken, over one period.
    volatility : float
        Standard deviation over the same.
    share : float
        In (0, 1]; 1 is the growth-optimal size for a return known exactly.

    Returns
    -------
    float
        Fraction of equity.

    Raises
    ------
    ValueError
        If the return is not finite, the volatility not positive or the share outside (0, 1].

    Examples
    --------
    >>> round(kelly_cap(0.001, 0.04), 6)
    0.15625
    """
    expected_return = checks.finite("expected_return", expected_return)
    deviation = checks.positive("volatility", volatility)
    # Divided twice, because a square may round to zero.
    return checks.fraction("share", share) * max(expected_return, 0.0) / deviation / deviation


def drawdown_factor(
    drawdown: float, ladder: Sequence[tuple[float, float]] = DRAWDOWN_LADDER
) -> float:
    """What is left of every size at a drawdown: the factor of the deepest rung reached.

    Parameters
    ----------
    drawdown : float
        Fraction below the high, 0 or more.
    ladder : sequence of (float, float)
        Rising drawdowns with falling factors in (0, 1].

    Returns
    -------
    float
        1 above the first rung.

    Raises
    ------
    ValueError
        If the drawdown is negative or not finite, or the ladder does not go down.

    Examples
    --------
    >>> drawdown_factor(0.04), drawdown_factor(0.12)
    (1.0, 0.5)
    """
    drawdown = checks.not_negative("drawdown", drawdown)
    depths = [checks.positive("a rung's drawdown", depth) for depth, _ in ladder]
    factors = [checks.fraction("a rung's factor", factor) for _, factor in ladder]
    if depths != sorted(set(depths)) or factors != sorted(factors, reverse=True):
        raise ValueError(f"ladder must fall as drawdown rises, got {tuple(ladder)}")
    return next(
        (f for d, f in zip(reversed(depths), reversed(factors), strict=True) if drawdown >= d), 1.0
    )
