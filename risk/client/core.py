"""Everything that a client asks, and what it makes of what comes back. No network, no sleeping.

One law rules here: **whatever goes wrong is no approval.** What may have been done without our
knowing is remembered, and `Core.settle` makes it known.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, TypedDict, TypeVar
from urllib.parse import quote

import msgspec
import structlog

from risk.client.answers import (
    Answer,
    Unreadable,
    decoded,
    is_finite,
    malformed,
    read_order_answer,
    read_signal_answer,
    refused,
    unanswered,
)
from risk.client.clock import monotonic
from risk.client.errors import NoAnswer, RequestRefused
from risk.client.flows import TOO_LATE, Attempt, Call, Flow, Lost, Reply, Wait
from risk.client.ids import OrderIds
from risk.client.local import LocalChecks
from risk.client.memory import Memory, Report
from risk.client.slices import Slices
from risk.client.views import (
    Hold,
    LimitsView,
    PositionView,
    ReductionView,
    StatusView,
    read_holds,
    read_limits,
    read_positions,
    read_reductions,
    read_status,
)
from risk.domain.decisions import Outcome as Judged
from risk.domain.messages import (
    CommandAnswer,
    CommandBody,
    FillBody,
    OrderAnswer,
    OrderBody,
    OrderStanding,
    Problem,
    ReasonMessage,
    SignalAnswer,
    SignalBody,
)
from risk.domain.orders import OrderType, Side

_LOG = structlog.get_logger(__name__)

Message = TypeVar("Message", OrderStanding, OrderAnswer, CommandAnswer)
Read = TypeVar("Read")

OnFailure = Literal["reject", "raise"]

EVENTS = "/api/v1/events/stream"
_ORDERS = "/api/v1/orders"
# Between attempts: a refused connection is tried again at once, a busy Seawall is not pressed.
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.5
# What a standby says before it looks at what was asked.
_NOBODY_THERE = "no_authority"
# Time-outs, "too early" and "too many": not a verdict on what was asked.
_TRY_AGAIN = (408, 425, 429)
_NOT_IMPLEMENTED = 501
_OK = 200
# Without answers in one round of settling, Seawall is away: the next round may find it.
_ENOUGH = 3


class OrderFields(TypedDict, total=False):
    """What an order may say beside asset, side and quantity.

    Attributes
    ----------
    client_order_id : str
        Made by the client if it is missing; the same id again is the same order.
    strategy : str
        Instead of the client's.
    order_type : str
        ``limit`` where a limit price is given, else ``market``.
    limit_price : float
        Quote currency.
    reduce_only, emergency : bool
        Claims that Seawall does not believe without proof.
    venue : str
        Needed where the policy names more than one.
    """

    client_order_id: str
    strategy: str
    order_type: OrderType | Literal["market", "limit"]
    limit_price: float | None
    reduce_only: bool
    emergency: bool
    venue: str | None


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What became of what was in doubt.

    Attributes
    ----------
    answers : tuple of Answer
        Orders whose answer is known now. Approved ones may still be sent if they are `sendable`.
    cancelled : tuple of str
        Ids of orders that had been approved and whose room was given back.
    reported : int
        Reports that arrived now.
    refused : tuple of RequestRefused
        What Seawall did not want to hear.
    left : tuple of str
        What is still in doubt or unsaid, for people.
    """

    answers: tuple[Answer, ...] = ()
    cancelled: tuple[str, ...] = ()
    reported: int = 0
    refused: tuple[RequestRefused, ...] = ()
    left: tuple[str, ...] = ()


