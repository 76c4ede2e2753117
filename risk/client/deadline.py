"""One time-out for a whole request.

The library's time-outs are for each read: a peer that sends one byte at a time would hold an
agent for ever. Here every step of a request gets no more than what is left of the whole. (Looking
up a name is the operating system's, and not bounded: give an address where that matters.)
"""

import math
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from risk.client.clock import monotonic
from risk.client.http import LIMITS


class DeadlineTransport(httpx2.HTTPTransport):
    """Connections whose reads and writes end when the request of their thread must.

    Parameters
    ----------
    context : ssl.SSLContext
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, limits=LIMITS, trust_env=False)
        self._deadline = _Deadline()
        # The parent's pool has no argument for it; a test that drips a header notices if it goes.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=_Backend(self._deadline),
        )

    @contextmanager
    def ending_in(self, seconds: float) -> Iterator[None]:
        """What this thread does in here ends after so many seconds.

        Parameters
        ----------
        seconds : float
        """
        self._deadline.at = monotonic() + seconds
        try:
            yield
        finally:
            self._deadline.at = math.inf


class _Deadline(threading.local):
    at = math.inf

    def left(self, timeout: float | None) -> float | None:
        if self.at == math.inf:
            return timeout
        left = self.at - monotonic()
        if left <= 0.0:
            raise httpcore2.ReadTimeout("no time is left")
        return left if timeout is None else min(timeout, left)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._plain.connect_tcp(
            host,
            port,
            timeout=self._deadline.left(timeout),
            local_address=local_address,
            socket_options=socket_options,
        )
        return _Stream(stream, self._deadline)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
