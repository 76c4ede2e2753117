"""Slices of room over HTTP: asked for, spent beside the agent, and settled."""

from collections.abc import Callable

import pytest

from risk.domain.keys import KeyAbility
from tests.api.asking import Agent, order, slice_of
from tests.api.conftest import House
from tests.books import BTC, PRICES
from tests.engine.gates import VENUE, GateWorld

LEASES = "/api/v1/leases"
SETTLE = {"portfolio": "demo", "strategy": "trend", "settles": "lease:1"}


def test_a_slice_is_answered_as_an_order_would_be(agent: Agent):
    told = agent.post(LEASES, slice_of(at_most=7)).json

    assert (told["lease"]["verdict"], told["lease"]["quantity"]) == ("approve", 2.0)
    assert (told["orders"], told["settled"]) == (7, None)
    [held] = agent.get("/api/v1/reservations").json["reservations"]
    assert (held["client_order_id"], held["lease"]) == ("lease:1", True)


def test_a_reservation_of_an_order_is_no_slice(agent: Agent):
    agent.post("/api/v1/orders/validate", order())

    [held] = agent.get("/api/v1/reservations").json["reservations"]
    assert held["lease"] is False


def test_a_slice_is_settled_with_its_orders(agent: Agent):
    agent.post(LEASES, slice_of())
    spent = [{"client_order_id": "a", "quantity": 0.5}]
    told = agent.post(LEASES, SETTLE | {"orders": spent}).json

    assert told["lease"] is None
    assert told["settled"] == {
        "lease_id": "lease:1",
        "granted": 2.0,
        "spent": 0.5,
        "unspent": 1.5,
        "overspent": 0.0,
        "orders": [{"client_order_id": "a", "accepted": True}],
        "journalled": True,
    }


def test_one_request_settles_a_slice_and_asks_for_the_next(agent: Agent):
    agent.post(LEASES, slice_of())
    told = agent.post(LEASES, slice_of(lease_id="lease:2", settles="lease:1")).json

    assert told["lease"]["client_order_id"] == "lease:2"
    assert told["settled"]["lease_id"] == "lease:1"


def test_a_slice_that_nobody_asked_for_is_not_found(agent: Agent):
    answer = agent.post(LEASES, SETTLE)

    assert (answer.status, answer.error) == (404, "unknown_lease")


def test_another_list_for_a_settled_slice_is_a_conflict(agent: Agent):
    agent.post(LEASES, slice_of())
    agent.post(LEASES, SETTLE)
    other = SETTLE | {"orders": [{"client_order_id": "a", "quantity": 0.5}]}
    answer = agent.post(LEASES, other)

    assert (answer.status, answer.error) == (409, "settled_before")


def test_the_same_list_for_a_settled_slice_has_the_same_answer(agent: Agent):
    agent.post(LEASES, slice_of())
    first = agent.post(LEASES, SETTLE)

    assert first.status == 200
    assert agent.post(LEASES, SETTLE).body == first.body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"portfolio": "demo", "strategy": "trend"}, "name a slice"),
        (slice_of(side=...), "needs `lease_id`, `asset`, `side` and `quantity`"),
        (slice_of(at_most=0), "`at_most` must be from 1 to 500"),
        (slice_of(at_most=1.5), "`at_most` must be a whole number"),
        (slice_of(reduce_only=True), "no field `reduce_only`"),
        (slice_of(emergency=True), "no field `emergency`"),
        (slice_of(limit_price=1.0), "no field `limit_price`"),
        (
            SETTLE | {"orders": [{"client_order_id": "a"}]},
            "`orders[0]` cannot be used: object missing required field `quantity`",
        ),
        (
            SETTLE | {"orders": [{"client_order_id": "a", "quantity": "1"}]},
            "`orders[0].quantity` must be a number, not text",
        ),
        (SETTLE | {"orders": [{"client_order_id": "a", "quantity": 0.0}]}, "above zero"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(agent: Agent, body: dict, says: str):
    answer = agent.post(LEASES, body)

    assert answer.status == 400
    assert says in answer.message


def test_a_field_that_stands_twice_in_an_order_is_refused(agent: Agent):
    agent.post(LEASES, slice_of())
    body = (
        b'{"portfolio": "demo", "strategy": "trend", "settles": "lease:1",'
        b' "orders": [{"client_order_id": "a", "quantity": 1.0, "quantity": 2.0}]}'
    )
    answer = agent.post(LEASES, body)

    assert (answer.status, "stands twice" in answer.message) == (400, True)


def test_a_key_lends_for_its_own_strategies_only(agent_with: Callable[..., Agent]):
    assert agent_with(strategies=["dip"]).post(LEASES, slice_of()).status == 403
    assert agent_with(abilities=frozenset({KeyAbility.READ})).post(LEASES, slice_of()).status == 403
    assert agent_with(strategies=["trend"]).post(LEASES, slice_of()).status == 200
    other = agent_with(strategies=["dip"])
    assert other.post(LEASES, SETTLE | {"strategy": "dip"}).error == "unknown_lease"
    assert other.post(LEASES, SETTLE).status == 403


def test_asking_too_often_leaves_time_to_settle(house: House):
    house.options["orders_per_second"] = 1.0
    agent = Agent(house.app(), house.key()[1])
    asked = [agent.post(LEASES, slice_of(lease_id=f"lease:{n}")).status for n in range(1, 40)]

    assert 429 in asked
    assert agent.post(LEASES, SETTLE).status == 200


# --- the real gate -------------------------------------------------------------------------


def test_an_order_of_a_slice_lives_on_as_any_order(trader: Agent):
    wanted = slice_of(asset=BTC, quantity=0.01, venue=VENUE)
    told = trader.post(LEASES, wanted).json
    assert (told["lease"]["verdict"], told["lease"]["journalled"]) == ("approve", True)
    spent = [{"client_order_id": "a/1", "quantity": 0.004}]
    settled = trader.post(LEASES, SETTLE | {"orders": spent}).json["settled"]
    assert (settled["spent"], settled["journalled"]) == (0.004, True)

    fill = {"fill_id": "f-1", "quantity": 0.004, "price": PRICES[BTC]}
    assert trader.post("/api/v1/orders/a%2F1/fills", fill).json["status"] == "filled"
    assert trader.get("/api/v1/orders/a%2F1").json["filled"] == 0.004
    assert trader.get("/api/v1/orders/lease:1").json["status"] == "settled"
    assert trader.delete("/api/v1/orders/lease:1").status == 404
    assert trader.get("/api/v1/reservations").json["reservations"] == []


def test_no_slice_is_granted_while_the_database_is_silent(trader: Agent, world: GateWorld):
    world.silence()
    told = trader.post(LEASES, slice_of(asset=BTC, quantity=0.01, venue=VENUE)).json["lease"]

    assert (told["verdict"], told["reservation"]) == ("reject", None)
    world.speak()


def test_a_list_that_nobody_believes_is_refused(trader: Agent):
    trader.post(LEASES, slice_of(asset=BTC, quantity=0.01, venue=VENUE))
    spent = [{"client_order_id": "a", "quantity": 1e300}]
    answer = trader.post(LEASES, SETTLE | {"orders": spent})

    assert (answer.status, answer.error) == (422, "list_refused")
