"""An authority over a book of many positions, for as long as a measurement takes.

Run as a program of its own, ``python -m benchmarks.gate_server``: prints one line of JSON, with the
port and a key, once it answers, and ends when its standard input does.
"""

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy import create_engine, make_url, text

from benchmarks.market import PORTFOLIO, Book, build_book
from benchmarks.order_checks import policy_for, realistic
from risk.api.app import create_api
from risk.api.desk import Desk
from risk.api.server import ApiServer
from risk.auth.keys import KeyRing, new_key
from risk.commands.serving import SWITCH_SECONDS
from risk.domain.journalling import GateJournal
from risk.domain.keys import ApiKey, KeyAbility
from risk.domain.limits import LimitDefinition
from risk.domain.market import Period
from risk.domain.ports import AccountReading, Carried, MarketReading
from risk.engine.cycle import Cycle
from risk.engine.gate import Gate
from risk.executors.advise import AdvisingExecutor
from risk.measures.warm import warm_kernels
from risk.runtime import JOURNAL_PATIENCE
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.lease import SqlLeaseOffice
from risk.storage.portfolios import add_portfolio
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore
from risk.storage.telling import SqlTelling
from risk.storage.writer import WriterProcess

#: A limit on how often one may send would stop the measurement, and not the orders.
_OFTEN = frozenset({"order_rate", "repeated_order"})
#: What nothing that is measured here reaches.
_NO_RATE = 1e9


class _Clock:
    """The wall's time for everything."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class _Feed:
    """The book's market, one second's move at each reading; no bar closes."""

    label = "bench"

    def __init__(self, book: Book) -> None:
        self._market = book.market
        self.assets = book.market.assets
        self.starts_at = _Clock().now()

    def history(self, _period: Period) -> list[object]:
        return []

    def read(self, at: datetime) -> MarketReading:
        marks = self._market.marks(at)
        with_volume = {name: replace(mark, volume=1e9) for name, mark in marks.items()}
        return MarketReading(at=at, marks=with_volume)


class _Nothing:
    """An account to which nothing happens, and people who ask for nothing."""

    def read(self, _market: MarketReading, _carried: Carried) -> AccountReading:
        return AccountReading()

    def after(self, _seq: int) -> list[object]:
        return []


def _authority(
    book: Book, engines: Engines, journal: GateJournal, *, durable: bool
) -> tuple[Gate, Callable[[], object]]:
    """A gate over the book, and what takes its next cycle."""
    upgrade(engines)
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=_Clock().now())
    lease = SqlLeaseOffice(engines, life=timedelta(days=1)).acquire(PORTFOLIO, "bench")
    assert lease is not None, "nobody else knows of the folder"
    policy = policy_for(realistic(book), tail_room=5.0)
    open_to_many = tuple(_without_rate(each) for each in policy.limits)
    state = replace(book.carried.state, at=None, policy=replace(policy, limits=open_to_many))
    carried = replace(book.carried, state=state)
    gate = Gate(
        carried=carried,
        journal=journal,
        token=lease.token,
        clock=_Clock(),
        patience=JOURNAL_PATIENCE,
        stale_after=1e9,
        durable=durable,
    )
    gate.start()
    cycle = Cycle(
        feed=_Feed(book),  # type: ignore[arg-type]
        account=_Nothing(),
        executor=AdvisingExecutor(),
        actions=_Nothing(),  # type: ignore[arg-type]
        store=SqlStore(engines),
        clock=_Clock(),
        gate=gate,
        carried=carried,
        token=lease.token,
    )
    return gate, cycle.turn


def _without_rate(limit: LimitDefinition) -> LimitDefinition:
    if limit.kind not in _OFTEN:
        return limit
    return replace(limit, hard=_NO_RATE, soft=_NO_RATE)


def _repeat(turn: Callable[[], object], every: float, done: threading.Event) -> None:
    while not done.wait(every):
        turn()


@contextmanager
def _database(postgres: str | None) -> Iterator[str]:
    """The address of an empty database that is there for as long as it is used."""
    if postgres is None:
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    server = create_engine(postgres, isolation_level="AUTOCOMMIT")
    name = f"bench_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@click.command()
@click.option("--assets", default=50, show_default=True)
@click.option("--cycle-seconds", default=0.0, help="0 for a single cycle, at the beginning.")
@click.option("--postgres", default=None, help="Address of a server; a file, if not given.")
@click.option("--durable/--relaxed", default=True, help="Answers on disk before they are said.")
def main(assets: int, cycle_seconds: float, postgres: str | None, durable: bool) -> None:
    """Serve until standard input ends."""
    warm_kernels()
    sys.setswitchinterval(SWITCH_SECONDS)
    book, key = build_book(assets), new_key()
    with _database(postgres) as url:
        engines = open_engines(url)
        journal = WriterProcess(url, PORTFOLIO, SqlGateJournal(engines, PORTFOLIO))
        journal.await_start()
        gate, turn = _authority(book, engines, journal, durable=durable)
        turn()
        ring = KeyRing([_key(key.id, key.hash)])
        server = ApiServer(create_api(_desk(gate, ring, engines)), "127.0.0.1", 0)
        server.start()
        gc.collect()
        gc.freeze()
        done = threading.Event()
        if cycle_seconds > 0.0:
            threading.Thread(target=_repeat, args=(turn, cycle_seconds, done), daemon=True).start()
        sys.stdout.write(json.dumps(_told(server.port, key.secret, book)) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        done.set()
        server.stop()
        gate.stop()
        journal.close()
        engines.dispose()


def _key(identity: str, secret_hash: bytes) -> ApiKey:
    return ApiKey(
        id=identity,
        name="bench",
        hash=secret_hash,
        portfolios=frozenset({PORTFOLIO}),
        strategies=None,
        abilities=frozenset(KeyAbility),
        created=_Clock().now(),
    )


def _desk(gate: Gate, ring: KeyRing, engines: Engines) -> Desk:
    return Desk(
        portfolio=PORTFOLIO,
        gate=lambda: gate,
        keys=ring,
        reader=SqlTelling(engines),
        wall=_Clock().wall,
        monotonic=time.monotonic,
        orders_per_second=1e6,
        reads_per_second=1e6,
    )


def _told(port: int, secret: str, book: Book) -> dict[str, object]:
    key = next(key for key in book.carried.ledger.positions if key.asset == book.market.assets[0])
    held = abs(book.carried.ledger.positions[key].quantity)
    return {
        "port": port,
        "key": secret,
        "order": {
            "portfolio": PORTFOLIO,
            "strategy": key.strategy,
            "asset": key.asset,
            "venue": key.venue,
            "side": "buy",
            "quantity": 0.01 * held,
        },
    }


if __name__ == "__main__":
    main()
