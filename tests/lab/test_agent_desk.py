"""The agents' desk: hands over, books nothing but the deposit, and never waits."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from risk.domain.ledger import Ledger
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.lab.agent_desk import AgentDesk
from risk.lab.paper import DEPOSIT
from risk.lab.wishing import Mandate, Wishing
from tests.books import order_of, reservation_of
from tests.fakes_gatekeeper import FakeGatekeeper
from tests.lab.test_paper import (
    HOUR,
    NOON,
    Wish,
    carrying,
    cooling_down,
    market,
    stopped_by_hand,
)

FUNDED = carrying(Ledger(seq=1, cash=DEPOSIT))


@dataclass
class Floor:
    """A desk of two strategies, and the Seawall of each."""

    desk: AgentDesk
    seawalls: dict[str, FakeGatekeeper]
    asked: threading.Semaphore

    def wait_for(self, orders: int) -> None:
        for _ in range(orders):
            assert self.asked.acquire(timeout=10.0)

    def orders(self, strategy: str) -> list[tuple[str, str]]:
        return [(o["client_order_id"], o["side"]) for o in self.seawalls[strategy].asked]


@pytest.fixture
def floor() -> Iterator[Floor]:
    asked = threading.Semaphore(0)
    seawalls = {name: FakeGatekeeper(NOON, while_asked=asked.release) for name in ("one", "two")}
    mandates = [
        Mandate(strategy=Wish({"BTC": weight}, name), venue="sim-a", share=0.5)
        for name, weight in (("one", 0.4), ("two", -0.4))
    ]
    wishing = Wishing(seed=1, mandates=mandates)
    desk = AgentDesk(wishing, seawalls.__getitem__, reduces=True, wall=lambda: NOON)
    desk.start()
    yield Floor(desk, seawalls, asked)
    desk.stop()


def test_each_strategy_s_wishes_go_to_its_own_agent(floor):
    reading = floor.desk.read(market(), FUNDED)
    floor.wait_for(2)

    assert (reading.fills, reading.flows) == ((), ())
    assert floor.orders("one") == [("paper/close/one/BTC/20240310T120000", "buy")]
    assert floor.orders("two") == [("paper/close/two/BTC/20240310T120000", "sell")]


def test_whoever_starts_the_demo_sees_an_order_at_once():
    idle = Mandate(strategy=Wish({}, "one"), venue="sim-a", share=0.5, restless=True)

    def wished(at: datetime, *, at_once: bool) -> list[str]:
        wishing = Wishing(seed=1, mandates=[idle], at_once=at_once)
        return [each.identity for each in wishing.wishes(market(at, closes=False), FUNDED)]

    started = NOON + timedelta(minutes=7)
    first = wished(started, at_once=True)
    assert first == ["paper/start/one/BTC/20240310T120500"]
    assert wished(started + timedelta(minutes=2), at_once=True) == first, "restarted: no second one"
    assert wished(started, at_once=False) == []
    wishing = Wishing(seed=1, mandates=[idle], at_once=True)
    for second in range(1, 300):
        at = NOON + timedelta(seconds=second)
        again = wishing.wishes(market(at, closes=False), FUNDED)
        assert len(again) == (second == 1)


def test_an_empty_ledger_is_paid_the_deposit_and_it_may_be_wished_with(floor):
    reading = floor.desk.read(market(), carrying(Ledger()))
    floor.wait_for(2)

    assert [(flow.id, flow.amount) for flow in reading.flows] == [("paper/deposit", DEPOSIT)]
    assert floor.seawalls["one"].asked[0]["quantity"] == 0.4 * 0.5 * DEPOSIT / 100.0


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCE_ONLY])
def test_what_is_latched_or_cools_down_is_asked_all_the_same(floor, state):
    stopped = stopped_by_hand(FUNDED.ledger, Scope(ScopeKind.PORTFOLIO, "demo"), state)
    floor.desk.read(market(), stopped)
    floor.wait_for(2)

    cooling = cooling_down(FUNDED.ledger, NOON + 2 * HOUR)
    floor.desk.read(market(NOON + HOUR, closes=False), cooling)
    floor.desk.read(market(NOON + HOUR), cooling)
    floor.wait_for(2)


def test_open_orders_of_a_former_life_are_given_back_by_their_own_agent(floor):
    order = replace(order_of("BTC/USDT", 100.0, name="paper/close/0", strategy="two"))
    ledger = FUNDED.ledger.after(reservation_of(order))
    floor.desk.read(market(), carrying(ledger))
    floor.wait_for(2)

    assert floor.seawalls["one"].cancelled_orders == []
    assert floor.seawalls["two"].cancelled_orders == ["paper/close/0"]


def test_no_reading_and_no_end_waits_for_a_seawall_that_hangs(floor):
    hangs, goes_on = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        goes_on.wait(60.0)

    floor.seawalls["one"].while_asked = hang
    floor.desk.read(market(), FUNDED)
    assert hangs.wait(10.0)
    for hour in range(1, 4):
        floor.desk.read(market(NOON + hour * HOUR), FUNDED)
    with capture_logs() as logs:
        floor.desk.stop()
    goes_on.set()

    assert [(each["event"], each["agents"]) for each in logs] == [("agents_hang", ["agent-one"])]
