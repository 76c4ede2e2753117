"""What the server's own pages say of people. Pure."""

from datetime import datetime
from typing import NamedTuple

from risk.domain.actors import ABILITIES, Ability, Role, what_is
from risk.domain.people import Person, Setup

#: Power over limits and breakers: what begins later where an admin gave it.
_POWER = Ability.APPROVE


class Standing(NamedTuple):
    """How somebody's login stands, in a word or two.

    Attributes
    ----------
    text : str
    look : str
        A state's shape.
    """

    text: str
    look: str


def standing_of(person: Person, now: datetime) -> Standing:
    """Whether somebody can sign in, and whether his power holds."""
    if person.disabled is not None:
        return Standing("disabled", "halted")
    if person.must_change:
        return Standing("has a first password", "stale")
    if waits_for_power(person, now):
        return Standing("power begins later", "caution")
    return Standing("in force", "normal")


def waits_for_power(person: Person, now: datetime) -> bool:
    """Whether he would have power over limits and breakers, had it begun."""
    has_role = _POWER in ABILITIES[person.role]
    return has_role and person.disabled is None and now < person.power_from


def power_words(person: Person, now: datetime) -> str:
    """Since when, or from when on, somebody may approve and override; empty of other roles."""
    if _POWER not in ABILITIES[person.role]:
        return ""
    moment = moment_words(person.power_from)
    if now < person.power_from:
        return f"begins {moment}, or as soon as another officer vouches"
    return f"since {moment}"


def power_begins(person: Person, now: datetime) -> str:
    """The same in a cell of a table; empty of other roles."""
    if _POWER not in ABILITIES[person.role]:
        return ""
    return "now" if person.power_from <= now else f"from {moment_words(person.power_from)} on"


def moment_words(at: datetime) -> str:
    """A moment that may be years away: ``2026-11-12 15:42 UTC``."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def abilities_words(role: Role) -> list[str]:
    """What a role is for, a line each."""
    return [what_is(ability) for ability in Ability if ability in ABILITIES[role]]


def role_words(role: Role) -> str:
    """A role with its article: ``an officer``."""
    return f"{'an' if role.value[0] in 'aeiou' else 'a'} {role.value}"


SETUP_WORDS = {
    Setup.PASSWORD: "set a password of your own",
    Setup.SECOND_FACTOR: "set up a second factor",
}
#: Of whoever has one, and was let in by a provider without it.
GIVE_A_CODE = "give a code of your second factor"
