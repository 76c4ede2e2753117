"""A trade on paper: filled at once, at a price that one could have had, for a fee."""

from datetime import datetime

from risk.domain.ledger import Fill
from risk.domain.market import Mark
from risk.domain.orders import Side
from risk.domain.positions import PositionKey

#: Ten basis points of what is traded.
PAPER_FEE = 0.0010


def paper_fill(
    identity: str, key: PositionKey, signed_quantity: float, mark: Mark, at: datetime
) -> Fill:
    """A fill at the ask for a purchase, at the bid for a sale, at the mark without quotes.

    Parameters
    ----------
    identity : str
        The same trade has the same one.
    key : PositionKey
    signed_quantity : float
        Units, not 0; a sale is negative.
    mark : Mark
        A known one.
    at : datetime
        UTC.
    """
    side = Side.BUY if signed_quantity > 0.0 else Side.SELL
    quote = mark.ask if side is Side.BUY else mark.bid
    price = mark.price if quote is None else quote
    quantity = abs(signed_quantity)
    return Fill(
        id=identity,
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        side=side,
        quantity=quantity,
        price=price,
        fee=PAPER_FEE * quantity * price,
        at=at,
    )
