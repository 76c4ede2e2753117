"""What a state, a limit or a breaker applies to."""

from enum import StrEnum
from typing import NamedTuple


class ScopeKind(StrEnum):
    """What a state, a limit or a breaker applies to."""

    PORTFOLIO = "portfolio"
    STRATEGY_TYPE = "strategy_type"
    STRATEGY = "strategy"
    ASSET = "asset"
    VENUE = "venue"


class Scope(NamedTuple):
    """One thing that has a trading state."""

    kind: ScopeKind
    name: str
