"""Overrides of breakers as people ask for them, and what is said of them the next day.

Whoever overrides writes here; the engine takes it in at once, and tells of it in the journal. What
came of those that loosened is judged by somebody else: the database itself refuses whoever overrode
(migration 0013). Functions take an open connection and never commit: the caller owns the
transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from risk.breakers.board import OnBoard
from risk.breakers.manual import is_manual
from risk.breakers.overriding import tripped_since, who_was_quicker, why_not_overridden
from risk.domain.actions import OverrideBreaker
from risk.domain.actors import Ability
from risk.domain.asking import checked_name, checked_reason
from risk.domain.breakers import BreakerState, Phase
from risk.domain.events import BreakerOverridden, OverrideEnded, OverrideReviewed
from risk.domain.overrides import (
    LOOSENING,
    Override,
    OverrideKind,
    OverrideWish,
    Review,
    Verdict,
    review_due,
)
from risk.domain.people import is_same_person
from risk.errors import Conflict, InvalidInput, NotAllowed
from risk.storage import codec, people_journal
from risk.storage.actions import next_seq, put_action, take_turn
from risk.storage.breakers import BreakerStanding, breaker_standing, known_breaker
from risk.storage.bulk import insert_rows
from risk.storage.override_outcomes import outcome_of
from risk.storage.people import SqlPeopleView
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import from_ms, journal, override_review, to_ms

#: So many of the newest overrides are told of.
AT_MOST = 100
#: What came of so many of the newest is told, whether somebody has judged it or not.
WITH_OUTCOME = 10

_COLUMNS = ("portfolio", "action", "author", "reviewer", "verdict", "comment", "at_ms")


# --- asking --------------------------------------------------------------------------------


def override_breaker(
    connection: Connection, portfolio: str, wish: OverrideWish, *, who: str, at: datetime
) -> OverrideBreaker:
    """Let an override of a breaker, or the end of one, wait for the engine.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio : str
    wish : OverrideWish
    who : str
        Told with it.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    Conflict
        If somebody else overrode it since it was seen, or what is to be loosened tripped again.
    NotAllowed
        If it loosens, and nobody has judged yet what came of his last one that loosened it.
    InvalidInput
        If there is no such breaker, what is asked makes no sense as it stands, `who` names nobody
        or the reason says nothing.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    standing = breaker_standing(connection, portfolio)
    refuse_override(standing, wish)
    _refuse_unjudged(connection, portfolio, standing, wish, who=who)
    asked = OverrideBreaker(
        seq=next_seq(connection, portfolio),
        at=at,
        who=checked_name(who),
        **wish._replace(reason=checked_reason(wish.reason))._asdict(),
    )
    put_action(connection, portfolio, asked)
    return asked


def refuse_override(standing: BreakerStanding, wish: OverrideWish) -> None:
    """Refuse what the engine would refuse as things stand, with what waits for it taken in.

    Parameters
    ----------
    standing : BreakerStanding
    wish : OverrideWish

    Raises
    ------
    Conflict
        If somebody else overrode it since it was seen, or what is to be loosened tripped again.
    InvalidInput
        If there is no such breaker, or it makes no sense.
    """
    name = wish.breaker
    if is_manual(name):
        raise InvalidInput("what people stopped is resumed, not overridden")
    one = known_breaker(standing.coming, name)
    if standing.at is None:
        raise InvalidInput(f"{name} was never measured: nothing can be overridden before a cycle")
    quicker = who_was_quicker(name, _asked_last(standing, one), wish)
    if quicker is not None:
        raise Conflict(quicker)
    state = one.state or BreakerState(Phase.ARMED, standing.at)
    again = tripped_since(name, state, wish)
    if again is not None:
        raise Conflict(again)
    why = why_not_overridden(one.definition, state, wish, standing.at)
    if why is not None:
        raise InvalidInput(f"{why} (after the last cycle, at {standing.at:%Y-%m-%d %H:%M:%S})")


