"""The journal of people: a stream that any program writes, one after another.

Unlike the stream of a book it has no authority: an entry is chained in the same transaction as the
change that it tells of, so that neither is ever there without the other: docs/decisions/journal.md.
"""

from sqlalchemy import Connection, text

from risk.domain.events import PEOPLE_STREAM, RiskEvent
from risk.storage import journal

# Any number does, as long as nothing else in the database locks the same one.
_LOCK = 0x5EA_0A12


def tell(connection: Connection, *events: RiskEvent) -> None:
    """Write what people did, in the transaction of the change itself.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    *events : RiskEvent
    """
    # SQLite's writer engine holds the right to write since the transaction's first word.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    journal.append(connection, PEOPLE_STREAM, journal.entries_of(events))
