"""What a breaker is: a measure that grows with trouble, and a level above which it trips.

A kind of breaker is a file in this room and a line in ``BREAKER_TYPES``; the fields that it adds
are its own settings. It says what is measured and whether that is trouble; everything that comes
after a trip (pause, probation, episodes, who is asked) is the same for all and lives in
:mod:`risk.breakers.lifecycle`. A kind reads no clock and keeps nothing: what it must remember it
gives back as a `Memory`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from risk.domain.breakers import BreakerUnit, HourReturns, Memory, Reading
from risk.domain.latches import Latch
from risk.domain.market import Mark
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance

#: How many forecast deviations of a bar count at the most: one bad print must not trip anything.
WINSOR_SIGMAS = 4.0

#: The most times normal that is told: against what stood still it would be infinite.
WORST_RATIO = 1_000.0
#: By unit, a level that nothing passes: a breaker with such a trip would watch for nothing.
UNREACHED: Mapping[BreakerUnit, float] = {
    BreakerUnit.FRACTION: 1.0,
    BreakerUnit.CORRELATION: 1.0,
    BreakerUnit.RATIO: WORST_RATIO,
}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What breakers look at in one step.

    Attributes
    ----------
    snapshot : Snapshot
    performance : Performance or None
        Of the book, on trusted equity only.
    courses : mapping of strategy to Course
    hours : tuple of HourReturns
        That closed since the last step, oldest first.
    running : mapping of asset to float
        Simple return since the last hourly close, of trusted marks.
    latches : mapping of Scope to Latch
        What people stopped.
    """

    snapshot: Snapshot
    performance: Performance | None
    courses: Mapping[str, Course]
    hours: tuple[HourReturns, ...]
    running: Mapping[str, float]
    latches: Mapping[Scope, Latch]

    # Kept: what is watched is put together anew at each look.
    @cached_property
    def marks(self) -> Mapping[str, Mark]:
        """Of everything watched."""
        return self.snapshot.watched


@dataclass(frozen=True, kw_only=True)
class Breaker(ABC):
    """One breaker.

    Attributes
    ----------
    name : str
    scope : Scope
    trip, release : float
        In `unit`; see :class:`risk.domain.breakers.BreakerDefinition`.

    Raises
    ------
    ValueError
        If a level or a setting is out of its range.
    """

    #: Its key in ``BREAKER_TYPES``.
    kind: ClassVar[str]
    #: What screens call it.
    title: ClassVar[str]
    unit: ClassVar[BreakerUnit]
    #: What it may be set on.
    scopes: ClassVar[tuple[ScopeKind, ...]]
    #: Whether a pause ends by time alone, since what it measures does not move while it is shut.
    ends_by_time: ClassVar[bool] = False
    #: Whether only a person lets it go.
    needs_person: ClassVar[bool] = False
    #: What must have been seen before it measures anything, one phrase; empty where nothing must.
    needs: ClassVar[str] = ""
    #: What numerator and denominator of a reading are: ``money``, ``fraction`` or ``number``.
    parts: ClassVar[str] = "number"
    #: What people call numerator and denominator; None where their kind of number says enough.
    part_names: ClassVar[tuple[str, str] | None] = None
    #: What `trip` is multiplied by in probation.
    probation_trip: ClassVar[float] = 1.0

    name: str
    scope: Scope
    trip: float
    release: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.trip) and 0.0 <= self.release <= self.trip):
            raise ValueError(
                "needs levels 0 <= release <= trip, "
                f"got release {self.release} and trip {self.trip}"
            )
        if not self.trip > 0.0:
            raise ValueError(f"needs a trip above 0, got {self.trip}")
        unreached = UNREACHED.get(self.unit, math.inf)
        if self.trip >= unreached:
            hint = "; 0.15 is 15 %" if self.unit is BreakerUnit.FRACTION else ""
            raise ValueError(
                f"needs a trip below {unreached:g}, or it would never trip, got {self.trip:g}{hint}"
            )
        if self.scope.kind not in self.scopes:
            allowed = ", ".join(kind.value for kind in self.scopes)
            raise ValueError(f"may be set on {allowed}, not on {self.scope.kind.value}")

    @property
    @abstractmethod
    def rule(self) -> str:
        """What is measured over which window, one phrase: *6-hour volatility over 60-day*."""

    @property
    def eases_by(self) -> str:
        """What is compared with `release` where that is not the value, one phrase; else empty."""
        return ""

    @property
    def asks_besides(self) -> str:
        """What must hold beside the level for a trip, and no reading tells; empty where nothing."""
        return ""

    @abstractmethod
    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """What is remembered after this step, and what is measured in it.

        Called exactly once a step; without visible side effects.

        Parameters
        ----------
        memory : Memory or None
            After the last step; None at first.
        sight : Sight

        Returns
        -------
        tuple of (Memory or None, Reading or None)
            No reading while it cannot be measured. Neither holds a NaN.
        """

    def shut_until(self, since: datetime) -> datetime | None:  # noqa: ARG002
        """Before when a trip at `since` cannot ease, whatever is measured; None says nothing of it.

        Parameters
        ----------
        since : datetime
            UTC.
        """
        return None

    def rearmed(self, memory: Memory | None, sight: Sight) -> Memory | None:  # noqa: ARG002
        """What is remembered once a pause is over; a kind whose measure is to begin anew says so.

        Parameters
        ----------
        memory : Memory or None
            After this step.
        sight : Sight
        """
        return memory
