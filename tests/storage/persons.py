"""People with a login, written past the office that gives logins."""

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.changing import Changes, ChangeStore
from risk.domain.warrants import Warrant
from risk.storage.engines import Engines, transaction
from risk.storage.tables import person as table
from tests.builders import NOON


def hired(
    engines: Engines,
    name: str,
    role: Role = Role.OFFICER,
    *,
    power_in: timedelta | None = None,
    **more: Any,
) -> Actor:
    """Somebody with a login, who has just proved who he is.

    Parameters
    ----------
    power_in : timedelta or None
        After which his power begins, by the database's own clock; None for long ago.
    """
    now = int(time.time() * 1000)
    begins = 0 if power_in is None else now + power_in // timedelta(milliseconds=1)
    values: dict[str, Any] = {
        "name": name,
        "role": role.value,
        "created_ms": 0,
        "created_by": "root",
        "power_ms": begins,
        "power_by": "root",
        "was_officer": False,
        "must_change": False,
        "factor": "sealed",
        "factor_step": 0,
        "version": 1,
        "changed_by": "root",
    }
    with transaction(engines.writer) as connection:
        connection.execute(insert(table).values(values | more))
    return signed_in(name, role)


def signed_in(name: str, role: Role, at: datetime = NOON) -> Actor:
    """Somebody who has just proved who he is, whether he has a login or not."""
    return Actor(name=name, role=role, via=Via.WEB, proven_at=at)


def persona(role: Role) -> Actor:
    """As the demonstration's: without a login."""
    return Actor(name=f"demo {role.value}", role=role, via=Via.WEB, has_login=False)


def by(
    changes: ChangeStore,
    actor: Actor,
    ability: Ability = Ability.PROPOSE,
    *,
    tightens: bool = False,
) -> Changes:
    """What somebody changes, past the actions that ask whether he may."""
    return changes.by(Warrant(actor, ability, tightens))
