"""Asking an application directly, message by message: a test can send what no client would."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

HOST = b"127.0.0.1:8051"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.json["error"]

    @property
    def message(self) -> str:
        return self.json["message"]


async def exchange(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    parts: Sequence[bytes] = (b"",),
) -> Answer:
    """Send a request, its body in `parts`, and take the whole answer."""
    address, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": address,
        "raw_path": address.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "http_version": "1.1",
        "headers": list(headers),
    }
    waiting = list(parts)
    told: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            await asyncio.sleep(3600.0)
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        told.append(message)

    await app(scope, receive, send)
    start = told[0]
    names = {name.decode(): value.decode() for name, value in start["headers"]}
    body = b"".join(message.get("body", b"") for message in told[1:])
    return Answer(start["status"], names, body)


class Agent:
    """Somebody with a key, or without."""

    def __init__(self, app: ASGIApp, secret: str | None = None, host: bytes = HOST) -> None:
        self._app = app
        self._secret = secret
        self._host = host

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        parts: Sequence[bytes] | None = None,
        content_type: str | None = "application/json",
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> Answer:
        """Ask; `body` is sent as JSON, or as it is where it is bytes already."""
        return asyncio.run(
            self.asked(method, path, body, parts=parts, content_type=content_type, headers=headers)
        )

    async def asked(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        parts: Sequence[bytes] | None = None,
        content_type: str | None = "application/json",
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> Answer:
        """As `ask`, from within an event loop."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = [(b"host", self._host), *headers]
        if self._secret is not None:
            told.append((b"authorization", b"Bearer " + self._secret.encode()))
        if body is not None or parts is not None:
            if content_type is not None:
                told.append((b"content-type", content_type.encode()))
            if parts is None:
                told.append((b"content-length", str(len(sent)).encode()))
        whole = [sent if body is not None else b""] if parts is None else parts
        return await exchange(self._app, method, path, headers=told, parts=whole)

    def get(self, path: str, **options: Any) -> Answer:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.ask("POST", path, body, **options)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)


def order(**changes: Any) -> dict[str, Any]:
    """A good order."""
    usual = {
        "client_order_id": "o-1",
        "portfolio": "demo",
        "strategy": "trend",
        "asset": "C000/USDT",
        "side": "buy",
        "quantity": 2.0,
    }
    return _changed(usual, changes)


def slice_of(**changes: Any) -> dict[str, Any]:
    """A good slice of room."""
    usual = {
        "lease_id": "lease:1",
        "portfolio": "demo",
        "strategy": "trend",
        "asset": "C000/USDT",
        "side": "buy",
        "quantity": 2.0,
    }
    return _changed(usual, changes)


def _changed(usual: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What is usual with changes; what is `...` is left out."""
    return {name: value for name, value in (usual | changes).items() if value is not ...}
