"""Everybody's logins, for admins: who there is, somebody new, and what is done with one of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Response, request

from pages.access import guarded, running_actor, running_office
from pages.desk.drawing import DESK, Notice, drawn, said, status_of, take_proof, told_of
from pages.desk.words import moment_words, power_begins, power_words, role_words, standing_of
from pages.paths import PEOPLE_PATH
from pages.screens import running_screens
from risk.domain.actors import Ability, Actor, Role
from risk.domain.people import Person
from risk.errors import InvalidInput, LoginRefused, NotAllowed

_SEE_OTHER = 303
#: What an address may say was done, of somebody.
_DONE: Mapping[str, str] = {
    "role": "{name} has another role now; the logins have ended.",
    "disable": "{name} can sign in no more; the logins have ended.",
    "enable": "{name} can sign in again.",
    "unlock": "{name} can try again at once.",
    "added": "{name} has a login, by the provider.",
}


class Deed(NamedTuple):
    """Something that an admin may do with somebody's login.

    Attributes
    ----------
    name, text : str
        In the form, and what it does.
    """

    name: str
    text: str


class Wish(NamedTuple):
    """What an admin asked for, of somebody as he saw him."""

    name: str
    role: str
    reason: str
    seen: int


#: Does it; gives back a password, if there is a new one.
Doing = Callable[[Actor, Wish], str | None]

_ROLE = Deed("role", "Give another role. Ends the logins.")
_DISABLE = Deed("disable", "Disable: no more signing in. Ends the logins.")
_ENABLE = Deed("enable", "Enable again.")
_RESET = Deed(
    "reset",
    "Reset: a new first password, shown once, and a new second factor. Ends the logins; power over "
    "limits and breakers waits as for somebody new.",
)
_UNLOCK = Deed("unlock", "Unlock: try again at once after too many wrong tries.")


@DESK.get(PEOPLE_PATH)
@guarded(Ability.MANAGE_PEOPLE)
def show_people() -> Response:
    """Everybody who ever had a login."""
    return _people()


@DESK.post(PEOPLE_PATH)
@guarded(Ability.MANAGE_PEOPLE)
def add_person() -> Response:
    """Give somebody a login, and show his first password once."""
    name, subject = said("name").lower(), said("subject")
    try:
        role = _role_of(said("role"))
        take_proof()
        password = running_office().add(
            running_actor(), name, role, subject=subject or None, reason=said("reason")
        )
    except (LoginRefused, InvalidInput, NotAllowed) as problem:
        return _people(Notice(told_of(problem)), status=status_of(problem))
    return _first_password(name, password) if password else _done("added", name)


@DESK.get(f"{PEOPLE_PATH}/<name>")
@guarded(Ability.MANAGE_PEOPLE)
def show_person(name: str) -> Response:
    """One of them, and what can be done."""
    done = _DONE.get(request.args.get("done", ""))
    return _person(name, Notice(done.format(name=name), "normal") if done else None)


@DESK.post(f"{PEOPLE_PATH}/<name>")
@guarded(Ability.MANAGE_PEOPLE)
def change_person(name: str) -> Response:
    """Do what was chosen, if he is still as he was seen."""
    wish = Wish(name, said("role"), said("reason"), request.form.get("seen", type=int) or 0)
    try:
        chosen = _deed_of(said("what"))
        take_proof()
        password = chosen(running_actor(), wish)
    except (LoginRefused, InvalidInput, NotAllowed) as problem:
        return _person(name, Notice(told_of(problem)), status=status_of(problem))
    return _first_password(name, password) if password else _done(said("what"), name)


# --- what is done ----------------------------------------------------------------------------


def _change_role(by: Actor, wish: Wish) -> None:
    running_office().change_role(
        by, wish.name, _role_of(wish.role), reason=wish.reason, seen=wish.seen
    )


def _disable(by: Actor, wish: Wish) -> None:
    running_office().disable(by, wish.name, reason=wish.reason, seen=wish.seen)


def _enable(by: Actor, wish: Wish) -> None:
    running_office().enable(by, wish.name, reason=wish.reason, seen=wish.seen)


def _reset(by: Actor, wish: Wish) -> str:
    return running_office().reset(by, wish.name, reason=wish.reason, seen=wish.seen)


def _unlock(by: Actor, wish: Wish) -> None:
    running_office().unlock(by, wish.name, reason=wish.reason)


_DEEDS: Mapping[str, Doing] = {
    _ROLE.name: _change_role,
    _DISABLE.name: _disable,
    _ENABLE.name: _enable,
    _RESET.name: _reset,
    _UNLOCK.name: _unlock,
}


def _deed_of(name: str) -> Doing:
    if name not in _DEEDS:
        raise InvalidInput("choose first what shall be done")
    return _DEEDS[name]


def _role_of(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise InvalidInput("choose a role first") from None


# --- what is shown ---------------------------------------------------------------------------


def _people(notice: Notice | None = None, *, status: int = 200) -> Response:
    now = running_screens().readings.reader.wall()
    return drawn(
        "people",
        status=status,
        notice=notice,
        people=[
            {
                "person": person,
                "standing": standing_of(person, now),
                "power": power_begins(person, now),
                "seen": moment_words(person.last_seen) if person.last_seen else "never",
            }
            for person in running_office().people()
        ],
        typed={name: said(name) for name in ("name", "subject", "reason")},
        **_roles(said("role") or Role.VIEWER.value),
    )


def _roles(chosen: str) -> dict[str, Any]:
    return {"roles": [(role.value, role_words(role)) for role in Role], "chosen": chosen}


def _person(name: str, notice: Notice | None = None, *, status: int = 200) -> Response:
    found = [person for person in running_office().people() if person.name == name]
    if not found:
        return _people(Notice("There is nobody of that name."), status=404)
    person, now = found[0], running_screens().readings.reader.wall()
    return drawn(
        "person",
        status=status,
        notice=notice,
        person=person,
        standing=standing_of(person, now),
        power=power_words(person, now),
        created=moment_words(person.created),
        seen=moment_words(person.last_seen) if person.last_seen else "never",
        deeds=_deeds_for(person),
        what=said("what"),
        reason=said("reason"),
        **_roles(said("role") or person.role.value),
    )


def _deeds_for(person: Person) -> Sequence[Deed]:
    if person.disabled is not None:
        return (_ENABLE,)
    resets = () if person.subject else (_RESET,)
    return (_ROLE, _UNLOCK, *resets, _DISABLE)


def _first_password(name: str, password: str) -> Response:
    return drawn("first_password", name=name, password=password)


def _done(what: str, name: str) -> Response:
    return Response(status=_SEE_OTHER, headers={"Location": f"{PEOPLE_PATH}/{name}?done={what}"})
