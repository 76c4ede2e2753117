"""Seawall for agents that wait."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx2
import structlog

from risk.client.answers import Answer
from risk.client.base import ClientBase, Options
from risk.client.core import OrderFields, Settlement
from risk.client.deadline import DeadlineTransport
from risk.client.flows import Attempt, Effect, Flow, Heard, Lost, Next, Open, Reply, Tell, Wait
from risk.client.http import (
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
# Opening the stream; reading it has no end.
_OPENING = 5.0
_GOODBYE = 5.0

Outcome = TypeVar("Outcome")
Callback = Callable[[ReductionView], object]


class Seawall(ClientBase):
    """A trading agent's way to Seawall. Safe to share between threads.

    Parameters
    ----------
    url : str, optional
        Else ``SEAWALL_URL``, else ``http://127.0.0.1:8051``.
    key : str, optional
        Else ``SEAWALL_KEY``, else, on the same machine, ``SEAWALL_HOME/service.key``.
    portfolio, strategy : str
        What orders are for, unless they name another strategy.
    timeout : float
        Seconds for an answer to an order or signal, all attempts together.
    **more : Options

    Raises
    ------
    SettingInvalid
        If the address is none, or there is no key.

    Notes
    -----
    All methods but `validate` raise `NoAnswer` where nothing came back that counts, and
    `RequestRefused` where Seawall says that it will not.
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
        self._wire = _Wire(*self._place)
        self._running: list[Background] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what runs in the background, settle slices, and close all connections."""
        for background in self._running:
            background.stop()
        try:
            self._run(finish(self._core))
        finally:
            self._wire.close()

    # --- orders -----------------------------------------------------------------------------

    def validate(
        self, asset: str, side: str, quantity: float, **order: Unpack[OrderFields]
    ) -> Answer:
        """Whether an order may be sent, and how much of it: ask before each order.

        What is approved holds room until `filled` or `cancelled` says what became of it.

        Parameters
        ----------
        asset : str
            Such as ``BTC/USDT``.
        side : {"buy", "sell"}
        quantity : float
            Units.
        **order : OrderFields

        Returns
        -------
        Answer
            A rejection with the code ``no_answer`` where Seawall did not answer.

        Raises
        ------
        NoAnswer, RequestRefused
            Instead of that, with ``on_failure="raise"``.
        """
        return self._run(self._core.validate(asset, side, quantity, order))

    def signal(
        self,
        asset: str,
        side: str,
        quantity: float | None = None,
        *,
        strategy: str | None = None,
        venue: str | None = None,
    ) -> SignalAnswer:
        """What an idea would be answered; without a quantity, how much would pass."""
        return self._run(self._core.signal(asset, side, quantity, strategy=strategy, venue=venue))

    def filled(
        self,
        client_order_id: str,
        *,
        fill_id: str,
        quantity: float,
        price: float,
        fee: float = 0.0,
        at: datetime | None = None,
    ) -> OrderStanding:
        """Report a trade. The same `fill_id` again is the same trade.

        A report that may not have arrived is kept, and told again by `settle`.
        """
        return self._run(
            self._core.filled(
                client_order_id, fill_id=fill_id, quantity=quantity, price=price, fee=fee, at=at
            )
        )

    def cancelled(self, client_order_id: str) -> OrderStanding:
        """Report that an order is dead: was cancelled, refused by the exchange, or never sent.

        Only this, or the last fill, gives its room back. Kept and told again like a fill.
        """
        return self._run(self._core.cancelled(client_order_id))

    def standing(self, client_order_id: str) -> OrderStanding:
        """Where an order stands that was let through: what was reserved, what was filled."""
        return self._run(self._core.standing(client_order_id))

    def answer_to(self, client_order_id: str) -> OrderAnswer:
        """What was answered to an order, with all reasons: to read, never to send by."""
        return self._run(self._core.answer_to(client_order_id))

    def settle(self, *, keep: bool = False) -> Settlement:
        """Make known what is in doubt, so that no room is held for orders that nobody sent.

        Asks again about each order whose answer was lost, with its id, and tells Seawall that
        what it had approved is dead; then tells again each report that may not have arrived. Do
        not ask about an order in doubt again while this runs in another thread.

        Parameters
        ----------
        keep : bool
            Whether to keep approvals that may still be sent, for the agent to send.
        """
        return self._run(self._core.settle(keep=keep))

    # --- the book ---------------------------------------------------------------------------

    def status(self) -> StatusView:
        """The trading state, and how old Seawall's figures are."""
        return self._run(self._core.status())

    def holds(self) -> tuple[Hold, ...]:
        """What holds scopes tighter than normal, and why."""
        return self._run(self._core.holds())

    def positions(self) -> tuple[PositionView, ...]:
        """Everything that is held."""
        return self._run(self._core.positions())

    def limits(self) -> LimitsView:
        """All limits, and how full they are."""
        return self._run(self._core.limits())

    def reductions(self) -> tuple[ReductionView, ...]:
        """Requests to make positions smaller that are not met."""
        return self._run(self._core.reductions())

    def acknowledge(self, reduction_id: str) -> None:
        """Say that a request to reduce was heard."""
        self._run(self._core.acknowledge(reduction_id))

    def halt(self, reason: str, scope: str | None = None) -> CommandAnswer:
        """Stop trading at once, in the portfolio or a scope such as ``strategy:trend``."""
        return self._run(self._core.halt(reason, scope))

    # --- the background ---------------------------------------------------------------------

    def on_reduction(self, callback: Callback) -> "Background":
        """Call `callback` in a thread with every request to reduce, at least once.

        Parameters
        ----------
        callback : callable
            Given a `ReductionView`. If it raises, it is called again with the same request.

        Returns
        -------
        Background
        """
        watch = Watch(self._core, self._pauses).run()
        return self._in_background(watch, "seawall-reductions", callback)

    def check_locally(
        self, *, every: float = 1.0, stale_after: float = 5.0, slices: Iterable[Slice] = ()
    ) -> "Background":
        """Let `validate` reject at once what Seawall would reject, by what it last showed.

        With `slices` of room it also approves at once what fits into them: see
        ``docs/agents.md``. They are settled before a fill or the end of such an order is
        reported, and when the client is closed.

        Parameters
        ----------
        every : float
            Seconds between two looks at status, limits and positions, and two renewals of slices,
            which live for two seconds.
        stale_after : float
            Seconds after which no new risk is asked for on what was seen.
        slices : iterable of Slice
            Room to keep at hand; none unless named.

        Returns
        -------
        Background
        """
        local = self._locally(stale_after, slices)
        self._run(begin(self._core, local))
        flow = synchronising(self._core, local, every)
        return self._in_background(flow, "seawall-local-checks", _nobody)

    def _in_background(self, flow: Flow[None], name: str, callback: Callback) -> "Background":
        background = Background(self._wire, flow, callback, name)
        self._running.append(background)
        return background

    def _run(self, flow: Flow[Outcome]) -> Outcome:
        return _converse(flow, self._wire.do)


