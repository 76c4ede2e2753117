"""The demo's agents: never more than was allowed, never twice, and nobody waits for them."""

import threading
from collections.abc import Iterable
from datetime import timedelta

import pytest

from risk.domain.market import Trust
from risk.domain.paper import PAPER_FEE
from risk.errors import SeawallError
from risk.lab.agents import LONGEST_PAUSE, Agent
from risk.lab.tray import MOST_TURNS, Sight
from risk.lab.wishing import Occasion, Wish
from tests.fakes_gatekeeper import FakeGatekeeper, FakeHolding, FakeRequest
from tests.wishes import NOON, sight, wish


class World:
    """An agent that acts when it is told to, and what it speaks to."""

    def __init__(self, *, reduces: bool = True) -> None:
        self.seawall = FakeGatekeeper(NOON)
        self.agent = Agent("trend", lambda _strategy: self.seawall, reduces=reduces)
        self.behind = timedelta(0)

    def turn(
        self, seen: Sight, *wishes: Wish, open_orders: Iterable[str] = (), act: bool = True
    ) -> None:
        self.agent.show(seen, wishes, list(open_orders))
        self.seawall.now = seen.wall - self.behind
        if act:
            self.agent.act()

    @property
    def asked(self) -> list[str]:
        return [order["client_order_id"] for order in self.seawall.asked]

    @property
    def traded(self) -> list[tuple[str, float]]:
        return [(each["client_order_id"], each["quantity"]) for each in self.seawall.filled_orders]


@pytest.fixture
def world() -> World:
    return World()


# --- orders --------------------------------------------------------------------------------


def test_a_wish_is_asked_under_its_identity_and_traded_as_it_was_allowed(world):
    world.turn(sight(), wish(2.0))

    assert world.seawall.asked == [
        {
            "asset": "BTC",
            "side": "buy",
            "quantity": 2.0,
            "client_order_id": "paper/close/1",
            "venue": "sim-a",
            "reduce_only": False,
        }
    ]
    assert world.seawall.filled_orders == [
        {
            "client_order_id": "paper/close/1",
            "fill_id": "paper/close/1",
            "quantity": 2.0,
            "price": 101.0,
            "fee": PAPER_FEE * 2.0 * 101.0,
        }
    ]
    assert world.seawall.cancelled_orders == []


def test_a_sale_receives_the_bid(world):
    world.turn(sight(), wish(-2.0))

    assert world.seawall.asked[0]["side"] == "sell"
    assert world.seawall.filled_orders[0]["price"] == 99.0


def test_of_an_order_that_was_made_smaller_only_so_much_is_traded(world):
    world.seawall.room = 0.5
    world.turn(sight(), wish(-2.0))

    assert world.traded == [("paper/close/1", 0.5)]


def test_what_was_rejected_is_dropped(world):
    world.seawall.room = 0.0
    world.turn(sight(), wish())
    world.turn(sight(2))

    assert world.asked == ["paper/close/1"]
    assert world.traded == world.seawall.cancelled_orders == []


def test_the_price_is_that_of_the_moment_of_the_trade(world):
    world.seawall.while_asked = lambda: world.turn(sight(2, price=110.0), act=False)
    world.turn(sight(1, price=100.0), wish(2.0))

    assert world.seawall.filled_orders[0]["price"] == 111.0


def test_nothing_is_asked_at_a_mark_that_is_not_trusted(world):
    world.turn(sight(trust=Trust.STALE), wish(), wish(name="paper/close/2", asset="SOL"))
    world.turn(sight(2))

    assert world.asked == []


def test_what_cannot_be_traded_any_more_is_given_back(world):
    def doubt() -> None:
        world.turn(sight(2, trust=Trust.SUSPECT), act=False)

    world.seawall.while_asked = doubt
    world.turn(sight(), wish())

    assert (world.traded, world.seawall.cancelled_orders) == ([], ["paper/close/1"])


def test_an_answer_that_may_not_be_acted_upon_any_more_is_given_back(world):
    world.seawall.answers = ["late"]
    world.turn(sight(), wish())

    assert (world.traded, world.seawall.cancelled_orders) == ([], ["paper/close/1"])


def test_an_answer_of_before_the_wish_is_one_of_a_former_life_and_not_traded(world):
    world.behind = timedelta(seconds=1)
    world.turn(sight(), wish())

    assert (world.traded, world.seawall.cancelled_orders) == ([], ["paper/close/1"])


