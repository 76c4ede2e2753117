"""Who may do what: one matrix of roles and abilities, and whoever stands before it.

Every door (page, callback, endpoint, command) names the ability that it needs, and the action
behind it asks once more. `tests/test_doors.py` walks all of them against this matrix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from risk.errors import NotAllowed, ProofNeeded


class Role(StrEnum):
    """A person's role."""

    VIEWER = "viewer"
    TRADER = "trader"
    ANALYST = "analyst"
    OFFICER = "officer"
    ADMIN = "admin"


class Ability(StrEnum):
    """Something that a role may be allowed to do."""

    VIEW = "view"
    """See the book, its limits, breakers, orders and journal."""
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"
    """Say that an alert is seen."""
    REQUEST_LIMIT = "request_limit"
    """Ask for a temporary limit."""
    PROPOSE = "propose"
    """Propose other limits, breakers, a whole policy or another model."""
    HALT = "halt"
    """Stop trading in a scope, wholly or but for reductions."""
    RESUME = "resume"
    """Let go what people stopped, and room that a dead order holds."""
    OVERRIDE = "override"
    """Overrule a breaker for a while, let it go, and judge what came of it."""
    APPROVE = "approve"
    """Be the one whose word a change needs."""
    MANAGE_PEOPLE = "manage_people"
    """Give and take logins, roles and keys."""
    MANAGE_BOOKS = "manage_books"
    """Add portfolios, and book what was paid in and out."""


_VIEWER = frozenset({Ability.VIEW})
_TRADER = _VIEWER | {Ability.ACKNOWLEDGE_ALERTS, Ability.REQUEST_LIMIT, Ability.HALT}
_ANALYST = _TRADER | {Ability.PROPOSE}
_OFFICER = _ANALYST | {Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE}
# An admin manages people and books, and moves no limit: giving out power and using it stay apart.
_ADMIN = _VIEWER | {Ability.MANAGE_PEOPLE, Ability.MANAGE_BOOKS}

ABILITIES: Mapping[Role, frozenset[Ability]] = {
    Role.VIEWER: _VIEWER,
    Role.TRADER: _TRADER,
    Role.ANALYST: _ANALYST,
    Role.OFFICER: _OFFICER,
    Role.ADMIN: _ADMIN,
}
#: What only somebody may do who has proved just now who he is.
NEEDS_PROOF = frozenset(
    {
        Ability.RESUME,
        Ability.OVERRIDE,
        Ability.APPROVE,
        Ability.MANAGE_PEOPLE,
        # Limits that are shares of equity widen with what is paid in.
        Ability.MANAGE_BOOKS,
    }
)
#: What power that an admin gave must have begun for.
NEEDS_POWER = frozenset({Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE})
#: Roles that sign in with a second factor.
NEED_SECOND_FACTOR = frozenset({Role.OFFICER, Role.ADMIN})
#: A proof of who one is counts for so long.
PROOF_LASTS = timedelta(minutes=5)
# Clocks of one machine are set right by less.
_LEEWAY = timedelta(seconds=5)