class Background:
    """Something that goes on in a thread until it is stopped.

    Parameters
    ----------
    wire : object
        How to reach Seawall.
    flow : generator
        The conversation.
    callback : callable
        What is told of reductions.
    name : str
        Of the thread.
    """

    def __init__(self, wire: "_Wire", flow: Flow[None], callback: Callback, name: str) -> None:
        self._wire = wire
        self._flow = flow
        self._callback = callback
        self._stream = _Stream(wire)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it; waits for it, unless called from within."""
        self._stopping.set()
        self._stream.wake()
        if self._thread is not threading.current_thread():
            self._thread.join(_GOODBYE)

    def _go_on(self) -> None:
        try:
            # Being stopped is no news: an agent that logs nothing itself would see it printed.
            with suppress(_Stopped):
                _converse(self._flow, self._do)
        except Exception:  # noqa: BLE001 - logged: a thread has nobody to raise to
            _LOG.exception("background_failed", thread=self._thread.name)
        finally:
            self._stream.close()

    def _do(self, effect: Effect) -> object:
        if self._stopping.is_set():
            raise _Stopped
        match effect:
            case Wait(seconds):
                self._stopping.wait(seconds)
                return None
            case Open():
                return self._stream.open(effect)
            case Next():
                heard_of = self._stream.next()
                if self._stopping.is_set():
                    raise _Stopped  # the stream did not break: `stop` ended it
                return heard_of
            case Tell(reduction):
                return self._took(reduction)
            case _:
                return self._wire.do(effect)

    def _took(self, reduction: ReductionView) -> bool:
        try:
            self._callback(reduction)
        except Exception:  # noqa: BLE001 - logged, and the agent is told again
            _LOG.exception("callback_failed_and_is_told_again", reduction=reduction.id)
            return False
        return True


class _Stopped(Exception):
    """The background is to end."""


class _Wire:
    """One attempt of a request."""

    def __init__(self, url: str, key: str) -> None:
        self.transport = DeadlineTransport(trust_for(url))
        self.http = httpx2.Client(transport=self.transport, **options(url, key))

    def do(self, effect: Effect) -> object:
        match effect:
            case Attempt():
                return self._attempt(effect)
            case Wait(seconds):
                time.sleep(seconds)
                return None
            case _:
                raise TypeError(f"only the background does {type(effect).__name__}")

    def _attempt(self, effect: Attempt) -> Reply | Lost:
        asked = self.http.stream(**request_of(effect.call), timeout=effect.seconds)
        body = bytearray()
        try:
            with self.transport.ending_in(effect.seconds), asked as response:
                for part in response.iter_raw():
                    longer(body, part)
                return reply_of(response, bytes(body))
        except TROUBLE as error:
            return lost_to(error)

    def close(self) -> None:
        self.http.close()


class _Stream:
    """The stream of events: opened, read, woken up from another thread, closed."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._open = ExitStack()
        self._events: Iterator[httpx2.ServerSentEvent] = iter(())
        self._socket: socket.socket | None = None

    def open(self, effect: Open) -> Lost | None:
        self.close()
        try:
            with self._wire.transport.ending_in(_OPENING):
                source = self._open.enter_context(self._wire.http.sse(**stream_of(effect)))
        except TROUBLE as error:
            return lost_to(error)
        self._socket = source.response.extensions["network_stream"].get_extra_info("socket")
        self._events = iter(source)
        return not_a_stream(source.response)

    def next(self) -> Heard | Lost:
        try:
            return heard(next(self._events))
        except StopIteration:
            return STREAM_OVER
        except TROUBLE as error:
            return lost_to(error)

    def wake(self) -> None:
        """Make a read in another thread end at once."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                _LOG.debug("stream_was_closed_already")

    def close(self) -> None:
        self._socket = None
        self._open.close()


def _converse(flow: Flow[Outcome], do: Callable[[Effect], Any]) -> Outcome:
    came: Any = None
    try:
        while True:
            try:
                effect = flow.send(came)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            came = do(effect)
    finally:
        # An agent's Ctrl-C ends the conversation here and now, with what it has to remember.
        flow.close()


def _nobody(_: ReductionView) -> None:
    """Local checks tell nobody."""
