"""Circuit breakers as data: what trips where, how each one stands, and its episodes.

What measures and decides is elsewhere, in :mod:`risk.breakers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple

from risk.domain.fields import Shown
from risk.domain.limits import Parameter, Unit
from risk.domain.overrides import Override
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState

#: What a breaker may impose while it is tripped. Exits pass in all of them, in HALTED as DESIGN
#: says: with an emergency key.
IMPOSABLE = (TradingState.THROTTLED, TradingState.REDUCE_ONLY, TradingState.HALTED)
#: What new risk is scaled by while trading re-opens, rung by rung.
RAMP = (0.25, 0.5, 1.0)


class BreakerUnit(StrEnum):
    """What a breaker's value and levels are counted in."""

    RATIO = "times normal"
    FRACTION = "fraction"
    COUNT = "count"
    CORRELATION = "correlation"
    SHARPE = "Sharpe ratio below zero"


class Phase(StrEnum):
    """Where a breaker stands."""

    ARMED = "armed"
    TRIPPED = "tripped"
    PROBATION = "probation"


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerDefinition:
    """One breaker of a policy.

    Attributes
    ----------
    name : str
        Unique among the policy's breakers.
    kind : str
        A key of ``BREAKER_TYPES``.
    scope : Scope
    trip : float
        It trips above this, in the unit of the kind, above 0. Values grow with trouble.
    release : float
        It may be left at this or below; between 0 and the level at which it trips.
    state : TradingState
        What it imposes while tripped, one of ``IMPOSABLE``.
    size : float
        What new risk is scaled by where it throttles; above 0 and below 1.
    flatten : bool
        Whether a trip asks for all positions of the scope to be closed.
    enabled : bool
        A disabled one records what it would have done, and imposes nothing.
    confirm : int
        How many of the last readings must lie above the level at which it trips; 1 or more.
    of : int
        How many of the last readings are looked at; 20 at most.
    least_hours : float
        Shortest pause of new risk after a trip; a worse trip pauses for longer.
    greatest_hours : float
        After which a person must look, and which no pause exceeds.
    probation_hours : float
        How long the re-opening ramp takes, all rungs together.
    parameters : mapping of str to Parameter
        The kind's own settings.
    owner : str
        Who answers for it.
    rationale : str
        Why it is as it is, one sentence.
    version : int
        Grows with each change of the definition.
    """

    name: str
    kind: str
    scope: Scope
    trip: Annotated[float, Shown(of_kind=True, at_least=0.0)]
    release: Annotated[float, Shown(of_kind=True, at_most="trip", at_least=0.0)]
    state: Annotated[TradingState, Shown(one_of=IMPOSABLE)] = TradingState.REDUCE_ONLY
    size: Annotated[float, Shown(unit=Unit.FRACTION, at_least=0.0)] = 0.5
    flatten: bool = False
    enabled: bool = True
    confirm: Annotated[int, Shown(at_most="of", at_least=1)] = 1
    of: Annotated[int, Shown(at_least=1)] = 1
    least_hours: Annotated[float, Shown(at_most="greatest_hours", at_least=0.0)] = 1.0
    greatest_hours: Annotated[float, Shown(at_least=0.0)] = 24.0
    probation_hours: Annotated[float, Shown(at_least=0.0)] = 1.0
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    owner: str = ""
    rationale: str = ""
    version: int = 1

    @property
    def measured(self) -> tuple[str, Scope, Mapping[str, Parameter]]:
        """What is measured: two definitions of which it is the same read the same numbers."""
        return self.kind, self.scope, dict(self.parameters)

    @property
    def tripped_size(self) -> float:
        """What a trip leaves of new risk: 0 where none passes."""
        return self.size if self.state is TradingState.THROTTLED else 0.0

    @property
    def ramp(self) -> tuple[float, ...]:
        """What it leaves of new risk on each rung: never less than the trip itself did."""
        return tuple(max(rung, self.tripped_size) for rung in RAMP)

    @property
    def rung_lasts(self) -> timedelta:
        """How long each rung of the ramp takes."""
        return timedelta(hours=self.probation_hours) / len(RAMP)


class Timed(NamedTuple):
    """A number at a time."""

    at: datetime
    value: float


