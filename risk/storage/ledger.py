"""Entries of the ledger: those booked, and those that people made and nobody booked yet.

The authority alone books. People's entries wait in the inbox; `InboxAccount` shows them to the
engine as fills and flows, and the cycle that contains them books them and empties the inbox in
the same transaction.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, exists, select

from risk.domain.ledger import Entry, Fill, Flow, Ledger
from risk.domain.orders import Reservation
from risk.domain.ports import AccountReading, Carried, MarketReading
from risk.errors import FeedUnavailable, StateUnreadable, StoreUnavailable
from risk.storage import bulk
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.codec import decode_entry, encode_entry
from risk.storage.engines import Engines, transaction
from risk.storage.tables import ledger_entry, ledger_inbox, to_ms

FILL = "fill"
FLOW = "flow"
RESERVATION = "reservation"

_COLUMNS = ("portfolio", "seq", "kind", "external_id", "at_ms", "body")
_IS_BOOKED = exists().where(
    ledger_entry.c.portfolio == ledger_inbox.c.portfolio,
    ledger_entry.c.kind == ledger_inbox.c.kind,
    ledger_entry.c.external_id == ledger_inbox.c.external_id,
)


def rows_of(portfolio: str, entries: Iterable[tuple[int, Entry]]) -> list[bulk.Row]:
    """Rows of entries, each under its number."""
    return [_numbered(portfolio, seq, entry) for seq, entry in entries]


def _numbered(portfolio: str, seq: int, entry: Entry) -> bulk.Row:
    if not isinstance(entry, Reservation):
        return (portfolio, seq, *_row(entry))
    # Its order is told of more than once: when it is placed, and when it dies.
    name, body = f"{entry.order.client_order_id}/{seq}", encode_entry(entry).decode()
    return (portfolio, seq, RESERVATION, name, to_ms(entry.placed_at), body)


def book(connection: Connection, rows: Sequence[bulk.Row]) -> None:
    """Book entries and take them out of the inbox.

    Raises
    ------
    IntegrityError
        If one was booked before: it would count twice.
    """
    if not rows:
        return
    insert_rows(connection, ledger_entry, _COLUMNS, rows)
    if all(kind == RESERVATION for _, _, kind, *_ in rows):
        return  # nobody else makes them: none waits in the inbox
    connection.execute(
        delete(ledger_inbox).where(
            ledger_inbox.c.portfolio.in_({portfolio for portfolio, *_ in rows}), _IS_BOOKED
        )
    )


def booked(connection: Connection, portfolio: str, fill: Fill) -> Fill | None:
    """The fill of that id at that venue that is booked; None if none is."""
    kind, name = identity(fill)
    query = select(ledger_entry.c.body).where(
        ledger_entry.c.portfolio == portfolio,
        ledger_entry.c.kind == kind,
        ledger_entry.c.external_id == name,
    )
    body = connection.execute(query).scalar()
    return None if body is None else decode_entry(body.encode(), Fill)


def with_later_entries(
    connection: Connection, portfolio: str, ledger: Ledger
) -> tuple[Ledger, tuple[Fill | Flow, ...]]:
    """The ledger with what was booked after it, and the fills and flows among that."""
    later = [entry for _, entry in _entries(connection, portfolio, ledger.seq)]
    for entry in later:
        ledger = ledger.after(entry)
    return ledger, tuple(entry for entry in later if not isinstance(entry, Reservation))


def led_to(connection: Connection, portfolio: str, ledger: Ledger, seq: int) -> Ledger:
    """The ledger with what was booked after it, up to entry number `seq`."""
    for number, entry in _entries(connection, portfolio, ledger.seq, upto=seq):
        assert number == ledger.seq + 1, "entries are numbered without a hole"
        ledger = ledger.after(entry)
    return ledger


def entries_after(
    connection: Connection, portfolio: str, seq: int
) -> list[tuple[int, Fill | Flow]]:
    """Fills and flows booked after entry number `seq`, each with its own number, in order."""
    return [
        (number, entry)
        for number, entry in _entries(connection, portfolio, seq, kinds=(FILL, FLOW))
        if not isinstance(entry, Reservation)
    ]


def _entries(
    connection: Connection,
    portfolio: str,
    seq: int,
    *,
    kinds: Sequence[str] = (FILL, FLOW, RESERVATION),
    upto: int | None = None,
) -> list[tuple[int, Entry]]:
    later = (
        select(ledger_entry.c.seq, ledger_entry.c.kind, ledger_entry.c.body)
        .where(
            ledger_entry.c.portfolio == portfolio,
            ledger_entry.c.seq > seq,
            ledger_entry.c.kind.in_(kinds),
        )
        .order_by(ledger_entry.c.seq)
    )
    if upto is not None:
        later = later.where(ledger_entry.c.seq <= upto)
    return [(number, _read_any(kind, body)) for number, kind, body in connection.execute(later)]


def put_into_inbox(connection: Connection, portfolio: str, entries: Iterable[Fill | Flow]) -> int:
    """Let entries wait for the authority; returns how many it had not heard of."""
    known = known_ids(connection, portfolio)
    columns = ("portfolio", "kind", "external_id", "at_ms", "body")
    rows = [(portfolio, *_row(entry)) for entry in entries if identity(entry) not in known]
    return insert_rows(connection, ledger_inbox, columns, rows, on_conflict=OnConflict.KEEP)


def known_ids(connection: Connection, portfolio: str) -> set[tuple[str, str]]:
    """Kind and outside id of every entry that is booked or waits to be."""
    queries = [
        select(table.c.kind, table.c.external_id).where(
            table.c.portfolio == portfolio, table.c.kind != RESERVATION
        )
        for table in (ledger_entry, ledger_inbox)
    ]
    return {(kind, identity) for query in queries for kind, identity in connection.execute(query)}


def inbox_of(connection: Connection, portfolio: str) -> tuple[tuple[Fill, ...], tuple[Flow, ...]]:
    """Fills and flows waiting for the authority, in the order they were made."""
    # What an agent reported while a person entered it is booked, and would be so twice.
    query = (
        select(ledger_inbox.c.kind, ledger_inbox.c.body)
        .where(ledger_inbox.c.portfolio == portfolio, ~_IS_BOOKED)
        .order_by(ledger_inbox.c.id)
    )
    entries = [_read(kind, body) for kind, body in connection.execute(query)]
    return (
        tuple(entry for entry in entries if isinstance(entry, Fill)),
        tuple(entry for entry in entries if isinstance(entry, Flow)),
    )


class InboxAccount:
    """The account of what people book by hand: an `Account` of the engine.

    Parameters
    ----------
    engines : Engines
    portfolio : str
    """

    def __init__(self, engines: Engines, portfolio: str) -> None:
        self._reader = engines.reader
        self._portfolio = portfolio

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:  # noqa: ARG002
        """Entries that wait to be booked; they come again until a cycle with them is saved.

        Raises
        ------
        FeedUnavailable
            If the database does not answer.
        """
        try:
            with transaction(self._reader) as connection:
                fills, flows = inbox_of(connection, self._portfolio)
        except StoreUnavailable as error:
            raise FeedUnavailable(str(error)) from error
        return AccountReading(fills=fills, flows=flows)


def identity(entry: Fill | Flow) -> tuple[str, str]:
    """Kind and outside id: what makes two entries the same one."""
    # A fill's id is unique at its venue only.
    return (FILL, f"{entry.venue}/{entry.id}") if isinstance(entry, Fill) else (FLOW, entry.id)


def _row(entry: Fill | Flow) -> tuple[str, str, int, str]:
    return *identity(entry), to_ms(entry.at), encode_entry(entry).decode()


def _read_any(kind: str, body: str) -> Entry:
    if kind == RESERVATION:
        return decode_entry(body.encode(), Reservation)
    return _read(kind, body)


def _read(kind: str, body: str) -> Fill | Flow:
    if kind == FILL:
        return decode_entry(body.encode(), Fill)
    if kind == FLOW:
        return decode_entry(body.encode(), Flow)
    raise StateUnreadable("entry of the ledger", f"its kind {kind!r} is unknown")
