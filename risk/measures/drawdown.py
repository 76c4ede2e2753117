"""How far a value stands below its own past peak, for how long, and how far in the worst times."""

from typing import NamedTuple

import numpy as np

from risk.errors import InsufficientData
from risk.measures.tail import expected_shortfall
from risk.measures.types import FloatArray


class MaximumDrawdown(NamedTuple):
    """The deepest fall of a value curve.

    Attributes
    ----------
    depth : float
        Fraction of the peak lost; 0 if the curve never fell.
    peak, trough : int
        Where it began and where it was deepest; both 0 if the curve never fell.
    """

    depth: float
    peak: int
    trough: int


class DrawdownSpell(NamedTuple):
    """A time under water: from a peak until it is reached again.

    Attributes
    ----------
    peak, trough : int
        Last point at the peak, and the first of the deepest ones after it.
    end : int or None
        First point at or above the peak again; None if that is still to come.
    depth : float
        Fraction of the peak lost at the trough.
    bars : int
        From the peak to the end, or to the newest point.
    """

    peak: int
    trough: int
    end: int | None
    depth: float
    bars: int


def drawdown_curve(values: FloatArray) -> FloatArray:
    """Fraction lost since the highest value so far, at every point.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Value of one unit of the book, flows taken out, oldest first. The first is
        positive; later ones may fall to zero or below.

    Returns
    -------
    ndarray of shape (n,)
        0 at a new high; above 1 if more than everything was lost.

    Raises
    ------
    InsufficientData
        If there is no value.
    ValueError
        If a value is NaN or infinite, or the first is not positive.

    Examples
    --------
    >>> drawdown_curve(np.array([100.0, 80.0, 120.0, 90.0]))
    array([0.  , 0.2 , 0.  , 0.25])
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        raise InsufficientData("drawdown_curve", needed=1, got=0)
    if not np.isfinite(values).all():
        raise ValueError("values contains NaN or infinity; drop gaps before measuring drawdown")
    if values[0] <= 0.0:
        raise ValueError(f"a drawdown needs a positive first value, got {values[0]}")
    curve: FloatArray = 1.0 - values / np.maximum.accumulate(values)
    return curve


def current_drawdown(values: FloatArray) -> float:
    """Fraction lost since the highest value; see :func:`drawdown_curve`.

    Examples
    --------
    >>> current_drawdown(np.array([100.0, 120.0, 90.0]))
    0.25
    """
    return float(drawdown_curve(values)[-1])


def maximum_drawdown(values: FloatArray) -> MaximumDrawdown:
    """Deepest fall and where it happened; see :func:`drawdown_curve`.

    Of equally deep falls the first counts; of equal peaks before it, the last.

    Examples
    --------
    >>> maximum_drawdown(np.array([100.0, 80.0, 120.0, 90.0, 150.0]))
    MaximumDrawdown(depth=0.25, peak=2, trough=3)
    """
    curve = drawdown_curve(values)
    trough = int(np.argmax(curve))
    peak = int(np.flatnonzero(curve[: trough + 1] == 0.0)[-1])
    return MaximumDrawdown(depth=float(curve[trough]), peak=peak, trough=trough)


def drawdown_spells(values: FloatArray) -> tuple[DrawdownSpell, ...]:
    """All times under water, oldest first; see :func:`drawdown_curve`.

    Examples
    --------
    >>> for spell in drawdown_spells(np.array([100.0, 75.0, 120.0, 90.0, 110.0])):
    ...     print(spell)
    DrawdownSpell(peak=0, trough=1, end=2, depth=0.25, bars=2)
    DrawdownSpell(peak=2, trough=3, end=None, depth=0.25, bars=2)
    """
    curve = drawdown_curve(values)
    under = np.concatenate(([False], curve > 0.0, [False]))
    edges = np.flatnonzero(under[1:] != under[:-1])
    return tuple(
        _spell(curve, int(first), int(after))
        for first, after in zip(edges[::2], edges[1::2], strict=True)
    )


def longest_drawdown(values: FloatArray) -> DrawdownSpell | None:
    """The longest time under water, the first of equally long ones; None if there was none.

    It need not be the deepest; see :func:`maximum_drawdown` for that.

    Examples
    --------
    >>> longest_drawdown(np.array([100.0, 50.0, 100.0, 99.0, 99.0, 99.0])).bars
    3
    """
    return max(drawdown_spells(values), key=lambda spell: spell.bars, default=None)


def conditional_drawdown(values: FloatArray, *, level: float) -> float:
    r"""Conditional drawdown at risk: mean of the worst :math:`1 - level` of all drawdowns.

    The expected shortfall of the points of :func:`drawdown_curve` [1]_: near level 0 their mean,
    towards 1 their maximum. Unlike the maximum it does not rest on one day, and unlike the mean
    it does not forget the bad times. Here drawdowns are fractions of their peak; the source
    takes them in units of uncompounded profit.

    Parameters
    ----------
    values : ndarray of shape (n,)
        As for :func:`drawdown_curve`.
    level : float
        Strictly between 0 and 1, such as 0.95.

    Returns
    -------
    float
        Fraction of a peak, 0 or more.

    Raises
    ------
    InsufficientData
        If there is no value.
    ValueError
        If the level is outside (0, 1), a value is not finite, or the first is not positive.

    References
    ----------
    .. [1] Chekhlov, A., Uryasev, S. and Zabarankin, M. (2005). "Drawdown measure in portfolio
       optimization". International Journal of Theoretical and Applied Finance 8(1).

    Examples
    --------
    >>> round(conditional_drawdown(np.array([100.0, 80.0, 120.0, 90.0]), level=0.5), 12)
    0.225
    """
    return expected_shortfall(drawdown_curve(values), level=level)


def _spell(curve: FloatArray, first: int, after: int) -> DrawdownSpell:
    """The spell whose points under water are those from `first` until before `after`."""
    trough = first + int(curve[first:after].argmax())
    over = after < len(curve)
    bars = (after if over else after - 1) - (first - 1)
    return DrawdownSpell(first - 1, trough, after if over else None, float(curve[trough]), bars)
