r"""How far stops and targets lie from a price, and how far a book is from its liquidation.

Every distance is a ratio of two prices, so that a long position and a short one mirror each
other exactly under :math:`p \to c/p`, whatever the constant *c*: a long's stop at a distance of
20 % lies at 0.8 times its best price, a short's at :math:`1/0.8 = 1.25` times its. Distances
that come from volatility are logs of such ratios, for the same reason, and leave every price
positive. `side` is +1 for a long and -1 for a short throughout.

References
----------
.. [1] Wilder, J. W. (1978). "New Concepts in Technical Trading Systems". Trend Research. The
   true range, and the average that a bar moves by one part in so many.
"""

import math
from typing import NamedTuple

from risk.measures import checks

#: Hourly bars over which a range is averaged: 14 days.
ATR_BARS = 14 * 24

#: Bars before an average range is believed.
ATR_NEEDS = 24

#: Part of its gross exposure that an account must keep as equity. An assumption: what venues
#: ask of a small margin account in large coins; each has its own, in steps of size.
MAINTENANCE_MARGIN = 0.005

_BARS_PER_DAY = 24.0
# The log of a ratio beyond which no price ever goes, and a price or its inverse is still a float.
_FURTHEST = 500.0


def adverse(price: float, distance: float, *, side: int) -> float:
    """The price that lies a fraction on the losing side of another.

    Parameters
    ----------
    price : float
        Positive.
    distance : float
        Fraction in [0, 1) that the higher of the two prices falls to reach the lower.
    side : {1, -1}

    Returns
    -------
    float
        Below `price` for a long, above it for a short.

    Raises
    ------
    ValueError
        If `price` is not positive or `distance` outside [0, 1).

    Examples
    --------
    >>> adverse(100.0, 0.2, side=1), adverse(100.0, 0.2, side=-1)
    (80.0, 125.0)
    """
    if not 0.0 <= distance < 1.0:
        raise ValueError(f"distance must lie in [0, 1), got {distance}")
    return _scaled(price, 1.0 - distance, side)


def favourable(price: float, gain: float, *, side: int) -> float:
    """The price that lies a fraction on the winning side of another.

    Parameters
    ----------
    price : float
        Positive.
    gain : float
        Fraction, zero or more, by which the lower of the two prices rises to the higher.
    side : {1, -1}

    Returns
    -------
    float
        Above `price` for a long, below it for a short.

    Raises
    ------
    ValueError
        If `price` is not positive or `gain` negative.

    Examples
    --------
    >>> favourable(100.0, 0.25, side=1), favourable(100.0, 0.25, side=-1)
    (125.0, 80.0)
    """
    return _scaled(price, 1.0 + checks.not_negative("gain", gain), side)


def adverse_by_log(price: float, distance: float, *, side: int) -> float:
    """As :func:`adverse`, the distance being the log of the ratio: of any size, zero or more.

    Beyond any price it is no further, so that it stays a price.
    """
    far = min(_FURTHEST, checks.not_negative("distance", distance))
    return _scaled(price, math.exp(-far), side)


def favourable_by_log(price: float, gain: float, *, side: int) -> float:
    """As :func:`favourable`, the gain being the log of the ratio."""
    far = min(_FURTHEST, checks.not_negative("gain", gain))
    return _scaled(price, math.exp(far), side)


def _scaled(price: float, ratio: float, side: int) -> float:
    price = checks.positive("price", price)
    return price * ratio if side > 0 else price / ratio


def is_beyond(price: float, level: float, *, side: int) -> bool:
    """Whether a price has reached a level on the losing side: at it, or past it.

    Examples
    --------
    >>> is_beyond(79.0, 80.0, side=1), is_beyond(79.0, 80.0, side=-1)
    (True, False)
    """
    return price <= level if side > 0 else price >= level


def better_of(one: float, other: float, *, side: int) -> float:
    """The price that is worth more to the position; of two stops, the tighter one."""
    return max(one, other) if side > 0 else min(one, other)


def ratcheted(standing: float | None, wanted: float, *, side: int, step: float = 0.0) -> float:
    """Where a stop stands that is wanted somewhere: never further away than it stood.

    Parameters
    ----------
    standing : float or None
        Where it stood; None if there was none.
    wanted : float
    side : {1, -1}
    step : float
        Least fraction that it moves by, so that it is not told anew at each tick.

    Returns
    -------
    float

    Examples
    --------
    >>> ratcheted(80.0, 70.0, side=1), ratcheted(80.0, 90.0, side=1)
    (80.0, 90.0)
    >>> ratcheted(80.0, 80.5, side=1, step=0.01)
    80.0
    """
    if standing is None:
        return wanted
    due = favourable(standing, step, side=side)
    moves = better_of(wanted, due, side=side) == wanted
    return better_of(standing, wanted, side=side) if moves else standing


