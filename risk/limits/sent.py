"""Orders that a strategy sent before, counted by time however many there were."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.domain.orders import Side

#: What makes two orders the same one: asset, side and units.
Likeness = tuple[str, Side, float]


class SentOrder(NamedTuple):
    """An order that a strategy sent before.

    Attributes
    ----------
    at : datetime
        UTC.
    asset : str
    side : Side
    quantity : float
        Units, as it was asked for.
    """

    at: datetime
    asset: str
    side: Side
    quantity: float

    @property
    def likeness(self) -> Likeness:
        """What makes another order the same one."""
        return self.asset, self.side, self.quantity


class _Leased(NamedTuple):
    """Orders for one asset and side that may be sent without our knowing."""

    asset: str
    side: Side
    orders: int
    alike: int


class SentOrders:
    """One strategy's orders, oldest first. Counting costs the same after ten and ten thousand.

    Parameters
    ----------
    orders : iterable of SentOrder
        Oldest first.
    """

    def __init__(self, orders: Iterable[SentOrder] = ()) -> None:
        self._times: list[datetime] = []
        self._alike: dict[Likeness, list[datetime]] = {}
        # Sizes that were sent more than once, and the last one: of all others none counts more.
        self._again: dict[tuple[str, Side], set[float]] = {}
        self._last: dict[tuple[str, Side], float] = {}
        self._leased: dict[str, _Leased] = {}
        for order in orders:
            self.add(order)

    def add(self, order: SentOrder) -> None:
        """Note one more; never earlier than the last."""
        self._times.append(order.at)
        alike, way = self._alike.setdefault(order.likeness, []), (order.asset, order.side)
        alike.append(order.at)
        self._last[way] = order.quantity
        if len(alike) > 1:
            self._again.setdefault(way, set()).add(order.quantity)

    def lease(self, lease_id: str, asset: str, side: Side, orders: int, alike: int) -> None:
        """Count orders that may be sent at any time without our knowing.

        Parameters
        ----------
        lease_id, asset : str
        side : Side
        orders, alike : int
            How many, and how many of one size, whichever that is.
        """
        self._leased[lease_id] = _Leased(asset, side, orders, alike)

    def end_lease(self, lease_id: str) -> None:
        """Count them no more: it is known which were sent."""
        self._leased.pop(lease_id, None)

    @property
    def leases(self) -> tuple[str, ...]:
        """Slices whose orders count."""
        return tuple(self._leased)

    def sizes(self, asset: str, side: Side) -> tuple[float, ...]:
        """Units of those orders for one asset and side of which there were most in any window."""
        last = self._last.get((asset, side))
        return (*self._again.get((asset, side), ()), *(() if last is None else (last,)))

    def forget_before(self, at: datetime) -> None:
        """Drop what is older: no window reaches back to it."""
        _drop(self._times, at)
        for likeness in list(self._alike):
            _drop(self._alike[likeness], at)
            if len(self._alike[likeness]) <= 1:
                self._again.get(likeness[:2], set()).discard(likeness[2])
            if not self._alike[likeness]:
                del self._alike[likeness]

    def count(self, *, at: datetime, seconds: float) -> int:
        """How many there were in the last `seconds`, by their time and not by their number."""
        # Few strategies hold slices, and every order is counted.
        leased = sum(each.orders for each in self._leased.values()) if self._leased else 0
        return leased + _later_than(self._times, at - timedelta(seconds=seconds))

    def count_alike(self, likeness: Likeness, *, at: datetime, seconds: float) -> int:
        """How many of those are the same order."""
        leased, way = 0, likeness[:2]
        if self._leased:
            leased = sum(n.alike for n in self._leased.values() if (n.asset, n.side) == way)
        since = at - timedelta(seconds=seconds)
        return leased + _later_than(self._alike.get(likeness, ()), since)


def _later_than(times: "list[datetime] | tuple[()]", since: datetime) -> int:
    return len(times) - bisect_right(times, since)


def _drop(times: list[datetime], before: datetime) -> None:
    del times[: bisect_left(times, before)]


#: Of a strategy that sent nothing yet.
NOTHING_SENT = SentOrders()
