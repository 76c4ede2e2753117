"""Who may do what: one matrix of roles and abilities."""

from enum import StrEnum


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
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"
    REQUEST_LIMIT = "request_limit"
    PROPOSE_THRESHOLD = "propose_threshold"
    HALT = "halt"
    OVERRIDE_BREAKER = "override_breaker"
    APPROVE_CHANGE = "approve_change"
    MANAGE_PEOPLE = "manage_people"


_VIEWER = frozenset({Ability.VIEW})
_TRADER = _VIEWER | {Ability.ACKNOWLEDGE_ALERTS, Ability.REQUEST_LIMIT, Ability.HALT}
_ANALYST = _VIEWER | {Ability.ACKNOWLEDGE_ALERTS, Ability.PROPOSE_THRESHOLD, Ability.HALT}
_OFFICER = _TRADER | _ANALYST | {Ability.OVERRIDE_BREAKER, Ability.APPROVE_CHANGE}
# An admin manages people and nothing else: giving out power and using it stay apart.
_ADMIN = _VIEWER | {Ability.MANAGE_PEOPLE}

ABILITIES: dict[Role, frozenset[Ability]] = {
    Role.VIEWER: _VIEWER,
    Role.TRADER: _TRADER,
    Role.ANALYST: _ANALYST,
    Role.OFFICER: _OFFICER,
    Role.ADMIN: _ADMIN,
}


def may(role: Role, ability: Ability) -> bool:
    """Whether `role` is allowed to do `ability`."""
    return ability in ABILITIES[role]
