"""One step of every position's stops: where they stand now, what was triggered, what is late.

The rules, each held by a test:

- A stop only moves in favour of its position, whatever volatility, exits and entries do.
- It is triggered by the first trusted mark at or beyond it, whatever the price is then: where a
  price jumps over a stop, the request comes at the price behind it. Marks that are not trusted
  neither move nor trigger anything; the clock goes on.
- It closes what is held, never more. A position that was flat in between, or turned round, is
  another one and starts with nothing.
- What was triggered stays so until it is met, and is told to be late when it is not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.domain.events import RiskEvent
from risk.domain.ledger import Fill
from risk.domain.market import Mark, Trust
from risk.domain.positions import DUST, Position, PositionKey
from risk.domain.stops import (
    StopPlan,
    StopReason,
    StopRequest,
    StopState,
    StopTriggered,
    TakeProfit,
    TargetUnit,
    Volatility,
)
from risk.measures.stops import (
    adverse,
    adverse_by_log,
    better_of,
    favourable,
    favourable_by_log,
    is_beyond,
    ratcheted,
)
from risk.position.stop_news import Change, escalations, moves, requests, taken_away

_UNKNOWN = Volatility(None, None)


class StopStep(NamedTuple):
    """What one step of the stops gives.

    Attributes
    ----------
    states : mapping of PositionKey to StopState
        Of each position held under a plan.
    cool_downs : mapping of PositionKey to datetime
        Until when a strategy stays out of what was stopped. UTC.
    triggered : tuple of StopTriggered
        What was triggered in this step.
    events : tuple of RiskEvent
        Stops that changed, then what is asked for, then what is late.
    """

    states: Mapping[PositionKey, StopState]
    cool_downs: Mapping[PositionKey, datetime]
    triggered: tuple[StopTriggered, ...]
    events: tuple[RiskEvent, ...]


class _Look(NamedTuple):
    """One position at the moment of the step."""

    key: PositionKey
    plan: StopPlan
    position: Position
    mark: Mark
    volatility: Volatility
    at: datetime


def next_stops(
    before: Mapping[PositionKey, StopState],
    *,
    cool_downs: Mapping[PositionKey, datetime],
    plans: Mapping[str, StopPlan],
    positions: Mapping[PositionKey, Position],
    marks: Mapping[str, Mark],
    volatilities: Mapping[str, Volatility],
    at: datetime,
    portfolio: str,
    cycle: str,
    fills: Iterable[Fill] = (),
) -> StopStep:
    """Take every position's stops one step further.

    Parameters
    ----------
    before : mapping of PositionKey to StopState
        After the last step.
    cool_downs : mapping of PositionKey to datetime
        After the last step.
    plans : mapping of strategy to StopPlan
    positions : mapping of PositionKey to Position
        All that are held.
    marks : mapping of asset to Mark
        Of every asset held under a plan.
    volatilities : mapping of asset to Volatility
        An asset that is absent has neither measure.
    at : datetime
        UTC, not before the last step.
    portfolio, cycle : str
        What events are stamped with.
    fills : iterable of Fill
        Since the last step: they tell a position that was flat in between.
    """
    stamp = {"at": at, "portfolio": portfolio, "cycle": cycle}
    planned = _planned(positions, plans)
    looks = {
        key: _Look(key, plan, positions[key], marks[key.asset], _of(key, volatilities), at)
        for key, plan in planned.items()
    }
    traded = _by_key(fills)
    kept = {
        key: before[key]
        for key, look in looks.items()
        if key in before and _goes_on(before[key], look.position, traded.get(key, []))
    }
    states = {
        key: _followed(kept.get(key) or _opened(look), look, cool_downs.get(key))
        for key, look in looks.items()
    }
    changes = [Change(key, kept.get(key), state) for key, state in states.items()]
    triggered = {change.key: change.asked for change in changes if change.asked is not None}
    return StopStep(
        states=states,
        cool_downs=_cool_downs(cool_downs, triggered, plans, at),
        triggered=tuple(
            StopTriggered(key, asked.target, asked.reason, asked.price)
            for key, asked in triggered.items()
        ),
        events=(
            *taken_away(before, kept, planned, positions, stamp),
            *moves(changes, stamp),
            *requests(changes, stamp),
            *escalations(changes, stamp),
        ),
    )


def _planned(
    positions: Mapping[PositionKey, Position], plans: Mapping[str, StopPlan]
) -> dict[PositionKey, StopPlan]:
    wanted = {key: plans.get(key.strategy) for key in sorted(positions)}
    return {key: plan for key, plan in wanted.items() if plan is not None and plan.applies}


def _of(key: PositionKey, volatilities: Mapping[str, Volatility]) -> Volatility:
    return volatilities.get(key.asset, _UNKNOWN)


def _by_key(fills: Iterable[Fill]) -> dict[PositionKey, list[Fill]]:
    found: dict[PositionKey, list[Fill]] = {}
    for fill in fills:
        found.setdefault(fill.key, []).append(fill)
    return found


# --- one position --------------------------------------------------------------------------


def _goes_on(state: StopState, position: Position, fills: Iterable[Fill]) -> bool:
    """Whether it is the position of the last step: on the same side, and never flat since."""
    held = state.quantity
    for fill in fills:
        held += fill.signed_quantity
        if held * state.side <= DUST * fill.quantity:
            return False
    return position.quantity * state.side > 0.0


def _opened(look: _Look) -> StopState:
    quantity = look.position.quantity
    return StopState(
        since=look.at,
        quantity=quantity,
        entry_quantity=abs(quantity),
        best=look.position.entry_price,
    )


def _followed(state: StopState, look: _Look, cooling_until: datetime | None) -> StopState:
    state = _with_quantity(state, look.position.quantity)
    if look.mark.trust is Trust.TRUSTED and not state.is_closing:
        state = _moved(_with_best(state, look), look)
    return _escalated(_triggered(state, look, cooling_until), look)


def _with_quantity(state: StopState, quantity: float) -> StopState:
    """The live quantity, and what is still asked for: what is entered meanwhile may stay."""
    asked = state.reduction
    if asked is not None and not asked.closes:
        added = max(0.0, abs(quantity) - abs(state.quantity))
        asked = asked._replace(target=asked.target + state.side * added)
    if asked is not None and abs(quantity) <= abs(asked.target) * (1.0 + DUST):
        asked = None
    largest = max(state.entry_quantity, abs(quantity))
    return replace(state, quantity=quantity, entry_quantity=largest, reduction=asked)


def _with_best(state: StopState, look: _Look) -> StopState:
    price, side, plan = look.mark.price, state.side, look.plan
    best = better_of(state.best, price, side=side)
    if state.active_from is not None or not plan.trails:
        return replace(state, best=best)
    if plan.activation == 0.0:
        return replace(state, best=best, active_from=price)
    start = favourable(look.position.entry_price, plan.activation, side=side)
    if better_of(price, start, side=side) != price:
        return replace(state, best=best)
    # What the price was before the trail started is nothing to trail.
    return replace(state, best=price, active_from=price)


def _moved(state: StopState, look: _Look) -> StopState:
    wanted = list(_wanted(state, look))
    if not wanted:
        return state
    level, reason = max(wanted, key=lambda found: state.side * found[0])
    price = ratcheted(state.price, level, side=state.side, step=look.plan.least_move)
    if price == state.price:
        return state
    return replace(state, price=price, reason=reason, moved_at=look.at)


def _wanted(state: StopState, look: _Look) -> Iterator[tuple[float, StopReason]]:
    """Where each rule of the plan would put the stop."""
    plan, entry, side = look.plan, look.position.entry_price, state.side
    if plan.fixed is not None:
        yield adverse(entry, plan.fixed, side=side), StopReason.FIXED
    if plan.break_even_after is not None:
        due = favourable(entry, plan.break_even_after, side=side)
        if better_of(state.best, due, side=side) == state.best:
            yield favourable(entry, plan.costs, side=side), StopReason.BREAK_EVEN
    if state.active_from is not None:
        yield from _trails(state, look)


def _trails(state: StopState, look: _Look) -> Iterator[tuple[float, StopReason]]:
    plan, volatility, side = look.plan, look.volatility, state.side
    if plan.percent_trail is not None:
        yield adverse(state.best, plan.percent_trail, side=side), StopReason.PERCENT_TRAIL
    if plan.atr_trail is not None and volatility.atr is not None:
        distance = plan.atr_trail * volatility.atr
        yield adverse_by_log(state.best, distance, side=side), StopReason.ATR_TRAIL
    if plan.sigma_trail is not None and volatility.sigma is not None:
        distance = plan.sigma_trail * volatility.sigma
        yield adverse_by_log(state.best, distance, side=side), StopReason.SIGMA_TRAIL


# --- triggers ------------------------------------------------------------------------------


def _triggered(state: StopState, look: _Look, cooling_until: datetime | None) -> StopState:
    if state.is_closing:
        return state
    reason = _why_close(state, look, cooling_until)
    if reason is not None:
        return replace(state, reduction=_reduction(reason, 0.0, look))
    reached = _rungs_reached(state, look)
    if not reached:
        return state
    target = state.side * _left_after(reached, state)
    return replace(
        state,
        rungs=state.rungs + len(reached),
        reduction=_reduction(StopReason.TAKE_PROFIT, target, look),
    )


def _why_close(state: StopState, look: _Look, cooling_until: datetime | None) -> StopReason | None:
    plan, mark = look.plan, look.mark
    if cooling_until is not None and look.at < cooling_until:
        return StopReason.COOL_DOWN
    trusted = mark.trust is Trust.TRUSTED
    if trusted and state.price is not None and is_beyond(mark.price, state.price, side=state.side):
        return state.reason
    hours = plan.time_stop_hours
    if hours is not None and look.at - state.since >= timedelta(hours=hours):
        return StopReason.TIME
    return None


def _rungs_reached(state: StopState, look: _Look) -> list[TakeProfit]:
    """Rungs not sold yet that a trusted mark has reached; a jump may reach several."""
    if look.mark.trust is not Trust.TRUSTED:
        return []
    left = look.plan.take_profit[state.rungs :]
    levels = ((rung, _level(rung, state, look)) for rung in left)
    price, side = look.mark.price, state.side
    return [
        rung
        for rung, level in levels
        if level is not None and better_of(price, level, side=side) == price
    ]


def _level(rung: TakeProfit, state: StopState, look: _Look) -> float | None:
    """Where a rung is now; None while the volatility that it is measured in is unknown."""
    entry, unit = look.position.entry_price, look.plan.target_unit
    if unit is TargetUnit.FRACTION:
        return favourable(entry, rung.distance, side=state.side)
    size = look.volatility.atr if unit is TargetUnit.ATR else look.volatility.sigma
    if size is None:
        return None
    return favourable_by_log(entry, rung.distance * size, side=state.side)


def _left_after(reached: Iterable[TakeProfit], state: StopState) -> float:
    """Units left when these rungs are sold too: shares are of the most that was ever held."""
    asked = state.reduction
    held = abs(state.quantity) if asked is None else min(abs(state.quantity), abs(asked.target))
    left = held - sum(rung.share for rung in reached) * state.entry_quantity
    return left if left > DUST * state.entry_quantity else 0.0


def _reduction(reason: StopReason, target: float, look: _Look) -> StopRequest:
    deadline = look.at + look.plan.fill_within
    return StopRequest(
        id="/".join((*look.key, reason, look.at.isoformat())),
        reason=reason,
        target=target,
        price=look.mark.price if look.mark.known else None,
        at=look.at,
        deadline=deadline,
        escalations=0,
        escalates_at=deadline,
    )


def _escalated(state: StopState, look: _Look) -> StopState:
    asked = state.reduction
    if asked is None or look.at < asked.escalates_at:
        return state
    told = asked._replace(
        escalations=asked.escalations + 1, escalates_at=look.at + look.plan.escalate_every
    )
    return replace(state, reduction=told)


#: Taking a profit is no reason to stay out, and being told to stay out is no new stop.
_NO_COOL_DOWN = (StopReason.TAKE_PROFIT, StopReason.COOL_DOWN)


def _cool_downs(
    before: Mapping[PositionKey, datetime],
    triggered: Mapping[PositionKey, StopRequest],
    plans: Mapping[str, StopPlan],
    at: datetime,
) -> dict[PositionKey, datetime]:
    running = {key: until for key, until in before.items() if until > at and key.strategy in plans}
    begun = {
        key: at + plans[key.strategy].cool_down
        for key, asked in triggered.items()
        if asked.reason not in _NO_COOL_DOWN
    }
    return {**running, **begun}
