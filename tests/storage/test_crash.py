"""Killed in mid-save, again and again: no torn cycle, nothing lost, nothing re-based."""

import os
import random
import select
import signal
import threading
from datetime import timedelta
from typing import NoReturn

import pytest

from risk.errors import StoreUnavailable
from risk.storage import journal, tables
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore
from tests.builders import (
    NOON,
    PORTFOLIO,
    build_close,
    build_fill,
    build_flow,
    build_models,
    build_record,
)
from tests.postgres import running_postgres
from tests.storage.rows import count, lease_token, read

ROUNDS = 10
WIDTH = 8
MODELS = build_models()


def next_record(number: int):
    """A cycle with something in every table."""
    at = NOON + timedelta(seconds=number)
    models = build_models(version=number) if number % 3 == 0 else MODELS
    return build_record(
        number,
        at=at,
        positions=40,
        fills=(build_fill(number, at=at),),
        flows=(build_flow(number, at=at),),
        closes=(build_close(opened=NOON + timedelta(hours=number)),),
        models=models,
        seq=2 * number,
    )


def save_on_and_on(engines: Engines, acknowledge: int | None = None) -> NoReturn:
    """Carry on where the last process ended, telling every number saved."""
    store = SqlStore(engines)
    carried = store.load(PORTFOLIO)
    number = carried.state.cycle if carried else 0
    while True:
        number += 1
        store.save(next_record(number), token=1)
        if acknowledge is not None:
            os.write(acknowledge, number.to_bytes(WIDTH, "big"))


def last_acknowledged(pipe: int) -> int:
    told = b""
    while piece := os.read(pipe, 1 << 16):
        told += piece
    whole = len(told) // WIDTH * WIDTH
    return int.from_bytes(told[whole - WIDTH : whole], "big") if whole else 0


def killed_while_saving(url: str, after_seconds: float) -> int:
    """Let a process save until it is killed; returns the last number it knew to be saved."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            save_on_and_on(open_engines(url), told)
        finally:
            os._exit(1)
    os.close(told)
    select.select([heard], [], [], 30.0)
    # A moment at random within the saves that follow.
    select.select([], [], [], after_seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged = last_acknowledged(heard)
    os.close(heard)
    return acknowledged


def require_whole(engines: Engines, acknowledged: int) -> int:
    """Whatever happened, each table tells of exactly the same cycles."""
    carried = SqlStore(engines).load(PORTFOLIO)
    number = carried.state.cycle
    assert acknowledged <= number <= acknowledged + 1
    assert carried.state == next_record(number).state
    assert carried.ledger.seq == 2 * number
    assert read(engines, "SELECT count(*), min(number), max(number) FROM cycle") == [
        (number, 1, number)
    ]
    assert read(engines, "SELECT max(number) FROM snapshot") == [(number,)]
    assert count(engines, tables.ledger_entry) == 2 * number
    assert count(engines, tables.bar) == number
    assert read(engines, "SELECT count(DISTINCT ts_ms) FROM metric_sample") == [(number,)]
    with transaction(engines.reader) as connection:
        assert journal.verify(connection, PORTFOLIO) == number
    return number


@pytest.mark.slow
def test_a_process_killed_in_mid_save_leaves_whole_cycles(database_url: str):
    moments = random.Random(7)
    engines = open_engines(database_url)
    lease_token(engines, PORTFOLIO)
    engines.dispose()
    numbers = [0]
    for _ in range(ROUNDS):
        acknowledged = killed_while_saving(database_url, moments.uniform(0.0, 0.03))
        engines = open_engines(database_url)
        numbers.append(require_whole(engines, acknowledged))
        engines.dispose()

    assert numbers == sorted(set(numbers)), "every process got some way further"


@pytest.mark.slow
@pytest.mark.postgres
def test_a_server_killed_in_mid_save_loses_nothing_it_acknowledged():
    with running_postgres() as server:
        engines = open_engines(server.url(), patience=2.0)
        upgrade(engines)
        lease_token(engines, PORTFOLIO)
        heard, told = os.pipe()
        failures: list[BaseException] = []

        def save_until_it_fails() -> None:
            try:
                save_on_and_on(engines, told)
            except StoreUnavailable as error:
                failures.append(error)
            finally:
                os.close(told)

        saving = threading.Thread(target=save_until_it_fails)
        saving.start()
        select.select([heard], [], [], 30.0)
        server.kill()
        saving.join()
        server.start()

        acknowledged = last_acknowledged(heard)
        os.close(heard)
        assert len(failures) == 1
        assert acknowledged > 0
        require_whole(engines, acknowledged)
        engines.dispose()
