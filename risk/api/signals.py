"""Signals: what an order like this would be answered, before there is one."""

from risk.api.operations import Call, Operation, require_portfolio, require_strategy
from risk.domain.keys import KeyAbility
from risk.domain.messages import SignalAnswer, SignalBody


async def _validate(call: Call) -> SignalAnswer:
    body: SignalBody = call.body
    require_portfolio(call.key, body.portfolio)
    require_strategy(call.key, body.strategy)
    call.room.orders.take(call.key.id)
    return call.gate.validate_signal(body)


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/signals/validate",
        summary="Ask what an order like this would be answered now; nothing is set aside.",
        handle=_validate,
        abilities=frozenset({KeyAbility.VALIDATE}),
        body=SignalBody,
        answer=SignalAnswer,
        problems=(503,),
        bucket="orders",
    ),
)
