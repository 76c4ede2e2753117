"""Many rows at once, and what happens to those that are there already."""

import pytest

from risk.errors import StoreError
from risk.storage import bulk
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.tables import fact
from tests.storage.rows import read

COLUMNS = ("portfolio", "name", "value")


def insert(engines: Engines, *rows: tuple[str, str, str], **options: OnConflict) -> int:
    with transaction(engines.writer) as connection:
        return insert_rows(connection, fact, COLUMNS, rows, **options)


def facts(engines: Engines) -> list[tuple[str, ...]]:
    return read(engines, "SELECT name, value FROM fact ORDER BY name")


def test_rows_are_inserted_and_counted(engines: Engines):
    assert insert(engines, ("demo", "a", "1"), ("demo", "b", "2")) == 2
    assert facts(engines) == [("a", "1"), ("b", "2")]


def test_no_rows_are_no_statement(engines: Engines):
    assert insert(engines) == 0


def test_what_is_there_is_kept(engines: Engines):
    insert(engines, ("demo", "a", "1"))

    new = insert(engines, ("demo", "a", "9"), ("demo", "b", "2"), on_conflict=OnConflict.KEEP)

    assert new == 1
    assert facts(engines) == [("a", "1"), ("b", "2")]


def test_what_is_there_is_replaced(engines: Engines):
    insert(engines, ("demo", "a", "1"))

    insert(engines, ("demo", "a", "9"), ("demo", "b", "2"), on_conflict=OnConflict.REPLACE)

    assert facts(engines) == [("a", "9"), ("b", "2")]


def test_what_is_there_is_refused_with_all_that_came_along(engines: Engines):
    insert(engines, ("demo", "a", "1"))

    with pytest.raises(StoreError, match="refused"):
        insert(engines, ("demo", "b", "2"), ("demo", "a", "9"))

    assert facts(engines) == [("a", "1")]


def test_more_rows_than_a_statement_takes(engines: Engines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "_ROWS_A_STATEMENT", 3)
    rows = [("demo", f"{number:02}", "1") for number in range(10)]

    assert insert(engines, *rows) == 10
    assert len(facts(engines)) == 10
