"""A demo agent over a real connection: the agents' client, the HTTP interface and the gate."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.api.server import ApiServer
from risk.auth.keys import KeyRing
from risk.client import Pauses, Seawall
from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.domain.trading import TradingState
from risk.lab.agents import Agent
from risk.lab.tray import Sight
from risk.lab.wishing import Occasion, Wish
from tests.api.conftest import House
from tests.books import BTC, NOW, PRICES, held, marks_of
from tests.client.conftest import eventually
from tests.engine.gates import VENUE, GateWorld, body_of
from tests.policies import WHOLE, definition, policy_of

KEY = PositionKey("trend", BTC, VENUE)


class Floor:
    """An agent, the gate that it asks, and the connection between the two."""

    def __init__(self, world: GateWorld) -> None:
        self.world = world
        world.gate.start()
        self.house = House(gate=world.gate, ring=KeyRing())  # type: ignore[arg-type]
        self.secret = self.house.key()[1]
        self.server = ApiServer(self.house.app(), "127.0.0.1", 0)
        self.server.start()
        self.agent = Agent("trend", self.connect)
        self.turns = 0

    def connect(self, strategy: str) -> Seawall:
        self.client = Seawall(
            f"http://127.0.0.1:{self.server.port}",
            self.secret,
            strategy=strategy,
            timeout=10.0,
            pauses=Pauses(poll=0.005, first=0.001, most=0.01),
        )
        return self.client

    def turn(self, *wishes: Wish) -> None:
        """One reading, and what the agent does at it."""
        self.turns += 1
        clock = self.world.clock
        sight = Sight(self.turns, clock.now(), clock.wall(), marks_of(self.world.prices))
        self.agent.show(sight, wishes, list(self.world.gate.ledger.reservations))
        self.agent.act()

    @property
    def held(self) -> float:
        position = self.world.gate.ledger.positions.get(KEY)
        return 0.0 if position is None else position.quantity

    def close(self) -> None:
        self.client.close()
        self.server.stop()
        self.world.gate.stop()


def wish(value: float, name: str = "paper/close/trend/BTC/USDT/20240601T090000") -> Wish:
    return Wish(
        identity=name,
        occasion=Occasion.CLOSE,
        key=KEY,
        quantity=value / PRICES[BTC],
        value=value,
        at=NOW,
    )


@pytest.fixture
def floor() -> Iterator[Floor]:
    """Of a book that holds bitcoin and may hold as much as its equity."""
    made = Floor(GateWorld(held(BTC, 50_000.0), policy_of(definition("gross_exposure", hard=1.0))))
    yield made
    made.close()


def test_what_is_wished_is_decided_traded_and_booked_and_leaves_nothing_open(floor):
    floor.turn(wish(1_000.0))
    ledger = floor.world.gate.ledger

    assert floor.held == pytest.approx(51_000.0 / PRICES[BTC])
    assert dict(ledger.reservations) == {}
    (answered,) = floor.world.journal.orders.values()
    assert (answered.client_order_id, answered.verdict) == (wish(1.0).identity, "approve")
    assert answered.sender.startswith("agent")


def test_what_is_too_much_is_made_smaller(floor):
    floor.turn(wish(50_000_000.0))
    (answered,) = floor.world.journal.orders.values()

    assert answered.verdict == "resize"
    assert 0.0 < answered.allowed < answered.requested
    assert floor.held == pytest.approx(50_000.0 / PRICES[BTC] + answered.allowed)
    assert dict(floor.world.gate.ledger.reservations) == {}


def test_where_trading_is_halted_nothing_is_traded(floor):
    floor.world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="fat finger")
    before = floor.world.gate.ledger.positions
    floor.turn(wish(1_000.0), wish(-1_000.0, "paper/small/trend/BTC/USDT/20240601T090000"))

    assert floor.world.gate.ledger.positions == before
    assert [o.verdict for o in floor.world.journal.orders.values()] == ["reject", "reject"]


def test_a_wish_that_was_traded_in_a_former_life_is_not_traded_again(floor):
    floor.turn(wish(1_000.0))
    held_then = floor.held
    floor.client.close()
    floor.agent = Agent("trend", floor.connect)
    floor.world.clock.advance(timedelta(seconds=1))
    floor.turn(wish(1_000.0))

    assert floor.held == held_then
    assert dict(floor.world.gate.ledger.reservations) == {}


def test_an_order_left_open_by_a_former_life_is_given_back(floor):
    left = floor.world.gate.validate_order(
        body_of("paper/close/left"), sender="agent", may_emergency=False
    )
    others = floor.world.gate.validate_order(body_of("o1"), sender="me", may_emergency=False)
    left.result(10.0), others.result(10.0)
    floor.turn()

    assert set(floor.world.gate.ledger.reservations) == {"o1"}


def test_a_request_to_reduce_reaches_the_agent_and_is_met(floor):
    floor.turn()
    half = floor.held / 2.0
    asked = Reduction(
        id="2-1",
        key=KEY,
        target_quantity=half,
        reason="a test",
        deadline=NOW + timedelta(hours=1),
        requested_at=NOW,
    )
    record = floor.world.record
    floor.world.gate.serve(replace(record, state=replace(record.state, reductions={KEY: asked})))
    told = {"id": "2-1", "strategy": "trend", "asset": BTC, "venue": VENUE, "target_quantity": half}
    floor.house.reader.add("ReductionRequested", **told)
    eventually(floor.agent._requested.is_set)
    floor.turn()

    assert floor.held == pytest.approx(half)
    assert [each["reduce_only"] for each in _orders_sent(floor)] == [True]
    assert "ReductionAcknowledged" in [type(e).__name__ for e in floor.world.journal.events]


def _orders_sent(floor: Floor) -> list[dict]:
    return [json.loads(each.request) for each in floor.world.journal.orders.values()]
