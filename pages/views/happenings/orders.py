"""Fills, answers to orders, and what became of orders, in words."""

from collections.abc import Sequence

from pages.format import Zone, money, number, price, quantity
from pages.views.happenings.phrases import BY_SEVERITY, Sayings, Words, in_line, quoted
from risk.domain.decisions import ReasonCode
from risk.domain.events import (
    AnswersLost,
    FillDisputed,
    FillRecorded,
    FillUnexpected,
    LeaseOverspent,
    ListDisputed,
    OrderEnded,
    OrderValidation,
    ReductionAcknowledged,
    ReservationOverdue,
    ReservationReleased,
    SignalValidation,
    Verdict,
)
from risk.domain.reasons import REASONS
from risk.limits.words import title_of as title_of_limit


def _fill(event: FillRecorded, currency: str) -> Words:
    verb = "bought" if event.quantity > 0.0 else "sold"
    fact = f"{event.strategy} {verb} {quantity(abs(event.quantity))} {event.asset}"
    return "info", fact, f"at {price(event.price)} {currency}"


def told_fills(fills: Sequence[FillRecorded], zone: Zone, currency: str) -> Words:
    """Both sides, since a net amount would hide how much was traded."""
    values = [fill.quantity * fill.price for fill in fills]
    bought = money(sum(v for v in values if v > 0.0), currency)
    sold = money(-sum(v for v in values if v < 0.0), currency)
    strategies = ", ".join(sorted({fill.strategy for fill in fills}))
    fact = f"{len(fills)} fills since {zone.clock(fills[-1].at)}"
    return "info", fact, f"{strategies}: bought {bought}, sold {sold}"


def _order(event: OrderValidation | SignalValidation, _currency: str) -> Words:
    verb = {Verdict.APPROVE: "approved", Verdict.RESIZE: "resized", Verdict.REJECT: "rejected"}
    shape = {Verdict.APPROVE: "normal", Verdict.RESIZE: "throttled", Verdict.REJECT: "halted"}
    fact = f"Order {verb[event.verdict]}"
    return shape[event.verdict], fact, _asked(event)


def _signal(event: SignalValidation, _currency: str) -> Words:
    shape, fact, detail = _order(event, _currency)
    return shape, fact.replace("Order", "Signal"), detail


def told_answers(
    answers: Sequence[OrderValidation | SignalValidation], zone: Zone, currency: str
) -> Words:
    """A run of one verdict: how many, of whom, and what decided."""
    shape, fact, _ = SAY[type(answers[0])](answers[0], currency)
    what, verdict = fact.split(" ", maxsplit=1)
    strategies = ", ".join(sorted({answer.strategy for answer in answers}))
    reasons = list(dict.fromkeys(code for answer in answers for code in answer.reasons))
    why = f": {_codes(reasons)}" if reasons else ""
    since = zone.clock(answers[-1].at)
    return shape, f"{len(answers)} {what.lower()}s {verdict} since {since}", f"{strategies}{why}"


def _asked(event: OrderValidation | SignalValidation) -> str:
    side = "buy" if event.requested_quantity > 0.0 else "sell"
    asked, allowed = abs(event.requested_quantity), abs(event.allowed_quantity)
    whole = event.verdict != Verdict.RESIZE or asked == allowed
    size = quantity(asked) if whole else f"{quantity(asked)} to {quantity(allowed)}"
    why = f": {_codes(event.reasons)}" if event.reasons else ""
    return f"{event.strategy} {side} {size} {event.asset}{why}"


#: So many of the checks that decided are told one by one.
_TOLD_CODES = 3


def _codes(codes: Sequence[str]) -> str:
    """Checks that decided: a limit's kind by its title, anything else as a sentence."""
    told = [_code(code) for code in codes[:_TOLD_CODES]]
    rest = len(codes) - _TOLD_CODES
    return f"{'; '.join(told)}{f' and {rest} more' if rest > 0 else ''}"


def _code(code: str) -> str:
    if code not in list(ReasonCode):
        return title_of_limit(code)
    said = REASONS[ReasonCode(code)].says.rstrip(".").replace("`", "")
    return f"{said[:1].lower()}{said[1:]}"


def _unexpected(event: FillUnexpected, _currency: str) -> Words:
    fact = f"{event.strategy} filled more {event.asset} than it may"
    filled = f"{quantity(event.quantity)} filled, {quantity(event.allowed)} allowed"
    about = f"order {event.client_order_id}, told by {event.sender}"
    return BY_SEVERITY[event.severity], fact, f"{filled}: {in_line(event.reason)}; {about}"


def _overspent(event: LeaseOverspent, _currency: str) -> Words:
    fact = f"{event.strategy} ordered more {event.asset} than it had room for without asking"
    ordered = f"{quantity(event.quantity)} ordered, {quantity(event.allowed)} left"
    about = f"slice {event.lease_id}, told by {event.sender}"
    return BY_SEVERITY[event.severity], fact, f"{ordered}: all of it is reserved; {about}"


def _disputed(event: FillDisputed, _currency: str) -> Words:
    fact = f"A fill told by {event.sender} was not believed"
    detail = f"{in_line(event.reason)}; order {event.client_order_id}, nothing was booked"
    return BY_SEVERITY[event.severity], fact, detail


def _list_disputed(event: ListDisputed, _currency: str) -> Words:
    fact = f"Orders that {event.strategy} says it made of a slice were not believed"
    about = f"slice {event.lease_id}, told by {event.sender}"
    return BY_SEVERITY[event.severity], fact, f"{in_line(event.reason)}; {about}, still reserved"


def _overdue(event: ReservationOverdue, _currency: str) -> Words:
    fact = f"Nobody told what became of an order of {event.strategy}"
    verb = "buy" if event.quantity > 0.0 else "sell"
    what = f"{verb} {quantity(abs(event.quantity))} {event.asset}"
    detail = f"{what}, order {event.client_order_id}: its room stays set aside"
    return BY_SEVERITY[event.severity], fact, detail


def _ended(event: OrderEnded, _currency: str) -> Words:
    fact = f"An order of {event.strategy} is dead, says {event.sender}"
    what = f"{quantity(abs(event.quantity))} {event.asset}"
    return "info", fact, f"room for {what} was given back, order {event.client_order_id}"


def _released(event: ReservationReleased, _currency: str) -> Words:
    fact = f"{event.who} gave back the room of an order of {event.strategy}"
    what = f"{quantity(abs(event.quantity))} {event.asset}, order {event.client_order_id}"
    return "info", fact, f"{what}: {quoted(event.reason)}"


def _acknowledged(event: ReductionAcknowledged, _currency: str) -> Words:
    fact = f"{event.sender} will reduce {event.asset} of {event.strategy}"
    return "info", fact, f"on {event.venue}, as it was asked"


def _lost(event: AnswersLost, _currency: str) -> Words:
    orders = "order" if event.refused == 1 else "orders"
    fact = f"{number(event.refused)} refused {orders} could not be written down"
    detail = "the database was away; nothing was let through unwritten among them"
    return BY_SEVERITY[event.severity], fact, detail


#: How each kind is told.
SAY: Sayings = {
    FillRecorded: _fill,
    OrderValidation: _order,
    FillUnexpected: _unexpected,
    FillDisputed: _disputed,
    ListDisputed: _list_disputed,
    LeaseOverspent: _overspent,
    ReservationOverdue: _overdue,
    OrderEnded: _ended,
    ReservationReleased: _released,
    ReductionAcknowledged: _acknowledged,
    AnswersLost: _lost,
    SignalValidation: _signal,
}
