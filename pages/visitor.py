"""Who looks at a page, as its frame must know him."""

from datetime import datetime
from typing import NamedTuple

from pages.access import is_demo, running_actor, running_login
from risk.domain.actors import PROOF_LASTS, Actor, is_proven
from risk.domain.people import Login


class Visitor(NamedTuple):
    """Whoever is in front of the browser.

    Attributes
    ----------
    actor : Actor
    login : Login or None
        None in a demonstration.
    demo : bool
    proof_seconds : float or None
        For how long no password is asked, since he has just proved who he is; None where a
        demonstration never asks for one.
    """

    actor: Actor
    login: Login | None
    demo: bool
    proof_seconds: float | None

    @property
    def title(self) -> str:
        """Who that is, and in which role: ``ana, officer``."""
        if self.demo or self.actor.role is None:
            return self.actor.name
        return f"{self.actor.name}, {self.actor.role.value}"

    @property
    def proof(self) -> str:
        """Whether a proof would be asked of him: ``none``, ``given``, ``asked``, ``provider``."""
        if self.proof_seconds is None:
            return "none"
        if self.proof_seconds > 0.0:
            return "given"
        return "provider" if self.login is not None and self.login.person.subject else "asked"


def running_visitor(now: datetime) -> Visitor:
    """Whoever asks; `now` is the wall time by which proofs are counted."""
    actor, login = running_actor(), running_login()
    return Visitor(actor, login, is_demo(), _seconds_left(actor, now))


def _seconds_left(actor: Actor, now: datetime) -> float | None:
    if not actor.has_login:
        return None
    if actor.proven_at is None or not is_proven(actor, now):
        return 0.0
    return (actor.proven_at + PROOF_LASTS - now).total_seconds()
