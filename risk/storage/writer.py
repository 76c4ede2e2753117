"""A gate's notes written by a process of its own, which answers to nobody else.

Writing takes the interpreter as long as answering does. In the authority's own process each would
keep the other waiting, statement by statement; beside it, writing costs the authority one message
and one answer a batch, and uses another core.

The process ends when the authority does, however that ends: its wire does, and Linux ends it even
where it is frozen, since nobody could write any more if it held the right to. Elsewhere it finishes
what it had begun to write, under the token of a lease that stands until somebody else takes it.
"""

import ctypes
import logging
import math
import pickle  # nosec B403: both ends are this program
import select
import signal
import socket
import struct
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

import structlog

from risk.domain.journalling import AnsweredOrder, GateJournal, Note, Written
from risk.domain.ledger import Fill
from risk.errors import StoreError, StoreUnavailable
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import PATIENCE, leave_checkpoints_to_others, open_engines

_LOG = structlog.get_logger(__name__)

#: Seconds for a batch, beyond those that the database has for a statement, until the process
#: counts as frozen.
_LONGEST = 3.0 * PATIENCE
#: Seconds for a process to begin: it imports what it needs.
_TO_START = 60.0
#: Seconds between two launches: one that ends as soon as it begins should not take a processor.
_BETWEEN_LAUNCHES = 2.0
_LENGTH = struct.Struct("!I")
_READ_AT_ONCE = 65_536
_READY = "ready"
#: Of prctl(2).
_PR_SET_PDEATHSIG = 1


