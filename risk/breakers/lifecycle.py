"""What happens to a breaker after a reading: trip, pause, probation, re-arming. Pure.

::

    ARMED --over the trip level--> TRIPPED --pause over, eased--> PROBATION 25, 50, 100 % --> ARMED
                                      ^                               |
                                      +------- over it again ---------+   (the pause doubles)

A trip in probation imposes all of it again: a ramp that only fell back a rung would leave half the
size on in the very fall that it is there for (docs/decisions/breakers.md). Once an episode is as
old as the greatest dwell a person is asked, and asked again; he may let it go into probation, never
past it. What else people may do to it for a while, its course goes on beneath
(:mod:`risk.breakers.overriding`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from risk.breakers.base import Breaker, Sight
from risk.breakers.happenings import (
    Advanced,
    Asked,
    Eased,
    Ended,
    Happening,
    Overridden,
    OverrideOver,
    Refused,
    Tripped,
    TrippedAgain,
)
from risk.breakers.overriding import (
    BLIND_STEPS,
    PARDON,
    bearable,
    begun,
    in_words,
    is_disabled,
    lifted,
    until_by_rule,
    why_not_overridden,
    with_missed,
    with_until,
)
from risk.breakers.pausing import Activation, calculate_pause_duration
from risk.domain.actions import BreakerWord, OverrideBreaker, ReleaseBreaker
from risk.domain.breakers import (
    RAMP,
    BreakerDefinition,
    BreakerState,
    Episode,
    Hit,
    Memory,
    Phase,
    Reading,
)
from risk.domain.events import RULE
from risk.domain.overrides import Override, OverrideKind


def advance(
    before: BreakerState | None,
    breaker: Breaker,
    definition: BreakerDefinition,
    sight: Sight,
    *,
    words: Sequence[BreakerWord] = (),
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
    words : sequence of ReleaseBreaker and OverrideBreaker
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
    turn = _Turn(
        breaker,
        definition,
        at,
        sight.snapshot.id,
        rearmed=lambda kept: breaker.rearmed(kept, sight),
    )
    return turn.taken(turn.counted(state), words)


def heard(
    before: BreakerState | None,
    breaker: Breaker,
    definition: BreakerDefinition,
    words: Sequence[BreakerWord],
    *,
    at: datetime,
    cycle: str,
) -> Advanced:
    """A breaker after people's words between two steps: nothing is measured anew.

    It imposes what the next step would let it impose, were the market to stand still.

    Parameters
    ----------
    before : BreakerState or None
        After the last step.
    breaker : Breaker
        Made of `definition`.
    definition : BreakerDefinition
    words : sequence of ReleaseBreaker and OverrideBreaker
        Of this breaker, in their order.
    at : datetime
        The market's time of the last step. UTC.
    cycle : str
        Its id.
    """
    state = BreakerState(Phase.ARMED, at) if before is None else before
    turn = _Turn(breaker, definition, at, cycle, rearmed=lambda kept: kept)
    # What was measured counts as the next step would count it: it may have stepped on since.
    return turn.taken(turn.counted(state), words)


def trip_level(breaker: Breaker, state: BreakerState) -> float:
    """The level above which a breaker would trip now, in its unit.

    Parameters
    ----------
    breaker : Breaker
    state : BreakerState
    """
    level = breaker.trip
    # What only a hand has tripped was measured as ever, and is not measured from there.
    if state.phase is Phase.PROBATION and not _known(state).by_hand_alone:
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
    known, on = _known(state), state.override
    if episode != known.id:
        return f"{name} has tripped again since: its episode is {known.id}; look at that one"
    if on is not None and on.holds:
        return f"{name} is {in_words(on)} by {on.by}: end that override first"
    if state.until is not None and at < state.until:
        return f"{name} can be let go from {state.until:%Y-%m-%d %H:%M:%S} UTC on"
    return None


@dataclass(frozen=True)
class _Turn:
    """One step of one breaker, or what people say between two."""

    breaker: Breaker
    definition: BreakerDefinition
    at: datetime
    cycle: str
    rearmed: Callable[[Memory | None], Memory | None]

    # --- readings --------------------------------------------------------------------------

    def counted(self, state: BreakerState) -> BreakerState:
        """With the newest reading among those that confirm a trip, and among the worst."""
        state = with_missed(state, self.at)
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

    # --- a step ----------------------------------------------------------------------------

    def taken(self, state: BreakerState, words: Sequence[BreakerWord]) -> Advanced:
        """What is over ends, people are heard in their order, and then its rule."""
        told, refusals, let_go = list[Happening](), list[Refused](), False
        if state.override is not None and self.at >= state.override.expires:
            state = self._end_override(state, told, "its time is over", RULE)
        for word in words:
            refusal = self._why_not(state, word)
            if refusal is not None:
                refusals.append(Refused(word, refusal))
            elif isinstance(word, ReleaseBreaker):
                state, let_go = self._into_probation(state, told, word), True
            else:
                state = self._override(state, told, word)
        if not let_go:
            state = self._by_rule(state, told)
        # Whoever lets it go does not let through more of what got worse meanwhile.
        state = self._without_outdated(state, told)
        return Advanced(self._asked(state, told), tuple(told), tuple(refusals))

    def _why_not(self, state: BreakerState, word: BreakerWord) -> str | None:
        if isinstance(word, ReleaseBreaker):
            return why_not_released(self.breaker.name, state, word.episode, self.at)
        return why_not_overridden(self.definition, state, word.wish, self.at)

    def _by_rule(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        match state.phase:
            case Phase.ARMED:
                state = self._from_armed(state, told)
            case Phase.TRIPPED:
                state = self._from_tripped(state, told)
            case Phase.PROBATION:
                state = self._from_probation(state, told)
        return state

    def _without_outdated(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        why = self._why_outdated(state)
        return state if why is None else self._end_override(state, told, why, RULE)

    def _from_armed(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        if not self._confirmed(state):
            return state
        assert state.reading is not None, "confirmed by a reading"
        return self._trip(state, told, state.reading.words, self.cycle, None)

    def _from_tripped(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        by_rule = max(
            until_by_rule(state) or self.at, self._paused_until(_known(state), state.since)
        )
        state = with_until(state, by_rule)
        if self.at < (state.until or by_rule) or not self._has_eased(state):
            return state
        return self._into_probation(state, told, None)

    def _from_probation(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        if self._confirmed(state):
            return self._trip_again(self._without_step_down(state, told), told, None)
        if state.until is not None and self.at < state.until:
            return state
        if state.rung + 1 < len(RAMP):
            state = self._on_rung(state, state.rung + 1)
            told.append(Eased(state=state, episode=_known(state)))
            return state
        return self._end(state, told)

    # --- trips -----------------------------------------------------------------------------

    def _trip(
        self,
        state: BreakerState,
        told: list[Happening],
        cause: str,
        place: str,
        by: OverrideBreaker | None,
    ) -> BreakerState:
        reading = state.reading or _UNMEASURED
        episode = Episode(
            id=f"{self.breaker.name}/{place}",
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
            cause=cause,
            imposed=self.definition.enabled and not is_disabled(state),
            tripped_by="" if by is None else by.who,
        )
        tripped = state._replace(
            phase=Phase.TRIPPED,
            since=self.at,
            until=self._paused_until(episode, self.at),
            hits=(),
            episode=episode,
            pardoned=None,
        )
        told.append(Tripped(state=tripped, episode=episode, by=by))
        return tripped

    def _trip_again(
        self, state: BreakerState, told: list[Happening], by: OverrideBreaker | None
    ) -> BreakerState:
        episode = _known(state)
        if by is None:
            episode = episode._replace(retrips=episode.retrips + 1)
        state = state._replace(
            phase=Phase.TRIPPED, since=self.at, rung=0, hits=(), episode=episode, pardoned=None
        )
        state = with_until(state, self._paused_until(episode, self.at))
        told.append(TrippedAgain(state=state, episode=episode, by=by))
        return state

    def _paused_until(self, episode: Episode, since: datetime) -> datetime:
        """When the pause that began at `since` is over, by the worst that was seen."""
        if episode.by_hand_alone:
            return since
        reason = Activation(
            metric=episode.worst,
            threshold=episode.threshold,
            least=timedelta(hours=self.definition.least_hours),
            greatest=timedelta(hours=self.definition.greatest_hours),
            times=episode.retrips + 1,
        )
        until = since + calculate_pause_duration([reason])
        return max(until, self.breaker.shut_until(since) or until)

    # --- the way back ----------------------------------------------------------------------

    def _has_eased(self, state: BreakerState) -> bool:
        if self.breaker.needs_person:
            return False
        # Its rule found nothing: what a person tripped for a while ends by time.
        if self.breaker.ends_by_time or _known(state).by_hand_alone:
            return True
        return state.reading is not None and state.reading.easing <= self.breaker.release

    def _into_probation(
        self, state: BreakerState, told: list[Happening], release: ReleaseBreaker | None
    ) -> BreakerState:
        reading, episode = state.reading, _known(state)
        over = reading is not None and reading.value > self.breaker.trip
        # A hand that tripped it for a moment must not move what it is measured from.
        memory = state.memory if episode.by_hand_alone else self.rearmed(state.memory)
        begins = self._on_rung(state._replace(memory=memory, hits=()), 0)
        if release is not None:
            begins = begins._replace(
                pardoned=reading.value if over and reading is not None else None,
                episode=episode._replace(asked_at=None, looked_at=self.at),
            )
        told.append(Eased(state=begins, episode=_known(begins), by=release))
        return begins

    def _on_rung(self, state: BreakerState, rung: int) -> BreakerState:
        on = state._replace(phase=Phase.PROBATION, since=self.at, rung=rung)
        return with_until(on, self.at + self.definition.rung_lasts)

    def _end(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        """The breaker armed again, and its episode over."""
        armed = BreakerState(
            Phase.ARMED,
            self.at,
            memory=state.memory,
            reading=state.reading,
            read_at=state.read_at,
            pardoned=state.pardoned,
            override=state.override,
        )
        over = _over(state, self.at, RULE, "probation is over without a new trip")
        told.append(Ended(state=armed, episode=over))
        return armed

    def _asked(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        if state.episode is None or self.at < asked_from(state, self.definition):
            return state
        episode = state.episode._replace(asked_at=self.at)
        state = state._replace(episode=episode)
        told.append(Asked(state=state, episode=episode))
        return state

    # --- people ----------------------------------------------------------------------------

    def _override(
        self, state: BreakerState, told: list[Happening], asked: OverrideBreaker
    ) -> BreakerState:
        before, so = state.override, list[Happening]()
        stays_off = is_disabled(state) and asked.kind is OverrideKind.DISABLE
        if before is not None and stays_off:
            state = lifted(state)
            told.append(_over_of(before, state, f"renewed: {asked.reason}", asked.who))
        elif before is not None:
            told_why = "" if asked.kind is OverrideKind.END else "another takes its place: "
            state = self._end_override(state, told, f"{told_why}{asked.reason}", asked.who)
        if asked.kind is OverrideKind.END:
            return state
        if asked.kind is OverrideKind.TRIP:
            state = self._trip_by_hand(state, so, asked)
        state = begun(state, asked, self.at)
        # A trip by hand is told with the expiry until which it holds, not with its rule's pause.
        so = [replace(each, state=state) for each in so]
        if asked.kind is OverrideKind.DISABLE and not stays_off:
            why = f"{in_words(_on(state))} by {asked.who}: {asked.reason}"
            state = self._switched(state, so, asked.who, why, f"{self.cycle}-{asked.seq}")
        told.append(Overridden(state=state, override=_on(state)))
        told += so
        return state

    def _trip_by_hand(
        self, state: BreakerState, told: list[Happening], asked: OverrideBreaker
    ) -> BreakerState:
        """Tripped, with a pause that its rule alone would give it: none, unless it agrees."""
        cause = f"tripped by hand by {asked.who}: {asked.reason}"
        match state.phase:
            case Phase.ARMED:
                return self._trip(state, told, cause, f"{self.cycle}-{asked.seq}", asked)
            case Phase.PROBATION:
                return self._trip_again(state, told, asked)
            case Phase.TRIPPED:
                return state

    def _end_override(
        self, state: BreakerState, told: list[Happening], why: str, by: str
    ) -> BreakerState:
        over, so = _on(state), list[Happening]()
        was_off = is_disabled(state)
        state = lifted(state)
        if was_off and self.definition.enabled:
            place = f"{self.cycle}-after-{over.action}"
            state = self._switched(state, so, by, "the override is over", place)
        told.append(_over_of(over, state, why, by))
        told += so
        return state

    def _switched(
        self, state: BreakerState, told: list[Happening], by: str, why: str, place: str
    ) -> BreakerState:
        """Where it stands, from an episode that imposes to one that only records, or back.

        Its course goes on, so that nobody gains or loses a pause by it.
        """
        if state.episode is None:
            return state
        over = _over(state, self.at, by, why)
        episode = state.episode._replace(
            id=f"{self.breaker.name}/{place}",
            tripped_at=self.at,
            imposed=self.definition.enabled and not is_disabled(state),
            asked_at=None,
            looked_at=None,
        )
        state = state._replace(episode=episode)
        told.append(Ended(state=state, episode=over))
        told.append(Tripped(state=state, episode=episode))
        return state

    def _without_step_down(self, state: BreakerState, told: list[Happening]) -> BreakerState:
        if state.override is None or state.override.kind is not OverrideKind.STEP_DOWN:
            return state
        return self._end_override(state, told, "it tripped again", RULE)

    def _why_outdated(self, state: BreakerState) -> str | None:
        """Why an override does not fit any more what its breaker does by its rule."""
        on, reading = state.override, state.reading
        if on is None or on.kind is OverrideKind.DISABLE:
            return None
        if state.episode is None:
            return "its episode is over"
        if on.kind is not OverrideKind.STEP_DOWN:
            return None
        if reading is None:
            return _UNSEEN if len(on.missed) >= BLIND_STEPS else None
        if reading.value <= bearable(self.breaker.trip, on.measured):
            return None
        return f"{reading.words}, worse than when it was overridden"


#: By its rule, what cannot be measured does not re-open.
_UNSEEN = f"it could not be measured {BLIND_STEPS} times in a row"
#: Of a breaker that a hand tripped though it could not be measured.
_UNMEASURED = Reading(0.0, 0.0)


def _over(state: BreakerState, at: datetime, by: str, why: str) -> Episode:
    return _known(state)._replace(ended_at=at, ended_by=by, ended_why=why)


def _over_of(over: Override, state: BreakerState, why: str, by: str) -> OverrideOver:
    return OverrideOver(state=state, override=over, why=why, by=by)


def _worsened(episode: Episode | None, reading: Reading) -> Episode | None:
    if episode is None or reading.value <= episode.worst:
        return episode
    return episode._replace(worst=reading.value)


def _known(state: BreakerState) -> Episode:
    assert state.episode is not None, "whatever tripped has an episode"
    return state.episode


def _on(state: BreakerState) -> Override:
    assert state.override is not None, "whoever ends an override has one"
    return state.override
