"""What those need of the database who answer agents."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import structlog

from risk.auth.keys import hash_of, new_id
from risk.auth.service_key import keep_service_key
from risk.auth.watching import KeyWatch
from risk.config import Settings
from risk.domain.keys import SERVICE, SERVICE_KEY_FILE, ApiKey, KeyAbility
from risk.engine.clock import wall_time
from risk.runtime.database import open_database
from risk.runtime.world import DEMO
from risk.storage.engines import Engines, transaction
from risk.storage.keys import SqlKeys, keep_key
from risk.storage.portfolios import (
    add_portfolio,
    require_portfolio,
)
from risk.storage.telling import SqlTelling

_LOG = structlog.get_logger(__name__)


class AgentsAccess(NamedTuple):
    """What answers to agents need of the database.

    Attributes
    ----------
    keys : KeyWatch
        The keys of programs, as a running authority must know them; not started yet.
    telling : SqlTelling
    """

    keys: KeyWatch
    telling: SqlTelling


@contextmanager
def access_for_agents(settings: Settings) -> Iterator[AgentsAccess]:
    """Access to the database for those who answer agents; its connections end with the `with`.

    Keeps the key of this machine's own programs in its file, and lets it open the portfolio of the
    settings with all abilities, unless somebody revoked it.

    Raises
    ------
    SettingInvalid
        If that file cannot be kept.
    UnknownPortfolio
        If nobody added the portfolio; the demo adds its own.
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    engines = open_database(settings)
    try:
        _keep_service_key(settings, engines)
        yield AgentsAccess(KeyWatch(SqlKeys(engines).read), SqlTelling(engines))
    finally:
        engines.dispose()


def _keep_service_key(settings: Settings, engines: Engines) -> None:
    secret = keep_service_key(settings.home)
    service = ApiKey(
        id=new_id(),
        name=SERVICE,
        hash=hash_of(secret.encode()),
        portfolios=frozenset({settings.portfolio}),
        strategies=None,
        abilities=frozenset(KeyAbility),
        created=wall_time(),
    )
    with transaction(engines.writer) as connection:
        if settings.portfolio == DEMO:
            add_portfolio(connection, DEMO, at=wall_time())
        require_portfolio(connection, settings.portfolio)
        kept = keep_key(connection, service)
    if kept.revoked is not None:
        _LOG.warning("service_key_revoked", id=kept.id, file=str(settings.home / SERVICE_KEY_FILE))
