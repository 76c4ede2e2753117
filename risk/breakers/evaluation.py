"""All breakers of a book in one step: how each stands, what is told of it, and what it imposes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from risk.breakers.base import Sight
from risk.breakers.hours import next_hours
from risk.breakers.imposing import imposed_state, passes_of
from risk.breakers.lifecycle import (
    Advanced,
    Asked,
    Eased,
    Ended,
    Happening,
    Tripped,
    TrippedAgain,
    advance,
)
from risk.breakers.manual import is_manual, next_manual
from risk.breakers.types import breaker_of
from risk.breakers.words import asked_of_breaker, market_in_words, what_works
from risk.domain.actions import ReleaseBreaker
from risk.domain.breakers import (
    BreakerDefinition,
    Breakers,
    BreakerState,
    Episode,
    Phase,
)
from risk.domain.events import (
    RULE,
    ActionRefused,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerReading,
    BreakerStepped,
    BreakerWouldTrip,
    RiskEvent,
    Severity,
)
from risk.domain.latches import Latch
from risk.domain.policy import Policy
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance
from risk.domain.trading import TradingState

_SEVERITY = {
    TradingState.THROTTLED: Severity.WARNING,
    TradingState.REDUCE_ONLY: Severity.CRITICAL,
    TradingState.HALTED: Severity.CRITICAL,
}


class BreakersAfter(NamedTuple):
    """What one step makes of the breakers.

    Attributes
    ----------
    breakers : Breakers
    events : tuple of RiskEvent
    episodes : tuple of Episode
        Those that began, changed or ended in this step.
    """

    breakers: Breakers
    events: tuple[RiskEvent, ...]
    episodes: tuple[Episode, ...]


def next_breakers(
    before: Breakers,
    policies: tuple[Policy | None, Policy | None],
    snapshot: Snapshot,
    *,
    performance: Performance | None,
    courses: Mapping[str, Course],
    latches: Mapping[Scope, Latch],
) -> BreakersAfter:
    """All breakers after one more step.

    Parameters
    ----------
    before : Breakers
        After the last step.
    policies : tuple of (Policy or None, Policy or None)
        In force before, and now.
    snapshot : Snapshot
    performance : Performance or None
    courses : mapping of strategy to Course
    latches : mapping of Scope to Latch
        Now.
    """
    hours = next_hours(before.closes, snapshot.closes, snapshot.watched, snapshot.models.hour)
    sight = Sight(
        snapshot=snapshot,
        performance=performance,
        courses=courses,
        hours=hours.closed,
        running=hours.running,
        latches=latches,
    )
    old, definitions = (_definitions(policy) for policy in policies)
    found = _Found(sight)
    manual = next_manual(before.states, sight)
    for name, state in sorted(before.states.items()):
        if is_manual(name) or state.episode is None:
            continue
        if _is_off(definitions.get(name), state.episode):
            found.end(state, policies[1])
    for name, definition in definitions.items():
        found.take(definition, _kept(before.states.get(name), definition, old.get(name)))
    found.refuse_unknown(definitions)
    return BreakersAfter(
        Breakers({**found.states, **manual.states}, hours.closes),
        tuple(found.events),
        (*found.episodes, *manual.episodes),
    )


def _is_off(definition: BreakerDefinition | None, episode: Episode) -> bool:
    """Whether people took a breaker away, or switched it on or off, in the midst of an episode."""
    return (
        definition is None
        or definition.enabled is not episode.imposed
        or (definition.kind, definition.scope) != (episode.kind, episode.scope)
    )


def _kept(
    state: BreakerState | None, definition: BreakerDefinition, old: BreakerDefinition | None
) -> BreakerState | None:
    """What goes on of a breaker under its definition; one that measures otherwise begins anew."""
    if state is None:
        return None
    if state.episode is not None and _is_off(definition, state.episode):
        state = BreakerState(Phase.ARMED, state.since, memory=state.memory)
    if old is None or old is definition or _measures(old) == _measures(definition):
        return state
    return state._replace(memory=None, reading=None, hits=())


def _definitions(policy: Policy | None) -> Mapping[str, BreakerDefinition]:
    return {each.name: each for each in policy.breakers} if policy is not None else {}


def _measures(definition: BreakerDefinition) -> tuple[Any, ...]:
    return definition.kind, definition.scope, dict(definition.parameters)


class _Found:
    """What a step finds out about breakers, one after another."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._snapshot = sight.snapshot
        self.states: dict[str, BreakerState] = {}
        self.events: list[RiskEvent] = []
        self.episodes: list[Episode] = []

    def take(self, definition: BreakerDefinition, before: BreakerState | None) -> None:
        """A breaker's step."""
        releases = [r for r in self._snapshot.releases if r.breaker == definition.name]
        advanced = advance(
            before, breaker_of(definition), definition, self._sight, releases=releases
        )
        state = self.states[definition.name] = advanced.state
        self._tell(definition, advanced, releases)
        if state.reading is not None:
            self.events.append(
                BreakerReading(
                    **self._snapshot.stamp,
                    breaker=definition.name,
                    breaker_reading=state.reading.value,
                )
            )

    def end(self, state: BreakerState, policy: Policy | None) -> None:
        """End the episode of a breaker that people took away or switched."""
        assert state.episode is not None, "only episodes end"
        by = policy.by if policy is not None else "nobody"
        why = "the breaker was taken away, or switched, by a new policy"
        over = state.episode._replace(ended_at=self._snapshot.at, ended_by=by, ended_why=why)
        self._note(Ended(episode=over), None, None)

    def refuse_unknown(self, known: Mapping[str, BreakerDefinition]) -> None:
        """Refuse to let go of what there is not."""
        for release in self._snapshot.releases:
            if is_manual(release.breaker):
                self._refuse(release, "what people stopped is resumed, not let go as a breaker")
            elif release.breaker not in known:
                self._refuse(release, f"there is no breaker called {release.breaker}")

    def _refuse(self, release: ReleaseBreaker, reason: str) -> None:
        self.events.append(
            ActionRefused(
                **self._snapshot.stamp,
                asked=asked_of_breaker(release.breaker),
                by=release.who,
                reason=reason,
            )
        )

    def _tell(
        self,
        definition: BreakerDefinition,
        advanced: Advanced,
        releases: Sequence[ReleaseBreaker],
    ) -> None:
        if advanced.refusal is not None:
            self._refuse(releases[-1], advanced.refusal)
        released = releases[-1] if releases and advanced.refusal is None else None
        for happening in advanced.happenings:
            self._note(happening, advanced.state, released, definition)

    def _note(
        self,
        happening: Happening,
        state: BreakerState | None,
        released: ReleaseBreaker | None,
        definition: BreakerDefinition | None = None,
    ) -> None:
        self.episodes.append(happening.episode)
        self.events += _events(happening, state, released, definition, self._sight)


