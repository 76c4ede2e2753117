"""How a book's breakers stand, and what people ask of them.

Whoever lets a breaker go writes here; the engine takes it in with its next cycle. Functions take
an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import NamedTuple

from sqlalchemy import Connection, select

from risk.breakers.board import OnBoard, board
from risk.breakers.evaluation import obeying
from risk.breakers.lifecycle import why_not_released
from risk.breakers.words import asked_of_breaker
from risk.domain.actions import BreakerWord, OverrideBreaker, ReleaseBreaker
from risk.domain.asking import checked_name, checked_reason
from risk.domain.breakers import Breakers
from risk.domain.events import ActionRefused
from risk.domain.overrides import OverrideKind, asked_of_override
from risk.domain.state import RiskState
from risk.errors import InvalidInput
from risk.storage import codec
from risk.storage.actions import actions_after, next_seq, put_action, state_of, take_turn
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import journal

#: Among so many of the newest refusals one of a breaker is looked for.
REFUSALS_LOOKED_THROUGH = 200
_WORDS = (ReleaseBreaker, OverrideBreaker)


class BreakerStanding(NamedTuple):
    """How a book's breakers stand.

    Attributes
    ----------
    at : datetime or None
        The market's time of the last complete cycle; None before the first. UTC.
    policy : int
        Version of the policy in force; 0 for none.
    breakers : tuple of OnBoard
        In the policy's order.
    waiting : tuple of ReleaseBreaker
        Which no cycle has taken in yet.
    overriding : tuple of OverrideBreaker
        Which no cycle has taken in yet.
    coming : tuple of OnBoard
        The same breakers once the engine has taken in what waits, were the market to stand still.
    """

    at: datetime | None
    policy: int
    breakers: tuple[OnBoard, ...]
    waiting: tuple[ReleaseBreaker, ...]
    overriding: tuple[OverrideBreaker, ...] = ()
    coming: tuple[OnBoard, ...] = ()

    def release_of(self, one: OnBoard) -> ReleaseBreaker | None:
        """The release of a breaker's episode that waits for the engine."""
        if one.episode is None:
            return None
        return next((each for each in self.waiting if each.episode == one.episode.id), None)

    def override_of(self, one: OnBoard) -> OverrideBreaker | None:
        """The last of a breaker's overrides that waits for the engine."""
        name = one.definition.name
        return next((each for each in reversed(self.overriding) if each.breaker == name), None)


def breaker_standing(connection: Connection, portfolio: str) -> BreakerStanding:
    """How a book's breakers stood after its last complete cycle, and what waits.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio) or RiskState(portfolio=portfolio)
    waiting = [
        each
        for each in actions_after(connection, portfolio, state.action_seq, kinds=_WORDS)
        if isinstance(each, BreakerWord)
    ]
    return BreakerStanding(
        state.at,
        0 if state.policy is None else state.policy.version,
        board(state.breakers, state.policy),
        tuple(each for each in waiting if isinstance(each, ReleaseBreaker)),
        tuple(each for each in waiting if isinstance(each, OverrideBreaker)),
        board(_coming(state, waiting), state.policy),
    )


def _coming(state: RiskState, waiting: Sequence[BreakerWord]) -> Breakers:
    if state.at is None:
        return state.breakers
    cycle = str(state.cycle)
    return obeying(state.breakers, state.policy, waiting, at=state.at, cycle=cycle)


def known_breaker(breakers: Sequence[OnBoard], name: str) -> OnBoard:
    """The breaker of that name.

    Raises
    ------
    InvalidInput
        If there is none; it names the likeliest.
    """
    found = next((each for each in breakers if each.definition.name == name), None)
    if found is not None:
        return found
    names = [each.definition.name for each in breakers]
    likely = get_close_matches(name, names, n=1)
    there_are = f"there are {', '.join(names)}" if names else "the policy in force has none"
    hint = f"did you mean {likely[0]}?" if likely else there_are
    raise InvalidInput(f"there is no breaker called {name!r}; {hint}")


def release_breaker(
    connection: Connection,
    portfolio: str,
    name: str,
    *,
    who: str,
    reason: str,
    seen: str,
    read: tuple[str, ...] = (),
    at: datetime,
) -> ReleaseBreaker:
    """Let a breaker's release into probation wait for the engine.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio, name : str
    who, reason : str
        Told with it.
    seen : str
        The episode that was seen.
    read : tuple of str, optional
        The warnings that were read, as they were told.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If there is no such breaker, it is not tripped or its pause is not over at the market's time
        of the last cycle, it has tripped again since, its release waits already, `who` names nobody
        or `reason` says nothing.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    standing = breaker_standing(connection, portfolio)
    asked = ReleaseBreaker(
        seq=next_seq(connection, portfolio),
        at=at,
        who=checked_name(who),
        breaker=name,
        episode=seen,
        reason=checked_reason(reason),
        read=read,
    )
    refuse_release(standing, known_breaker(standing.breakers, name), seen)
    put_action(connection, portfolio, asked)
    return asked


def refuse_release(standing: BreakerStanding, one: OnBoard, seen: str) -> None:
    """Refuse what the engine would refuse as things stand, and what waits for it already.

    Parameters
    ----------
    standing : BreakerStanding
    one : OnBoard
    seen : str
        The episode that was seen.

    Raises
    ------
    InvalidInput
    """
    name = one.definition.name
    if one.state is None or standing.at is None:
        raise InvalidInput(f"{name} is armed: there is nothing to let go")
    why = why_not_released(name, one.state, seen, standing.at)
    if why is not None:
        raise InvalidInput(f"{why} (after the last cycle, at {standing.at:%Y-%m-%d %H:%M:%S})")
    known = standing.release_of(one)
    if known is not None:
        raise InvalidInput(f"{name} was let go by {known.who}, which waits for the engine already")


def last_refusal(connection: Connection, portfolio: str, name: str) -> ActionRefused | None:
    """The engine's last refusal of what was asked of a breaker; None without any of late."""
    known = {asked_of_breaker(name), *(asked_of_override(name, kind) for kind in OverrideKind)}
    query = (
        select(journal.c.body)
        .where(journal.c.stream == portfolio, journal.c.kind == ActionRefused.__name__)
        .order_by(journal.c.seq.desc())
        .limit(REFUSALS_LOOKED_THROUGH)
    )
    for body in connection.execute(query).scalars():
        event = codec.decode_event(body)
        if isinstance(event, ActionRefused) and event.asked in known:
            return event
    return None
