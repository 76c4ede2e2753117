"""The gate obeys what people ask of breakers between two cycles, as the next step says it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from risk.domain.actions import BreakerWord, OverrideBreaker, ReleaseBreaker
from risk.domain.breakers import BreakerDefinition, Breakers, BreakerState, Phase
from risk.domain.decisions import ReasonCode
from risk.domain.events import BreakerOverridden, OverrideEnded, Verdict
from risk.domain.market import Trust
from risk.domain.overrides import OverrideKind
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Standing
from risk.domain.trading import TradingState
from risk.manager import RiskManager, step
from risk.manager.standings import standings_of
from tests.books import BTC, ETH, book_of, marks_of
from tests.engine.gates import VENUE, GateWorld, body_of, failed
from tests.engine.test_gate_machine import request_of
from tests.engine.test_trips import HELD, breaking, crash, world_of
from tests.policies import WHOLE, definition, policy_of

TRIP, HOLD, EXTEND, STEP_DOWN, DISABLE, END = OverrideKind
NAME = "daily loss"


def asks(world: GateWorld, kind: OverrideKind, *, name: str = NAME, **told: Any) -> OverrideBreaker:
    """Somebody who has looked at the last cycle overrides a breaker for an hour."""
    state = world.record.state.breakers.states[name]
    on = state.override
    asked = OverrideBreaker(
        seq=world.next_seq,
        at=world.clock.now(),
        who="ana",
        breaker=name,
        kind=kind,
        reason="looked at it",
        expires=None if kind is END else world.clock.now() + timedelta(hours=1),
        seen_episode="" if state.episode is None else state.episode.id,
        seen_action=0 if on is None else on.action,
    )
    return replace(asked, **told)


def calm(state: TradingState = TradingState.REDUCE_ONLY, **changes: object) -> GateWorld:
    return world_of(breaking(state, **changes))


def tripped(state: TradingState = TradingState.REDUCE_ONLY, **changes: object) -> GateWorld:
    world = calm(state, **changes)
    crash(world)
    world.cycle()
    return world


# --- tightening and loosening --------------------------------------------------------------


def test_a_trip_by_hand_holds_from_the_next_order_on_before_any_cycle():
    world = calm()
    assert world.ask(body_of("before"))["verdict"] == Verdict.APPROVE

    world.say(asks(world, TRIP))

    answer = world.ask(body_of("after"))
    assert (answer["verdict"], answer["trading_state"]) == (Verdict.REJECT, "REDUCE_ONLY")
    assert failed(answer) == [ReasonCode.REDUCTIONS_ONLY.value]
    assert answer["action_seq"] == 1
    exits = world.ask(body_of("exit", value=-0.5 * HELD))
    assert exits["verdict"] == Verdict.APPROVE


@pytest.mark.parametrize("kind", [STEP_DOWN, DISABLE])
def test_what_loosens_holds_from_the_next_order_on_too(kind):
    world = tripped()
    assert world.ask(body_of("before"))["verdict"] == Verdict.REJECT

    world.say(asks(world, kind, size=0.25))

    asked = body_of("after", value=400.0)
    answer = world.ask(asked)
    if kind is DISABLE:
        assert (answer["verdict"], answer["trading_state"]) == (Verdict.APPROVE, "NORMAL")
    else:
        assert (answer["verdict"], answer["trading_state"]) == (Verdict.RESIZE, "THROTTLED")
        assert answer["quantity"] == pytest.approx(0.25 * asked.quantity)


def test_a_release_holds_from_the_next_order_on():
    world = calm(kind="agent_runaway", trip=60.0, release=0.0)
    world.say(asks(world, TRIP, expires=world.clock.now() + timedelta(minutes=1)))
    world.cycle()
    world.clock.advance(timedelta(minutes=2))
    world.cycle()
    assert world.ask(body_of("before"))["trading_state"] == "REDUCE_ONLY", "it needs a person"

    world.say(
        ReleaseBreaker(
            seq=world.next_seq,
            at=world.clock.now(),
            who="ana",
            breaker=NAME,
            episode=world.record.state.breakers.states[NAME].episode.id,
            reason="looked at it",
        )
    )

    assert world.ask(body_of("after"))["trading_state"] == "THROTTLED"


def test_the_end_of_an_override_is_obeyed_at_once_too():
    world = tripped()
    world.say(asks(world, STEP_DOWN, size=0.5))
    world.cycle()
    world.say(asks(world, END))

    assert world.ask(body_of("after"))["trading_state"] == "REDUCE_ONLY"


def test_what_the_engine_will_refuse_is_not_obeyed():
    world = tripped()
    before = world.gate._common.answering._standings

    world.say(asks(world, STEP_DOWN, seen_episode="another/1", size=1.0))

    assert world.gate._common.answering._standings == before
    world.cycle()
    assert world.ask(body_of("after"))["trading_state"] == "REDUCE_ONLY"


def test_the_cycle_that_takes_it_in_tells_of_it_once_and_the_gate_says_the_same():
    world = tripped()
    world.say(asks(world, STEP_DOWN, size=0.5))
    before = world.ask(body_of("before"))["trading_state"]
    world.cycle()
    told = [type(e) for e in world.record.events if isinstance(e, BreakerOverridden)]
    world.cycle()

    assert (before, told) == ("THROTTLED", [BreakerOverridden])
    assert world.ask(body_of("after"))["trading_state"] == "THROTTLED"
    assert not [e for e in world.record.events if isinstance(e, BreakerOverridden)]


def test_it_ends_at_its_expiry_by_the_markets_time_and_outlives_a_restart():
    world = tripped()
    world.say(asks(world, STEP_DOWN, size=0.5))
    world.cycle()
    world.restart()
    assert world.ask(body_of("restarted"))["trading_state"] == "THROTTLED"

    world.clock.advance(timedelta(hours=1))
    world.cycle()

    assert [e.why for e in world.record.events if isinstance(e, OverrideEnded)] == [
        "its time is over"
    ]
    assert world.ask(body_of("over"))["trading_state"] == "REDUCE_ONLY"


def test_a_restart_before_the_cycle_obeys_what_waits_once_it_is_heard():
    world = tripped()
    world.say(asks(world, STEP_DOWN, size=0.5))

    world.restart()
    world.gate.take_actions(world.said)

    assert world.ask(body_of("after"))["trading_state"] == "THROTTLED"


# --- beside a cycle that is being saved ----------------------------------------------------


def test_a_cycle_that_did_not_know_of_it_does_not_shut_again_what_a_person_opened():
    """It was read before the person asked, and is saved after."""
    world = tripped()
    late = world.measured()
    world.say(asks(world, STEP_DOWN, size=0.5))

    world.gate.tighten(late)
    saving = world.ask(body_of("saving"))["trading_state"]
    world.gate.serve(late)

    assert (saving, world.ask(body_of("saved"))["trading_state"]) == ("THROTTLED", "THROTTLED")


def test_one_that_gets_worse_shuts_again_before_its_cycle_is_saved():
    world = tripped()
    world.say(asks(world, STEP_DOWN, size=0.5))
    world.cycle()
    assert world.ask(body_of("before"))["trading_state"] == "THROTTLED"

    world.prices[BTC] *= 0.3
    world.gate.tighten(world.measured())

    assert world.ask(body_of("after"))["trading_state"] == "REDUCE_ONLY"


def test_another_breaker_that_trips_in_it_is_obeyed_before_it_is_saved():
    policy = breaking(TradingState.REDUCE_ONLY)
    second = replace(policy.breakers[0], name="second", trip=0.6, release=0.5)
    world = world_of(replace(policy, breakers=(*policy.breakers, second)))
    crash(world)
    world.cycle()
    world.say(asks(world, DISABLE))
    assert world.ask(body_of("open"))["trading_state"] == "NORMAL"

    world.prices[BTC] *= 0.2
    world.gate.tighten(world.measured())

    assert world.ask(body_of("shut"))["trading_state"] == "REDUCE_ONLY"


# --- the law -------------------------------------------------------------------------------

TREND, COIN = Scope(ScopeKind.STRATEGY, "trend"), Scope(ScopeKind.ASSET, ETH)
NAMES = ("whole", "strategy", "coin", "switched off")


def several() -> tuple[BreakerDefinition, ...]:
    """On the whole book, on a strategy, one that cannot be measured, and one that is off."""
    common = {"trip": 0.02, "release": 0.01, "least_hours": 0.5, "greatest_hours": 3.0}
    return (
        BreakerDefinition(name="whole", kind="daily_loss", scope=WHOLE, **common),
        BreakerDefinition(
            name="strategy",
            kind="drawdown",
            scope=TREND,
            state=TradingState.THROTTLED,
            probation_hours=0.5,
            **common,
        ),
        BreakerDefinition(
            name="coin",
            kind="market_volatility",
            scope=COIN,
            state=TradingState.HALTED,
            **{**common, "trip": 2.0, "release": 1.5},
        ),
        BreakerDefinition(
            name="switched off", kind="daily_loss", scope=WHOLE, enabled=False, **common
        ),
    )


class OverriddenGateMachine(RuleBasedStateMachine):
    """Markets, people's words, latches, doubt and restarts; after each word the law is held."""

    def __init__(self) -> None:
        super().__init__()
        holdings = {PositionKey("trend", BTC, VENUE): 4e5, PositionKey("dip", ETH, VENUE): -1e5}
        policy = policy_of(definition("gross_exposure", hard=0.9))
        self.world = GateWorld(book_of(holdings), replace(policy, breakers=several()))
        self.world.cycle()
        self.number = 0
        self.latched = False

    @rule(moved=st.sampled_from((0.9, 0.97, 1.0, 1.08)), minutes=st.sampled_from((0.02, 11, 40)))
    def cycle(self, moved: float, minutes: float) -> None:
        self.world.clock.advance(timedelta(minutes=minutes))
        self.world.prices = {asset: moved * p for asset, p in self.world.prices.items()}
        self.world.cycle()

    @rule(
        name=st.sampled_from(NAMES),
        kind=st.sampled_from(list(OverrideKind)),
        minutes=st.sampled_from((-1, 1, 45, 200)),
        size=st.sampled_from((0.1, 0.25, 0.6, 1.0)),
        wrong=st.integers(0, 5),
    )
    def override(
        self, name: str, kind: OverrideKind, minutes: int, size: float, wrong: int
    ) -> None:
        asked = asks(self.world, kind, name=name, size=size)
        if kind is not END:
            expires = self.world.clock.now() + timedelta(minutes=minutes)
            asked = replace(asked, expires=expires)
        if wrong == 0:
            asked = replace(asked, seen_action=asked.seen_action + 1)
        self.say(asked)

    @rule(name=st.sampled_from(NAMES))
    def let_go(self, name: str) -> None:
        episode = self.world.record.state.breakers.states[name].episode
        self.say(
            ReleaseBreaker(
                seq=self.world.next_seq,
                at=self.world.clock.now(),
                who="ben",
                breaker=name,
                episode="" if episode is None else episode.id,
                reason="looked at it",
            )
        )

    @rule(scope=st.sampled_from((WHOLE, TREND)))
    @precondition(lambda self: not self.latched and not self.world.said)
    def latch(self, scope: Scope) -> None:
        """Before anybody speaks of breakers: the fake journal numbers latches alone."""
        self.world.gate.latch(scope, TradingState.REDUCE_ONLY, who="ana", reason="a drill")
        self.world.write()
        self.latched = True
        self.world.cycle()

    @rule()
    def restart(self) -> None:
        self.world.write()
        self.world.restart()
        self.world.gate.take_actions(self.world.said)

    def say(self, word: BreakerWord) -> None:
        self.world.say(word)
        after = self.next_step()
        said = self.standings()
        assert said == after.state.standings
        self.orders_are_answered_by_it(after.state)
        self.nothing_else_is_lifted(after)

    def next_step(self) -> Any:
        """The same snapshot once more, with what people asked since."""
        record = self.world.record
        later = [w for w in self.world.said if w.seq > record.state.action_seq]
        snapshot = replace(
            record.snapshot,
            releases=tuple(w for w in later if isinstance(w, ReleaseBreaker)),
            overrides=tuple(w for w in later if isinstance(w, OverrideBreaker)),
            latch_changes=(),
            conduct={},
        )
        return step(record.state, snapshot)

    def standings(self) -> Any:
        return self.world.gate._common.answering._standings

    def orders_are_answered_by_it(self, state: Any) -> None:
        """As a manager says that is made for the state after that step."""
        self.number += 1
        body = body_of(f"o{self.number}", ETH, 500.0, strategy="dip")
        before = self.world.gate.view().snapshot
        answer = self.world.ask(body)
        expected = RiskManager(state, before).validate_order(request_of(body))
        assert (answer["verdict"], answer["trading_state"]) == (
            expected.verdict.value,
            expected.trading_state.name,
        )
        if answer["verdict"] != "reject":
            self.world.cancel(body.client_order_id)

    def nothing_else_is_lifted(self, after: Any) -> None:
        """Without the breaker that is overruled, everything would hold that holds now."""
        state = after.state
        for name, stands in state.breakers.states.items():
            if stands.override is None:
                continue
            gone = BreakerState(Phase.ARMED, stands.since)
            without = replace(state, breakers=Breakers({**state.breakers.states, name: gone}, {}))
            others = standings_of(
                without,
                self.world.record.snapshot,
                after.assessment,
                before=state.standings,
                latches=state.latches,
            )
            for scope, standing in others.items():
                assert _tightness(state.standings[scope]) >= _tightness(standing), name


