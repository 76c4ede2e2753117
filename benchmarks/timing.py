"""Taking times: a warm-up, then one measurement a call, on a monotonic clock."""

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple, TypeVar

import numpy as np


class Timing(NamedTuple):
    """What a case cost.

    Attributes
    ----------
    case : str
    size : int
        Assets, or points of a chart.
    unit : str
        Of `median` and `p99`.
    median, p99 : float
    n : int
        Calls measured.
    """

    case: str
    size: int
    unit: str
    median: float
    p99: float
    n: int

    @property
    def row(self) -> tuple[str, ...]:
        """Its line in the table."""
        return (
            self.case,
            f"{self.size:,}",
            f"{self.median:,.3g}" if self.median < 1_000.0 else f"{self.median:,.0f}",
            f"{self.p99:,.3g}" if self.p99 < 1_000.0 else f"{self.p99:,.0f}",
            f"{self.n:,}",
            self.unit,
        )


Given = TypeVar("Given")

HEAD = ("case", "size", "median", "p99", "n", "unit")


def timed(case: str, call: Callable[[], object], *, size: int, n: int) -> Timing:
    """Milliseconds of `n` calls, after a few that do not count."""
    return timed_with(case, lambda: None, lambda _: call(), size=size, n=n)


def timed_with(
    case: str,
    prepare: Callable[[], Given],
    call: Callable[[Given], object],
    *,
    size: int,
    n: int,
    warm: int = 3,
) -> Timing:
    """The same, each call with what was prepared for it; preparing does not count."""
    for _ in range(warm):
        call(prepare())
    seconds = np.array([_seconds(call, prepare()) for _ in range(n)])
    median, p99 = (1e3 * np.quantile(seconds, (0.5, 0.99))).tolist()
    return Timing(case, size, "ms", median, p99, n)


def micro(timing: Timing) -> Timing:
    """The same in microseconds."""
    return timing._replace(unit="µs", median=1e3 * timing.median, p99=1e3 * timing.p99)


def _seconds(call: Callable[[Given], object], given: Given) -> float:
    begun = perf_counter()
    call(given)
    return perf_counter() - begun
