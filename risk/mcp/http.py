"""Streamable HTTP: each request carries the key of whoever sent it, and acts with no other.

Nothing is kept from one request to the next: no session that somebody could take over, and no
stream that stays open. What reaches the tools has a bounded body, a key, a Host header that names
this machine, and no Origin of another site.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import uvicorn
from mcp.server import Server, ServerRequestContext
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risk.client import AsyncSeawall
from risk.domain.hosts import is_this_machine
from risk.domain.messages import Problem
from risk.errors import SettingInvalid
from risk.mcp.callers import Asking, Callers
from risk.mcp.server import create_server

PATH = "/mcp"
#: Bytes of one request, as the authority has it for orders.
MOST_BYTES = 65_536
#: Seconds for a whole body.
PATIENCE = 5.0
#: Seconds that answers under way have when the server ends.
_LAST_WORDS = 2
_MOST_CONNECTIONS = 200
_BACKLOG = 128
_BEARER = "bearer "
_OURS = ("127.0.0.1", "localhost", "[::1]")


def create_app(asking: Asking, *, hosts: Iterable[str] = ()) -> ASGIApp:
    """The application.

    Parameters
    ----------
    asking : Asking
    hosts : iterable of str
        Names, beside those of this machine, under which it may be asked: a proxy's.
    """
    callers = Callers(asking.client)

    def caller(ctx: ServerRequestContext[Any, Any]) -> AbstractAsyncContextManager[AsyncSeawall]:
        # The gatekeeper let no request through without one.
        key = key_in(ctx.request.headers) if ctx.request is not None else None
        return callers.asking(key or "")

    @asynccontextmanager
    async def lifespan(_server: Server[Any]) -> AsyncIterator[dict[str, Any]]:
        try:
            yield {}
        finally:
            await callers.close()

    server = create_server(caller, lifespan=lifespan)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MOST_BYTES,
        transport_security=_security(hosts),
    )
    return Gatekeeper(app)


def _security(hosts: Iterable[str]) -> TransportSecuritySettings:
    """A page of another site must not reach the server by a name that points to this machine."""
    named = tuple(hosts)
    return TransportSecuritySettings(
        allowed_hosts=[form for name in (*_OURS, *named) for form in (name, f"{name}:*")],
        allowed_origins=[
            form
            for origin in (
                *(f"http://{name}" for name in _OURS),
                *(f"https://{name}" for name in named),
            )
            for form in (origin, f"{origin}:*")
        ],
    )


class Gatekeeper:
    """Lets through requests to the one address there is, that carry a key and come in time.

    Parameters
    ----------
    app : ASGI application
    patience : float
        Seconds for a whole body.
    """

    def __init__(self, app: ASGIApp, *, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's beginning and end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is None:
            body = await self._body(receive)
            if not isinstance(body, Response):
                await self._app(scope, _replayed(body, receive), send)
                return
            refusal = body
        await refusal(scope, receive, send)

    async def _body(self, receive: Receive) -> bytes | Response:
        """The whole body, or why it is not waited for."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    message = await receive()
                    body += message.get("body", b"")
                    if len(body) > MOST_BYTES:
                        return _problem(413, "too_long", f"a body has {MOST_BYTES} bytes at most")
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            return _problem(408, "too_slow", "the body did not come in time")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What gives the body that was read, and then whatever comes after it."""
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


def _refusal(scope: Scope) -> Response | None:
    if scope["path"] != PATH:
        return _problem(404, "unknown_path", f"nothing is here: the tools are at {PATH}")
    if scope["method"] != "POST":
        # A client that would like to listen learns that there is nothing to hear.
        message = "only POST is possible: there are no sessions and no streams"
        return _problem(405, "unknown_method", message, allow="POST")
    if key_in(Headers(scope=scope)) is None:
        message = "a key is needed: send Authorization: Bearer KEY"
        return _problem(401, "no_key", message, **{"www-authenticate": "Bearer"})
    return None


def _problem(status: int, error: str, message: str, **headers: str) -> Response:
    return Response(
        msgspec.json.encode(Problem(error=error, message=message)),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store", **headers},
    )


def key_in(headers: Headers) -> str | None:
    """The one key that a request carries; None if it carries none, or several, or no word."""
    sent = headers.getlist("authorization")
    if len(sent) != 1 or sent[0][: len(_BEARER)].lower() != _BEARER:
        return None
    key = sent[0][len(_BEARER) :].strip()
    return key if key.isascii() and key.isprintable() and " " not in key and key else None


# --- listening ------------------------------------------------------------------------------


def listening_on(address: str) -> socket.socket:
    """A socket that listens on ``HOST:PORT`` of this machine.

    Raises
    ------
    SettingInvalid
        If that is no address, not of this machine alone, or taken.
    """
    host, port = _parted(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as problem:
        listening.close()
        raise SettingInvalid(
            "--http",
            f"is {address}, which this program cannot open: end the program that uses it, or "
            "choose another port",
        ) from problem
    return listening


def _parted(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65_536):
        example = "such as 127.0.0.1:8052"
        raise SettingInvalid("--http", f"must be HOST:PORT, {example}, got {address!r}")
    if not is_this_machine(host):
        raise SettingInvalid(
            "--http",
            f"must be an address of this machine alone, such as 127.0.0.1, got {host}: keys are "
            "sent in the clear. For other machines put a proxy with TLS in front of it, and its "
            "name into SEAWALL_API_HOSTS",
        )
    return "127.0.0.1" if host == "localhost" else host, int(port)


def server_of(app: ASGIApp) -> uvicorn.Server:
    """What serves the application; `run(sockets=[…])` does so until it is told to end."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_LAST_WORDS,
        )
    )
