"""What people and programs ask of a book's latches, and which are in force.

Whoever stops trading writes here, and so does whoever lets it go; the engine takes both in.
Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from risk.domain.actions import LATCHABLE, Action, LatchTrading, ResumeTrading
from risk.domain.asking import checked_id, checked_name, checked_reason
from risk.domain.latches import LATCHED, Latch, apply_latches, latches_after
from risk.domain.scopes import Scope
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.errors import InvalidInput
from risk.manager.latching import refuse_unknown_scope
from risk.storage import codec
from risk.storage.actions import (
    actions_after,
    next_seq,
    put_action,
    state_of,
    take_turn,
)
from risk.storage.policies import policy_standing
from risk.storage.portfolios import require_portfolio

#: An id that was used so many actions ago is a new one: whoever repeats a halt does so at once, and
#: one too many is let go of by a person.
LOOKED_THROUGH = 10_000


class LatchStanding(NamedTuple):
    """What is latched in a book, and what will be.

    Attributes
    ----------
    in_force : mapping of Scope to Latch
        After the last complete cycle.
    coming : mapping of Scope to Latch
        Once the engine has taken in what waits.
    waiting : tuple of Action
        What was asked of latches and no cycle has taken in.
    """

    in_force: Mapping[Scope, Latch]
    coming: Mapping[Scope, Latch]
    waiting: tuple[Action, ...]


def latch(
    connection: Connection,
    portfolio: str,
    scope: Scope,
    state: TradingState,
    *,
    who: str,
    reason: str,
    latch_id: str,
    at: datetime,
    is_held: bool = False,
) -> LatchTrading:
    """Let a latch wait for the engine. Written twice under one id, it is there once.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio : str
    scope : Scope
    state : TradingState
        One of ``LATCHABLE``.
    who, reason : str
        Told with it.
    latch_id : str
        Unique, made by whoever latches.
    at : datetime
        Wall time. UTC.
    is_held : bool
        Whether the engine holds it already: then neither its scope nor its id is asked about.

    Returns
    -------
    LatchTrading
        As it stands in the database, which is the first one's if it was there already.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If the book has no such scope, nothing is latched at that state, the id is another latch's,
        `who` names nobody or `reason` says nothing.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    if state not in LATCHABLE:
        words = " or ".join(known.name for known in LATCHABLE)
        raise InvalidInput(f"trading is latched at {words}, not at {state.name}")
    checked_id(latch_id)
    written = _written(connection, portfolio, latch_id)
    for known in written:
        if (known.scope, known.state) == (scope, state):
            return known
    # One that holds already is written down whatever its id: it must not be lost.
    if not is_held:
        if written:
            label = written[0].scope.label
            raise InvalidInput(f"{latch_id} is the id of another latch, of {label}")
        _refuse_unknown(connection, portfolio, scope, at)
    asked = LatchTrading(
        seq=next_seq(connection, portfolio),
        at=at,
        who=checked_name(who),
        scope=scope,
        state=state,
        reason=checked_reason(reason),
        id=latch_id,
    )
    put_action(connection, portfolio, asked)
    return asked


def resume(
    connection: Connection,
    portfolio: str,
    scope: Scope,
    *,
    who: str,
    reason: str,
    seen: int,
    at: datetime,
) -> ResumeTrading:
    """Let the end of a latch wait for the engine.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio : str
    scope : Scope
    who, reason : str
        Told with it.
    seen : int
        Number of the latch that was seen.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If the scope is not latched, or was latched again since, `who` names nobody or `reason`
        says nothing.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    standing = latch_standing(connection, portfolio)
    asked = ResumeTrading(
        seq=next_seq(connection, portfolio),
        at=at,
        who=checked_name(who),
        scope=scope,
        reason=checked_reason(reason),
        seen=seen,
    )
    for refusal in apply_latches(standing.coming, [asked], at=at).refusals:
        raise InvalidInput(refusal.reason)
    put_action(connection, portfolio, asked)
    return asked


def latch_standing(connection: Connection, portfolio: str) -> LatchStanding:
    """What is latched in a book, and what waits: that counts from when it was asked.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio) or RiskState(portfolio=portfolio)
    waiting = tuple(actions_after(connection, portfolio, state.action_seq, kinds=LATCHED))
    coming = state.latches
    for one in waiting:
        coming = latches_after(coming, [one], at=one.at)
    return LatchStanding(state.latches, coming, waiting)


def _refuse_unknown(connection: Connection, portfolio: str, scope: Scope, at: datetime) -> None:
    """Known is also what a policy names that waits for the engine."""
    state = state_of(connection, portfolio) or RiskState(portfolio=portfolio)
    coming = policy_standing(connection, portfolio, at=at).coming
    refuse_unknown_scope(scope, state, coming=coming)


def _written(connection: Connection, portfolio: str, latch_id: str) -> list[LatchTrading]:
    """Latches of that id among the last actions."""
    found = actions_after(
        connection,
        portfolio,
        next_seq(connection, portfolio) - 1 - LOOKED_THROUGH,
        kinds=(LatchTrading,),
        containing=f'"id":{codec.encode_text(latch_id)}',
    )
    return [one for one in found if isinstance(one, LatchTrading) and one.id == latch_id]
