"""Orders at steady rates: ``python -m benchmarks.load_gate [--rate 500]... [--orders 10000]``.

Starts an authority over 50 positions with 25 limits and sends it orders over HTTP at fixed times,
whether or not the ones before are answered, so that no slow answer hides the orders that it keeps
waiting. Each time is from when an order was due to its whole answer. What is approved is reported
dead at once, so that the book stays as it is.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click
import numpy as np
import uvloop

from benchmarks.demo import ROOT
from benchmarks.tables import machine_line, print_table

HEAD = ("case", "n", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "over 50 ms", "answers")
_CONNECTIONS = 256
_START_SECONDS = 120.0
_BARE = "/healthz"


@dataclass
class Target:
    """A server to be asked."""

    port: int
    key: str
    order: dict[str, Any]

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One HTTP request as bytes."""
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def validate(self, number: int) -> bytes:
        """An order, each a little larger than the last."""
        order = self.order | {
            "client_order_id": f"load-{number}",
            "quantity": self.order["quantity"] * (1.0 + 1e-6 * (number % 1_000)),
        }
        return self.request("POST", "/api/v1/orders/validate", json.dumps(order).encode())

    def dead(self, number: int) -> bytes:
        """The order was never sent."""
        return self.request("DELETE", f"/api/v1/orders/load-{number}")


@dataclass
class Log:
    """What came of it: milliseconds from when each was due, and what was answered."""

    waits: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)


class _Connections:
    """Connections that are kept, handed to one request at a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.Queue()
        )

    async def open(self) -> None:
        for _ in range(_CONNECTIONS):
            self._idle.put_nowait(await asyncio.open_connection("127.0.0.1", self._target.port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        reader, writer = await self._idle.get()
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
        finally:
            self._idle.put_nowait((reader, writer))
        return int(head[9:12]), body


async def send(target: Target, *, rate: float, orders: int, first: int, bare: bool) -> Log:
    """Send so many orders, one every 1/`rate` seconds."""
    connections, log = _Connections(target), Log()
    await connections.open()
    begun = time.perf_counter() + 0.1
    tasks = set[asyncio.Task[None]]()
    for number in range(orders):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked = _ask_bare if bare else _ask
        task = asyncio.create_task(asked(connections, target, first + number, due, log))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return log


async def _ask(
    connections: _Connections, target: Target, number: int, due: float, log: Log
) -> None:
    status, body = await connections.ask(target.validate(number))
    log.waits.append((time.perf_counter() - due) * 1e3)
    answer = json.loads(body)
    log.answers[answer.get("verdict", str(status))] += 1
    if answer.get("reservation"):
        await connections.ask(target.dead(number))


async def _ask_bare(
    connections: _Connections, target: Target, _number: int, due: float, log: Log
) -> None:
    status, _ = await connections.ask(target.request("GET", _BARE))
    log.waits.append((time.perf_counter() - due) * 1e3)
    log.answers[str(status)] += 1


@contextmanager
def serving(*arguments: str) -> Iterator[Target]:
    """An authority in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gate_server", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith('{"port"'):
                    yield Target(**json.loads(line))
                    break
        finally:
            process.stdin.close()
            process.wait(timeout=_START_SECONDS)


def row(case: str, log: Log) -> tuple[str, ...]:
    """One line of the table."""
    waits = np.array(log.waits)
    middle, high, higher = np.percentile(waits, (50, 99, 99.9))
    late = int((waits > 50.0).sum())
    said = ", ".join(f"{count:,} {word}" for word, count in log.answers.most_common())
    numbers = (middle, high, higher, waits.max())
    return (case, f"{len(waits):,}", *(f"{each:.2f}" for each in numbers), f"{late:,}", said)


@click.command()
@click.option(
    "--rate",
    "rates",
    default=(500.0,),
    show_default=True,
    multiple=True,
    help="Orders a second; may be given more than once.",
)
@click.option("--orders", default=10_000, show_default=True, help="Orders of each case.")
@click.option("--assets", default=50, show_default=True, help="Positions in the book.")
@click.option("--postgres", default=None, help="Address of a server, in place of a file.")
@click.option(
    "--durable-only", is_flag=True, help="Leave out answers said before they are written."
)
def main(
    rates: tuple[float, ...], orders: int, assets: int, postgres: str | None, durable_only: bool
) -> None:
    """Measure each case with a server of its own."""
    print(machine_line())
    kept = "SQLite" if postgres is None else "Postgres"
    print(f"open loop, {assets} positions, 25 limits, {kept}; each order has its end besides\n")
    common = ("--assets", str(assets), *(("--postgres", postgres) if postgres else ()))
    rows = [
        measured
        for rate in rates
        for case, arguments in _cases(durable_only=durable_only)
        for measured in _measure(f"{rate:g}/s, {case}", (*common, *arguments), rate, orders)
    ]
    print_table(HEAD, rows)


def _cases(*, durable_only: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "written first, quiet", ()
    yield "written first, a cycle each second", ("--cycle-seconds", "1")
    if not durable_only:
        yield "answered first, quiet", ("--relaxed",)
        yield "answered first, a cycle each second", ("--relaxed", "--cycle-seconds", "1")


def _measure(
    case: str, arguments: tuple[str, ...], rate: float, orders: int
) -> Iterator[tuple[str, ...]]:
    with serving(*arguments) as target:

        def sent(number: int, first: int, *, bare: bool = False) -> Log:
            coming = send(target, rate=rate, orders=number, first=first, bare=bare)
            return uvloop.run(coming)

        sent(min(1_000, orders), 0)
        log = sent(orders, 1_000)
        beside = sent(orders // 4, 0, bare=True)
    yield row(case, log)
    yield row("  a bare endpoint of the same server", beside)


if __name__ == "__main__":
    main()