class Memory(NamedTuple):
    """What a breaker remembers of what it has seen: filters, and a window pruned by time.

    Attributes
    ----------
    numbers : mapping of str to float
        Under names of the kind's own. Finite.
    window : tuple of Timed
        Oldest first.
    """

    numbers: Mapping[str, float] = {}
    window: tuple[Timed, ...] = ()


class Reading(NamedTuple):
    """What a breaker measures now.

    Attributes
    ----------
    value : float
        What is compared with `trip`; finite, and it grows with trouble.
    easing : float
        What is compared with `release`; mostly the same.
    holds : bool
        Whether the kind's other conditions of a trip hold.
    numerator, denominator : float or None
        What `value` is made of, where it is a ratio.
    words : str
        What was measured, as the beginning of a sentence: *volatility is 2.14 times normal*.
        No trip level: agents read it too.
    inputs : tuple of str
        What it is measured from, e.g. assets, so that their trust can be told.
    """

    value: float
    easing: float
    holds: bool = True
    numerator: float | None = None
    denominator: float | None = None
    words: str = ""
    inputs: tuple[str, ...] = ()


class Hit(NamedTuple):
    """Whether one reading lay above the trip level."""

    at: datetime
    over: bool


class Episode(NamedTuple):
    """One trip of a breaker, from activation to deactivation.

    Attributes
    ----------
    id : str
        Unique in the portfolio.
    breaker, kind : str
    scope : Scope
    tripped_at : datetime
        UTC, the market's time.
    value, threshold : float
        At the trip, in the kind's unit.
    numerator, denominator : float or None
        At the trip.
    worst : float
        Largest value since.
    state : TradingState
        Imposed by the trip.
    cause : str
        One plain sentence, without levels.
    imposed : bool
        False of one that a disabled breaker only records.
    retrips : int
        Trips in probation; each doubles the pause.
    asked_at : datetime or None
        When a person was asked last; None if nobody was, or whoever was has let it go.
    ended_at : datetime or None
    ended_by, ended_why : str
        ``rule``, or a person; empty while it is on.
    looked_at : datetime or None
        When a person let it go last: who does has looked, and is not asked at once again.
    tripped_by : str
        The person who tripped it by hand; empty of what its rule tripped.
    """

    id: str
    breaker: str
    kind: str
    scope: Scope
    tripped_at: datetime
    value: float
    threshold: float
    numerator: float | None
    denominator: float | None
    worst: float
    state: TradingState
    cause: str
    imposed: bool
    retrips: int = 0
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""
    looked_at: datetime | None = None
    tripped_by: str = ""

    @property
    def by_hand_alone(self) -> bool:
        """Whether only a person tripped it: what it measures has not passed its level since."""
        return bool(self.tripped_by) and self.worst <= self.threshold


class BreakerState(NamedTuple):
    """How one breaker stands after a step.

    Attributes
    ----------
    phase : Phase
    since : datetime
        Since when it is in this phase, or on this rung of probation. UTC.
    until : datetime or None
        When it may step on at the earliest; None while armed. UTC.
    rung : int
        Place in ``RAMP`` while in probation, else 0.
    memory : Memory
    reading : Reading or None
        None while it cannot be measured.
    read_at : datetime or None
        When it was measured last. UTC.
    hits : tuple of Hit
        Of the newest readings.
    episode : Episode or None
        The one that is on.
    pardoned : float or None
        Value at which a person let it go though it lay above the trip level: only something worse
        trips it again, until it has once been below.
    override : Override or None
        A person's command over it that is on. Of what holds, `until` is its expiry at the least.
    """

    phase: Phase
    since: datetime
    until: datetime | None = None
    rung: int = 0
    memory: Memory | None = None
    reading: Reading | None = None
    read_at: datetime | None = None
    hits: tuple[Hit, ...] = ()
    episode: Episode | None = None
    pardoned: float | None = None
    override: Override | None = None


class HourReturns(NamedTuple):
    """Simple returns of all assets that had one over one closed hour.

    Attributes
    ----------
    closed : datetime
        End of the hour. UTC.
    returns : mapping of asset to float
    """

    closed: datetime
    returns: Mapping[str, float]


class Breakers(NamedTuple):
    """All breakers of a book after a step.

    Attributes
    ----------
    states : mapping of name to BreakerState
    closes : mapping of asset to float
        Last hourly closes, from which the running hour's returns are reckoned.
    """

    states: Mapping[str, BreakerState] = {}
    closes: Mapping[str, float] = {}


NO_BREAKERS = Breakers()
