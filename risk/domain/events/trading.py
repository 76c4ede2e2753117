"""What may be traded at all: trading states, and the breakers that impose them."""

from dataclasses import dataclass

from risk.domain.events.base import RiskEvent, Severity


@dataclass(frozen=True, kw_only=True)
class RiskStatus(RiskEvent):
    """A scope's trading state changed.

    Attributes
    ----------
    scope_kind, scope : str
        What it applies to, e.g. ``portfolio`` and ``demo``.
    state, previous : str
        A trading state's name, e.g. ``REDUCE_ONLY``.
    cause : str
        One plain sentence.
    severity : Severity
    """

    scope_kind: str
    scope: str
    state: str
    previous: str
    cause: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class BreakerActivated(RiskEvent):
    """A circuit breaker tripped.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    value, threshold : float
        In the breaker's own unit.
    state : str
        The trading state it imposes.
    cause : str
        One plain sentence.
    severity : Severity
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    value: float
    threshold: float
    state: str
    cause: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class BreakerDeactivated(RiskEvent):
    """A circuit breaker let go.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    reason, released_by : str
        `released_by` is ``rule`` or a person.
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    reason: str
    released_by: str
