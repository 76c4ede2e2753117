"""What people ask of a book's policy, and which versions came of it.

The actions are the history: replaying those that the engine adopted gives every version again.
Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Connection, select

from risk.domain.actions import Action, AdoptPolicy, Change, PolicyChange, Sanction
from risk.domain.events import PolicyChanged
from risk.domain.limits import LimitState
from risk.domain.policy import Policy
from risk.errors import Conflict, InvalidInput
from risk.policy.adoption import ADOPTED, adopt, made_of, without_expired
from risk.policy.direction import Directed, direction_of
from risk.policy.thresholds import Present
from risk.storage import codec
from risk.storage.actions import actions_after, state_of
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
    limits : mapping of str to LimitState
        How they stood after it.
    """

    in_force: Policy | None
    coming: Policy | None
    waiting: tuple[Action, ...]
    at: datetime | None
    limits: Mapping[str, LimitState] = MappingProxyType({})


class PolicyEffect(NamedTuple):
    """What a change would make of a policy.

    Attributes
    ----------
    before : Policy or None
        In force, or to come, without it.
    change : PolicyChange
        What would come of it; its number and author are those of whoever asked.
    directed : Directed
        Which way that goes, as things stand.
    """

    before: Policy | None
    change: PolicyChange
    directed: Directed


class PolicyEntry(NamedTuple):
    """One thing that was asked of a policy, and what became of it.

    Attributes
    ----------
    action : Change
    waits : bool
        Whether no cycle has taken it in yet.
    adopted : PolicyChanged or None
        As the engine told it; None if it waits, or was refused.
    """

    action: Change
    waits: bool
    adopted: PolicyChanged | None


class PolicyVersion(NamedTuple):
    """One policy that was in force, and how it came to be.

    Attributes
    ----------
    policy : Policy
    at : datetime
        The market's time of the cycle that took it in. UTC.
    by : str
        Who asked for it.
    what : tuple of str
        What was different from the one before, a line each.
    action : int
        Number of the action that asked for it.
    approved_by : str
        By whose word, as `Sanction.told` says it; empty of those from before anybody was asked.
    """

    policy: Policy
    at: datetime
    by: str
    what: tuple[str, ...]
    action: int
    approved_by: str = ""


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
    limits = {} if state is None else state.limits
    coming = adopt(in_force, waiting, portfolio=portfolio, at=last or at, limits=limits).policy
    return PolicyStanding(in_force, coming, waiting, last, limits)


def policy_after(
    connection: Connection, portfolio: str, change: Change, *, at: datetime
) -> PolicyEffect:
    """What a change would make of the policy that is to come.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    change : Change
        Of a kind in ``ADOPTED``; by whose word does not matter.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    Conflict
        If it was compared with another policy.
    InvalidInput
        If the engine would refuse it, or nothing would change.
    """
    standing = policy_standing(connection, portfolio, at=at)
    before = standing.coming
    if isinstance(change, AdoptPolicy):
        _refuse_another_base(change, before)
    agreed = replace(change, sanction=Sanction(0, alone=True))
    moment = standing.at or at
    tried = adopt(before, [agreed], portfolio=portfolio, at=moment, limits=standing.limits)
    for refusal in tried.refusals:
        raise InvalidInput(refusal.reason)
    (found,) = tried.changes
    if not found.what:
        raise InvalidInput("nothing would change: the policy says so already")
    directed = direction_of(before, found.policy, Present(moment, standing.limits))
    return PolicyEffect(before, found, directed)


def _refuse_another_base(change: AdoptPolicy, before: Policy | None) -> None:
    version, by = (0, "nobody") if before is None else (before.version, before.by)
    if change.seen != version:
        raise Conflict(
            f"version {version}, by {by}, is in force, and the new policy was compared with "
            f"version {change.seen}: compare with the one in force first"
        )


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
    return {each.policy.version: each.policy for each in versions_told(connection, portfolio)}


def versions_told(connection: Connection, portfolio: str) -> list[PolicyVersion]:
    """The same with who asked for each and what was different, oldest first.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    found: list[PolicyVersion] = []
    policy: Policy | None = None
    for action, _, adopted in policy_history(connection, portfolio):
        if adopted is not None:
            policy = made_of(policy, action, at=adopted.at)
            who = adopted.by, adopted.what, adopted.action, adopted.approved_by
            found.append(PolicyVersion(policy, adopted.at, *who))
    return found


def known_versions(connection: Connection, portfolio: str, *, at: datetime) -> dict[int, Policy]:
    """Every version that was ever in force, and those that wait for the engine.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    found = dict(policy_versions(connection, portfolio))
    standing = policy_standing(connection, portfolio, at=at)
    moment = standing.at or at
    waiting = adopt(
        standing.in_force,
        standing.waiting,
        portfolio=portfolio,
        at=moment,
        limits=standing.limits,
    )
    return found | {change.policy.version: change.policy for change in waiting.changes}


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
