"""Round trips: what became of positions from flat to flat, as it follows from fills."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from risk.domain.ledger import Fill
from risk.domain.positions import DUST, Position, PositionKey, flat


class RoundTrip(NamedTuple):
    """A position that was opened and closed, or turned round.

    One that was only made smaller is none yet: however many orders and fills it is sold in, it is
    one trade, won or lost once.

    Attributes
    ----------
    strategy, asset, venue : str
    closed : datetime
        Of the fill that closed it. UTC.
    profit : float
        Quote currency, before fees; a loss is negative.
    """

    strategy: str
    asset: str
    venue: str
    closed: datetime
    profit: float


def round_trips(
    positions: Mapping[PositionKey, Position], fills: Iterable[Fill]
) -> tuple[RoundTrip, ...]:
    """The round trips that these fills end, in their order.

    Parameters
    ----------
    positions : mapping of PositionKey to Position
        Before the fills.
    fills : iterable of Fill
        In the order in which they were booked.
    """
    held: dict[PositionKey, Position] = {}
    found: list[RoundTrip] = []
    for fill in fills:
        before = held.get(fill.key) or positions.get(fill.key) or flat(fill.key)
        after = before.after_fill(fill.signed_quantity, fill.price)
        closed = abs(after.quantity) <= DUST * fill.quantity
        if before.quantity and (closed or before.quantity * after.quantity < 0.0):
            profit = after.realised - before.realised_before
            found.append(RoundTrip(*fill.key, fill.at, profit))
        held[fill.key] = flat(fill.key) if closed else after
    return tuple(found)
