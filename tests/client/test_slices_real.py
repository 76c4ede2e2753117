"""Agents that answer themselves, over a real connection to the real gate."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from risk.api.server import ApiServer
from risk.auth.keys import KeyRing
from risk.client import Slice
from risk.domain.trading import TradingState
from tests.api.conftest import House
from tests.books import BTC, PRICES
from tests.client.conftest import AT_ONCE, eventually
from tests.client.test_core import Told
from tests.engine.gates import VENUE, GateWorld
from tests.policies import WHOLE, definition, policy_of

UNIT = 1e3 / PRICES[BTC]
#: Room for orders of ten thousand.
NARROW = policy_of(definition("gross_exposure", hard=0.010))
Make = Callable[..., Any]


@pytest.fixture
def world() -> Iterator[GateWorld]:
    world = GateWorld(policy=NARROW)
    world.gate.start()
    yield world
    world.gate.stop()


@pytest.fixture
def house(world: GateWorld) -> House:
    return House(gate=world.gate, ring=KeyRing())  # type: ignore[arg-type]


@pytest.fixture
def connect(house: House, kind: type) -> Iterator[Make]:
    """Makes agents with slices of so many units, whose clocks stand still."""
    secret = house.key()[1]
    server = ApiServer(house.app(), "127.0.0.1", 0)
    server.start()
    made: list[Any] = []

    def make(units: float = 4 * UNIT, *, every: float = 1_000.0, clock: Any = None) -> Any:
        agent = kind(
            url=f"http://127.0.0.1:{server.port}",
            key=secret,
            strategy="trend",
            timeout=10.0,
            patience=10.0,
            pauses=AT_ONCE,
            clock=clock or Told(),
        )
        made.append(agent)
        kept = Slice(asset=BTC, side="buy", quantity=units, venue=VENUE)
        agent.check_locally(every=every, slices=[kept])
        return agent

    yield make
    for agent in made:
        agent.close()
    server.stop()


def room(world: GateWorld) -> dict[str, float]:
    return {n: r.order.quantity for n, r in world.gate.ledger.reservations.items()}


def buy(agent: Any, quantity: float, name: str) -> Any:
    return agent.validate(BTC, "buy", quantity, client_order_id=name, venue=VENUE)


def test_an_order_is_answered_here_and_filled_there(world: GateWorld, connect: Make):
    agent = connect()
    answer = buy(agent, UNIT, "a")
    assert answer.sendable()
    assert list(room(world)) == [answer.lease]

    standing = agent.filled("a", fill_id="f", quantity=UNIT, price=PRICES[BTC])
    assert (standing.status, standing.filled) == ("filled", UNIT)
    assert agent.standing(answer.lease).status == "settled"
    again = buy(agent, UNIT, "a")
    assert (again.verdict, again.lease, again.sendable()) == ("approve", answer.lease, False)

    buy(agent, UNIT / 2, "b")
    agent.close()
    assert room(world) == {"b": UNIT / 2}


def test_two_holders_never_spend_the_same_room(world: GateWorld, connect: Make):
    one, other = connect(8 * UNIT), connect(8 * UNIT)
    sent = []
    for number in range(20):
        for name, agent in (("x", one), ("y", other)):
            answer = buy(agent, UNIT, f"{name}{number}")
            sent += [answer.quantity] if answer.approved else []
    for agent in (one, other):
        agent.close()

    assert sum(sent) * PRICES[BTC] <= 1e4 * (1.0 + 1e-6)
    assert sum(room(world).values()) == pytest.approx(sum(sent))
    assert not any(name.startswith("lease:") for name in room(world))


def test_a_halt_reaches_a_holder(world: GateWorld, connect: Make):
    clock = Told()
    agent = connect(clock=clock)
    assert buy(agent, UNIT, "a").lease is not None
    world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="a storm").result(timeout=10.0)

    # What it holds lives on, for two seconds at the most.
    assert buy(agent, UNIT, "b").lease is not None
    clock.now += 2.0
    after = buy(agent, UNIT, "c")
    assert (after.approved, after.lease, after.codes) == (False, None, ("halted",))


def test_a_halt_reaches_a_holder_sooner_with_the_next_look(world: GateWorld, connect: Make):
    agent = connect(every=0.005)
    world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="a storm").result(timeout=10.0)
    eventually(lambda: not any(name.startswith("lease:") for name in room(world)))

    assert buy(agent, UNIT, "a").codes == ("halted",)


def test_a_restart_between_grant_and_settlement_loses_nothing(
    world: GateWorld, house: House, connect: Make
):
    agent = connect()
    lease = buy(agent, UNIT, "a").lease
    world.gate.stop()
    world.restart()
    # Until it is told of, the room stands as it was lent.
    assert room(world) == {lease: 4 * UNIT}
    house.gate = world.gate  # type: ignore[assignment]
    world.gate.start()

    standing = agent.filled("a", fill_id="f", quantity=UNIT, price=PRICES[BTC])
    assert standing.status == "filled"
    assert lease not in room(world)
