"""Notes when logins were used, so that whoever does something is not signed out meanwhile."""

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

import structlog

from risk.domain.people_store import KeptLogin, LoginRecord, PeopleStore
from risk.errors import StoreError

_LOG = structlog.get_logger(__name__)

#: How often a login that is used is noted; and how long none is after that failed.
_EVERY = timedelta(minutes=1)
_KEPT = 1_000


class Noting:
    """Notes in the database when a login was used and, while that cannot be, here.

    A database that is locked for long must not sign out whoever acts all the time: he could not
    come in again, and not stop trading.

    Parameters
    ----------
    store : PeopleStore
    """

    def __init__(self, store: PeopleStore) -> None:
        self._store = store
        self._failed: datetime | None = None
        self._here: OrderedDict[str, datetime] = OrderedDict()
        self._lock = Lock()

    def as_seen(self, kept: KeptLogin) -> KeptLogin:
        """A login as it was used last, as far as is known here."""
        with self._lock:
            here = self._here.get(kept.record.id)
        if here is None or here <= kept.record.seen:
            return kept
        return kept._replace(record=replace(kept.record, seen=here))

    def note(self, record: LoginRecord, now: datetime) -> None:
        """Note that a login is used, once a minute."""
        if now - record.seen < _EVERY:
            return
        if self._failed is not None and abs(now - self._failed) < _EVERY:
            self._keep(record.id, now)  # not everybody shall wait for a database that is locked
            return
        try:
            self._store.touch(record.id, at=now)
        except StoreError as problem:
            self._failed = now
            self._keep(record.id, now)
            _LOG.warning("login_not_noted_as_seen", problem=str(problem))

    def _keep(self, login_id: str, now: datetime) -> None:
        with self._lock:
            self._here.pop(login_id, None)
            self._here[login_id] = now
            while len(self._here) > _KEPT:
                self._here.popitem(last=False)
