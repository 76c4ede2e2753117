"""Breakers as a book's last cycle left them, for commands."""

from collections.abc import Mapping
from dataclasses import replace

from risk.config import load_settings
from risk.domain.breakers import Breakers, BreakerState
from risk.domain.events import RiskEvent
from risk.domain.policy import Policy
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines
from risk.storage.store import SqlStore
from tests.builders import NOON, build_record
from tests.policy_files import BREAKERS, FILE, policy_of
from tests.storage.rows import lease_token

PORTFOLIO = "demo"
POLICY = replace(policy_of(FILE + BREAKERS), version=1, temporary=())


def save(
    states: Mapping[str, BreakerState],
    *,
    policy: Policy | None = POLICY,
    events: tuple[RiskEvent, ...] = (),
    number: int = 1,
) -> None:
    """Let the last cycle, of that number, leave the breakers as told."""
    engines = open_engines(load_settings().database_url)
    record = build_record(number)
    state = replace(record.state, policy=policy, breakers=Breakers(states), at=NOON)
    record = replace(record, state=state, events=(*record.events, *events))
    SqlStore(engines).save(record, token=lease_token(engines, PORTFOLIO) if number == 1 else 1)
    engines.dispose()


def asked() -> list:
    """What people asked of the book."""
    engines = open_engines(load_settings().database_url)
    found = list(SqlActions(engines, PORTFOLIO).after(0))
    engines.dispose()
    return found
