"""Portfolios as people manage them: add, list, fund, import; and the facts that go with one.

Functions take an open connection and never commit: the caller owns the transaction.
"""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, func, select

from risk.domain.asking import can_name_a_book
from risk.domain.ledger import Fill, Flow
from risk.errors import InvalidInput, UnknownPortfolio
from risk.storage import ledger
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.tables import cycle, fact, from_ms, ledger_inbox, portfolio, risk_state, to_ms

#: A larger amount is a slip of the hand: no book holds as much.
MOST_MOVED = 1e12


@dataclass(frozen=True, kw_only=True, slots=True)
class PortfolioListing:
    """One portfolio in a list.

    Attributes
    ----------
    name : str
    currency : str
    created : datetime
        Wall time. UTC.
    cycle : int or None
        Number of its last complete cycle; None before the first.
    saved : datetime or None
        Wall time of that cycle. UTC.
    trading_state : str or None
        After that cycle, e.g. ``REDUCE_ONLY``.
    waiting : int
        Entries that people made and the authority has not booked yet.
    """

    name: str
    currency: str
    created: datetime
    cycle: int | None
    saved: datetime | None
    trading_state: str | None
    waiting: int


def add_portfolio(
    connection: Connection, name: str, *, at: datetime, currency: str = "USD"
) -> bool:
    """Add a portfolio; returns False if it was there already.

    Parameters
    ----------
    connection : Connection
    name : str
        Up to 64 lower-case letters, digits, ``-`` and ``_``, a letter or digit first.
    at : datetime
        Wall time. UTC.
    currency : str
        In which the book is valued, as written after an amount.

    Raises
    ------
    InvalidInput
        If that cannot be a name.
    """
    if not can_name_a_book(name):
        raise InvalidInput(
            f"{name!r} cannot name a portfolio: use up to 64 lower-case letters, digits, - and _, "
            "beginning with a letter or digit"
        )
    row = (name, currency, to_ms(at))
    columns = ("name", "currency", "created_ms")
    return insert_rows(connection, portfolio, columns, [row], on_conflict=OnConflict.KEEP) == 1


def list_portfolios(connection: Connection) -> list[PortfolioListing]:
    """All portfolios in the order of their names."""
    waiting = (
        select(func.count())
        .where(ledger_inbox.c.portfolio == portfolio.c.name)
        .scalar_subquery()
        .label("waiting")
    )
    last = (cycle.c.portfolio == risk_state.c.portfolio) & (cycle.c.number == risk_state.c.number)
    query = (
        select(
            portfolio.c.name,
            portfolio.c.currency,
            portfolio.c.created_ms,
            risk_state.c.number,
            risk_state.c.wall_ms,
            cycle.c.trading_state,
            waiting,
        )
        .outerjoin(risk_state, risk_state.c.portfolio == portfolio.c.name)
        .outerjoin(cycle, last)
        .order_by(portfolio.c.name)
    )
    return [
        PortfolioListing(
            name=row.name,
            currency=row.currency,
            created=from_ms(row.created_ms),
            cycle=row.number,
            saved=None if row.wall_ms is None else from_ms(row.wall_ms),
            trading_state=row.trading_state,
            waiting=row.waiting,
        )
        for row in connection.execute(query)
    ]


def require_portfolio(connection: Connection, name: str) -> None:
    """Refuse a name that no portfolio has.

    Raises
    ------
    UnknownPortfolio
        Naming those that there are.
    """
    names = list(connection.execute(select(portfolio.c.name).order_by(portfolio.c.name)).scalars())
    if name in names:
        return
    likely = get_close_matches(name, names, n=1)
    hint = f"did you mean {likely[0]}?" if likely else f"there are {', '.join(names) or 'none yet'}"
    raise UnknownPortfolio(f"no portfolio is called {name!r}; {hint}")


def fund(connection: Connection, name: str, flow: Flow) -> bool:
    """Let a deposit or withdrawal wait for the authority; False if it is known already.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If the amount is zero, or too large to be meant.
    """
    if flow.amount == 0.0 or not math.isfinite(flow.amount):
        raise InvalidInput(f"a deposit or withdrawal of {flow.amount:g} moves nothing")
    if abs(flow.amount) > MOST_MOVED:
        raise InvalidInput(
            f"a deposit or withdrawal of {flow.amount:g} cannot be meant: "
            f"{MOST_MOVED:,.0f} at most can be booked at once"
        )
    return import_entries(connection, name, [flow]) == 1


def import_entries(
    connection: Connection, name: str, entries: Collection[Fill | Flow], *, opens: bool = False
) -> int:
    """Let entries wait for the authority; returns how many were new, 0 for a known file.

    Parameters
    ----------
    connection : Connection
    name : str
        Of the portfolio.
    entries : collection of Fill or Flow
        Recognised again by their ids.
    opens : bool
        Whether they state an opening balance, which only an empty book can take.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If the book is not empty and they would open it.
    """
    require_portfolio(connection, name)
    known = ledger.known_ids(connection, name)
    new = [entry for entry in entries if ledger.identity(entry) not in known]
    if opens and new and known:
        raise InvalidInput(
            f"{name} has {len(known)} entries already: positions and cash can only open a book, "
            "later changes are fills and flows"
        )
    return ledger.put_into_inbox(connection, name, new)


def facts_of(connection: Connection, name: str) -> dict[str, Any]:
    """What was noted about a portfolio."""
    query = select(fact.c.name, fact.c.value).where(fact.c.portfolio == name)
    return {noted: json.loads(value) for noted, value in connection.execute(query)}


def keep_facts(connection: Connection, name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Note facts unless they are noted already, and return those that hold.

    For what must never change once it was used, such as the seed of a simulated market. Facts
    of a portfolio without a cycle were never used: see :func:`replace_facts`.

    Parameters
    ----------
    connection : Connection
    name : str
        Of the portfolio.
    facts : mapping of str to value
        Values that JSON can hold.
    """
    rows = [(name, noted, json.dumps(value)) for noted, value in facts.items()]
    columns = ("portfolio", "name", "value")
    insert_rows(connection, fact, columns, rows, on_conflict=OnConflict.KEEP)
    return facts_of(connection, name)


def replace_facts(connection: Connection, name: str, facts: Mapping[str, Any]) -> bool:
    """Note facts anew, unless the portfolio has lived with the old ones; returns whether it did so.

    A start that failed must not bind a portfolio to what it tried.
    """
    cycles = select(risk_state.c.portfolio).where(risk_state.c.portfolio == name)
    if connection.execute(cycles).first() is not None:
        return False
    rows = [(name, noted, json.dumps(value)) for noted, value in facts.items()]
    columns = ("portfolio", "name", "value")
    insert_rows(connection, fact, columns, rows, on_conflict=OnConflict.REPLACE)
    return True
