"""Changes asked for while nobody has a login, so that they wait for the engine at once."""

from datetime import datetime

from sqlalchemy import Connection

from risk.domain.actions import AdoptPolicy, Change, ChooseBookModel
from risk.domain.actors import Actor, Role, Via
from risk.domain.policy import Policy
from risk.domain.proposals import Proposal
from risk.storage.policies import policy_standing
from risk.storage.proposals import ProposalDesk
from tests.builders import NOON


def machine(name: str = "anna") -> Actor:
    """Whoever has the machine while nobody has a login."""
    return Actor(name=name, role=None, via=Via.COMMAND_LINE, has_login=False)


def person(name: str, role: Role, **more: object) -> Actor:
    """Somebody who is signed in, and has just proved it."""
    return Actor(name=name, role=role, via=Via.WEB, proven_at=NOON, **more)  # type: ignore[arg-type]


def asked(
    connection: Connection,
    portfolio: str,
    change: Change,
    *,
    who: str = "anna",
    at: datetime = NOON,
) -> Proposal:
    """Let a change wait for the engine."""
    desk = ProposalDesk(connection, portfolio, at=at)
    return desk.propose(change, reason="agreed", actor=machine(who))


def adopting(policy: Policy, *, seen: int, at: datetime = NOON) -> AdoptPolicy:
    """The wish to have a policy."""
    return AdoptPolicy(seq=0, at=at, who="", policy=policy, seen=seen)


def choosing(model: str, *, seen: int | None = None, at: datetime = NOON) -> ChooseBookModel:
    """The wish to be measured by a model."""
    return ChooseBookModel(seq=0, at=at, who="", model=model, seen=seen)


def adopted(
    connection: Connection,
    portfolio: str,
    policy: Policy,
    *,
    at: datetime = NOON,
    who: str = "anna",
) -> Proposal:
    """Let a policy wait for the engine, whatever it was compared with."""
    coming = policy_standing(connection, portfolio, at=at).coming
    seen = 0 if coming is None else coming.version
    return asked(connection, portfolio, adopting(policy, seen=seen), who=who, at=at)
