"""People in SQLite or Postgres: a `PeopleStore`.

Whatever is changed is changed together with its entry in the journal of people, by one program at
a time. What is decided is decided elsewhere: here it is kept.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from risk.domain.actors import Role, Via
from risk.domain.events import PEOPLE_STREAM, PersonChanged, RiskEvent
from risk.domain.people import Person
from risk.domain.people_store import Account, Failure, KeptLogin, LoginRecord
from risk.storage.bulk import OnConflict, Prepared, insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.tables import (
    from_ms,
    journal,
    login,
    login_device,
    login_failure,
    person,
    to_ms,
)

#: Seconds that a note of who was seen may wait.
TOUCH_PATIENCE = 0.2

_PERSON = tuple(column.name for column in person.columns)
_LOGIN = tuple(column.name for column in login.columns)
_DEVICE = tuple(column.name for column in login_device.columns)


class SqlPeople:
    """Where people are kept.

    Parameters
    ----------
    engines : Engines
    channels : callable
        Gives the names of the channels by which people are told of what is critical; none unless
        given. Asked only where something is told.
    notes : Engine, optional
        By which is written what must keep nobody waiting: of `TOUCH_PATIENCE`, so that neither a
        locked database nor somebody else who writes holds it up. The writer unless given.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        channels: Callable[[], Sequence[str]] = tuple,
        notes: Engine | None = None,
    ) -> None:
        self._engines = engines
        self._channels = channels
        self._notes = engines.writer if notes is None else notes

    @contextmanager
    def reading(self) -> Iterator["SqlPeopleView"]:
        """Look at it."""
        with transaction(self._engines.reader) as connection:
            yield SqlPeopleView(connection)

    @contextmanager
    def changing(self) -> Iterator["SqlPeopleWork"]:
        """Change something: whole at the end of the ``with``, or not at all."""
        # Not at the top: who only asks whose login this is need not wait for the events' codec.
        from risk.storage import people_journal  # noqa: PLC0415

        with transaction(self._engines.writer) as connection:
            people_journal.take_turn(connection)
            yield SqlPeopleWork(connection, self._channels)

    def touch(self, login_id: str, *, at: datetime) -> None:
        """Note that a login was used; fails rather than to wait long for the right to write."""
        seen = to_ms(at)
        used = update(login).where(login.c.id == login_id, login.c.seen_ms < seen)
        with transaction(self._notes) as connection:
            connection.execute(used.values(seen_ms=seen))


class SqlPeopleView:
    """What is kept, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def anybody(self) -> bool:
        """Whether anybody ever had a login, also where the rows of all were taken away by hand."""
        somebody = exists().select_from(person)
        once = exists().where(
            journal.c.stream == PEOPLE_STREAM, journal.c.kind == PersonChanged.__name__
        )
        return bool(self._connection.execute(select(or_(somebody, once))).scalar())

    def account(self, name: str) -> Account | None:
        """Of somebody by his name."""
        return self._account_where(person.c.name == name)

    def account_of(self, subject: str) -> Account | None:
        """Of somebody by his name at the provider."""
        return self._account_where(person.c.subject == subject)

    def accounts(self) -> Sequence[Account]:
        """Of everybody, in the order of their names."""
        rows = self._connection.execute(select(person)).all()
        # Not by the database: each has an order of its own.
        return sorted((_account(row) for row in rows), key=lambda one: one.person.name)

    def login(self, token_hash: bytes) -> KeptLogin | None:
        """The login of a token, unless it was ended."""
        row = _LOGIN_OF_TOKEN.run(self._connection, hash=token_hash).first()
        return None if row is None else KeptLogin(_record(row), _account(row))

    def logins(self, name: str) -> Sequence[LoginRecord]:
        """All logins of somebody that were not ended, the newest first."""
        query = (
            select(*_login_columns())
            .where(login.c.person == name, login.c.ended_ms.is_(None))
            .order_by(login.c.began_ms.desc(), login.c.id)
        )
        return [_record(row) for row in self._connection.execute(query)]

    def knows_device(self, name: str, device: str) -> bool:
        """Whether somebody signed in before by this browser."""
        query = select(login_device.c.id).where(
            login_device.c.person == name, login_device.c.id == device
        )
        return self._connection.execute(query).first() is not None

    def failures(self, name: str, place: str, since: datetime) -> Sequence[Failure]:
        """Of that name or from that place, in the order of time."""
        failed = login_failure.c
        query = (
            select(login_failure)
            .where(or_(failed.name == name, failed.place == place), failed.at_ms >= to_ms(since))
            .order_by(failed.at_ms, failed.id)
        )
        return [
            Failure(at=from_ms(row.at_ms), name=row.name, place=row.place, device=row.device)
            for row in self._connection.execute(query)
        ]

    def _account_where(self, known: ColumnElement[bool]) -> Account | None:
        row = self._connection.execute(select(person).where(known)).first()
        return None if row is None else _account(row)


class SqlPeopleWork(SqlPeopleView):
    """One change, in one transaction."""

    def __init__(self, connection: Connection, channels: Callable[[], Sequence[str]]) -> None:
        super().__init__(connection)
        self._channels = channels

    def keep(self, account: Account) -> None:
        """Keep somebody, new or as he is now."""
        insert_rows(
            self._connection,
            person,
            _PERSON,
            [_person_row(account)],
            on_conflict=OnConflict.REPLACE,
        )

    def keep_login(self, record: LoginRecord) -> None:
        """Keep a login, new or as it is now."""
        row = _login_row(record)
        insert_rows(self._connection, login, _LOGIN, [row], on_conflict=OnConflict.REPLACE)

    def end_logins(self, name: str, *, at: datetime, but: str = "") -> None:
        """End all logins of somebody, `but` for one if its id is given."""
        mine = (login.c.person == name, login.c.ended_ms.is_(None), login.c.id != but)
        self._connection.execute(update(login).where(*mine).values(ended_ms=to_ms(at)))

    def keep_device(self, name: str, device: str, *, at: datetime) -> None:
        """Note by which browser somebody has signed in."""
        row = (name, device, to_ms(at))
        insert_rows(self._connection, login_device, _DEVICE, [row], on_conflict=OnConflict.REPLACE)

    def forget_devices(self, name: str) -> None:
        """Let none of somebody's browsers be known any more."""
        self._connection.execute(delete(login_device).where(login_device.c.person == name))

    def note_failure(self, failure: Failure) -> int:
        """Write a try down; returns its number."""
        values = {
            "at_ms": to_ms(failure.at),
            "name": failure.name,
            "place": failure.place,
            "device": failure.device,
        }
        noted = insert(login_failure).values(values).returning(login_failure.c.id)
        return int(self._connection.execute(noted).scalar_one())

    def take_back(self, failure: int) -> None:
        """Let a try not have been one."""
        self._connection.execute(delete(login_failure).where(login_failure.c.id == failure))

    def forgive(self, name: str, *, place: str | None = None, device: str | None = None) -> None:
        """Forget the tries of a name: all, those from a place, or those of a device."""
        failed = login_failure.c
        meant = [failed.name == name]
        if place is not None:
            meant += [failed.place == place, failed.device == ""]
        if device is not None:
            meant.append(failed.device == device)
        self._connection.execute(delete(login_failure).where(*meant))

    def forget_before(self, *, failures: datetime, logins: datetime, devices: datetime) -> None:
        """Drop what is older and of no use any more."""
        for old in (
            delete(login_failure).where(login_failure.c.at_ms < to_ms(failures)),
            delete(login).where(login.c.began_ms < to_ms(logins)),
            delete(login_device).where(login_device.c.seen_ms < to_ms(devices)),
        ):
            self._connection.execute(old)

    def tell(self, *events: RiskEvent) -> None:
        """Write into the journal of people, and let notices of what is critical wait."""
        from risk.storage import people_journal  # noqa: PLC0415 - as in `SqlPeople.changing`

        people_journal.tell(self._connection, *events, channels=self._channels())


