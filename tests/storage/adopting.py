"""Policies put in force without asking anybody, for tests of what comes after."""

from datetime import datetime

from sqlalchemy import Connection

from risk.domain.actions import AdoptPolicy
from risk.domain.policy import Policy
from risk.storage.policies import ask_of_policy, policy_standing
from tests.builders import NOON


def adopted(
    connection: Connection,
    portfolio: str,
    policy: Policy,
    *,
    at: datetime = NOON,
    who: str = "anna",
) -> None:
    """Let a policy wait for the engine, whatever it was compared with."""
    coming = policy_standing(connection, portfolio, at=at).coming
    seen = 0 if coming is None else coming.version
    ask_of_policy(
        connection,
        portfolio,
        lambda seq, when, name: AdoptPolicy(seq=seq, at=when, who=name, policy=policy, seen=seen),
        who=who,
        at=at,
    )
