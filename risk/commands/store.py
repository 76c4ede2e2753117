"""How commands come to the database: opened, checked, and closed again."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from risk.config import Settings, load_settings
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.schema import check_schema


@contextmanager
def engines_of(settings: Settings) -> Iterator[Engines]:
    """The settings' database, whatever its tables."""
    engines = open_engines(settings.database_url)
    try:
        yield engines
    finally:
        engines.dispose()


@contextmanager
def checked_engines_of(settings: Settings) -> Iterator[Engines]:
    """The settings' database, whose tables are as this program expects.

    Raises
    ------
    SchemaMismatch
        If they are not.
    """
    with engines_of(settings) as engines:
        check_schema(engines)
        yield engines


@contextmanager
def reading() -> Iterator[Connection]:
    """A transaction on the settings' database that only reads."""
    with checked_engines_of(load_settings()) as engines, transaction(engines.reader) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """A transaction on the settings' database, for a command that changes something."""
    with checked_engines_of(load_settings()) as engines, transaction(engines.writer) as connection:
        yield connection