def _refuse_unjudged(
    connection: Connection,
    portfolio: str,
    standing: BreakerStanding,
    wish: OverrideWish,
    *,
    who: str,
) -> None:
    """Refuse whoever loosens a breaker again before somebody else judged his last time.

    Else one person could keep it off for ever, four hours at a time. Where nobody ever had a login
    there is nobody else.
    """
    if wish.kind not in LOOSENING or not SqlPeopleView(connection).anybody():
        return
    waiting = _waiting_of(standing, wish.breaker, who)
    last = _last_of(connection, portfolio, wish.breaker, who) if waiting is None else waiting
    if last is None or last in _said(connection, portfolio, [last]):
        return
    raise NotAllowed(
        f"nobody else has judged yet what came of your last override of {wish.breaker}, number "
        f"{last}: until then another officer loosens it, or nobody",
        ability=Ability.OVERRIDE,
    )


def _waiting_of(standing: BreakerStanding, breaker: str, who: str) -> int | None:
    """Number of his last that the engine has not taken in yet, of which nothing is told."""
    waiting = (
        each.seq
        for each in reversed(standing.overriding)
        if each.breaker == breaker and each.kind in LOOSENING and is_same_person(each.who, who)
    )
    return next(waiting, None)


def _last_of(connection: Connection, portfolio: str, breaker: str, who: str) -> int | None:
    """Number of the last override by that person that loosened that breaker."""
    begun = _begun(connection, portfolio, at_most=AT_MOST, breaker=breaker)
    return next((event.action for event in begun if is_same_person(event.by, who)), None)


def _asked_last(standing: BreakerStanding, one: OnBoard) -> Override | None:
    """What is on, or will be; of one that waits, since it was asked."""
    on = None if one.state is None else one.state.override
    if on is None:
        return None
    waits = next((each for each in standing.overriding if each.seq == on.action), None)
    return on if waits is None else on._replace(since=waits.at)


# --- judging -------------------------------------------------------------------------------


def reviews(connection: Connection, portfolio: str, *, at_most: int = AT_MOST) -> list[Review]:
    """The newest overrides that loosened, with what came of them and what was said of it.

    What came of one that was judged is told for a while only: each takes some readings.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    require_portfolio(connection, portfolio)
    begun = _begun(connection, portfolio, at_most=at_most)
    if not begun:
        return []
    over = _over(connection, portfolio, since=min(event.at for event in begun))
    said = _said(connection, portfolio, [event.action for event in begun])
    found = []
    for place, event in enumerate(begun):
        ended, judged = over.get(event.action), said.get(event.action)
        review = _review(event, ended, judged)
        if judged is None or place < WITH_OUTCOME:
            review = review._replace(outcome=outcome_of(connection, event, ended))
        found.append(review)
    return found


def review_override(
    connection: Connection,
    portfolio: str,
    action: int,
    verdict: Verdict,
    *,
    comment: str,
    who: str,
    at: datetime,
) -> None:
    """Judge what came of an override; it is told in the journal of people.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio : str
    action : int
        Number of the override's action.
    verdict : Verdict
    comment, who : str
        Told with it.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    NotAllowed
        If it was he who overrode.
    Conflict
        If somebody has judged it already.
    InvalidInput
        If there is no such override, it did not loosen or is still on, `who` names nobody or
        `comment` says nothing.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    judge, said = checked_name(who), checked_reason(comment)
    event = _of_action(connection, portfolio, action)
    if is_same_person(judge, event.by):
        raise NotAllowed(
            f"{event.by} overrode {event.breaker}: somebody else judges what came of it",
            ability=Ability.OVERRIDE,
        )
    known = _said(connection, portfolio, [action]).get(action)
    if known is not None:
        raise Conflict(
            f"{known.reviewer} was quicker: judged {known.verdict} at "
            f"{from_ms(known.at_ms):%Y-%m-%d %H:%M} UTC: {known.comment}"
        )
    if action not in _over(connection, portfolio, since=event.at):
        raise InvalidInput(
            f"override {action} of {event.breaker} is still on: it is judged once it is over"
        )
    row = (portfolio, action, event.by, judge, verdict.value, said, to_ms(at))
    insert_rows(connection, override_review, _COLUMNS, [row])
    people_journal.tell(
        connection,
        OverrideReviewed(
            at=at,
            portfolio=portfolio,
            cycle="",
            action=action,
            breaker=event.breaker,
            author=event.by,
            by=judge,
            verdict=verdict.value,
            comment=said,
        ),
    )