def test_without_an_answer_a_wish_is_asked_again_and_grows_no_younger(world):
    world.seawall.answers = ["silent"] * 10
    for turn in range(1, MOST_TURNS + 4):
        world.turn(sight(turn), *([wish(), wish(name="paper/close/2", asset="ETH")] * (turn == 1)))

    assert world.asked == ["paper/close/1"] * (MOST_TURNS + 1), "and the other not before it"


def test_once_there_is_an_answer_again_the_wish_is_traded_once(world):
    world.seawall.answers = ["silent"]
    for turn in range(1, 5):
        world.turn(sight(turn), *([wish()] * (turn == 1)))

    assert world.asked == ["paper/close/1"] * 2
    assert world.traded == [("paper/close/1", 2.0)]


def test_what_may_have_been_let_through_unheard_is_settled_and_not_asked_again(world):
    world.seawall.answers = ["lost"]
    world.turn(sight(), wish())
    world.turn(sight(2), open_orders=["paper/close/1"])
    world.turn(sight(3))

    assert world.asked == ["paper/close/1"]
    assert world.seawall.settled == 1
    assert world.seawall.cancelled_orders == ["paper/close/1"], "once"
    assert world.traded == []


def test_a_report_that_may_not_have_arrived_is_told_again_and_its_order_not_given_back(world):
    world.seawall.fills = ["lost"]
    world.turn(sight(), wish())
    world.turn(sight(2), open_orders=["paper/close/1"])

    assert world.seawall.settled == 1
    assert world.seawall.cancelled_orders == []


def test_an_order_whose_trade_was_refused_is_given_back(world):
    world.seawall.fills = ["refused"]
    world.turn(sight(), wish())
    for turn in (2, 3):
        world.turn(sight(turn), open_orders=["paper/close/1"])

    assert world.seawall.cancelled_orders == ["paper/close/1"]


def test_orders_of_a_former_life_are_given_back_and_no_one_else_s(world):
    world.turn(sight(), wish(), open_orders=["paper/close/0", "trend-0192f0c1", "paper/close/1"])

    assert world.seawall.cancelled_orders == ["paper/close/0"]
    assert world.traded == [("paper/close/1", 2.0)]


def test_where_there_is_no_seawall_yet_it_waits(world):
    def nobody(_strategy: str) -> FakeGatekeeper:
        raise SeawallError("there is no key to read")

    agent = Agent("trend", nobody)
    agent.show(sight(), [wish()], ())
    agent.act()
    agent._connect = lambda _strategy: world.seawall
    agent.act()

    assert world.asked == ["paper/close/1"]


def test_nothing_is_done_before_the_first_reading(world):
    world.agent.act()

    assert world.seawall.looks == 0


def test_told_to_end_it_begins_no_other_order(world):
    world.seawall.while_asked = world.agent.end
    world.turn(sight(), wish(), wish(name="paper/close/2", asset="ETH"))

    assert world.traded == [("paper/close/1", 2.0)]


# --- requests to reduce --------------------------------------------------------------------


def test_a_request_is_acknowledged_and_met_as_a_reduction(world):
    world.seawall.requests = [FakeRequest(target_quantity=0.5), FakeRequest("7-2", strategy="dip")]
    world.seawall.holdings = [FakeHolding(2.0), FakeHolding(9.0, strategy="dip")]
    world.turn(sight())

    (order,) = world.seawall.asked
    assert (order["side"], order["quantity"], order["reduce_only"]) == ("sell", 1.5, True)
    assert order["client_order_id"].startswith("paper/reduce/7-1/")
    assert world.traded == [(order["client_order_id"], 1.5)]
    assert world.seawall.acknowledged == ["7-1"]


def test_what_was_wished_of_a_position_before_it_was_reduced_is_dropped(world):
    world.seawall.requests = [FakeRequest(target_quantity=0.5)]
    world.seawall.holdings = [FakeHolding(2.0)]
    small = wish(-0.1, name="paper/small/1", occasion=Occasion.SMALL)
    world.turn(sight(), wish(-1.0), small, wish(name="paper/close/2", asset="ETH"))

    assert world.asked[1:] == ["paper/small/1", "paper/close/2"]


