"""Keeps a ring of keys as the database has them, from a thread of its own."""

import threading
from collections.abc import Callable, Iterable

import structlog

from risk.auth.keys import KeyRing
from risk.domain.keys import ApiKey
from risk.errors import StoreError

_LOG = structlog.get_logger(__name__)

#: Seconds between two looks: a new or revoked key is known within a second.
EVERY = 0.4


class KeyWatch:
    """Reads all keys again and again, so that nothing that must be quick waits for a database.

    Parameters
    ----------
    read : callable
        All keys as the database has them; raises StoreError if it cannot be asked.
    every : float
        Seconds between two looks.

    Attributes
    ----------
    ring : KeyRing
    """

    def __init__(self, read: Callable[[], Iterable[ApiKey]], *, every: float = EVERY) -> None:
        self.ring = KeyRing()
        self.ring.doubt()
        self._read = read
        self._every = every
        self._told = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keys", daemon=True)

    def start(self) -> None:
        """Look once, then go on in the background."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """End; the keys known last stay in force."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Take the keys over as they are now; if nobody can tell, keep those known last."""
        try:
            self.ring.replace(self._read())
        except StoreError as problem:
            self.ring.doubt()
            if not self._told:
                _LOG.warning("keys_not_read", problem=str(problem))
            self._told = True
            return
        if self._told:
            _LOG.info("keys_read_again")
        self._told = False

    def _watch(self) -> None:
        while not self._ending.wait(self._every):
            self.look()
