"""For whom the glass may be broken: an admin whom no other one can help. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from risk.domain.actors import Ability, Role
from risk.domain.people import Person, Setup
from risk.domain.people_store import Account, PeopleView
from risk.errors import InvalidInput, NotAllowed


class OtherAdmin(NamedTuple):
    """Another admin, and why he cannot help.

    Attributes
    ----------
    name : str
    why : str
        As the end of a sentence: *disabled since 2026-03-04*.
    """

    name: str
    why: str


class Glass(NamedTuple):
    """What would be broken, as it stands before.

    Attributes
    ----------
    person : Person
        Who would be let in.
    others : tuple of OtherAdmin
        All other admins: none of them can sign in.
    """

    person: Person
    others: tuple[OtherAdmin, ...]


def glass_of(view: PeopleView, account: Account, opens: Callable[[str], bool]) -> Glass:
    """What stands before whoever would let somebody in.

    Parameters
    ----------
    view : PeopleView
    account : Account
        Whose.
    opens : callable
        Whether a sealed second factor can still be opened.

    Raises
    ------
    NotAllowed
        If he is no admin in force, or another one can help him.
    InvalidInput
        If a provider vouches for him.
    """
    person = account.person
    if person.role is not Role.ADMIN or person.disabled is not None:
        raise NotAllowed(
            f"{person.name} is no admin in force: an admin helps with `seawall users reset`",
            ability=Ability.MANAGE_PEOPLE,
        )
    if person.subject is not None:
        raise InvalidInput(f"{person.name} signs in by a provider: reset it there")
    others = [
        OtherAdmin(other.person.name, _why_no_help(other, opens))
        for other in view.accounts()
        if other.person.role is Role.ADMIN and other.person.name != person.name
    ]
    for other in others:
        if not other.why:
            raise NotAllowed(
                f"{other.name} is an admin who can sign in: let him do it, by "
                f"`seawall users reset {person.name}`",
                ability=Ability.MANAGE_PEOPLE,
            )
    return Glass(person, tuple(others))


def _why_no_help(other: Account, opens: Callable[[str], bool]) -> str:
    """Why an admin cannot sign in and reset somebody; empty if he can."""
    person = other.person
    if person.disabled is not None:
        return f"disabled since {person.disabled:%Y-%m-%d}"
    if Setup.PASSWORD in person.setup:
        return "has a first password, and none of his own"
    if person.setup:
        return "has set up no second factor"
    if person.subject is None and (other.factor is None or not opens(other.factor)):
        return "has a second factor that people.key does not open"
    return ""
