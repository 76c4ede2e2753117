"""A market's time that runs at its own speed, anchored to the wall's."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SimulatedClock:
    """Market time that advances `speed` seconds in each second of the wall.

    The wall's time is asked once, for what passed since the anchor; from then on only
    monotonic seconds count, so that a stepped wall clock never moves the market. To change the
    speed without a leap, anchor at the last moment the market was seen.

    Parameters
    ----------
    wall : callable returning datetime
        The wall's time. UTC.
    monotonic : callable returning float
        Seconds that only ever grow.
    market_anchor, wall_anchor : datetime
        A moment of the market, and the wall's time then.
    speed : float
        Finite and positive.

    Raises
    ------
    ValueError
        If the speed is not finite and positive, or a time has no zone.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
        market_anchor: datetime,
        wall_anchor: datetime,
        speed: float,
    ) -> None:
        if not 0.0 < speed < float("inf"):
            raise ValueError(f"a market's speed must be finite and positive, got {speed}")
        for moment in (market_anchor, wall_anchor):
            if moment.utcoffset() is None:
                raise ValueError(f"a clock's anchor needs a timezone: {moment!r}")
        self._wall = wall
        self._monotonic = monotonic
        self._speed = speed
        # A wall clock set back while we were down must not take the market back.
        passed = max(wall() - wall_anchor, timedelta(0))
        self._market_start = market_anchor + passed * speed
        self._started = monotonic()

    def now(self) -> datetime:
        """The market's time, UTC."""
        elapsed = self._monotonic() - self._started
        return self._market_start + timedelta(seconds=elapsed * self._speed)

    def wall(self) -> datetime:
        """The wall's time, UTC."""
        return self._wall()

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return self._monotonic()
