"""Breakers, overrides, reductions and stops, in words."""

from pages.components.states import STATE_LOOKS
from pages.format import UTC_ZONE, percent, price, quantity
from pages.views.happenings.phrases import BY_SEVERITY, Sayings, Words, quoted
from risk.breakers.words import shown_name
from risk.domain.breakers import Phase
from risk.domain.events import (
    RULE,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    BreakerWouldTrip,
    OverrideEnded,
    ReductionLate,
    ReductionRequested,
    StopEscalated,
    StopLossUpdate,
)
from risk.domain.overrides import OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.limits.words import scope_words


def _breaker(
    event: BreakerActivated
    | BreakerStepped
    | BreakerAsksPerson
    | BreakerWouldTrip
    | BreakerDeactivated
    | BreakerOverridden
    | OverrideEnded,
) -> str:
    return shown_name(event.breaker, Scope(ScopeKind(event.scope_kind), event.scope))


def _trip(event: BreakerActivated, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    where = scope_words(Scope(ScopeKind(event.scope_kind), event.scope))
    fact = f"{_breaker(event)} tripped: {where} is {look.word}"
    return look.shape, fact, _ended_with_until(event, event.cause, "at least until")


def _step(event: BreakerStepped, _currency: str) -> Words:
    if event.phase == Phase.TRIPPED.value:
        fact = f"{_breaker(event)} tripped again while it re-opened"
        return "halted", fact, _ended_with_until(event, event.reason, "shut until")
    by = "" if event.by in (RULE, "") or event.by in event.reason else f", by {event.by}"
    fact = f"{_breaker(event)} re-opens at {percent(event.size, 0)} of size"
    detail = f"{event.reason}{by}"
    return "probation", fact, _ended_with_until(event, detail, "next step from")


def _ended_with_until(event: BreakerActivated | BreakerStepped, detail: str, what: str) -> str:
    """The market's days are UTC's, and so is this clock, whatever the zone of the list."""
    said = detail.rstrip(".")
    if event.until is None:
        return said
    return f"{said}; {what} {UTC_ZONE.date_and_clock(event.until, now=event.at)}"


def _asks(event: BreakerAsksPerson, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    since = f"{UTC_ZONE.day(event.since)} {UTC_ZONE.stamp(event.since)}"
    stands = f"tripped {since} and is not over; {look.word} now"
    return BY_SEVERITY[event.severity], f"{_breaker(event)} asks for a person", stands


def _would(event: BreakerWouldTrip, _currency: str) -> Words:
    fact = f"{_breaker(event)} would have tripped, but is off"
    return "info", fact, event.cause.rstrip(".")


def _release(event: BreakerDeactivated, _currency: str) -> Words:
    by = "" if event.released_by == RULE else f", by {event.released_by}"
    return "normal", f"{_breaker(event)} is over", f"{event.reason}{by}"


_OVERRODE = {
    OverrideKind.TRIP.value: "tripped by hand",
    OverrideKind.HOLD.value: "holds",
    OverrideKind.EXTEND.value: "extended the pause of",
    OverrideKind.STEP_DOWN.value: "stepped down",
    OverrideKind.DISABLE.value: "disabled",
}


def _override(event: BreakerOverridden, _currency: str) -> Words:
    until = f"until {UTC_ZONE.date_and_clock(event.expires, now=event.at)} at the latest"
    fact = f"{event.by} {_OVERRODE.get(event.kind, 'overrode')} {_breaker(event)}"
    if event.kind == OverrideKind.STEP_DOWN:
        fact += f" to {percent(event.size, 0)} of size"
    return STATE_LOOKS[TradingState[event.state]].shape, fact, f"{quoted(event.reason)}; {until}"


def _override_over(event: OverrideEnded, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    of = f"override of {_breaker(event)}"
    if event.by == RULE:
        return look.shape, f"The {of} by {event.began_by} is over", event.why
    whose = "his own" if event.by == event.began_by else f"{event.began_by}'s"
    return look.shape, f"{event.by} ended {whose} {of}", quoted(event.why)


def _reduction(event: ReductionRequested, _currency: str) -> Words:
    fact = f"{event.strategy} is asked to reduce {event.asset}"
    return "throttled", fact, f"to {quantity(event.target_quantity)}: {event.reason}"


def _late(event: ReductionLate, _currency: str) -> Words:
    fact = f"{event.strategy} has not reduced {event.asset} in time"
    held, target = quantity(event.quantity), quantity(event.target_quantity)
    return "halted", fact, f"{held} held, {target} asked for: {event.reason}"


def _stop(event: StopLossUpdate, currency: str) -> Words:
    stop = f"{event.strategy} stop of {event.asset}"
    if event.stop_price is None:
        return "info", f"{stop} is gone", event.reason
    return "info", f"{stop} is at {price(event.stop_price)} {currency}", event.reason


def _stop_late(event: StopEscalated, _currency: str) -> Words:
    left = f"{quantity(event.quantity)} held, {quantity(event.target_quantity)} asked for"
    fact = f"{event.strategy} did not reduce {event.asset} in time"
    return BY_SEVERITY[event.severity], fact, f"{left}: {event.reason}"


#: How each kind is told.
SAY: Sayings = {
    BreakerActivated: _trip,
    BreakerAsksPerson: _asks,
    BreakerStepped: _step,
    BreakerWouldTrip: _would,
    BreakerDeactivated: _release,
    BreakerOverridden: _override,
    OverrideEnded: _override_over,
    ReductionRequested: _reduction,
    ReductionLate: _late,
    StopEscalated: _stop_late,
    StopLossUpdate: _stop,
}
