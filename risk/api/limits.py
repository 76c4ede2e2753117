"""Limits, as the last cycle measured them."""

from datetime import datetime

import msgspec

from risk.api.operations import READERS, Call, Operation
from risk.domain.limits import LimitDefinition, LimitState
from risk.limits.types import LIMIT_TYPES


class LimitEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One limit.

    Attributes
    ----------
    name, kind : str
    scope : str
        As ``strategy:trend``.
    unit : str
        Of `value`, `soft`, `hard` and `headroom`.
    soft, hard : float
        In force now.
    value, used, headroom : float or None
        `used` is a share of the hard threshold; None while it cannot be measured, and of limits
        on single orders.
    status : str or None
    since : datetime or None
        Of the status. UTC.
    hours_to_breach : float or None
        If things go on as now; None if they do not lead there.
    moved_by : str or None
        Why the thresholds are not as defined; None where they are.
    """

    name: str
    kind: str
    scope: str
    unit: str
    soft: float
    hard: float
    value: float | None = None
    used: float | None = None
    headroom: float | None = None
    status: str | None = None
    since: datetime | None = None
    hours_to_breach: float | None = None
    moved_by: str | None = None


class LimitsAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Limits in force.

    Attributes
    ----------
    limits_version : int
        Of the policy; 0 for none: then nothing may be traded.
    at : datetime or None
        The market's time of the last cycle. UTC.
    limits : list of LimitEntry
        Without those of strategies that the key does not see.
    """

    limits_version: int
    at: datetime | None
    limits: list[LimitEntry]


async def _limits(call: Call) -> LimitsAnswer:
    view = call.view
    sight, state = call.sight(view), view.state
    policy = state.policy
    return LimitsAnswer(
        limits_version=0 if policy is None else policy.version,
        at=state.at,
        limits=[
            _entry(limit, state.limits.get(limit.name))
            for limit in (() if policy is None else policy.limits)
            if sight.scope(limit.scope)
        ],
    )


def _entry(limit: LimitDefinition, stands: LimitState | None) -> LimitEntry:
    defined = LimitEntry(
        name=limit.name,
        kind=limit.kind,
        scope=limit.scope.label,
        unit=LIMIT_TYPES[limit.kind].unit.value,
        soft=limit.soft,
        hard=limit.hard,
    )
    if stands is None:
        return defined
    now = stands.thresholds
    return msgspec.structs.replace(
        defined,
        soft=now.soft,
        hard=now.hard,
        value=stands.value,
        used=stands.used,
        headroom=stands.headroom,
        status=stands.status.value,
        since=stands.since,
        hours_to_breach=stands.hours_to_breach,
        moved_by=None if (now.soft, now.hard) == (limit.soft, limit.hard) else now.cause,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/limits",
        summary="How full each limit is.",
        handle=_limits,
        abilities=READERS,
        answer=LimitsAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
