"""What people and programs ask of a book's latches, and which are in force.

Whoever stops trading writes here, and so does whoever lets it go; the engine takes both in.
Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from risk.domain.actions import LATCHABLE, Action, LatchTrading, ResumeTrading
from risk.domain.latches import LATCHED, Latch, apply_latches, latches_after
from risk.domain.scopes import Scope
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.errors import InvalidInput
from risk.manager.latching import refuse_unknown_scope
from risk.storage.actions import (
    LONGEST_NAME,
    actions_after,
    checked_name,
    next_seq,
    put_action,
    state_of,
    take_turn,
)
from risk.storage.portfolios import require_portfolio

#: Longer ones are not read by anybody.
LONGEST_REASON = 500


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
    known = _written(connection, portfolio, latch_id)
    if known is not None:
        if (known.scope, known.state) != (scope, state):
            raise InvalidInput(f"{latch_id} is the id of another latch, of {known.scope.label}")
        return known
    remembered = state_of(connection, portfolio)
    refuse_unknown_scope(scope, remembered or RiskState(portfolio=portfolio))
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
    standing = latch_standing(connection, portfolio, at=at)
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


def latch_standing(connection: Connection, portfolio: str, *, at: datetime) -> LatchStanding:
    """What is latched in a book, and what waits.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    at : datetime
        Wall time, from which on latches count that no cycle has taken in. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio) or RiskState(portfolio=portfolio)
    waiting = tuple(actions_after(connection, portfolio, state.action_seq, kinds=LATCHED))
    return LatchStanding(state.latches, latches_after(state.latches, waiting, at=at), waiting)


def checked_reason(reason: str) -> str:
    """The reason of whoever asks, without blanks around it.

    Raises
    ------
    InvalidInput
        If it says nothing, or could fool a reader.
    """
    if not 0 < len(reason.strip()) <= LONGEST_REASON or not reason.isprintable():
        raise InvalidInput(f"a reason is one line of {LONGEST_REASON} printable letters at most")
    return reason.strip()


def checked_id(latch_id: str) -> str:
    """The id of a latch.

    Raises
    ------
    InvalidInput
        If it identifies nothing.
    """
    if not 0 < len(latch_id) <= LONGEST_NAME or not latch_id.isprintable():
        raise InvalidInput(f"a latch's id has {LONGEST_NAME} printable letters at most")
    return latch_id


def _written(connection: Connection, portfolio: str, latch_id: str) -> LatchTrading | None:
    for one in actions_after(connection, portfolio, 0, kinds=(LatchTrading,)):
        if isinstance(one, LatchTrading) and one.id == latch_id:
            return one
    return None
