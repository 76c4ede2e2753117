"""Where people come in, put together; apart from `risk.runtime` so that commands begin at once.

Whoever stops trading from a terminal waits for what is imported here, and not for the engine.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from risk.auth.logins import LoginDesk
from risk.auth.office import Office
from risk.auth.passwords import Cost, Hasher
from risk.auth.sealing import Sealer
from risk.config import Settings
from risk.engine.clock import wall_time
from risk.storage.engines import PATIENCE, Engines, open_engines
from risk.storage.people import TOUCH_PATIENCE, SqlPeople
from risk.storage.schema import check_schema

#: What hashing a password costs; only tests ask for less.
COST = Cost()


class Entrance(NamedTuple):
    """Where people sign in, and where logins are given and taken."""

    logins: LoginDesk
    office: Office


def build_logins(settings: Settings) -> LoginDesk:
    """Where people sign in.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    return _over(settings, _open(settings), _hasty(settings)).logins


def build_office(settings: Settings) -> Office:
    """Where logins are given and taken.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    return _over(settings, _open(settings), _hasty(settings)).office


@contextmanager
def entrance_of(settings: Settings, *, patience: float = PATIENCE) -> Iterator[Entrance]:
    """Both, for one command; its connections end with the ``with``.

    Parameters
    ----------
    settings : Settings
    patience : float
        Seconds after which a silent database counts as gone.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    engines, hasty = open_engines(settings.database_url, patience=patience), _hasty(settings)
    try:
        check_schema(engines)
        yield _over(settings, engines, hasty)
    finally:
        hasty.dispose()
        engines.dispose()


def _over(settings: Settings, engines: Engines, hasty: Engines) -> Entrance:
    people = SqlPeople(engines, channels=partial(_channels_of, settings), notes=hasty.writer)
    hasher = Hasher(COST)
    return Entrance(
        LoginDesk(people, hasher, Sealer(settings.home), wall=wall_time),
        Office(people, hasher, wall=wall_time),
    )


def _channels_of(settings: Settings) -> Sequence[str]:
    from risk.channels import channel_names  # noqa: PLC0415 - as this whole module: only when needed

    return channel_names(settings.notify_urls)


def _hasty(settings: Settings) -> Engines:
    """For what must keep nobody waiting; nothing is connected before there is any of it."""
    return open_engines(settings.database_url, patience=TOUCH_PATIENCE)


def _open(settings: Settings) -> Engines:
    engines = open_engines(settings.database_url)
    check_schema(engines)
    return engines
