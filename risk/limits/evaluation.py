"""How full each limit is in this step, and what is told of it: once, when it changes."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from risk.domain.assessment import Assessment
from risk.domain.events import (
    RULE,
    LimitBreached,
    LimitCleared,
    LimitUpdated,
    LimitUtilization,
    RiskEvent,
    Severity,
)
from risk.domain.limits import LimitDefinition, LimitState, LimitStatus, Thresholds
from risk.domain.policy import Policy
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance
from risk.limits.base import Limit
from risk.limits.clusters import clusters_of
from risk.limits.types import limit_of
from risk.limits.views import BookView, Surroundings
from risk.portfolio.committed import nothing_pending

#: How far below a threshold a value must fall before its breach is over, so that one that
#: wavers at the threshold is told once.
HYSTERESIS = 0.02
#: Half-life of the smoothed change from which the time to a breach is told, in hours.
DRIFT_HALF_LIFE = 0.5

_BREACHED = (LimitStatus.SOFT, LimitStatus.HARD)


class Evaluated(NamedTuple):
    """What one step makes of the limits.

    Attributes
    ----------
    states : mapping of name to LimitState
    events : tuple of RiskEvent
    """

    states: Mapping[str, LimitState]
    events: tuple[RiskEvent, ...]


def surroundings(
    policy: Policy,
    snapshot: Snapshot,
    *,
    equity: float | None,
    performance: Performance | None,
    courses: Mapping[str, Course],
) -> Surroundings:
    """What no order changes, for limits to look at."""
    return Surroundings(
        at=snapshot.at,
        equity=equity,
        marks=snapshot.marks,
        performance=performance,
        courses=courses,
        strategies=policy.strategies,
        clusters=clusters_of(snapshot.models.day, policy.cluster_correlation),
    )


def held_view(assessment: Assessment, around: Surroundings) -> BookView:
    """The book as it stands, pending orders left out."""
    values = {position.key: position.exposure for position in assessment.positions}
    return BookView(nothing_pending(values, assessment.held, assessment.cash), around)


def evaluate(
    policy: Policy,
    before: Mapping[str, LimitState],
    thresholds: Mapping[str, Thresholds],
    book: BookView,
    *,
    portfolio: str,
    cycle: str,
    redefined: frozenset[str] = frozenset(),
    lent: frozenset[str] = frozenset(),
) -> Evaluated:
    """How each limit stands, and what is new about it.

    Parameters
    ----------
    policy : Policy
    before : mapping of name to LimitState
        After the last step.
    thresholds : mapping of name to Thresholds
        In force now, of every limit of the policy.
    book : BookView
        As it is held.
    portfolio, cycle : str
        What the events are stamped with.
    redefined : frozenset of str
        Limits whose definition is new, or another than it was.
    lent : frozenset of str
        Limits of which somebody set or ended a temporary limit just now.
    """
    stamp = {"at": book.around.at, "portfolio": portfolio, "cycle": cycle}
    states: dict[str, LimitState] = {}
    events: list[RiskEvent] = []
    for definition in policy.limits:
        old = before.get(definition.name)
        if old is not None and definition.name in redefined:
            # What was measured until now may have been something else: it has no pace yet.
            old = old._replace(value=None, drift=None)
        new = _next(definition, old, thresholds[definition.name], book, cycle)
        states[definition.name] = new
        if old is not None:
            who = policy.by if definition.name in redefined | lent else RULE
            why = _version(policy) if definition.name in redefined else new.thresholds.cause
            changed = {**stamp, "reason": why, "changed_by": who}
            events += _updated(definition.name, old.thresholds, new.thresholds, changed)
        events += _told(definition, old, new, stamp)
    events += _ended(before, states, stamp)
    return Evaluated(states, tuple(events))


def redefined(before: Policy | None, after: Policy) -> frozenset[str]:
    """Limits of a policy that the one before did not have, or had otherwise."""
    if before is after:
        return frozenset()
    known = {definition.name: definition for definition in before.limits} if before else {}
    return frozenset(d.name for d in after.limits if known.get(d.name) != d)


def lent(before: Policy | None, after: Policy, at: datetime) -> frozenset[str]:
    """Limits of which somebody set or ended a temporary limit; one that ran out nobody ended."""
    if before is None or before.version == after.version:
        return frozenset()
    changed = set(before.temporary) ^ set(after.temporary)
    return frozenset(temporary.limit for temporary in changed if at < temporary.expires)


def _version(policy: Policy) -> str:
    return f"version {policy.version} of the policy"


def _next(
    definition: LimitDefinition,
    before: LimitState | None,
    thresholds: Thresholds,
    book: BookView,
    cycle: str,
) -> LimitState:
    at, limit = book.around.at, limit_of(definition, thresholds)
    # A limit on single orders has no value between two of them: nothing uses it.
    value = _measured(limit, book) if isinstance(limit, Limit) else 0.0
    last_known = before.last_known if before else LimitStatus.WITHIN
    status = _status(value, thresholds, last_known)
    episode = before.episode if before else None
    if status is LimitStatus.WITHIN:
        episode = None
    elif episode is None and status in _BREACHED:
        episode = f"{definition.name}/{cycle}"
    return LimitState(
        thresholds=thresholds,
        status=status,
        value=value,
        since=before.since if before and status is before.status else at,
        episode=episode,
        at=at,
        drift=_drift(before, value, at),
        lost=last_known if status is LimitStatus.UNKNOWN else None,
    )


def _measured(limit: Limit, book: BookView) -> float | None:
    """The limit's value; None if it is unknown, or more than any float can tell."""
    value = limit.measure(book)
    return None if value is None or not math.isfinite(value) else value


