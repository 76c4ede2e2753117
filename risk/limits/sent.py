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
        for order in orders:
            self.add(order)

    def add(self, order: SentOrder) -> None:
        """Note one more; never earlier than the last."""
        self._times.append(order.at)
        self._alike.setdefault(order.likeness, []).append(order.at)

    def forget_before(self, at: datetime) -> None:
        """Drop what is older: no window reaches back to it."""
        _drop(self._times, at)
        for likeness in list(self._alike):
            _drop(self._alike[likeness], at)
            if not self._alike[likeness]:
                del self._alike[likeness]

    def count(self, *, at: datetime, seconds: float) -> int:
        """How many there were in the last `seconds`, by their time and not by their number."""
        return _later_than(self._times, at - timedelta(seconds=seconds))

    def count_alike(self, likeness: Likeness, *, at: datetime, seconds: float) -> int:
        """How many of those are the same order."""
        return _later_than(self._alike.get(likeness, ()), at - timedelta(seconds=seconds))


def _later_than(times: "list[datetime] | tuple[()]", since: datetime) -> int:
    return len(times) - bisect_right(times, since)


def _drop(times: list[datetime], before: datetime) -> None:
    del times[: bisect_left(times, before)]


#: Of a strategy that sent nothing yet.
NOTHING_SENT = SentOrders()
