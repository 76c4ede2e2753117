"""A new SQLite database in a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.market import PORTFOLIO
from risk.storage.engines import Engines, open_engines
from risk.storage.lease import SqlLeaseOffice
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore


@contextmanager
def new_store() -> Iterator[tuple[SqlStore, int]]:
    """An empty store, and the token of the lease that allows to write into it."""
    with new_database() as (engines, token):
        yield SqlStore(engines), token


@contextmanager
def new_database() -> Iterator[tuple[Engines, int]]:
    """An empty database with tables, and the token of the lease that allows to write into it."""
    with TemporaryDirectory() as folder:
        engines = open_engines(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(engines)
        office = SqlLeaseOffice(engines)
        lease = office.acquire(PORTFOLIO, "bench")
        assert lease is not None  # nobody else knows of the folder
        try:
            yield engines, lease.token
        finally:
            office.release(lease)
            engines.dispose()
