"""Orders: asked about before they are sent, and what became of them."""

import math
from collections.abc import Callable
from concurrent.futures import Future

from risk.api.desk import outcome
from risk.api.operations import Call, Operation, require_portfolio, require_strategy
from risk.api.problems import Refused, bad_body
from risk.domain.gate import Gate
from risk.domain.keys import ApiKey, KeyAbility
from risk.domain.messages import LONGEST_NAME, FillBody, OrderAnswer, OrderBody, OrderStanding
from risk.errors import OrderUnknown

_AGENTS = frozenset({KeyAbility.VALIDATE})


async def _validate(call: Call) -> bytes:
    body: OrderBody = call.body
    key, room = call.key, call.room
    require_portfolio(key, body.portfolio)
    require_strategy(key, body.strategy)
    # Claims have a bucket of their own: an agent that floods with new risk can still reduce.
    if body.reduce_only or body.emergency:
        room.claims.take(key.id)
    else:
        room.orders.take(key.id)
        room.strain.take()
    gate = call.gate
    answer = None
    begun = room.tally.begin()
    try:
        asked = gate.validate_order(
            body,
            sender=key.sender,
            may_emergency=KeyAbility.EMERGENCY in key.abilities,
        )
        answer = await outcome(asked)
    finally:
        room.tally.end(begun, answer)
    return answer


async def _fill(call: Call) -> OrderStanding:
    body: FillBody = call.body
    order_id = call.path["client_order_id"]
    _require_a_trade(body)
    gate, key = call.gate, call.key

    def book() -> Future[OrderStanding]:
        _require_own(gate, key, order_id)
        return gate.record_fill(order_id, body, sender=key.sender)

    return await outcome(await _promptly(call, order_id, book))


def _require_a_trade(body: FillBody) -> None:
    if not 0 < len(body.fill_id) <= LONGEST_NAME or "\0" in body.fill_id:
        raise bad_body(f"`fill_id` must have 1 to {LONGEST_NAME} letters, none of them NUL")
    for name, value in (("quantity", body.quantity), ("price", body.price)):
        if not (math.isfinite(value) and value > 0.0):
            raise bad_body(f"`{name}` must be above zero")
    if body.at is not None and body.at.utcoffset() is None:
        raise bad_body("`at` must be a time with a time zone, such as 2027-01-31T12:00:00Z")


async def _cancel(call: Call) -> OrderStanding:
    order_id, gate, key = call.path["client_order_id"], call.gate, call.key

    def end() -> Future[OrderStanding]:
        _require_own(gate, key, order_id)
        return gate.cancel(order_id, sender=key.sender)

    return await outcome(await _promptly(call, order_id, end))


async def _promptly(
    call: Call, order_id: str, do: Callable[[], Future[OrderStanding]]
) -> Future[OrderStanding]:
    """At once; but apart if the order, or its trades, must be looked up in the database."""
    return do() if call.gate.knows(order_id) else await call.desk.apart(do)


async def _standing(call: Call) -> OrderStanding:
    order_id, gate, key = call.path["client_order_id"], call.gate, call.key

    def look() -> OrderStanding:
        _require_own(gate, key, order_id)
        return gate.standing(order_id)

    return await call.desk.aside(look)


async def _answer(call: Call) -> bytes:
    order_id, gate, key = call.path["client_order_id"], call.gate, call.key
    said = await call.desk.aside(lambda: gate.answer_to(order_id))
    if said is None or not key.sees(said.strategy):
        raise Refused(404, "unknown_order", f"no order {order_id!r} was answered here")
    return await outcome(said.answer)


def _require_own(gate: Gate, key: ApiKey, order_id: str) -> None:
    """Refuse a key that may not know of the order; it may have to be looked up.

    Another's order is as unknown as one that there is not: not even whose it is is told.
    """
    strategy = gate.strategy_of(order_id)
    if strategy is None or not key.sees(strategy):
        raise OrderUnknown(order_id)


_ONE = "/api/v1/orders/{client_order_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/orders/validate",
        summary="Ask whether an order may be sent; room is set aside for what may.",
        handle=_validate,
        abilities=_AGENTS,
        body=OrderBody,
        answer=OrderAnswer,
        problems=(503,),
        bucket="orders",
    ),
    Operation(
        method="POST",
        path=_ONE + "/fills",
        summary="Report a trade that an order led to.",
        handle=_fill,
        abilities=_AGENTS,
        body=FillBody,
        answer=OrderStanding,
        problems=(404, 409, 422, 503),
        bucket="reports",
    ),
    Operation(
        method="GET",
        path=_ONE,
        summary="Where an order stands that was let through.",
        handle=_standing,
        abilities=_AGENTS | {KeyAbility.READ},
        answer=OrderStanding,
        problems=(404, 503),
        bucket="reads",
    ),
    Operation(
        method="GET",
        path=_ONE + "/answer",
        summary="What was answered to an order, let through or not, with all reasons.",
        handle=_answer,
        abilities=_AGENTS | {KeyAbility.READ},
        answer=OrderAnswer,
        problems=(404, 503),
        bucket="reads",
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        summary="Say that an order is known to be dead, so that its room is free again.",
        handle=_cancel,
        abilities=_AGENTS,
        answer=OrderStanding,
        problems=(404, 503),
        bucket="reports",
    ),
)
