"""Every kind of limit is reached through HTTP, and 64 who ask at once share one unit of room."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from risk.api.app import create_api
from risk.api.server import ApiServer
from risk.auth.keys import KeyRing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.limits.types import LIMIT_TYPES
from risk.manager import step
from tests.api.asking import Agent
from tests.books import BTC, ETH, NOW, PRICES, book_of
from tests.engine.gates import VENUE, GateWorld, body_of, failed
from tests.fakes_gate import FakeTelling, make_desk, make_key
from tests.manager.test_each_kind import PARAMETERS, morning, with_prices
from tests.policies import WHOLE, definition, policy_of

VALIDATE = "/api/v1/orders/validate"


def order(name: str, asset: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "client_order_id": name,
        "portfolio": "demo",
        "strategy": "trend",
        "asset": asset,
        "side": "buy",
        "quantity": value / PRICES[asset],
        "venue": VENUE,
    } | more


@contextmanager
def answered_over(world: GateWorld) -> Iterator[tuple[Any, str]]:
    """An application in front of the gate, and a secret that opens it."""
    key, secret = make_key()
    desk = make_desk(lambda: world.gate, FakeTelling(), KeyRing([key]))
    world.gate.start()
    try:
        yield create_api(desk), secret
    finally:
        world.gate.stop()


@pytest.mark.parametrize("kind", LIMIT_TYPES)
def test_every_kind_of_limit_refuses_over_http_by_its_name(kind: str):
    scope = Scope(ScopeKind.ASSET, ETH) if kind == "days_to_flat" else WHOLE
    nothing = policy_of(definition(kind, scope, 0.0, parameters=PARAMETERS.get(kind, {})))
    first = morning()
    fallen = with_prices(
        replace(first, id="2", at=NOW + timedelta(seconds=60)), {**PRICES, BTC: 0.9 * PRICES[BTC]}
    )
    world = GateWorld(first.ledger, nothing)
    state = step(RiskState(portfolio="demo", policy=nothing), first).state
    world.gate.serve(world._record(state, fallen, 2))
    with answered_over(world) as (api, secret):
        bought = order("o1", ETH, 1e4, order_type="limit", limit_price=1.01 * PRICES[ETH])
        answer = Agent(api, secret).post(VALIDATE, bought)

    assert answer.status == 200
    assert answer.json["verdict"] != "approve"
    assert answer.json["quantity"] <= 1e-4 * bought["quantity"]
    assert kind in failed(answer.json)


@pytest.fixture
def server() -> Iterator[tuple[ApiServer, str]]:
    """A real server in front of a gate with room for exactly one order of 10,000."""
    world = GateWorld(book_of({}), policy_of(definition("gross_exposure", hard=0.010)))
    with answered_over(world) as (api, secret):
        server = ApiServer(api, "127.0.0.1", 0)
        server.start()
        yield server, secret
        server.stop()


def test_of_64_who_ask_at_once_for_the_last_unit_of_room_exactly_one_gets_it(
    server: tuple[ApiServer, str],
):
    api, secret = server
    together, told = threading.Barrier(64), list[dict[str, Any]]()

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30.0)
        connection.connect()
        together.wait()
        headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
        body = json.dumps(order(f"o{number}", BTC, 10_000.0))
        connection.request("POST", VALIDATE, body, headers)
        told.append(json.loads(connection.getresponse().read()))
        connection.close()

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(64)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert Counter(answer["verdict"] for answer in told) == {"approve": 1, "reject": 63}
    [one] = [answer for answer in told if answer["verdict"] == "approve"]
    assert one["quantity"] == order("o", BTC, 10_000.0)["quantity"]


def test_threads_that_ask_the_gate_itself_share_it_too():
    world = GateWorld(book_of({}), policy_of(definition("gross_exposure", hard=0.010)))
    world.gate.start()
    together, futures = threading.Barrier(16), dict[int, Any]()

    def ask(number: int) -> None:
        together.wait()
        for again in range(8):
            name = f"o{number}-{again}"
            futures[number * 8 + again] = world.gate.validate_order(
                body_of(name, value=10_000.0), sender=str(number), may_emergency=False
            )

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    verdicts = Counter(json.loads(f.result(timeout=30.0))["verdict"] for f in futures.values())
    world.gate.stop()

    assert verdicts == {"approve": 1, "reject": 127}
