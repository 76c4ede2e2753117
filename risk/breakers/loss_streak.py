"""Loss streak: how many trades in a row a strategy has lost."""

from dataclasses import dataclass
from typing import ClassVar

from risk.breakers.base import Breaker, Sight
from risk.breakers.counting import cycle_of, new_trades, who
from risk.domain.breakers import BreakerUnit, Memory, Reading
from risk.domain.scopes import ScopeKind


@dataclass(frozen=True, kw_only=True)
class LossStreakBreaker(Breaker):
    """Trips when more than `trip` trades in a row were lost.

    A trade is a position from flat to flat, or until it turns round, before fees, however many
    orders it was closed by; one that was only made smaller is none yet, and one without profit or
    loss counts for neither side. The pause ends by time and not by a winner: from then on it counts
    anew, and in probation half as many lost trades are enough. A book in which no trade was closed
    has lost none: the count is 0, and never unknown.
    """

    kind: ClassVar = "loss_streak"
    title: ClassVar = "Loss streak"
    unit: ClassVar = BreakerUnit.COUNT
    scopes: ClassVar = (ScopeKind.STRATEGY, ScopeKind.PORTFOLIO)
    ends_by_time: ClassVar = True
    probation_trip: ClassVar = 0.5

    @property
    def rule(self) -> str:
        """See the base."""
        return "closed trades lost in a row, before fees"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        lost = 0.0 if memory is None else memory.numbers["lost"]
        for trade in new_trades(memory, sight, self.scope):
            if trade.profit < 0.0:
                lost += 1.0
            elif trade.profit > 0.0:
                lost = 0.0
        words = f"{who(self.scope)} has lost {lost:.0f} trades in a row"
        return self._counted(lost, sight), Reading(lost, lost, words=words)

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:  # noqa: ARG002
        """Counted from here on."""
        return self._counted(0.0, sight)

    def _counted(self, lost: float, sight: Sight) -> Memory:
        return Memory({"lost": lost, "cycle": cycle_of(sight.snapshot)})
