"""What the journal tells of signals: changed verdicts, now and then the rest, never a flood."""

from datetime import timedelta

import msgspec
import pytest

from risk.domain.events import SignalValidation, Verdict
from risk.domain.messages import SignalBody
from risk.domain.orders import Side
from risk.engine.gate import signals
from tests.books import BTC, ETH, PRICES
from tests.engine.gates import VENUE, GateWorld
from tests.policies import definition, policy_of

SIGNAL = SignalBody(
    portfolio="demo", strategy="trend", asset=BTC, side=Side.SELL, quantity=0.01, venue=VENUE
)


@pytest.fixture
def world() -> GateWorld:
    return GateWorld(policy=policy_of(definition("gross_exposure", hard=0.010)))


def ask(world: GateWorld, **changes) -> Verdict:
    return world.gate.validate_signal(msgspec.structs.replace(SIGNAL, **changes)).verdict


def told(world: GateWorld) -> list[SignalValidation]:
    world.write()
    return [each for each in world.journal.events if isinstance(each, SignalValidation)]


def test_a_signal_is_told_with_its_sign_its_size_and_what_decided(world):
    assert ask(world) is Verdict.APPROVE
    assert ask(world, quantity=2e4 / PRICES[ETH], asset=ETH) is Verdict.RESIZE

    plain, resized = told(world)
    assert (plain.strategy, plain.asset, plain.reasons) == ("trend", BTC, ())
    assert (plain.requested_quantity, plain.allowed_quantity) == (-0.01, -0.01)
    assert resized.requested_quantity < resized.allowed_quantity < 0.0
    assert resized.reasons == ("gross_exposure",)


def test_the_answer_does_not_wait_for_the_journal(world):
    ask(world)

    assert world.journal.events == []
    assert len(told(world)) == 1


def test_what_is_asked_again_is_told_when_its_verdict_changes_or_a_minute_passed(world):
    for _ in range(3):
        ask(world)
    ask(world, quantity=1.0)
    ask(world, quantity=2.0)
    ask(world, side=Side.BUY)
    assert [each.verdict for each in told(world)] == ["approve", "resize", "approve"]

    world.clock.advance(timedelta(seconds=signals.AGAIN_AFTER - 1.0))
    world.cycle()
    ask(world, side=Side.BUY)
    assert len(told(world)) == 3
    world.clock.advance(timedelta(seconds=1.0))
    world.cycle()
    ask(world, side=Side.BUY)
    assert len(told(world)) == 4


def test_no_flood_of_signals_reaches_the_journal_or_the_memory(world, monkeypatch):
    monkeypatch.setattr(signals, "_REMEMBERED", 10)
    for second in range(4):
        for number in range(100):
            ask(world, strategy=f"made-up-{second}-{number}")
        world.clock.advance(timedelta(seconds=1))

    assert len(told(world)) == 4 * signals.MOST_A_SECOND
    assert len(world.gate._orders._signals._last) == 10


@pytest.mark.parametrize("changes", [{"strategy": "a\0b"}, {"asset": "x\n"}, {"side": "up"}])
def test_what_no_table_can_hold_is_not_told(world, changes):
    assert ask(world, **changes) is Verdict.REJECT

    assert told(world) == []


def test_nothing_is_told_of_signals_while_the_journal_is_silent(world):
    world.silence()
    ask(world, strategy="before")
    world.write()
    ask(world)
    world.speak()

    assert [each.strategy for each in told(world)] == ["before"]
