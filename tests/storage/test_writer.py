"""The process that writes a gate's notes: killed, frozen, left alone."""

import os
import select
import signal
from collections.abc import Iterator

import pytest

from risk.domain.journalling import Written
from risk.errors import StoreUnavailable
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.lease import SqlLeaseOffice
from risk.storage.portfolios import add_portfolio
from risk.storage.writer import WriterProcess
from tests.builders import NOON, PORTFOLIO
from tests.fakes_journal import order_in
from tests.storage.test_gate_journal_contract import SAID, answered

NOTHING_NEW = Written({}, ())


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
    os.kill(process_of(writer), signal.SIGSTOP)
    with pytest.raises(StoreUnavailable, match="notes ended"):
        writer.write(3, [answered("o3")], token=token)
    # Whether it was written nobody knows: it is written again, under its number.
    assert writer.write(3, [answered("o3")], token=token) == NOTHING_NEW
    assert writer.last_batch() == 3
    found = order_in(writer, "o3")
    assert found is not None
    assert found.answer == SAID


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
