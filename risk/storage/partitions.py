"""Daily partitions of the raw samples on Postgres; SQLite has and needs none.

Dropping a day takes milliseconds where deleting its rows takes seconds and leaves a table that
must be vacuumed.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, text

from risk.storage.engines import transaction

DAY_MS = 86_400_000
_PREFIX = "metric_sample_"
_PARTITION_LOCK = 0x5EA_0A12


def ensure_days(writer: Engine, days: Iterable[int]) -> None:
    """Make the partitions of these days, in a transaction of their own.

    Parameters
    ----------
    days : iterable of int
        Days since 1970.
    """
    with transaction(writer) as connection:
        # Two programs that make the same partition at once would both find it missing.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PARTITION_LOCK})
        existing = _days_there(connection)
        for day in sorted(set(days) - existing):
            connection.exec_driver_sql(
                f"CREATE TABLE {_name(day)} PARTITION OF metric_sample "
                f"FOR VALUES FROM ({day * DAY_MS}) TO ({(day + 1) * DAY_MS})"
            )


def drop_days_except(connection: Connection, needed: set[int]) -> int:
    """Drop the partitions of all other days than the `needed`; returns how many."""
    old = sorted(_days_there(connection) - needed)
    for day in old:
        connection.exec_driver_sql(f"DROP TABLE {_name(day)}")
    return len(old)


def _days_there(connection: Connection) -> set[int]:
    names = connection.execute(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass('metric_sample')"
        )
    )
    return {_day_of(name) for (name,) in names}


def _name(day: int) -> str:
    return f"{_PREFIX}{day}"


def _day_of(name: str) -> int:
    return int(name.removeprefix(_PREFIX))