# ---------------------------------------------------------------- rows


def _login_columns() -> list[ColumnElement[Any]]:
    return [login.c[name].label(f"login_{name}") for name in _LOGIN]


def _login_of_token() -> Select[Any]:
    return (
        select(*_login_columns(), person)
        .join_from(login, person, login.c.person == person.c.name)
        .where(login.c.hash == bindparam("hash"), login.c.ended_ms.is_(None))
    )


# Asked with every request of a browser.
_LOGIN_OF_TOKEN = Prepared(_login_of_token())


def _record(row: Row[Any]) -> LoginRecord:
    return LoginRecord(
        id=row.login_id,
        hash=bytes(row.login_hash),
        name=row.login_person,
        via=Via(row.login_via),
        began=from_ms(row.login_began_ms),
        seen=from_ms(row.login_seen_ms),
        proven_at=from_ms(row.login_proven_ms),
        ended=_time(row.login_ended_ms),
        csrf=row.login_csrf,
        place=row.login_place,
        device=row.login_device,
        weak=bool(row.login_weak),
    )


def _login_row(record: LoginRecord) -> tuple[Any, ...]:
    return (
        record.id,
        record.hash,
        record.name,
        record.via.value,
        to_ms(record.began),
        to_ms(record.seen),
        to_ms(record.proven_at),
        _ms(record.ended),
        record.csrf,
        record.place,
        record.device,
        record.weak,
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        person=Person(
            name=row.name,
            role=Role(row.role),
            created=from_ms(row.created_ms),
            created_by=row.created_by,
            power_from=from_ms(row.power_ms),
            disabled=_time(row.disabled_ms),
            second_factor=row.factor is not None,
            # What the driver of SQLite gives for a statement that was only filled in is a number.
            must_change=bool(row.must_change),
            subject=row.subject,
            last_seen=_time(row.seen_ms),
            version=row.version,
        ),
        password=row.password,
        password_until=_time(row.password_until_ms),
        factor=row.factor,
        factor_step=row.factor_step,
        new_factor=row.new_factor,
        power_by=row.power_by,
        was_officer=bool(row.was_officer),
        changed_by=row.changed_by,
    )


def _person_row(account: Account) -> tuple[Any, ...]:
    one = account.person
    return (
        one.name,
        one.role.value,
        to_ms(one.created),
        one.created_by,
        to_ms(one.power_from),
        account.power_by,
        account.was_officer,
        _ms(one.disabled),
        account.password,
        _ms(account.password_until),
        one.must_change,
        account.factor,
        account.factor_step,
        account.new_factor,
        one.subject,
        _ms(one.last_seen),
        one.version,
        account.changed_by,
    )


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
