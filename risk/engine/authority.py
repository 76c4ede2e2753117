"""The authority over one portfolio: holds the lease, takes a turn each interval, keeps house.

The scheduler says when; a monotonic watchdog says so when the scheduler does not, since a
wall clock that is set back would silence it for as long.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from risk.domain.ports import CycleRecord, Lease, LeaseOffice
from risk.errors import LeaseLost, StoreError, StoreUnavailable

_LOG = structlog.get_logger(__name__)

#: A turn later than this many intervals is taken by the watchdog.
LATE_AFTER = 3.0
_HOUSEKEEPING = timedelta(minutes=1)
#: From one look at what people asked to the next. A look takes 0.3 ms of SQLite and 0.8 of
#: Postgres: one in a hundred seconds of one core (docs/decisions/overrides.md).
_LISTENING = 0.05

Turn = Callable[[], CycleRecord | None]
Beat = Callable[[], None]


def _nothing() -> None:
    """Of an authority that has nobody to listen to."""


class Authority:
    """Runs turns until told to end, as the only one over its portfolio.

    Parameters
    ----------
    portfolio, holder : str
        What it rules over, and its own name for the lease.
    office : LeaseOffice
    lease_life : timedelta
        How long a lease lives; renewed when a third of it has passed.
    prepare : callable
        From the lease's token and the beat to the function that takes one turn. Called once
        the lease is held; loads, or leads a new book through its past, beating meanwhile.
    listen : callable
        Takes in at once what people asked; several times a second.
    finish : callable
        Ends what was prepared, before the lease is given back.
    keep_house : callable
        Rolls up and drops what is old; once a minute.
    monotonic : callable
        Seconds that only ever grow.
    interval : timedelta
        From one turn to the next.
    """

    def __init__(
        self,
        *,
        portfolio: str,
        holder: str,
        office: LeaseOffice,
        lease_life: timedelta,
        prepare: Callable[[int, Beat], Turn],
        listen: Callable[[], None] = _nothing,
        finish: Callable[[], None] = _nothing,
        keep_house: Callable[[], None],
        monotonic: Callable[[], float],
        interval: timedelta,
    ) -> None:
        self._portfolio = portfolio
        self._holder = holder
        self._office = office
        self._renew_after = lease_life.total_seconds() / 3.0
        self._prepare = prepare
        self._listen = listen
        self._finish = finish
        self._keep_house = keep_house
        self._monotonic = monotonic
        self._interval = interval.total_seconds()
        self._ending = _Ending()
        self._one_turn_at_a_time = threading.Lock()
        self._failure: BaseException | None = None
        self._beat: Beat = lambda: None
        self._deaf = False
        self._last_turn = 0.0
        self._last_renewal = 0.0

    def end(self) -> None:
        """Ask it to end after the running turn; safe in a signal handler."""
        self._ending.set()

    def run(self, *, beat: Beat) -> None:
        """Take turns until `end` is called.

        Parameters
        ----------
        beat : callable
            Called after every turn, also a missed one, while preparing, and while waiting for
            the lease.

        Raises
        ------
        LeaseLost
            If another authority has taken the portfolio.
        """
        self._beat = beat
        lease = self._wait_for_lease()
        if lease is None:
            return
        try:
            self._rule(lease)
        finally:
            self._finish()
            self._give_back(lease)

    def _wait_for_lease(self) -> Lease | None:
        told = False
        while not self._ending.is_set():
            lease = self._try_for_lease()
            if lease is not None:
                return lease
            if not told:
                _LOG.info("waiting_for_lease", portfolio=self._portfolio)
                told = True
            self._beat()
            self._ending.wait(self._interval)
        return None

    def _try_for_lease(self) -> Lease | None:
        try:
            return self._office.acquire(self._portfolio, self._holder)
        except StoreUnavailable as problem:
            _LOG.warning("lease_not_asked", problem=str(problem))
            return None

    def _rule(self, lease: Lease) -> None:
        with _Renewal(self._office, lease, self._renew_after) as renewal:
            turn = self._prepare(lease.token, self._beat)
        lease = renewal.lease
        self._last_turn = self._last_renewal = self._monotonic()
        _LOG.info("engine_started", portfolio=self._portfolio, token=lease.token)

        def take_turn() -> None:
            nonlocal lease
            lease = self._guarded_turn(turn, lease)

        scheduler = self._scheduler(take_turn)
        scheduler.start()
        try:
            with _Repeating(self._guarded_listening, every=_LISTENING):
                self._watch(take_turn)
        finally:
            scheduler.shutdown(wait=True)
        if self._failure is not None:
            raise self._failure

    def _scheduler(self, take_turn: Callable[[], None]) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        scheduler.add_job(take_turn, "interval", seconds=self._interval)
        scheduler.add_job(
            self._guarded_housekeeping, "interval", seconds=_HOUSEKEEPING.total_seconds()
        )
        return scheduler

    def _watch(self, take_turn: Callable[[], None]) -> None:
        take_turn()
        while not self._ending.wait(self._interval):
            late = self._monotonic() - self._last_turn
            if late > LATE_AFTER * self._interval and not self._one_turn_at_a_time.locked():
                _LOG.warning("scheduler_silent", seconds=round(late, 3))
                take_turn()

    def _guarded_turn(self, turn: Turn, lease: Lease) -> Lease:
        """One turn; whatever goes wrong in it ends the engine, so that nobody trusts it."""
        with self._one_turn_at_a_time:
            if self._ending.is_set():
                return lease
            try:
                lease = self._renewed(lease)
                turn()
            except BaseException as failure:  # noqa: BLE001 - raised again in the main thread
                self._failure = failure
                self._ending.set()
                return lease
            self._last_turn = self._monotonic()
        self._beat()
        return lease

    def _renewed(self, lease: Lease) -> Lease:
        now = self._monotonic()
        if now - self._last_renewal < self._renew_after:
            return lease
        try:
            lease = self._office.renew(lease)
        except StoreUnavailable as problem:
            _LOG.warning("lease_not_renewed", problem=str(problem))
            # It took as long as a database may be silent, and the turn will take as long again.
            self._beat()
            return lease
        self._last_renewal = now
        return lease

    def _guarded_listening(self) -> None:
        try:
            self._listen()
        except StoreError as problem:
            if not self._deaf:
                _LOG.warning("people_not_heard", problem=str(problem))
            self._deaf = True
        else:
            self._deaf = False

    def _guarded_housekeeping(self) -> None:
        try:
            self._keep_house()
        except StoreUnavailable as problem:
            _LOG.warning("housekeeping_missed", problem=str(problem))

    def _give_back(self, lease: Lease) -> None:
        try:
            self._office.release(lease)
        except (StoreUnavailable, LeaseLost) as problem:
            _LOG.warning("lease_not_released", problem=str(problem))


class _Ending:
    """An event that a signal handler may set.

    A `threading.Event` would wait for itself for ever, were the signal to come while the main
    thread is just about to wait for it. One thread at a time may wait.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._news: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        self._is_set = True
        self._news.put(None)

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Whether it is set, by then at the latest."""
        if not self._is_set:
            with suppress(Empty):
                self._news.get(timeout=seconds)
        return self._is_set


class _Repeating:
    """Does something again and again, in a thread of its own; never twice at once."""

    def __init__(self, do: Callable[[], None], *, every: float) -> None:
        self._do = do
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="listening", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._done.wait(self._every):
            self._do()


class _Renewal:
    """Keeps a lease alive while something long goes on, such as leading a book through its past."""

    def __init__(self, office: LeaseOffice, lease: Lease, every: float) -> None:
        self.lease = lease
        self._office = office
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> "_Renewal":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._done.wait(self._every):
            try:
                self.lease = self._office.renew(self.lease)
            except StoreUnavailable as problem:
                _LOG.warning("lease_not_renewed", problem=str(problem))
            except LeaseLost:
                return  # the first save will be refused, and says who holds it now
