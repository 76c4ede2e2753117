"""VaR exceptions: how often the book lost more than its model said it would."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import numpy as np

from risk.breakers.base import Breaker, Sight
from risk.domain.breakers import BreakerUnit, Memory, Reading, Timed
from risk.domain.fields import Shown
from risk.domain.limits import Unit
from risk.domain.market import Period
from risk.domain.model import LEVELS, Model
from risk.domain.scopes import ScopeKind


@dataclass(frozen=True, kw_only=True)
class VarExceptionsBreaker(Breaker):
    """Trips when more than `trip` days of the last `days` lost more than their one-day VaR.

    Of 250 days at 99 %, up to 4 are what a right model has (Basel's green), 5 to 9 amber, from 10
    on red; with few days and a low level it finds clusters. Days are told by time, and one without
    a score, such as of an empty book, is no exception. Exceptions of before it was set are taken
    from the model's own record. Unknown before any forecast was scored. A pause ends by time, since
    a count over months does not fall while trading is shut; from then on it counts anew, and in
    probation half as many are enough.

    Attributes
    ----------
    days : float
        How long the window is: 1 to 1000.
    level : float
        Confidence of the VaR, one of ``LEVELS``.
    """

    kind: ClassVar = "var_exceptions"
    title: ClassVar = "VaR exceptions"
    unit: ClassVar = BreakerUnit.COUNT
    scopes: ClassVar = (ScopeKind.PORTFOLIO,)
    ends_by_time: ClassVar = True
    probation_trip: ClassVar = 0.5

    days: float = 250.0
    level: Annotated[float, Shown(unit=Unit.FRACTION, one_of=LEVELS)] = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.level not in LEVELS:
            raise ValueError(
                f"needs a level of {', '.join(f'{each:g}' for each in LEVELS)}, got {self.level}"
            )
        if not 1.0 <= self.days <= 1000.0:
            raise ValueError(f"needs days of 1 to 1000, got {self.days}")

    @property
    def rule(self) -> str:
        """See the base."""
        return f"exceptions of the one-day VaR {100.0 * self.level:g} % in {self.days:g} days"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        at = sight.snapshot.at
        begun = self._begun(sight.snapshot.models.day) if memory is None else memory
        memory = self._after(begun, sight)
        since = at - timedelta(days=self.days)
        kept = tuple(timed for timed in memory.window if timed.at > since)
        memory = memory._replace(window=kept)
        if not memory.numbers["scored"]:
            return memory, None
        count = float(len(kept))
        words = (
            f"the book lost more than its VaR {100.0 * self.level:g} % on {count:.0f} of the last "
            f"{self.days:g} days"
        )
        return memory, Reading(count, count, words=words)

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:  # noqa: ARG002
        """Counted from here on."""
        return None if memory is None else memory._replace(window=())

    def _begun(self, model: Model) -> Memory:
        """The model's own record; it holds what was scored in this step too."""
        closed, passed = model.closed, model.exceeded[:, LEVELS.index(self.level)]
        if closed is None or not len(passed):
            return _memory(0.0, 0.0)
        # Days that could not be scored leave no row: older ones are dated too young by as many.
        last = len(passed) - 1
        exceptions = (
            Timed(closed - timedelta(days=int(last - row)), 1.0) for row in np.flatnonzero(passed)
        )
        return _memory(float(len(passed)), closed.timestamp(), tuple(exceptions))

    def _after(self, memory: Memory, sight: Sight) -> Memory:
        scored, last = memory.numbers["scored"], memory.numbers["last"]
        window = memory.window
        for closed, passed in self._scores(sight):
            if closed.timestamp() > last:
                scored, last = min(scored + 1.0, 1e6), closed.timestamp()
                window = (*window, Timed(closed, 1.0)) if passed else window
        return _memory(scored, last, window)

    def _scores(self, sight: Sight) -> Iterator[tuple[datetime, bool]]:
        for score in sight.snapshot.scores:
            if score.period is Period.DAY:
                yield score.closed, bool(score.exceeded[LEVELS.index(self.level)])


def _memory(scored: float, last: float, window: tuple[Timed, ...] = ()) -> Memory:
    return Memory({"scored": scored, "last": last}, window)
