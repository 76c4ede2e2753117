"""Keys of programs as the database keeps them: of a secret only its hash.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from risk.domain.asking import checked_name
from risk.domain.keys import ApiKey, KeyAbility
from risk.errors import InvalidInput
from risk.manager.forms import is_name
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import api_key, from_ms, to_ms

_COLUMNS = (
    "id",
    "name",
    "hash",
    "portfolios",
    "strategies",
    "abilities",
    "created_ms",
    "revoked_ms",
)


def add_key(connection: Connection, key: ApiKey) -> None:
    """Let a key be in force.

    Raises
    ------
    UnknownPortfolio
        If there is none of a name that it has.
    InvalidInput
        If its name or a strategy's could fool a reader, or if it could do nothing at all.
    """
    checked = replace(key, name=checked_name(key.name))
    if not key.portfolios or not key.abilities:
        raise InvalidInput("a key without a portfolio or an ability opens nothing")
    for portfolio in sorted(key.portfolios):
        require_portfolio(connection, portfolio)
    for strategy in key.strategies or ():
        if not strategy or not is_name(strategy):
            raise InvalidInput(f"{strategy!r} cannot name a strategy")
    insert_rows(connection, api_key, _COLUMNS, [_row_of(checked)])


def all_keys(connection: Connection) -> list[ApiKey]:
    """Every key, those that were revoked included, oldest first."""
    query = select(api_key).order_by(api_key.c.created_ms, api_key.c.id)
    return [_key_of(row) for row in connection.execute(query)]


def revoke_key(connection: Connection, key_id: str, *, at: datetime) -> bool:
    """Let a key open nothing any more; False if it was revoked before.

    Raises
    ------
    InvalidInput
        If there is no such key.
    """
    revoked = (
        update(api_key)
        .where(api_key.c.id == key_id, api_key.c.revoked_ms.is_(None))
        .values(revoked_ms=to_ms(at))
    )
    if connection.execute(revoked).rowcount:
        return True
    if connection.execute(select(api_key.c.id).where(api_key.c.id == key_id)).first() is None:
        raise InvalidInput(f"no key has the id {key_id!r}; `seawall keys list` names them all")
    return False


def keep_key(connection: Connection, key: ApiKey) -> ApiKey:
    """Let a key be in force unless its secret is known already, and return the one that is kept.

    One that is known also opens the portfolios of `key` from now on, unless it was revoked: what
    somebody revoked stays so.
    """
    insert_rows(connection, api_key, _COLUMNS, [_row_of(key)], on_conflict=OnConflict.KEEP)
    row = connection.execute(select(api_key).where(api_key.c.hash == key.hash)).one()
    kept = _key_of(row)
    wider = kept.portfolios | key.portfolios
    if kept.revoked is not None or wider == kept.portfolios:
        return kept
    connection.execute(
        update(api_key).where(api_key.c.id == kept.id).values(portfolios=_as_list(wider))
    )
    return replace(kept, portfolios=wider)


class SqlKeys:
    """The database's keys, read again and again by a running authority."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def read(self) -> list[ApiKey]:
        """Every key, those that were revoked included.

        Raises
        ------
        StoreError
            If the database cannot be asked.
        """
        with transaction(self._engines.reader) as connection:
            return all_keys(connection)


def _row_of(key: ApiKey) -> tuple[Any, ...]:
    return (
        key.id,
        key.name,
        key.hash,
        _as_list(key.portfolios),
        None if key.strategies is None else _as_list(key.strategies),
        _as_list(key.abilities),
        to_ms(key.created),
        None if key.revoked is None else to_ms(key.revoked),
    )


def _as_list(names: Collection[str]) -> str:
    return json.dumps(sorted(names))


def _key_of(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        hash=bytes(row.hash),
        portfolios=frozenset(json.loads(row.portfolios)),
        strategies=None if row.strategies is None else frozenset(json.loads(row.strategies)),
        # What only a newer program knows is nothing that this one could allow.
        abilities=frozenset(each for each in KeyAbility if each in json.loads(row.abilities)),
        created=from_ms(row.created_ms),
        revoked=None if row.revoked_ms is None else from_ms(row.revoked_ms),
    )
