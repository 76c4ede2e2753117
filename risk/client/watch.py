"""Conversations that go on in the background: requests to reduce, and what local checks know."""

from dataclasses import dataclass

import structlog

from risk.client.answers import Unreadable
from risk.client.core import EVENTS, Core
from risk.client.errors import NoAnswer, RequestRefused
from risk.client.flows import Flow, Heard, Lost, Next, Open, Tell, Wait
from risk.client.local import LocalChecks
from risk.client.views import ReductionView, read_object, read_reduction, text

_LOG = structlog.get_logger(__name__)
_REQUESTED = "ReductionRequested"


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """How long the background waits.

    Attributes
    ----------
    poll : float
        Seconds between two looks where the stream cannot be had.
    first, most : float
        Seconds after the first failure, and at most: it doubles with each in a row.
    silence : float
        Seconds without a byte after which a stream counts as broken.
    """

    poll: float = 2.0
    first: float = 0.25
    most: float = 10.0
    silence: float = 30.0

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return min(self.first * 2.0 ** min(failures, 16), self.most)


class Watch:
    """Tells an agent of every request to reduce: at least once, and again until it took it.

    The stream is opened first and the open requests are listed after that, so that none falls
    between the two. Where the stream cannot be had, they are listed again and again.

    Parameters
    ----------
    core : Core
    pauses : Pauses
    """

    def __init__(self, core: Core, pauses: Pauses) -> None:
        self._core = core
        self._pauses = pauses
        self._told: dict[str, float] = {}
        self._last_id = ""
        self._failures = 0

    def run(self) -> Flow[None]:
        """For ever, until whoever runs it stops."""
        while True:
            opened = yield Open(EVENTS, self._last_id, self._pauses.silence)
            well = yield from self._list()
            if isinstance(opened, Lost):
                _LOG.info("reductions_are_polled", problem=opened.problem)
                pause = self._pauses.poll
            else:
                pause = 0.0
                well = well and (yield from self._listen())
            self._failures = 0 if well else self._failures + 1
            yield Wait(max(pause, self._pauses.after(self._failures)))

    def _listen(self) -> Flow[bool]:
        """Tell what the stream says until it breaks; whether all of it was taken."""
        while True:
            event = yield Next()
            if isinstance(event, Lost):
                _LOG.info("stream_of_events_broke", problem=event.problem)
                return True
            self._failures = 0
            if not (yield from self._dealt_with(event)):
                # Not taken: the list that is read when the stream is opened again has it still.
                return False
            self._last_id = event.id or self._last_id

    def _dealt_with(self, event: Heard) -> Flow[bool]:
        try:
            said = read_object(event.data.encode())
            if (text(said.get("kind")) or event.event) != _REQUESTED:
                return True
            body = said.get("body", said)
            reduction = read_reduction(body if isinstance(body, dict) else {})
        except Unreadable:
            # Whatever it was, the list says what is asked now.
            return (yield from self._list())
        return (yield from self._tell(reduction))

    def _list(self) -> Flow[bool]:
        try:
            asked = yield from self._core.reductions()
        except (NoAnswer, RequestRefused) as failure:
            _LOG.warning("reductions_not_heard", problem=str(failure))
            return False
        open_ids = {reduction.id for reduction in asked}
        self._told = {name: told for name, told in self._told.items() if name in open_ids}
        taken = True
        for reduction in asked:
            taken = (yield from self._tell(reduction)) and taken
        return taken

    def _tell(self, reduction: ReductionView) -> Flow[bool]:
        mine = not self._core.strategy or reduction.strategy == self._core.strategy
        if not mine or self._told.get(reduction.id) == reduction.target_quantity:
            return True
        taken: bool = yield Tell(reduction)
        if taken:
            self._told[reduction.id] = reduction.target_quantity
        return taken


def refresh(core: Core, local: LocalChecks) -> Flow[bool]:
    """Bring local checks up to date once; whether it worked."""
    at = core.clock()
    try:
        status = yield from core.status()
        holds = yield from core.holds()
        limits = yield from core.limits()
        positions = yield from core.positions()
    except (NoAnswer, RequestRefused) as failure:
        _LOG.warning("local_checks_not_synchronised", problem=str(failure))
        return False
    local.take(status, holds, limits, positions, at=at)
    return True


def begin(core: Core, local: LocalChecks) -> Flow[None]:
    """Bring local checks up to date, and have slices at hand where they are wanted."""
    yield from refresh(core, local)
    if core.slices is not None:
        yield from core.slices.renew()


def finish(core: Core) -> Flow[None]:
    """Keep no room at hand any more."""
    if core.slices is not None:
        yield from core.slices.finish()


def synchronising(core: Core, local: LocalChecks, every: float) -> Flow[None]:
    """Bring local checks up to date and renew slices, again and again."""
    while True:
        yield Wait(every)
        yield from begin(core, local)