class Core:
    """Conversations with Seawall about one portfolio, as generators of effects.

    Parameters
    ----------
    portfolio : str
    strategy : str
        Of orders that name none; may be empty.
    timeout : float
        Seconds for an answer to an order, all attempts together.
    patience : float
        Seconds for everything else.
    on_failure : {"reject", "raise"}
        Whether an order without an answer is a rejection or an exception.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        *,
        portfolio: str,
        strategy: str = "",
        timeout: float = 0.25,
        patience: float = 2.0,
        on_failure: OnFailure = "reject",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if on_failure not in ("reject", "raise"):
            raise ValueError(f"on_failure must be 'reject' or 'raise', got {on_failure!r}")
        if not (0.0 < timeout < math.inf and 0.0 < patience < math.inf):
            raise ValueError("timeout and patience must be positive numbers of seconds")
        self.portfolio = portfolio
        self.strategy = strategy
        self.timeout = timeout
        self.patience = patience
        self.on_failure = on_failure
        self.clock = clock
        self.ids = OrderIds(strategy or portfolio)
        self.memory = Memory()
        self.local: LocalChecks | None = None
        self.slices: Slices | None = None

    # --- orders -----------------------------------------------------------------------------

    def order(self, asset: str, side: str, quantity: float, fields: OrderFields) -> OrderBody:
        """The order that these fields make, with an id of its own where none was given."""
        price = fields.get("limit_price")
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        return OrderBody(
            client_order_id=fields.get("client_order_id") or self.ids.next(),
            portfolio=self.portfolio,
            strategy=self._strategy(fields.get("strategy")),
            asset=asset,
            # A side that is none is refused as a value, not by an exception.
            side=side,  # type: ignore[arg-type]
            quantity=quantity,
            order_type=OrderType(fields.get("order_type", kind)),
            limit_price=price,
            reduce_only=fields.get("reduce_only", False),
            emergency=fields.get("emergency", False),
            venue=fields.get("venue"),
        )

    def validate(self, asset: str, side: str, quantity: float, fields: OrderFields) -> Flow[Answer]:
        """See `Seawall.validate`."""
        body = self.order(asset, side, quantity, fields)
        wrong = malformed(body)
        if wrong is not None:
            reason = ReasonMessage(code=wrong, outcome=Judged.FAILED, subject="order")
            return refused(body, reason, "Seawall was not asked")
        if self.local is not None:
            answer = self._beside(body, self.local)
            if answer is not None:
                return answer
        try:
            return (yield from self._asked(body, self.timeout))
        except (NoAnswer, RequestRefused) as failure:
            if self.on_failure == "raise":
                raise
            return unanswered(body, _problem_of(failure))

    def _beside(self, body: OrderBody, local: LocalChecks) -> Answer | None:
        """What can be answered without asking; None if Seawall must be."""
        now = self.clock()
        stopped = local.check(body, now)
        if stopped is not None:
            return refused(body, stopped.reason, stopped.problem)
        return None if self.slices is None else self.slices.spend(body, local, now)

    def _made_known(self, client_order_id: str) -> Flow[None]:
        """Seawall knows nothing of orders that were answered beside the agent, until it is told."""
        if self.slices is not None:
            yield from self.slices.make_known(client_order_id)

    def _asked(self, body: OrderBody, seconds: float) -> Flow[Answer]:
        """The answer to an order; what ends otherwise leaves it in doubt, if it may be heard."""
        asked_at = self.memory.first_asked(body.client_order_id, self.clock())
        call = Call("POST", f"{_ORDERS}/validate", msgspec.json.encode(body), "an order")
        in_doubt = True
        try:
            answer = yield from self.ask(
                call, seconds, lambda data: read_order_answer(data, body, asked_at=asked_at)
            )
            in_doubt = False
            self.memory.known(body.client_order_id)
            return answer
        except (NoAnswer, RequestRefused) as failure:
            in_doubt = failure.may_be_done
            raise
        finally:
            # Reached by whatever ends a conversation, an agent's Ctrl-C or cancelled task too.
            if in_doubt:
                self.memory.doubt(body)

    def signal(
        self,
        asset: str,
        side: str,
        quantity: float | None = None,
        *,
        strategy: str | None = None,
        venue: str | None = None,
    ) -> Flow[SignalAnswer]:
        """See `Seawall.signal`."""
        if quantity is not None and not (is_finite(quantity) and quantity > 0.0):
            raise ValueError(f"a signal's quantity must be finite and positive, got {quantity}")
        body = SignalBody(
            portfolio=self.portfolio,
            strategy=self._strategy(strategy),
            asset=asset,
            side=Side(side),
            quantity=quantity,
            venue=venue,
        )
        call = Call("POST", "/api/v1/signals/validate", msgspec.json.encode(body), "a signal")
        return self.ask(call, self.timeout, lambda data: read_signal_answer(data, quantity))

    # --- reports ----------------------------------------------------------------------------

    def filled(
        self,
        client_order_id: str,
        *,
        fill_id: str,
        quantity: float,
        price: float,
        fee: float = 0.0,
        at: datetime | None = None,
    ) -> Flow[OrderStanding]:
        """See `Seawall.filled`."""
        for name, value, least in (
            ("quantity", quantity, 0.0),
            ("price", price, 0.0),
            ("fee", fee, -math.inf),
        ):
            # JSON has no NaN: it would arrive as nothing at all.
            if not (is_finite(value) and value > least):
                raise ValueError(f"a fill's {name} must be a finite number in range, got {value}")
        body = FillBody(fill_id=fill_id, quantity=quantity, price=price, fee=fee, at=at)
        path = f"{_order_path(client_order_id)}/fills"
        call = Call("POST", path, msgspec.json.encode(body), f"a fill of {client_order_id}")
        return self._report(Report("fill", client_order_id, fill_id), call)

    def cancelled(self, client_order_id: str) -> Flow[OrderStanding]:
        """See `Seawall.cancelled`."""
        return self._report(*_end_of(client_order_id))

    def _report(self, key: Report, call: Call) -> Flow[OrderStanding]:
        arrived = known = False
        try:
            yield from self._made_known(key.client_order_id)
            known = True
            standing = yield from self.ask(call, self.patience, _reader(OrderStanding))
            arrived = True
            return standing
        except RequestRefused:
            # Of its slice, it says nothing of the report.
            arrived = known
            raise
        finally:
            if arrived:
                self.memory.said(key)
            else:
                self.memory.unsaid(key, call)

    def settle(self, *, keep: bool = False) -> Flow[Settlement]:
        """See `Seawall.settle`."""
        answers: list[Answer] = []
        cancelled: list[str] = []
        refusals: list[RequestRefused] = []
        unheard = 0
        yield from self._settle_slices(refusals)
        for body in self.memory.doubts:
            try:
                answer = yield from self._asked(body, self.patience)
            except NoAnswer:
                unheard += 1
                if unheard == _ENOUGH:
                    break
                continue
            except RequestRefused as refusal:
                # It was refused now, as to a revoked key; the first time it may have been heard.
                self.memory.doubt(body)
                refusals.append(refusal)
                continue
            if answer.approved and not (keep and answer.sendable()):
                self.memory.unsaid(*_end_of(body.client_order_id))
                cancelled.append(body.client_order_id)
            else:
                answers.append(answer)
        reported = yield from self._report_again(refusals)
        return Settlement(
            answers=tuple(answers),
            cancelled=tuple(cancelled),
            reported=reported,
            refused=tuple(refusals),
            left=(
                *(f"order {body.client_order_id}" for body in self.memory.doubts),
                *(f"slice {lease_id}" for lease_id in self._slices_in_doubt()),
                *(call.what for _, call in self.memory.reports),
            ),
        )

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Ids of slices that Seawall may hold room for."""
        return () if self.slices is None else self.slices.unsettled

    def _slices_in_doubt(self) -> tuple[str, ...]:
        return () if self.slices is None else self.slices.in_doubt

    def _settle_slices(self, refusals: list[RequestRefused]) -> Flow[None]:
        if self.slices is None:
            return
        try:
            yield from self.slices.settle()
        except NoAnswer as failure:
            _LOG.warning("slices_not_settled", problem=str(failure))
        except RequestRefused as refusal:
            refusals.append(refusal)

    def _report_again(self, refusals: list[RequestRefused]) -> Flow[int]:
        reported = 0
        for key, call in self.memory.reports:
            try:
                yield from self._report(key, call)
                reported += 1
            except NoAnswer:
                break
            except RequestRefused as refusal:
                refusals.append(refusal)
        return reported

    def standing(self, client_order_id: str) -> Flow[OrderStanding]:
        """See `Seawall.standing`."""
        yield from self._made_known(client_order_id)
        call = Call("GET", _order_path(client_order_id), None, f"order {client_order_id}")
        return (yield from self.ask(call, self.patience, _reader(OrderStanding)))

    def answer_to(self, client_order_id: str) -> Flow[OrderAnswer]:
        """See `Seawall.answer_to`."""
        yield from self._made_known(client_order_id)
        path = f"{_order_path(client_order_id)}/answer"
        call = Call("GET", path, None, f"the answer to {client_order_id}")
        return (yield from self.ask(call, self.patience, _reader(OrderAnswer)))

    # --- the book ---------------------------------------------------------------------------

    def status(self) -> Flow[StatusView]:
        """See `Seawall.status`."""
        return self._look("status", self._own_status)

    def holds(self) -> Flow[tuple[Hold, ...]]:
        """See `Seawall.holds`."""
        return self._look("breakers", read_holds)

    def positions(self) -> Flow[tuple[PositionView, ...]]:
        """See `Seawall.positions`."""
        return self._look("positions", read_positions)

    def limits(self) -> Flow[LimitsView]:
        """See `Seawall.limits`."""
        return self._look("limits", read_limits)

    def reductions(self) -> Flow[tuple[ReductionView, ...]]:
        """See `Seawall.reductions`."""
        return self._look("reductions", read_reductions)

    def acknowledge(self, reduction_id: str) -> Flow[None]:
        """See `Seawall.acknowledge`."""
        path = f"/api/v1/reductions/{quote(reduction_id, safe='')}/ack"
        call = Call("POST", path, None, f"acknowledging {reduction_id}")
        return self.ask(call, self.patience, lambda _: None)

    def halt(self, reason: str, scope: str | None = None) -> Flow[CommandAnswer]:
        """See `Seawall.halt`."""
        body = CommandBody(
            command="halt",
            portfolio=self.portfolio,
            reason=reason,
            scope=scope,
            # Asked again after a time-out, it counts once.
            id=self.ids.next(),
        )
        call = Call("POST", "/api/v1/commands", msgspec.json.encode(body), "a halt")
        return self.ask(call, self.patience, _reader(CommandAnswer))

    def _look(self, resource: str, read: Callable[[bytes], Read]) -> Flow[Read]:
        call = Call("GET", f"/api/v1/{resource}", None, resource)
        return self.ask(call, self.patience, read)

    def _own_status(self, data: bytes) -> StatusView:
        status = read_status(data)
        if status.portfolio != self.portfolio:
            raise Unreadable(f"it is about another portfolio, {status.portfolio!r}")
        return status

    # --- asking -----------------------------------------------------------------------------

    def ask(self, call: Call, seconds: float, read: Callable[[bytes], Read]) -> Flow[Read]:
        """What `read` makes of the first reply that counts, within `seconds` in all.

        Raises
        ------
        NoAnswer
            If none does.
        RequestRefused
            If Seawall says that it will not.
        """
        until = self.clock() + seconds
        pause, reached, problem = _FIRST_PAUSE, False, ""
        while True:
            outcome: Reply | Lost = yield Attempt(call, max(0.0, until - self.clock()))
            if isinstance(outcome, Reply) and outcome.status == _OK:
                try:
                    return read(outcome.body)
                except Unreadable as why:
                    outcome = Lost(str(why), reached=True)
            trouble = _trouble(call, outcome, reached)
            reached = reached or trouble.reached
            # Where time ran out at last, what went wrong before tells more.
            if not problem or trouble.problem != TOO_LATE.problem:
                problem = trouble.problem
            wait = max(pause, _asked_to_wait(outcome))
            if self.clock() + wait >= until:
                raise NoAnswer(call.what, problem, may_be_done=reached)
            yield Wait(wait)
            pause = min(2.0 * pause, _LONGEST_PAUSE)

    def _strategy(self, named: str | None) -> str:
        strategy = named or self.strategy
        if not strategy:
            raise ValueError("name a strategy: of the client or of the order")
        return strategy


