"""Connections to the database, and what their failures mean.

A writer engine and a reader engine apart: one connection writes, any number read, and reading
never waits for writing. Everything that SQLAlchemy raises leaves here as a `StoreError`.
"""

import contextlib
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from risk.errors import SchemaMismatch, SettingInvalid, StoreError, StoreUnavailable

#: Older versions can lose a commit when two connections use the write-ahead log.
SAFE_SQLITE = (3, 51, 3)

#: Seconds a statement may take before the database counts as gone.
PATIENCE = 5.0

_RETRY_SECONDS = 0.01
_SHORTEST_PAUSE = 0.0005
#: Pages of the write-ahead log, twice as many as SQLite's own, after which also those tidy it up
#: who leave that to others: 8 MB, which take some 10 ms.
_PAGES_AT_LAST = 2_000
#: Where a connection remembers which file it opened.
_FILE = "file"
_SETTING = "SEAWALL_DATABASE_URL"


@dataclass(frozen=True)
class Engines:
    """The two ways to one database.

    Attributes
    ----------
    writer : Engine
        One connection; its transactions take the right to write at their start.
    reader : Engine
        Cannot write; each transaction sees one unchanging state of the database.
    """

    writer: Engine
    reader: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file on this machine."""
        return self.writer.dialect.name == "sqlite"

    def dispose(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()


def open_engines(url: str, *, patience: float = PATIENCE) -> Engines:
    """Engines for a database address; nothing is connected yet.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/file.db`` or ``postgresql://user@host/name``.
    patience : float
        Seconds after which a silent or locked database raises `StoreUnavailable`.

    Raises
    ------
    SettingInvalid
        If the address is of no database that Seawall can use.
    """
    address = _parse(url)
    on_file = address.get_backend_name() == "sqlite"
    engines = (_sqlite_engines if on_file else _postgres_engines)(address, patience)
    event.listen(engines.writer, "after_cursor_execute", _give_sign)
    return engines


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise SettingInvalid(_SETTING, "is not a database address") from error
    if address.get_backend_name() == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        raise SettingInvalid(
            _SETTING, f"must begin with sqlite:// or postgresql://, not {address.drivername}://"
        )
    if address.database in (None, "", ":memory:"):
        raise SettingInvalid(_SETTING, "must name a file: a database in memory survives nothing")
    return address


# ---------------------------------------------------------------- transactions


@contextlib.contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed whole at the end, or not at all.

    Raises
    ------
    StoreUnavailable
        If the database cannot be reached, is locked or full, or does not answer in time.
    SchemaMismatch
        If a table is missing.
    StoreError
        If the database refuses for any other reason.
    """
    with answering(), engine.begin() as connection:
        yield connection


class _Signs(threading.local):
    """What each thread wants to be called after each of its statements."""

    do: Callable[[], None] | None = None


_SIGNS = _Signs()


@contextlib.contextmanager
def at_each_statement(do: Callable[[], None]) -> Iterator[None]:
    """Call something after each of this thread's writing statements: a sign of life in long work.

    Nothing is registered for it: that would break the statements that other threads are about.
    """
    before, _SIGNS.do = _SIGNS.do, do
    try:
        yield
    finally:
        _SIGNS.do = before


def _give_sign(*_told: object) -> None:
    if _SIGNS.do is not None:
        _SIGNS.do()


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Turn what SQLAlchemy and the drivers raise into our own errors."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable("the database is busy: no connection came free in time") from error
    except DBAPIError as error:
        raise _meaning_of(error) from error
    except (SQLAlchemyError, psycopg.Error) as error:
        raise StoreError(f"the database could not be used: {error}") from error


def _meaning_of(error: DBAPIError) -> StoreError:
    cause = error.orig
    text = str(cause).strip().partition("\n")[0]
    if isinstance(cause, UndefinedTable | UndefinedColumn) or text.startswith("no such "):
        return SchemaMismatch(f"the database lacks something ({text}): run `seawall migrate`")
    if error.connection_invalidated or _is_named(cause, "OperationalError", "InterfaceError"):
        return StoreUnavailable(f"the database did not answer: {text}")
    return StoreError(f"the database refused: {text}")


def _is_named(error: BaseException | None, *names: str) -> bool:
    # The name and not the class: two SQLite drivers and psycopg each have their own.
    return any(kind.__name__ in names for kind in type(error).__mro__)


# ---------------------------------------------------------------- SQLite


