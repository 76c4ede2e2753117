"""People in memory, and everything that stands around them, at a cost that a test can bear."""

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest

from risk.auth.logins import LoginDesk
from risk.auth.office import Office
from risk.auth.passwords import Cost, Hasher
from risk.auth.sealing import FACTOR, Sealer
from risk.domain.actors import NEED_SECOND_FACTOR, Actor, Role, Via
from risk.domain.events import PersonChanged, RiskEvent
from risk.domain.people import Person, SignedIn
from risk.domain.people_store import (
    Account,
    Failure,
    KeptLogin,
    LoginRecord,
    PeopleStore,
    PeopleWork,
)

Told = TypeVar("Told", bound=RiskEvent)

MONDAY = datetime(2024, 1, 1, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # nosec B105: of nobody
#: Marks a test of `people` that is to be run over each store.
EVERYWHERE = pytest.mark.parametrize(
    "people_engines",
    ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)
CHEAP = Cost(memory_kib=8, passes=1)


class FakePeopleStore:
    """Keeps people in dicts; a change that fails leaves them as they were.

    Attributes
    ----------
    events : list of RiskEvent
        The journal.
    fail_with : Exception or None
        Raised instead of everything else while it stands.
    """

    def __init__(self) -> None:
        self._kept = _Kept()
        self._turn = threading.Lock()
        self.fail_with: Exception | None = None

    @property
    def events(self) -> list[RiskEvent]:
        return self._kept.events

    @contextmanager
    def reading(self) -> Iterator["FakePeopleWork"]:
        self._answer()
        yield FakePeopleWork(self._kept.copy())

    @contextmanager
    def changing(self) -> Iterator["FakePeopleWork"]:
        with self._turn:
            self._answer()
            kept = self._kept.copy()
            yield FakePeopleWork(kept)
            self._kept = kept

    def touch(self, login_id: str, *, at: datetime) -> None:
        with self.changing() as work:
            record = work.kept.logins.get(login_id)
            if record is not None:
                work.keep_login(replace(record, seen=max(at, record.seen)))

    def _answer(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with


@dataclass
class _Kept:
    accounts: dict[str, Account] = field(default_factory=dict)
    logins: dict[str, LoginRecord] = field(default_factory=dict)
    devices: dict[tuple[str, str], datetime] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    events: list[RiskEvent] = field(default_factory=list)
    numbers: int = 0

    def copy(self) -> "_Kept":
        return replace(self, **{name: copy.copy(value) for name, value in vars(self).items()})


class FakePeopleWork:
    """One look at what is kept, or one change of it."""

    def __init__(self, kept: _Kept) -> None:
        self.kept = kept

    def anybody(self) -> bool:
        told = any(isinstance(event, PersonChanged) for event in self.kept.events)
        return bool(self.kept.accounts) or told

    def account(self, name: str) -> Account | None:
        return self.kept.accounts.get(name)

    def account_of(self, subject: str) -> Account | None:
        return next((one for one in self.accounts() if one.person.subject == subject), None)

    def accounts(self) -> Sequence[Account]:
        return [account for _, account in sorted(self.kept.accounts.items())]

    def login(self, token_hash: bytes) -> KeptLogin | None:
        for record in self.kept.logins.values():
            if record.hash == token_hash and record.ended is None:
                return KeptLogin(record, self.kept.accounts[record.name])
        return None

    def logins(self, name: str) -> Sequence[LoginRecord]:
        mine = [one for one in self.kept.logins.values() if one.name == name and one.ended is None]
        return sorted(mine, key=lambda one: (-one.began.timestamp(), one.id))

    def knows_device(self, name: str, device: str) -> bool:
        return (name, device) in self.kept.devices

    def failures(self, name: str, place: str, since: datetime) -> Sequence[Failure]:
        known = [
            one
            for one in self.kept.failures.values()
            if name == one.name or place == one.place
            if one.at >= since
        ]
        return sorted(known, key=lambda one: one.at)

    def keep(self, account: Account) -> None:
        # What it has of a second factor is told by whether there is a secret, as in the tables.
        told = replace(account.person, second_factor=account.factor is not None)
        self.kept.accounts[account.person.name] = replace(account, person=told)

    def keep_login(self, record: LoginRecord) -> None:
        self.kept.logins[record.id] = record

    def end_logins(self, name: str, *, at: datetime, but: str = "") -> None:
        for record in self.logins(name):
            if record.id != but:
                self.keep_login(replace(record, ended=at))

    def keep_device(self, name: str, device: str, *, at: datetime) -> None:
        self.kept.devices[name, device] = at

    def forget_devices(self, name: str) -> None:
        for one in [one for one in self.kept.devices if one[0] == name]:
            del self.kept.devices[one]

    def note_failure(self, failure: Failure) -> int:
        self.kept.numbers += 1
        self.kept.failures[self.kept.numbers] = failure
        return self.kept.numbers

    def take_back(self, failure: int) -> None:
        self.kept.failures.pop(failure, None)

    def forgive(self, name: str, *, place: str | None = None, device: str | None = None) -> None:
        def is_meant(one: Failure) -> bool:
            if one.name != name or (device is not None and one.device != device):
                return False
            return place is None or (one.place == place and not one.device)

        self._let_go(self.kept.failures, lambda one: not is_meant(one))

    def forget_before(self, *, failures: datetime, logins: datetime, devices: datetime) -> None:
        self._let_go(self.kept.failures, lambda one: one.at >= failures)
        self._let_go(self.kept.logins, lambda one: one.began >= logins)
        self._let_go(self.kept.devices, lambda seen: seen >= devices)

    @staticmethod
    def _let_go(kept: dict, stays) -> None:
        for key in [key for key, value in kept.items() if not stays(value)]:
            del kept[key]

    def tell(self, *events: RiskEvent) -> None:
        self.kept.events.extend(events)


class People:
    """A desk and an office over one store, a clock that a test moves, and people of each role.

    Attributes
    ----------
    now : datetime
    secrets : dict of str to str
        Of everybody's second factor.
    """

    def __init__(self, store: PeopleStore, home: Path) -> None:
        self.store = store
        self.now = MONDAY
        self.hasher = Hasher(CHEAP)
        self.sealer = Sealer(home)
        self.desk = LoginDesk(store, self.hasher, self.sealer, wall=self.wall)
        self.office = Office(store, self.hasher, wall=self.wall)
        self.secrets: dict[str, str] = {}
        self._hashed = self.hasher.hash(PASSWORD)

    def wall(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def admit(
        self,
        name: str,
        role: Role = Role.TRADER,
        *,
        power_from: datetime = MONDAY,
        **differently: object,
    ) -> Person:
        """Somebody who has set himself up long ago."""
        factor = None
        if role in NEED_SECOND_FACTOR:
            self.secrets[name] = pyotp.random_base32()
            factor = self.sealer.seal(FACTOR, self.secrets[name])
        person = Person(
            name=name,
            role=role,
            created=MONDAY,
            created_by="root",
            power_from=power_from,
            second_factor=factor is not None,
            **differently,
        )
        subject = differently.get("subject")
        with self.store.changing() as work:
            work.keep(
                Account(
                    person=person,
                    password=None if subject else self._hashed,
                    factor=factor,
                    power_by="root",
                    was_officer=role is Role.OFFICER,
                    changed_by="root",
                )
            )
        return person

    def person(self, name: str) -> Person:
        return next(person for person in self.office.people() if person.name == name)

    def code(self, name: str) -> str:
        """What somebody's device shows now."""
        secret = self.secrets.get(name)
        return "" if secret is None else pyotp.TOTP(secret).at(self.now)

    def sign_in(self, name: str, **differently: object) -> SignedIn:
        asked = {"password": PASSWORD, "code": self.code(name), "place": "10.0.0.1"} | differently
        return self.desk.sign_in(name, via=asked.pop("via", Via.WEB), **asked)

    def listen(self, kind: type[Told]) -> Callable[[], list[Told]]:
        """What the journal is told of a kind from now on, whatever keeps it."""
        told: list[RiskEvent] = []
        changing = self.store.changing

        @contextmanager
        def overheard() -> Iterator[PeopleWork]:
            with changing() as work:
                tell = work.tell

                def listening(*events: RiskEvent) -> None:
                    tell(*events)
                    told.extend(events)

                work.tell = listening
                yield work

        self.store.changing = overheard
        return lambda: [event for event in told if isinstance(event, kind)]

    def actor(self, name: str) -> Actor:
        """Somebody who has just proved who he is."""
        person = self.person(name)
        return Actor(
            name=name,
            role=person.role,
            via=Via.WEB,
            proven_at=self.now,
            power_from=person.power_from,
        )


def machine() -> Actor:
    """Whoever has the machine."""
    return Actor(name="root", role=None, via=Via.COMMAND_LINE, has_login=False)
