"""What people ask of a book's policy, and which versions came of it.

The actions are the history: replaying those that the engine adopted gives every version again.
Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from risk.domain.actions import Action, AdoptPolicy, PolicyChange
from risk.domain.asking import checked_name
from risk.domain.events import PolicyChanged
from risk.domain.policy import Policy
from risk.errors import InvalidInput
from risk.policy.adoption import ADOPTED, adopt, made_of, without_expired
from risk.storage import codec
from risk.storage.actions import (
    actions_after,
    next_seq,
    put_action,
    state_of,
    take_turn,
)
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import journal


class PolicyStanding(NamedTuple):
    """Which policy a book has, and which it will have.

    Attributes
    ----------
    in_force : Policy or None
        After the last complete cycle; None while nobody adopted one.
    coming : Policy or None
        Once the engine has taken in what waits.
    waiting : tuple of Action
        What was asked of the policy and no cycle has taken in.
    at : datetime or None
        The market's time of the last complete cycle; None before the first. UTC.
    """

    in_force: Policy | None
    coming: Policy | None
    waiting: tuple[Action, ...]
    at: datetime | None


class PolicyEntry(NamedTuple):
    """One thing that was asked of a policy, and what became of it.

    Attributes
    ----------
    action : Action
    waits : bool
        Whether no cycle has taken it in yet.
    adopted : PolicyChanged or None
        As the engine told it; None if it waits, or was refused.
    """

    action: Action
    waits: bool
    adopted: PolicyChanged | None


def policy_standing(connection: Connection, portfolio: str, *, at: datetime) -> PolicyStanding:
    """Which policy a book has, and which waits.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    at : datetime
        Wall time, which is the book's before its first cycle. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio)
    seen = 0 if state is None else state.action_seq
    waiting = tuple(
        one for one in actions_after(connection, portfolio, seen) if isinstance(one, ADOPTED)
    )
    last = None if state is None else state.at
    in_force = without_expired(None if state is None else state.policy, last or at)
    coming = adopt(in_force, waiting, portfolio=portfolio, at=last or at).policy
    return PolicyStanding(in_force, coming, waiting, last)


def ask_of_policy(
    connection: Connection,
    portfolio: str,
    make: Callable[[int, datetime, str], Action],
    *,
    who: str,
    at: datetime,
) -> PolicyChange:
    """Let what somebody asks of the policy wait for the engine.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio : str
    make : callable
        Makes the action of its number, time and author.
    who : str
        Told with the change.
    at : datetime
        Wall time. UTC.

    Returns
    -------
    PolicyChange
        What will come of it.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If the engine would refuse it, if nothing would change, or `who` names nobody.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    standing = policy_standing(connection, portfolio, at=at)
    action = make(next_seq(connection, portfolio), at, checked_name(who))
    tried = adopt(standing.coming, [action], portfolio=portfolio, at=standing.at or at)
    for refusal in tried.refusals:
        raise InvalidInput(refusal.reason)
    (change,) = tried.changes
    if not change.what:
        raise InvalidInput("nothing would change: the policy says so already")
    put_action(connection, portfolio, action)
    return change


def seed_policy(
    connection: Connection, portfolio: str, policy: Policy, *, who: str, at: datetime
) -> bool:
    """Let a first policy wait for the engine, unless anybody ever asked for one.

    Returns whether it waits now.
    """
    asked = any(isinstance(one, AdoptPolicy) for one in actions_after(connection, portfolio, 0))
    standing = policy_standing(connection, portfolio, at=at)
    if asked or standing.coming is not None:
        return False
    ask_of_policy(
        connection,
        portfolio,
        lambda seq, when, name: AdoptPolicy(seq=seq, at=when, who=name, policy=policy, seen=0),
        who=who,
        at=at,
    )
    return True


def policy_history(connection: Connection, portfolio: str) -> list[PolicyEntry]:
    """Everything that was asked of the policy, oldest first.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio)
    taken_in = 0 if state is None else state.action_seq
    told = {event.action: event for event in _told(connection, portfolio)}
    return [
        PolicyEntry(one, one.seq > taken_in, told.get(one.seq))
        for one in actions_after(connection, portfolio, 0)
        if isinstance(one, ADOPTED)
    ]


def policy_versions(connection: Connection, portfolio: str) -> Mapping[int, Policy]:
    """Every version that was ever in force, made again from what was asked.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    found: dict[int, Policy] = {}
    policy: Policy | None = None
    for action, _, adopted in policy_history(connection, portfolio):
        if adopted is not None:
            policy = made_of(policy, action, at=adopted.at)
            found[policy.version] = policy
    return found


def _told(connection: Connection, portfolio: str) -> Iterator[PolicyChanged]:
    query = (
        select(journal.c.body)
        .where(journal.c.stream == portfolio, journal.c.kind == PolicyChanged.__name__)
        .order_by(journal.c.seq)
    )
    for body in connection.execute(query).scalars():
        event = codec.decode_event(body)
        assert isinstance(event, PolicyChanged), "its kind says so"
        yield event
