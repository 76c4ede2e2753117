"""Slices of room that an agent may spend without asking, and what tells them from orders.

A slice is room for one order that may become many: it is asked for, judged, reserved and written
as an order is, under an id that says what it is. Whoever holds it settles it with the list of the
orders that were made of it.
"""

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from risk.domain.decisions import ReasonCode
from risk.domain.messages import LONGEST_NAME, LeaseBody, LeasedOrder, OrderBody
from risk.errors import InvalidInput

#: What ids of slices begin with, and those of orders do not.
LEASE_PREFIX = "lease:"
#: How long a slice may be spent, counted by its holder from before it asked. A halt reaches the
#: holder within that time.
LEASE_LIFE = timedelta(seconds=2)
#: Orders that one slice may become: its list has to fit into one request.
MOST_ORDERS = 500


class Counts(Protocol):
    """A reason of an answer, here or on the wire."""

    @property
    def code(self) -> str:
        """A `ReasonCode`, or the kind of a limit."""
        ...

    @property
    def subject(self) -> str:
        """What it is about."""
        ...

    @property
    def threshold(self) -> float | None:
        """The most that its value may be."""
        ...


def is_lease_id(name: str) -> bool:
    """Whether an id is one of a slice, and none of an order.

    Examples
    --------
    >>> is_lease_id("lease:trend-1"), is_lease_id("trend-1")
    (True, False)
    """
    return name.startswith(LEASE_PREFIX)


def orders_of(reasons: Iterable[Counts]) -> int:
    """How many orders a slice may become, by the reasons of its answer; 0 if it is none."""
    told = (r.threshold for r in reasons if r.code == ReasonCode.LEASE_ORDERS)
    return int(next(told, None) or 0)


def alike_of(reasons: Iterable[Counts]) -> int:
    """How many of these may have the same size; 0 if it is no slice."""
    told = (r.threshold for r in reasons if r.code == ReasonCode.LEASE_ALIKE)
    return int(next(told, None) or 0)


def lease_of(reasons: Iterable[Counts]) -> str | None:
    """The slice that an order was made of, by the reasons of its answer; None if of none."""
    return next((r.subject for r in reasons if r.code == ReasonCode.LEASED), None)


# --- what is sent --------------------------------------------------------------------------


def asked_of(body: LeaseBody) -> OrderBody | None:
    """The slice that is asked for, as the order that it could be; None where none is.

    Raises
    ------
    InvalidInput
        If it is described in part.
    """
    parts = (body.lease_id, body.asset, body.side, body.quantity)
    if all(part is None for part in (*parts, body.venue)):
        if body.settles is None:
            raise InvalidInput("name a slice: `lease_id` of one to ask for, or `settles`")
        return None
    lease_id, asset, side, quantity = parts
    if lease_id is None or asset is None or side is None or quantity is None:
        raise InvalidInput("a slice needs `lease_id`, `asset`, `side` and `quantity`")
    if lease_id == body.settles:
        raise InvalidInput("a slice cannot be asked for and settled at once")
    if not 0 < body.at_most <= MOST_ORDERS:
        raise InvalidInput(f"`at_most` must be from 1 to {MOST_ORDERS}")
    return OrderBody(
        client_order_id=lease_id,
        portfolio=body.portfolio,
        strategy=body.strategy,
        asset=asset,
        side=side,
        quantity=quantity,
        venue=body.venue,
    )


def listed_of(body: LeaseBody) -> list[LeasedOrder]:
    """The orders that were made of the slice that is settled.

    Raises
    ------
    InvalidInput
        If one of them cannot be one, or stands twice, or there are more than a slice may become.
    """
    if body.settles is None:
        if body.orders:
            raise InvalidInput("`settles` must name the slice of which these orders were made")
        return []
    if not is_lease_id(body.settles):
        raise InvalidInput(f"`settles` must be the id of a slice, which begins with {LEASE_PREFIX}")
    if len(body.orders) > MOST_ORDERS:
        raise InvalidInput(f"a slice becomes {MOST_ORDERS} orders at the most")
    names = [each.client_order_id for each in body.orders]
    if len(set(names)) < len(names):
        raise InvalidInput("an order stands twice in `orders`")
    for each in body.orders:
        name, quantity = each.client_order_id, each.quantity
        if not _is_name(name) or is_lease_id(name):
            raise InvalidInput("a `client_order_id` in `orders` is none that an order can have")
        if not (math.isfinite(quantity) and quantity > 0.0):
            raise InvalidInput("each `quantity` in `orders` must be above zero")
    return body.orders


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()
