"""gunicorn's worker with threads, which no slow browser holds up.

gunicorn waits for the rest of a request for ever, in a thread: as many half-sent requests as there
are threads would stop the screens of everybody.
"""

import contextlib
import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

#: Seconds in which a request's head must have arrived, its first byte included.
HEAD_SECONDS = 10.0
#: Seconds that a browser may take for the next part of a body, or to accept one of an answer.
STALL_SECONDS = 10.0


class WebWorker(ThreadWorker):  # type: ignore[misc]
    """Closes connections on which a request, its body or its answer does not get on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Written by the threads and read by the main loop; single steps of a dict are safe.
        self._reading: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        """Read one request and answer it; runs in a thread."""
        self._reading[conn] = time.monotonic() + HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._reading.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request whose head is here; runs in a thread."""
        self._reading.pop(conn, None)
        conn.sock.settimeout(STALL_SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            self.log.warning("Closed the connection of %s, which does not get on.", conn.client)
            return False

    def murder_pending(self) -> None:
        """Close what waits too long; the main loop asks once a second."""
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self._reading.items()):
            if now >= deadline:
                # The thread that reads from it sees its end; gone already is as good.
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)