class Served(Protocol):
    """What serves the other end, as `subprocess.Popen` tells of it."""

    @property
    def returncode(self) -> int | None:
        """What it ended with."""
        ...

    def poll(self) -> int | None:
        """The same, looked for now."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class WriterProcess:
    """A `GateJournal` that writes in another process, and reads in this one.

    Until the other process can write, this one does: nobody waits for one that begins again.

    Not for two threads at once, but for its reading.

    Parameters
    ----------
    url : str
        Of the database.
    portfolio : str
    here : GateJournal
        Of this process: reads, and writes until the other process can.
    longest : float
        Seconds for one batch.
    launch : callable, optional
        Lets somebody serve the other end of a socket: see `serve`.
    """

    def __init__(
        self,
        url: str,
        portfolio: str,
        here: GateJournal,
        *,
        longest: float = _LONGEST,
        launch: Callable[[socket.socket], Served] | None = None,
    ) -> None:
        self._job = (url, portfolio)
        self._here = here
        self._longest = longest
        self._launch = _launched if launch is None else launch
        self._process: Served | None = None
        self._wire: _Wire | None = None
        self._is_ready = False
        self._launched_at = -math.inf

    def start(self) -> None:
        """Begin to begin: see `await_start`."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            _LOG.warning("writer_ended", code=self._process.returncode)
        self.close()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = self._launch(theirs)
        self._is_ready = False
        self._launched_at = time.monotonic()
        self._wire = _Wire(ours, seconds=_TO_START)
        self._wire.send(self._job)

    def await_start(self) -> None:
        """Return once it can write: what waits for a process that begins would be late.

        Raises
        ------
        StoreUnavailable
            If it ends instead.
        """
        self.start()
        self._ready_wire()

    def _ready_wire(self) -> "_Wire":
        """To a process that was launched; see `await_start`."""
        wire = self._wire
        assert wire is not None, "it was started"
        if not self._is_ready:
            self._asking(wire.receive)
            wire.seconds = self._longest
            self._is_ready = True
        return wire

    def close(self) -> None:
        """End the process once it has written what it was sent."""
        process = self._hang_up()
        if process is None:
            return
        try:
            process.wait(timeout=self._longest)
        except subprocess.TimeoutExpired:
            _kill(process)

    def _hang_up(self) -> Served | None:
        """Close the wire; gives whoever was at its other end."""
        process, wire = self._process, self._wire
        self._process = self._wire = None
        if wire is not None:
            wire.close()
        return process

    # --- writing ---------------------------------------------------------------------------

    def write(self, batch: int, notes: Sequence[Note], *, token: int) -> Written:
        """See :meth:`risk.domain.journalling.GateJournal.write`."""
        wire = self._begun_wire()
        if wire is None:
            return self._here.write(batch, notes, token=token)

        def ask() -> Any:
            wire.send((batch, notes, token))
            return wire.receive()

        try:
            answer = self._asking(ask)
        except StoreUnavailable:
            # It has ended by now. Whether it had written this or not, its number tells.
            return self._here.write(batch, notes, token=token)
        if isinstance(answer, StoreError):
            raise answer
        assert isinstance(answer, Written), "nothing else is answered"
        return answer

    def _begun_wire(self) -> "_Wire | None":
        """To a process that can write now; None without, and then one is launched."""
        wire, waited = self._wire, time.monotonic() - self._launched_at
        if wire is None:
            if waited > _BETWEEN_LAUNCHES:
                self.start()
        elif self._is_ready:
            return wire
        elif wire.has_news:
            with suppress(StoreUnavailable):  # it ended instead: another one is launched later
                return self._ready_wire()
        elif waited > _TO_START:
            self._give_up()
        return None

    def _asking(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (OSError, EOFError) as problem:
            self._give_up()
            raise StoreUnavailable(f"what writes the gate's notes ended: {problem}") from problem

    def _give_up(self) -> None:
        """Let the next batch find a new process: nobody knows what this one is doing.

        The batch that it may have written all the same has a number by which a second writing of
        it is known.
        """
        process = self._hang_up()
        if process is not None:
            _kill(process)
            _LOG.warning("writer_ended", code=process.returncode)

    # --- reading ---------------------------------------------------------------------------

    def last_batch(self) -> int:
        """See :meth:`risk.domain.journalling.GateJournal.last_batch`."""
        return self._here.last_batch()

    def answered(self, client_order_ids: Collection[str]) -> Sequence[AnsweredOrder]:
        """See :meth:`risk.domain.journalling.GateJournal.answered`."""
        return self._here.answered(client_order_ids)

    def let_through_since(self, at: datetime) -> Sequence[AnsweredOrder]:
        """See :meth:`risk.domain.journalling.GateJournal.let_through_since`."""
        return self._here.let_through_since(at)

    def last_fills(self, most: int) -> Sequence[str]:
        """See :meth:`risk.domain.journalling.GateJournal.last_fills`."""
        return self._here.last_fills(most)

    def booked(self, fill: Fill) -> Fill | None:
        """See :meth:`risk.domain.journalling.GateJournal.booked`."""
        return self._here.booked(fill)


def _kill(process: Served) -> None:
    process.kill()
    process.wait()


def _launched(end: socket.socket) -> subprocess.Popen[bytes]:
    number = end.fileno()
    return subprocess.Popen(  # nosec B603 - this very program
        [sys.executable, "-m", __name__, str(number)],
        pass_fds=(number,),
        stdin=subprocess.DEVNULL,
    )


class _Wire:
    """Messages over a socket, each as a whole.

    Attributes
    ----------
    seconds : float or None
        For a message to come or go; None for ever.
    """

    def __init__(self, end: socket.socket, *, seconds: float | None) -> None:
        self._end = end
        self.seconds = seconds

    def send(self, message: object) -> None:
        """Send one.

        Raises
        ------
        OSError
            If nobody is there, or takes it in time.
        """
        body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        self._end.settimeout(self.seconds)
        self._end.sendall(_LENGTH.pack(len(body)) + body)

    def receive(self) -> Any:
        """The next one.

        Raises
        ------
        EOFError
            If the other end is closed.
        OSError
            If none comes in time.
        """
        self._end.settimeout(self.seconds)
        # Read in one go where it fits: every wait gives the interpreter to another thread.
        found = self._more()
        while len(found) < _LENGTH.size:
            found += self._more()
        (length,) = _LENGTH.unpack_from(found)
        while len(found) < _LENGTH.size + length:
            found += self._more()
        return pickle.loads(memoryview(found)[_LENGTH.size :])  # nosec B301 - ours

    def _more(self) -> bytes:
        found = self._end.recv(_READ_AT_ONCE)
        if not found:
            raise EOFError("its wire is closed")
        return found

    @property
    def has_news(self) -> bool:
        """Whether there is something to receive, an end included."""
        return bool(select.select([self._end], [], [], 0.0)[0])

    def close(self) -> None:
        """Hang up."""
        self._end.close()


# --- the process ---------------------------------------------------------------------------


def serve(end: socket.socket) -> None:
    """Write whatever comes over a socket until nothing can come any more.

    Parameters
    ----------
    end : socket.socket
    """
    wire = _Wire(end, seconds=None)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _write_for_ever(wire)


def _write_for_ever(wire: _Wire) -> None:
    url, portfolio = wire.receive()
    engines = open_engines(url)
    # They keep agents waiting, and whoever takes cycles has time for them.
    leave_checkpoints_to_others(engines)
    journal = SqlGateJournal(engines, portfolio)
    try:
        wire.send(_READY)
        while True:
            batch, notes, token = wire.receive()
            wire.send(_answer(journal, batch, notes, token))
    finally:
        engines.dispose()


def _answer(
    journal: SqlGateJournal, batch: int, notes: Sequence[Note], token: int
) -> Written | StoreError:
    try:
        return journal.write(batch, notes, token=token)
    except StoreError as refused:
        return refused
    except Exception as problem:  # it is told, and ends all writing
        logging.getLogger(__name__).exception("a batch cannot be written")
        return StoreError(f"a batch of the gate cannot be written: {problem!r}")


def _end_with_parent() -> None:
    """Let Linux kill this process as soon as the thread that launched it ends.

    That thread takes the cycles or writes the notes: where it ends before its program, the next
    batch finds a new process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Write for the process that holds the other end of the socket named in the arguments."""
    # Whoever ends a whole group of processes ends the authority, which has notes left to write.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    _end_with_parent()
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
