"""What is kept of people, secrets included, and what keeps it.

No page, command or action sees anything of this: they get a `Person` or a `Login`. Only the desks
in :mod:`risk.auth` do, which decide; a store only keeps.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from risk.domain.actors import Via
from risk.domain.events import RiskEvent
from risk.domain.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person, with all by which he proves who he is, and with who gave him what he may.

    Attributes
    ----------
    person : Person
    password : str or None
        Hashed, in the form that names its own cost; None where a provider vouches for him.
    password_until : datetime or None
        A first password opens nothing from then on. UTC.
    factor : str or None
        The secret of his second factor, sealed.
    factor_step : int
        The last step of time a code of which was accepted: none of it or before is ever again.
    new_factor : str or None
        The secret of one that he has not confirmed yet, sealed.
    power_by : str
        Who gave or renewed his login or his role last.
    was_officer : bool
        Whether he ever was one.
    changed_by : str
        Who changed him last.
    """

    person: Person
    password: str | None
    password_until: datetime | None = None
    factor: str | None = None
    factor_step: int = 0
    new_factor: str | None = None
    power_by: str
    was_officer: bool = False
    changed_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginRecord:
    """A login as it is kept.

    Attributes
    ----------
    id : str
    hash : bytes
        SHA-256 of its token.
    name : str
        The person's.
    via : Via
    began, seen, proven_at : datetime
        UTC.
    ended : datetime or None
        Since when it opens nothing. UTC.
    csrf, place : str
    device : str
        Public id of the browser.
    weak : bool
        Whether a second factor is still to be asked for: his role needs one, and the provider that
        vouched for him asked for none.
    """

    id: str
    hash: bytes
    name: str
    via: Via
    began: datetime
    seen: datetime
    proven_at: datetime
    ended: datetime | None = None
    csrf: str
    place: str
    device: str
    weak: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A try that did not open, or of which nobody knows yet.

    Attributes
    ----------
    at : datetime
        UTC.
    name : str
        That was tried; empty for whatever cannot be a name.
    place : str
        Whence, as far as known.
    device : str
        Whoever is known to have signed in by that name before; empty for anybody else.
    """

    at: datetime
    name: str
    place: str
    device: str = ""


class KeptLogin(NamedTuple):
    """A login, and whose it is."""

    record: LoginRecord
    account: Account


class PeopleView(Protocol):
    """What is kept, as it was at one moment."""

    def anybody(self) -> bool:
        """Whether anybody ever had a login, also where the rows of all were taken away by hand."""
        ...

    def account(self, name: str) -> Account | None:
        """Of somebody by his name."""
        ...

    def account_of(self, subject: str) -> Account | None:
        """Of somebody by his name at the provider."""
        ...

    def accounts(self) -> Sequence[Account]:
        """Of everybody, in the order of their names."""
        ...

    def login(self, token_hash: bytes) -> KeptLogin | None:
        """The login of a token, unless it was ended."""
        ...

    def logins(self, name: str) -> Sequence[LoginRecord]:
        """All logins of somebody that were not ended, the newest first."""
        ...

    def knows_device(self, name: str, device: str) -> bool:
        """Whether somebody signed in before by this browser."""
        ...

    def failures(self, name: str, place: str, since: datetime) -> Sequence[Failure]:
        """Of that name or from that place, in the order of time."""
        ...


class PeopleWork(PeopleView, Protocol):
    """One change: nobody else changes anything meanwhile."""

    def keep(self, account: Account) -> None:
        """Keep somebody, new or as he is now."""
        ...

    def keep_login(self, record: LoginRecord) -> None:
        """Keep a login, new or as it is now."""
        ...

    def end_logins(self, name: str, *, at: datetime, but: str = "") -> None:
        """End all logins of somebody, `but` for one if its id is given."""
        ...

    def keep_device(self, name: str, device: str, *, at: datetime) -> None:
        """Note by which browser somebody has signed in."""
        ...

    def forget_devices(self, name: str) -> None:
        """Let none of somebody's browsers be known any more."""
        ...

    def note_failure(self, failure: Failure) -> int:
        """Write a try down; returns its number."""
        ...

    def take_back(self, failure: int) -> None:
        """Let a try not have been one."""
        ...

    def forgive(self, name: str, *, place: str | None = None, device: str | None = None) -> None:
        """Forget the tries of a name: all, those from a place, or those of a device."""
        ...

    def forget_before(self, *, failures: datetime, logins: datetime, devices: datetime) -> None:
        """Drop what is older and of no use any more."""
        ...

    def tell(self, *events: RiskEvent) -> None:
        """Write into the journal of people, and let notices of what is critical wait."""
        ...


class PeopleStore(Protocol):
    """Where people are kept. Everything may raise `StoreUnavailable`."""

    def reading(self) -> AbstractContextManager[PeopleView]:
        """Look at it."""
        ...

    def changing(self) -> AbstractContextManager[PeopleWork]:
        """Change something: whole at the end of the ``with``, or not at all."""
        ...

    def touch(self, login_id: str, *, at: datetime) -> None:
        """Note that a login was used; fails rather than to wait long for the right to write."""
        ...
