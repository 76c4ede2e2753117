"""Drawdown: how far the book, or a strategy, has fallen from its high."""

from dataclasses import dataclass
from typing import ClassVar

from risk.breakers.base import Breaker, Sight
from risk.domain.breakers import BreakerUnit, Memory, Reading
from risk.domain.scopes import ScopeKind


@dataclass(frozen=True, kw_only=True)
class DrawdownBreaker(Breaker):
    """Trips when more than `trip` was lost from the high: of the book's last 90 days, of a
    strategy's since it began.

    A book that is shut does not recover, so the pause ends by time. What was lost until then is
    not held against it twice: from the end of the pause on the breaker measures from there, and
    in probation trips at half its level. The book's own high stays where it was; limits and
    screens go on measuring from it.
    """

    kind: ClassVar = "drawdown"
    title: ClassVar = "Drawdown"
    unit: ClassVar = BreakerUnit.FRACTION
    part_names: ClassVar = ("Lost", "Of equity")
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY)
    parts: ClassVar = "money"
    ends_by_time: ClassVar = True
    probation_trip: ClassVar = 0.5

    @property
    def rule(self) -> str:
        """See the base."""
        window = "90-day high" if self.scope.kind is ScopeKind.PORTFOLIO else "highest profit"
        return f"loss from the {window}, open profit included, over the value at that high"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        if self.scope.kind is ScopeKind.STRATEGY:
            return self._of_strategy(memory, sight)
        performance = sight.performance
        if performance is None:
            return memory, None
        now, fallen = performance.unit_value, performance.recent_drawdown
        high = now / (1.0 - fallen) if fallen < 1.0 else performance.peak.unit_value
        if memory is not None:
            own = max(memory.numbers["high"], now)
            # Once the book's window has forgotten its high, ours is no better.
            memory = Memory({"high": own}) if own < high else None
            high = min(own, high)
        fallen = max(0.0, 1.0 - now / high) if high > 0.0 else 1.0
        return memory, _reading(fallen, high - now, high, "the book is", "its high")

    def _of_strategy(
        self, memory: Memory | None, sight: Sight
    ) -> tuple[Memory | None, Reading | None]:
        course = sight.courses.get(self.scope.name)
        if course is None:
            return memory, _reading(0.0, 0.0, None, f"{self.scope.name} is", "its highest profit")
        peak, equity = course.peak, course.peak_equity
        if memory is not None:
            peak, equity = memory.numbers["high"], memory.numbers["equity"]
            if course.profit > peak:
                peak, equity = course.profit, course_equity(sight, equity)
            memory = Memory({"high": peak, "equity": equity}) if peak < course.peak else None
        lost = max(0.0, peak - course.profit)
        words = f"{self.scope.name} is", "its highest profit"
        return memory, _reading(lost / equity, lost, equity, *words)

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:
        """Measured from here on."""
        if self.scope.kind is ScopeKind.STRATEGY:
            course = sight.courses.get(self.scope.name)
            if course is None:
                return memory
            equity = course_equity(sight, course.peak_equity)
            return Memory({"high": course.profit, "equity": equity})
        return memory if sight.performance is None else _high(sight.performance.unit_value)


def course_equity(sight: Sight, otherwise: float) -> float:
    """The book's equity now, positive; `otherwise` while it is not known."""
    equity = sight.performance.equity if sight.performance else 0.0
    return equity if equity > 0.0 else otherwise


def _high(unit_value: float) -> Memory:
    return Memory({"high": unit_value})


def _reading(fallen: float, lost: float, base: float | None, who: str, high: str) -> Reading:
    words = f"{who} {100.0 * fallen:.1f} % under {high}"
    return Reading(fallen, fallen, numerator=lost, denominator=base, words=words)
