"""Who may ask for what: a key's portfolio, strategies, abilities and pace."""

import pytest

from risk.api.resources import OPERATIONS
from risk.domain.keys import KeyAbility
from tests.api.asking import Agent, order, slice_of
from tests.builders import PORTFOLIO
from tests.fakes_gate import ALL

ORDERS = "/api/v1/orders"
VALIDATE = f"{ORDERS}/validate"
WITH_KEY = [each for each in OPERATIONS if each.abilities is not None]


def path_of(operation) -> str:
    return operation.path.replace("{client_order_id}", "o-1").replace("{id}", "1-1")


def named(operation) -> str:
    return f"{operation.method} {operation.path}"


def test_only_health_and_readiness_need_no_key():
    open_to_all = {each.path for each in OPERATIONS if each.abilities is None}

    assert open_to_all == {"/healthz", "/readyz"}


@pytest.mark.parametrize("operation", WITH_KEY, ids=named)
def test_without_a_key_nothing_is_told(app, operation):
    answer = Agent(app).ask(operation.method, path_of(operation), b"{}")

    assert (answer.status, answer.error) == (401, "no_key")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "operation", [e for e in OPERATIONS if not e.path.endswith("/stream")], ids=named
)
def test_every_answer_says_what_it_is_and_no_page_of_another_site_may_read_it(agent, operation):
    told = [(b"origin", b"https://elsewhere.example")]
    answer = agent.ask(operation.method, path_of(operation), b"{}", headers=told)

    assert answer.headers["content-type"].split(";")[0] in ("application/json", "text/plain")
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("operation", WITH_KEY, ids=named)
def test_a_key_of_another_portfolio_opens_nothing(agent_with, operation):
    agent = agent_with(portfolios=["other"])
    answer = agent.ask(operation.method, path_of(operation), b"{}")

    assert (answer.status, answer.error) == (403, "not_allowed")


@pytest.mark.parametrize("operation", [e for e in WITH_KEY if e.abilities], ids=named)
def test_a_key_without_the_ability_is_refused_by_its_name(agent_with, operation):
    agent = agent_with(abilities=ALL - operation.abilities)
    answer = agent.ask(operation.method, path_of(operation), b"{}")

    assert (answer.status, answer.error) == (403, "not_allowed")
    assert all(ability.value in answer.message for ability in operation.abilities)


@pytest.mark.parametrize("secret", ["", "x", "seawall_" + "A" * 43, "ä", " "])
def test_a_wrong_key_is_refused(agent: Agent, app, secret: str):
    answer = Agent(app).get(
        "/api/v1/status", headers=[(b"authorization", b"Bearer " + secret.encode())]
    )

    assert (answer.status, answer.error) == (401, "unknown_key")


def test_other_ways_to_send_a_key_and_two_keys_are_refused(house, app):
    secret = house.key()[1].encode()
    once = (b"authorization", b"Bearer " + secret)

    for headers in ([(b"authorization", b"Basic " + secret)], [once, once]):
        answer = Agent(app).get("/api/v1/status", headers=headers)
        assert (answer.status, answer.error) == (401, "no_key")
    assert Agent(app).get("/api/v1/status", headers=[once]).status == 200


def test_the_word_bearer_may_be_written_as_one_likes(house, app):
    header = (b"authorization", b"BEARER  " + house.key()[1].encode())

    assert Agent(app).get("/api/v1/status", headers=[header]).status == 200


def test_a_revoked_key_opens_nothing_from_then_on(house, app):
    key, secret = house.key()
    agent = Agent(app, secret)

    assert agent.get("/api/v1/status").status == 200
    house.revoke(key)
    assert agent.get("/api/v1/status").error == "unknown_key"


def test_a_key_asks_only_for_its_portfolios(house, agent_with):
    agent = agent_with(portfolios=[PORTFOLIO, "second"])

    assert agent.post(VALIDATE, order(portfolio="third")).status == 403
    other = agent.post(VALIDATE, order(portfolio="second"))
    assert other.json["reasons"][0]["code"] == "portfolio_unknown"
    signal = {"portfolio": "third", "strategy": "trend", "asset": "C000/USDT", "side": "buy"}
    assert agent.post("/api/v1/signals/validate", signal).status == 403


def test_a_key_for_one_strategy_does_nothing_for_another(agent: Agent, agent_with):
    agent.post(VALIDATE, order())
    stranger = agent_with(strategies=["dip"])
    fill = {"fill_id": "f", "quantity": 1.0, "price": 100.0}
    signal = {"portfolio": "demo", "strategy": "trend", "asset": "C000/USDT", "side": "buy"}

    asked = [
        stranger.post(VALIDATE, order(client_order_id="o-2")),
        stranger.post("/api/v1/signals/validate", signal),
    ]

    def reports(name):
        return [
            stranger.post(f"{ORDERS}/{name}/fills", fill),
            stranger.get(f"{ORDERS}/{name}"),
            stranger.delete(f"{ORDERS}/{name}"),
            stranger.post("/api/v1/reductions/1-1/ack"),
        ]

    assert [(each.status, each.error) for each in asked] == [(403, "not_allowed")] * 2
    assert [each.status for each in reports("o-1")] == [404] * 4
    nobodys = [each.body.replace(b"o-9", b"o-1") for each in reports("o-9")]
    assert [each.body for each in reports("o-1")] == nobodys, "whether it is there is not told"
    assert agent.get("/api/v1/orders/o-1").json["status"] == "pending"
    assert stranger.post(VALIDATE, order(client_order_id="o-3", strategy="dip")).status == 200


