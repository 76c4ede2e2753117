"""What happens to a breaker after a reading: trip, pause, probation, re-arming. Pure.

::

    ARMED --over the trip level--> TRIPPED --pause over, eased--> PROBATION 25, 50, 100 % --> ARMED
                                      ^                               |
                                      +------- over it again ---------+   (the pause doubles)

A trip in probation imposes all of it again: a ramp that only fell back a rung would leave half the
size on in the very fall that it is there for (docs/decisions/breakers.md). Once an episode is as
old as the greatest dwell a person is asked, and asked again; he may let it go into probation, never
past it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.breakers.base import Breaker, Sight
from risk.breakers.pausing import Activation, calculate_pause_duration
from risk.domain.actions import ReleaseBreaker
from risk.domain.breakers import (
    RAMP,
    BreakerDefinition,
    BreakerState,
    Episode,
    Hit,
    Phase,
    Reading,
)
from risk.domain.events import RULE

#: A breaker that a person let go above its level trips again at so much worse than then.
PARDON = 1.1


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that happened to a breaker in a step.

    Attributes
    ----------
    episode : Episode
        After it.
    """

    episode: Episode


class Tripped(Happening):
    """An episode began."""


class TrippedAgain(Happening):
    """A trip in probation."""


class Eased(Happening):
    """A step towards normal: into probation, or up its ramp."""


class Asked(Happening):
    """The greatest dwell has passed: a person must look."""


class Ended(Happening):
    """The episode is over."""


class Advanced(NamedTuple):
    """A breaker after a step.

    Attributes
    ----------
    state : BreakerState
    happenings : tuple of Happening
        In their order.
    refusal : str or None
        Why a person's release changed nothing; None if there was none, or it did.
    """

    state: BreakerState
    happenings: tuple[Happening, ...] = ()
    refusal: str | None = None


def advance(
    before: BreakerState | None,
    breaker: Breaker,
    definition: BreakerDefinition,
    sight: Sight,
    *,
    releases: Sequence[ReleaseBreaker] = (),
) -> Advanced:
    """A breaker after one more step.

    Parameters
    ----------
    before : BreakerState or None
        None for one that was not there.
    breaker : Breaker
        Made of `definition`.
    definition : BreakerDefinition
    sight : Sight
    releases : sequence of ReleaseBreaker
        People's, of this breaker, in their order.
    """
    at = sight.snapshot.at
    state = BreakerState(Phase.ARMED, at) if before is None else before
    memory, reading = breaker.observe(state.memory, sight)
    state = state._replace(
        memory=memory,
        reading=reading,
        read_at=state.read_at if reading is None else at,
    )
    turn = _Turn(breaker, definition, sight)
    state = turn.counted(state)
    match state.phase:
        case Phase.ARMED:
            return turn.from_armed(state, releases)
        case Phase.TRIPPED:
            return turn.from_tripped(state, releases)
        case Phase.PROBATION:
            return turn.from_probation(state, releases)


def trip_level(breaker: Breaker, state: BreakerState) -> float:
    """The level above which a breaker would trip now, in its unit.

    Parameters
    ----------
    breaker : Breaker
    state : BreakerState
    """
    level = breaker.trip
    if state.phase is Phase.PROBATION:
        level *= breaker.probation_trip
    if state.pardoned is not None:
        level = max(level, PARDON * state.pardoned)
    return level


def asked_from(state: BreakerState, definition: BreakerDefinition) -> datetime:
    """When a person is asked to look, or asked again, if the episode lasts until then.

    By the age of the episode: trips in probation must not put off the question for ever.

    Parameters
    ----------
    state : BreakerState
        Of a breaker that has tripped.
    definition : BreakerDefinition
    """
    episode = _known(state)
    last = episode.asked_at or episode.looked_at or episode.tripped_at
    return last + timedelta(hours=definition.greatest_hours)


