"""Couriers carry notices from the outbox to people, one courier a channel, each in its own thread.

They hold nothing that a cycle or the gate waits for: a letter is read and marked in transactions
of their own, and while a service is being asked no transaction is open. A channel that hangs or
fails keeps no other one waiting.

An attempt is counted before it is made. Whoever dies in it leaves the letter due again, so that a
notice may come twice but is never lost; and one that ends the engine each time it is tried is
not tried for ever.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

import structlog

from risk.domain.notices import Letter, Notice
from risk.domain.ports import Channel, Outbox
from risk.errors import ChannelFailed, LeaseLost, StoreError

_LOG = structlog.get_logger(__name__)

#: After so many attempts, nearly six hours, nobody tries any more.
ATTEMPTS = 40
#: From the first attempt to the second; doubled with every other one, up to the longest.
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=10)
#: Seconds for one attempt: more than the services' own time-outs allow.
PATIENCE = 15.0
#: Attempts through one channel that may hang at once before it is left alone.
_HANGING = 4
#: Seconds from one look into the outbox to the next.
_EVERY = 1.0
#: Seconds for a courier to end: one that waits for a service is not waited for.
_FAREWELL = 0.5
_AT_ONCE = 20
_GONE = "no channel of this name is set up any more"


class Carrier:
    """Hands notices over to one channel, and never waits for it longer than its patience.

    Parameters
    ----------
    channel : Channel
    patience : float
        Seconds.
    """

    def __init__(self, channel: Channel, *, patience: float = PATIENCE) -> None:
        self._channel = channel
        self._patience = patience
        self._asked: list[threading.Thread] = []

    @property
    def name(self) -> str:
        """The channel's."""
        return self._channel.name

    def carry(self, notice: Notice) -> str | None:
        """Deliver a notice; returns why it failed, or None if it arrived."""
        self._asked = [thread for thread in self._asked if thread.is_alive()]
        if len(self._asked) >= _HANGING:
            return f"{_HANGING} attempts before this one still hang"
        outcome: SimpleQueue[str | None] = SimpleQueue()
        # A thread of its own: a library that hangs, as in a look-up of a name, cannot be ended.
        asking = threading.Thread(
            target=lambda: outcome.put(self._outcome(notice)), name=f"to-{self.name}", daemon=True
        )
        asking.start()
        self._asked.append(asking)
        try:
            return outcome.get(timeout=self._patience)
        except Empty:
            return f"no answer within {self._patience:g} s"

    def _outcome(self, notice: Notice) -> str | None:
        try:
            self._channel.deliver(notice)
        except ChannelFailed as problem:
            return str(problem)
        except Exception as fault:  # noqa: BLE001 - told, and tried again, as any other failure
            # Its text might hold a secret.
            return f"an error inside the channel: {type(fault).__name__}"
        return None


class Courier:
    """Delivers what waits for one channel.

    Parameters
    ----------
    carrier : Carrier
    outbox : Outbox
    wall : callable
        Gives the wall's time.
    token : int
        Of the lease: only its holder delivers.
    """

    def __init__(
        self, carrier: Carrier, outbox: Outbox, *, wall: Callable[[], datetime], token: int
    ) -> None:
        self._carrier = carrier
        self._outbox = outbox
        self._wall = wall
        self._token = token
        self._stuck = False
        self._ending = threading.Event()
        self._thread = threading.Thread(
            target=self._go_round, name=f"courier-{carrier.name}", daemon=True
        )

    def start(self) -> None:
        """Go round until told to end."""
        self._thread.start()

    def tell_to_end(self) -> None:
        """Let the attempt that runs be the last one."""
        self._ending.set()

    def await_end(self) -> None:
        """Wait a moment for it to end; one that waits for a service may end later."""
        self._thread.join(_FAREWELL)

    def round(self) -> None:
        """Try once each of what is due.

        Raises
        ------
        LeaseLost
            If another authority has taken the portfolio.
        StoreUnavailable
            If the database does not answer.
        """
        due = self._outbox.due(self._carrier.name, at=self._wall(), limit=_AT_ONCE)
        for letter in due:
            if self._ending.is_set():
                return
            self._try(letter)

    def _try(self, letter: Letter) -> None:
        tried = letter.attempts + 1
        retry_at = self._wall() + _wait_after(tried)
        if not self._outbox.begin(letter, retry_at=retry_at, token=self._token):
            return
        problem = self._carrier.carry(letter.notice)
        told = {"channel": letter.channel, "notice": letter.notice.id, "attempt": tried}
        if problem is None:
            self._outbox.delivered(letter, at=self._wall(), token=self._token)
        elif tried >= ATTEMPTS:
            self._outbox.bury(letter, problem, token=self._token)
            subject = letter.notice.subject
            _LOG.error("notification_dead", **told, subject=subject, problem=problem)
        else:
            _LOG.warning("notice_not_delivered", **told, problem=problem)

    def _go_round(self) -> None:
        while not self._ending.wait(_EVERY):
            try:
                self.round()
            except LeaseLost as problem:
                _LOG.warning("courier_ended", channel=self._carrier.name, problem=str(problem))
                return
            except Exception as problem:  # noqa: BLE001 - a courier who gave up would not be missed
                self._say_once(problem)
            else:
                self._stuck = False

    def _say_once(self, problem: Exception) -> None:
        """Until a round goes well again: it is tried every second."""
        if not self._stuck:
            # An error of ours is a sentence; any other one is a fault, and shows where it lies.
            fault = None if isinstance(problem, StoreError) else problem
            _LOG.warning(
                "notices_stuck", channel=self._carrier.name, problem=str(problem), exc_info=fault
            )
        self._stuck = True


class Couriers:
    """A courier for every channel.

    Parameters
    ----------
    channels : sequence of Channel
    outbox : Outbox
    wall : callable
        Gives the wall's time.
    token : int
        Of the lease.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        outbox: Outbox,
        *,
        wall: Callable[[], datetime],
        token: int,
    ) -> None:
        self._outbox = outbox
        self._token = token
        self._names = [channel.name for channel in channels]
        self._couriers = [
            Courier(Carrier(channel), outbox, wall=wall, token=token) for channel in channels
        ]

    def start(self) -> None:
        """Give up on channels that are no more, then send everybody round.

        Raises
        ------
        LeaseLost, StoreUnavailable
            As the outbox does.
        """
        gone = self._outbox.bury_all_but(self._names, _GONE, token=self._token)
        if gone:
            _LOG.error("notification_dead", letters=gone, problem=_GONE)
        for courier in self._couriers:
            courier.start()

    def stop(self) -> None:
        """End; what is not delivered yet is so after the next start."""
        for courier in self._couriers:
            courier.tell_to_end()
        for courier in self._couriers:
            courier.await_end()


def _wait_after(attempts: int) -> timedelta:
    doubled = min(attempts - 1, 10)  # more is longer than the longest, and might overflow
    return min(FIRST_WAIT * (1 << doubled), LONGEST_WAIT)
