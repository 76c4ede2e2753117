"""People with a login, what they are signed in with, and the desk where they sign in.

Programs have keys instead: :mod:`risk.domain.keys`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from risk.domain.actors import NEED_SECOND_FACTOR, Actor, Role, Via
from risk.domain.events.limits import RULE
from risk.errors import InvalidInput

_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")


def is_login_name(text: str) -> bool:
    """Whether somebody could be called so; not as the journal calls a rule."""
    return _NAME.fullmatch(text) is not None and text != RULE


def checked_login_name(text: str) -> str:
    """A name that somebody can have.

    Raises
    ------
    InvalidInput
    """
    if not is_login_name(text):
        raise InvalidInput(
            f"{text!r} cannot be a name: up to 32 lower-case letters, digits, '.', '-' and '_', a "
            "letter first"
        )
    return text


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, written in other letters or with other blanks."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKC", name).casefold()
    return "".join(each for each in letters if each.isprintable() and not each.isspace())


class Setup(StrEnum):
    """What somebody must do after signing in before he may do anything else."""

    PASSWORD = "password"  # nosec B105: a word
    SECOND_FACTOR = "second_factor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody with a login, without any secret.

    Attributes
    ----------
    name : str
        Unique: up to 32 lower-case letters, digits, ``.``, ``-`` and ``_``, a letter first.
    role : Role
    created : datetime
        UTC.
    created_by : str
    power_from : datetime
        From when on he may approve and override. UTC.
    disabled : datetime or None
        Since when he cannot sign in. UTC.
    second_factor : bool
        Whether he has confirmed one.
    must_change : bool
        Whether his password was given to him, so that he must set his own.
    subject : str or None
        Who he is to the single sign-on provider; None where he has a password here.
    last_seen : datetime or None
        When he signed in last. UTC.
    version : int
        Grows with each change, for compare-and-set.
    """

    name: str
    role: Role
    created: datetime
    created_by: str
    power_from: datetime
    disabled: datetime | None = None
    second_factor: bool = False
    must_change: bool = False
    subject: str | None = None
    last_seen: datetime | None = None
    version: int = 1

    @property
    def setup(self) -> tuple[Setup, ...]:
        """What he must do first after signing in; a provider sees to it for whom it vouches."""
        if self.subject is not None:
            return ()
        needed = self.role in NEED_SECOND_FACTOR and not self.second_factor
        return ((Setup.PASSWORD,) if self.must_change else ()) + (
            (Setup.SECOND_FACTOR,) if needed else ()
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Somebody who is signed in now.

    Attributes
    ----------
    id : str
        Public: names it in lists, and to end it.
    person : Person
    via : Via
    began, seen, proven_at : datetime
        When he signed in, asked for anything last, and proved last who he is. UTC.
    ends : datetime
        When it ends by itself, if he goes on. UTC.
    csrf : str
        What a form of his must bring along.
    setup : tuple of Setup
        What he must do first; while there is anything, he may do nothing else.
    place : str
        Whence, as far as known: an address.
    """

    id: str
    person: Person
    via: Via
    began: datetime
    seen: datetime
    proven_at: datetime
    ends: datetime
    csrf: str
    setup: tuple[Setup, ...] = ()
    place: str = ""

    @property
    def owes_code(self) -> bool:
        """Whether he has a second factor here, and his provider let him in without it."""
        return Setup.SECOND_FACTOR in self.setup and self.person.second_factor

    @property
    def actor(self) -> Actor:
        """Who asks, as actions are told; while he must set himself up, he has proved nothing."""
        return Actor(
            name=self.person.name,
            role=self.person.role,
            via=self.via,
            proven_at=None if self.setup else self.proven_at,
            power_from=self.person.power_from,
            login=self.id,
        )


class SignedIn(NamedTuple):
    """Somebody who has just signed in, or proved again who he is.

    Attributes
    ----------
    token : str
        His alone; a new one each time. Kept by his browser, of which only a hash is kept here.
    device : str
        Lets this browser go on trying while others try his name.
    login : Login
    """

    token: str
    device: str
    login: Login


class NewFactor(NamedTuple):
    """A second factor that is not confirmed yet.

    Attributes
    ----------
    secret : str
        As a person types it.
    address : str
        ``otpauth://``, as a picture shows it.
    """

    secret: str
    address: str


class Waiting(NamedTuple):
    """An officer whose power has not begun, and who may let it begin.

    Attributes
    ----------
    person : Person
    given_by : str
        Who gave or renewed his login or his role last.
    vouchers : tuple of str
        Officers who may say now that it is he, in the order of their names.
    """

    person: Person
    given_by: str
    vouchers: tuple[str, ...]


class Logins(Protocol):
    """Where people sign in. Every method may raise `StoreUnavailable`.

    A wrong name, password or code and a disabled person all raise `LoginRefused` with one text, and
    take the same time. So does whatever is tried while a name waits, with another text: names that
    nobody has wait after as many tries as any other, so that neither tells who exists.
    """

    def anybody(self) -> bool:
        """Whether anybody ever had a login: from then on nothing is open to the anonymous."""
        ...

    def sign_in(
        self,
        name: str,
        password: str,
        code: str,
        *,
        via: Via,
        place: str = "",
        device: str | None = None,
    ) -> SignedIn:
        """Sign somebody in.

        Raises
        ------
        LoginRefused
        """
        ...

    def sign_in_subject(
        self, subject: str, *, place: str = "", strong: bool, proven_at: datetime | None = None
    ) -> SignedIn:
        """Sign in whom a provider vouches for.

        Where his role needs a second factor and the provider asked for none, he is to give his own
        here, or to set one up, before he may do anything.

        Parameters
        ----------
        subject, place : str
        strong : bool
            Whether the provider asked for a second factor.
        proven_at : datetime or None
            When he proved there who he is; None if nobody knows: then a proof will be asked. UTC.

        Raises
        ------
        LoginRefused
        """
        ...

    def find(self, token: str, *, acts: bool = True) -> Login | None:
        """Whose token this is, noting that he was seen; None if it opens nothing (any more).

        Parameters
        ----------
        token : str
        acts : bool
            Whether he did something himself: what his browser asks by itself keeps no login from
            ending, unless its person may only look.
        """
        ...

    def prove(self, token: str, password: str, code: str) -> SignedIn:
        """Prove again who one is: needed before what cannot be taken back lightly.

        Raises
        ------
        LoginRefused
        """
        ...

    def prove_subject(
        self, token: str, subject: str, *, strong: bool, proven_at: datetime
    ) -> SignedIn:
        """Prove again who one is by the provider's word; see `sign_in_subject`.

        Raises
        ------
        LoginRefused
            Also if the provider vouches for somebody else than is signed in.
        """
        ...

    def sign_out(self, token: str, *, replaced_by: Login | None = None) -> None:
        """End a login, because its person signs out, or because somebody signed in over it."""
        ...

    def logins_of(self, name: str) -> Sequence[Login]:
        """Everything by which somebody is signed in now, the newest first."""
        ...

    def end_login(self, name: str, login_id: str, *, asked_from: Login | None = None) -> None:
        """End one of somebody's logins, as he asks from another one of his."""
        ...

    def change_password(self, token: str, old: str, new: str) -> SignedIn:
        """Set one's own password; ends all other logins of his.

        Raises
        ------
        LoginRefused
            If the old one is wrong.
        InvalidInput
            If the new one is too short, too common, or the old one.
        """
        ...

    def begin_second_factor(self, token: str) -> NewFactor:
        """A second factor for whoever is signed in; it counts once it is confirmed."""
        ...

    def confirm_second_factor(self, token: str, code: str) -> SignedIn:
        """Confirm it by a code of it.

        Whoever has one and was let in by a provider without, gives a code of the one that he has.

        Raises
        ------
        InvalidInput
            If the code is not of it.
        LoginRefused
            If it is not of the one that he has.
        """
        ...


class PeopleOffice(Protocol):
    """What is done with other people's logins. Every method may raise `StoreUnavailable`.

    Whoever asks needs `MANAGE_PEOPLE`, but for `vouch`, which needs `APPROVE`. Each change is
    written into the journal of people together with what it changes.
    """

    def people(self) -> Sequence[Person]:
        """Everybody who ever had a login, in the order of their names."""
        ...

    def add(
        self, by: Actor, name: str, role: Role, *, subject: str | None = None, reason: str = ""
    ) -> str:
        """Give somebody a login; returns a password for the first time, told once.

        Raises
        ------
        NotAllowed, InvalidInput
        """
        ...

    def change_role(self, by: Actor, name: str, role: Role, *, reason: str, seen: int) -> None:
        """Give somebody another role; ends his logins.

        Raises
        ------
        NotAllowed, InvalidInput, Conflict
        """
        ...

    def disable(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Let somebody sign in no more; ends his logins. The last admin stays."""
        ...

    def enable(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Let somebody sign in again."""
        ...

    def reset(self, by: Actor, name: str, *, reason: str, seen: int) -> str:
        """Give somebody a new first password, and let him set up a new second factor.

        His logins end, and his power to approve and override is suspended as for somebody new:
        nobody gets power over changes by a reset unseen.
        """
        ...

    def unlock(self, by: Actor, name: str, *, reason: str) -> None:
        """Let somebody try again at once whom too many wrong tries have locked out."""
        ...

    def waiting(self) -> Sequence[Waiting]:
        """Officers in force whose power has not begun, in the order of their names."""
        ...

    def vouch(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Say that this is who he says he is: his power begins now.

        Never by whoever gave it, nor by himself, nor by somebody whose own has not begun.
        """
        ...
