"""Where a value stands among the book's own stored values."""

from datetime import timedelta

import numpy as np

from pages.components.metrics import Rank
from pages.context import MetricHistory

#: Fewer stored values, or a shorter history, rank nothing.
_LEAST_VALUES = 50
_LEAST_SPAN = timedelta(hours=6)


def rank(value: float | None, history: MetricHistory) -> Rank | None:
    """The percentile of `value` in `history`; None if that would say nothing.

    Values equal to `value` count half, so that a figure that never moves stands at the 50th
    percentile instead of at an end.
    """
    span = _span(history)
    if value is None or history.values.size < _LEAST_VALUES or span < _LEAST_SPAN:
        return None
    below = np.count_nonzero(history.values < value)
    equal = np.count_nonzero(history.values == value)
    percentile = 100.0 * (below + 0.5 * equal) / history.values.size
    # Finite histories know neither the 0th nor the 100th percentile.
    return Rank(min(99, max(1, round(percentile))), span, int(history.values.size))


def _span(history: MetricHistory) -> timedelta:
    if history.ts_ms.size == 0:
        return timedelta(0)
    return timedelta(milliseconds=int(history.ts_ms[-1] - history.ts_ms[0]))
