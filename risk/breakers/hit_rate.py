"""Hit rate: which share of its last trades a strategy has lost."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from risk.breakers.base import Breaker, Sight
from risk.breakers.counting import cycle_of, new_trades, who
from risk.domain.breakers import BreakerUnit, Memory, Reading, Timed
from risk.domain.scopes import ScopeKind

#: More trades than these are never looked at, so that what is remembered stays small.
MOST_TRADES = 200


@dataclass(frozen=True, kw_only=True)
class HitRateBreaker(Breaker):
    """Trips when more than `trip` of the last trades were lost.

    What a trade is: see the loss streak. One without profit or loss is not lost. The share is of
    the last `trades` that were closed within `days`, by the time at which the engine heard of them;
    before there are so many it is unknown. The pause ends by time; from then on it counts anew.

    Attributes
    ----------
    trades : float
        How many trades are looked at: a whole number, 1 to 200.
    days : float
        Older ones do not count; above 0, 3650 at most.
    """

    kind: ClassVar = "hit_rate"
    title: ClassVar = "Hit rate"
    unit: ClassVar = BreakerUnit.FRACTION
    part_names: ClassVar = ("Trades lost", "Of the last trades")
    scopes: ClassVar = (ScopeKind.STRATEGY, ScopeKind.PORTFOLIO)
    ends_by_time: ClassVar = True

    trades: float = 20.0
    days: float = 90.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (1.0 <= self.trades <= MOST_TRADES and float(self.trades).is_integer()):
            raise ValueError(f"needs trades, a whole number of 1 to 200, got {self.trades}")
        if not 0.0 < self.days <= 3650.0:
            raise ValueError(f"needs days above 0, 3650 at most, got {self.days}")

    @property
    def rule(self) -> str:
        """See the base."""
        return f"share of the last {self.trades:g} trades, within {self.days:g} days, that was lost"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        at, most = sight.snapshot.at, int(self.trades)
        since = at - timedelta(days=self.days)
        before = () if memory is None else memory.window
        new = (
            Timed(at, float(trade.profit < 0.0)) for trade in new_trades(memory, sight, self.scope)
        )
        window = tuple(timed for timed in (*before, *new) if timed.at > since)[-most:]
        memory = Memory({"cycle": cycle_of(sight.snapshot)}, window)
        if len(window) < most:
            return memory, None
        lost = sum(timed.value for timed in window)
        part = lost / most
        words = f"{who(self.scope)} has lost {lost:.0f} of its last {most} trades"
        return memory, Reading(part, part, numerator=lost, denominator=float(most), words=words)

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:  # noqa: ARG002
        """Counted from here on."""
        return Memory({"cycle": cycle_of(sight.snapshot)})
