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
    """One part of a book, or the whole of it, by its kind and name."""

    kind: ScopeKind
    name: str

    @property
    def label(self) -> str:
        """As it stands in messages: ``strategy:trend``, ``portfolio:demo``."""
        return f"{self.kind.value}:{self.name}"
