"""How soon the gate obeys an override: ``python -m benchmarks.override_latency [--trials 40]``.

Starts the whole demonstration, overrules a breaker of the book again and again by writing what
officers write, tightening and loosening in turn, each at a random moment of a cycle, and asks for
orders over HTTP meanwhile. Each time is from the end of the commit to the whole of the first answer
that was given in the new state; that order's own way to the disk is part of it. When within the
commit the row can be seen nobody knows: how long it took is told beside. With ``--postgres`` the
same over a server's database.
"""

import json
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click
import numpy as np
from sqlalchemy import create_engine, make_url, text

from benchmarks.demo import free_port, running_program
from benchmarks.tables import machine_line, print_table
from risk.breakers.board import OnBoard
from risk.domain.keys import SERVICE_KEY_FILE
from risk.domain.overrides import OverrideKind, OverrideWish
from risk.domain.trading import TradingState
from risk.storage.breakers import BreakerStanding, breaker_standing, known_breaker
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.overrides import override_breaker

HEAD = ("direction", "n", "median ms", "p90 ms", "worst ms", "over 250 ms", "median commit ms")
PORTFOLIO = "demo"
#: On the whole book, where nothing else holds it.
BREAKER = "market fall"
_START_SECONDS = 1_800.0
_PATIENCE = 10.0
#: Milliseconds within which the gate obeys.
_PROMISED = 250.0
#: Between two orders.
_PAUSE = 0.002
_TIGHTER, _LOOSER = "tightening (trip by hand)", "loosening (step down to 50 %)"


class Took(NamedTuple):
    """Milliseconds of one trial."""

    commit: float
    obeyed: float


class Answer(NamedTuple):
    """One answer to an order: when it was there, and the trading state that it was given."""

    at: float
    state: str


@dataclass
class Watch:
    """Asks for orders all the time, of a strategy that the policy does not know."""

    port: int
    key: str

    def __post_init__(self) -> None:
        self.answers: list[Answer] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def first_after(self, begun: float, state: str) -> Answer:
        """The first answer since then that was given in that state."""
        deadline, place = time.perf_counter() + _PATIENCE, 0
        while time.perf_counter() < deadline:
            for answer in self.answers[place:]:
                place += 1
                if answer.at >= begun and answer.state == state:
                    return answer
            time.sleep(0.005)
        raise RuntimeError(f"no order was answered in {state} within {_PATIENCE:g} s")

    def _ask(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5.0)
        number = 0
        while not self._done.is_set():
            number += 1
            body = {
                "client_order_id": f"watch-{os.getpid()}-{number}",
                "portfolio": PORTFOLIO,
                "strategy": "a stranger",
                "asset": "BTC/USDT",
                "side": "buy",
                "quantity": 0.001,
                "order_type": "market",
            }
            headers = {
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
            }
            connection.request(
                "POST", "/api/v1/orders/validate", json.dumps(body).encode(), headers
            )
            told = json.loads(connection.getresponse().read())
            self.answers.append(Answer(time.perf_counter(), told.get("trading_state", "")))
            time.sleep(_PAUSE)


def measure(engines: Engines, watch: Watch, trials: int) -> dict[str, list[Took]]:
    """Milliseconds of so many trials in each direction."""
    took: dict[str, list[Took]] = {_TIGHTER: [], _LOOSER: []}
    rng = random.Random(1)
    for _ in range(2 * trials):
        standing, one = _settled(engines)
        tightens = one.trading_state < TradingState.REDUCE_ONLY
        direction = _TIGHTER if tightens else _LOOSER
        wish = _wish(standing, one, tightens=tightens)
        time.sleep(rng.random())
        with transaction(engines.writer) as connection:
            override_breaker(connection, PORTFOLIO, wish, who="bench", at=datetime.now(UTC))
            begun = time.perf_counter()
        committed = time.perf_counter()
        answer = watch.first_after(begun, "REDUCE_ONLY" if tightens else "THROTTLED")
        obeyed = max(0.0, answer.at - committed)
        took[direction].append(Took((committed - begun) * 1e3, obeyed * 1e3))
    return took


def _settled(engines: Engines) -> tuple[BreakerStanding, OnBoard]:
    """How the breaker stands once the engine has taken in what was asked of it."""
    while True:
        with transaction(engines.reader) as connection:
            standing = breaker_standing(connection, PORTFOLIO)
        if not standing.overriding:
            return standing, known_breaker(standing.breakers, BREAKER)
        time.sleep(0.05)


def _wish(standing: BreakerStanding, one: OnBoard, *, tightens: bool) -> OverrideWish:
    assert standing.at is not None, "it has answered an order"
    return OverrideWish(
        breaker=BREAKER,
        kind=OverrideKind.TRIP if tightens else OverrideKind.STEP_DOWN,
        reason="a measurement",
        expires=standing.at + timedelta(hours=2),
        seen_episode="" if one.episode is None else one.episode.id,
        seen_action=0 if one.override is None else one.override.action,
        size=0.5,
    )


# --- around it -----------------------------------------------------------------------------


@contextmanager
def _database(postgres: str | None, home: Path) -> Iterator[str]:
    """The address of an empty database that is there for as long as it is used."""
    if postgres is None:
        yield f"sqlite:///{home}/seawall.db"
        return
    server = create_engine(
        make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    name = f"bench_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5.0)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.5)
    raise RuntimeError(f"no engine was ready within {_START_SECONDS:.0f} s")


@click.command()
@click.option("--trials", default=40, show_default=True, help="In each direction.")
@click.option("--postgres", default=None, help="Address of a server; a file, if not given.")
@click.option("--seed", default=1, show_default=True, help="Of the simulated market.")
@click.option(
    "--home",
    default=None,
    type=click.Path(exists=True, path_type=Path),
    help="Of a demonstration that has begun, with that seed; a new one takes minutes to begin.",
)
def main(trials: int, postgres: str | None, seed: int, home: Path | None) -> None:
    """Measure, and print how long it took."""
    with TemporaryDirectory() as temporary:
        folder = home or Path(temporary)
        with _database(postgres, folder) as url:
            took = _measured(folder, url, seed, trials)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    click.echo(f"{machine_line()}; load {load}")
    print_table(HEAD, [_row(direction, found) for direction, found in took.items()])


def _measured(folder: Path, url: str, seed: int, trials: int) -> dict[str, list[Took]]:
    port = free_port()
    settings = {
        "SEAWALL_HOME": str(folder),
        "SEAWALL_WEB_PORT": str(free_port()),
        "SEAWALL_API_PORT": str(port),
        "SEAWALL_SEED": str(seed),
        "SEAWALL_DATABASE_URL": url,
    }
    with running_program(settings):
        _wait_until_ready(port)
        key = (folder / SERVICE_KEY_FILE).read_text().strip()
        engines = open_engines(url)
        with Watch(port, key) as watch:
            took = measure(engines, watch, trials)
        engines.dispose()
    return took


def _row(direction: str, found: list[Took]) -> tuple[str, ...]:
    obeyed = [each.obeyed for each in found]
    return (
        direction,
        str(len(found)),
        f"{np.median(obeyed):.0f}",
        f"{np.quantile(obeyed, 0.9):.0f}",
        f"{max(obeyed):.0f}",
        str(sum(each > _PROMISED for each in obeyed)),
        f"{np.median([each.commit for each in found]):.1f}",
    )


if __name__ == "__main__":
    main()
