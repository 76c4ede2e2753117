"""`seawall journal verify` vouches for the journal, or says that it is broken."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from risk.config import load_settings
from risk.domain.events import FundsMoved
from risk.storage.engines import open_engines, transaction
from risk.storage.journal import append, entries_of

EVENT = FundsMoved(
    at=datetime(2025, 1, 1, tzinfo=UTC),
    portfolio="main",
    cycle="1",
    amount=5.0,
    equity=5.0,
    note="",
)


@pytest.fixture
def engines(run):
    run("migrate")
    run("portfolios", "add", "main")
    engines = open_engines(load_settings().database_url)
    with transaction(engines.writer) as connection:
        append(connection, "main", entries_of([EVENT] * 3))
    yield engines
    engines.dispose()


def test_a_journal_that_holds_is_counted(run, engines):
    assert run("journal", "verify").stdout == "The journal of main holds: 3 entries.\n"
    assert json.loads(run("journal", "verify", "main", "--json").stdout) == {
        "streams": [{"portfolio": "main", "entries": 3}]
    }


def test_a_changed_entry_is_named_and_the_exit_code_is_1(run, engines):
    with transaction(engines.writer) as connection:
        for trigger in connection.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'")
        ).all():
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text("UPDATE journal SET body = '{}' WHERE seq = 2"))

    result = run("journal", "verify", "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "entry 2 of the journal of main was changed" in result.stderr


def test_a_portfolio_that_is_not_there_has_no_journal(run, engines):
    assert run("journal", "verify", "other").exit_code == 2
