"""How commands come to the database: opened, checked, and closed again."""

from collections.abc import Iterator
from contextlib import contextmanager

from risk.config import Settings
from risk.storage.engines import Engines, open_engines
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
