"""The server: a thread of its own with an event loop of its own, beside whatever measures risk."""

import asyncio
import socket
import threading
from typing import Any

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from risk.api.problems import Refused
from risk.config import key_of
from risk.errors import SettingInvalid

_LOG = structlog.get_logger(__name__)

#: Seconds for which an idle connection is kept.
IDLE = 75
#: Seconds that answers under way have when the server ends.
LAST_WORDS = 2
#: Bytes that an address and all headers may have together.
MOST_HEADERS = 32_768
#: Connections at once.
MOST_CONNECTIONS = 1_000
_BACKLOG = 512
_STARTING = 10.0


class _Protocol(HttpToolsProtocol):
    """One connection: bounded, and with refusals that look like all others."""

    def connection_made(self, transport: Any) -> None:
        """Begin, unless there are too many; whoever then says nothing is let go as well."""
        super().connection_made(transport)
        self._heard = 0
        if len(self.connections) > MOST_CONNECTIONS:
            _LOG.warning("too_many_connections", most=MOST_CONNECTIONS)
            transport.close()
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def on_message_begin(self) -> None:
        """Begin one request."""
        self._heard = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._hear(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        self._hear(len(name) + len(value))
        super().on_header(name, value)

    def _hear(self, length: int) -> None:
        self._heard += length
        if self._heard > MOST_HEADERS:
            raise ValueError("the headers are too long")

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request."""
        body = Refused(400, "bad_request", msg.rstrip(".")).body
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            b"cache-control: no-store\r\nconnection: close\r\ncontent-length: "
            + str(len(body)).encode()
            + b"\r\n\r\n"
            + body
        )
        self.transport.close()


class ApiServer:
    """Serves an application over HTTP, from `start` to `stop`.

    Parameters
    ----------
    app : Starlette
        As `risk.api.app.create_api` makes it.
    host : str
        Address to listen on.
    port : int
        0 for any that is free.
    """

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self.port = port
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=LAST_WORDS,
                backlog=_BACKLOG,
            )
        )

    def start(self) -> None:
        """Listen from now on; returns once requests are answered.

        Raises
        ------
        SettingInvalid
            If the port cannot be listened on.
        """
        self._socket = self._bound()
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        self._begun.wait(_STARTING)
        _LOG.info("api_listens", host=self._host, port=self.port)

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the streams, let answers under way go out, and end."""
        if not self._thread.is_alive() or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()

    def _end(self) -> None:
        self._app.state.say_goodbye()
        self._server.should_exit = True

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._host, self.port))
            listening.listen(_BACKLOG)
        except OSError as problem:
            listening.close()
            raise SettingInvalid(
                key_of("api_port"),
                f"is {self.port}, which this program cannot open on {self._host}: "
                "end the program that uses it, or choose another port "
                "(an engine that stands by needs one of its own)",
            ) from problem
        return listening

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        finally:
            self._begun.set()
            self._app.state.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._begun.set)
        self._app.state.watch(self._loop)
        assert self._socket is not None
        await self._server.serve(sockets=[self._socket])
