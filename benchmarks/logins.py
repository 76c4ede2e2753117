"""Whether the time of a refusal tells who exists: ``python -m benchmarks.logins [--tries 200]``.

Tries names that exist and names that do not, in random order and at the cost of production, each
from a place of its own so that nobody has to wait. A refusal should take as long for both: *odds*
is how often one for a name that exists took longer than one for a name that does not, 50 % where
nobody can tell one from the other. *Work* is the processor's time alone, the same on a busy
machine.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import NamedTuple

import click
import numpy as np
import structlog

from benchmarks.tables import machine_line, print_table
from risk.auth.factors import new_secret
from risk.auth.logins import LoginDesk
from risk.auth.passwords import Cost, Hasher
from risk.auth.sealing import FACTOR, Sealer
from risk.domain.actors import Role, Via
from risk.domain.people import Person
from risk.domain.people_store import Account, PeopleStore
from risk.errors import LoginRefused
from risk.storage.engines import open_engines
from risk.storage.people import SqlPeople
from risk.storage.schema import upgrade

HEAD = ("case", "n", "p5 ms", "median ms", "p95 ms", "odds", "work ms", "work's odds")
NOBODY = "no such name"
_PASSWORD = "correct horse battery"
_NOW = datetime(2024, 1, 1, tzinfo=UTC)


class Took(NamedTuple):
    """Seconds of one refusal: by the clock, and of the processor."""

    clock: float
    work: float


Seconds = dict[str, list[Took]]


def measure(tries: int, cost: Cost, *, seed: int = 0) -> Seconds:
    """Seconds of each refusal, by what was wrong."""
    rng = random.Random(seed)
    seconds: Seconds = defaultdict(list)
    with _desk(tries, cost) as desk:
        # The first try of all makes the key that seals.
        _refusal(desk, "nobody", "not the password", "")
        cases = [(case, n) for case in _CASES for n in range(tries)]
        rng.shuffle(cases)
        for number, (case, n) in enumerate(cases):
            name, password, code = _CASES[case](n)
            place = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            seconds[case].append(_refusal(desk, name, password, code, place))
    return seconds


_CASES: dict[str, Callable[[int], tuple[str, str, str]]] = {
    NOBODY: lambda n: (f"unknown{n}", "not the password", "123456"),
    "wrong password": lambda n: (f"trader{n}", "not the password", "123456"),
    "wrong password, has a second factor": lambda n: (f"officer{n}", "not the password", "123456"),
    "wrong code": lambda n: (f"admin{n}", _PASSWORD, "not a code"),
    "disabled": lambda n: (f"gone{n}", _PASSWORD, "123456"),
}


def rows(seconds: Seconds) -> Iterator[tuple[str, ...]]:
    """A line for each case."""
    nobody = np.array(seconds[NOBODY])
    for case, some in seconds.items():
        taken = np.array(some)
        quantiles = 1e3 * np.quantile(taken[:, 0], (0.05, 0.5, 0.95))
        longer = 100.0 * (taken[:, None] > nobody).mean(axis=(0, 1))
        odds = [""] * 2 if case == NOBODY else [f"{each:.0f} %" for each in longer]
        work = f"{1e3 * np.median(taken[:, 1]):.1f}"
        yield case, str(len(some)), *(f"{each:.1f}" for each in quantiles), odds[0], work, odds[1]


def _refusal(desk: LoginDesk, name: str, password: str, code: str, place: str = "") -> Took:
    begun, worked = perf_counter(), thread_time()
    with suppress(LoginRefused):
        desk.sign_in(name, password, code, via=Via.WEB, place=place)
        raise AssertionError(f"{name} was let in")
    return Took(perf_counter() - begun, thread_time() - worked)


@contextmanager
def _desk(people: int, cost: Cost) -> Iterator[LoginDesk]:
    with TemporaryDirectory() as folder:
        engines = open_engines(f"sqlite:///{folder}/seawall.db")
        upgrade(engines)
        store, hasher, sealer = SqlPeople(engines), Hasher(cost), Sealer(Path(folder))
        _fill(store, hasher.hash(_PASSWORD), sealer, people)
        yield LoginDesk(store, hasher, sealer, wall=lambda: _NOW)
        engines.dispose()


def _fill(store: PeopleStore, hashed: str, sealer: Sealer, people: int) -> None:
    kinds = {
        "trader": (Role.TRADER, False, None),
        "officer": (Role.OFFICER, True, None),
        "admin": (Role.ADMIN, True, None),
        "gone": (Role.TRADER, False, _NOW),
    }
    with store.changing() as work:
        for kind, (role, has_factor, disabled) in kinds.items():
            for n in range(people):
                person = Person(
                    name=f"{kind}{n}",
                    role=role,
                    created=_NOW,
                    created_by="nobody",
                    power_from=_NOW,
                    disabled=disabled,
                )
                factor = sealer.seal(FACTOR, new_secret()) if has_factor else None
                work.keep(
                    Account(
                        person=person,
                        password=hashed,
                        factor=factor,
                        power_by="nobody",
                        changed_by="nobody",
                    )
                )


@click.command()
@click.option("--tries", default=200, show_default=True, help="Of each case.")
def main(tries: int) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(machine_line())
    print()
    print_table(HEAD, list(rows(measure(tries, Cost()))))


if __name__ == "__main__":
    main()