def distance_to(level: float, price: float) -> float:
    """The move from a price to a level, a fraction; negative for a fall.

    Examples
    --------
    >>> distance_to(75.0, 100.0)
    -0.25
    """
    return checks.positive("level", level) / checks.positive("price", price) - 1.0


# --- ranges --------------------------------------------------------------------------------


def true_range(high: float, low: float, previous_close: float | None) -> float:
    """A bar's true range [1]_, the gap from the close before included, as the log of a ratio.

    Parameters
    ----------
    high, low : float
        Positive prices.
    previous_close : float or None
        None where the bar before is missing: then it is the bar's own range.

    Returns
    -------
    float
        Zero or more. In logs instead of prices, so that a price that doubled within the 14 days
        does not make its old ranges look small.

    Raises
    ------
    ValueError
        If a price is not positive, or the high is below the low.

    Examples
    --------
    >>> round(true_range(102.0, 100.0, 98.0), 6) == round(math.log(102.0 / 98.0), 6)
    True
    """
    high, low = checks.positive("high", high), checks.positive("low", low)
    if high < low:
        raise ValueError(f"the high {high} is below the low {low}")
    if previous_close is not None:
        close = checks.positive("previous_close", previous_close)
        high, low = max(high, close), min(low, close)
    return math.log(high / low)


class AverageRange(NamedTuple):
    """Wilder's average true range of one asset's bars.

    Attributes
    ----------
    mean : float
        Log of a ratio, a bar.
    bars : int
        Bars that it has seen.
    """

    mean: float
    bars: int


NO_RANGE = AverageRange(0.0, 0)


def next_average_range(
    before: AverageRange, bar_range: float, *, period: int = ATR_BARS
) -> AverageRange:
    """The average after one more bar: plain over the first `period` bars, exponential after.

    Examples
    --------
    >>> next_average_range(AverageRange(0.25, 1), 0.75)
    AverageRange(mean=0.5, bars=2)
    """
    bars = before.bars + 1
    weight = 1.0 / min(bars, period)
    return AverageRange(before.mean + weight * (bar_range - before.mean), bars)


def day_range(hourly: AverageRange) -> float | None:
    r"""A day's average range from that of hours, times :math:`\sqrt{24}`; None while too young.

    A range, not a deviation: see :data:`risk.measures.sizing.ATR_TO_DEVIATION`.

    Examples
    --------
    >>> round(day_range(AverageRange(0.01, 336)), 6)
    0.04899
    """
    if hourly.bars < ATR_NEEDS:
        return None
    return hourly.mean * math.sqrt(_BARS_PER_DAY)


# --- liquidation ---------------------------------------------------------------------------


def liquidation_move(
    equity: float,
    *,
    net: float,
    gross: float,
    others: float = 0.0,
    maintenance: float = MAINTENANCE_MARGIN,
) -> float | None:
    r"""The move of one asset alone that leaves an account its maintenance margin and no more.

    The *r* that solves :math:`E + N r = m (O + G (1 + r))`. Of an isolated position `equity` is
    the margin posted for it and `others` is zero; of a position that shares an account, both are
    the account's.

    Parameters
    ----------
    equity : float
        Before the move, quote currency.
    net, gross : float
        Exposure to the asset, quote currency: signed, and longs and shorts added up.
    others : float
        Gross exposure to all other assets.
    maintenance : float
        Part of gross exposure that must remain as equity, in [0, 1).

    Returns
    -------
    float or None
        Fraction; negative for a fall, 0 if equity is down to the requirement already. None where
        no move of a price that stays above zero can: a long bought with the account's own money
        cannot be liquidated.

    Raises
    ------
    ValueError
        If a number is not finite, `gross` or `others` is negative, or `maintenance` outside
        [0, 1).

    Examples
    --------
    >>> liquidation_move(1_000.0, net=2_000.0, gross=2_000.0, maintenance=0.0)
    -0.5
    >>> liquidation_move(1_000.0, net=1_000.0, gross=1_000.0) is None
    True
    >>> liquidation_move(1_000.0, net=-1_000.0, gross=1_000.0, maintenance=0.0)
    1.0
    """
    if not 0.0 <= maintenance < 1.0:
        raise ValueError(f"maintenance must lie in [0, 1), got {maintenance}")
    gross, others = checks.not_negative("gross", gross), checks.not_negative("others", others)
    missing = maintenance * (gross + others) - checks.finite("equity", equity)
    if missing >= 0.0:
        return 0.0
    slope = checks.finite("net", net) - maintenance * gross
    if slope == 0.0:
        return None
    move = missing / slope
    return move if -1.0 < move < math.inf else None
