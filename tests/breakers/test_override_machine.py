"""A breaker that people overrule, as a machine: whatever comes in whatever order, these laws hold.

Beside it runs a shadow that nobody overrules: what only masks a breaker must leave its course as
it is.
"""

from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from risk.breakers.evaluation import BreakersAfter, obeying
from risk.breakers.imposing import imposed_by, passes_by_rule, passes_of, stands_at
from risk.breakers.overriding import BLIND_STEPS, bearable
from risk.domain.actions import BreakerWord, OverrideBreaker
from risk.domain.breakers import (
    NO_BREAKERS,
    BreakerDefinition,
    Breakers,
    BreakerState,
    Phase,
)
from risk.domain.events import (
    ActionRefused,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    OverrideEnded,
)
from risk.domain.overrides import HOLDING, OverrideKind
from risk.domain.policy import Policy
from risk.domain.trading import TradingState
from tests.breakers.meters import (
    NOON,
    definition_of,
    meters,
    override_of,
    release_of,
    snapshot_at,
    stepped,
)
from tests.breakers.test_laws import restored

GREATEST = timedelta(hours=4)
MASKS = (OverrideKind.STEP_DOWN, OverrideKind.DISABLE, OverrideKind.END)

values = st.sampled_from([None, 0.5, 1.0, 1.5, 2.0, 2.1, 2.5, 50.0])
waits = st.sampled_from([0.0, 0.01, 1.0, 20.0, 61.0, 200.0])
ahead = st.sampled_from([-5.0, 0.5, 30.0, 90.0, 239.0, 600.0])
sizes = st.sampled_from([0.1, 0.25, 0.5, 0.7, 1.0])


