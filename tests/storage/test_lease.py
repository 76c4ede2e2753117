"""What is special about a lease on each database; what they share is in the store's contract."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from risk.errors import SchemaMismatch, StoreUnavailable
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.lease import FileLocks, SqlLeaseOffice, require_token
from tests.builders import PORTFOLIO
from tests.storage.rows import read, write


def hold_until_killed(url: str, ready: int) -> None:
    SqlLeaseOffice(open_engines(url)).acquire(PORTFOLIO, "child")
    os.write(ready, b"!")
    signal.pause()


def test_a_killed_holder_s_file_is_free_at_once(sqlite_url: str):
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            hold_until_killed(sqlite_url, told)
        finally:
            os._exit(1)
    os.read(heard, 1)
    office = SqlLeaseOffice(open_engines(sqlite_url))
    assert office.acquire(PORTFOLIO, "successor") is None

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    assert office.acquire(PORTFOLIO, "successor").token == 2


def test_a_lock_that_cannot_be_opened_is_unavailable(tmp_path: Path):
    with pytest.raises(StoreUnavailable, match=r"demo\.lock cannot be opened: No such file"):
        FileLocks(str(tmp_path / "nowhere" / "seawall.db")).take(PORTFOLIO)


def test_a_lock_is_given_back_when_the_database_fails(tmp_path: Path):
    """Otherwise a database without tables would stay locked until this process ends."""
    engines = open_engines(f"sqlite:///{tmp_path}/seawall.db")
    with pytest.raises(SchemaMismatch):
        SqlLeaseOffice(engines).acquire(PORTFOLIO, "first")

    assert FileLocks(str(tmp_path / "seawall.db")).take(PORTFOLIO)
    engines.dispose()


def test_giving_back_what_is_not_held_does_nothing(tmp_path: Path):
    FileLocks(str(tmp_path / "seawall.db")).give_back(PORTFOLIO)


def test_a_lease_lasts_as_long_as_told_by_the_database_s_clock(engines: Engines):
    clock = {
        "sqlite": "SELECT unixepoch('subsec') * 1000",
        "postgresql": "SELECT extract(epoch FROM clock_timestamp()) * 1000",
    }[engines.writer.dialect.name]
    before = float(read(engines, clock)[0][0])
    lease = SqlLeaseOffice(engines, life=timedelta(seconds=90)).acquire(PORTFOLIO, "first")
    after = float(read(engines, clock)[0][0])

    ends = lease.expires_at.timestamp() * 1000
    # The two clocks of SQLite round differently.
    assert before + 90_000 - 2 <= ends <= after + 90_000 + 2


@pytest.mark.postgres
def test_a_holder_frozen_inside_a_save_cannot_keep_its_successor_out(postgres_url: str):
    """It holds the lease's row locked; the server cuts it off, and its write never lands."""
    frozen, rival = open_engines(postgres_url, patience=0.2), open_engines(postgres_url)
    lease = SqlLeaseOffice(frozen, life=timedelta(0)).acquire(PORTFOLIO, "frozen")

    def freeze_in_mid_save() -> None:
        with transaction(frozen.writer) as connection:
            require_token(connection, PORTFOLIO, lease.token)
            connection.exec_driver_sql("INSERT INTO fact VALUES ('demo', 'late', '1')")
            successor = SqlLeaseOffice(rival).acquire(PORTFOLIO, "second")
            assert successor.token == lease.token + 1

    with pytest.raises(StoreUnavailable):
        freeze_in_mid_save()

    assert read(rival, "SELECT * FROM fact") == []
    frozen.dispose()
    rival.dispose()


@pytest.mark.postgres
def test_on_postgres_a_lease_that_was_not_renewed_ends_by_itself(postgres_url: str):
    engines = open_engines(postgres_url)
    SqlLeaseOffice(engines, life=timedelta(0)).acquire(PORTFOLIO, "frozen")

    assert SqlLeaseOffice(engines).acquire(PORTFOLIO, "second").token == 2
    assert SqlLeaseOffice(engines).acquire(PORTFOLIO, "third") is None
    engines.dispose()


@pytest.mark.postgres
def test_a_clock_set_wrong_on_a_client_changes_nothing(postgres_url: str, monkeypatch):
    """Only the server's clock counts."""
    engines = open_engines(postgres_url)
    assert SqlLeaseOffice(engines).acquire(PORTFOLIO, "first") is not None
    monkeypatch.setattr("time.time", lambda: 4e9)

    assert SqlLeaseOffice(engines).acquire(PORTFOLIO, "second") is None
    write(engines, "UPDATE lease SET expires_ms = 0")
    assert SqlLeaseOffice(engines).acquire(PORTFOLIO, "second") is not None
    engines.dispose()
