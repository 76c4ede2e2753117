"""What a process of its own does, done by a thread: it begins at once."""

import socket
import threading

from risk.storage.writer import serve


class ServingThread:
    """Serves one end of a socket; it stands where `WriterProcess` has a process.

    Parameters
    ----------
    end : socket.socket
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end.dup()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.returncode: int | None = None
        self._thread.start()

    def _serve(self) -> None:
        with self._end:
            serve(self._end)
        self.returncode = 0

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._thread.join(timeout)
        return 0

    def kill(self) -> None:
        self._end.shutdown(socket.SHUT_RDWR)
