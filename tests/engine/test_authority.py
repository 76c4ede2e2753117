"""Who rules, how turns are taken, and how a rule ends."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from structlog.testing import capture_logs

from risk.domain.ports import Lease
from risk.engine import authority as module
from risk.engine.authority import Authority, Turn
from risk.errors import LeaseLost, SchemaMismatch, StoreError, StoreUnavailable
from risk.storage.engines import open_engines
from risk.storage.lease import LEASE_LIFE, SqlLeaseOffice
from risk.storage.schema import upgrade
from tests.engine.worlds import PORTFOLIO
from tests.fakes import FakeClock
from tests.fakes_store import FakeLeaseOffice
from tests.storage.rows import write

#: Longer than anything here may take; nobody waits so long unless something is broken.
PATIENCE = 30.0
BLINK = timedelta(milliseconds=5)


class Ruled:
    """An authority in a thread of its own, with everything around it within reach."""

    def __init__(
        self, office=None, *, holder: str = "first", beats: "Count | None" = None, **changes: object
    ) -> None:
        self.clock = FakeClock()
        self.office = office or FakeLeaseOffice(self.clock.now)
        self.tokens: list[int] = []
        self.turns = Count()
        self.beats = beats or Count()
        self.failure: BaseException | None = None
        self.authority = Authority(
            **{
                "portfolio": PORTFOLIO,
                "holder": holder,
                "office": self.office,
                "lease_life": timedelta(seconds=5),
                "prepare": self.prepare,
                "keep_house": lambda: None,
                "monotonic": self.clock.monotonic,
                "interval": BLINK,
                **changes,
            }
        )
        self._thread = threading.Thread(target=self._run)

    def prepare(self, token: int, _beat: Callable[[], None]) -> Turn:
        self.tokens.append(token)
        return self.turns.one_more

    def _run(self) -> None:
        try:
            self.authority.run(beat=self.beats.one_more)
        except Exception as failure:  # noqa: BLE001 - looked at by the test
            self.failure = failure

    def start(self) -> "Ruled":
        self._thread.start()
        return self

    def joined(self) -> "Ruled":
        """After it has ended by itself."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it does not end"
        return self

    def ended(self) -> "Ruled":
        """After it was told to end."""
        self.authority.end()
        return self.joined()


class Count:
    """Counts calls, and lets a test wait for the n-th."""

    def __init__(self) -> None:
        self.number = 0
        self._news = threading.Condition()

    def one_more(self) -> None:
        with self._news:
            self.number += 1
            self._news.notify_all()

    def wait_for(self, more: int) -> None:
        """Until so many more calls; of what runs already, ask for :meth:`reach`."""
        with self._news:
            self._reached(self.number + more)

    def reach(self, wanted: int) -> None:
        """Until there were so many calls, some of them perhaps before."""
        with self._news:
            self._reached(wanted)

    def _reached(self, wanted: int) -> None:
        reached = self._news.wait_for(lambda: self.number >= wanted, PATIENCE)
        assert reached, f"{self.number} of {wanted}"


@pytest.fixture
def ruling() -> Iterator[Callable[..., Ruled]]:
    """Makes authorities that run, and ends those that still do."""
    made: list[Ruled] = []

    def make(*arguments: object, **named: object) -> Ruled:
        made.append(Ruled(*arguments, **named))
        return made[-1].start()

    yield make
    for ruled in made:
        ruled.ended()


# --- waiting for the lease -----------------------------------------------------------------


def test_it_waits_for_its_lease_and_beats_meanwhile(ruling):
    clock = FakeClock()
    office = FakeLeaseOffice(clock.now)
    other = office.acquire(PORTFOLIO, "other")
    ruled = ruling(office)
    ruled.beats.wait_for(3)
    assert (ruled.tokens, ruled.turns.number) == ([], 0)

    office.release(other)
    ruled.turns.wait_for(1)

    assert ruled.tokens == [other.token + 1]


def test_it_says_once_that_it_waits(ruling):
    office = FakeLeaseOffice(FakeClock().now)
    office.acquire(PORTFOLIO, "other")
    with capture_logs() as said:
        ruled = ruling(office)
        ruled.beats.wait_for(3)
        ruled.ended()

    assert [line["event"] for line in said] == ["waiting_for_lease"]


def test_it_can_be_ended_while_it_waits(ruling):
    office = FakeLeaseOffice(FakeClock().now)
    held = office.acquire(PORTFOLIO, "other")
    ruled = ruling(office)
    ruled.beats.wait_for(1)
    ruled.ended()

    assert ruled.failure is None
    assert ruled.turns.number == 0
    assert office.renew(held).token == held.token, "and took nothing from the other"


