"""Client order ids that never repeat and sort by the time they were made."""

import secrets
import threading
from collections.abc import Callable

from risk.client.clock import wall_milliseconds

_COUNTER_BITS = 12
_RANDOM_BITS = 62


class OrderIds:
    """Makes ids of a prefix and a UUID of version 7, ``trend-0192f0c1a2b37000b3c4d5e6f7a8b9c0``.

    They grow even while the wall's clock stands still or is set back; two processes never make
    the same one. Safe to use from several threads.

    Parameters
    ----------
    prefix : str
        The strategy's name, say.
    clock : callable
        Milliseconds since 1970.
    random_bits : callable
        So many random bits, as an integer.

    Examples
    --------
    >>> ids = OrderIds("trend", clock=lambda: 1_700_000_000_000, random_bits=lambda bits: 0)
    >>> ids.next()
    'trend-018bcfe5680070008000000000000000'
    >>> ids.next() < ids.next()
    True
    """

    def __init__(
        self,
        prefix: str,
        *,
        clock: Callable[[], int] = wall_milliseconds,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._prefix = prefix
        self._clock = clock
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        """An id that was never given before."""
        with self._lock:
            # Time and counter are one number: a full counter borrows from the next millisecond.
            self._last = max(self._last + 1, self._clock() << _COUNTER_BITS)
            ticks = self._last
        millis, counter = ticks >> _COUNTER_BITS, ticks & ((1 << _COUNTER_BITS) - 1)
        head = (millis << 16) | (7 << 12) | counter
        tail = (0b10 << _RANDOM_BITS) | self._random_bits(_RANDOM_BITS)
        return f"{self._prefix}-{head:016x}{tail:016x}"