def _events(
    happening: Happening,
    state: BreakerState | None,
    released: ReleaseBreaker | None,
    definition: BreakerDefinition | None,
    sight: Sight,
) -> Iterator[RiskEvent]:
    """What is told of a happening; of one that is only recorded, that it would have tripped."""
    episode = happening.episode
    about = {
        **sight.snapshot.stamp,
        "breaker": episode.breaker,
        "episode": episode.id,
        "scope_kind": episode.scope.kind.value,
        "scope": episode.scope.name,
    }
    if not episode.imposed:
        if isinstance(happening, Tripped):
            yield BreakerWouldTrip(
                **about, value=episode.value, threshold=episode.threshold, cause=episode.cause
            )
        return
    match happening:
        case Tripped():
            assert state is not None, "whatever trips stands somewhere"
            yield BreakerActivated(
                **about,
                value=episode.value,
                threshold=episode.threshold,
                state=episode.state.name,
                cause=episode.cause,
                severity=_SEVERITY[episode.state],
                market=market_in_words(sight),
                works=what_works(episode.state, definition.size if definition else 1.0),
                until=state.until,
            )
        case TrippedAgain() | Eased():
            assert state is not None, "whatever steps stands somewhere"
            assert definition is not None, "what is taken away ends, and does not step"
            again = isinstance(happening, TrippedAgain)
            yield BreakerStepped(
                **about,
                phase=state.phase.value,
                size=passes_of(definition, state),
                until=state.until,
                reason=_why_stepped(definition, state, released, again=again),
                by=RULE if released is None else released.who,
                severity=Severity.CRITICAL if again else Severity.INFO,
            )
        case Asked():
            assert state is not None, "whatever waits stands somewhere"
            assert definition is not None, "whatever waits is defined"
            yield BreakerAsksPerson(
                **about,
                state=imposed_state(definition, state).name,
                since=episode.tripped_at,
                cause=episode.cause,
                severity=Severity.CRITICAL,
            )
        case Ended():
            yield BreakerDeactivated(
                **about, reason=episode.ended_why, released_by=episode.ended_by
            )


def _why_stepped(
    definition: BreakerDefinition,
    state: BreakerState,
    released: ReleaseBreaker | None,
    *,
    again: bool,
) -> str:
    if again:
        size = passes_of(definition, state)
        shut = f"new risk at {100.0 * size:.0f} % of size again" if size else "shut in full"
        return f"it tripped again in probation: {shut}, and the pause doubles"
    if released is not None:
        return f"let go by {released.who}: {released.reason}"
    if state.rung > 0:
        return "no new trip on the rung before"
    # Of what does not move while it is shut nobody can say that it is better.
    return "its pause is over" if breaker_of(definition).ends_by_time else "it has eased"
