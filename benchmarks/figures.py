"""What drawing costs before the browser sees it: building a figure and encoding it."""

from collections.abc import Iterator

import numpy as np
import orjson

from benchmarks.timing import Timing, timed
from pages.context import CHART_POINTS, MetricHistory
from pages.figures.history import history_figure
from pages.format import UTC_ZONE

_MINUTE_MS = 60_000


def run(n: int = 300, points: int = CHART_POINTS) -> Iterator[Timing]:
    """The chart of equity and VaR with as many points as a screen asks for."""
    equity = _history(points, level=1e6)
    var = _history(points, level=0.05)

    def figure() -> dict[str, object]:
        return history_figure(equity, var, currency="USDT", zone=UTC_ZONE, scheme="dark")

    built = figure()
    yield timed("figure of history, built", figure, size=points, n=n)
    yield timed("figure of history, encoded", lambda: orjson.dumps(built), size=points, n=n)


def _history(points: int, *, level: float) -> MetricHistory:
    rng = np.random.default_rng(points)
    times = np.arange(points, dtype=np.int64) * _MINUTE_MS
    return MetricHistory(times, level * np.exp(np.cumsum(rng.normal(0.0, 1e-3, points))))