def test_a_short_position_is_bought_back(world):
    world.seawall.requests = [FakeRequest(target_quantity=0.0)]
    world.seawall.holdings = [FakeHolding(-2.0)]
    world.turn(sight())

    assert [(o["side"], o["quantity"]) for o in world.seawall.asked] == [("buy", 2.0)]


@pytest.mark.parametrize("holdings", [[], [FakeHolding(0.5)], [FakeHolding(-2.0)]])
def test_what_is_met_already_or_has_turned_round_is_left_alone(world, holdings):
    world.seawall.requests = [FakeRequest(target_quantity=0.5)]
    world.seawall.holdings = holdings
    world.turn(sight())

    assert world.asked == []


def test_nothing_is_looked_for_when_nothing_is_requested(world):
    for turn in range(1, 50):
        world.turn(sight(turn))

    assert world.seawall.looks == 1


def test_what_is_told_is_looked_for_again_since_it_may_not_be_listed_yet(world):
    world.turn(sight(1))
    world.seawall.tell(FakeRequest())
    world.turn(sight(2))
    world.seawall.requests = [FakeRequest()]
    world.seawall.holdings = [FakeHolding(2.0)]
    world.turn(sight(3))

    assert [quantity for _, quantity in world.traded] == [2.0]


def test_what_cannot_be_met_is_tried_again_ever_more_seldom_under_other_names(world):
    world.seawall.requests = [FakeRequest()]
    world.seawall.holdings = [FakeHolding(2.0)]
    world.seawall.room = 0.0
    turns = 10 * LONGEST_PAUSE
    for turn in range(1, turns):
        world.turn(sight(turn))
    tries = len(world.asked)
    assert turns / LONGEST_PAUSE <= tries <= 16
    assert len(set(world.asked)) == tries
    assert world.seawall.acknowledged == ["7-1"], "once"

    world.seawall.room = 10.0
    for turn in range(turns, turns + LONGEST_PAUSE + 1):
        world.turn(sight(turn))
    assert [quantity for _, quantity in world.traded][:1] == [2.0]


def test_a_request_waits_for_a_mark_that_is_trusted(world):
    world.seawall.requests = [FakeRequest()]
    world.seawall.holdings = [FakeHolding(2.0)]
    world.turn(sight(trust=Trust.STALE))
    assert world.asked == []

    for turn in range(2, 5):
        world.turn(sight(turn))
    assert world.traded


def test_while_seawall_is_away_requests_are_looked_for_again(world):
    world.seawall.deaf = True
    world.turn(sight(1))
    world.seawall.deaf = False
    world.seawall.requests = [FakeRequest()]
    world.seawall.holdings = [FakeHolding(2.0)]
    for turn in range(2, 5):
        world.turn(sight(turn))

    assert world.traded


def test_a_reduction_without_an_answer_is_tried_anew_and_not_kept(world):
    world.seawall.requests = [FakeRequest()]
    world.seawall.holdings = [FakeHolding(2.0)]
    world.seawall.answers = ["silent"]
    for turn in range(1, 5):
        world.turn(sight(turn))

    assert len(set(world.asked)) == len(world.asked) >= 2
    assert world.traded[0][0] == world.asked[1]


def test_an_agent_that_is_not_to_reduce_does_not_even_listen():
    world = World(reduces=False)
    world.seawall.requests = [FakeRequest()]
    world.seawall.holdings = [FakeHolding(2.0)]
    world.turn(sight(), wish())

    assert world.asked == ["paper/close/1"]
    assert (world.seawall.tell, world.seawall.looks) == (None, 0)


# --- its thread ----------------------------------------------------------------------------


def test_in_its_thread_it_acts_on_what_comes_survives_and_ends(world):
    failed, asked_again = threading.Event(), threading.Event()

    def asked() -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError("not foreseen")
        asked_again.set()

    world.seawall.while_asked = asked
    thread = threading.Thread(target=world.agent.run, daemon=True)
    thread.start()
    world.turn(sight(1), wish(), act=False)
    assert failed.wait(10.0)
    world.turn(sight(2), wish(name="paper/close/2", asset="ETH"), act=False)
    assert asked_again.wait(10.0)
    world.agent.end()
    thread.join(10.0)

    assert not thread.is_alive()
    assert world.traded == [("paper/close/2", 2.0)]
    assert world.seawall.closed
