"""What people ask of a book: written by anybody, taken in by the authority alone.

Rows are only ever added, under numbers without a hole, so that whoever has seen number n has
seen all before it. Functions take an open connection and never commit: the caller owns the
transaction.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from risk.domain.actions import Action, BookModelInUse, Change, ChooseBookModel, Sanction
from risk.domain.state import RiskState
from risk.errors import Conflict, InvalidInput
from risk.portfolio.book_models import book_model, title_of
from risk.portfolio.choices import why_not
from risk.storage import codec, tables
from risk.storage.bulk import insert_rows
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import action, from_ms, proposal, to_ms

_COLUMNS = ("portfolio", "seq", "at_ms", "who", "kind", "body", "proposal")


class ModelStanding(NamedTuple):
    """Which model measures a book, and what was chosen that no cycle has taken in yet.

    Attributes
    ----------
    in_use : BookModelInUse or None
        After the last complete cycle; None before the first one that knew of a choice.
    waiting : ChooseBookModel or None
        The last choice that waits for the engine.
    """

    in_use: BookModelInUse | None
    waiting: ChooseBookModel | None


class SqlActions:
    """What people ask of one book, as the engine reads it: `AskedActions`.

    Parameters
    ----------
    engines : Engines
    portfolio : str
    """

    def __init__(self, engines: Engines, portfolio: str) -> None:
        self._reader = engines.reader
        self._portfolio = portfolio

    def after(self, seq: int) -> Sequence[Action]:
        """Actions later than number `seq`, in their order.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        StateUnreadable
            If one is of a kind that this program does not know.
        """
        with transaction(self._reader) as connection:
            return actions_after(connection, self._portfolio, seq)


def actions_after(
    connection: Connection,
    portfolio: str,
    seq: int,
    *,
    kinds: Sequence[type[Action]] = (),
    containing: str = "",
) -> list[Action]:
    """Actions later than number `seq`, in their order.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    seq : int
    kinds : sequence of type
        Only those, if any are given.
    containing : str
        Only those in whose body this text stands, as canonical JSON; SQLite minds no capitals.
    """
    later = (
        select(
            action.c.seq,
            action.c.at_ms,
            action.c.who,
            action.c.kind,
            action.c.body,
            action.c.proposal,
            proposal.c.alone,
            proposal.c.decided_by,
        )
        .select_from(action.outerjoin(proposal, proposal.c.id == action.c.proposal))
        .where(action.c.portfolio == portfolio, action.c.seq > seq)
        .order_by(action.c.seq)
    )
    if kinds:
        later = later.where(action.c.kind.in_([kind.__name__ for kind in kinds]))
    if containing:
        later = later.where(action.c.body.contains(containing, autoescape=True))
    return [
        codec.decode_action(
            row.kind,
            row.body,
            seq=row.seq,
            at=from_ms(row.at_ms),
            who=row.who,
            sanction=_sanction(row),
        )
        for row in connection.execute(later)
    ]


def _sanction(row: Any) -> Sanction | None:
    """By whose word an action holds; None of those from before any was needed."""
    if row.proposal is None:
        return None
    alone = bool(row.alone)
    return Sanction(row.proposal, "" if alone else row.decided_by, alone)


def refuse_choice(connection: Connection, portfolio: str, wanted: ChooseBookModel) -> ModelStanding:
    """Refuse a choice of the book's model that would change nothing, or was made too late.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    wanted : ChooseBookModel

    Returns
    -------
    ModelStanding
        What it was compared with.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If no model is called that, or it is in use or waits already.
    Conflict
        If somebody chose another one after `wanted.seen`.
    """
    book_model(wanted.model)
    standing = model_standing(connection, portfolio)
    _refuse_outdated(connection, portfolio, wanted.seen)
    if standing.waiting is not None:
        if standing.waiting.model == wanted.model:
            title = title_of(wanted.model)
            raise InvalidInput(f"{title} was chosen already and waits for the engine")
    elif standing.in_use is not None:
        reason = why_not(wanted.model, in_use=standing.in_use.name)
        if reason is not None:
            raise InvalidInput(reason)
    return standing


def last_choice(connection: Connection, portfolio: str) -> ChooseBookModel | None:
    """The choice of the book's model that was asked last; None if there was none."""
    found = actions_after(connection, portfolio, 0, kinds=(ChooseBookModel,))
    last = found[-1] if found else None
    assert last is None or isinstance(last, ChooseBookModel), "its kind says so"
    return last


def _refuse_outdated(connection: Connection, portfolio: str, seen: int | None) -> None:
    last = None if seen is None else last_choice(connection, portfolio)
    if last is not None and seen is not None and last.seq > seen:
        title = title_of(last.model)
        raise Conflict(f"{title} was chosen by {last.who} meanwhile: compare with that one first")


def model_standing(connection: Connection, portfolio: str) -> ModelStanding:
    """Which model measures a book, and which one waits to.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio)
    waiting = [
        one
        for one in actions_after(connection, portfolio, 0 if state is None else state.action_seq)
        if isinstance(one, ChooseBookModel)
    ]
    in_use = None if state is None else state.book_model
    return ModelStanding(in_use, waiting[-1] if waiting else None)


def take_turn(connection: Connection, portfolio: str) -> None:
    """Wait until nobody else writes actions of the book: their numbers have no hole.

    On SQLite the writer engine holds the right to write since the transaction's first word.
    """
    names = tables.portfolio.c
    connection.execute(select(names.name).where(names.name == portfolio).with_for_update())


def next_seq(connection: Connection, portfolio: str) -> int:
    """The number of the next action; whoever asks has taken its turn."""
    last = select(func.max(action.c.seq)).where(action.c.portfolio == portfolio)
    return (connection.execute(last).scalar() or 0) + 1


def put_action(connection: Connection, portfolio: str, asked: Action) -> None:
    """Let an action under the next number wait for the engine.

    A `Change` names its proposal, which the database demands.
    """
    kind, body = type(asked).__name__, codec.encode_action(asked)
    sanction = asked.sanction if isinstance(asked, Change) else None
    number = None if sanction is None else sanction.proposal
    row = (portfolio, asked.seq, to_ms(asked.at), asked.who, kind, body, number)
    insert_rows(connection, action, _COLUMNS, [row])


def state_of(connection: Connection, portfolio: str) -> RiskState | None:
    """What the engine remembered after its last complete cycle; None before the first.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    require_portfolio(connection, portfolio)
    states = tables.risk_state.c
    body = connection.execute(select(states.body).where(states.portfolio == portfolio)).scalar()
    return None if body is None else codec.decode_value(body, RiskState)
