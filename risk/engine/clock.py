"""The only place that asks the machine what time it is."""

from datetime import UTC, datetime


def wall_time() -> datetime:
    """The wall's time, UTC."""
    return datetime.now(UTC)
