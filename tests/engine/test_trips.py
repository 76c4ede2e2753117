"""A trip is obeyed at once, whatever comes after it fails; exits always pass."""

from dataclasses import replace

import pytest

from risk.domain.breakers import BreakerDefinition
from risk.domain.events import Verdict
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from tests.books import BTC, book_of
from tests.engine.gates import VENUE, GateWorld, body_of, failed, measurable
from tests.engine.worlds import PORTFOLIO

HELD = 100_000.0


def breaking(state: TradingState, **changes: object) -> Policy:
    """A policy whose breaker trips once 1 % of the day's equity is lost."""
    breaker = BreakerDefinition(
        name="daily loss",
        kind="daily_loss",
        scope=Scope(ScopeKind.PORTFOLIO, PORTFOLIO),
        trip=0.01,
        release=0.005,
        state=state,
        greatest_hours=36.0,
    )
    return replace(measurable(), breakers=(replace(breaker, **changes),))


def world_of(policy: Policy) -> GateWorld:
    world = GateWorld(book_of({PositionKey("trend", BTC, VENUE): HELD}), policy)
    world.cycle()
    return world


def crash(world: GateWorld) -> None:
    world.prices[BTC] *= 0.5


def test_a_trip_is_obeyed_before_its_cycle_is_saved():
    """Disk, metrics, card and notification come after: none of them can hold it up."""
    world = world_of(breaking(TradingState.REDUCE_ONLY))
    assert world.ask(body_of("before"))["verdict"] == Verdict.APPROVE
    crash(world)

    world.gate.tighten(world.measured())

    answer = world.ask(body_of("after"))
    assert (answer["verdict"], answer["trading_state"]) == (Verdict.REJECT, "REDUCE_ONLY")
    assert failed(answer) == ["reductions_only"]


def test_what_was_not_saved_never_loosens_anything():
    world = world_of(breaking(TradingState.REDUCE_ONLY))
    calm = world.measured()
    crash(world)
    world.cycle()

    world.gate.tighten(calm)

    assert world.ask(body_of("after"))["verdict"] == Verdict.REJECT


def test_a_saved_cycle_says_what_holds_and_takes_the_place_of_what_was_foreseen():
    world = world_of(breaking(TradingState.REDUCE_ONLY))
    before = dict(world.prices)
    crash(world)
    world.gate.tighten(world.measured())

    world.prices = before
    world.cycle()

    assert world.ask(body_of("after"))["verdict"] == Verdict.APPROVE


@pytest.mark.parametrize("state", [TradingState.THROTTLED, TradingState.REDUCE_ONLY])
def test_exits_pass_in_full_whatever_has_tripped_short_of_a_halt(state):
    world = world_of(breaking(state, size=0.5))
    crash(world)
    world.cycle()

    answer = world.ask(body_of("exit", value=-0.9 * HELD))

    assert (answer["verdict"], answer["trading_state"]) == (Verdict.APPROVE, state.name)


def test_in_a_halt_an_exit_needs_to_be_an_emergency():
    world = world_of(breaking(TradingState.HALTED))
    crash(world)
    world.cycle()

    plain = world.ask(body_of("exit", value=-0.9 * HELD))
    future = world.gate.validate_order(
        body_of("urgent", value=-0.9 * HELD, emergency=True), sender="desk", may_emergency=True
    )
    world.write()

    assert plain["verdict"] == Verdict.REJECT
    assert b'"approve"' in future.result(timeout=0)


def test_a_throttle_lets_through_its_part_of_new_risk():
    world = world_of(breaking(TradingState.THROTTLED, size=0.25))
    crash(world)
    world.cycle()

    asked = body_of("more", value=400.0)
    answer = world.ask(asked)

    assert answer["verdict"] == Verdict.RESIZE
    assert answer["quantity"] == pytest.approx(0.25 * asked.quantity)


def test_a_trip_outlasts_a_restart_of_the_engine():
    world = world_of(breaking(TradingState.REDUCE_ONLY))
    before = dict(world.prices)
    crash(world)
    world.cycle()

    world.restart()
    world.prices = before
    world.cycle()

    assert world.ask(body_of("after"))["verdict"] == Verdict.REJECT


def test_one_that_flattens_asks_for_every_position_of_its_scope_to_be_closed():
    world = world_of(breaking(TradingState.REDUCE_ONLY, flatten=True))
    crash(world)
    world.cycle()

    (asked,) = world.record.state.open_reductions
    assert (asked.key.asset, asked.target_quantity) == (BTC, 0.0)
    assert "daily loss" in asked.reason
