"""Local headroom: slices of room that an agent could spend without asking. Not built yet."""

from risk.api.operations import Call, Operation, Reply
from risk.api.problems import Refused
from risk.domain.keys import KeyAbility
from risk.domain.messages import Problem


async def _lease(_call: Call) -> Reply:
    raise Refused(
        501,
        "not_built",
        "this version lends no room for local checks: ask about each order with "
        "POST /api/v1/orders/validate",
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/leases",
        summary="Borrow room for local checks. Not built yet: always answers 501.",
        handle=_lease,
        abilities=frozenset({KeyAbility.VALIDATE}),
        answer=Problem,
        problems=(501,),
    ),
)
