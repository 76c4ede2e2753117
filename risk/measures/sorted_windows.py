"""The last values of many series, kept in order while they come in.

A new value replaces the oldest one of a full window. In an ordered window only what lies
between the two has to move, which is a search and a shift instead of a sort: that is why
quantiles of a window cost next to nothing at each bar.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from risk.measures.kernel import VECTOR, kernel
from risk.measures.types import FloatArray, IntArray

# Written to in place, so not read-only as elsewhere.
_WRITTEN = "Array(float64, 2, 'C')"
_COUNTED = "Array(int64, 1, 'C')"


class SortedWindows(NamedTuple):
    """The last values of each series, twice.

    Attributes
    ----------
    arrived : ndarray of shape (series, size)
        A ring: value number i of a series, from 0, is in column ``i % size``.
    falling : ndarray of shape (series, size)
        The same values, the largest first.
    seen : ndarray of shape (series,), int
        Values that a series ever had. Columns from there on are meaningless.
    """

    arrived: FloatArray
    falling: FloatArray
    seen: IntArray

    def copy(self) -> "SortedWindows":
        """One that does not change with this one."""
        return SortedWindows(self.arrived.copy(), self.falling.copy(), self.seen.copy())

    def counts(self) -> IntArray:
        """Values in each window, shape (series,)."""
        return np.minimum(self.seen, self.arrived.shape[1])


def windows_start(series: int, size: int) -> SortedWindows:
    """Windows of `size` values, empty yet."""
    if size < 1:
        raise ValueError(f"a window holds 1 value or more, not {size}")
    return SortedWindows(
        np.zeros((series, size)), np.zeros((series, size)), np.zeros(series, dtype=np.int64)
    )


def windows_push(windows: SortedWindows, values: FloatArray) -> None:
    """Take in one value of each series, in place.

    Parameters
    ----------
    windows : SortedWindows
        Changed; give a copy where the old one is still wanted.
    values : ndarray of shape (series,)
        NaN where a series has none: its window stays as it is.

    Raises
    ------
    ValueError
        If a value is infinite, or there is not one per series; nothing has changed then.

    Examples
    --------
    >>> windows = windows_start(series=1, size=3)
    >>> for value in (2.0, 7.0, 5.0, 1.0):
    ...     windows_push(windows, np.array([value]))
    >>> windows.falling
    array([[7., 5., 1.]])
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.shape != windows.seen.shape:
        raise ValueError(f"{values.size} values for {windows.seen.size} windows")
    _push(windows.arrived, windows.falling, windows.seen, values)


@njit(cache=True)
def _place(falling: FloatArray, count: int, value: float) -> int:
    """First position whose value is not above `value`."""
    if count == 0:
        return 0
    # Chosen and not branched on: which half it is no processor can guess.
    first, left = 0, count
    while left > 1:
        half = left // 2
        first = first + half if falling[first + half - 1] > value else first
        left -= half
    return first + 1 if falling[first] > value else first


@njit(cache=True)
def _replace(falling: FloatArray, leaves: int, value: float, count: int) -> None:
    """Close the gap at position `leaves` and put `value` where it belongs."""
    enters = _place(falling, count, value)
    if enters > leaves:
        enters -= 1
        # Views from 0 on: with indices that cannot be negative, loops are moves of memory.
        between = falling[leaves : enters + 1]
        for i in range(between.size - 1):
            between[i] = between[i + 1]
    else:
        between = falling[enters : leaves + 1]
        for i in range(between.size - 1, 0, -1):
            between[i] = between[i - 1]
    falling[enters] = value


@kernel(_WRITTEN, _WRITTEN, _COUNTED, VECTOR)
def _push(arrived: FloatArray, falling: FloatArray, seen: IntArray, values: FloatArray) -> None:
    for value in values:
        if math.isinf(value):
            raise ValueError("values contains infinity; mark it as unobserved")
    size = arrived.shape[1]
    for j in range(values.size):
        value = values[j]
        if math.isnan(value):
            continue
        slot = seen[j] % size
        count = min(seen[j], size)
        # Until a window is full its next value takes the place behind the smallest.
        leaves = count if count < size else _place(falling[j], size, arrived[j, slot])
        _replace(falling[j], leaves, value, count)
        arrived[j, slot] = value
        seen[j] += 1