def test_a_store_that_is_away_is_asked_for_the_lease_again(ruling):
    class AwayAtFirst(FakeLeaseOffice):
        asked = 0

        def acquire(self, portfolio: str, holder: str) -> Lease | None:
            self.asked += 1
            if self.asked < 3:
                raise StoreUnavailable("away")
            return super().acquire(portfolio, holder)

    ruled = ruling(AwayAtFirst(FakeClock().now))
    ruled.turns.wait_for(1)

    assert ruled.office.asked == 3


def test_ended_before_it_began_it_does_nothing():
    ruled = Ruled()
    ruled.authority.end()
    ruled.start().joined()

    assert (ruled.tokens, ruled.turns.number, ruled.failure) == ([], 0, None)


# --- preparing -----------------------------------------------------------------------------


def test_while_preparing_it_keeps_its_lease(ruling):
    class NotingOffice(FakeLeaseOffice):
        def __init__(self) -> None:
            super().__init__(FakeClock().now)
            self.renewals = Count()

        def renew(self, lease: Lease) -> Lease:
            self.renewals.one_more()
            if self.renewals.number == 1:
                raise StoreUnavailable("away for a moment")
            return super().renew(lease)

    office, prepared = NotingOffice(), threading.Event()

    def prepare(_token: int, _beat: Callable[[], None]) -> Turn:
        office.renewals.wait_for(3)
        prepared.set()
        return lambda: None

    ruled = ruling(office, prepare=prepare, lease_life=3 * BLINK)

    assert prepared.wait(PATIENCE)
    assert ruled.ended().failure is None


def test_a_lease_lost_while_preparing_is_no_longer_renewed(ruling):
    """The first save is refused, and says who holds it now."""
    clock = FakeClock()
    office = FakeLeaseOffice(clock.now)
    lost = Count()
    renew = office.renew

    def renew_and_note(lease: Lease) -> Lease:
        try:
            return renew(lease)
        except LeaseLost:
            lost.one_more()
            raise

    office.renew = renew_and_note

    def prepare(token: int, _beat: Callable[[], None]) -> Turn:
        clock.advance(timedelta(seconds=6))
        office.acquire(PORTFOLIO, "second")
        lost.wait_for(1)
        return lambda: office.require(PORTFOLIO, token)

    ruled = ruling(office, prepare=prepare, lease_life=3 * BLINK).joined()

    assert isinstance(ruled.failure, LeaseLost)
    assert lost.number == 1


def test_it_hands_its_beat_to_what_prepares(ruling):
    def prepare(_token: int, beat: Callable[[], None]) -> Turn:
        beat()
        raise SchemaMismatch("older tables")

    ruled = ruling(prepare=prepare).joined()

    assert ruled.beats.number == 1
    assert isinstance(ruled.failure, SchemaMismatch)
    assert ruled.office.acquire(PORTFOLIO, "next") is not None, "the lease was given back"


# --- turns ---------------------------------------------------------------------------------


def test_it_takes_turns_at_intervals_and_beats_after_each(ruling):
    ruled = ruling()
    ruled.turns.wait_for(5)
    ruled.ended()

    assert ruled.beats.number == ruled.turns.number >= 5


class SilentScheduler:
    """Never fires."""

    def __init__(self, **_options: object) -> None:
        self.jobs: list[Callable[[], None]] = []

    def add_job(self, job: Callable[[], None], *_trigger: object, **_when: object) -> None:
        self.jobs.append(job)

    def start(self) -> None:
        pass

    def shutdown(self, *, wait: bool) -> None:
        assert wait, "a turn that runs is not left alone"


def test_the_first_turn_does_not_wait_for_the_scheduler(ruling, monkeypatch):
    monkeypatch.setattr(module, "BackgroundScheduler", SilentScheduler)
    ruled = ruling()
    ruled.turns.reach(1)

    assert ruled.ended().turns.number == 1


def test_a_silent_scheduler_is_stood_in_for(ruling, monkeypatch):
    """A wall clock that is set back silences the scheduler for as long."""
    monkeypatch.setattr(module, "BackgroundScheduler", SilentScheduler)
    ruled = ruling()
    ruled.turns.reach(1)
    with capture_logs() as said:
        for number in (2, 3):
            ruled.clock.advance(module.LATE_AFTER * BLINK + BLINK)
            ruled.turns.reach(number)
    ruled.ended()

    assert ruled.turns.number == 3, "one turn for each silence, none without"
    assert {line["event"] for line in said} == {"scheduler_silent"}


