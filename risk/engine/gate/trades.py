"""Whether a reported trade can be one of its order's: what contradicts itself is not booked."""

import math
from datetime import datetime, timedelta

from risk.domain.ledger import Fill
from risk.domain.market import Mark
from risk.domain.messages import LONGEST_NAME, FillBody
from risk.domain.orders import Order
from risk.domain.positions import Position
from risk.errors import FillRefused
from risk.manager.forms import is_name

#: A trade this far from the mark, as a share of it, did not happen: whoever reports trades would
#: else say what the book's equity is.
BELIEVABLE = 0.25
#: Where nobody knows a mark: nor so many times dearer or cheaper than what the position cost.
BELIEVABLE_TIMES = 10.0
#: Nor was more than so many times an order filled of it, or a slice of room ordered.
MOST_FILLED = 10.0
#: How far the clock of whoever reports may be ahead.
CLOCK_SKEW = timedelta(minutes=1)


def fill_of(order: Order, body: FillBody, *, now: datetime, wall: datetime) -> Fill:
    """The trade as an entry of the ledger.

    Parameters
    ----------
    order : Order
    body : FillBody
    now, wall : datetime
        The market's time, and that by which whoever reports lives. UTC.

    Raises
    ------
    FillRefused
        If it is no trade at all.
    """
    for name, value in (("quantity", body.quantity), ("price", body.price)):
        if not (math.isfinite(value) and value > 0.0):
            raise FillRefused(f"a trade's {name} must be finite and above zero, not {value:g}")
    if not math.isfinite(body.fee):
        raise FillRefused(f"a trade's fee must be finite, not {body.fee:g}")
    if not body.fill_id or not is_name(body.fill_id):
        raise FillRefused(f"a trade's id must have 1 to {LONGEST_NAME} printable letters")
    return Fill(
        id=body.fill_id,
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=body.quantity,
        price=body.price,
        fee=body.fee,
        at=_time(body.at, now, wall),
        client_order_id=order.client_order_id,
    )


def _time(told: datetime | None, now: datetime, wall: datetime) -> datetime:
    """When it happened by the market's time: as long ago as it was by the wall's."""
    if told is None:
        return now
    if told.utcoffset() is None:
        raise FillRefused("a trade's time needs a time zone, such as 2026-01-31T12:00:00Z")
    if told > wall + CLOCK_SKEW:
        raise FillRefused(f"a trade cannot have happened at {told:%Y-%m-%d %H:%M:%S}, after now")
    # Never later than the cycle that tells of it.
    return now - max(timedelta(0), wall - told)


def disbelief(
    fill: Fill, mark: Mark, held: Position | None, *, filled: float, allowed: float
) -> str | None:
    """Why nobody believes a trade; None if it may have happened.

    Parameters
    ----------
    fill : Fill
    mark : Mark
        Of its asset.
    held : Position or None
        What it changes: judged by where nobody knows a mark. With neither, no price is believed
        yet, since the book's equity would be whatever is reported.
    filled, allowed : float
        Units filled of its order with it, and units that were let through.
    """
    if filled > MOST_FILLED * allowed:
        return f"{filled:,.6g} cannot have been filled of an order of {allowed:,.6g}"
    if abs(fill.fee) > BELIEVABLE * fill.quantity * fill.price:
        return f"a fee of {fill.fee:,.6g} is more than {BELIEVABLE:.0%} of what was traded"
    return _far_from_mark(fill, mark) if mark.known else _far_from_cost(fill, held)


def too_much(ordered: float, allowed: float) -> str | None:
    """Why nobody believes that so much was ordered of a slice of room; None if it may have been.

    Parameters
    ----------
    ordered, allowed : float
        Units of all orders that it is said to have become, and units that were granted.
    """
    if ordered <= MOST_FILLED * allowed:
        return None
    return f"{ordered:,.6g} cannot have been ordered of a slice of {allowed:,.6g}"


def _far_from_mark(fill: Fill, mark: Mark) -> str | None:
    away = fill.price / mark.price - 1.0
    if abs(away) <= BELIEVABLE:
        return None
    return (
        f"a trade at {fill.price:,.6g} is {abs(away):.0%} from the mark of {mark.price:,.6g}: "
        f"more than {BELIEVABLE:.0%} is not believed"
    )


def _far_from_cost(fill: Fill, held: Position | None) -> str | None:
    if held is None:
        return (
            f"nobody knows a price of {fill.asset} now by which a trade could be believed: "
            "report it again later"
        )
    cost = held.entry_price
    if cost / BELIEVABLE_TIMES <= fill.price <= cost * BELIEVABLE_TIMES:
        return None
    return (
        f"a trade at {fill.price:,.6g} of a position that cost {cost:,.6g}: while "
        f"nobody knows a mark, more than {BELIEVABLE_TIMES:g} times is not believed"
    )


def same_trade(one: Fill, other: Fill) -> bool:
    """Whether two reports under one id say the same, whenever they came."""
    told = (one.side, one.quantity, one.price, one.fee, one.client_order_id)
    return told == (other.side, other.quantity, other.price, other.fee, other.client_order_id)
