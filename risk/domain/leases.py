"""Slices of room that an agent may spend without asking, and what tells them from orders.

A slice is room for one order that may become many: it is asked for, judged, reserved and written
as an order is, under an id that says what it is. Whoever holds it settles it with the list of the
orders that were made of it.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from risk.domain.decisions import ReasonCode

#: What ids of slices begin with, and those of orders do not.
LEASE_PREFIX = "lease:"
#: How long a slice may be spent, counted by its holder from before it asked. A halt reaches the
#: holder within that time.
LEASE_LIFE = timedelta(seconds=2)
#: Orders that one slice may become: its list has to fit into one request.
MOST_ORDERS = 500


class Told(Protocol):
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


def orders_of(reasons: Iterable[Told]) -> int:
    """How many orders a slice may become, by the reasons of its answer; 0 if it is none."""
    told = (r.threshold for r in reasons if r.code == ReasonCode.LEASE_ORDERS)
    return int(next(told, None) or 0)


def lease_of(reasons: Iterable[Told]) -> str | None:
    """The slice that an order was made of, by the reasons of its answer; None if of none."""
    return next((r.subject for r in reasons if r.code == ReasonCode.LEASED), None)
