"""Manual: what people stopped, shown beside what stops by itself.

A latch stops trading by itself (:mod:`risk.domain.latches`), and only a person's word lets it go.
Here is only how it shows: as an episode that begins with the latch and ends with who resumed, and
why. It claims no state a second time, and knows no pause and no probation; no policy defines it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from risk.breakers.base import Breaker, Sight
from risk.domain.breakers import BreakerState, BreakerUnit, Episode, Memory, Phase, Reading
from risk.domain.latches import Latch
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot

#: With what the names of these begin; no breaker of a policy may.
PREFIX = "manual "
#: Between latched (1) and not (0).
_TRIP = 0.5


@dataclass(frozen=True, kw_only=True)
class ManualBreaker(Breaker):
    """What people stopped: 1 while its scope is latched, else 0; never unknown.

    It is there for each scope that is latched, and cannot be set: halting and resuming are how
    people stop and start trading. Its state is the latch's.
    """

    kind: ClassVar = "manual"
    title: ClassVar = "Stopped by people"
    unit: ClassVar = BreakerUnit.COUNT
    scopes: ClassVar = tuple(ScopeKind)
    needs_person: ClassVar = True

    @property
    def rule(self) -> str:
        """See the base."""
        return "latched by a person or a program, until a person resumes"

    def observe(self, memory: Memory | None, sight: Sight) -> tuple[Memory | None, Reading | None]:
        """See the base."""
        latch = sight.latches.get(self.scope)
        if latch is None:
            return memory, Reading(0.0, 0.0, words=f"{self.scope.label} is not latched")
        return memory, Reading(1.0, 1.0, words=latch.cause)


class Manual(NamedTuple):
    """Latched scopes as breakers, after a step.

    Attributes
    ----------
    states : mapping of name to BreakerState
    episodes : tuple of Episode
        Those that began, changed or ended in this step.
    """

    states: Mapping[str, BreakerState]
    episodes: tuple[Episode, ...]


def name_of(scope: Scope) -> str:
    """What a latched scope's breaker is called."""
    return f"{PREFIX}{scope.label}"


def is_manual(name: str) -> bool:
    """Whether a breaker shows what people stopped."""
    return name.startswith(PREFIX)


def next_manual(before: Mapping[str, BreakerState], sight: Sight) -> Manual:
    """Latched scopes as breakers after one more step.

    Parameters
    ----------
    before : mapping of name to BreakerState
        All breakers after the last step; those of policies are left to others.
    sight : Sight
    """
    states, episodes = dict[str, BreakerState](), list[Episode]()
    for scope, latch in sorted(sight.latches.items()):
        name = name_of(scope)
        known = before.get(name)
        state = _state_of(name, latch, known, sight)
        states[name] = state
        assert state.episode is not None, "whatever is latched has an episode"
        if known is None or known.episode is None:
            episodes.append(state.episode)
        elif known.episode.id != state.episode.id:
            episodes += [_ended(known.episode, sight.snapshot), state.episode]
        elif known.episode != state.episode:
            episodes.append(state.episode)
    episodes += [
        _ended(state.episode, sight.snapshot)
        for name, state in sorted(before.items())
        if is_manual(name) and name not in states and state.episode is not None
    ]
    return Manual(states, tuple(episodes))


def _state_of(name: str, latch: Latch, known: BreakerState | None, sight: Sight) -> BreakerState:
    breaker = ManualBreaker(name=name, scope=latch.scope, trip=_TRIP, release=_TRIP)
    memory, reading = breaker.observe(None, sight)
    episode = known.episode if known is not None else None
    if episode is None or _was_let_go(latch.scope, sight.snapshot):
        episode = _begun(name, latch, sight.snapshot)
    # Asked for again, or more tightly: what is told of it is what whoever resumes must look at.
    episode = episode._replace(state=latch.state, cause=latch.cause)
    return BreakerState(
        Phase.TRIPPED,
        latch.since,
        memory=memory,
        reading=reading,
        read_at=sight.snapshot.at,
        episode=episode,
    )


def _begun(name: str, latch: Latch, snapshot: Snapshot) -> Episode:
    return Episode(
        id=f"{name}/{snapshot.id}",
        breaker=name,
        kind=ManualBreaker.kind,
        scope=latch.scope,
        tripped_at=latch.since,
        value=1.0,
        threshold=_TRIP,
        numerator=None,
        denominator=None,
        worst=1.0,
        state=latch.state,
        cause=latch.cause,
        imposed=True,
    )


def _was_let_go(scope: Scope, snapshot: Snapshot) -> bool:
    """Whether a scope was resumed in this step, and latched again."""
    return any(each.scope == scope and each.after is None for each in snapshot.latch_changes)


def _ended(episode: Episode, snapshot: Snapshot) -> Episode:
    resumed = [
        each for each in snapshot.latch_changes if each.scope == episode.scope and not each.after
    ]
    # Without a word of who did, it is told that nobody is known.
    by, why = (resumed[-1].who, resumed[-1].reason) if resumed else ("nobody", "it is not latched")
    return episode._replace(ended_at=snapshot.at, ended_by=by, ended_why=why)
