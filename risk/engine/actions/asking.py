"""Whether whoever asks may: his role, his proof, and since when his power holds."""

from datetime import datetime, timedelta

from risk.domain.actors import NEEDS_PROOF, Ability, Actor, require
from risk.errors import NotAllowed, ProofNeeded

#: A proof of who one is counts for so long.
PROOF_LASTS = timedelta(minutes=5)
#: What power that an admin gave must have begun for.
_NEEDS_POWER = frozenset({Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE})


def require_all(actor: Actor, ability: Ability, *, at: datetime, tightens: bool = False) -> None:
    """Refuse whoever may not do something now.

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
    _require_power(actor, ability, at)
    if ability in NEEDS_PROOF and not is_proven(actor, at):
        raise ProofNeeded("prove first that it is you: give your password again", ability=ability)


def is_proven(actor: Actor, at: datetime) -> bool:
    """Whether he has proved lately who he is; nobody without a login can, nor need he."""
    if not actor.has_login:
        return True
    return actor.proven_at is not None and at - actor.proven_at <= PROOF_LASTS


def _require_power(actor: Actor, ability: Ability, at: datetime) -> None:
    if ability in _NEEDS_POWER and actor.power_from is not None and at < actor.power_from:
        raise NotAllowed(
            f"your power over limits and breakers begins {actor.power_from:%Y-%m-%d %H:%M} UTC, "
            "since an admin gave or renewed your login. Another officer can vouch for you before",
            ability=ability,
        )
