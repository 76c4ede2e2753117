"""A database that fails is a `StoreUnavailable` in good time; never a hang, never another error."""

import sqlite3
import stat
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import exc as sa
from sqlalchemy import text

from risk.errors import SchemaMismatch, SettingInvalid, StoreError, StoreUnavailable
from risk.storage import engines as under_test
from risk.storage.engines import (
    SAFE_SQLITE,
    Engines,
    answering,
    at_each_statement,
    open_engines,
    sqlite_driver,
    transaction,
)
from risk.storage.store import SqlStore
from tests.builders import PORTFOLIO, build_record
from tests.postgres import PostgresServer, running_postgres
from tests.storage.rows import lease_token, read, write


def pragma(engines: Engines, name: str, *, of_reader: bool = False) -> object:
    engine = engines.reader if of_reader else engines.writer
    with transaction(engine) as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "is not a database address"),
        ("mysql://host/name", "must begin with sqlite:// or postgresql://, not mysql://"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_by_its_setting(url: str, problem: str):
    with pytest.raises(SettingInvalid, match=f"SEAWALL_DATABASE_URL {problem}"):
        open_engines(url)


def test_any_postgres_address_uses_the_driver_that_is_installed():
    engines = open_engines("postgresql://somebody@localhost/seawall")

    assert engines.writer.url.drivername == "postgresql+psycopg"


def test_the_file_s_folder_is_made_for_its_owner_alone(tmp_path: Path):
    open_engines(f"sqlite:///{tmp_path}/a/b/seawall.db")

    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


# ---------------------------------------------------------------- SQLite


def test_commits_survive_a_power_cut_and_readers_never_wait(sqlite: Engines):
    assert pragma(sqlite, "journal_mode") == "wal"
    assert pragma(sqlite, "synchronous") == 2  # FULL


def test_the_driver_is_one_that_does_not_lose_commits(sqlite: Engines):
    version = read(sqlite, "SELECT sqlite_version()")[0][0]

    assert tuple(map(int, version.split("."))) >= SAFE_SQLITE


def test_an_old_driver_is_warned_of_and_leaves_checkpoints_to_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def no_wheel(name: str):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(under_test, "import_module", no_wheel)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.warns(RuntimeWarning, match="can lose commits"):
        engines = open_engines(f"sqlite:///{tmp_path}/seawall.db")

    assert pragma(engines, "wal_autocheckpoint") == 1000
    assert pragma(engines, "wal_autocheckpoint", of_reader=True) == 0
    engines.dispose()


def test_a_safe_driver_is_not_warned_of(sqlite_url: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_engines(sqlite_url).dispose()


def test_a_locked_database_is_unavailable_after_a_while(sqlite_url: str):
    holder, other = open_engines(sqlite_url), open_engines(sqlite_url, patience=0.05)

    with transaction(holder.writer), pytest.raises(StoreUnavailable, match="locked"):
        write(other, "DELETE FROM fact")

    write(other, "DELETE FROM fact")
    holder.dispose()
    other.dispose()


def test_a_new_file_that_another_program_keeps_locked_is_unavailable(tmp_path: Path):
    path = tmp_path / "seawall.db"
    # The same driver: two SQLite libraries in one process do not see each other's locks.
    holder = sqlite_driver().connect(path, isolation_level=None)
    holder.execute("CREATE TABLE x (y)")
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreUnavailable, match="locked"):
        write(open_engines(f"sqlite:///{path}", patience=0.05), "DELETE FROM x")

    holder.close()


def test_nothing_is_written_into_a_file_that_was_moved_away_until_it_is_back(tmp_path: Path):
    path, elsewhere = tmp_path / "seawall.db", tmp_path / "elsewhere.db"
    engines = open_engines(f"sqlite:///{path}")
    write(engines, "CREATE TABLE x (y INTEGER)")

    path.rename(elsewhere)
    with pytest.raises(StoreUnavailable, match=r"seawall\.db was moved or removed while"):
        write(engines, "INSERT INTO x VALUES (1)")
    path.touch()  # another file of the same name is not it
    with pytest.raises(StoreUnavailable, match="moved or removed"):
        write(engines, "INSERT INTO x VALUES (2)")

    elsewhere.rename(path)
    write(engines, "INSERT INTO x VALUES (3)")
    assert read(engines, "SELECT y FROM x") == [(3,)]
    engines.dispose()


def test_a_full_disk_is_unavailable_and_what_was_saved_stays_readable(sqlite: Engines):
    store, token = SqlStore(sqlite), lease_token(sqlite, PORTFOLIO)
    store.save(build_record(1), token=token)
    pages = pragma(sqlite, "page_count")
    pragma(sqlite, f"max_page_count = {pages}")

    with pytest.raises(StoreUnavailable, match="full"):
        store.save(build_record(2, positions=200), token=token)

    assert store.load(PORTFOLIO).state.cycle == 1
    pragma(sqlite, "max_page_count = 1000000")
    store.save(build_record(2, positions=200), token=token)
    assert store.load(PORTFOLIO).state.cycle == 2


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    path = tmp_path / "seawall.db"
    path.write_bytes(b"this is no database" * 100)

    with pytest.raises(StoreError, match="not a database"):
        read(open_engines(f"sqlite:///{path}"), "SELECT 1 FROM fact")


# ---------------------------------------------------------------- both


def test_the_reader_cannot_write(engines: Engines):
    with pytest.raises(StoreError), transaction(engines.reader) as connection:
        connection.execute(text("INSERT INTO fact VALUES ('demo', 'a', '1')"))

    assert read(engines, "SELECT * FROM fact") == []


def test_a_reader_sees_one_state_however_often_it_asks(engines: Engines):
    count = text("SELECT count(*) FROM fact")
    with transaction(engines.reader) as connection:
        before = connection.execute(count).scalar()
        write(engines, "INSERT INTO fact VALUES ('demo', 'a', '1')")

        assert connection.execute(count).scalar() == before == 0

    assert read(engines, "SELECT name FROM fact") == [("a",)]


def test_a_failed_transaction_leaves_nothing(engines: Engines):
    def cut_short() -> None:
        with transaction(engines.writer) as connection:
            connection.execute(text("INSERT INTO fact VALUES ('demo', 'a', '1')"))
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        cut_short()

    assert read(engines, "SELECT * FROM fact") == []


def test_a_missing_table_is_a_schema_mismatch_with_the_remedy(engines: Engines):
    with pytest.raises(SchemaMismatch, match="run `seawall migrate`"):
        read(engines, "SELECT * FROM nowhere")


def test_a_refused_row_says_why(engines: Engines):
    with pytest.raises(StoreError, match="the database refused"):
        write(engines, "INSERT INTO fact VALUES ('demo', 'a', NULL)")


# ---------------------------------------------------------------- nothing leaks


def all_kinds(of: type[BaseException]) -> Iterator[type[BaseException]]:
    yield of
    for kind in of.__subclasses__():
        yield from all_kinds(kind)


def an_error_of(kind: type[BaseException]) -> BaseException:
    error = kind.__new__(kind)
    error.args = ("something broke",)
    error.__dict__ |= {
        "orig": RuntimeError("the driver broke"),
        "connection_invalidated": False,
        "statement": None,
        "params": None,
        "detail": [],
    }
    return error


@pytest.mark.parametrize("kind", sorted(set(all_kinds(sa.SQLAlchemyError)), key=repr), ids=repr)
def test_no_error_of_sqlalchemy_leaks(kind: type[BaseException]):
    """As httpx holds of its own: what callers may have to catch is our tree and nothing below."""
    with pytest.raises(StoreError), answering():
        raise an_error_of(kind)


# ---------------------------------------------------------------- Postgres


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server for tests that freeze and kill it."""
    with running_postgres() as server:
        yield server


@pytest.mark.postgres
def test_a_frozen_server_is_unavailable_in_time_and_used_again_once_it_thaws(
    own_server: PostgresServer,
):
    """The server's own time-outs do not run while it is frozen; only the client can give up."""
    engines = open_engines(own_server.url(), patience=0.3)
    write(engines, "SELECT 1")

    with own_server.frozen():
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="did not answer"):
                write(engines, "SELECT 2")
        # The second one had to connect, for which the driver waits two seconds at least.
        assert time.monotonic() - began < 3.5

    assert read(engines, "SELECT 3") == [(3,)]
    write(engines, "SELECT 4")
    engines.dispose()