def _sqlite_engines(address: URL, patience: float) -> Engines:
    driver = sqlite_driver()
    _make_folder(Path(address.database or "").parent)
    common: dict[str, Any] = {
        "module": driver,
        "connect_args": {
            "check_same_thread": False,
            "isolation_level": None,
        },
        "pool_timeout": patience,
    }
    writer = create_engine(address, pool_size=1, max_overflow=0, **_waiting(common, 0.0))
    reader = create_engine(address, pool_size=8, max_overflow=8, **_waiting(common, patience))
    writing = ["synchronous = FULL"]
    reading = ["query_only = ON"]
    if driver.sqlite_version_info < SAFE_SQLITE:
        # The lost commit needs two connections that checkpoint: leave that to the writer.
        reading.append("wal_autocheckpoint = 0")
    event.listen(writer, "connect", _write_ahead_log(driver, patience))
    event.listen(writer, "connect", _pragmas(writing))
    _write_only_where_the_file_stands(writer, Path(address.database or ""))
    event.listen(reader, "connect", _pragmas(reading))
    # Deferred transactions of several writers fail as "locked"; immediate ones queue.
    event.listen(writer, "begin", _begin_to_write(patience))
    event.listen(reader, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    return Engines(writer, reader)


def _waiting(options: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The same with SQLite itself waiting so long for a lock."""
    return options | {"connect_args": options["connect_args"] | {"timeout": seconds}}


def _begin_to_write(patience: float) -> Callable[[Connection], None]:
    """Queue for the right to write, looking often: SQLite itself sleeps up to 100 ms between."""

    def begin(connection: Connection) -> None:
        deadline, pause = time.monotonic() + patience, _SHORTEST_PAUSE
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except DBAPIError as error:
                if not _is_busy(error.orig) or time.monotonic() >= deadline:
                    raise
            time.sleep(pause)
            pause = min(_RETRY_SECONDS, 1.5 * pause)

    return begin


def _is_busy(error: BaseException | None) -> bool:
    # The extended codes of one error share their lowest byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def leave_checkpoints_to_others(engines: Engines) -> None:
    """Let this program's writing stop to tidy up only where nobody else does. Before it connects.

    Whoever tidies up beside somebody who writes without a pause never comes to an end of it, and
    who takes no cycles does not at all: the log would grow for as long as that lasts.
    """
    if engines.is_sqlite:
        pages = 0 if sqlite_driver().sqlite_version_info < SAFE_SQLITE else _PAGES_AT_LAST
        event.listen(engines.writer, "connect", _pragmas([f"wal_autocheckpoint = {pages}"]))


def _make_folder(folder: Path) -> None:
    """Make it for its owner alone: what people may not read here they must not read there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise SettingInvalid(
            "SEAWALL_HOME", f"needs the folder {folder}, which cannot be made: {reason}"
        ) from problem


def sqlite_driver() -> ModuleType:
    """The SQLite driver to use: the bundled one or, where that has no wheel, Python's own."""
    try:
        driver = import_module("pysqlite3.dbapi2")
    except ModuleNotFoundError:
        driver = sqlite3
    if driver.sqlite_version_info < SAFE_SQLITE:
        warnings.warn(
            f"SQLite {driver.sqlite_version} can lose commits when several programs use one file "
            f"(mended in {'.'.join(map(str, SAFE_SQLITE))}); only the writer will checkpoint",
            RuntimeWarning,
            stacklevel=2,
        )
    return driver


def _write_ahead_log(driver: ModuleType, patience: float) -> Callable[[Any, object], None]:
    """Put the file into the mode in which readers never wait; it stays so for all."""

    def switch(connection: Any, _record: object) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").close()
                return
            except driver.OperationalError:
                # While another program switches too, SQLite does not wait by itself.
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY_SECONDS)

    return switch


def _write_only_where_the_file_stands(writer: Engine, path: Path) -> None:
    """Refuse to write once the file was moved away or removed: SQLite would go on into nowhere."""

    def note(_connection: Any, record: Any) -> None:
        record.info[_FILE] = _identity(path)

    def require_same(connection: Connection) -> None:
        if _identity(path) != connection.info[_FILE]:
            raise StoreUnavailable(
                f"the database file {path} was moved or removed while it was in use: "
                "put it back, or start again to begin with the file that stands there"
            )

    event.listen(writer, "connect", note)
    event.listen(writer, "begin", require_same)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _pragmas(pragmas: list[str]) -> Callable[[Any, object], None]:
    def apply(connection: Any, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    return apply


# ---------------------------------------------------------------- Postgres


def _postgres_engines(address: URL, patience: float) -> Engines:
    seconds = max(2, round(patience))
    options = (
        f"-c statement_timeout={round(patience * 1000)} -c lock_timeout={round(patience * 1000)} "
        # A frozen program must not keep its row locks: its successor needs them.
        f"-c idle_in_transaction_session_timeout={round(patience * 1000)}"
    )
    common: dict[str, Any] = {
        "connect_args": {
            "connect_timeout": seconds,
            "options": options,
            "application_name": "seawall",
        },
        "pool_timeout": patience,
    }
    writer = create_engine(address, pool_size=2, max_overflow=2, **common)
    reader = create_engine(
        address,
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        **common,
    )
    event.listen(reader, "connect", _read_only)
    for engine in (writer, reader):
        event.listen(engine, "do_connect", _impatient(patience))
    return Engines(writer, reader)


def _read_only(connection: Any, _record: object) -> None:
    connection.read_only = True


def _impatient(patience: float) -> Callable[..., Any]:
    class ImpatientConnection(psycopg.Connection[Any]):
        """Gives up on a server that is silent, which the server's own time-outs cannot do."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            if timeout is not None:
                return super().wait(gen, interval, timeout)
            try:
                return super().wait(gen, interval, patience)
            except psycopg.errors._WaitTimeout as error:  # noqa: SLF001
                # Nothing may be asked on this connection again: the answer would be another's.
                self.pgconn.finish()
                raise psycopg.OperationalError(f"no answer within {patience:g} s") from error

    def connect(_dialect: object, _record: object, args: Any, options: Any) -> Any:
        return ImpatientConnection.connect(*args, **options)

    return connect
