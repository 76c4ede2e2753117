"""The first four moments of a sample, and of many slices of one."""

from typing import NamedTuple

import numpy as np
from numba import njit

from risk.errors import InsufficientData
from risk.measures.kernel import INTEGERS, VECTOR, kernel
from risk.measures.types import FloatArray, IntArray

#: Deviations below this share of the largest value are rounding: the sample is constant.
_ROUNDING = 1e-12


class Moments(NamedTuple):
    """What four moments say of one sample or of many.

    Attributes
    ----------
    mean : ndarray of shape (m,)
    deviation : ndarray of shape (m,)
        The square root of the unbiased variance; 0 of a constant sample.
    skewness : ndarray of shape (m,)
        Third central moment over the 3/2 power of the second; 0 of a constant sample.
    excess_kurtosis : ndarray of shape (m,)
        Fourth central moment over the square of the second, less 3; 0 of a constant sample.
    """

    mean: FloatArray
    deviation: FloatArray
    skewness: FloatArray
    excess_kurtosis: FloatArray


def moments_of(values: FloatArray) -> Moments:
    """Moments of one sample.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Returns
    -------
    Moments
        Of shape (1,).

    Raises
    ------
    InsufficientData
        If there are fewer than two values.
    ValueError
        If a value is NaN or infinite.

    Examples
    --------
    >>> moments = moments_of(np.array([1.0, 2.0, 3.0, 6.0]))
    >>> round(float(moments.deviation[0]), 6), round(float(moments.skewness[0]), 6)
    (2.160247, 0.687243)
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.size < 2:
        raise InsufficientData("moments_of", needed=2, got=values.size)
    return Moments(*_moments(values).reshape(4, 1))


def moments_of_slices(values: FloatArray, starts: IntArray, stops: IntArray) -> Moments:
    """Moments of many slices of one array, each equal to :func:`moments_of`.

    Parameters
    ----------
    values : ndarray of shape (n,)
    starts, stops : ndarray of shape (m,), int
        Slice i is ``values[starts[i]:stops[i]]``.

    Returns
    -------
    Moments
        Of shape (m,).

    Raises
    ------
    InsufficientData
        If a slice has fewer than two values.
    ValueError
        If a value in a slice is NaN or infinite, or a slice reaches beyond the array.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    starts, stops = (np.ascontiguousarray(ends, dtype=np.int64) for ends in (starts, stops))
    if starts.shape != stops.shape or (starts < 0).any() or (stops > values.size).any():
        raise ValueError(f"slices of {values.size} values reach beyond them")
    least = int((stops - starts).min(initial=2))
    if least < 2:
        raise InsufficientData("moments_of_slices", needed=2, got=max(least, 0))
    return Moments(*_slices(values, starts, stops))


@njit(cache=True)
def _moments_of(values: FloatArray) -> tuple[float, float, float, float]:
    """Two passes: sums of powers would cancel where the mean is large."""
    n, total, largest = values.size, 0.0, 0.0
    for value in values:
        if not np.isfinite(value):
            raise ValueError("values contains NaN or infinity; drop gaps first")
        total += value
        largest = max(largest, abs(value))
    mean = total / n
    second, third, fourth = 0.0, 0.0, 0.0
    for value in values:
        apart = value - mean
        square = apart * apart
        second += square
        third += square * apart
        fourth += square * square
    deviation = np.sqrt(second / (n - 1))
    # Also where squares of the smallest numbers vanish and leave nothing to divide by.
    if deviation <= _ROUNDING * largest or second * second <= 0.0:
        return mean, 0.0, 0.0, 0.0
    variance = second / n
    return mean, deviation, third / n / variance**1.5, fourth / n / variance**2 - 3.0


@kernel(VECTOR)
def _moments(values: FloatArray) -> FloatArray:
    found = np.empty(4)
    found[0], found[1], found[2], found[3] = _moments_of(values)
    return found


@kernel(VECTOR, INTEGERS, INTEGERS)
def _slices(values: FloatArray, starts: IntArray, stops: IntArray) -> FloatArray:
    found = np.empty((4, starts.size))
    for i in range(starts.size):
        mean, deviation, skewness, excess = _moments_of(values[starts[i] : stops[i]])
        found[0, i], found[1, i], found[2, i], found[3, i] = mean, deviation, skewness, excess
    return found
