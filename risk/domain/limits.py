"""Limits as data: what is capped where, and how full each limit is. What measures is elsewhere."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from risk.domain.fields import Shown
from risk.domain.scopes import Scope, ScopeKind

#: A value of a limit's own settings, e.g. the confidence of a VaR limit.
Parameter = float | str | tuple[str, ...]

#: The fullest that a utilization is told as: over a limit of zero it would be infinite.
MOST_USED = 9.99


class Unit(StrEnum):
    """What a limit's value and thresholds are counted in."""

    SHARE = "share of equity"
    TIMES = "times equity"
    FRACTION = "fraction"
    MONEY = "quote currency"
    QUANTITY = "units"
    COUNT = "count"
    DAYS = "days"


class LimitStatus(StrEnum):
    """How a limit stands."""

    WITHIN = "within"
    SOFT = "soft"
    HARD = "hard"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitDefinition:
    """One limit of a policy.

    Attributes
    ----------
    name : str
        Unique in the policy.
    kind : str
        A key of ``LIMIT_TYPES``.
    scope : Scope
    hard : float
        What may not be passed, in the unit of the kind; 0 or more.
    soft : float
        Where a warning and de-risking begin; between 0 and the hard threshold.
    parameters : mapping of str to Parameter
        The kind's own settings.
    dynamic : bool
        Whether performance and regime move it.
    owner : str
        Who answers for it.
    rationale : str
        Why it is where it is, one sentence.
    review_by : date or None
        When somebody shall ask whether it still fits; empty for never.
    version : int
        Grows with each change of the definition.
    """

    name: str
    kind: str
    scope: Scope
    hard: Annotated[float, Shown(of_kind=True, at_least=0.0)]
    soft: Annotated[float, Shown(of_kind=True, at_most="hard", at_least=0.0)]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    dynamic: bool = False
    owner: str = ""
    rationale: str = ""
    review_by: date | None = None
    version: int = 1

    @property
    def measured(self) -> tuple[str, Scope, Mapping[str, Parameter]]:
        """What is measured: two definitions of which it is the same read the same numbers."""
        return self.kind, self.scope, dict(self.parameters)


@dataclass(frozen=True, kw_only=True, slots=True)
class TemporaryLimit:
    """Other thresholds for a while: they take precedence, and revert by themselves.

    Attributes
    ----------
    limit : str
        Name of the limit.
    hard, soft : float
    starts, expires : datetime
        In force from `starts` on, until just before `expires`. UTC.
    reason, by : str
    """

    limit: str
    hard: float
    soft: float
    starts: datetime
    expires: datetime
    reason: str
    by: str

    def in_force(self, at: datetime) -> bool:
        """Whether it holds at `at`."""
        return self.starts <= at < self.expires


#: The cause of thresholds that nothing has moved.
AS_DEFINED = "as defined"


class Thresholds(NamedTuple):
    """A limit's thresholds in force.

    Attributes
    ----------
    hard, soft : float
    factor : float
        What performance and regime have made of the base; 1 where they do not matter. It goes
        on while a temporary limit is in force.
    cause : str
        Why they are as they are, e.g. ``as defined``.
    rising_since : datetime or None
        From when the next step of the factor's rise is reckoned; None while it is not to rise.
    """

    hard: float
    soft: float
    factor: float
    cause: str
    rising_since: datetime | None = None


class LimitState(NamedTuple):
    """How one limit stands after a step.

    Attributes
    ----------
    thresholds : Thresholds
    status : LimitStatus
    value : float or None
        In the limit's unit; None while it cannot be measured.
    since : datetime
        Since when the status is what it is. UTC.
    episode : str or None
        Of the breach that is on; None while within.
    at : datetime
        When `value` was measured. UTC.
    drift : float or None
        Smoothed change of `value` per hour; None before there were two values.
    lost : LimitStatus or None
        What the status was before it became UNKNOWN; None while it is known.
    """

    thresholds: Thresholds
    status: LimitStatus
    value: float | None
    since: datetime
    episode: str | None
    at: datetime
    drift: float | None = None
    lost: LimitStatus | None = None

    @property
    def last_known(self) -> LimitStatus:
        """The status when the limit was last measured; WITHIN if it never was."""
        return self.status if self.lost is None else self.lost

    @property
    def used(self) -> float | None:
        """Share of the hard threshold that is used, ``MOST_USED`` at most; None if unknown."""
        return used_of(self.value, self.thresholds.hard)

    @property
    def headroom(self) -> float | None:
        """What is left to the hard threshold, in the limit's unit; negative when breached."""
        return None if self.value is None else self.thresholds.hard - self.value

    @property
    def hours_to_breach(self) -> float | None:
        """Hours until the hard threshold if things go on as now; None if they do not lead there.

        Zero when it is reached already.
        """
        if self.headroom is None:
            return None
        if self.headroom <= 0.0:
            return 0.0
        if not self.drift or self.drift <= 0.0:
            return None
        hours = self.headroom / self.drift
        # A pace that has all but died away is none: no float can tell its end.
        return hours if math.isfinite(hours) else None


def used_of(value: float | None, hard: float) -> float | None:
    """Share of `hard` that `value` uses, ``MOST_USED`` at most; None if the value is unknown."""
    if value is None:
        return None
    if hard <= 0.0:
        return 0.0 if value <= 0.0 else MOST_USED
    return min(value / hard, MOST_USED)


def suffixed(stem: str, scope: Scope) -> str:
    """The name of one of several limits that share an entry."""
    if scope.kind is ScopeKind.PORTFOLIO:
        return f"{stem} {scope.kind.value}"
    return f"{stem} {scope.kind.value} {scope.name}"
