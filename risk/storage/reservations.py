"""Room that is set aside for orders: what is open, and giving it back on a person's word.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from risk.domain.actions import ReleaseReservation
from risk.domain.asking import checked_name, checked_reason
from risk.domain.orders import Reservation
from risk.errors import InvalidInput
from risk.storage import codec
from risk.storage.actions import actions_after, next_seq, put_action, state_of, take_turn
from risk.storage.ledger import with_later_entries
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import risk_state, snapshot

#: So many open orders are named to somebody who named none of them.
_NAMED = 5


def open_reservations(connection: Connection, portfolio: str) -> list[Reservation]:
    """Those of the last complete cycle and of all that was booked since, the oldest first.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    body = connection.execute(
        select(snapshot.c.snapshot)
        .join(
            risk_state,
            (risk_state.c.portfolio == snapshot.c.portfolio)
            & (risk_state.c.number == snapshot.c.number),
        )
        .where(risk_state.c.portfolio == portfolio)
    ).scalar()
    if body is None:
        require_portfolio(connection, portfolio)
        return []
    ledger, _ = with_later_entries(connection, portfolio, codec.ledger_of_snapshot(body))
    held = ledger.reservations.values()
    return sorted(held, key=lambda each: (each.placed_at, each.order.client_order_id))


def waiting_releases(connection: Connection, portfolio: str) -> dict[str, ReleaseReservation]:
    """Releases that no cycle has taken in yet, by their orders' ids.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    state = state_of(connection, portfolio)
    seen = 0 if state is None else state.action_seq
    asked = actions_after(connection, portfolio, seen, kinds=(ReleaseReservation,))
    return {one.client_order_id: one for one in asked if isinstance(one, ReleaseReservation)}


def release(
    connection: Connection,
    portfolio: str,
    client_order_id: str,
    *,
    who: str,
    reason: str,
    at: datetime,
) -> ReleaseReservation:
    """Let the release of an order's room wait for the engine.

    Parameters
    ----------
    connection : Connection
        Of the writer.
    portfolio : str
    client_order_id : str
        Of an order that is known to be dead.
    who, reason : str
        Told with it.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If no room is set aside for such an order, its release waits already, `who` names nobody or
        `reason` says nothing.
    """
    require_portfolio(connection, portfolio)
    take_turn(connection, portfolio)
    held = {each.order.client_order_id for each in open_reservations(connection, portfolio)}
    if client_order_id not in held:
        raise InvalidInput(_not_open(portfolio, client_order_id, sorted(held)))
    waiting = waiting_releases(connection, portfolio).get(client_order_id)
    if waiting is not None:
        raise InvalidInput(
            f"the release of {client_order_id} was asked for by {waiting.who} already and waits "
            "for the engine"
        )
    asked = ReleaseReservation(
        seq=next_seq(connection, portfolio),
        at=at,
        who=checked_name(who),
        client_order_id=client_order_id,
        reason=checked_reason(reason),
    )
    put_action(connection, portfolio, asked)
    return asked


def _not_open(portfolio: str, client_order_id: str, held: list[str]) -> str:
    said = f"no room is set aside in {portfolio} for an order {client_order_id}"
    if not held:
        return f"{said}: none is for any order"
    rest = len(held) - _NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"{said}; it is for {', '.join(held[:_NAMED])}{more}"
