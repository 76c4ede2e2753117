"""How much trading is allowed, in one word."""

from enum import IntEnum


class TradingState(IntEnum):
    """How much trading is allowed; a higher number is tighter."""

    NORMAL = 0
    CAUTION = 1
    THROTTLED = 2
    REDUCE_ONLY = 3
    HALTED = 4

    @property
    def word(self) -> str:
        """As shown to people."""
        return self.name.replace("_", " ")
