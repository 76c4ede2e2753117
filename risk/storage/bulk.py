"""Writing many rows with one statement, the fast way of each database.

SQLite takes up to so many rows as one list of values; Postgres takes one array a column and
unnests them, one round trip for thousands of rows. Both understand ``ON CONFLICT``, so that
writing the same rows twice is harmless.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

Row = tuple[Any, ...]

# Few enough that no statement runs into the client's patience, and that the server, which waits in
# its transaction until the client has put the next portion together, does not lose its own.
_ROWS_A_STATEMENT = 5_000
# Of SQLite, which takes no more than 32,766 values.
_ROWS_AT_ONCE = 256


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
    return sum(
        connection.exec_driver_sql(
            _values_statement(table, columns, on_conflict, len(portion)),
            tuple(value for row in portion for value in row),
        ).rowcount
        for portion in _halving(rows)
    )


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


def _halving(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Portions whose sizes are powers of two, so that few statements serve any number of rows.

    Of many rows at once and not of one after the other: between two steps of a statement SQLite's
    driver lets other threads run, and then waits for each of them.
    """
    start = 0
    while start < len(rows):
        left = len(rows) - start
        size = min(_ROWS_AT_ONCE, 1 << (left.bit_length() - 1))
        yield rows[start : start + size]
        start += size


@cache
def _values_statement(
    table: Table, columns: tuple[str, ...], on_conflict: OnConflict, count: int
) -> str:
    places = "(" + ", ".join("?" for _ in columns) + ")"
    values = ", ".join([places] * count)
    conflict = _conflict(table, columns, on_conflict)
    return f"{_into(table, columns)} VALUES {values} {conflict}"  # nosec B608: our own names


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
