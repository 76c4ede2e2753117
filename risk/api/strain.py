"""Too many orders at once: those that could not be answered in time are told so at once.

An order that waits longer than its agent does is work for nobody, and keeps all behind it waiting.
What waits is not seen from here; how late the loop is with a turn of its own is.
"""

import asyncio
from collections.abc import Callable

from risk.api.problems import try_again

#: Seconds between two turns.
EVERY = 0.01
#: Seconds that a turn may be late before orders are refused.
LATE = 0.01
#: Orders that are taken between two turns however late it is: a machine that stood still for a
#: moment has not too many orders.
ALWAYS = 10


class Strain:
    """How late an event loop is. Used by its thread alone.

    Parameters
    ----------
    monotonic : callable
        Seconds that only ever grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._due: float | None = None
        self._taken = 0

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take turns in a loop for as long as it runs."""
        self._due = self._monotonic() + EVERY
        self._taken = 0
        loop.call_later(EVERY, self.watch, loop)

    def take(self) -> None:
        """Take one order.

        Raises
        ------
        Refused
            If there are too many.
        """
        self._taken += 1
        if self._due is None or self._taken <= ALWAYS:
            return
        if self._monotonic() - self._due > LATE:
            raise try_again(
                503,
                "overloaded",
                "more orders come than can be answered in time: ask again in a moment; "
                "an order with reduce_only is always taken",
            )
