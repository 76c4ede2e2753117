"""Breaches of limits, and limits that moved."""

from dataclasses import dataclass
from typing import ClassVar

from risk.domain.events.base import RiskEvent, Severity

#: Who changed a threshold that no person changed; the reason says what did.
RULE = "rule"


@dataclass(frozen=True, kw_only=True)
class LimitBreached(RiskEvent):
    """A limit was crossed in this cycle. Not repeated while it stays crossed.

    Attributes
    ----------
    limit : str
        Its configured name.
    episode : str
        Ties the breach to its end.
    value, threshold : float
        In the limit's own unit.
    severity : Severity
    """

    limit: str
    episode: str
    value: float
    threshold: float
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class LimitCleared(RiskEvent):
    """A limit that was breached is kept again, or there is no such limit any more.

    Attributes
    ----------
    limit : str
    episode : str
        Of the breach that is over.
    value : float or None
        In the limit's own unit; None if the limit is gone.
    threshold : float
        The soft one now, which `value` is below; of a limit that is gone its last one.
    """

    limit: str
    episode: str
    value: float | None
    threshold: float


@dataclass(frozen=True, kw_only=True)
class LimitUpdated(RiskEvent):
    """A limit's threshold changed.

    Attributes
    ----------
    limit : str
    threshold, previous : float or None
        Hard threshold in force, in the limit's own unit; None where there was no such limit, or
        is none now.
    reason, changed_by : str
    soft, previous_soft : float or None
        Soft threshold; None too in events from before it was told.
    """

    version: ClassVar[int] = 2

    limit: str
    threshold: float | None
    previous: float | None
    reason: str
    changed_by: str
    soft: float | None = None
    previous_soft: float | None = None
