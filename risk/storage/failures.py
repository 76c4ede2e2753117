"""Why an engine could not go on, for people who look at the screens.

It is said of a process and not of the book, so it needs no token: an engine that never got
the lease may say it too. What was noted before the newest cycle is over.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.tables import engine_failure, risk_state, to_ms


def note_failure(connection: Connection, portfolio: str, *, at: datetime, problem: str) -> None:
    """Note the sentence that says why; it takes the place of the one before.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    at : datetime
        Wall time. UTC.
    problem : str
    """
    row = (portfolio, to_ms(at), problem)
    columns = ("portfolio", "wall_ms", "problem")
    insert_rows(connection, engine_failure, columns, [row], on_conflict=OnConflict.REPLACE)


def failure_since_last_cycle(connection: Connection, portfolio: str) -> str | None:
    """The sentence last noted, unless a cycle was completed since."""
    noted, last = engine_failure.c, risk_state.c
    query = (
        select(noted.problem)
        .outerjoin(risk_state, last.portfolio == noted.portfolio)
        .where(noted.portfolio == portfolio)
        .where(last.wall_ms.is_(None) | (last.wall_ms < noted.wall_ms))
    )
    problem: str | None = connection.execute(query).scalar()
    return problem
