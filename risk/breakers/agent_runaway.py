"""Agent runaway: a program that asks too often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from risk.breakers.base import Breaker, Sight
from risk.breakers.counting import cycle_of, who
from risk.domain.breakers import BreakerUnit, Memory, Reading, Timed
from risk.domain.fields import Shown
from risk.domain.scopes import ScopeKind

#: What is counted; either of these.
COUNTS = ("asked", "refused")
#: Into how many parts a window is divided: what is remembered is as small at any speed of cycles.
PARTS = 60


@dataclass(frozen=True, kw_only=True)
class AgentRunawayBreaker(Breaker):
    """Trips when a strategy asks for more than `trip` orders a minute; only a person re-enables it.

    The gate counts, over the last `minutes`: each order that it answered, let through or refused,
    and each that was made of a slice, once it is told; an order asked again under its id is the
    same one. With `counts` of ``refused`` only those of which nothing was let through. Strategies
    that the policy does not name are refused and not counted. None counted is 0, and never unknown;
    a restart forgets what the running cycle counted, and nothing else.

    Attributes
    ----------
    minutes : float
        How long the window is; above 0, a day at most.
    counts : str
        Whether all orders count (``asked``) or those of which nothing passed (``refused``).
    """

    kind: ClassVar = "agent_runaway"
    title: ClassVar = "Agent runaway"
    unit: ClassVar = BreakerUnit.COUNT
    scopes: ClassVar = (ScopeKind.STRATEGY, ScopeKind.PORTFOLIO)
    needs_person: ClassVar = True

    minutes: float = 1.0
    counts: Annotated[str, Shown(one_of=COUNTS)] = "asked"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.minutes <= 1440.0:
            raise ValueError(f"needs minutes above 0, 1440 at most, got {self.minutes}")
        if self.counts not in COUNTS:
            raise ValueError(f"needs counts of {' or '.join(COUNTS)}, got {self.counts}")

    @property
    def rule(self) -> str:
        """See the base."""
        return f"orders {self.counts} a minute, over {self.minutes:g} min"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        at, cycle = sight.snapshot.at, cycle_of(sight.snapshot)
        window = () if memory is None else memory.window
        if memory is None or memory.numbers["cycle"] != cycle:
            window = self._with(window, at, self._counted(sight))
        since = at - timedelta(minutes=self.minutes)
        window = tuple(timed for timed in window if timed.at > since)
        rate = sum(timed.value for timed in window) / self.minutes
        done = "has asked for" if self.counts == "asked" else "was refused"
        words = f"{who(self.scope)} {done} {rate:.0f} orders a minute"
        return Memory({"cycle": cycle}, window), Reading(rate, rate, words=words)

    def _counted(self, sight: Sight) -> float:
        conduct = sight.snapshot.conduct
        if self.scope.kind is ScopeKind.STRATEGY:
            found = [conduct[self.scope.name]] if self.scope.name in conduct else []
        else:
            found = list(conduct.values())
        return float(sum(each.asked if self.counts == "asked" else each.refused for each in found))

    def _with(self, window: tuple[Timed, ...], at: datetime, count: float) -> tuple[Timed, ...]:
        """With one more count: in the last part of the window, or in one of its own."""
        if not count:
            return window
        last = window[-1] if window else None
        if last is not None and self._part(last.at) == self._part(at):
            # Dated by its newest order, so that none is forgotten too soon.
            return (*window[:-1], Timed(max(at, last.at), last.value + count))
        return (*window, Timed(at, count))

    def _part(self, at: datetime) -> int:
        return int(at.timestamp() * PARTS // (60.0 * self.minutes))
