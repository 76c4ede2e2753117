"""A gate over a real database that is killed in the middle of its work."""

import json
import os
import select
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from risk.domain.journalling import GateJournal
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, transaction
from risk.storage.ledger import with_later_entries
from risk.storage.writer import WriterProcess
from tests.books import book_of
from tests.engine.gates import GateWorld
from tests.policies import definition, policy_of
from tests.storage.writers import ForkedProcess

#: How often a gate is killed.
ROUNDS = int(os.environ.get("GATE_KILLS", "3"))
PORTFOLIO = "demo"
#: What all that may be filled may be worth, times equity.
ROOM = 0.050


def world_over(engines: Engines, token: int, *, writer: str | None = None) -> GateWorld:
    """A gate over everything that is on disk; with a process that writes to `writer`."""
    with transaction(engines.reader) as connection:
        ledger, _ = with_later_entries(connection, PORTFOLIO, book_of({}))
    policy = policy_of(definition("gross_exposure", hard=ROOM))
    journal: GateJournal = SqlGateJournal(engines, PORTFOLIO)
    if writer is not None:
        apart = WriterProcess(writer, PORTFOLIO, journal, launch=ForkedProcess)
        apart.await_start()
        journal = apart
    return GateWorld(ledger, policy, journal=journal, token=token)


def tell(pipe: int, *said: Any) -> None:
    """Say something that outlives this process."""
    os.write(pipe, (json.dumps(said) + "\n").encode())


def killed_while(
    burst: Callable[[int], NoReturn], *, enough: Callable[[bytes], bool], after: float
) -> list[list[Any]]:
    """Everything that a child of ours had told when it was killed.

    Parameters
    ----------
    burst : callable
        What it does, given the pipe to `tell`; it never ends by itself.
    enough : callable
        Whether this much of what was told is enough of a burst.
    after : float
        Seconds from then until it is killed: a moment at random within the burst that goes on.
    """
    heard, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            burst(pipe)
        finally:
            os._exit(1)
    os.close(pipe)
    text = b""
    while not enough(text):
        piece = os.read(heard, 1 << 16)
        assert piece, "it ended by itself"
        text += piece
    select.select([], [], [], after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while piece := os.read(heard, 1 << 16):
        text += piece
    os.close(heard)
    whole, _, _ = text.rpartition(b"\n")
    return [json.loads(line) for line in whole.decode().splitlines()]