def _review(event: BreakerOverridden, over: OverrideEnded | None, said: Row[Any] | None) -> Review:
    review = Review(
        action=event.action,
        breaker=event.breaker,
        kind=OverrideKind(event.kind),
        by=event.by,
        reason=event.reason,
        since=event.at,
        due=review_due(event.at),
        expires=event.expires,
        size=event.size,
    )
    if over is not None:
        review = review._replace(ended=over.at, ended_by=over.by, ended_why=over.why)
    if said is None:
        return review
    return review._replace(
        verdict=Verdict(said.verdict),
        reviewer=said.reviewer,
        comment=said.comment,
        reviewed=from_ms(said.at_ms),
    )


# --- what is known of them -----------------------------------------------------------------


def _begun(
    connection: Connection, portfolio: str, *, at_most: int, breaker: str = ""
) -> list[BreakerOverridden]:
    """Those that loosened, the newest first; of one breaker, if it is named."""
    entry = journal.c
    query = (
        select(entry.body)
        .where(
            entry.stream == portfolio,
            entry.kind == BreakerOverridden.__name__,
            # Events are canonical, so that one of these stands in each that is meant.
            or_(*(entry.body.contains(_kind_in(kind), autoescape=True) for kind in LOOSENING)),
        )
        .order_by(entry.seq.desc())
        .limit(at_most)
    )
    if breaker:
        named = f'"breaker":{codec.encode_text(breaker)}'
        query = query.where(entry.body.contains(named, autoescape=True))
    events = map(codec.decode_event, connection.execute(query).scalars())
    return [
        event
        for event in events
        if isinstance(event, BreakerOverridden)
        and event.kind in LOOSENING
        and breaker in ("", event.breaker)
    ]


def _of_action(connection: Connection, portfolio: str, action: int) -> BreakerOverridden:
    entry = journal.c
    query = select(entry.body).where(
        entry.stream == portfolio,
        entry.kind == BreakerOverridden.__name__,
        entry.body.contains(f'"action":{action},', autoescape=True),
    )
    for body in connection.execute(query).scalars():
        event = codec.decode_event(body)
        if isinstance(event, BreakerOverridden) and event.action == action:
            if event.kind not in LOOSENING:
                raise InvalidInput(f"override {action} of {event.breaker} loosened nothing")
            return event
    raise InvalidInput(
        f"no override number {action} has begun in {portfolio}: `seawall breakers reviews` lists "
        "those that are to be judged"
    )


def _over(
    connection: Connection, portfolio: str, *, since: datetime
) -> Mapping[int, OverrideEnded]:
    """How those ended that ended since, by their action."""
    entry = journal.c
    query = select(entry.body).where(
        entry.stream == portfolio,
        entry.kind == OverrideEnded.__name__,
        entry.at_ms >= to_ms(since),
    )
    events = map(codec.decode_event, connection.execute(query).scalars())
    return {event.action: event for event in events if isinstance(event, OverrideEnded)}


def _said(connection: Connection, portfolio: str, actions: Sequence[int]) -> Mapping[int, Row[Any]]:
    row = override_review.c
    query = select(override_review).where(row.portfolio == portfolio, row.action.in_(actions))
    return {found.action: found for found in connection.execute(query)}


def _kind_in(kind: OverrideKind) -> str:
    return f'"kind":{codec.encode_text(kind.value)}'
