"""All breakers of a book in one step: how each stands, what is told of it, and what it imposes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from risk.breakers.base import Sight
from risk.breakers.happenings import Advanced, Ended, Happening, OfEpisode, OverrideOver
from risk.breakers.hours import next_hours
from risk.breakers.lifecycle import advance, heard
from risk.breakers.manual import is_manual, next_manual
from risk.breakers.overriding import is_disabled, lifted
from risk.breakers.telling import About, events_of
from risk.breakers.types import breaker_of
from risk.breakers.words import asked_of_breaker
from risk.domain.actions import BreakerWord, ReleaseBreaker
from risk.domain.breakers import (
    BreakerDefinition,
    Breakers,
    BreakerState,
    Episode,
    Phase,
)
from risk.domain.events import ActionRefused, BreakerReading, RiskEvent
from risk.domain.latches import Latch
from risk.domain.overrides import asked_of_override
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance


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
        if not is_manual(name) and _is_off(definitions.get(name), old.get(name), state):
            found.end(name, old.get(name), state, policies[1])
    for name, definition in definitions.items():
        found.take(definition, _kept(before.states.get(name), definition, old.get(name)))
    found.refuse_unknown(definitions)
    return BreakersAfter(
        Breakers({**found.states, **manual.states}, hours.closes),
        tuple(found.events),
        (*found.episodes, *manual.episodes),
    )


def obeying(
    breakers: Breakers,
    policy: Policy | None,
    words: Sequence[BreakerWord],
    *,
    at: datetime,
    cycle: str,
) -> Breakers:
    """Breakers after people's words between two steps; the very same where none changes anything.

    They impose what the next step would let them impose, were the market to stand still.

    Parameters
    ----------
    breakers : Breakers
        After the last step.
    policy : Policy or None
        In force.
    words : sequence of ReleaseBreaker and OverrideBreaker
        That no step has taken in, in their order.
    at : datetime
        The market's time of the last step. UTC.
    cycle : str
        Its id.
    """
    changed = {}
    for name, definition in _definitions(policy).items():
        said = [word for word in words if word.breaker == name]
        before = breakers.states.get(name)
        if said:
            after = heard(before, breaker_of(definition), definition, said, at=at, cycle=cycle)
            if after.state != before:
                changed[name] = after.state
    return breakers._replace(states={**breakers.states, **changed}) if changed else breakers


def _is_off(
    definition: BreakerDefinition | None, old: BreakerDefinition | None, state: BreakerState
) -> bool:
    """Whether people took away what a breaker was in the midst of, or switched it on or off."""
    episode, on = state.episode, state.override
    if episode is None and on is None:
        return False
    if definition is None:
        return True
    aims = (definition.kind, definition.scope)
    if episode is None:
        return old is None or aims != (old.kind, old.scope)
    imposes = definition.enabled and not is_disabled(state)
    return imposes is not episode.imposed or aims != (episode.kind, episode.scope)


def _kept(
    state: BreakerState | None, definition: BreakerDefinition, old: BreakerDefinition | None
) -> BreakerState | None:
    """What goes on of a breaker under its definition; one that measures otherwise begins anew."""
    if state is None:
        return None
    if _is_off(definition, old, state):
        state = BreakerState(Phase.ARMED, state.since, memory=state.memory)
    if old is None or old is definition or old.measured == definition.measured:
        return state
    return state._replace(memory=None, reading=None, hits=())


def _definitions(policy: Policy | None) -> Mapping[str, BreakerDefinition]:
    return {each.name: each for each in policy.breakers} if policy is not None else {}


class _Found:
    """What a step finds out about breakers, one after another."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._snapshot = sight.snapshot
        self._words = self._snapshot.breaker_words
        self.states: dict[str, BreakerState] = {}
        self.events: list[RiskEvent] = []
        self.episodes: list[Episode] = []

    def take(self, definition: BreakerDefinition, before: BreakerState | None) -> None:
        """A breaker's step."""
        words = [word for word in self._words if word.breaker == definition.name]
        advanced = advance(before, breaker_of(definition), definition, self._sight, words=words)
        state = self.states[definition.name] = advanced.state
        self._tell(definition, advanced)
        if state.reading is not None:
            self.events.append(
                BreakerReading(
                    **self._snapshot.stamp,
                    breaker=definition.name,
                    breaker_reading=state.reading.value,
                )
            )

    def end(
        self,
        name: str,
        definition: BreakerDefinition | None,
        state: BreakerState,
        policy: Policy | None,
    ) -> None:
        """End what a breaker was about that people took away or switched."""
        told = {
            "by": policy.by if policy is not None else "nobody",
            "why": "the breaker was taken away, or switched, by a new policy",
        }
        gone = lifted(state)._replace(phase=Phase.ARMED, episode=None, until=None, rung=0)
        about = About(name, self._scope_of(definition, state), None)
        if state.override is not None:
            self._note(about, OverrideOver(state=gone, override=state.override, **told))
        if state.episode is not None:
            over = state.episode._replace(
                ended_at=self._snapshot.at, ended_by=told["by"], ended_why=told["why"]
            )
            self._note(about, Ended(state=gone, episode=over))

    def _scope_of(self, definition: BreakerDefinition | None, state: BreakerState) -> Scope:
        if state.episode is not None:
            return state.episode.scope
        whole = Scope(ScopeKind.PORTFOLIO, self._snapshot.portfolio)
        return whole if definition is None else definition.scope

    def refuse_unknown(self, known: Mapping[str, BreakerDefinition]) -> None:
        """Refuse what is asked of what there is not."""
        for word in self._words:
            if is_manual(word.breaker):
                done = "let go as a breaker" if isinstance(word, ReleaseBreaker) else "overridden"
                self._refuse(word, f"what people stopped is resumed, not {done}")
            elif word.breaker not in known:
                self._refuse(word, f"there is no breaker called {word.breaker}")

    def _refuse(self, word: BreakerWord, reason: str) -> None:
        self.events.append(
            ActionRefused(
                **self._snapshot.stamp,
                asked=asked_of(word),
                by=word.who,
                reason=reason,
            )
        )

    def _tell(self, definition: BreakerDefinition, advanced: Advanced) -> None:
        for refused in advanced.refusals:
            self._refuse(refused.word, refused.reason)
        for happening in advanced.happenings:
            self._note(About(definition.name, definition.scope, definition), happening)

    def _note(self, about: About, happening: Happening) -> None:
        if isinstance(happening, OfEpisode):
            self.episodes.append(happening.episode)
        self.events += events_of(happening, about, self._sight)


def asked_of(word: BreakerWord) -> str:
    """What a person asked of a breaker, as the end of a sentence: *asked to*."""
    if isinstance(word, ReleaseBreaker):
        return asked_of_breaker(word.breaker)
    return asked_of_override(word.breaker, word.kind)
