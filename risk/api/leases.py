"""Slices of room that an agent may spend without asking, and what became of them."""

import msgspec

from risk.api.desk import outcome
from risk.api.operations import Call, Operation, require_portfolio, require_strategy
from risk.domain.keys import KeyAbility
from risk.domain.leases import alike_of, orders_of
from risk.domain.messages import LeaseAnswer, LeaseBody, OrderAnswer, SettledLease
from risk.domain.policy import Instrument, Policy

_decode = msgspec.json.Decoder(OrderAnswer).decode


async def _lend(call: Call) -> LeaseAnswer:
    body: LeaseBody = call.body
    key, gate = call.key, call.gate
    require_portfolio(key, body.portfolio)
    require_strategy(key, body.strategy)
    # Whoever asks for none reports only, and may report however often it asked.
    paced = call.room.buckets["reports"] if body.lease_id is None else call.room.orders
    paced.take(key.id)
    lent = await call.desk.apart(lambda: gate.lend(body, sender=key.sender))
    settled: SettledLease | None = None
    if lent.settled is not None:
        settled = await outcome(lent.settled)
    said: OrderAnswer | None = None
    if lent.answer is not None:
        answer: bytes = await outcome(lent.answer)
        said = _decode(answer)
    steps = _steps(call.view.state.policy, body.asset)
    return LeaseAnswer(
        lease=said,
        orders=0 if said is None else orders_of(said.reasons),
        alike=0 if said is None else alike_of(said.reasons),
        lot=steps.lot,
        least=steps.least,
        settled=settled,
    )


def _steps(policy: Policy | None, asset: str | None) -> Instrument:
    """In which an order's units count: who approves orders beside the agent has to know."""
    known = {} if policy is None else policy.instruments
    return known.get(asset or "", Instrument())


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/leases",
        summary="Settle a slice of room with the orders that were made of it, or ask for another.",
        handle=_lend,
        abilities=frozenset({KeyAbility.VALIDATE}),
        body=LeaseBody,
        answer=LeaseAnswer,
        problems=(404, 409, 422, 503),
        bucket="orders",
    ),
)
