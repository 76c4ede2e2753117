"""The real gate behind the HTTP face: what agents see of an order's whole life."""

import pytest

from risk.manager import crowding
from tests.api.asking import Agent, order
from tests.books import BTC, PRICES
from tests.engine.gates import VENUE, GateWorld

VALIDATE = "/api/v1/orders/validate"
BUY = order(asset=BTC, quantity=0.01, venue=VENUE)


def test_an_order_is_let_through_filled_and_seen_in_the_book(trader: Agent):
    told = trader.post(VALIDATE, BUY).json
    assert (told["verdict"], told["journalled"]) == ("approve", True)
    assert trader.get("/api/v1/reservations").json["reservations"][0]["client_order_id"] == "o-1"

    fill = {"fill_id": "f-1", "quantity": 0.01, "price": PRICES[BTC]}
    filled = trader.post("/api/v1/orders/o-1/fills", fill)

    assert (filled.status, filled.json["status"]) == (200, "filled")
    (position,) = trader.get("/api/v1/positions").json["positions"]
    assert (position["asset"], position["quantity"]) == (BTC, 0.01)
    assert trader.get("/api/v1/reservations").json["reservations"] == []
    assert trader.get("/api/v1/orders/o-1").json["filled"] == 0.01


def test_an_order_of_before_a_restart_is_looked_up(trader: Agent, world: GateWorld):
    trader.post(VALIDATE, BUY)
    trader.delete("/api/v1/orders/o-1")
    before = trader.get("/api/v1/orders/o-1").json
    assert before["status"] == "voided"
    world.gate.stop()
    world.restart()
    world.gate.start()

    assert trader.get("/api/v1/orders/o-1").json == before
    assert trader.get("/api/v1/orders/o-2").status == 404


def test_a_halt_is_seen_by_orders_and_in_readings(trader: Agent):
    said = trader.post(
        "/api/v1/commands",
        {"command": "halt", "portfolio": "demo", "reason": "a storm", "who": "ana", "id": "h-1"},
    )

    assert (said.status, said.json["journalled"]) == (200, True)
    told = trader.post(VALIDATE, BUY).json
    assert (told["verdict"], told["trading_state"]) == ("reject", "HALTED")
    assert trader.get("/api/v1/status").json["trading_state"] == "HALTED"
    (hold,) = [
        each for each in trader.get("/api/v1/breakers").json["holds"] if each["source"] == "person"
    ]
    assert (hold["by"], hold["scope"]) == ("ana", "portfolio:demo")


def test_while_the_database_is_silent_no_new_risk_is_let_in(trader: Agent, world: GateWorld):
    world.silence()
    trader.post(VALIDATE, BUY)
    told = trader.post(VALIDATE, BUY | {"client_order_id": "o-2"}).json

    assert (told["verdict"], told["journalled"]) == ("reject", False)
    ready = Agent(trader._app).get("/readyz")
    assert ready.status == 503
    told_why = {each["name"]: each["detail"] for each in ready.json["checks"]}
    assert told_why["journal"] == "decisions cannot be written down: away"
    world.speak()


def test_too_many_open_orders_stop_new_ones_until_an_end_is_reported(
    trader: Agent, world: GateWorld, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(crowding, "MOST_OPEN", 2)
    for name in ("o-1", "o-2"):
        assert trader.post(VALIDATE, BUY | {"client_order_id": name}).json["verdict"] == "approve"
    world.gate.stop()
    world.restart()
    world.gate.start()

    told = trader.post(VALIDATE, BUY | {"client_order_id": "o-3"}).json
    assert told["verdict"] == "reject"
    (reason,) = [each for each in told["reasons"] if each["outcome"] == "failed"]
    assert (reason["code"], reason["scope"]) == ("too_many_open", "strategy:trend")
    assert (reason["value"], reason["threshold"], reason["unit"]) == (3.0, 2.0, "count")

    trader.delete("/api/v1/orders/o-1")
    assert trader.post(VALIDATE, BUY | {"client_order_id": "o-4"}).json["verdict"] == "approve"


@pytest.mark.parametrize("limit", ["limits", "positions", "reductions", "status", "breakers"])
def test_every_reading_can_be_made_of_the_real_thing(trader: Agent, limit: str):
    assert trader.get(f"/api/v1/{limit}").status == 200
