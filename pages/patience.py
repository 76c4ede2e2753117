"""How long the gate waits for the database: whoever wants to stop trading has no time for it.

Everybody's requests share a few threads. A database that hangs would hold each of them for as long
as its own patience lasts, a halt among them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock
from typing import TypeVar

from risk.errors import StoreError, StoreUnavailable

Answer = TypeVar("Answer")

#: Seconds that somebody waits of whom it is known who he was a moment ago; and anybody else.
KNOWN, UNKNOWN = 0.5, 2.0
#: Seconds for which a database that was silent is asked nothing; then by one, before all others.
SPARED = 3.0
#: Questions at once; those that hang are among them.
AT_ONCE = 8


class Patience:
    """Asks what may hang, gives up early, and then spares it for a while.

    Parameters
    ----------
    monotonic : callable
        Gives seconds that only ever grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gate")
        self._spared_until: float | None = None
        self._problem = ""
        self._lock = Lock()

    def ask(self, question: Callable[[], Answer], seconds: float) -> Answer:
        """What the question answers, if it does within so many seconds.

        Raises
        ------
        StoreError
            If it does not, or did not a moment ago.
        """
        if self._is_spared():
            raise StoreUnavailable(self._problem)
        asked = self._threads.submit(question)
        wait((asked,), seconds)
        if not asked.done():
            asked.cancel()  # of no use any more, if it still waits for a thread
            raise self._spare(StoreUnavailable(f"the database did not answer within {seconds:g} s"))
        try:
            answer = asked.result()
        except StoreError as problem:
            raise self._spare(problem) from None
        with self._lock:
            self._spared_until = None
        return answer

    def _is_spared(self) -> bool:
        """Whether it is left alone; once that is over, for all but the one who hears so."""
        with self._lock:
            if self._spared_until is None:
                return False
            now = self._monotonic()
            if now < self._spared_until:
                return True
            self._spared_until = now + SPARED
            return False

    def _spare(self, problem: StoreError) -> StoreError:
        with self._lock:
            self._spared_until = self._monotonic() + SPARED
            self._problem = str(problem)
        return problem
