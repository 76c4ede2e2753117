"""What people and programs are told of what happens to breakers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from risk.breakers.base import Sight
from risk.breakers.happenings import (
    Asked,
    Eased,
    Ended,
    Happening,
    OfEpisode,
    Overridden,
    OverrideOver,
    Tripped,
    TrippedAgain,
)
from risk.breakers.imposing import imposed_state, passes_of, stands_at
from risk.breakers.types import breaker_of
from risk.breakers.words import market_in_words, what_works
from risk.domain.actions import ReleaseBreaker
from risk.domain.breakers import BreakerDefinition, BreakerState
from risk.domain.events import (
    RULE,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    BreakerWouldTrip,
    OverrideEnded,
    RiskEvent,
    Severity,
)
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState

_SEVERITY = {
    TradingState.CAUTION: Severity.WARNING,
    TradingState.THROTTLED: Severity.WARNING,
    TradingState.REDUCE_ONLY: Severity.CRITICAL,
    TradingState.HALTED: Severity.CRITICAL,
}


class About(NamedTuple):
    """The breaker that something is told of.

    Attributes
    ----------
    name : str
    scope : Scope
    definition : BreakerDefinition or None
        None of one that people took away.
    """

    name: str
    scope: Scope
    definition: BreakerDefinition | None


def events_of(happening: Happening, about: About, sight: Sight) -> Iterator[RiskEvent]:
    """What is told of a happening; of an episode that is only recorded, that it would have tripped.

    Parameters
    ----------
    happening : Happening
    about : About
    sight : Sight
    """
    told = {
        **sight.snapshot.stamp,
        "breaker": about.name,
        "scope_kind": about.scope.kind.value,
        "scope": about.scope.name,
    }
    match happening:
        case Overridden():
            yield _overridden(happening, about, told)
        case OverrideOver():
            yield _override_over(happening, about, told)
        case OfEpisode():
            yield from _of_episode(happening, about, told, sight)


def _of_episode(
    happening: OfEpisode, about: About, told: dict[str, Any], sight: Sight
) -> Iterator[RiskEvent]:
    episode, state, definition = happening.episode, happening.state, about.definition
    told = {**told, "episode": episode.id}
    if not episode.imposed:
        if isinstance(happening, Tripped):
            yield BreakerWouldTrip(
                **told, value=episode.value, threshold=episode.threshold, cause=episode.cause
            )
        return
    if isinstance(happening, Ended):
        yield BreakerDeactivated(**told, reason=episode.ended_why, released_by=episode.ended_by)
        return
    assert definition is not None, "what is taken away ends, and nothing else"
    imposes, passes = imposed_state(definition, state), passes_of(definition, state)
    match happening:
        case Tripped():
            yield BreakerActivated(
                **told,
                value=episode.value,
                threshold=episode.threshold,
                state=imposes.name,
                cause=episode.cause,
                severity=_SEVERITY[imposes],
                market=market_in_words(sight),
                works=what_works(imposes, passes),
                until=state.until,
            )
        case TrippedAgain() | Eased():
            again = isinstance(happening, TrippedAgain)
            yield BreakerStepped(
                **told,
                phase=state.phase.value,
                size=passes,
                until=state.until,
                reason=_why_stepped(definition, happening, passes),
                by=RULE if happening.by is None else happening.by.who,
                read=() if happening.by is None else happening.by.read,
                severity=Severity.CRITICAL if again else Severity.INFO,
            )
        case Asked():
            yield BreakerAsksPerson(
                **told,
                state=imposes.name,
                since=episode.tripped_at,
                cause=episode.cause,
                severity=Severity.CRITICAL,
            )


def _why_stepped(definition: BreakerDefinition, happening: OfEpisode, passes: float) -> str:
    by, state = happening.by, happening.state
    if isinstance(happening, TrippedAgain):
        shut = f"new risk at {100.0 * passes:.0f} % of size again" if passes else "shut in full"
        if by is not None:
            return f"tripped by hand by {by.who}: {by.reason}; {shut}"
        return f"it tripped again in probation: {shut}, and the pause doubles"
    if isinstance(by, ReleaseBreaker):
        return f"let go by {by.who}: {by.reason}"
    if state.rung > 0:
        return "no new trip on the rung before"
    if happening.episode.by_hand_alone:
        return f"the time is over for which {happening.episode.tripped_by} tripped it"
    # Of what does not move while it is shut nobody can say that it is better.
    return "its pause is over" if breaker_of(definition).ends_by_time else "it has eased"


# --- overrides -----------------------------------------------------------------------------


def _overridden(happening: Overridden, about: About, told: dict[str, Any]) -> BreakerOverridden:
    on = happening.override
    return BreakerOverridden(
        **told,
        episode=_episode_of(happening.state),
        kind=on.kind.value,
        size=on.size,
        expires=on.expires,
        state=_stands(about, happening.state)[0].name,
        by=on.by,
        reason=on.reason,
        action=on.action,
        read=on.read,
        severity=Severity.WARNING if on.loosens else Severity.INFO,
    )


def _override_over(happening: OverrideOver, about: About, told: dict[str, Any]) -> OverrideEnded:
    over = happening.override
    state, size = _stands(about, happening.state)
    return OverrideEnded(
        **told,
        episode=_episode_of(happening.state),
        kind=over.kind.value,
        state=state.name,
        size=size,
        why=happening.why,
        by=happening.by,
        began_by=over.by,
        action=over.action,
        severity=Severity.WARNING if state >= TradingState.REDUCE_ONLY else Severity.INFO,
    )


def _stands(about: About, state: BreakerState) -> tuple[TradingState, float]:
    if about.definition is None:
        return TradingState.NORMAL, 1.0
    return stands_at(about.definition, state)


def _episode_of(state: BreakerState) -> str:
    return "" if state.episode is None else state.episode.id
