"""Daily loss: what was lost since 00:00 UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from risk.breakers.base import Breaker, Sight
from risk.domain.breakers import BreakerUnit, Memory, Reading
from risk.domain.market import Period
from risk.domain.scopes import ScopeKind


@dataclass(frozen=True, kw_only=True)
class DailyLossBreaker(Breaker):
    """Trips when more than `trip` of the equity that the day began with is lost.

    A tripwire and not a promise: a market that gaps passes it. Deposits are not profit, and a
    winning close does not re-arm it within the day.
    """

    kind: ClassVar = "daily_loss"
    title: ClassVar = "Daily loss"
    unit: ClassVar = BreakerUnit.FRACTION
    scopes: ClassVar = (ScopeKind.PORTFOLIO, ScopeKind.STRATEGY)
    parts: ClassVar = "money"

    @property
    def rule(self) -> str:
        """See the base."""
        return "loss since 00:00 UTC, open loss included, over the equity the day began with"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        lost = self._lost(sight)
        if lost is None:
            return memory, None
        part, amount, base = lost
        # What was worst today holds until tomorrow: a bounce does not end the day's trip.
        day = sight.snapshot.at.toordinal()
        worst = part
        if memory is not None and memory.numbers["day"] == day:
            worst = max(worst, memory.numbers["worst"])
        who = "the book" if self.scope.kind is ScopeKind.PORTFOLIO else self.scope.name
        words = f"{who} has lost {100.0 * part:.1f} % since 00:00 UTC"
        reading = Reading(part, worst, numerator=amount, denominator=base, words=words)
        return Memory({"day": float(day), "worst": worst}), reading

    def shut_until(self, since: datetime) -> datetime | None:
        """The next day: what was worst today counts until then."""
        return Period.DAY.open_of(since) + Period.DAY.span

    def _lost(self, sight: Sight) -> tuple[float, float, float] | None:
        """Part lost, amount in quote currency, and equity at the day's start."""
        if self.scope.kind is ScopeKind.STRATEGY:
            course = sight.courses.get(self.scope.name)
            if course is None:
                return 0.0, 0.0, 0.0
            return course.loss_today, max(0.0, course.day_start - course.profit), course.day_equity
        performance = sight.performance
        if performance is None:
            return None
        base = performance.day_start.equity
        return max(0.0, -performance.return_today), max(0.0, -performance.profit_today), base