def test_the_journal_is_told_who_sent_it(house, app):
    key, secret = house.key(name="bot")
    Agent(app, secret).post(VALIDATE, order())

    assert house.gate.senders == [f"bot (key {key.id})"]


# --- pace ----------------------------------------------------------------------------------


def trade(fill_id):
    return {"fill_id": fill_id, "quantity": 0.1, "price": 1.0}


@pytest.fixture
def slow_house(house):
    now = [0.0]
    house.options |= {
        "orders_per_second": 2.0,
        "reads_per_second": 1.0,
        "monotonic": lambda: now[0],
    }
    house.now = now
    return house


def test_a_key_that_asks_too_often_is_told_when_to_come_back(slow_house):
    app = slow_house.app()
    agent = Agent(app, slow_house.key()[1])

    statuses = [agent.post(VALIDATE, order(client_order_id=f"o-{n}")).status for n in range(3)]
    assert statuses == [200, 200, 429]
    refused = agent.post(VALIDATE, order(client_order_id="o-9"))
    assert (refused.error, refused.headers["retry-after"]) == ("too_often", "1")
    assert slow_house.gate.asked == 2

    slow_house.now[0] += 0.5
    assert agent.post(VALIDATE, order(client_order_id="o-9")).status == 200
    assert agent.post(VALIDATE, order(client_order_id="o-10")).status == 429


def test_new_risk_never_keeps_a_reduction_waiting(slow_house):
    agent = Agent(slow_house.app(), slow_house.key()[1])
    for n in range(5):
        last = agent.post(VALIDATE, order(client_order_id=f"o-{n}"))

    assert last.status == 429
    assert agent.post(VALIDATE, order(client_order_id="r", reduce_only=True)).status == 200
    assert agent.post(VALIDATE, order(client_order_id="e", emergency=True)).status == 200


def test_what_became_of_orders_is_taken_however_many_were_asked_about(slow_house):
    agent = Agent(slow_house.app(), slow_house.key()[1])
    for n in range(5):
        agent.post(VALIDATE, order(client_order_id=f"o-{n}"))
    fills = [agent.post(f"{ORDERS}/o-0/fills", trade(f"{n}")) for n in range(3)]

    assert [each.status for each in fills] == [200] * 3
    assert agent.delete(f"{ORDERS}/o-0").status == 200


def test_a_flood_of_fills_is_held_up_and_none_is_lost_that_is_told_again(slow_house):
    agent = Agent(slow_house.app(), slow_house.key()[1])
    agent.post(VALIDATE, order())
    fills = {f"{n}": agent.post(f"{ORDERS}/o-1/fills", trade(f"{n}")) for n in range(9)}
    refused = [name for name, answer in fills.items() if answer.status == 429]
    held_up = fills[refused[0]]

    assert len(refused) == 5
    assert (held_up.error, held_up.headers["retry-after"]) == ("too_often", "1")
    for name in refused:
        slow_house.now[0] += 1.0
        assert agent.post(f"{ORDERS}/o-1/fills", trade(name)).status == 200
    assert agent.get(f"{ORDERS}/o-1").json["filled"] == pytest.approx(0.9)


def test_nothing_is_written_without_a_bucket_to_take_from():
    writes = [each for each in OPERATIONS if each.method != "GET"]

    assert len(writes) > 5
    assert [each.path for each in writes if each.bucket is None] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "most"),
    [
        ("DELETE", f"{ORDERS}/o-1", None, 4),
        ("POST", "/api/v1/reductions/r-1/ack", None, 4),
        ("POST", "/api/v1/leases", slice_of(), 2),
        (
            "POST",
            "/api/v1/leases",
            {"portfolio": "demo", "strategy": "trend", "settles": "lease:1"},
            4,
        ),
        ("POST", "/api/v1/commands", {"command": "halt", "portfolio": "demo", "reason": "x"}, 1),
    ],
)
def test_every_write_has_a_pace(slow_house, method, path, body, most):
    agent = Agent(slow_house.app(), slow_house.key()[1])
    statuses = [agent.ask(method, path, body).status for _ in range(6)]

    assert statuses.index(429) == most
    assert set(statuses[most:]) == {429}


def test_keys_have_paces_of_their_own_and_readings_another(slow_house):
    app = slow_house.app()
    first, second = (Agent(app, slow_house.key()[1]) for _ in range(2))

    assert [first.get("/api/v1/status").status for _ in range(2)] == [200, 429]
    assert second.get("/api/v1/status").status == 200
    assert first.post(VALIDATE, order()).status == 200


def test_emergencies_are_believed_only_of_keys_that_may_say_so(house, agent_with):
    agent_with().post("/api/v1/commands", {"command": "halt", "portfolio": "demo", "reason": "x"})
    plain = agent_with(abilities=frozenset({KeyAbility.VALIDATE}))
    urgent = agent_with(abilities=frozenset({KeyAbility.VALIDATE, KeyAbility.EMERGENCY}))

    assert plain.post(VALIDATE, order(emergency=True)).json["verdict"] == "reject"
    answer = urgent.post(VALIDATE, order(client_order_id="o-2", emergency=True))
    assert answer.json["verdict"] == "approve"
