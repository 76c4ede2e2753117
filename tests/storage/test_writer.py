"""The process that writes a gate's notes: killed, frozen, left alone."""

import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from risk.domain.journalling import Written
from risk.errors import LeaseLost, SchemaMismatch, StateUnreadable, StoreError
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.lease import SqlLeaseOffice
from risk.storage.portfolios import add_portfolio
from risk.storage.writer import WriterProcess
from tests.builders import NOON, PORTFOLIO
from tests.fakes_journal import order_in
from tests.storage.test_gate_journal_contract import SAID, answered

NOTHING_NEW = Written({}, ())
#: An answer of a tenth of a megabyte.
LONG = "x" * 100_000


@pytest.fixture
def engines(sqlite_url: str) -> Iterator[Engines]:
    engines = open_engines(sqlite_url)
    yield engines
    engines.dispose()


@pytest.fixture
def token(engines: Engines) -> int:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    lease = SqlLeaseOffice(engines).acquire(PORTFOLIO, "first")
    assert lease is not None
    return lease.token


@pytest.fixture
def writer(engines: Engines, sqlite_url: str, token: int) -> Iterator[WriterProcess]:
    writer = WriterProcess(sqlite_url, PORTFOLIO, SqlGateJournal(engines, PORTFOLIO), longest=0.2)
    writer.await_start()
    yield writer
    writer.close()


def test_the_log_of_what_it_writes_ends_also_while_nobody_takes_cycles(
    writer: WriterProcess, tmp_path: Path, token: int
) -> None:
    log = tmp_path / "seawall.db-wal"
    for batch in range(1, 16):
        long = [answered(f"o{batch}-{n}", answer=LONG) for n in range(10)]
        assert writer.write(batch, long, token=token) == NOTHING_NEW

    # Of fifteen megabytes, and the journal's words beside them.
    assert log.stat().st_size < 12_000_000


@pytest.mark.parametrize(
    "refusal",
    [StateUnreadable("RiskState", "no such field"), LeaseLost("gone"), SchemaMismatch("a table")],
)
def test_a_refusal_is_told_as_it_was(refusal: StoreError) -> None:
    again = pickle.loads(pickle.dumps(refusal))
    assert (type(again), str(again)) == (type(refusal), str(refusal))


def process_of(writer: WriterProcess) -> int:
    process = writer._process
    assert process is not None
    return process.pid  # type: ignore[attr-defined, no-any-return]


def has_ended(process: int) -> bool:
    """Whether a child of ours ended, or does within ten seconds."""
    told = os.pidfd_open(process)
    try:
        return bool(select.select([told], [], [], 10.0)[0])
    finally:
        os.close(told)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_one_that_was_killed_or_frozen_is_followed_by_another(
    writer: WriterProcess, token: int
) -> None:
    assert writer.write(1, [answered("o1")], token=token) == NOTHING_NEW
    os.kill(process_of(writer), signal.SIGKILL)
    assert has_ended(process_of(writer))
    assert writer.write(2, [answered("o2")], token=token) == NOTHING_NEW
    writer.await_start()
    os.kill(process_of(writer), signal.SIGSTOP)
    # Whether it was written there nobody knows: it is written here, under its number.
    assert writer.write(3, [answered("o3")], token=token) == NOTHING_NEW
    assert writer.write(3, [answered("o3")], token=token) == NOTHING_NEW
    assert writer.last_batch() == 3
    found = order_in(writer, "o3")
    assert found is not None
    assert found.answer == SAID


class Silent:
    """Never begins to serve; ends when it is told."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end.dup()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def kill(self) -> None:
        self._end.close()
        self.returncode = -9


def test_nobody_waits_for_one_that_does_not_begin(
    engines: Engines, sqlite_url: str, token: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[Silent] = []

    def launch(end: socket.socket) -> Silent:
        launched.append(Silent(end))
        return launched[-1]

    journal = SqlGateJournal(engines, PORTFOLIO)
    writer = WriterProcess(sqlite_url, PORTFOLIO, journal, launch=launch)
    assert writer.write(1, [answered("o1")], token=token) == NOTHING_NEW
    launched[0].kill()  # it ends; another one is not launched at once
    assert writer.write(2, [answered("o2")], token=token) == NOTHING_NEW
    assert writer.write(3, [answered("o3")], token=token) == NOTHING_NEW
    assert len(launched) == 1
    monkeypatch.setattr("risk.storage.writer._BETWEEN_LAUNCHES", 0.0)
    assert writer.write(4, [answered("o4")], token=token) == NOTHING_NEW
    monkeypatch.setattr("risk.storage.writer._TO_START", 0.0)
    assert writer.write(5, [answered("o5")], token=token) == NOTHING_NEW
    assert [each.returncode for each in launched] == [-9, -9]
    assert writer.last_batch() == 5
    writer.close()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_it_ends_with_its_authority_and_not_before(writer: WriterProcess, token: int) -> None:
    process = process_of(writer)
    for told_to_all in (signal.SIGINT, signal.SIGTERM):
        os.kill(process, told_to_all)
    assert writer.write(1, [answered()], token=token) == NOTHING_NEW
    assert process_of(writer) == process
    wire = writer._wire
    assert wire is not None
    wire.close()  # as a killed authority's
    assert has_ended(process)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_one_that_is_frozen_ends_with_its_authority_too(sqlite_url: str) -> None:
    """It may hold the right to write, and nobody else could ever again."""
    told, tell = os.pipe()
    authority = os.fork()
    if authority == 0:
        _launch_and_tell(sqlite_url, tell)
    os.close(tell)
    with os.fdopen(told) as said:
        writing = os.pidfd_open(int(said.readline()))
    try:
        signal.pidfd_send_signal(writing, signal.SIGSTOP)
        os.kill(authority, signal.SIGKILL)
        os.waitpid(authority, 0)
        assert select.select([writing], [], [], 10.0)[0]
    finally:
        os.close(writing)


def _launch_and_tell(url: str, tell: int) -> NoReturn:
    engines = open_engines(url)
    writer = WriterProcess(url, PORTFOLIO, SqlGateJournal(engines, PORTFOLIO))
    writer.await_start()
    os.write(tell, f"{process_of(writer)}\n".encode())
    while True:
        signal.pause()
