"""What a client remembers so that no room is held for orders that nobody knows of.

It lives as long as the client does. After a restart an agent asks again with its old order ids,
or an officer releases what is left.
"""

import threading
from collections import OrderedDict
from typing import NamedTuple

from risk.client.flows import Call
from risk.domain.messages import OrderBody

# Orders whose first asking is remembered; an answer lives for seconds.
_REMEMBERED = 10_000


class Report(NamedTuple):
    """What a report is about: the same again is no other one.

    Attributes
    ----------
    what : str
        ``fill`` or ``end``.
    client_order_id : str
    detail : str
        Such as the id of the trade.
    """

    what: str
    client_order_id: str
    detail: str = ""


class Memory:
    """Orders of unknown fate, reports that did not arrive, and when orders were first asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: OrderedDict[str, float] = OrderedDict()
        self._doubts: dict[str, OrderBody] = {}
        self._unsaid: dict[Report, Call] = {}

    def first_asked(self, client_order_id: str, now: float) -> float:
        """When the order was first asked about: asking again makes no answer younger."""
        with self._lock:
            first = self._first.setdefault(client_order_id, now)
            if len(self._first) > _REMEMBERED:
                self._first.popitem(last=False)
        return first

    def was_asked(self, client_order_id: str) -> bool:
        """Whether the order was asked about, as far as is remembered."""
        return client_order_id in self._first

    def doubt(self, body: OrderBody) -> None:
        """Remember that Seawall may hold room for this order."""
        with self._lock:
            self._doubts[body.client_order_id] = body

    def known(self, client_order_id: str) -> None:
        """Forget the doubt: it is known what became of the order."""
        with self._lock:
            self._doubts.pop(client_order_id, None)

    @property
    def doubts(self) -> tuple[OrderBody, ...]:
        """Orders that Seawall may hold room for without the agent knowing."""
        with self._lock:
            return tuple(self._doubts.values())

    def unsaid(self, key: Report, call: Call) -> None:
        """Remember a report that may not have arrived."""
        with self._lock:
            self._unsaid[key] = call

    def said(self, key: Report) -> None:
        """Forget it: it arrived, or was refused."""
        with self._lock:
            self._unsaid.pop(key, None)

    @property
    def reports(self) -> tuple[tuple[Report, Call], ...]:
        """Reports that may not have arrived, oldest first."""
        with self._lock:
            return tuple(self._unsaid.items())
