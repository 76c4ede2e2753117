"""What is kept for ever cannot be changed by raw SQL, whichever way it is asked."""

import pytest
from alembic import command
from sqlalchemy import inspect, text

from risk.errors import StoreError
from risk.storage import schema
from risk.storage.engines import Engines, open_engines, transaction
from tests.storage.rows import read, write

CHECKPOINT = "stream, seq, key_id, at_ms, hash, signature, anchored"
#: A row of each table, and the same key with another content.
ROWS = {
    "journal": (
        "(stream, seq, at_ms, kind, body, hash) VALUES ('demo', 1, 0, 'Kind', '{}', 'h')",
        "(stream, seq, at_ms, kind, body, hash) VALUES ('demo', 1, 0, 'Kind', '{} ', 'h')",
    ),
    "journal_checkpoint": (
        f"({CHECKPOINT}) VALUES ('demo', 1, 'k', 0, 'h', 's', true)",
        f"({CHECKPOINT}) VALUES ('demo', 1, 'k', 9, 'h', 's', true)",
    ),
    "action": (
        "(portfolio, seq, at_ms, who, kind, body) VALUES ('demo', 1, 0, 'ana', 'Kind', '{}')",
        "(portfolio, seq, at_ms, who, kind, body) VALUES ('demo', 1, 0, 'eve', 'Kind', '{}')",
    ),
}
TABLES = tuple(ROWS)
#: Of an action, the law of the second person may speak first.
HELD = r"append-only|an action is never changed|needs a proposal that was approved"


def refused(engines: Engines, statement: str) -> None:
    table = next(name for name in sorted(TABLES, key=len, reverse=True) if name in statement)
    before = read(engines, f"SELECT * FROM {table}")

    with pytest.raises(StoreError, match=HELD):
        write(engines, statement)

    assert read(engines, f"SELECT * FROM {table}") == before != []


@pytest.fixture
def filled(engines: Engines) -> Engines:
    for table, (row, _) in ROWS.items():
        write(engines, f"INSERT INTO {table} {row}")
    return engines


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET at_ms = 5",
        "UPDATE {} SET at_ms = at_ms",
        "DELETE FROM {}",
        "DELETE FROM {} WHERE seq = 1",
    ],
)
def test_nothing_is_changed_or_removed(filled: Engines, table: str, statement: str):
    refused(filled, statement.format(table))


@pytest.mark.parametrize("table", TABLES)
def test_postgres_refuses_to_empty_them(postgres_url: str, table: str):
    engines = open_engines(postgres_url)
    write(engines, f"INSERT INTO {table} {ROWS[table][0]}")
    refused(engines, f"TRUNCATE {table}")
    engines.dispose()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE INTO", "REPLACE INTO"])
def test_sqlite_refuses_to_put_another_row_in_the_place_of_one(
    sqlite: Engines, table: str, verb: str
):
    """REPLACE deletes without a word to triggers on DELETE."""
    write(sqlite, f"INSERT INTO {table} {ROWS[table][0]}")

    refused(sqlite, f"{verb} {table} {ROWS[table][1]}")


@pytest.mark.parametrize("table", ["journal", "journal_checkpoint"])
def test_nor_by_the_number_that_sqlite_itself_gives_rows(sqlite: Engines, table: str):
    write(sqlite, f"INSERT INTO {table} {ROWS[table][0]}")
    other = ROWS[table][1].replace("(stream,", "(rowid, stream,").replace("('demo'", "(1, 'other'")

    refused(sqlite, f"INSERT OR REPLACE INTO {table} {other}")


@pytest.mark.parametrize("table", TABLES)
def test_an_update_in_place_of_an_insert_is_refused(filled: Engines, table: str):
    key = {"action": "portfolio, seq", "journal": "stream, seq"}.get(table, "stream, seq, key_id")
    row = ROWS[table][1]
    if filled.is_sqlite:
        # SQLite asks the trigger on INSERT first.
        refused(filled, f"INSERT INTO {table} {row} ON CONFLICT ({key}) DO NOTHING")
    refused(
        filled,
        f"INSERT INTO {table} {row} ON CONFLICT ({key}) DO UPDATE SET at_ms = excluded.at_ms",
    )


@pytest.mark.parametrize("table", TABLES)
def test_more_rows_are_always_taken(filled: Engines, table: str):
    row = ROWS[table][0].replace("'demo', 1", "'demo', 2")

    write(filled, f"INSERT INTO {table} {row}")

    assert len(read(filled, f"SELECT 1 FROM {table}")) == 2


def test_a_step_back_takes_what_it_brought_and_no_more(engines: Engines):
    """The journal itself was held before it."""
    with transaction(engines.writer) as connection:
        config = schema._config(connection)
        command.downgrade(config, "0011")

    names = set(inspect(engines.writer).get_table_names())
    assert not names & {"journal_checkpoint", "policy_state", "trip_state"}
    write(engines, f"INSERT INTO journal {ROWS['journal'][0]}")
    write(engines, f"INSERT INTO action {ROWS['action'][0]}")
    write(engines, "UPDATE action SET at_ms = 5")
    with pytest.raises(StoreError, match=HELD):
        write(engines, "UPDATE journal SET at_ms = 5")
    left = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'journal%'"
        if engines.is_sqlite
        else "SELECT proname FROM pg_proc WHERE proname LIKE 'journal_checkpoint%'"
    )
    expected = [("journal_no_update",), ("journal_no_delete",)] if engines.is_sqlite else []
    assert sorted(read(engines, left)) == sorted(expected)
    with transaction(engines.writer) as connection:
        assert connection.execute(text("SELECT count(*) FROM action")).scalar() == 1
