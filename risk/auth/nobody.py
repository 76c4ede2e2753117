"""Where nobody has a login: every question is answered so, and nobody is let in."""

# ruff: noqa: ARG002

from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.people import Login, NewFactor, Person, SignedIn
from risk.errors import LoginRefused, NotAllowed

_REFUSED = "nobody has a login here"


class Nobody:
    """`Logins` and `PeopleOffice` of a Seawall without logins."""

    def anybody(self) -> bool:
        """Nobody ever had a login."""
        return False

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
        """Nobody signs in."""
        raise LoginRefused(_REFUSED)

    def sign_in_subject(
        self, subject: str, *, place: str = "", strong: bool, proven_at: datetime | None = None
    ) -> SignedIn:
        """Nobody signs in."""
        raise LoginRefused(_REFUSED)

    def prove_subject(
        self, token: str, subject: str, *, strong: bool, proven_at: datetime
    ) -> SignedIn:
        """Nobody proves who he is."""
        raise LoginRefused(_REFUSED)

    def find(self, token: str) -> Login | None:
        """No token opens anything."""
        return None

    def prove(self, token: str, password: str, code: str, *, device: str | None = None) -> SignedIn:
        """Nobody proves who he is."""
        raise LoginRefused(_REFUSED)

    def sign_out(self, token: str) -> None:
        """Nobody is signed in."""

    def logins_of(self, name: str) -> Sequence[Login]:
        """Nobody is signed in."""
        return ()

    def end_login(self, name: str, login_id: str) -> None:
        """Nobody is signed in."""

    def change_password(self, token: str, old: str, new: str) -> SignedIn:
        """Nobody has a password."""
        raise LoginRefused(_REFUSED)

    def begin_second_factor(self, token: str) -> NewFactor:
        """Nobody has a second factor."""
        raise LoginRefused(_REFUSED)

    def confirm_second_factor(self, token: str, code: str) -> SignedIn:
        """Nobody has a second factor."""
        raise LoginRefused(_REFUSED)

    def people(self) -> Sequence[Person]:
        """Nobody ever had a login."""
        return ()

    def add(self, by: Actor, name: str, role: Role, *, subject: str | None = None) -> str:
        """Nobody may."""
        return _refuse()

    def change_role(self, by: Actor, name: str, role: Role, *, seen: int) -> None:
        """Nobody may."""
        _refuse()

    def disable(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Nobody may."""
        _refuse()

    def enable(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Nobody may."""
        _refuse()

    def reset(self, by: Actor, name: str, *, reason: str, seen: int) -> str:
        """Nobody may."""
        return _refuse()

    def unlock(self, by: Actor, name: str) -> None:
        """Nobody may."""
        _refuse()

    def vouch(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Nobody may."""
        _refuse()


def _refuse() -> NoReturn:
    raise NotAllowed(_REFUSED, ability=Ability.MANAGE_PEOPLE)
