"""What holds trading tighter than normal: rules' findings, breakers, and latches of people."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from risk.api.operations import READERS, Call, Operation
from risk.api.sight import Sight
from risk.breakers.board import OnBoard, board
from risk.domain.gate import GateView
from risk.domain.trading import TradingState


class Hold(msgspec.Struct, kw_only=True, frozen=True):
    """One reason why a scope is not traded as usual. It names no level at which a rule trips.

    Attributes
    ----------
    scope : str
        As ``strategy:trend``.
    source : str
        ``rule``, what the last cycle made of all reasons together, which is lifted by itself;
        ``breaker``, one of those reasons; or ``person``, who has to lift it.
    trading_state : str
    since : datetime
        UTC.
    cause : str
        One sentence.
    by : str or None
        Which person or program, or which breaker; None for a rule.
    size : float
        What new risk is scaled by; below 1 only where `trading_state` is THROTTLED.
    """

    scope: str
    source: str
    trading_state: str
    since: datetime
    cause: str
    by: str | None = None
    size: float = 1.0


class OverrideTold(msgspec.Struct, kw_only=True, frozen=True):
    """A person's command over a circuit breaker that is on.

    Attributes
    ----------
    kind : str
        ``trip``, ``hold``, ``extend``, ``step_down`` or ``disable``.
    by, reason : str
    since, expires : datetime
        UTC.
    action : int
        Its number.
    size : float
        What new risk is scaled by, of ``step_down``.
    """

    kind: str
    by: str
    reason: str
    since: datetime
    expires: datetime
    action: int
    size: float = 1.0


class BreakerTold(msgspec.Struct, kw_only=True, frozen=True):
    """One circuit breaker.

    Attributes
    ----------
    name, kind : str
    scope : str
        As ``strategy:trend``.
    enabled : bool
        One that is not records what it would have done, and imposes nothing.
    phase : str
        ``armed``, ``tripped``, or ``probation`` while trading re-opens.
    trading_state : str
        What it imposes on its scope now: NORMAL where nothing.
    size : float
        What it scales new risk by; below 1 only where `trading_state` is THROTTLED.
    since : datetime or None
        Since when it is in this phase, or on this step of re-opening; None before its first cycle.
        UTC.
    until : datetime or None
        When it may step on at the earliest; None while armed. UTC.
    cause : str or None
        Why it is not armed, one sentence without levels.
    imposes : str
        The trading state that a trip imposes.
    override : OverrideTold or None
        What a person commands of it for a while.
    value, trip, release : float or None
        What it measures, above which it trips now, and at which it may be left, in the kind's unit.
        None of all three for a key for single strategies: an agent is not told how near a trip is.
    """

    name: str
    kind: str
    scope: str
    enabled: bool
    phase: str
    trading_state: str
    size: float
    since: datetime | None
    until: datetime | None
    cause: str | None
    imposes: str
    override: OverrideTold | None = None
    value: float | None = None
    trip: float | None = None
    release: float | None = None


class BreakersAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """All that holds trading now.

    Attributes
    ----------
    holds : list of Hold
        Of the scopes that the key sees; of several on one scope the tightest rules.
    breakers : list of BreakerTold
        On the scopes that the key sees, in the policy's order.
    """

    holds: list[Hold]
    breakers: list[BreakerTold] = []


async def _breakers(call: Call) -> BreakersAnswer:
    view = call.view
    sight = call.sight(view)
    on_board = [
        each
        for each in board(view.state.breakers, view.state.policy)
        if sight.scope(each.definition.scope)
    ]
    return BreakersAnswer(
        holds=[*_of_people(view, sight), *_of_breakers(on_board), *_of_rules(view, sight)],
        breakers=[_told(each, levels=sight.levels) for each in on_board],
    )


def _of_people(view: GateView, sight: Sight) -> Iterator[Hold]:
    for scope, latch in view.latches.items():
        if sight.scope(scope):
            yield Hold(
                scope=scope.label,
                source="person",
                trading_state=latch.state.name,
                since=latch.since,
                cause=latch.reason,
                by=latch.who,
            )


def _of_breakers(on_board: list[OnBoard]) -> Iterator[Hold]:
    for each in on_board:
        if each.imposed is not None and each.state is not None:
            yield Hold(
                scope=each.definition.scope.label,
                source="breaker",
                trading_state=each.trading_state.name,
                since=each.state.since,
                cause=each.cause,
                by=each.definition.name,
                size=each.size,
            )


def _of_rules(view: GateView, sight: Sight) -> Iterator[Hold]:
    for scope, standing in view.state.standings.items():
        if standing.state > TradingState.NORMAL and sight.scope(scope):
            yield Hold(
                scope=scope.label,
                source="rule",
                trading_state=standing.state.name,
                since=standing.since,
                cause=standing.cause,
                size=standing.size,
            )


def _told(each: OnBoard, *, levels: bool) -> BreakerTold:
    state = each.state
    return BreakerTold(
        name=each.definition.name,
        kind=each.definition.kind,
        scope=each.definition.scope.label,
        enabled=each.definition.enabled,
        phase=each.phase.value,
        trading_state=each.trading_state.name,
        size=each.size,
        since=None if state is None else state.since,
        until=None if state is None else state.until,
        cause=each.cause or None,
        imposes=each.definition.state.name,
        override=_override(each),
        value=each.value if levels else None,
        trip=each.trip if levels else None,
        release=each.definition.release if levels else None,
    )


def _override(each: OnBoard) -> OverrideTold | None:
    on = each.override
    if on is None:
        return None
    return OverrideTold(
        kind=on.kind.value,
        by=on.by,
        reason=on.reason,
        since=on.since,
        expires=on.expires,
        action=on.action,
        size=on.size,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/breakers",
        summary="What holds trading tighter than normal and why, and how each breaker stands.",
        handle=_breakers,
        abilities=READERS,
        answer=BreakersAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