def why_not_released(name: str, state: BreakerState, episode: str, at: datetime) -> str | None:
    """Why a breaker cannot be let go, one sentence; None if it can.

    Parameters
    ----------
    name : str
        The breaker's.
    state : BreakerState
    episode : str
        That the person saw.
    at : datetime
        The market's time. UTC.
    """
    match state.phase:
        case Phase.ARMED:
            return f"{name} is armed: there is nothing to let go"
        case Phase.PROBATION:
            return f"{name} is in probation already, and re-opens by itself"
        case Phase.TRIPPED:
            return _why_not_let_go(name, state, episode, at)


def _why_not_let_go(name: str, state: BreakerState, episode: str, at: datetime) -> str | None:
    known = _known(state)
    if episode != known.id:
        return f"{name} has tripped again since: its episode is {known.id}; look at that one"
    if state.until is not None and at < state.until:
        return f"{name} can be let go from {state.until:%Y-%m-%d %H:%M:%S} UTC on"
    return None


@dataclass(frozen=True)
class _Turn:
    """One step of one breaker."""

    breaker: Breaker
    definition: BreakerDefinition
    sight: Sight

    @property
    def at(self) -> datetime:
        return self.sight.snapshot.at

    # --- readings --------------------------------------------------------------------------

    def counted(self, state: BreakerState) -> BreakerState:
        """With the newest reading among those that confirm a trip, and among the worst."""
        reading = state.reading
        if reading is None:
            return state
        over = reading.holds and reading.value > trip_level(self.breaker, state)
        if state.pardoned is not None and reading.value <= self.breaker.trip:
            state = state._replace(pardoned=None)
        if state.hits and state.hits[-1].at >= self.at:
            # The same moment read twice is one reading; the worse of both counts.
            last = state.hits[-1]
            hits = (*state.hits[:-1], last._replace(over=last.over or over))
        else:
            hits = (*state.hits, Hit(self.at, over))[-self.definition.of :]
        return state._replace(hits=hits, episode=_worsened(state.episode, reading))

    def _confirmed(self, state: BreakerState) -> bool:
        # The newest must be one of them: a past that is over trips nothing.
        if state.reading is None or not state.hits or not state.hits[-1].over:
            return False
        return sum(hit.over for hit in state.hits) >= self.definition.confirm

    # --- steps -----------------------------------------------------------------------------

    def from_armed(self, state: BreakerState, releases: Sequence[ReleaseBreaker]) -> Advanced:
        refusal = self._why_not_released(state, releases[-1]) if releases else None
        if not self._confirmed(state):
            return Advanced(state, (), refusal)
        assert state.reading is not None, "confirmed by a reading"
        episode = self._new_episode(state.reading)
        tripped = state._replace(
            phase=Phase.TRIPPED,
            since=self.at,
            until=self._paused_until(episode, self.at),
            hits=(),
            episode=episode,
            pardoned=None,
        )
        return Advanced(tripped, (Tripped(episode=episode),), refusal)

    def from_tripped(self, state: BreakerState, releases: Sequence[ReleaseBreaker]) -> Advanced:
        episode = _known(state)
        until = max(state.until or self.at, self._paused_until(episode, state.since))
        state = state._replace(until=until)
        refusal = None
        for release in releases:
            refusal = self._why_not_released(state, release)
            if refusal is None:
                return self._into_probation(state, release)
        if self.at >= until and self._has_eased(state):
            return self._into_probation(state, None)._replace(refusal=refusal)
        return self._asked(state, refusal)

    def from_probation(self, state: BreakerState, releases: Sequence[ReleaseBreaker]) -> Advanced:
        episode = _known(state)
        refusal = self._why_not_released(state, releases[-1]) if releases else None
        if self._confirmed(state):
            return self._tripped_again(state, episode)._replace(refusal=refusal)
        if state.until is not None and self.at < state.until:
            return self._asked(state, refusal)
        if state.rung + 1 < len(RAMP):
            state = self._on_rung(state, state.rung + 1)
            return Advanced(state, (Eased(episode=episode),), refusal)
        return self.ended(state, RULE, "probation is over without a new trip")

    def ended(self, state: BreakerState, by: str, why: str) -> Advanced:
        """The breaker armed again, and its episode over."""
        over = _known(state)._replace(ended_at=self.at, ended_by=by, ended_why=why)
        armed = BreakerState(
            Phase.ARMED,
            self.at,
            memory=state.memory,
            reading=state.reading,
            read_at=state.read_at,
            pardoned=state.pardoned,
        )
        return Advanced(armed, (Ended(episode=over),))

    # --- parts -----------------------------------------------------------------------------

    def _new_episode(self, reading: Reading) -> Episode:
        return Episode(
            id=f"{self.breaker.name}/{self.sight.snapshot.id}",
            breaker=self.breaker.name,
            kind=self.breaker.kind,
            scope=self.breaker.scope,
            tripped_at=self.at,
            value=reading.value,
            threshold=self.breaker.trip,
            numerator=reading.numerator,
            denominator=reading.denominator,
            worst=reading.value,
            state=self.definition.state,
            cause=reading.words,
            imposed=self.definition.enabled,
        )

    def _paused_until(self, episode: Episode, since: datetime) -> datetime:
        """When the pause that began at `since` is over, by the worst that was seen."""
        reason = Activation(
            metric=episode.worst,
            threshold=episode.threshold,
            least=timedelta(hours=self.definition.least_hours),
            greatest=timedelta(hours=self.definition.greatest_hours),
            times=episode.retrips + 1,
        )
        until = since + calculate_pause_duration([reason])
        return max(until, self.breaker.shut_until(since) or until)

    def _has_eased(self, state: BreakerState) -> bool:
        if self.breaker.needs_person:
            return False
        if self.breaker.ends_by_time:
            return True
        return state.reading is not None and state.reading.easing <= self.breaker.release

    def _why_not_released(self, state: BreakerState, release: ReleaseBreaker) -> str | None:
        return why_not_released(self.breaker.name, state, release.episode, self.at)

    def _into_probation(self, state: BreakerState, release: ReleaseBreaker | None) -> Advanced:
        reading = state.reading
        over = reading is not None and reading.value > self.breaker.trip
        memory = self.breaker.rearmed(state.memory, self.sight)
        begun = self._on_rung(state._replace(memory=memory, hits=()), 0)
        if release is not None:
            episode = _known(begun)
            begun = begun._replace(
                pardoned=reading.value if over and reading is not None else None,
                episode=episode._replace(asked_at=None, looked_at=self.at),
            )
        return Advanced(begun, (Eased(episode=_known(begun)),))

    def _on_rung(self, state: BreakerState, rung: int) -> BreakerState:
        until = self.at + self.definition.rung_lasts
        return state._replace(phase=Phase.PROBATION, since=self.at, until=until, rung=rung)

    def _tripped_again(self, state: BreakerState, episode: Episode) -> Advanced:
        again = episode._replace(retrips=episode.retrips + 1)
        tripped = state._replace(
            phase=Phase.TRIPPED,
            since=self.at,
            until=self._paused_until(again, self.at),
            rung=0,
            hits=(),
            episode=again,
            pardoned=None,
        )
        return Advanced(tripped, (TrippedAgain(episode=again),))

    def _asked(self, state: BreakerState, refusal: str | None) -> Advanced:
        if self.at < asked_from(state, self.definition):
            return Advanced(state, (), refusal)
        asked = _known(state)._replace(asked_at=self.at)
        return Advanced(state._replace(episode=asked), (Asked(episode=asked),), refusal)


def _worsened(episode: Episode | None, reading: Reading) -> Episode | None:
    if episode is None or reading.value <= episode.worst:
        return episode
    return episode._replace(worst=reading.value)


def _known(state: BreakerState) -> Episode:
    assert state.episode is not None, "whatever tripped has an episode"
    return state.episode
