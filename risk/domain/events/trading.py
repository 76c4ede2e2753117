"""What may be traded at all: trading states, and the people and breakers that impose them."""

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
class TradingLatched(RiskEvent):
    """A person or a program stopped trading in a scope, until a person resumes it.

    Attributes
    ----------
    scope_kind, scope : str
    state : str
        What the scope is latched at now, ``HALTED`` or ``REDUCE_ONLY``.
    asked : str
        What was asked for; looser than `state` where it was latched more tightly already.
    who, reason : str
    """

    scope_kind: str
    scope: str
    state: str
    asked: str
    who: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TradingResumed(RiskEvent):
    """A person let go of a scope's latch. What rules and limits say of it is another matter.

    Attributes
    ----------
    scope_kind, scope : str
    state : str
        What it was latched at.
    who, reason : str
    """

    scope_kind: str
    scope: str
    state: str
    who: str
    reason: str


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
