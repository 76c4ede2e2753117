"""Every door, tried by everybody: who may comes in, who may not is told so and changes nothing.

The doors, and what each needs, stand in `tests/doors.py`.
"""

import asyncio
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from risk.api.app import create_api
from risk.api.hub import Pace
from risk.api.resources import OPERATIONS
from risk.auth.keys import KeyRing
from risk.domain.keys import KeyAbility
from risk.mcp.registry import TOOLS
from tests import doors
from tests.api.asking import HOST, order, slice_of
from tests.fakes_gate import ALL, FakeGate, FakeTelling, make_desk, make_key
from tests.mcp.conftest import House, Model
from tests.mcp.test_failures import GOOD

_NO_KEY, _UNKNOWN_KEY = "no key", "a key that nobody has"
#: Whose keys try: each ability alone, all, none at all, and those that open nothing here.
_KEYS: dict[str, frozenset[KeyAbility] | None] = {
    **{ability.value: frozenset({ability}) for ability in KeyAbility},
    "everything": ALL,
    "nothing": frozenset(),
    _NO_KEY: None,
    _UNKNOWN_KEY: None,
    "revoked": None,
    "of another book": None,
}


def _opens(needed: doors.Needed, who: str) -> bool:
    """Whether a key opens a door."""
    if needed is None:
        return True
    has = _KEYS[who]
    return has is not None and (not needed or bool(needed & has))


# --- the authority -------------------------------------------------------------------------

_BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/orders/validate": order(client_order_id="o-2"),
    "POST /api/v1/orders/{client_order_id}/fills": {"fill_id": "f", "quantity": 1.0, "price": 9.0},
    "POST /api/v1/signals/validate": {
        "portfolio": "demo",
        "strategy": "trend",
        "asset": "C000/USDT",
        "side": "buy",
    },
    "POST /api/v1/commands": {"command": "halt", "portfolio": "demo", "reason": "a storm"},
    "POST /api/v1/leases": slice_of(),
}
_PARAMETERS = {"GET /api/v1/metrics": "?metric=equity"}


@dataclass
class Authority:
    """The agents' face of a gate in memory, and a key for everybody who tries."""

    gate: FakeGate
    app: Any
    secrets: dict[str, str | None]
    loop: asyncio.Runner

    def ask(self, door: str, who: str) -> tuple[int, bytes]:
        method, _, path = door.partition(" ")
        address = path.replace("{client_order_id}", "o-1").replace("{id}", "1-1")
        return self.loop.run(
            _begin_of(
                self.app,
                method,
                address + _PARAMETERS.get(door, ""),
                self.secrets[who],
                _BODIES.get(door),
            )
        )

    def state(self) -> object:
        return {name: copy.copy(value) for name, value in vars(self.gate).items()}


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    made = {who: make_key(abilities=has) for who, has in _KEYS.items() if has is not None}
    other, elsewhere = make_key(portfolios=["other"])
    secrets: dict[str, str | None] = {who: secret for who, (_, secret) in made.items()}
    ring = KeyRing([*(key for key, _ in made.values()), other])
    gate = FakeGate()
    desk = make_desk(lambda: gate, FakeTelling(), ring)
    secrets |= {_UNKNOWN_KEY: "seawall_" + "A" * 43, "revoked": make_key()[1]}
    secrets |= {_NO_KEY: None, "of another book": elsewhere}
    with asyncio.Runner() as loop:
        app = create_api(desk, pace=Pace(every=0.005, heartbeat=0.05, patience=0.2))
        yield Authority(gate, app, secrets, loop)
        app.state.say_goodbye()
    app.state.close()


async def _begin_of(
    app: Any, method: str, path: str, secret: str | None, body: dict[str, Any] | None
) -> tuple[int, bytes]:
    """The status of an answer and what came first: one of them never ends."""
    address, _, query = path.partition("?")
    sent = b"" if body is None else json.dumps(body).encode()
    headers = [(b"host", HOST), (b"content-length", str(len(sent)).encode())]
    if secret is not None:
        headers.append((b"authorization", f"Bearer {secret}".encode()))
    if body is not None:
        headers.append((b"content-type", b"application/json"))
    scope = {
        "type": "http",
        "method": method,
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
    }
    told: list[Any] = []
    gone = asyncio.Event()
    waiting = [{"type": "http.request", "body": sent, "more_body": False}]

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)
        if message["type"] == "http.response.body":
            gone.set()

    async with asyncio.timeout(20.0):
        await app(scope, receive, send)
    return told[0]["status"], told[1]["body"]


def test_every_endpoint_of_the_authority_is_in_the_table_as_it_is():
    declared = {f"{each.method} {each.path}": each.abilities for each in OPERATIONS}

    assert declared == dict(doors.ENDPOINTS)


@pytest.mark.parametrize("who", _KEYS)
@pytest.mark.parametrize("door", doors.ENDPOINTS)
def test_an_endpoint_opens_for_whoever_may_and_for_nobody_else(authority, door, who):
    before = authority.state()
    status, body = authority.ask(door, who)

    assert status < 500, body
    if _opens(doors.ENDPOINTS[door], who):
        assert status not in (401, 403), body
        return
    unknown = who in (_NO_KEY, _UNKNOWN_KEY, "revoked")
    assert status == (401 if unknown else 403), body
    assert json.loads(body)["message"], "a refusal says why"
    assert authority.state() == before, "nothing was changed"


# --- tools of language models ----------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House(FakeGate())
    yield house
    house.close()


def test_every_tool_is_in_the_table():
    assert set(TOOLS) == set(doors.TOOLS)


@pytest.mark.parametrize("who", [who for who in _KEYS if who not in (_NO_KEY, "revoked")])
def test_a_tool_opens_for_whose_key_may_and_for_nobody_else(house, who):
    has = _KEYS[who]
    if has is not None:
        key = house.key(abilities=has)
    else:
        key = "seawall_" + "A" * 43 if who == _UNKNOWN_KEY else house.key(portfolios=["other"])
    called = Model(house.url, key).calls({name: GOOD[name] for name in TOOLS})

    for name, told in called.items():
        refused = told.failed and told.data["error"] in ("no_key", "unknown_key", "not_allowed")
        assert told.data.get("error") != "internal", name
        assert refused != _opens(doors.TOOLS[name], who), (name, told.data)
        if refused:
            assert told.data["detail"], "a refusal says why"
