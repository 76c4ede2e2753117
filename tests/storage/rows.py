"""Looking straight into the tables, past the code under test."""

from typing import Any

from sqlalchemy import Table, func, select, text

from risk.storage.engines import Engines, transaction


def count(engines: Engines, table: Table) -> int:
    with transaction(engines.reader) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def read(engines: Engines, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with transaction(engines.reader) as connection:
        return [tuple(row) for row in connection.execute(text(sql), values)]


def write(engines: Engines, sql: str, **values: Any) -> None:
    with transaction(engines.writer) as connection:
        connection.execute(text(sql), values)


def lease_token(engines: Engines, portfolio: str) -> int:
    """Take the portfolio as its only holder, without a lock on a file."""
    write(engines, "INSERT INTO lease VALUES (:portfolio, 'test', 1, 0)", portfolio=portfolio)
    return 1


def next_token(engines: Engines, portfolio: str) -> int:
    """Take the portfolio after its only holder."""
    write(engines, "UPDATE lease SET token = token + 1 WHERE portfolio = :p", p=portfolio)
    ((token,),) = read(engines, "SELECT token FROM lease WHERE portfolio = :p", p=portfolio)
    return int(token)


def without_triggers(engines: Engines) -> None:
    """Let everything be changed from now on, as whoever has the file or the password can."""
    with transaction(engines.writer) as connection:
        if connection.dialect.name == "sqlite":
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).scalars()
            for name in names.all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("journal", "journal_checkpoint", "action"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
