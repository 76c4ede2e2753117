"""What may be traded at all: trading states, and the people and breakers that impose them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

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
    market : str
        What the market does, one line; empty where nothing is known of it, as in old events.
    works : str
        What may still be done, one sentence.
    until : datetime or None
        When it may step down at the earliest, by its rule or a person. UTC.
    """

    version: ClassVar[int] = 2

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    value: float
    threshold: float
    state: str
    cause: str
    severity: Severity
    market: str = ""
    works: str = ""
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BreakerStepped(RiskEvent):
    """A tripped breaker re-opened by a step, or tripped again while it did.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    phase : str
        ``probation``, or ``tripped`` again.
    size : float
        What new risk is scaled by from now on; 0 where none passes.
    until : datetime or None
        When the next step may come at the earliest. UTC.
    reason, by : str
        `by` is ``rule`` or a person.
    severity : Severity
    read : tuple of str
        The warnings that a person who let it go had read, as they were told.
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    phase: str
    size: float
    until: datetime | None
    reason: str
    by: str
    severity: Severity
    read: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BreakerAsksPerson(RiskEvent):
    """An episode has outlived its greatest dwell: a person must look. Told again while it does.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    state : str
        The trading state it imposes now: while it re-opens, a milder one than the trip's.
    since : datetime
        Of the trip. UTC.
    cause : str
        One plain sentence.
    severity : Severity
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    state: str
    since: datetime
    cause: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class BreakerWouldTrip(RiskEvent):
    """A disabled breaker would have tripped. Told once an episode.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    value, threshold : float
        In the breaker's own unit.
    cause : str
        One plain sentence.
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    value: float
    threshold: float
    cause: str


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


@dataclass(frozen=True, kw_only=True)
class BreakerOverridden(RiskEvent):
    """A person overruled a circuit breaker, until an expiry at the most.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
        `episode` is empty where none is on.
    kind : str
        ``trip``, ``hold``, ``extend``, ``step_down`` or ``disable``.
    size : float
        What new risk is scaled by, of ``step_down``.
    expires : datetime
        When it ends by itself. UTC.
    state : str
        The trading state that the breaker imposes from now on.
    by, reason : str
    action : int
        Its number.
    read : tuple of str
        The warnings that `by` had opened, or a command had shown, before, as they were told.
    severity : Severity
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    kind: str
    size: float
    expires: datetime
    state: str
    by: str
    reason: str
    action: int
    read: tuple[str, ...] = ()
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class OverrideEnded(RiskEvent):
    """An override is over: what the breaker's rule says holds again.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
        `episode` is empty where none is on.
    kind : str
        What it was.
    state : str
        The trading state that the breaker imposes from now on.
    size : float
        What it scales new risk by; 0 where none passes.
    why, by : str
        `by` is ``rule`` or a person.
    began_by : str
        Who had overruled it.
    action : int
        Its number.
    severity : Severity
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    kind: str
    state: str
    size: float
    why: str
    by: str
    began_by: str
    action: int
    severity: Severity