def _tightness(standing: Standing) -> tuple[TradingState, float]:
    return standing.state, -standing.size


TestOverriddenGate = OverriddenGateMachine.TestCase
TestOverriddenGate.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("kind", [STEP_DOWN, DISABLE])
def test_no_override_lifts_a_latch_a_limit_another_breaker_or_doubt(kind):
    policy = breaking(TradingState.REDUCE_ONLY)
    for hold in ("latch", "limit", "breaker", "doubt"):
        second = replace(policy.breakers[0], name="second", trip=0.02)
        limited = policy_of(definition("gross_exposure", hard=0.01))
        world = world_of(
            replace(
                policy,
                breakers=(*policy.breakers, second) if hold == "breaker" else policy.breakers,
                limits=limited.limits if hold == "limit" else policy.limits,
            )
        )
        crash(world)
        if hold == "latch":
            world.gate.latch(WHOLE, TradingState.REDUCE_ONLY, who="ben", reason="a drill")
            world.write()
        world.cycle()
        if hold == "doubt":
            stale = marks_of(world.prices, at=world.clock.now(), trusts={BTC: Trust.STALE})
            doubtful = replace(world.record.snapshot, marks=stale, latch_changes=())
            world.record = replace(
                world.record, snapshot=doubtful, state=step(world.record.state, doubtful).state
            )
            world.gate.serve(world.record)
        world.say(asks(world, kind, size=1.0))
        for moment in ("heard", "taken in"):
            answer = world.ask(body_of(f"{hold}-{moment}"))
            assert answer["verdict"] == Verdict.REJECT, (hold, moment)
            if hold == "doubt":
                break
            world.cycle()
