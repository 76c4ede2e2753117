"""Bringing the database's tables to the form that this program expects.

The steps themselves are Alembic scripts in ``migrations/``; here they are run, one transaction
whole or not at all, by one program at a time.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from risk.errors import SchemaMismatch
from risk.storage.engines import Engines, transaction

_SCRIPTS = Path(__file__).parents[2] / "migrations"
# Any number does, as long as nothing else in the database locks the same one.
_MIGRATION_LOCK = 0x5EA_0A11


def upgrade(engines: Engines) -> None:
    """Make or renew the tables; nothing to do when they are as expected.

    Raises
    ------
    SchemaMismatch
        If the database was made by a newer program.
    StoreUnavailable
        If the database cannot be reached.
    """
    with transaction(engines.writer) as connection:
        _take_turn(connection)
        _refuse_newer(_revision(connection))
        command.upgrade(_config(connection), "head")


def downgrade(engines: Engines) -> None:
    """Take back the newest step, and with it whatever only that step could hold.

    Raises
    ------
    SchemaMismatch
        If the database was made by a newer program, or holds no tables at all.
    """
    with transaction(engines.writer) as connection:
        _take_turn(connection)
        revision = _revision(connection)
        _refuse_newer(revision)
        if revision is None:
            raise SchemaMismatch("the database holds no tables that could be taken back")
        command.downgrade(_config(connection), "-1")


def check_schema(engines: Engines) -> None:
    """Refuse to go on unless the tables are as this program expects.

    Raises
    ------
    SchemaMismatch
        If they are older or newer, or if there is no database.
    """
    _refuse_missing_file(engines)
    with transaction(engines.reader) as connection:
        revision = _revision(connection)
    _refuse_newer(revision)
    expected = _steps(_SCRIPTS)[0]
    if revision != expected:
        found = "no tables" if revision is None else f"schema {revision}"
        raise SchemaMismatch(
            f"the database holds {found} and this program needs schema {expected}: "
            "run `seawall migrate`"
        )


def _refuse_missing_file(engines: Engines) -> None:
    """Before a mere question makes an empty one: it would look like a new beginning."""
    file = engines.reader.url.database or ""
    if engines.is_sqlite and not Path(file).exists():
        raise SchemaMismatch(
            f"there is no database at {file}: name its folder by SEAWALL_HOME as the engine does, "
            "put it back if it was moved, or run `seawall migrate` to make one"
        )


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision not in _steps(_SCRIPTS):
        raise SchemaMismatch(
            f"the database has schema {revision}, which is newer than this program: update Seawall"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _take_turn(connection: Connection) -> None:
    # SQLite's writer engine holds the right to write since the transaction's first word.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


@cache
def _steps(scripts: Path) -> tuple[str, ...]:
    """All that this program knows, the newest first. Reading them takes as long as a command."""
    return tuple(each.revision for each in ScriptDirectory(str(scripts)).walk_revisions())


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