def test_turns_never_overlap(ruling):
    """Nor with the watchdog's, however late the running one is."""
    clock, together, most = FakeClock(), [], []
    done = Count()

    def turn() -> None:
        together.append(1)
        clock.advance(1.0)
        most.append(len(together))
        threading.Event().wait(BLINK.total_seconds() * 3)
        together.pop()
        done.one_more()

    ruled = ruling(prepare=lambda _token, _beat: turn, monotonic=clock.monotonic)
    done.wait_for(10)
    ruled.ended()

    assert set(most) == {1}


def test_a_failing_turn_ends_it_and_says_why(ruling):
    failure = StoreError("another record of that number was saved")
    turns = Count()

    def turn() -> None:
        turns.one_more()
        if turns.number == 3:
            raise failure

    ruled = ruling(prepare=lambda _token, _beat: turn).joined()

    assert ruled.failure is failure
    assert turns.number == 3
    assert ruled.beats.number == 2
    assert ruled.office.acquire(PORTFOLIO, "next") is not None


def test_a_lease_lost_between_two_turns_ends_it(ruling):
    clock = FakeClock()
    office = FakeLeaseOffice(clock.now)
    turns = Count()

    def turn() -> None:
        turns.one_more()
        clock.advance(timedelta(seconds=6))
        office.acquire(PORTFOLIO, "second")

    monotonic = clock.monotonic
    ruled = ruling(office, monotonic=monotonic, prepare=lambda _token, _beat: turn).joined()

    assert isinstance(ruled.failure, LeaseLost)
    assert turns.number == 1
    assert office.acquire(PORTFOLIO, "third") is None, "what is another's is not given back"


# --- renewing ------------------------------------------------------------------------------


