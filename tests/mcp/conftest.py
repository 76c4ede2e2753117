"""The real gate behind the real HTTP interface, and models that call tools before it."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult, Tool

from risk.api.app import create_api
from risk.api.server import ApiServer
from risk.auth.keys import KeyRing
from risk.mcp.callers import Asking, Callers
from risk.mcp.server import create_server
from tests.engine.gates import GateWorld
from tests.fakes_gate import FakeGate, FakeTelling, make_desk, make_key
from tests.policies import definition, policy_of

#: The book's equity is a million: one order of 10,000 fills this limit.
ONE_PERCENT = replace(policy_of(definition("gross_exposure", hard=0.010)), version=3)
NOBODY_THERE = "http://127.0.0.1:1"


@dataclass
class Said:
    """What a model got for a call."""

    result: CallToolResult
    summary: str
    data: dict[str, Any]

    @property
    def failed(self) -> bool:
        return bool(self.result.is_error)


def said(result: CallToolResult) -> Said:
    """The two parts of a result, and that they agree with the structured one."""
    summary, data = (part.text for part in result.content)
    told = json.loads(data)
    assert told["summary"] == summary
    if not result.is_error:
        assert result.structured_content == told
    return Said(result, summary, told)


@dataclass
class House:
    """An authority that answers over HTTP."""

    gate: Any
    ring: KeyRing = field(default_factory=KeyRing)
    keys: list = field(default_factory=list)

    def __post_init__(self) -> None:
        desk = make_desk(lambda: self.gate, FakeTelling(), self.ring)
        self._server = ApiServer(create_api(desk), "127.0.0.1", 0)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def key(self, **options: Any) -> str:
        key, secret = make_key(**options)
        self.keys.append(key)
        self.ring.replace(self.keys)
        return secret

    def close(self) -> None:
        self._server.stop()


class Model:
    """A language model with a key, connected in memory by the kit's own client."""

    def __init__(self, url: str, key: str, **options: Any) -> None:
        usual: dict[str, Any] = {"portfolio": "demo", "strategy": "trend", "timeout": 5.0}
        self._asking = Asking(url=url, **(usual | options))
        self._key = key

    def call(self, name: str, **arguments: Any) -> Said:
        return said(self.use(lambda client: client.call_tool(name, arguments)))

    def calls(self, wanted: Mapping[str, dict[str, Any]]) -> dict[str, Said]:
        """One call after another, by one connection."""

        async def all_of(client: Client) -> dict[str, Said]:
            return {name: said(await client.call_tool(name, args)) for name, args in wanted.items()}

        found: dict[str, Said] = self.use(all_of)
        return found

    def tools(self) -> list[Tool]:
        return self.use(lambda client: client.list_tools()).tools

    def use(self, what: Callable[[Client], Any], mode: str = "auto") -> Any:
        async def main() -> Any:
            callers = Callers(self._asking.client)
            server = create_server(lambda _ctx: callers.asking(self._key))
            try:
                async with Client(server, mode=mode) as client:
                    return await what(client)
            finally:
                await callers.close()

        return asyncio.run(main())


@pytest.fixture
def world() -> Iterator[GateWorld]:
    """The real gate, over a journal in memory and a book with one small limit."""
    world = GateWorld(policy=ONE_PERCENT)
    world.gate.start()
    yield world
    world.gate.stop()


@pytest.fixture
def house(world: GateWorld) -> Iterator[House]:
    house = House(world.gate)
    yield house
    house.close()


@pytest.fixture
def model(house: House) -> Model:
    """With all abilities."""
    return Model(house.url, house.key())


@pytest.fixture
def fake_house() -> Iterator[House]:
    """An authority over a gate that is asked to reduce, and knows other strategies."""
    house = House(FakeGate())
    yield house
    house.close()
