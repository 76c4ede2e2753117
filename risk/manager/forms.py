"""What makes a request an order at all, and the steps in which an exchange counts."""

import math
from decimal import ROUND_FLOOR, Decimal
from typing import TypeGuard

from risk.domain.decisions import OrderRequest, Outcome, Reason, ReasonCode
from risk.domain.messages import LONGEST_NAME
from risk.domain.orders import OrderType, Side
from risk.domain.policy import Instrument
from risk.domain.steps import is_on_step

#: In a tuple, since a request may name as its side what has no hash.
SIDES = tuple(Side)
_TYPES = tuple(OrderType)
_NAMES = ("client_order_id", "portfolio", "strategy", "asset", "venue")
# Lots that are asked about one by one.
_FEW = 8


def malformed(request: OrderRequest, portfolio: str) -> list[Reason]:
    """Why a request is no order; nothing if it is one.

    Parameters
    ----------
    request : OrderRequest
        Anything.
    portfolio : str
        The book's.
    """
    found = [
        failed(ReasonCode.NAME_NOT_VALID, name.replace("_", " "))
        for name in _NAMES
        if not is_name(getattr(request, name))
    ]
    if isinstance(request.client_order_id, str) and not request.client_order_id:
        found.append(failed(ReasonCode.NAME_NOT_VALID, "client order id"))
    if isinstance(request.venue, str) and not request.venue:
        found.append(failed(ReasonCode.VENUE_MISSING, "venue"))
    if is_name(request.portfolio) and request.portfolio != portfolio:
        found.append(failed(ReasonCode.PORTFOLIO_UNKNOWN, request.portfolio))
    if not has_side(request):
        found.append(failed(ReasonCode.SIDE_UNKNOWN, "side"))
    if not is_finite(request.quantity):
        found.append(failed(ReasonCode.QUANTITY_NOT_FINITE, "quantity"))
    elif request.quantity <= 0.0:
        value = float(request.quantity)
        found.append(failed(ReasonCode.QUANTITY_NOT_POSITIVE, "quantity", value=value))
    price = _malformed_price(request)
    if price is not None:
        found.append(price)
    return found


def is_name(value: object) -> bool:
    """Whether it is text that may name something: it stands in tables and on screens."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and value.isprintable()


def has_side(request: OrderRequest) -> bool:
    """Whether its side is one."""
    return isinstance(request.side, str) and request.side in SIDES


def _malformed_price(request: OrderRequest) -> Reason | None:
    price, kind = request.limit_price, request.order_type
    if not isinstance(kind, str) or kind not in _TYPES:
        return failed(ReasonCode.ORDER_TYPE_UNKNOWN, "order type")
    if kind == OrderType.MARKET:
        if price is None:
            return None
        return failed(ReasonCode.LIMIT_PRICE_UNEXPECTED, "limit price")
    if price is None:
        return failed(ReasonCode.LIMIT_PRICE_MISSING, "limit price")
    if not (is_finite(price) and price > 0.0):
        return failed(ReasonCode.LIMIT_PRICE_NOT_VALID, "limit price")
    return None


def is_finite(value: object) -> TypeGuard[float]:
    """Whether it is a finite number; true and text are none, nor is what no float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond any float
        return False


def off_tick(request: OrderRequest, instrument: Instrument) -> Reason | None:
    """Why the limit price is none of the exchange's; None if it is one."""
    price = request.limit_price
    if price is None or instrument.tick <= 0.0 or is_on_step(price, instrument.tick):
        return None
    return failed(ReasonCode.OFF_TICK, request.asset, value=price, threshold=instrument.tick)


def rounded_down(quantity: float, lot: float) -> float:
    """The largest multiple of `lot` that is not above `quantity`; itself without lots.

    In decimals, since 0.3 is no multiple of 0.1 among floats.

    Examples
    --------
    >>> rounded_down(0.37, 0.1), rounded_down(0.3, 0.1), rounded_down(5.0, 0.0)
    (0.3, 0.3, 5.0)
    """
    if lot <= 0.0:
        return quantity
    if is_on_step(quantity, lot):
        return quantity
    step = Decimal(repr(lot))
    # Plain, since numpy writes its own floats otherwise.
    return float((Decimal(repr(float(quantity))) / step).to_integral_value(ROUND_FLOOR) * step)


def steps_between(low: float, high: float, instrument: Instrument) -> list[float]:
    """The few quantities above `low`, up to `high`, that the exchange takes; largest first.

    None where there are many, since what lies between is not worth a lot then.

    Examples
    --------
    >>> steps_between(1.9, 3.1, Instrument(lot=0.5)), steps_between(1.0, 2.0, Instrument())
    ([3.0, 2.5, 2.0], [])
    >>> steps_between(1.9, 3.1, Instrument(least=2.5))
    [2.5]
    """
    lot, least = instrument.lot, instrument.least
    if lot <= 0.0:
        return [least] if low < least <= high else []
    if not (high - low) / lot <= _FEW:
        return []
    step, last = Decimal(repr(lot)), rounded_down(high, lot)
    steps = [float(Decimal(repr(last)) - number * step) for number in range(_FEW + 1)]
    return [quantity for quantity in steps if low < quantity and least <= quantity]


def in_steps(
    request: OrderRequest, instrument: Instrument, allowed: float
) -> tuple[float, tuple[Reason, ...]]:
    """What passes of an order in the exchange's steps, and what they took away of it.

    Parameters
    ----------
    request : OrderRequest
    instrument : Instrument
    allowed : float
        Units that would pass if any quantity could be ordered, not negative.

    Returns
    -------
    tuple of float and tuple of Reason
        0 where less than the smallest order is left.
    """
    stepped = rounded_down(allowed, instrument.lot)
    if allowed > 0.0 and stepped < instrument.least:
        least = instrument.least
        too_small = failed(ReasonCode.BELOW_LEAST, request.asset, value=stepped, threshold=least)
        return 0.0, (too_small,)
    if stepped < allowed == request.quantity:
        lot = instrument.lot
        return stepped, (failed(ReasonCode.OFF_LOT, request.asset, value=allowed, threshold=lot),)
    return stepped, ()


def failed(
    code: ReasonCode, subject: str, *, value: float | None = None, threshold: float | None = None
) -> Reason:
    """A check that failed, of no scope of its own."""
    return Reason(code, Outcome.FAILED, subject, value=value, threshold=threshold)
