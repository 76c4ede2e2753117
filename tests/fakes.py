"""Stand-ins that behave like the real thing and that a test can steer."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that moves only when told to; call it for the time.

    Parameters
    ----------
    now : datetime
        Where it stands at first, with a time zone.
    """

    def __init__(self, now: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> None:
        self.set(now)

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Move to `now`, forwards or backwards."""
        if now.utcoffset() is None:
            raise ValueError(f"a clock's time needs a timezone: {now!r}")
        self._now = now

    def advance(self, by: timedelta | float) -> datetime:
        """Move on by `by` (seconds when a number; negative steps back) and return the new time."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        self._now += step
        return self._now
