"""Times for which something was passed, those close to each other taken together."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np

from risk.measures.types import BoolArray, FloatArray

#: Crossings closer to each other than this are one breach.
MERGED_WITHIN = timedelta(days=1)


class Episode(NamedTuple):
    """A breach, by the numbers of its first and its last bar."""

    first: int
    last: int


def episodes(above: BoolArray, times: FloatArray) -> tuple[Episode, ...]:
    """Times above a limit, those that begin within a day of the last one's end taken together.

    Parameters
    ----------
    above : ndarray of shape (n,), bool
    times : ndarray of shape (n,)
        Seconds, rising.
    """
    found: list[Episode] = []
    for bar in np.flatnonzero(above).tolist():
        near = found and times[bar] - times[found[-1].last] < MERGED_WITHIN.total_seconds()
        first = found.pop().first if near else bar
        found.append(Episode(first, bar))
    return tuple(found)
