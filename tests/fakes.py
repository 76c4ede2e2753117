"""Stand-ins that behave like the real thing and that a test can steer."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A `Clock` that moves only when told to.

    Parameters
    ----------
    now : datetime
        Market's and wall's time at first, with a time zone.
    """

    def __init__(self, now: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> None:
        self._monotonic = 0.0
        self.set(now)

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta | float) -> datetime:
        """Let `by` pass (seconds when a number) and return the market's new time."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta(0):
            raise ValueError("time does not run backwards; `set` steps the clock back")
        self._now += step
        self._wall += step
        self._monotonic += step.total_seconds()
        return self._now

    def set(self, now: datetime) -> None:
        """Step market and wall to `now`, forwards or backwards; no time passes."""
        if now.utcoffset() is None:
            raise ValueError(f"a clock's time needs a timezone: {now!r}")
        self._now = self._wall = now

    def step_wall(self, by: timedelta) -> None:
        """Put the wall's clock right (or wrong) by `by`; no time passes."""
        self._wall += by