class Via(StrEnum):
    """By which door somebody comes."""

    WEB = "web"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Whoever asks for something, as far as it is known who that is.

    Attributes
    ----------
    name : str
        As the journal names him; of two people never the same.
    role : Role or None
        None of whoever has the machine itself while nobody has a login: he may do everything.
    via : Via
    proven_at : datetime or None
        When he proved last who he is, by password and second factor. UTC.
    has_login : bool
        False of a demonstration's persona, and of the machine's own user while nobody has a login:
        of neither a proof can be asked.
    power_from : datetime or None
        From when on he may approve and override: power that an admin gave begins later, unless
        somebody vouches. None where it has begun. UTC.
    login : str
        Public id of that by which he is signed in: what he asks is not written once it has ended.
        Empty where it is by none.
    """

    name: str
    role: Role | None
    via: Via
    proven_at: datetime | None = None
    has_login: bool = True
    power_from: datetime | None = None
    login: str = ""

    @property
    def abilities(self) -> frozenset[Ability]:
        """All that he may be allowed to do."""
        return frozenset(Ability) if self.role is None else ABILITIES[self.role]

    @property
    def is_alone(self) -> bool:
        """Whether nobody has a login, so that there is no second person to ask."""
        return self.role is None


def may(role: Role, ability: Ability) -> bool:
    """Whether `role` is allowed to do `ability`."""
    return ability in ABILITIES[role]


def who_can(ability: Ability) -> tuple[Role, ...]:
    """The roles that are allowed to do `ability`."""
    return tuple(role for role in Role if may(role, ability))


def roles_words(ability: Ability) -> str:
    """Who can, as a part of a sentence: ``an analyst or an officer``."""
    return " or ".join(f"{_article(role)} {role}" for role in who_can(ability))


def require(actor: Actor, ability: Ability) -> None:
    """Refuse somebody whose role is not allowed to do `ability`, and say who is.

    Raises
    ------
    NotAllowed
    """
    if ability in actor.abilities:
        return
    roles = roles_words(ability)
    has = "nobody" if actor.role is None else f"{_article(actor.role)} {actor.role}"
    raise NotAllowed(
        f"{_WHAT[ability]} is not for {has}. {roles[0].upper()}{roles[1:]} can", ability=ability
    )


def require_all(actor: Actor, ability: Ability, *, at: datetime, tightens: bool = False) -> None:
    """Refuse whoever may not do something now: by his role, his proof, and when his power begins.

    Parameters
    ----------
    actor : Actor
    ability : Ability
    at : datetime
        Wall time. UTC.
    tightens : bool
        Whether it only tightens: then no proof is asked, and power need not have begun.

    Raises
    ------
    NotAllowed
        If his role may not, or his power has not begun.
    ProofNeeded
        If he has not proved lately who he is.
    """
    require(actor, ability)
    if tightens:
        return
    why = why_no_power(actor, ability, at)
    if why:
        raise NotAllowed(why, ability=ability)
    if ability in NEEDS_PROOF and not is_proven(actor, at):
        raise ProofNeeded("prove first that it is you: give your password again", ability=ability)


def is_proven(actor: Actor, at: datetime) -> bool:
    """Whether he has proved lately who he is; nobody without a login can, nor need he.

    Nobody has proved anything in the future: the clock was set back, and it counts no more.
    """
    if not actor.has_login:
        return True
    return actor.proven_at is not None and -_LEEWAY <= at - actor.proven_at <= PROOF_LASTS


def why_no_power(actor: Actor, ability: Ability, at: datetime) -> str:
    """Why somebody's power does not hold yet for what he may do; empty where it does.

    Parameters
    ----------
    actor : Actor
    ability : Ability
    at : datetime
        Wall time. UTC.
    """
    if ability not in NEEDS_POWER or actor.power_from is None or at >= actor.power_from:
        return ""
    return (
        f"your power over limits and breakers begins {actor.power_from:%Y-%m-%d %H:%M} UTC, "
        "since an admin gave or renewed your login. Another officer can vouch for you before"
    )


def what_is(ability: Ability) -> str:
    """What an ability lets somebody do: ``stopping trading``."""
    return _WHAT[ability]


def _article(role: Role) -> str:
    return "an" if role[0] in "aeiou" else "a"


#: What an ability lets somebody do, as the beginning of a sentence.
_WHAT: Mapping[Ability, str] = {
    Ability.VIEW: "looking at the book",
    Ability.ACKNOWLEDGE_ALERTS: "acknowledging alerts",
    Ability.REQUEST_LIMIT: "asking for a temporary limit",
    Ability.PROPOSE: "proposing limits, breakers or a model",
    Ability.HALT: "stopping trading",
    Ability.RESUME: "letting go what was stopped",
    Ability.OVERRIDE: "overriding a breaker",
    Ability.APPROVE: "approving a change",
    Ability.MANAGE_PEOPLE: "managing people and keys",
    Ability.MANAGE_BOOKS: "adding and funding books",
}
