"""Watching keys: changes are known soon, a silent database changes nothing and is told."""

import threading

import pytest
from structlog.testing import capture_logs

from risk.auth.watching import KeyWatch
from risk.domain.keys import ApiKey
from risk.errors import StoreUnavailable
from tests.fakes_gate import make_key


class Kept:
    """Keys of a database that can be silent."""

    def __init__(self, *keys: ApiKey) -> None:
        self.keys = list(keys)
        self.away = False
        self.broken = False
        self.read_again = threading.Semaphore(0)

    def read(self) -> list[ApiKey]:
        self.read_again.release()
        if self.away:
            raise StoreUnavailable("the database did not answer")
        if self.broken:
            raise RuntimeError("a fault of ours")
        return list(self.keys)

    def wait_for_looks(self, count: int) -> None:
        while self.read_again.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self.read_again.acquire(timeout=20)


def test_keys_are_known_from_the_start_and_changes_soon_after():
    key, secret = make_key()
    other, other_secret = make_key()
    kept = Kept(key)
    watch = KeyWatch(kept.read, every=0.002)
    assert not watch.ring.certain

    watch.start()
    try:
        assert watch.ring.find(secret.encode()) == key
        kept.keys = [other]
        kept.wait_for_looks(2)
        assert watch.ring.find(secret.encode()) is None
        assert watch.ring.find(other_secret.encode()) == other
    finally:
        watch.stop()
    assert watch.ring.find(other_secret.encode()) == other


def test_a_silent_database_changes_nothing_and_is_told_once():
    key, secret = make_key()
    kept = Kept(key)
    watch = KeyWatch(kept.read)
    watch.look()
    kept.away = True

    with capture_logs() as logs:
        for _ in range(3):
            watch.look()
        assert (watch.ring.certain, watch.ring.find(secret.encode())) == (False, key)
        kept.away = False
        watch.look()

    assert watch.ring.certain
    assert [each["event"] for each in logs] == ["keys_not_read", "keys_read_again"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_when_nobody_looks_any_more_nothing_is_certain():
    kept = Kept()
    watch = KeyWatch(kept.read, every=0.001)
    watch.start()
    kept.broken = True
    watch._thread.join(20)

    assert not watch._thread.is_alive()
    assert not watch.ring.certain
    watch.stop()


def test_what_never_began_can_be_ended():
    KeyWatch(Kept().read).stop()
