"""The tables come, go and come back; nobody writes with the wrong ones."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect, text

from risk.errors import SchemaMismatch
from risk.storage import schema, tables
from risk.storage.engines import Engines, open_engines, transaction


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/new/seawall.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(f"empty_{request.param}_url")


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engines]:
    engines = open_engines(empty_url)
    yield engines
    engines.dispose()


def names(engines: Engines) -> set[str]:
    return set(inspect(engines.writer).get_table_names()) - {"alembic_version"}


def test_upgrading_makes_all_tables(empty: Engines):
    schema.upgrade(empty)

    assert names(empty) == set(tables.metadata.tables)
    schema.check_schema(empty)


def test_upgrading_twice_changes_nothing(empty: Engines):
    schema.upgrade(empty)
    schema.upgrade(empty)

    schema.check_schema(empty)


def test_every_step_down_and_up_again(empty: Engines):
    schema.upgrade(empty)
    steps = 0
    while names(empty):
        schema.downgrade(empty)
        steps += 1
    schema.upgrade(empty)

    assert steps == len(schema._steps(schema._SCRIPTS))
    assert names(empty) == set(tables.metadata.tables)
    schema.check_schema(empty)


def test_the_second_step_finds_events_of_a_kind_by_time_and_goes_back(empty: Engines):
    schema.upgrade(empty)
    assert columns_of(empty, "journal_by_kind") == ["stream", "kind", "at_ms"]

    for table in ("breaker_history", "outbox", "decision", "api_key"):
        while table in names(empty):
            schema.downgrade(empty)
        assert table not in names(empty)
    schema.downgrade(empty)
    assert "limit_utilization" not in inspect(empty.writer).get_view_names()
    for table in ("action", "engine_failure"):
        schema.downgrade(empty)
        assert table not in names(empty)
    schema.downgrade(empty)

    assert columns_of(empty, "journal_by_kind") == ["stream", "kind", "seq"]


def test_what_people_asked_before_there_were_proposals_stays_and_asks_for_none(empty: Engines):
    schema.upgrade(empty)
    while "proposal" in names(empty):
        schema.downgrade(empty)
    row = {"portfolio": "demo", "seq": 1, "at_ms": 7, "who": "anna", "kind": "AdoptPolicy"}
    with transaction(empty.writer) as connection:
        connection.execute(
            text("INSERT INTO action VALUES (:portfolio, :seq, :at_ms, :who, :kind, '{}')"), row
        )
    schema.upgrade(empty)
    with transaction(empty.reader) as connection:
        (kept,) = connection.execute(text("SELECT * FROM action")).mappings()

    assert dict(kept) == row | {"body": "{}", "proposal": None}


def columns_of(engines: Engines, index: str) -> list[str | None]:
    indexes = inspect(engines.writer).get_indexes("journal")
    return next(each["column_names"] for each in indexes if each["name"] == index)


def test_the_tables_made_are_the_tables_used(empty: Engines):
    schema.upgrade(empty)

    with empty.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_going_down_from_nothing_is_refused(empty: Engines):
    with pytest.raises(SchemaMismatch, match="no tables that could be taken back"):
        schema.downgrade(empty)


def test_a_file_that_is_not_there_is_missed_and_not_made(tmp_path: Path):
    file = tmp_path / "moved.db"
    engines = open_engines(f"sqlite:///{file}")
    with pytest.raises(SchemaMismatch, match=r"no database at .*moved.db: .*put it back"):
        schema.check_schema(engines)
    engines.dispose()

    assert not file.exists()


def test_a_database_without_tables_is_refused_with_the_remedy(empty: Engines):
    empty.writer.connect().close()  # which makes SQLite's file
    with pytest.raises(SchemaMismatch, match=r"holds no tables .*: run `seawall migrate`"):
        schema.check_schema(empty)


@pytest.mark.parametrize("use", [schema.upgrade, schema.downgrade, schema.check_schema])
def test_a_newer_database_is_refused(engines: Engines, use):
    """Old code on a newer schema would write what the newer one does not expect."""
    with transaction(engines.writer) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaMismatch, match="schema 9999, which is newer than this program"):
        use(engines)


def test_two_programs_upgrading_at_once_do_not_collide(empty_url: str):
    outcomes: list[object] = []
    gate = threading.Barrier(4)

    def start() -> None:
        engines = open_engines(empty_url)
        gate.wait()
        try:
            schema.upgrade(engines)
            outcomes.append("done")
        except Exception as error:  # noqa: BLE001
            outcomes.append(error)
        finally:
            engines.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == ["done"] * 4


def test_a_migration_that_crashes_halfway_leaves_nothing(empty: Engines):
    """On SQLite too, whose driver by itself would commit every table as it is made."""

    def crash_at_the_ledger(_connection, _cursor, statement, *_rest):
        if "CREATE TABLE ledger_entry" in statement:
            raise RuntimeError("power cut")

    event.listen(empty.writer, "before_cursor_execute", crash_at_the_ledger)
    with pytest.raises(RuntimeError):
        schema.upgrade(empty)
    event.remove(empty.writer, "before_cursor_execute", crash_at_the_ledger)

    assert names(empty) == set()
    schema.upgrade(empty)
    schema.check_schema(empty)
