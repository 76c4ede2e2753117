"""Whom a visitor of the demonstration stands for: nobody has a login there.

Nothing of it is checked, so nothing that a persona may do can matter: the gate in `pages.gate`
offers personas only where the market is simulated, nobody ever had a login, and this very machine
asks.
"""

from collections.abc import Mapping

from risk.domain.actors import Actor, Role, Via

COOKIE = "seawall_persona"
#: Whom one may enter as; the first is whoever has not chosen yet.
PERSONAS = (Role.VIEWER, Role.TRADER, Role.ANALYST, Role.OFFICER)


def persona(role: Role) -> Actor:
    """The demonstration's person of that role."""
    return Actor(name=f"demo {role.value}", role=role, via=Via.WEB, has_login=False)


def persona_named(name: str | None) -> Role | None:
    """The role that `name` is, if one may enter as it."""
    return next((role for role in PERSONAS if role.value == name), None)


def chosen_persona(cookies: Mapping[str, str]) -> Actor:
    """Whom this browser stands for."""
    return persona(persona_named(cookies.get(COOKIE)) or PERSONAS[0])
