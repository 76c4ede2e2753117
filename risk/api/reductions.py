"""Requests to make positions smaller, and the word of whoever means to meet one."""

from datetime import datetime

import msgspec

from risk.api.desk import outcome
from risk.api.operations import READERS, Call, Operation
from risk.domain.keys import KeyAbility
from risk.domain.reductions import Reduction
from risk.errors import ReductionUnknown


class ReductionEntry(msgspec.Struct, kw_only=True, frozen=True):
    """A request to make one position smaller.

    Attributes
    ----------
    id, strategy, asset, venue : str
    target_quantity : float
        Signed units to end at.
    reason : str
    requested_at, deadline : datetime
        UTC.
    late : bool
    """

    id: str
    strategy: str
    asset: str
    venue: str
    target_quantity: float
    reason: str
    requested_at: datetime
    deadline: datetime
    late: bool


class ReductionsAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Requests that are not met yet.

    Attributes
    ----------
    reductions : list of ReductionEntry
        Of the strategies that the key sees, the earliest deadline first.
    """

    reductions: list[ReductionEntry]


async def _reductions(call: Call) -> ReductionsAnswer:
    view = call.view
    sight = call.sight(view)
    asked = [
        each
        for each in view.state.unmet_by(view.snapshot.ledger.positions)
        if sight.strategy(each.key.strategy)
    ]
    return ReductionsAnswer(
        reductions=[_entry(each) for each in sorted(asked, key=lambda each: each.deadline)]
    )


async def _acknowledge(call: Call) -> ReductionEntry:
    reduction_id, gate = call.path["id"], call.gate
    asked = call.view.state.open_reductions
    found = next((each for each in asked if each.id == reduction_id), None)
    if found is None or not call.key.sees(found.key.strategy):
        raise ReductionUnknown(reduction_id)
    noted = gate.acknowledge(reduction_id, sender=call.key.sender)
    return _entry(await outcome(noted))


def _entry(asked: Reduction) -> ReductionEntry:
    return ReductionEntry(
        id=asked.id,
        strategy=asked.key.strategy,
        asset=asked.key.asset,
        venue=asked.key.venue,
        target_quantity=asked.target_quantity,
        reason=asked.reason,
        requested_at=asked.requested_at,
        deadline=asked.deadline,
        late=asked.late,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/reductions",
        summary="Requests to make positions smaller that are not met yet.",
        handle=_reductions,
        abilities=READERS,
        answer=ReductionsAnswer,
        problems=(503,),
        bucket="reads",
    ),
    Operation(
        method="POST",
        path="/api/v1/reductions/{id}/ack",
        summary="Say that a request to make a position smaller has been heard and will be met.",
        handle=_acknowledge,
        abilities=frozenset({KeyAbility.VALIDATE}),
        answer=ReductionEntry,
        problems=(404, 503),
        bucket="reports",
    ),
)