class CountingOffice(FakeLeaseOffice):
    """Counts renewals; away whenever it is told to be."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now)
        self.asked = Count()
        self.away = False

    def renew(self, lease: Lease) -> Lease:
        self.asked.one_more()
        if self.away:
            raise StoreUnavailable("away")
        return super().renew(lease)


def test_a_lease_is_renewed_when_a_third_of_it_has_passed(ruling):
    clock = FakeClock()
    office = CountingOffice(clock)
    ruled = ruling(office, monotonic=clock.monotonic)
    ruled.turns.wait_for(3)
    assert office.asked.number == 0

    clock.advance(LEASE_LIFE / 3 + BLINK)
    office.asked.wait_for(1)
    ruled.turns.wait_for(3)

    assert office.asked.number == 1


def test_a_store_that_is_away_is_asked_for_renewal_each_turn_until_it_answers(ruling):
    clock = FakeClock()
    office = CountingOffice(clock)
    ruled = ruling(office, monotonic=clock.monotonic)
    ruled.turns.wait_for(1)
    office.away = True
    clock.advance(LEASE_LIFE / 2)
    office.asked.wait_for(3)
    turned = ruled.turns.number
    ruled.turns.wait_for(2)
    office.away = False
    ruled.turns.wait_for(3)
    asked = office.asked.number
    ruled.turns.wait_for(3)

    assert turned > 1
    assert office.asked.number == asked
    assert ruled.ended().failure is None


def test_a_renewal_that_was_waited_for_in_vain_is_followed_by_a_beat(ruling):
    """A turn in which nothing answers takes longer than its renewal alone: both need a sign."""
    clock = FakeClock()
    office = CountingOffice(clock)
    beats = Count()
    at_renewal: list[int] = []
    at_turn: list[int] = []

    def renew(lease: Lease) -> Lease:
        at_renewal.append(beats.number)
        raise StoreUnavailable("away")

    def turn() -> None:
        if at_renewal:
            at_turn.append(beats.number)
        turns.one_more()

    turns = Count()
    office.renew = renew
    ruled = ruling(
        office, prepare=lambda _token, _beat: turn, monotonic=clock.monotonic, beats=beats
    )
    turns.reach(1)
    clock.advance(LEASE_LIFE / 2)
    turns.wait_for(3)
    assert ruled.ended().failure is None

    assert at_renewal
    assert all(t > r for r, t in zip(at_renewal, at_turn, strict=True))


# --- keeping house -------------------------------------------------------------------------


@pytest.fixture
def brisk_housekeeping(monkeypatch):
    monkeypatch.setattr(module, "_HOUSEKEEPING", BLINK)


@pytest.mark.usefixtures("brisk_housekeeping")
def test_it_keeps_house(ruling):
    kept = Count()
    ruling(keep_house=kept.one_more)

    kept.wait_for(3)


@pytest.mark.usefixtures("brisk_housekeeping")
@pytest.mark.parametrize("failure", [StoreUnavailable("away"), StoreError("refused")])
def test_housekeeping_that_fails_is_logged_and_tried_again(ruling, failure, caplog):
    kept = Count()

    def fail() -> None:
        kept.one_more()
        raise failure

    with capture_logs() as said, caplog.at_level(logging.ERROR):
        ruled = ruling(keep_house=fail)
        kept.wait_for(3)
        ruled.turns.wait_for(3)
        ruled.ended()

    assert ruled.failure is None
    told = [line["problem"] for line in said if line["event"] == "housekeeping_missed"]
    assert told or "refused" in caplog.text


# --- ending --------------------------------------------------------------------------------


def test_told_to_end_it_ends_cleanly_and_gives_its_lease_back(ruling):
    ruled = ruling()
    ruled.turns.wait_for(2)
    ruled.ended()
    turned = ruled.turns.number

    assert ruled.failure is None
    assert ruled.office.acquire(PORTFOLIO, "next") is not None
    assert ruled.turns.number == turned


def test_told_to_end_it_finishes_the_running_turn(ruling):
    begun, go_on, finished = threading.Event(), threading.Event(), threading.Event()

    def turn() -> None:
        begun.set()
        go_on.wait(PATIENCE)
        finished.set()

    ruled = ruling(prepare=lambda _token, _beat: turn)
    assert begun.wait(PATIENCE)
    ruled.authority.end()
    go_on.set()
    ruled.joined()

    assert finished.is_set()


def test_a_store_that_is_away_at_the_end_does_not_keep_it(ruling):
    office = FakeLeaseOffice(FakeClock().now)

    def away(_lease: Lease) -> None:
        raise StoreUnavailable("away")

    office.release = away
    with capture_logs() as said:
        ruled = ruling(office)
        ruled.turns.wait_for(1)
        ruled.ended()

    assert ruled.failure is None
    assert said[-1]["event"] == "lease_not_released"


@pytest.mark.parametrize("line", range(1, 6))
def test_a_signal_may_come_at_any_line_of_its_waiting(line):
    """A `threading.Event` would deadlock: its waiter holds the lock that its setter wants."""
    ending = module._Ending()
    passed = Count()

    def interrupt(_frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            passed.one_more()
            if passed.number == line:
                ending.set()
        return interrupt

    def wait() -> None:
        sys.settrace(interrupt)
        ending.wait(PATIENCE)
        sys.settrace(None)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(PATIENCE / 2)

    assert not waiting.is_alive()
    assert passed.number >= line


# --- two over one book ---------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    url = f"sqlite:///{tmp_path}/seawall.db"
    engines = open_engines(url)
    upgrade(engines)
    engines.dispose()
    return url


@pytest.fixture
def office(database: str) -> Iterator[SqlLeaseOffice]:
    engines = open_engines(database)
    yield SqlLeaseOffice(engines)
    engines.dispose()


@pytest.fixture
def rival_office(database: str) -> Iterator[SqlLeaseOffice]:
    engines = open_engines(database)
    yield SqlLeaseOffice(engines)
    engines.dispose()


def test_of_two_over_one_book_exactly_one_rules(ruling, office, rival_office):
    first = ruling(office)
    first.turns.wait_for(1)
    second = ruling(rival_office, holder="second")
    second.beats.wait_for(5)
    first.turns.wait_for(3)
    assert (first.tokens, second.tokens) == ([1], [])

    first.ended()
    second.turns.wait_for(2)

    assert second.tokens == [2]


def rule_until_killed(database: str, told: int) -> None:
    ruled = Ruled(SqlLeaseOffice(open_engines(database)), holder="child")
    ruled.authority.run(beat=lambda: os.write(told, b"!"))


def test_a_killed_one_is_succeeded(ruling, database, rival_office):
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            rule_until_killed(database, told)
        finally:
            os._exit(1)
    os.close(told)
    assert os.read(heard, 1) == b"!", "the child rules"
    second = ruling(rival_office, holder="second")
    second.beats.wait_for(3)
    assert second.tokens == []

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard)
    if database.startswith("postgresql"):
        _let_its_lease_run_out(database)
    second.turns.wait_for(1)

    assert second.tokens == [2]


def _let_its_lease_run_out(database: str) -> None:
    engines = open_engines(database)
    write(engines, "UPDATE lease SET expires_ms = 0")
    engines.dispose()


def test_one_that_was_deposed_while_frozen_ends(ruling, database, office):
    """It thought that it ruled; the first thing that it asks of the database tells it."""
    first = ruling(office)
    first.turns.wait_for(1)
    engines = open_engines(database)
    write(engines, "UPDATE lease SET holder = 'second', token = token + 1")
    engines.dispose()
    first.clock.advance(LEASE_LIFE)

    assert isinstance(first.joined().failure, LeaseLost)
