"""The agents' HTTP interface of an authority, put together."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from risk.api.app import create_api
from risk.api.desk import Desk
from risk.api.server import ApiServer
from risk.config import Settings
from risk.engine.clock import wall_time
from risk.runtime import Engine, access_for_agents

#: Seconds for which a cycle, or a write, may keep the interpreter from whoever answers an order;
#: Python's own 5 ms would be longer than most answers.
SWITCH_SECONDS = 0.0005


@contextmanager
def api_of(authority: Engine, settings: Settings) -> Iterator[ApiServer]:
    """Serve agents while the body of the `with` runs.

    Raises
    ------
    SettingInvalid
        If the port cannot be listened on, or the service key cannot be kept.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    with access_for_agents(settings) as access:
        desk = Desk(
            portfolio=settings.portfolio,
            gate=authority.gate,
            keys=access.keys.ring,
            reader=access.telling,
            wall=wall_time,
            monotonic=time.monotonic,
            orders_per_second=settings.api_rate,
            hosts=frozenset(settings.api_hosts),
            notary=authority.notary,
        )
        server = ApiServer(create_api(desk), settings.api_host, settings.api_port)
        # Before the first request: an agent must not hear that its key opens nothing.
        access.keys.start()
        try:
            server.start()
            yield server
        finally:
            server.stop()
            access.keys.stop()
