"""How far a value stands below its own past peak."""

from typing import NamedTuple

import numpy as np

from risk.errors import InsufficientData
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
