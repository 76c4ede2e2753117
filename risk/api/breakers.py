"""What holds trading tighter than normal: rules' findings, and latches of people."""

from datetime import datetime

import msgspec

from risk.api.operations import READERS, Call, Operation


class Hold(msgspec.Struct, kw_only=True, frozen=True):
    """One reason why a scope is not traded as usual. It names no level at which a rule trips.

    Attributes
    ----------
    scope : str
        As ``strategy:trend``.
    source : str
        ``rule``, which lifts it by itself, or ``person``, who has to.
    trading_state : str
    since : datetime
        UTC.
    cause : str
        One sentence.
    by : str or None
        Which person or program; None for a rule.
    """

    scope: str
    source: str
    trading_state: str
    since: datetime
    cause: str
    by: str | None = None


class BreakersAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """All that holds trading now.

    Attributes
    ----------
    holds : list of Hold
        Of the scopes that the key sees; of several on one scope the tightest rules.
    """

    holds: list[Hold]


async def _breakers(call: Call) -> BreakersAnswer:
    view = call.view
    sight = call.sight(view)
    found = [
        Hold(
            scope=scope.label,
            source="rule",
            trading_state=standing.state.name,
            since=standing.since,
            cause=standing.cause,
        )
        for scope, standing in view.state.standings.items()
        if standing.state > 0 and sight.scope(scope)
    ]
    latched = [
        Hold(
            scope=scope.label,
            source="person",
            trading_state=latch.state.name,
            since=latch.since,
            cause=latch.reason,
            by=latch.who,
        )
        for scope, latch in view.latches.items()
        if sight.scope(scope)
    ]
    return BreakersAnswer(holds=[*latched, *found])


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/breakers",
        summary="What holds trading tighter than normal, and why.",
        handle=_breakers,
        abilities=READERS,
        answer=BreakersAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
