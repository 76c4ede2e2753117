"""The database of the settings, and what signs its journal."""

import time

from risk.auth.journal_key import keep_journal_key
from risk.config import Settings
from risk.engine.clock import wall_time
from risk.storage.anchor import AnchorFile
from risk.storage.checkpoints import SqlCheckpoints
from risk.storage.engines import Engines, open_engines
from risk.storage.schema import check_schema

#: Seconds between two portions of a long journal that is followed before it is signed: an agent's
#: order comes first.
NOTARY_PAUSE = 0.005


def open_database(settings: Settings) -> Engines:
    """The database of the settings, whose tables are as this program expects."""
    engines = open_engines(settings.database_url)
    check_schema(engines)
    return engines


def checkpoints_of(settings: Settings, engines: Engines) -> SqlCheckpoints:
    """What signs how far the journal has come, with the key and the anchor of the settings."""
    return SqlCheckpoints(
        engines,
        signer=lambda: keep_journal_key(settings.journal_key),
        anchor=AnchorFile(settings.anchor),
        wall=wall_time,
        pause=lambda: time.sleep(NOTARY_PAUSE),
    )
