"""Writing many rows with one statement, the fast way of each database.

SQLite takes tuples through ``executemany``; Postgres takes one array a column and unnests
them, one round trip for thousands of rows. Both understand ``ON CONFLICT``, so that writing the
same rows twice is harmless.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

Row = tuple[Any, ...]

# Few enough that no statement runs into the client's patience.
_ROWS_A_STATEMENT = 20_000


class OnConflict(StrEnum):
    """What to do with a row whose primary key is there already."""

    KEEP = "keep"
    REPLACE = "replace"
    REFUSE = "refuse"


def insert_rows(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    on_conflict: OnConflict = OnConflict.REFUSE,
) -> int:
    """Insert `rows`, each in the order of `columns`; returns how many were written."""
    if not rows:
        return 0
    if connection.dialect.name == "postgresql":
        statement = _unnest_statement(table, columns, on_conflict)
        return sum(
            connection.exec_driver_sql(statement, _by_column(columns, portion)).rowcount
            for portion in _portions(rows)
        )
    statement = _values_statement(table, columns, on_conflict)
    return connection.exec_driver_sql(statement, list(rows)).rowcount


class Prepared:
    """A statement that is put into words once for each database, and then only filled in.

    Putting a query together takes SQLAlchemy as long as the database takes to answer it.

    Parameters
    ----------
    statement : Executable
        With a `bindparam` for everything that differs; without lists of values.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._texts: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it with these values."""
        dialect = connection.dialect
        found = self._texts.get(dialect.name)
        if found is None:
            compiled = self._statement.compile(dialect=dialect)
            assert isinstance(compiled, SQLCompiler), "it is a statement, and no definition"
            found = str(compiled), compiled.positiontup, dict(compiled.params)
            self._texts[dialect.name] = found
        text, places, fixed = found
        filled = fixed | values
        if places is None:
            return connection.exec_driver_sql(text, filled)
        return connection.exec_driver_sql(text, tuple(filled[name] for name in places))


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        yield rows[start : start + _ROWS_A_STATEMENT]


def _by_column(columns: tuple[str, ...], rows: Sequence[Row]) -> dict[str, list[Any]]:
    return dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))


@cache
def _values_statement(table: Table, columns: tuple[str, ...], on_conflict: OnConflict) -> str:
    places = ", ".join("?" for _ in columns)
    conflict = _conflict(table, columns, on_conflict)
    return f"{_into(table, columns)} VALUES ({places}) {conflict}"  # nosec B608: our own names


@cache
def _unnest_statement(table: Table, columns: tuple[str, ...], on_conflict: OnConflict) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"%({c})s::{table.c[c].type.compile(dialect)}[]" for c in columns)
    # WHERE TRUE lets the parser tell ON CONFLICT from a join's ON.
    return (
        f"{_into(table, columns)} SELECT * FROM unnest({arrays}) WHERE TRUE "  # nosec B608
        f"{_conflict(table, columns, on_conflict)}"
    )


def _into(table: Table, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(map(_quoted, columns))})"


def _conflict(table: Table, columns: tuple[str, ...], on_conflict: OnConflict) -> str:
    if on_conflict is OnConflict.REFUSE:
        return ""
    if on_conflict is OnConflict.KEEP:
        return "ON CONFLICT DO NOTHING"
    keys = [column.name for column in table.primary_key]
    changes = ", ".join(f"{_quoted(c)} = excluded.{_quoted(c)}" for c in columns if c not in keys)
    target = ", ".join(map(_quoted, keys))
    return f"ON CONFLICT ({target}) DO UPDATE SET {changes}"  # nosec B608: our own names


def _quoted(name: str) -> str:
    return sqlite.dialect().identifier_preparer.quote(name)
