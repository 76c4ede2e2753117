"""Notices on their way to people: written with their cycle, marked as they arrive.

A letter is a row: one notice, one channel. Functions take an open connection and never commit:
the caller owns the transaction. What a deposed authority writes is refused.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, or_, select, update

from risk.domain.events import Severity
from risk.domain.notices import Letter, Notice
from risk.storage import bulk
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.lease import require_token
from risk.storage.tables import from_ms, outbox, to_ms

#: At once, whatever the wall's clock says then.
AT_ONCE = 0
#: Milliseconds. Nothing waits longer: what seems to was written before the clock was set back.
_LONGEST_WAIT = 3_600_000

_COLUMNS = (
    "portfolio",
    "notice",
    "channel",
    "at_ms",
    "severity",
    "subject",
    "body",
    "episode",
    "attempts",
    "next_ms",
)


def rows_of(notices: Iterable[Notice], channels: Sequence[str]) -> list[bulk.Row]:
    """A row for every notice and channel, to be tried at once."""
    return [
        (
            notice.portfolio,
            notice.id,
            channel,
            to_ms(notice.at),
            notice.severity.value,
            notice.subject,
            notice.body,
            notice.episode,
            0,
            AT_ONCE,
        )
        for notice in notices
        for channel in channels
    ]


def post(connection: Connection, rows: Sequence[bulk.Row]) -> None:
    """Let rows of `rows_of` wait; those that are there already are left alone."""
    insert_rows(connection, outbox, _COLUMNS, rows, on_conflict=OnConflict.KEEP)


def undelivered(connection: Connection, portfolio: str) -> list[Letter]:
    """Letters that wait, and those that nobody tries any more, oldest first."""
    query = _letters(portfolio).where(outbox.c.delivered_ms.is_(None))
    return [_letter(row) for row in connection.execute(query)]


class SqlOutbox:
    """Letters of one portfolio in SQLite or Postgres: an `Outbox`.

    Parameters
    ----------
    engines : Engines
    portfolio : str
    """

    def __init__(self, engines: Engines, portfolio: str) -> None:
        self._writer = engines.writer
        self._reader = engines.reader
        self._portfolio = portfolio

    def due(self, channel: str, *, at: datetime, limit: int) -> Sequence[Letter]:
        """Those of a channel to be tried at wall time `at`, oldest first, `limit` at most."""
        now = to_ms(at)
        turn = outbox.c.next_ms
        query = _letters(self._portfolio).where(
            outbox.c.channel == channel, or_(turn <= now, turn > now + _LONGEST_WAIT)
        )
        with transaction(self._reader) as connection:
            return [_letter(row) for row in connection.execute(query.limit(limit))]

    def begin(self, letter: Letter, *, retry_at: datetime, token: int) -> bool:
        """Count an attempt before it is made; False if the letter was dealt with meanwhile."""
        counted = self._waiting(letter).values(
            attempts=outbox.c.attempts + 1, next_ms=to_ms(retry_at)
        )
        return self._write(counted, token) == 1

    def delivered(self, letter: Letter, *, at: datetime, token: int) -> None:
        """Note that it arrived."""
        self._write(self._waiting(letter).values(next_ms=None, delivered_ms=to_ms(at)), token)

    def bury(self, letter: Letter, reason: str, *, token: int) -> None:
        """Note that nobody tries any more, and why."""
        self._write(self._waiting(letter).values(next_ms=None, dead=reason), token)

    def bury_all_but(self, channels: Sequence[str], reason: str, *, token: int) -> int:
        """Bury what waits for other channels than these; returns how many letters."""
        others = _standing(self._portfolio).where(outbox.c.channel.not_in(channels))
        return self._write(others.values(next_ms=None, dead=reason), token)

    def _waiting(self, letter: Letter) -> Update:
        return _standing(self._portfolio).where(
            outbox.c.notice == letter.notice.id, outbox.c.channel == letter.channel
        )

    def _write(self, change: Update, token: int) -> int:
        with transaction(self._writer) as connection:
            require_token(connection, self._portfolio, token)
            return connection.execute(change).rowcount


def _standing(portfolio: str) -> Update:
    return update(outbox).where(outbox.c.portfolio == portfolio, outbox.c.next_ms.is_not(None))


def _letters(portfolio: str) -> Select[Any]:
    order: tuple[ColumnElement[Any], ...] = (outbox.c.at_ms, outbox.c.notice, outbox.c.channel)
    return select(outbox).where(outbox.c.portfolio == portfolio).order_by(*order)


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        notice=Notice(
            id=row.notice,
            at=from_ms(row.at_ms),
            portfolio=row.portfolio,
            severity=Severity(row.severity),
            subject=row.subject,
            body=row.body,
            episode=row.episode,
        ),
        channel=row.channel,
        attempts=row.attempts,
        retry_at=from_ms(row.next_ms) if row.next_ms else None,
        dead=row.dead,
    )