def _trouble(call: Call, outcome: Reply | Lost, reached: bool) -> Lost:
    """What went wrong with an attempt that may be made again; else raises what Seawall said."""
    if isinstance(outcome, Lost):
        return outcome
    status = outcome.status
    if status == _NOT_IMPLEMENTED or (400 <= status < 500 and status not in _TRY_AGAIN):
        raise _refusal(call, outcome, reached)
    said = _problem_in(outcome.body)
    message = f": {said.message}" if said.message else ""
    heard = status not in _TRY_AGAIN and said.error != _NOBODY_THERE
    return Lost(f"Seawall replied with {status}{message}", reached=heard)


def _refusal(call: Call, reply: Reply, reached: bool) -> RequestRefused:
    said = _problem_in(reply.body)
    message = said.message or f"Seawall refused {call.what}"
    return RequestRefused(reply.status, said.error, message, may_be_done=reached)


def _problem_in(body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem)
    except (msgspec.MsgspecError, ValueError):
        return Problem(error="unexplained", message="")


def _asked_to_wait(outcome: Reply | Lost) -> float:
    return (outcome.retry_after or 0.0) if isinstance(outcome, Reply) else 0.0


def _problem_of(failure: NoAnswer | RequestRefused) -> str:
    return failure.problem if isinstance(failure, NoAnswer) else failure.message


def _order_path(client_order_id: str) -> str:
    return f"{_ORDERS}/{quote(client_order_id, safe='')}"


def _end_of(client_order_id: str) -> tuple[Report, Call]:
    """The report that an order is dead, and what it is remembered under."""
    path = _order_path(client_order_id)
    return Report("end", client_order_id), Call(
        "DELETE", path, None, f"the end of {client_order_id}"
    )


def _reader(kind: type[Message]) -> Callable[[bytes], Message]:
    return partial(decoded, kind=kind)