@pytest.mark.postgres
def test_a_killed_server_is_unavailable_and_used_again_once_it_is_back(own_server: PostgresServer):
    engines = open_engines(own_server.url(), patience=2.0)
    write(engines, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS value")
    own_server.kill()

    with pytest.raises(StoreUnavailable):
        read(engines, "SELECT value FROM kept")
    with pytest.raises(StoreUnavailable):
        write(engines, "DELETE FROM kept")

    own_server.start()
    assert read(engines, "SELECT value FROM kept") == [(7,)]
    write(engines, "DROP TABLE kept")
    engines.dispose()


@pytest.mark.postgres
def test_a_row_locked_by_another_is_unavailable_after_a_while(postgres_url: str):
    holder, other = open_engines(postgres_url), open_engines(postgres_url, patience=0.2)
    write(holder, "INSERT INTO fact VALUES ('demo', 'a', '1')")

    with transaction(holder.writer) as connection:
        connection.execute(text("UPDATE fact SET value = '2'"))
        with pytest.raises(StoreUnavailable):
            write(other, "UPDATE fact SET value = '3'")

    assert read(other, "SELECT value FROM fact") == [("2",)]
    holder.dispose()
    other.dispose()


def test_no_connection_free_is_unavailable(sqlite_url: str):
    engines = open_engines(sqlite_url, patience=0.05)

    with transaction(engines.writer), pytest.raises(StoreUnavailable, match="busy"):
        write(engines, "DELETE FROM fact")

    engines.dispose()


def test_a_sign_of_life_comes_of_ones_own_statements_and_disturbs_no_others(sqlite_url):
    engines, signs = open_engines(sqlite_url), []

    def ask() -> None:
        with transaction(engines.writer) as connection:
            connection.exec_driver_sql("SELECT 1")

    def sign() -> None:
        signs.append(threading.get_ident())
        # As another thread would, in the middle of this statement.
        with at_each_statement(lambda: None):
            pass

    with at_each_statement(sign):
        ask()
        told = len(signs)
        other = threading.Thread(target=ask)
        other.start()
        other.join()
    ask()
    engines.dispose()

    assert told >= 1
    assert signs == [threading.get_ident()] * told
