"""What a conversation with Seawall is made of.

A conversation is a generator: it yields what is to be done (an `Effect`) and is sent what came of
it. It never touches the network and never sleeps, so that one text of it serves blocking and
asynchronous agents, and tests need neither.
"""

from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from risk.client.views import ReductionView


class Call(NamedTuple):
    """A request.

    Attributes
    ----------
    method, path : str
    body : bytes or None
        JSON.
    what : str
        For people: what was asked.
    """

    method: str
    path: str
    body: bytes | None
    what: str


class Reply(NamedTuple):
    """What came back, whole.

    Attributes
    ----------
    status : int
    body : bytes
    retry_after : float or None
        Seconds that Seawall asks to wait.
    """

    status: int
    body: bytes
    retry_after: float | None = None


class Lost(NamedTuple):
    """Nothing came back, or not all of it.

    Attributes
    ----------
    problem : str
        The rest of a sentence.
    reached : bool
        Whether the request may have arrived.
    """

    problem: str
    reached: bool


#: What a time-out is.
TOO_LATE = Lost("it did not come in time", reached=True)


class Attempt(NamedTuple):
    """Send `call`, once; answered by `Reply` or `Lost` within `seconds`."""

    call: Call
    seconds: float


class Wait(NamedTuple):
    """Let so many seconds pass."""

    seconds: float


class Open(NamedTuple):
    """Open the stream of events; answered by None or `Lost`.

    Attributes
    ----------
    path : str
    last_id : str
        Of the last event that was dealt with; empty before the first.
    silence : float
        Seconds without a byte after which it counts as broken.
    """

    path: str
    last_id: str
    silence: float


class Next(NamedTuple):
    """Wait for the stream's next event; answered by `Heard` or `Lost`."""


class Heard(NamedTuple):
    """An event of the stream.

    Attributes
    ----------
    id, event, data : str
    """

    id: str
    event: str
    data: str


class Tell(NamedTuple):
    """Call the agent back; answered by whether it took the request without an error."""

    reduction: ReductionView


Effect: TypeAlias = Attempt | Wait | Open | Next | Tell
Outcome = TypeVar("Outcome")
Flow: TypeAlias = Generator[Effect, Any, Outcome]