class OverrideMachine(RuleBasedStateMachine):
    """Readings, people's words of every kind, right ones and wrong ones, and restarts."""

    kinds = tuple(OverrideKind)

    @initialize(
        kind=st.sampled_from(["meter", "timed_meter", "held_meter"]),
        confirm=st.integers(1, 3),
        state=st.sampled_from(
            [TradingState.THROTTLED, TradingState.REDUCE_ONLY, TradingState.HALTED]
        ),
    )
    def begin(self, kind: str, confirm: int, state: TradingState) -> None:
        self.definition: BreakerDefinition = definition_of(
            kind=kind,
            confirm=confirm,
            of=3,
            state=state,
            size=0.5,
            greatest_hours=GREATEST / timedelta(hours=1),
        )
        self.policy = Policy(breakers=(self.definition,))
        self.breakers: Breakers = NO_BREAKERS
        self.shadow: Breakers = NO_BREAKERS
        self.minutes, self.value, self.number = 0.0, None, 0
        self.told: list[type] = []
        self.overrides: list[tuple[type, int]] = []
        self.heard: Any = None

    # --- what happens ----------------------------------------------------------------------

    @rule(wait=waits, value=values)
    def reading(self, wait: float, value: float | None) -> None:
        self.step(wait, value)

    @rule(wait=waits, value=values, who=st.sampled_from(["ana", "ben"]))
    def let_go(self, wait: float, value: float | None, who: str) -> None:
        self.step(wait, value, release_of(self.episode, who=who))

    @rule(
        wait=waits,
        value=values,
        data=st.data(),
        minutes=ahead,
        size=sizes,
        looked=st.sampled_from([True, True, True, False]),
    )
    def override(
        self,
        wait: float,
        value: float | None,
        data: st.DataObject,
        minutes: float,
        size: float,
        looked: bool,
    ) -> None:
        kind = data.draw(st.sampled_from(self.kinds))
        self.step(wait, value, self.asks(kind, self.minutes + wait + minutes, size, looked=looked))

    @rule(value=values, data=st.data())
    @precondition(lambda self: self.number % 2)
    def two_officers(self, value: float | None, data: st.DataObject) -> None:
        """Who have looked at the same, and ask at once: one of them at the most has his way."""
        kinds = [data.draw(st.sampled_from(self.kinds)) for _ in range(2)]
        words = [self.asks(each, self.minutes + 61.0, 0.7, looked=True) for each in kinds]
        before = self.on
        after = self.step(1.0, value, *words)
        refused = {event.by for event in after.events if isinstance(event, ActionRefused)}
        begun = [event for event in after.events if isinstance(event, BreakerOverridden)]
        if begun:
            assert len(refused) == len(words) - 1 or kinds[0] is OverrideKind.END
            assert begun[0].action in {word.seq for word in words}
        else:
            assert refused or before is not None

    def asks(
        self, kind: OverrideKind, until: float, size: float, *, looked: bool
    ) -> OverrideBreaker:
        self.number += 1
        on, state = self.on, self.state
        return override_of(
            kind,
            None if kind is OverrideKind.END else until,
            seq=self.number,
            who=f"officer {self.number}",
            over=(on.action if on else 0) if looked else 999,
            episode=self.episode,
            size=size,
            retrips=None if state is None or state.episode is None else state.episode.retrips,
            value=None if state is None or state.reading is None else state.reading.value,
        )

    def step(self, wait: float, value: float | None, *words: BreakerWord) -> BreakersAfter:
        """One step; on the way it is held that the gate says the same, and that a restart may be.

        The gate obeys over the last step; the law is of that step taken once more.
        """
        if words and "meter" in self.breakers.states:
            self.gate_says_what_the_next_step_says(words)
        before = self.breakers.states.get("meter")
        self.minutes, self.value = self.minutes + wait, value
        snapshot = self.snapshot(*words)
        after = stepped(self.breakers, snapshot, self.definition)
        assert stepped(restored(self.breakers), snapshot, self.definition) == after
        refused = any(isinstance(event, ActionRefused) for event in after.events)
        self.shadow = self.shadowed(() if refused else words)
        self.breakers = after.breakers
        self.hear(after)
        self.steps_down_when_it_may(before, after)
        return after

    def snapshot(self, *words: BreakerWord) -> Any:
        return snapshot_at(
            self.minutes,
            self.value,
            releases=tuple(w for w in words if not isinstance(w, OverrideBreaker)),
            overrides=tuple(w for w in words if isinstance(w, OverrideBreaker)),
        )

    def shadowed(self, words: tuple[BreakerWord, ...]) -> Breakers:
        """The shadow hears releases of what it calls by another name, and nothing else."""
        state = self.shadow.states.get("meter")
        own = () if state is None or state.episode is None else (state.episode.id,)
        releases = tuple(
            release_of(episode, who=word.who)
            for word in words
            if not isinstance(word, OverrideBreaker) and word.episode == self.episode
            for episode in own
        )
        snapshot = snapshot_at(self.minutes, self.value, releases=releases)
        return stepped(self.shadow, snapshot, self.definition).breakers

    def hear(self, after: BreakersAfter) -> None:
        for event in after.events:
            if isinstance(event, BreakerActivated | BreakerDeactivated):
                self.told.append(type(event))
            if isinstance(event, BreakerOverridden | OverrideEnded):
                self.overrides.append((type(event), event.action))
        looked = any(
            isinstance(event, BreakerAsksPerson | BreakerActivated)
            or (isinstance(event, BreakerStepped) and event.by in ("ana", "ben"))
            for event in after.events
        )
        state = after.breakers.states["meter"]
        imposed = state.episode is not None and state.episode.imposed
        now = NOON + timedelta(minutes=self.minutes)
        self.heard = now if imposed and (looked or self.heard is None) else self.heard
        self.heard = self.heard if imposed else None

    # --- what it looks like ----------------------------------------------------------------

    @property
    def state(self) -> BreakerState | None:
        return self.breakers.states.get("meter")

    @property
    def on(self) -> Any:
        return None if self.state is None else self.state.override

    @property
    def episode(self) -> str:
        return "" if self.state is None or self.state.episode is None else self.state.episode.id

    def tightness(self, state: BreakerState) -> tuple[TradingState, float]:
        imposes, passes = stands_at(self.definition, state)
        return imposes, -passes

    # --- laws of a step --------------------------------------------------------------------

    def gate_says_what_the_next_step_says(self, words: tuple[BreakerWord, ...]) -> None:
        at = NOON + timedelta(minutes=self.minutes)
        with meters():
            obeyed = obeying(self.breakers, self.policy, words, at=at, cycle=f"{self.minutes:g}")
        said = list(imposed_by(obeyed, self.policy))
        step = stepped(self.breakers, self.snapshot(*words), self.definition)
        assert said == list(imposed_by(step.breakers, self.policy))

    def steps_down_when_it_may(self, before: BreakerState | None, after: BreakersAfter) -> None:
        now = after.breakers.states["meter"]
        if before is None or before.override is None or not before.override.holds:
            return
        if now.override is not None and now.override.action == before.override.action:
            assert self.tightness(now) >= self.tightness(before), "what is held got no looser"

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    @precondition(lambda self: getattr(self, "breakers", None) is not None)
    def trips_and_releases_alternate_and_so_do_overrides_and_their_ends(self) -> None:
        pairs = [BreakerActivated, BreakerDeactivated] * (len(self.told) // 2 + 1)
        assert self.told == pairs[: len(self.told)]
        for place, (kind, action) in enumerate(self.overrides):
            assert kind is (OverrideEnded if place % 2 else BreakerOverridden)
            assert not place % 2 or action == self.overrides[place - 1][1]
        assert len(self.overrides) % 2 == (self.on is not None)

    @invariant()
    @precondition(lambda self: getattr(self, "state", None) is not None)
    def none_outlives_its_expiry_nor_what_it_belongs_to(self) -> None:
        on, state = self.on, self.state
        if on is None or state is None:
            return
        assert on.expires > NOON + timedelta(minutes=self.minutes)
        if on.kind in HOLDING:
            hold = on.kind is OverrideKind.HOLD
            assert state.phase is Phase.TRIPPED or (hold and state.phase is Phase.PROBATION)
            assert state.until is not None
            assert state.until >= on.expires
        if on.kind is OverrideKind.STEP_DOWN:
            assert on.episode == self.episode
            assert len(on.missed) < BLIND_STEPS, "nobody knows what it lets new risk into"
            if state.reading is not None:
                assert state.reading.value <= bearable(self.definition.trip, on.measured)

    @invariant()
    @precondition(lambda self: getattr(self, "state", None) is not None)
    def what_is_imposed_is_the_rule_or_looser_only_by_a_person(self) -> None:
        on, state = self.on, self.state
        assert state is not None
        imposes, _ = stands_at(self.definition, state)
        kind = None if on is None else on.kind
        if kind is OverrideKind.DISABLE or state.phase is Phase.ARMED:
            assert imposes is TradingState.NORMAL
        else:
            by_rule = passes_by_rule(self.definition, state)
            wanted = max(by_rule, on.size) if kind is OverrideKind.STEP_DOWN else by_rule
            assert passes_of(self.definition, state) == wanted
            if state.phase is Phase.TRIPPED and kind is not OverrideKind.STEP_DOWN:
                assert imposes is self.definition.state

    @invariant()
    @precondition(lambda self: getattr(self, "state", None) is not None)
    def no_trip_outlives_its_greatest_dwell_without_asking_a_person(self) -> None:
        if self.heard is not None:
            assert NOON + timedelta(minutes=self.minutes) - self.heard < GREATEST


class MaskMachine(OverrideMachine):
    """Only what masks: beneath, everything is as if nobody had overruled it."""

    kinds = MASKS

    @invariant()
    @precondition(lambda self: getattr(self, "state", None) is not None)
    def its_course_goes_on_beneath(self) -> None:
        state, shadow = self.state, self.shadow.states["meter"]
        assert state is not None
        assert _course(state) == _course(shadow)
        if self.on is None:
            # Whatever it was overruled by: afterwards it imposes what it would have.
            assert stands_at(self.definition, state) == stands_at(self.definition, shadow)


def _course(state: BreakerState) -> tuple[object, ...]:
    retrips = 0 if state.episode is None else state.episode.retrips
    worst = None if state.episode is None else state.episode.worst
    bare = state._replace(episode=None, override=None)
    return bare, retrips, worst


TestOverrides = OverrideMachine.TestCase
TestOverrides.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestMasks = MaskMachine.TestCase
TestMasks.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
