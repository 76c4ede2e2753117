"""The wire between a child process and its supervisor, seen from the child.

One socket serves both ways: the child's beats say that it is not frozen, and the socket's
end, which comes however the supervisor dies, tells the child to end too. What the supervisor
makes of it is in `risk.engine.supervision`.
"""

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping

HEARTBEAT_VARIABLE = "SEAWALL_HEARTBEAT_FD"

_BEAT = b"."
_SECONDS_TO_END = 5.0


class Lifeline:
    """The child's end of the wire.

    Parameters
    ----------
    wire : socket.socket
        Connected to the supervisor.
    """

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire

    def beat(self) -> None:
        """Tell the supervisor that this process goes on; never waits, never fails."""
        try:
            self._wire.send(_BEAT, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return  # so many beats wait to be read that one more tells nothing new
        except OSError:
            return  # the supervisor is gone: `end_with_supervisor` deals with that

    def end_with_supervisor(self, end: Callable[[], None] | None = None) -> None:
        """From now on, end this process when the supervisor dies.

        Parameters
        ----------
        end : callable, optional
            How; the default asks as SIGTERM does, and after five seconds kills.
        """
        threading.Thread(
            target=self._wait_for_the_end,
            args=(end or _end_this_process,),
            name="lifeline",
            daemon=True,
        ).start()

    def _wait_for_the_end(self, end: Callable[[], None]) -> None:
        waiting = select.poll()
        waiting.register(self._wire, select.POLLIN)
        waiting.poll()
        end()


def inherited_lifeline(environ: Mapping[str, str]) -> Lifeline | None:
    """The wire that a supervisor gave this process, or None if it was started by hand.

    Raises
    ------
    ValueError
        If the variable names no open socket.
    """
    number = environ.get(HEARTBEAT_VARIABLE)
    if number is None:
        return None
    try:
        return Lifeline(socket.socket(fileno=int(number)))
    except (ValueError, OSError) as problem:
        raise ValueError(
            f"{HEARTBEAT_VARIABLE} is {number!r}, which is no open socket; unset it"
        ) from problem


def _end_this_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
