"""What writes beside a gate, without the seconds that a new process takes to import."""

import multiprocessing
import os
import socket
import stat
import sys
import threading
from contextlib import suppress
from pathlib import Path

from risk.storage import writer
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


class ForkedProcess:
    """The very process, forked from this one, which has imported all that it needs.

    Parameters
    ----------
    end : socket.socket
    """

    def __init__(self, end: socket.socket) -> None:
        self._process = multiprocessing.get_context("fork").Process(
            target=_write_with_nothing_but, args=(end.fileno(),), daemon=True
        )
        self._process.start()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        return self._process.exitcode or 0

    def kill(self) -> None:
        self._process.kill()


def _write_with_nothing_but(end: int) -> None:
    # The other end too is inherited: held here, nobody would ever hang up.
    for each in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # the listing's own
            if each != end and stat.S_ISSOCK(os.fstat(each).st_mode):
                os.close(each)
    sys.argv = ["", str(end)]
    writer.main()
