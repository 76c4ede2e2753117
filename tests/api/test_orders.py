"""Orders over HTTP: the gate's own bytes, once journalled; and what became of them."""

import asyncio

from tests.api.asking import Agent, order
from tests.builders import NOON

VALIDATE = "/api/v1/orders/validate"
FILL = {"fill_id": "f-1", "quantity": 0.5, "price": 100.0}


def test_a_good_order_is_answered_with_room_for_it(agent: Agent):
    answer = agent.post(VALIDATE, order())

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json
    assert (told["verdict"], told["quantity"], told["journalled"]) == ("approve", 2.0, True)
    assert told["reservation"]["id"] == "r-o-1"


def test_an_order_that_is_too_large_is_resized(agent: Agent):
    told = agent.post(VALIDATE, order(quantity=500.0)).json

    assert (told["verdict"], told["quantity"]) == ("resize", 100.0)


def test_the_same_order_has_the_same_bytes_and_another_under_its_id_is_rejected(agent: Agent):
    first, again = agent.post(VALIDATE, order()), agent.post(VALIDATE, order())
    other = agent.post(VALIDATE, order(quantity=3.0))

    assert first.body == again.body
    assert (other.status, other.json["verdict"]) == (200, "reject")
    assert other.json["reasons"][0]["code"] == "duplicate_order"


def test_an_answer_waits_for_the_journal_and_others_do_not_wait_for_it(house, app):
    _, secret = house.key()
    agent = Agent(app, secret)
    house.gate.slow = True

    async def story():
        asked = [
            asyncio.create_task(agent.asked("POST", VALIDATE, order(client_order_id=f"o-{n}")))
            for n in range(3)
        ]
        while house.gate.waiting < 3:
            await asyncio.sleep(0)
        waiting = [each.done() for each in asked]
        status = await agent.asked("GET", "/api/v1/status")
        house.gate.write()
        return waiting, status.status, [each.status for each in await asyncio.gather(*asked)]

    assert asyncio.run(story()) == ([False] * 3, 200, [200] * 3)


def test_who_goes_away_takes_nothing_from_the_gate(house, app):
    """The journal's thread is to give the answer: a cancelled future would stop it."""
    agent = Agent(app, house.key()[1])
    house.gate.slow = True

    async def story():
        asked = asyncio.create_task(agent.asked("POST", VALIDATE, order()))
        while not house.gate.waiting:
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        house.gate.write()  # raises if the future was cancelled
        await asyncio.sleep(0)
        return (await agent.asked("GET", "/api/v1/orders/o-1")).json["status"]

    assert asyncio.run(story()) == "pending"


def test_a_journal_that_stays_silent_is_told_and_not_waited_for(house, app, monkeypatch):
    monkeypatch.setattr("risk.api.desk.PATIENCE", 0.01)
    house.gate.slow = True
    answer = Agent(app, house.key()[1]).post(VALIDATE, order())

    assert (answer.status, answer.error) == (503, "no_answer")
    assert "ask again the same" in answer.message
    assert answer.headers["retry-after"] == "1"


def test_without_an_authority_nothing_is_answered(house, app):
    agent = Agent(app, house.key()[1])
    house.open = False

    for answer in (agent.post(VALIDATE, order()), agent.get("/api/v1/status")):
        assert (answer.status, answer.error) == (503, "no_authority")
        assert answer.headers["retry-after"] == "1"


def test_fills_move_an_order_on_until_it_is_filled(agent: Agent):
    agent.post(VALIDATE, order())
    part = agent.post("/api/v1/orders/o-1/fills", FILL | {"at": NOON.isoformat(), "fee": 0.1})
    again = agent.post("/api/v1/orders/o-1/fills", FILL | {"at": NOON.isoformat(), "fee": 0.1})
    rest = agent.post("/api/v1/orders/o-1/fills", FILL | {"fill_id": "f-2", "quantity": 1.5})

    assert (part.json["status"], part.json["filled"]) == ("partly_filled", 0.5)
    assert again.json == part.json
    assert (rest.json["status"], rest.json["filled"]) == ("filled", 2.0)
    assert agent.get("/api/v1/orders/o-1").json == rest.json


def test_a_fill_that_contradicts_another_is_a_conflict_and_too_much_is_impossible(agent: Agent):
    agent.post(VALIDATE, order())
    agent.post("/api/v1/orders/o-1/fills", FILL)
    conflict = agent.post("/api/v1/orders/o-1/fills", FILL | {"price": 101.0})
    too_much = agent.post("/api/v1/orders/o-1/fills", FILL | {"fill_id": "f-2", "quantity": 9.0})

    assert (conflict.status, conflict.error) == (409, "fill_refused")
    assert (too_much.status, too_much.error) == (422, "fill_refused")


def test_a_dead_order_frees_its_room_once(agent: Agent):
    agent.post(VALIDATE, order())

    assert [agent.delete("/api/v1/orders/o-1").json["status"] for _ in range(2)] == ["voided"] * 2
    assert agent.get("/api/v1/reservations").json == {"reservations": []}


def test_an_order_that_was_never_let_through_is_unknown(agent: Agent):
    agent.post(VALIDATE, order(quantity=-1.0))
    answers = [
        agent.get("/api/v1/orders/o-1"),
        agent.delete("/api/v1/orders/o-1"),
        agent.post("/api/v1/orders/o-1/fills", FILL),
    ]

    assert [(each.status, each.error) for each in answers] == [(404, "unknown_order")] * 3


def test_a_signal_is_answered_and_sets_nothing_aside(agent: Agent):
    body = {"portfolio": "demo", "strategy": "trend", "asset": "C000/USDT", "side": "sell"}
    answer = agent.post("/api/v1/signals/validate", body)

    assert (answer.status, answer.json["verdict"]) == (200, "approve")
    assert agent.get("/api/v1/reservations").json == {"reservations": []}


def test_room_for_local_checks_is_not_lent_yet(agent: Agent):
    answer = agent.post("/api/v1/leases", {"portfolio": "demo"})

    assert (answer.status, answer.error) == (501, "not_built")


# --- what was answered ----------------------------------------------------------------------


def test_an_answer_is_told_again_let_through_or_not(agent: Agent):
    told = [
        agent.post(VALIDATE, order()).body,
        agent.post(VALIDATE, order(client_order_id="o-2", asset="NONE/USDT")).body,
    ]

    assert [agent.get(f"/api/v1/orders/{name}/answer").body for name in ("o-1", "o-2")] == told
    unknown = agent.get("/api/v1/orders/o-3/answer")
    assert (unknown.status, unknown.error) == (404, "unknown_order")


def test_a_key_for_another_strategy_does_not_hear_an_answer(agent: Agent, agent_with):
    agent.post(VALIDATE, order())
    dip = agent_with(strategies=["dip"])
    answer = dip.get("/api/v1/orders/o-1/answer")

    assert (answer.status, answer.error) == (404, "unknown_order")
    assert answer.body == dip.get("/api/v1/orders/o-2/answer").body.replace(b"o-2", b"o-1")
