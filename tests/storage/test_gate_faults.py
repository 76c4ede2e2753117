"""A gate whose database is really full, locked or frozen: what agents and people hear meanwhile.

The rest of the gate's specification makes a fake journal fail; here the databases do.
"""

import inspect
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from risk.client import Seawall
from risk.domain.journalling import Note, Written
from risk.domain.orders import ReservationStatus
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine.scribe import LATEST_SILENCE
from risk.errors import StoreUnavailable
from risk.runtime import JOURNAL_PATIENCE
from risk.storage import journal as chain
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.portfolios import add_portfolio
from tests.books import BTC, NOW, held
from tests.engine.gates import GateWorld, answer_of, body_of, failed
from tests.fakes import FakeClock
from tests.fakes_journal import order_in
from tests.policies import definition, policy_of
from tests.postgres import PostgresServer
from tests.storage.rows import lease_token, read

PORTFOLIO = "demo"
DIP = Scope(ScopeKind.STRATEGY, "dip")
#: Seconds after which a silent database is given up by whoever asks it: agents hear before.
DATABASE_PATIENCE = 1.0
#: Orders after which a full disk has shown: the first ones find room in pages that are there.
MANY = 200


class TickingClock(FakeClock):
    """Its monotonic seconds pass, since a thread watches by them."""

    def monotonic(self) -> float:
        return time.monotonic()


class WatchedJournal(SqlGateJournal):
    """Tells when a batch was given up: nobody knows then whether it was written."""

    def __init__(self, engines: Engines) -> None:
        super().__init__(engines, PORTFOLIO)
        self.gave_up = threading.Event()

    def write(self, batch: int, notes: Sequence[Note], *, token: int) -> Written:
        try:
            return super().write(batch, notes, token=token)
        except StoreUnavailable:
            self.gave_up.set()
            raise


class Told:
    """A gate over a real database, and all that was said by it."""

    def __init__(self, engines: Engines) -> None:
        with transaction(engines.writer) as connection:
            add_portfolio(connection, PORTFOLIO, at=NOW)
        self.engines = engines
        self.world = GateWorld(
            held(BTC, 10_000.0),
            policy_of(definition("gross_exposure", hard=0.9)),
            journal=WatchedJournal(engines),
            token=lease_token(engines, PORTFOLIO),
            clock=TickingClock(NOW),
            patience=JOURNAL_PATIENCE,
        )
        self.said: dict[str, bytes] = {}

    def ask(self, name: str, value: float = 100.0, **changes: Any) -> dict[str, Any]:
        body = body_of(name, value=value, **changes)
        asked = self.world.gate.validate_order(body, sender="agent", may_emergency=False)
        self.said[name] = asked.result(timeout=30.0)
        return answer_of(self.said[name])

    def ask_until_written(self, name: str) -> dict[str, Any]:
        """The first answer that was written: a busy machine is late at times."""
        for number in range(MANY):
            answer = self.ask(f"{name}-{number}")
            if answer["journalled"]:
                return answer
        raise AssertionError("nothing is written")

    def ask_until_silent(self) -> tuple[dict[str, Any], float]:
        """The first answer that was not written, and how many seconds it took."""
        for number in range(MANY):
            begun = time.monotonic()
            answer = self.ask(f"new-{number}")
            if not answer["journalled"]:
                return answer, time.monotonic() - begun
        raise AssertionError("the fault does not show")

    def wait_until_written(self) -> None:
        deadline = time.monotonic() + 30.0
        while not self.world.write():  # each try waits for the database
            assert time.monotonic() < deadline, "the database is back, and nothing is written"

    @property
    def open_in_database(self) -> set[str]:
        kept = read(self.engines, "SELECT client_order_id, status FROM decision")
        return {n for n, status in kept if status and ReservationStatus(status).holds_room}


@contextmanager
def full(engines: Engines) -> Iterator[None]:
    """The file may not grow: what SQLite says then is what it says of a full disk."""
    with engines.writer.connect() as connection:  # the only one there is
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.rollback()
    yield
    with engines.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        connection.rollback()


@contextmanager
def locked(engines: Engines) -> Iterator[None]:
    """Another program holds the right to write."""
    other = open_engines(engines.writer.url.render_as_string(hide_password=False))
    with other.writer.begin():
        yield
    other.dispose()


Fault = tuple[str, Callable[[], AbstractContextManager[None]]]


@pytest.fixture(
    params=[full, locked, pytest.param("frozen", marks=pytest.mark.postgres)],
    ids=["full", "locked", "frozen"],
)
def fault(request: pytest.FixtureRequest) -> Fault:
    """The address of a database, and what makes it fail for as long as the `with` runs."""
    if request.param == "frozen":
        server: PostgresServer = request.getfixturevalue("postgres")
        return request.getfixturevalue("postgres_url"), server.frozen
    return request.getfixturevalue("sqlite_url"), request.param


def test_what_is_said_while_the_database_fails_holds_and_is_written_afterwards(fault: Fault):
    url, failing = fault
    engines = open_engines(url, patience=DATABASE_PATIENCE)
    told = Told(engines)
    gate = told.world.gate
    gate.start()
    assert told.ask_until_written("before")["verdict"] == "approve"

    with failing(engines) if failing in (full, locked) else failing():
        answer, seconds = told.ask_until_silent()
        assert (answer["verdict"], failed(answer)) == ("reject", ["not_journalled"])
        assert seconds < DATABASE_PATIENCE, "nobody waits until the database is given up"
        reduction = told.ask("less", value=-1_000.0)
        assert (reduction["verdict"], reduction["journalled"]) == ("approve", False)
        halt = gate.latch(DIP, TradingState.HALTED, who="ana", reason="a drill").result(30.0)
        assert (halt.trading_state, halt.journalled) == ("HALTED", False)
        assert "halted" in failed(told.ask("stopped", strategy="dip"))
        assert not gate.view().journalling
        assert gate.view().journal_problem
        assert told.world.journal.gave_up.wait(30.0)
    told.wait_until_written()

    assert told.ask_until_written("after")["verdict"] == "approve"
    assert (gate.view().journalling, gate.view().journal_problem) == (True, "")
    for name, said in told.said.items():
        kept = order_in(told.world.journal, name)
        assert kept is not None
        assert kept.answer.encode() == said, name
    let_through = {n for n, said in told.said.items() if json.loads(said)["reservation"]}
    assert gate.ledger.reservations.keys() == let_through == told.open_in_database
    assert read(engines, "SELECT count(*) FROM action") == [(1,)]
    with transaction(engines.reader) as connection:
        chain.verify(connection, PORTFOLIO)
    gate.stop()
    engines.dispose()


def test_a_refusal_comes_within_the_time_for_which_the_client_waits():
    waits = inspect.signature(Seawall).parameters["timeout"].default

    latest = JOURNAL_PATIENCE * LATEST_SILENCE
    assert latest < 0.9 * waits, "a tenth is left for the way"
