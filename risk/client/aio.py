"""Seawall for agents that run on asyncio: the same methods, awaited."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx2
import structlog

from risk.client.answers import Answer
from risk.client.base import ClientBase, Options
from risk.client.core import OrderFields, Settlement
from risk.client.flows import (
    TOO_LATE,
    Attempt,
    Effect,
    Flow,
    Heard,
    Lost,
    Next,
    Open,
    Reply,
    Tell,
    Wait,
)
from risk.client.http import (
    LIMITS,
    STREAM_OVER,
    TROUBLE,
    heard,
    longer,
    lost_to,
    not_a_stream,
    options,
    reply_of,
    request_of,
    stream_of,
    trust_for,
)
from risk.client.slices import Slice
from risk.client.views import Hold, LimitsView, PositionView, ReductionView, StatusView
from risk.client.watch import Watch, begin, finish, synchronising
from risk.domain.messages import CommandAnswer, OrderAnswer, OrderStanding, SignalAnswer

_LOG = structlog.get_logger(__name__)
_OPENING = 5.0

Outcome = TypeVar("Outcome")
Callback = Callable[[ReductionView], object | Awaitable[object]]


class AsyncSeawall(ClientBase):
    """As `Seawall`, whose documentation holds here: every method is awaited.

    A task that is cancelled while it waits for an answer leaves the order in doubt.

    Parameters
    ----------
    url, key : str, optional
    portfolio, strategy : str
    timeout : float
        Seconds.
    **more : Options
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        portfolio: str = "demo",
        strategy: str = "",
        timeout: float = 0.25,
        **more: Unpack[Options],
    ) -> None:
        super().__init__(url, key, portfolio, strategy, timeout, more)
        transport = httpx2.AsyncHTTPTransport(
            verify=trust_for(self._place.url), limits=LIMITS, trust_env=False
        )
        self._http = httpx2.AsyncClient(transport=transport, **options(*self._place))
        self._running: list[AsyncBackground] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End what runs in the background, settle slices, and close all connections."""
        for background in self._running:
            await background.stop()
        try:
            await self._run(finish(self._core))
        finally:
            await self._http.aclose()

    # --- orders -----------------------------------------------------------------------------

    async def validate(
        self, asset: str, side: str, quantity: float, **order: Unpack[OrderFields]
    ) -> Answer:
        """See `Seawall.validate`."""
        return await self._run(self._core.validate(asset, side, quantity, order))

    async def signal(
        self,
        asset: str,
        side: str,
        quantity: float | None = None,
        *,
        strategy: str | None = None,
        venue: str | None = None,
    ) -> SignalAnswer:
        """See `Seawall.signal`."""
        return await self._run(
            self._core.signal(asset, side, quantity, strategy=strategy, venue=venue)
        )

    async def filled(
        self,
        client_order_id: str,
        *,
        fill_id: str,
        quantity: float,
        price: float,
        fee: float = 0.0,
        at: datetime | None = None,
    ) -> OrderStanding:
        """See `Seawall.filled`."""
        return await self._run(
            self._core.filled(
                client_order_id, fill_id=fill_id, quantity=quantity, price=price, fee=fee, at=at
            )
        )

    async def cancelled(self, client_order_id: str) -> OrderStanding:
        """See `Seawall.cancelled`."""
        return await self._run(self._core.cancelled(client_order_id))

    async def standing(self, client_order_id: str) -> OrderStanding:
        """See `Seawall.standing`."""
        return await self._run(self._core.standing(client_order_id))

    async def answer_to(self, client_order_id: str) -> OrderAnswer:
        """See `Seawall.answer_to`."""
        return await self._run(self._core.answer_to(client_order_id))

    async def settle(self, *, keep: bool = False) -> Settlement:
        """See `Seawall.settle`."""
        return await self._run(self._core.settle(keep=keep))

    # --- the book ---------------------------------------------------------------------------

    async def status(self) -> StatusView:
        """See `Seawall.status`."""
        return await self._run(self._core.status())

    async def holds(self) -> tuple[Hold, ...]:
        """See `Seawall.holds`."""
        return await self._run(self._core.holds())

    async def positions(self) -> tuple[PositionView, ...]:
        """See `Seawall.positions`."""
        return await self._run(self._core.positions())

    async def limits(self) -> LimitsView:
        """See `Seawall.limits`."""
        return await self._run(self._core.limits())

    async def reductions(self) -> tuple[ReductionView, ...]:
        """See `Seawall.reductions`."""
        return await self._run(self._core.reductions())

    async def acknowledge(self, reduction_id: str) -> None:
        """See `Seawall.acknowledge`."""
        await self._run(self._core.acknowledge(reduction_id))

    async def halt(self, reason: str, scope: str | None = None) -> CommandAnswer:
        """See `Seawall.halt`."""
        return await self._run(self._core.halt(reason, scope))

    # --- the background ---------------------------------------------------------------------

    async def on_reduction(self, callback: Callback) -> "AsyncBackground":
        """See `Seawall.on_reduction`; a task instead of a thread, and `callback` may be async."""
        watch = Watch(self._core, self._pauses).run()
        return self._in_background(watch, "seawall-reductions", callback)

    async def check_locally(
        self, *, every: float = 1.0, stale_after: float = 5.0, slices: Iterable[Slice] = ()
    ) -> "AsyncBackground":
        """See `Seawall.check_locally`."""
        local = self._locally(stale_after, slices)
        await self._run(begin(self._core, local))
        flow = synchronising(self._core, local, every)
        return self._in_background(flow, "seawall-local-checks", _nobody)

    def _in_background(self, flow: Flow[None], name: str, callback: Callback) -> "AsyncBackground":
        background = AsyncBackground(self._http, flow, callback, name)
        self._running.append(background)
        return background

    async def _run(self, flow: Flow[Outcome]) -> Outcome:
        return await _converse(flow, _Doer(self._http, _nobody))


class AsyncBackground:
    """Something that goes on in a task until it is stopped.

    Parameters
    ----------
    http : httpx2.AsyncClient
    flow : generator
        The conversation.
    callback : callable
        What is told of reductions; may be async.
    name : str
        Of the task.
    """

    def __init__(
        self, http: httpx2.AsyncClient, flow: Flow[None], callback: Callback, name: str
    ) -> None:
        self._doer = _Doer(http, callback)
        self._task = asyncio.create_task(self._go_on(flow), name=name)

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return not self._task.done()

    async def stop(self) -> None:
        """End it; waits for it, unless called from within."""
        if self._task is asyncio.current_task():
            self._task.cancel()
            return
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _go_on(self, flow: Flow[None]) -> None:
        try:
            await _converse(flow, self._doer)
        except Exception:  # noqa: BLE001 - logged: a task has nobody to raise to
            _LOG.exception("background_failed", task=self._task.get_name())
        finally:
            await self._doer.close()


class _Doer:
    """Does what a conversation asks for."""

    def __init__(self, http: httpx2.AsyncClient, callback: Callback) -> None:
        self._http = http
        self._callback = callback
        self._open = AsyncExitStack()
        self._events: AsyncIterator[httpx2.ServerSentEvent] | None = None

    async def do(self, effect: Effect) -> object:
        match effect:
            case Attempt():
                return await self._attempt(effect)
            case Wait(seconds):
                await asyncio.sleep(seconds)
                return None
            case Open():
                return await self._opened(effect)
            case Next():
                return await self._next()
            case Tell(reduction):
                return await self._took(reduction)

    async def _attempt(self, effect: Attempt) -> Reply | Lost:
        asked = self._http.stream(**request_of(effect.call), timeout=None)
        body = bytearray()
        try:
            async with asyncio.timeout(effect.seconds), asked as response:
                async for part in response.aiter_raw():
                    longer(body, part)
                return reply_of(response, bytes(body))
        except TimeoutError:
            return TOO_LATE
        except TROUBLE as error:
            return lost_to(error)

    async def _opened(self, effect: Open) -> Lost | None:
        await self.close()
        try:
            async with asyncio.timeout(_OPENING):
                source = await self._open.enter_async_context(self._http.sse(**stream_of(effect)))
        except TROUBLE as error:
            return lost_to(error)
        self._events = aiter(source)
        return not_a_stream(source.response)

    async def _next(self) -> Heard | Lost:
        if self._events is None:
            return STREAM_OVER
        try:
            return heard(await anext(self._events))
        except StopAsyncIteration:
            return STREAM_OVER
        except TROUBLE as error:
            return lost_to(error)

    async def _took(self, reduction: ReductionView) -> bool:
        try:
            came = self._callback(reduction)
            if inspect.isawaitable(came):
                await came
        except Exception:  # noqa: BLE001 - logged, and the agent is told again
            _LOG.exception("callback_failed_and_is_told_again", reduction=reduction.id)
            return False
        return True

    async def close(self) -> None:
        self._events = None
        await self._open.aclose()


async def _converse(flow: Flow[Outcome], doer: _Doer) -> Outcome:
    came: object = None
    try:
        while True:
            try:
                effect = flow.send(came)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            came = await doer.do(effect)
    finally:
        # A cancelled task ends the conversation here and now, with what it has to remember.
        flow.close()


def _nobody(_: ReductionView) -> None:
    """Local checks tell nobody."""
