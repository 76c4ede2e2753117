"""The agent's clocks. The client runs in the agent's process: this is where it learns the time."""

import time
from collections.abc import Callable

#: Seconds that only ever grow: time-outs and ages are measured by it, never by the wall's clock.
monotonic: Callable[[], float] = time.monotonic


def wall_milliseconds() -> int:
    """Since 1970, UTC: only for names that sort by time."""
    return time.time_ns() // 1_000_000  # noqa: TID251