def _status(value: float | None, thresholds: Thresholds, last_known: LimitStatus) -> LimitStatus:
    """How the limit stands now; what it was when it was last measured gives it its inertia."""
    if value is None:
        return LimitStatus.UNKNOWN
    hard = thresholds.hard * (1.0 - HYSTERESIS if last_known is LimitStatus.HARD else 1.0)
    soft = thresholds.soft * (1.0 - HYSTERESIS if last_known in _BREACHED else 1.0)
    if value > hard:
        return LimitStatus.HARD
    # A limit of zero is kept by holding nothing.
    return LimitStatus.SOFT if value > 0.0 and value >= soft else LimitStatus.WITHIN


def _drift(before: LimitState | None, value: float | None, at: datetime) -> float | None:
    if before is None or before.value is None or value is None:
        return before.drift if before else None
    hours = (at - before.at).total_seconds() / 3600.0
    if hours <= 0.0:
        return before.drift
    slope = (value - before.value) / hours
    kept = float(0.5 ** (hours / DRIFT_HALF_LIFE))
    return slope * (1.0 - kept) + kept * (before.drift or 0.0)


def _told(
    definition: LimitDefinition,
    before: LimitState | None,
    after: LimitState,
    stamp: Mapping[str, Any],
) -> Iterator[RiskEvent]:
    name = definition.name
    yield LimitUtilization(**stamp, limit=name, utilization=after.used)
    if _is_deeper(before, after):
        hard = after.status is LimitStatus.HARD
        assert after.value is not None, "a breach is measured"
        assert after.episode is not None, "a breach is an episode"
        yield LimitBreached(
            **stamp,
            limit=name,
            episode=after.episode,
            value=after.value,
            threshold=after.thresholds.hard if hard else after.thresholds.soft,
            severity=Severity.CRITICAL if hard else Severity.WARNING,
        )
    if before is not None and before.episode is not None and after.episode is None:
        yield _cleared(name, before.episode, after.value, after.thresholds, stamp)


def _is_deeper(before: LimitState | None, after: LimitState) -> bool:
    """Whether an episode begins, or crosses the hard threshold from below it."""
    if after.status not in _BREACHED:
        return False
    if before is None or before.episode is None:
        return True
    return after.status is LimitStatus.HARD and before.last_known is not LimitStatus.HARD


def _updated(
    name: str, before: Thresholds, after: Thresholds, changed: Mapping[str, Any]
) -> Iterator[LimitUpdated]:
    """Thresholds in force that moved: of a dynamic limit not those that its definition names."""
    if (before.hard, before.soft) != (after.hard, after.soft):
        yield LimitUpdated(
            **changed,
            limit=name,
            threshold=after.hard,
            previous=before.hard,
            soft=after.soft,
            previous_soft=before.soft,
        )


def _cleared(
    name: str, episode: str, value: float | None, thresholds: Thresholds, stamp: Mapping[str, Any]
) -> LimitCleared:
    return LimitCleared(
        **stamp, limit=name, episode=episode, value=value, threshold=thresholds.soft
    )


def _ended(
    before: Mapping[str, LimitState], after: Mapping[str, LimitState], stamp: Mapping[str, Any]
) -> Iterator[LimitCleared]:
    """Breaches of limits that the policy does not have any more."""
    for name in sorted(before.keys() - after.keys()):
        gone = before[name]
        if gone.episode is not None:
            yield _cleared(name, gone.episode, None, gone.thresholds, stamp)
