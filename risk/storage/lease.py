"""Who may write: one authority over a portfolio at a time.

On Postgres a row with an end, by the database's clock: whoever does not renew loses it. On
SQLite a lock on a file beside the database, which the operating system takes back when its
holder dies; a holder that is frozen keeps it, and the supervisor on that machine ends it. On
both, the token grows with every change of holder, and a write with an old one is refused.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    literal_column,
    select,
    update,
)

from risk.domain.ports import Lease
from risk.errors import LeaseLost, StoreUnavailable
from risk.storage import tables
from risk.storage.bulk import OnConflict, Prepared, insert_rows
from risk.storage.engines import Engines, transaction

#: How long a lease lives without being renewed.
LEASE_LIFE = timedelta(seconds=5)

_NOW_MS = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
}


# The row's lock keeps a successor waiting until the transaction has ended, and another of our own:
# the cycle and the gate continue one chain of the journal.
_HOLDER = Prepared(
    select(tables.lease.c.token, tables.lease.c.holder)
    .where(tables.lease.c.portfolio == bindparam("portfolio"))
    .with_for_update()
)


def require_token(connection: Connection, portfolio: str, token: int) -> None:
    """Hold the portfolio's lease still for this transaction, if `token` is its newest.

    Raises
    ------
    LeaseLost
        If it is not.
    """
    row = _HOLDER.run(connection, portfolio=portfolio).first()
    if row is None:
        raise LeaseLost(f"nobody holds {portfolio}: acquire its lease before writing")
    if row.token != token:
        raise LeaseLost(
            f"{row.holder} holds {portfolio} now (token {row.token}, not {token}): "
            "nothing was written"
        )


def is_held(connection: Connection, portfolio: str) -> bool:
    """Whether an authority over the portfolio renewed its lease lately."""
    lease = tables.lease.c
    query = select(lease.expires_ms > _now_ms(connection)).where(lease.portfolio == portfolio)
    return bool(connection.execute(query).scalar())


class SqlLeaseOffice:
    """Gives leases through the database: a `LeaseOffice`.

    Parameters
    ----------
    engines : Engines
    life : timedelta
        Of a lease that is not renewed. On SQLite the file's lock rules, not this.
    """

    def __init__(self, engines: Engines, *, life: timedelta = LEASE_LIFE) -> None:
        self._writer = engines.writer
        self._life_ms = life // timedelta(milliseconds=1)
        self._locks = FileLocks(engines.writer.url.database) if engines.is_sqlite else None

    def acquire(self, portfolio: str, holder: str) -> Lease | None:
        """The lease, or None while somebody else holds it."""
        if self._locks is None:
            return self._take_row(portfolio, holder)
        if not self._locks.take(portfolio):
            return None
        try:
            return self._take_row(portfolio, holder)
        except BaseException:
            self._locks.give_back(portfolio)
            raise

    def renew(self, lease: Lease) -> Lease:
        """The lease with a new end.

        Raises
        ------
        LeaseLost
            If somebody else took it.
        """
        with transaction(self._writer) as connection:
            expires_ms = _set_end(connection, lease, self._life_ms)
        return replace(lease, expires_at=tables.from_ms(expires_ms))

    def release(self, lease: Lease) -> None:
        """Give it back, so that the next holder need not wait; nothing if it was lost."""
        try:
            with suppress(LeaseLost), transaction(self._writer) as connection:
                _set_end(connection, lease, 0)
        finally:
            if self._locks is not None:
                self._locks.give_back(lease.portfolio)

    def _take_row(self, portfolio: str, holder: str) -> Lease | None:
        with transaction(self._writer) as connection:
            _ensure_row(connection, portfolio)
            now = _now_ms(connection)
            take = (
                update(tables.lease)
                .where(tables.lease.c.portfolio == portfolio)
                .values(
                    holder=holder, token=tables.lease.c.token + 1, expires_ms=now + self._life_ms
                )
                .returning(*tables.lease.c)
            )
            if self._locks is None:
                take = take.where(tables.lease.c.expires_ms <= now)
            row = connection.execute(take).first()
        return None if row is None else _lease(row)


class FileLocks:
    """Locks on files beside a database, one a portfolio, kept while this process lives.

    Parameters
    ----------
    database : str
        Path of the database's file.
    """

    def __init__(self, database: str | None) -> None:
        self._database = Path(database or "")
        self._held: dict[str, int] = {}

    def take(self, portfolio: str) -> bool:
        """Take the portfolio's lock; False if it is taken already, also by us."""
        if portfolio in self._held:
            return False
        path = self._database.with_name(f"{self._database.name}.{portfolio}.lock")
        try:
            opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"the lock {path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._held[portfolio] = opened
        return True

    def give_back(self, portfolio: str) -> None:
        """Let go of the portfolio's lock; nothing if it is not ours."""
        opened = self._held.pop(portfolio, None)
        if opened is not None:
            os.close(opened)


def _ensure_row(connection: Connection, portfolio: str) -> None:
    columns = ("portfolio", "holder", "token", "expires_ms")
    nobody = (portfolio, "", 0, 0)
    insert_rows(connection, tables.lease, columns, [nobody], on_conflict=OnConflict.KEEP)


def _set_end(connection: Connection, lease: Lease, life_ms: int) -> int:
    held = (
        tables.lease.c.portfolio == lease.portfolio,
        tables.lease.c.token == lease.token,
    )
    extend = (
        update(tables.lease)
        .where(*held)
        .values(expires_ms=_now_ms(connection) + life_ms)
        .returning(tables.lease.c.expires_ms)
    )
    expires_ms = connection.execute(extend).scalar()
    if expires_ms is None:
        raise LeaseLost(f"{lease.holder} no longer holds {lease.portfolio}: somebody else took it")
    return int(expires_ms)


def _now_ms(connection: Connection) -> ColumnElement[int]:
    return literal_column(_NOW_MS[connection.dialect.name], BigInteger)


def _lease(row: Any) -> Lease:
    return Lease(
        portfolio=row.portfolio,
        holder=row.holder,
        token=row.token,
        expires_at=tables.from_ms(row.expires_ms),
    )
