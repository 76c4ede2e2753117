"""The notary: has the journal's checkpoints signed now and then, and never keeps anybody waiting.

A key that cannot be read, a full disk or a hanging anchor must not stop trading, nor the keeping of
the house: each round runs in a thread of its own, and none begins while another one hangs. What
goes wrong is told once, and shows in the authority's numbers until it is over.
"""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

from risk.domain.checkpoints import Checkpoint
from risk.errors import SeawallError

_LOG = structlog.get_logger(__name__)

#: Seconds that the last round may take, when the authority ends.
FAREWELL = 2.0


class SignedStream(Protocol):
    """What came of signing a stream; see `risk.storage.checkpoints.Signed`."""

    @property
    def checkpoint(self) -> Checkpoint | None:
        """None if there was nothing to sign."""
        ...

    @property
    def unanchored(self) -> str | None:
        """Why there is no copy at the anchor."""
        ...

    @property
    def broken(self) -> str | None:
        """Where the journal does not hold."""
        ...


class Checkpoints(Protocol):
    """Signs streams of the journal; see `risk.storage.checkpoints.SqlCheckpoints`."""

    def sign(self, stream: str) -> SignedStream:
        """Sign how far a stream has come.

        Raises
        ------
        SeawallError
            If it cannot be signed, or the database does not answer.
        """
        ...


class NotaryView(NamedTuple):
    """How the notary fares.

    Attributes
    ----------
    signed_ago : float or None
        Seconds since all streams were last signed as far as they had come; None if they never
        were.
    problem : str or None
        Why the last round did not go well; None if it did.
    broken : str or None
        Where the journal was found not to hold, since this program began.
    """

    signed_ago: float | None
    problem: str | None
    broken: str | None


class Notary:
    """Has streams signed, one round at a time.

    Parameters
    ----------
    checkpoints : Checkpoints
    streams : sequence of str
    monotonic : callable
        Seconds that only ever grow.
    tell : callable
        Called with a stream and where it does not hold, once: people must hear of it.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        streams: Sequence[str],
        *,
        monotonic: Callable[[], float],
        tell: Callable[[str, str], None],
    ) -> None:
        self._checkpoints = checkpoints
        self._streams = tuple(streams)
        self._monotonic = monotonic
        self._tell_people = tell
        self._round: threading.Thread | None = None
        self._signed_at: float | None = None
        self._problem: str | None = None
        self._broken: str | None = None
        # A break is found once: who could not be told of it is told with a later round.
        self._untold: dict[str, str] = {}

    def begin_round(self) -> None:
        """Have everything signed that is new, beside whatever else goes on."""
        if self._round is not None and self._round.is_alive():
            self._tell("the last round has not ended yet: its disk or the anchor hangs")
            return
        self._round = threading.Thread(target=self.round, name="notary", daemon=True)
        self._round.start()

    def round(self) -> None:
        """Have everything signed that is new; nothing is raised."""
        problem = None
        for stream in self._streams:
            problem = self._sign(stream) or problem
        self._tell(problem)
        if problem is None:
            self._signed_at = self._monotonic()

    def stop(self) -> None:
        """A last round, which is not waited for if it hangs."""
        self._await_round()
        self.begin_round()
        self._await_round()

    @property
    def view(self) -> NotaryView:
        """How it fares."""
        signed = self._signed_at
        ago = None if signed is None else self._monotonic() - signed
        return NotaryView(ago, self._problem, self._broken)

    def _await_round(self) -> None:
        if self._round is not None:
            self._round.join(FAREWELL)

    def _sign(self, stream: str) -> str | None:
        """Why one stream could not be signed and anchored; None if it was."""
        try:
            signed = self._checkpoints.sign(stream)
            if signed.broken is not None and signed.broken != self._broken:
                self._broken = self._untold[stream] = signed.broken
                _LOG.error("journal_broken", stream=stream, problem=signed.broken)
            self._tell_of_break(stream)
        except SeawallError as problem:
            return str(problem)
        except Exception as fault:  # noqa: BLE001 - told, and tried again with the next round
            _LOG.exception("checkpoint_failed", stream=stream)
            return f"an unforeseen {type(fault).__name__}, which the log explains"
        return signed.unanchored

    def _tell_of_break(self, stream: str) -> None:
        problem = self._untold.get(stream)
        if problem is not None:
            self._tell_people(stream, problem)
            del self._untold[stream]

    def _tell(self, problem: str | None) -> None:
        """Once, until it is another one or over."""
        if problem is not None and problem != self._problem:
            _LOG.error("journal_not_signed", problem=problem)
        elif problem is None and self._problem is not None:
            _LOG.info("journal_signed_again")
        self._problem = problem
