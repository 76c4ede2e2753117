"""Events as they happen (server-sent events), for as long as a listener keeps up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated

import msgspec
import structlog
from starlette.types import Receive, Send

from risk.api.hub import Hub
from risk.api.news import LARGEST_SEQ, News
from risk.api.operations import READERS, Call, Operation, Streamed
from risk.api.problems import bad_parameter
from risk.api.sight import Sight
from risk.domain.keys import ApiKey
from risk.errors import StoreError

_LOG = structlog.get_logger(__name__)

_ALIVE = b": still here\n\n"


class EventStream:
    """One listener's stream; the listener has entered the hub.

    Parameters
    ----------
    hub : Hub
    key : ApiKey
    after : int
        Number of the last entry that the listener knows.
    """

    def __init__(self, hub: Hub, key: ApiKey, after: int) -> None:
        self._hub = hub
        self._key = key
        self._after = after

    async def send_to(self, send: Send, receive: Receive) -> None:
        """Tell until the listener goes, falls behind, loses its key, or the server ends."""
        telling = asyncio.ensure_future(self._tell(send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((telling, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self._key)
            for task in (telling, gone):
                task.cancel()
        with suppress(asyncio.CancelledError):
            await telling

    async def _tell(self, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async for part in self._parts():
                async with asyncio.timeout(self._hub.pace.patience):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        except TimeoutError:
            # Left unfinished, so that the server cuts the line.
            _LOG.info("listener_dropped", key=self._key.id)
            return
        await send({"type": "http.response.body", "body": b""})

    async def _parts(self) -> AsyncIterator[bytes]:
        hub = self._hub
        yield _ALIVE
        while hub.open and hub.desk.keys.holds(self._key):
            # Taken before looking, so that what comes meanwhile ends the wait.
            woken = hub.woken
            news = await self._news()
            sight = self._sight()
            told = [each.frame for each in news if sight.event(each.kind, each.about)]
            if told:
                yield b"".join(told)
            elif not news and not await _within(woken, hub.pace.heartbeat):
                yield _ALIVE

    async def _news(self) -> Sequence[News]:
        try:
            news = await self._hub.after(self._after)
        except StoreError:
            # The poller tells of it, and wakes us once the journal can be read again.
            return ()
        if news:
            self._after = news[-1].seq
        return news

    def _sight(self) -> Sight:
        view = self._hub.desk.view()
        return Sight(self._key, None if view is None else view.state.policy)


async def _within(woken: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return False
    return True


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class StreamParameters(msgspec.Struct, kw_only=True, frozen=True):
    """Where to go on.

    Attributes
    ----------
    after : int or None
        Number of the last event known, for programs that cannot send the header Last-Event-ID,
        which comes first. From now on if neither is given.
    """

    after: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SEQ)] | None = None


async def _stream(call: Call) -> Streamed:
    hub, key = call.room.hub, call.key
    known = _last_event_id(call)
    wanted = call.parameters.after if known is None else known
    hub.enter(key)
    try:
        newest = await hub.newest()
        if wanted is None:
            return EventStream(hub, key, newest)
        # A number from the future, as of another database, is none to wait for.
        if wanted > newest:
            wanted = min(wanted, await hub.newest(surely=True))
        return EventStream(hub, key, wanted)
    except BaseException:
        hub.leave(key)
        raise


def _last_event_id(call: Call) -> int | None:
    text = next((value for name, value in call.headers if name == b"last-event-id"), b"")
    if not text:
        return None
    if not (text.isdigit() and len(text) < len(str(LARGEST_SEQ))):
        raise bad_parameter("Last-Event-ID must be the number of an event")
    return int(text)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/events/stream",
        summary="Events as they happen (server-sent events); goes on after Last-Event-ID.",
        handle=_stream,
        abilities=READERS,
        parameters=StreamParameters,
        answer=Streamed,
        media="text/event-stream",
        problems=(429, 503),
        bucket="reads",
    ),
)
