"""The same tools by standard input and output, and over HTTP with each caller's own key."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from risk.domain.keys import KeyAbility
from risk.errors import SettingInvalid
from risk.mcp.callers import Asking
from risk.mcp.http import MOST_BYTES, PATH, Gatekeeper, create_app, listening_on, server_of
from tests.mcp.conftest import House, Said, said
from tests.mcp.test_orders import order

ROOT = Path(__file__).parent.parent.parent


# --- standard input and output --------------------------------------------------------------


@pytest.mark.slow
def test_a_client_starts_the_server_itself_and_speaks_to_it(house: House, tmp_path: Path):
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "risk", "mcp", "--strategy", "trend"],
        env={
            "SEAWALL_URL": house.url,
            "SEAWALL_KEY": house.key(),
            "SEAWALL_HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            **{name: text for name, text in os.environ.items() if name.startswith("COV")},
        },
        cwd=tmp_path,
    )

    async def main() -> tuple[list[str], Any, Any]:
        async with Client(started) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            asked = await client.call_tool("validate_order", order())
            return tools, asked, await client.call_tool("status", {})

    tools, asked, status = asyncio.run(main())

    assert "validate_order" in tools
    assert said(asked).data["verdict"] == "approve"
    assert said(status).data["portfolio"] == "demo"


# --- over HTTP ------------------------------------------------------------------------------


@pytest.fixture
def served(house: House) -> Iterator[str]:
    """The address of a server that asks the house."""
    listening = listening_on("127.0.0.1:0")
    asking = Asking(url=house.url, portfolio="demo", strategy="trend")
    server = server_of(create_app(asking, hosts=["seawall.example"]))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}"
    server.should_exit = True
    thread.join(20.0)
    listening.close()
    assert not thread.is_alive()


@pytest.fixture
def call(served: str) -> Callable[..., Said]:
    def call(key: str, name: str, **arguments: Any) -> Said:
        async def main() -> Any:
            headers = {"authorization": f"Bearer {key}"}
            async with (
                httpx2.AsyncClient(headers=headers, trust_env=False) as http,
                Client(streamable_http_client(served, http_client=http)) as client,
            ):
                return await client.call_tool(name, arguments)

        return said(asyncio.run(main()))

    return call


def test_each_caller_acts_with_its_own_key(house: House, call: Callable[..., Said]):
    reader = house.key(abilities=frozenset({KeyAbility.READ}))

    assert call(house.key(), "validate_order", **order()).data["verdict"] == "approve"
    assert call(reader, "validate_order", **order()).data["error"] == "not_allowed"
    assert call(reader, "status").data["trading_state"] == "NORMAL"
    assert call("seawall_unknown", "status").data["error"] == "unknown_key"


def test_a_client_of_the_older_protocol_is_served_too(house: House, served: str):
    async def main() -> Any:
        headers = {"authorization": f"Bearer {house.key()}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False) as http,
            Client(streamable_http_client(served, http_client=http), mode="legacy") as client,
        ):
            return await client.call_tool("status", {})

    assert said(asyncio.run(main())).data["portfolio"] == "demo"


PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
    "authorization": "Bearer seawall_k",
}


def post(url: str, content: bytes | None = None, **headers: str) -> httpx2.Response:
    sent = {**ACCEPT, **{name.replace("_", "-"): text for name, text in headers.items()}}
    body = json.dumps(PING).encode() if content is None else content
    return httpx2.post(url, content=body, headers=sent, trust_env=False)


def test_a_request_with_a_key_is_answered_without_a_session(served: str):
    answer = post(served)

    assert (answer.status_code, "mcp-session-id" in answer.headers) == (200, False)
    assert len(answer.json()["result"]["tools"]) == 12


@pytest.mark.parametrize("sent", ["", "Basic YTpi", "Bearer", "Bearer two words", "seawall_k"])
def test_without_a_key_nothing_is_answered(served: str, sent: str):
    answer = post(served, authorization=sent)

    assert (answer.status_code, answer.json()["error"]) == (401, "no_key")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8052"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://seawall.example", "host": "seawall.example"}, 200),
        ({"origin": "http://localhost:6274", "host": "localhost"}, 200),
        ({"content_type": "text/plain"}, 400),
    ],
)
def test_a_page_of_another_site_reaches_nothing(served: str, headers: dict[str, str], status: int):
    assert post(served, **headers).status_code == status


def test_a_body_is_bounded(served: str):
    answer = post(served, b" " * (MOST_BYTES + 1))

    assert (answer.status_code, answer.json()["error"]) == (413, "too_long")


def test_a_body_in_parts_is_put_together_and_bounded_all_the_same(served: str):
    whole = json.dumps(PING).encode()

    def sent(*parts: bytes) -> int:
        with httpx2.Client(trust_env=False) as http:
            return http.post(served, content=iter(parts), headers=ACCEPT).status_code

    assert sent(whole[:9], whole[9:]) == 200
    assert sent(*[b" " * 1_000] * 70) == 413


def test_a_body_that_does_not_come_in_time_is_not_waited_for():
    async def unreached(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("it was let through")

    parts = [{"type": "http.request", "body": b"{", "more_body": True}]
    told: list[Any] = []

    async def receive() -> Any:
        return parts.pop() if parts else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        told.append(message)

    headers = [(b"authorization", b"Bearer k")]
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers}
    asyncio.run(Gatekeeper(unreached, patience=0.01)(scope, receive, send))

    assert (told[0]["status"], json.loads(told[1]["body"])["error"]) == (408, "too_slow")


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("DELETE", 405), ("PUT", 405)])
def test_there_are_no_sessions_and_no_streams(served: str, method: str, status: int):
    answer = httpx2.request(method, served, headers=ACCEPT, trust_env=False)

    assert (answer.status_code, answer.headers["allow"]) == (status, "POST")


def test_nothing_else_is_there(served: str):
    assert post(served.replace(PATH, "/")).status_code == 404


@pytest.mark.parametrize(
    "address", ["8052", "127.0.0.1", "127.0.0.1:", ":8052", "127.0.0.1:x", "127.0.0.1:65536"]
)
def test_an_address_that_is_none_is_told(address: str):
    with pytest.raises(SettingInvalid, match="must be HOST:PORT"):
        listening_on(address)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "[::]"])
def test_only_this_machine_may_be_listened_on(host: str):
    with pytest.raises(SettingInvalid, match="this machine alone"):
        listening_on(f"{host}:8052")


def test_an_address_that_is_taken_is_told():
    taken = listening_on("localhost:0")
    try:
        with pytest.raises(SettingInvalid, match="cannot open"):
            listening_on(f"127.0.0.1:{taken.getsockname()[1]}")
    finally:
        taken.close()
