"""Journalled events in the words of the timeline."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from itertools import groupby, islice
from typing import Any

from pages.components.states import STATE_LOOKS
from pages.components.timeline import TimelineEntry
from pages.format import UTC_ZONE, Zone, money, number, percent, price, quantity
from pages.views.change_lines import told_lines
from pages.views.limits.writing import cause_of, verb_of
from risk.breakers.words import shown_name
from risk.domain.actions import ALONE
from risk.domain.breakers import Phase
from risk.domain.decisions import ReasonCode
from risk.domain.events import (
    RULE,
    ActionDenied,
    ActionRefused,
    AnswersLost,
    BookChanged,
    BookModelChanged,
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    BreakerWouldTrip,
    DataFaultFound,
    EquityDistrusted,
    EquityTrusted,
    FillDisputed,
    FillRecorded,
    FillUnexpected,
    ForecastScored,
    FundsMoved,
    JournalBroken,
    KeyChanged,
    LeaseOverspent,
    LimitBreached,
    LimitCleared,
    LimitUpdated,
    ListDisputed,
    MarkTrustChanged,
    OrderEnded,
    OrderValidation,
    OverrideEnded,
    OverrideReviewed,
    PersonChanged,
    PersonSignedIn,
    PersonSignedOut,
    PolicyChanged,
    ProposalDecided,
    ProposalMade,
    ReductionAcknowledged,
    ReductionLate,
    ReductionRequested,
    RegimeChanged,
    ReservationOverdue,
    ReservationReleased,
    RiskEvent,
    RiskStatus,
    Severity,
    SignalValidation,
    SignInRefused,
    StopEscalated,
    StopLossUpdate,
    TradingLatched,
    TradingResumed,
    Verdict,
    WhyTrusted,
)
from risk.domain.market import Period, Trust
from risk.domain.overrides import OverrideKind
from risk.domain.policy import Policy
from risk.domain.reasons import REASONS
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.limits.words import called_by_name, scope_words
from risk.limits.words import title_of as title_of_limit
from risk.portfolio.book_models import title_of

#: Glyph, bold fact, detail.
Words = tuple[str, str, str]


def happenings(
    events: Sequence[RiskEvent],
    *,
    zone: Zone,
    currency: str,
    limit: int,
    policy: Policy | None = None,
) -> list[TimelineEntry]:
    """At most `limit` entries, newest first; runs of fills and of alike answers are one entry each.

    Parameters
    ----------
    events : sequence of RiskEvent
        Newest first.
    zone : Zone
    currency : str
    limit : int
    policy : Policy, optional
        In force.
    """
    latched = {_whose(event) for event in events if isinstance(event, TradingLatched)}
    told = (
        event
        for event in events
        if _worth_telling(event)
        # Who stopped trading says more than that it is stopped, and stands beside it.
        and not (isinstance(event, RiskStatus) and _whose(event) in latched)
    )
    runs = (list(run) for _, run in groupby(enumerate(told), key=_run_key))
    return [_entry(run, zone, currency, policy) for run in islice(runs, limit)]


def _worth_telling(event: RiskEvent) -> bool:
    """Every hour's forecast is scored; only days, and hours that went beyond it, are news."""
    if isinstance(event, ForecastScored):
        return event.period == Period.DAY or event.exceeded_99
    return True


def _whose(event: RiskStatus | TradingLatched) -> tuple[str, ...]:
    return event.cycle, event.scope_kind, event.scope, event.state


def _run_key(numbered: tuple[int, RiskEvent]) -> tuple[object, ...]:
    """Fills in a row share a key, and so do alike answers; everything else stands alone."""
    position, event = numbered
    if isinstance(event, FillRecorded):
        return (FillRecorded,)
    if isinstance(event, (OrderValidation, SignalValidation)):
        return type(event), event.verdict
    return (position,)


def _entry(
    run: list[tuple[int, RiskEvent]], zone: Zone, currency: str, policy: Policy | None
) -> TimelineEntry:
    events = [event for _, event in run]
    newest = events[0]
    shape, fact, detail = (
        _many(events, zone, currency) if len(events) > 1 else words(newest, currency, policy)
    )
    return TimelineEntry(zone.clock(newest.at), shape, fact, detail, newest.at)


def _many(events: Sequence[RiskEvent], zone: Zone, currency: str) -> Words:
    fills = [event for event in events if isinstance(event, FillRecorded)]
    if fills:
        return _fills(fills, zone, currency)
    answers = [e for e in events if isinstance(e, (OrderValidation, SignalValidation))]
    return _answers(answers, zone, currency)


#: What holds trading or lets it go, and what decides about that: never lost among a day's orders.
_HOLDS = (
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    OverrideEnded,
    TradingLatched,
    TradingResumed,
)
#: What may come and go often in a day, so that it has the places that those leave.
_STATES = (LimitBreached, LimitCleared, RiskStatus)


def holds_among(events: Sequence[RiskEvent], limit: int) -> list[RiskEvent]:
    """Trips, steps, releases, halts and limit breaches of a day, newest first.

    Parameters
    ----------
    events : sequence of RiskEvent
        Newest first.
    limit : int
        Breaches and changed states give way to trips and halts where there are more.
    """
    holds = [i for i, event in enumerate(events) if isinstance(event, _HOLDS)]
    states = [i for i, event in enumerate(events) if isinstance(event, _STATES)]
    return [events[i] for i in sorted([*holds, *states][:limit])]


def all_else(events: Sequence[RiskEvent]) -> list[RiskEvent]:
    """What :func:`holds_among` never tells."""
    return [event for event in events if not isinstance(event, (*_HOLDS, *_STATES))]


def words(event: RiskEvent, currency: str, policy: Policy | None = None) -> Words:
    """One event in words; a kind without words of its own is told by its name.

    Parameters
    ----------
    event : RiskEvent
    currency : str
    policy : Policy, optional
        In force: it knows in which units changes of it are read.
    """
    if isinstance(event, PolicyChanged | ProposalMade):
        event = replace(event, what=told_lines(event.what, policy, currency))
    say = _SAY.get(type(event))
    if say is None:
        return _unforeseen(event)
    return say(event, currency)


def words_of_kind(kind: str) -> Words:
    """An entry of a kind that this program does not know: a newer one wrote it."""
    return "info", spaced(kind), "written by a newer version of Seawall"


#: What tells, in this order, of any event who did it and why.
_WHO, _WHY = ("by", "who", "person", "sender"), ("reason", "why", "cause", "comment", "detail")
#: Fields that are told of a kind without words of its own.
_TOLD_FIELDS = 3
#: What every event has.
_COMMON = frozenset(spec.name for spec in fields(RiskEvent))


def _unforeseen(event: RiskEvent) -> Words:
    """A kind without words of its own: its name, what it is about, who, and why."""
    told = {name: value for name, value in vars(event).items() if name not in _COMMON}
    who = next((str(told.pop(name)) for name in _WHO if told.get(name)), "")
    why = next((str(told.pop(name)) for name in _WHY if told.get(name)), "")
    severity = told.pop("severity", None)
    about = [f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value]
    detail = "; ".join(part for part in (why, ", ".join(about[:_TOLD_FIELDS]), who) if part)
    return _BY_SEVERITY.get(severity, "info"), spaced(type(event).__name__), detail


def spaced(name: str) -> str:
    """``FillRecorded`` as ``Fill recorded``."""
    return "".join(f" {c.lower()}" if c.isupper() and i else c for i, c in enumerate(name))


_BY_SEVERITY = {Severity.INFO: "info", Severity.WARNING: "throttled", Severity.CRITICAL: "halted"}


def _status(event: RiskStatus, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    return look.shape, f"{event.scope} is {look.word}", event.cause


def _trust(event: MarkTrustChanged, _currency: str) -> Words:
    if event.trust is Trust.TRUSTED:
        return "normal", f"{event.asset} mark is trusted again", event.detail
    return "stale", f"{event.asset} mark is {event.trust}", event.detail


def _fault(event: DataFaultFound, _currency: str) -> Words:
    times = f", {event.count} times" if event.count > 1 else ""
    return "stale", f"{event.asset}: {event.kind.replace('_', ' ')}{times}", event.detail


def _equity_doubted(event: EquityDistrusted, currency: str) -> Words:
    fact = f"Equity of {money(event.read, currency)} is not believed yet"
    trusted = f"the last trusted is {money(event.trusted, currency)}"
    return "stale", fact, f"{trusted}; no new risk until readings agree, a minute at most"


def _equity_believed(event: EquityTrusted, currency: str) -> Words:
    confirmed = event.why is WhyTrusted.CONFIRMED
    fact = f"Equity is believed again, {money(event.equity, currency)}"
    why = "readings agree" if confirmed else "none agreed in time: the worse counts"
    shape = "normal" if confirmed else _BY_SEVERITY[event.severity]
    return shape, fact, f"{why}; before it was {money(event.before, currency)}"


def _funds(event: FundsMoved, currency: str) -> Words:
    kind = "Deposit" if event.amount >= 0.0 else "Withdrawal"
    return "info", f"{kind} of {money(abs(event.amount), currency)}", event.note


def _fill(event: FillRecorded, currency: str) -> Words:
    verb = "bought" if event.quantity > 0.0 else "sold"
    fact = f"{event.strategy} {verb} {quantity(abs(event.quantity))} {event.asset}"
    return "info", fact, f"at {price(event.price)} {currency}"


def _fills(fills: Sequence[FillRecorded], zone: Zone, currency: str) -> Words:
    """Both sides, since a net amount would hide how much was traded."""
    values = [fill.quantity * fill.price for fill in fills]
    bought = money(sum(v for v in values if v > 0.0), currency)
    sold = money(-sum(v for v in values if v < 0.0), currency)
    strategies = ", ".join(sorted({fill.strategy for fill in fills}))
    fact = f"{len(fills)} fills since {zone.clock(fills[-1].at)}"
    return "info", fact, f"{strategies}: bought {bought}, sold {sold}"


def _scored(event: ForecastScored, currency: str) -> Words:
    came = "loss" if event.loss >= 0.0 else "gain"
    figures = f"{came} {money(abs(event.loss), currency)}, VaR {money(event.var_99, currency)}"
    if event.exceeded_99:
        return "halted", f"{_scored_span(event)} went beyond VaR 99 %", figures
    return "normal", f"{_scored_span(event)} stayed inside VaR 99 %", figures


def _scored_span(event: ForecastScored) -> str:
    """The day by its name: its score comes on the day after."""
    if event.period != Period.DAY:
        return "The hour's loss" if event.exceeded_99 else "The hour"
    day = UTC_ZONE.day(event.at - timedelta(microseconds=1))
    return f"The loss of {day}" if event.exceeded_99 else day


def _order(event: OrderValidation | SignalValidation, _currency: str) -> Words:
    verb = {Verdict.APPROVE: "approved", Verdict.RESIZE: "resized", Verdict.REJECT: "rejected"}
    shape = {Verdict.APPROVE: "normal", Verdict.RESIZE: "throttled", Verdict.REJECT: "halted"}
    fact = f"Order {verb[event.verdict]}"
    return shape[event.verdict], fact, _asked(event)


def _signal(event: SignalValidation, _currency: str) -> Words:
    shape, fact, detail = _order(event, _currency)
    return shape, fact.replace("Order", "Signal"), detail


def _answers(
    answers: Sequence[OrderValidation | SignalValidation], zone: Zone, currency: str
) -> Words:
    """A run of one verdict: how many, of whom, and what decided."""
    shape, fact, _ = words(answers[0], currency)
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
    return _BY_SEVERITY[event.severity], fact, f"{filled}: {_in_line(event.reason)}; {about}"


def _overspent(event: LeaseOverspent, _currency: str) -> Words:
    fact = f"{event.strategy} ordered more {event.asset} than it had room for without asking"
    ordered = f"{quantity(event.quantity)} ordered, {quantity(event.allowed)} left"
    about = f"slice {event.lease_id}, told by {event.sender}"
    return _BY_SEVERITY[event.severity], fact, f"{ordered}: all of it is reserved; {about}"


def _disputed(event: FillDisputed, _currency: str) -> Words:
    fact = f"A fill told by {event.sender} was not believed"
    detail = f"{_in_line(event.reason)}; order {event.client_order_id}, nothing was booked"
    return _BY_SEVERITY[event.severity], fact, detail


def _list_disputed(event: ListDisputed, _currency: str) -> Words:
    fact = f"Orders that {event.strategy} says it made of a slice were not believed"
    about = f"slice {event.lease_id}, told by {event.sender}"
    return _BY_SEVERITY[event.severity], fact, f"{_in_line(event.reason)}; {about}, still reserved"


def _overdue(event: ReservationOverdue, _currency: str) -> Words:
    fact = f"Nobody told what became of an order of {event.strategy}"
    verb = "buy" if event.quantity > 0.0 else "sell"
    what = f"{verb} {quantity(abs(event.quantity))} {event.asset}"
    detail = f"{what}, order {event.client_order_id}: its room stays set aside"
    return _BY_SEVERITY[event.severity], fact, detail


def _ended(event: OrderEnded, _currency: str) -> Words:
    fact = f"An order of {event.strategy} is dead, says {event.sender}"
    what = f"{quantity(abs(event.quantity))} {event.asset}"
    return "info", fact, f"room for {what} was given back, order {event.client_order_id}"


def _released(event: ReservationReleased, _currency: str) -> Words:
    fact = f"{event.who} gave back the room of an order of {event.strategy}"
    what = f"{quantity(abs(event.quantity))} {event.asset}, order {event.client_order_id}"
    return "info", fact, f"{what}: {_quoted(event.reason)}"


def _acknowledged(event: ReductionAcknowledged, _currency: str) -> Words:
    fact = f"{event.sender} will reduce {event.asset} of {event.strategy}"
    return "info", fact, f"on {event.venue}, as it was asked"


def _lost(event: AnswersLost, _currency: str) -> Words:
    orders = "order" if event.refused == 1 else "orders"
    fact = f"{number(event.refused)} refused {orders} could not be written down"
    detail = "the database was away; nothing was let through unwritten among them"
    return _BY_SEVERITY[event.severity], fact, detail


def _in_line(reason: str) -> str:
    """A sentence of the program as a part of another one; what begins with a name keeps it."""
    named = reason[1:2] and not reason[1:2].islower() and not reason[1:2].isspace()
    return (reason if named else f"{reason[:1].lower()}{reason[1:]}").rstrip(".")


def _quoted(said: str) -> str:
    """What a person wrote, unchanged."""
    return f"“{said}”" if said else ""


def _breach(event: LimitBreached, _currency: str) -> Words:
    passed = "passed its hard" if event.severity is Severity.CRITICAL else "reached its soft"
    above = f"{percent(event.value / event.threshold - 1.0, 1)} above it" if event.threshold else ""
    return _BY_SEVERITY[event.severity], f"{called_by_name(event.limit)} {passed} threshold", above


def _cleared(event: LimitCleared, _currency: str) -> Words:
    if event.value is None:
        return (
            "info",
            f"The breach of {called_by_name(event.limit)} ended",
            "the policy has no such limit any more",
        )
    return "normal", f"{called_by_name(event.limit)} is inside again", ""


def _limit(event: LimitUpdated, _currency: str) -> Words:
    return "info", f"{called_by_name(event.limit)} {verb_of(event)}", cause_of(event)


def _policy(event: PolicyChanged, _currency: str) -> Words:
    first, others = event.what[0] if event.what else "nothing is different", len(event.what) - 1
    more = f" and {others} more" if others > 0 else ""
    by = f"by {event.by}{_by_whose_word(event)}"
    return "info", f"Version {event.number} of the policy", f"{first}{more}, {by}"


def _by_whose_word(event: PolicyChanged) -> str:
    """Who approved it, where that is another than its author."""
    if event.approved_by in ("", event.by):
        return ""
    alone = event.approved_by == ALONE
    return f" ({ALONE})" if alone else f", approved by {event.approved_by}"


def _model(event: BookModelChanged, _currency: str) -> Words:
    titles = [title_of(name) for name in (event.model, event.previous)]
    return "info", f"The book is measured by {titles[0]}", f"instead of {titles[1]}, by {event.by}"


def _regime(event: RegimeChanged, _currency: str) -> Words:
    sure = f"{percent(event.probability, 0)} probable; it was {event.previous}"
    return _BY_SEVERITY[event.severity], f"The market is {event.regime}", sure


def _refused(event: ActionRefused, _currency: str) -> Words:
    return "info", f"Not done: {event.asked}", f"{event.reason}; asked by {event.by}"


def _latch(event: TradingLatched, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    halted = event.asked == TradingState.HALTED.name
    did = "halted" if halted else "lets only reductions pass in"
    stays = "" if event.asked == event.state else f"; it stays {look.word}"
    fact = f"{event.who} {did} {_scope_of(event)}"
    return look.shape, fact, f"{_quoted(event.reason)}{stays}"


def _resume(event: TradingResumed, _currency: str) -> Words:
    return "normal", f"{event.who} resumed {_scope_of(event)}", _quoted(event.reason)


def _scope_of(event: TradingLatched | TradingResumed) -> str:
    return scope_words(Scope(ScopeKind(event.scope_kind), event.scope))


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
    return _BY_SEVERITY[event.severity], f"{_breaker(event)} asks for a person", stands


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
    return STATE_LOOKS[TradingState[event.state]].shape, fact, f"{_quoted(event.reason)}; {until}"


def _override_over(event: OverrideEnded, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    by = "" if event.by in (RULE, event.began_by) else f", by {event.by}"
    fact = f"The override of {_breaker(event)} by {event.began_by} is over"
    return look.shape, fact, f"{event.why}{by}"


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
    return _BY_SEVERITY[event.severity], fact, f"{left}: {event.reason}"


# -- people -------------------------------------------------------------------------------


def _signed_in(event: PersonSignedIn, _currency: str) -> Words:
    did = "proved again who it is" if event.again else "signed in"
    return "info", f"{event.person} {did}", f"by {event.via}{_from(event.place)}"


def _sign_in_refused(event: SignInRefused, _currency: str) -> Words:
    whom = f"as {event.tried}" if event.tried else "by a name that nobody has"
    waits = "; the name waits now" if event.locked else ""
    shape = "throttled" if event.locked else "info"
    detail = f"{_in_line(event.why)}{waits}{_from(event.place)}"
    return shape, f"Signing in {whom} was refused", detail


def _signed_out(event: PersonSignedOut, _currency: str) -> Words:
    if event.by == event.person:
        return "info", f"{event.person} signed out", "by hand"
    return "info", f"{event.person} was signed out", f"by {event.by}"


def _person(event: PersonChanged, _currency: str) -> Words:
    detail = "; ".join(part for part in (_quoted(event.reason), f"by {event.by}") if part)
    return _BY_SEVERITY[event.severity], f"{event.person} {event.what}", detail


def _book(event: BookChanged, _currency: str) -> Words:
    detail = "; ".join(part for part in (_quoted(event.reason), f"by {event.by}") if part)
    return "info", f"{event.portfolio} {event.what}", detail


def _broken(event: JournalBroken, _currency: str) -> Words:
    return "halted", f"The journal of {event.stream} does not hold", _in_line(event.problem)


def _key(event: KeyChanged, _currency: str) -> Words:
    told = f"{event.key}, by {event.by}"
    detail = "; ".join(part for part in (_in_line(event.reason), told) if part)
    return "info", f"The key {event.name} {event.what}", detail


def _denied(event: ActionDenied, _currency: str) -> Words:
    who = f"{event.by} ({event.role})" if event.role else event.by
    return "info", f"Refused: {event.asked}", f"{_in_line(event.reason)}; asked by {who}"


def _proposed(event: ProposalMade, _currency: str) -> Words:
    first, others = event.what[0] if event.what else "a change", len(event.what) - 1
    more = f" and {others} more" if others > 0 else ""
    # A limit for a while has the reason among its fields: it is told once.
    fact = f"{event.by} proposes: {first.removesuffix(f', reason {event.reason}')}{more}"
    about = f"proposal {event.proposal}, {event.direction}"
    return "caution", fact, "; ".join(part for part in (_quoted(event.reason), about) if part)


def _decided(event: ProposalDecided, _currency: str) -> Words:
    shape = {"approved": "normal", "rejected": "halted"}.get(event.status, "info")
    fact = f"Proposal {event.proposal} of {event.author} was {event.status}"
    why = f"{_quoted(event.reason)}; " if event.reason else ""
    return shape, fact, f"{why}by {event.by}"


def _reviewed(event: OverrideReviewed, _currency: str) -> Words:
    fact = f"{event.by} reviewed the override of {event.breaker} by {event.author}"
    said = f": {_quoted(event.comment)}" if event.comment else ""
    return "info", fact, f"{event.verdict.replace('_', ' ')}{said}"


def _from(place: str) -> str:
    return f", from {place}" if place else ""


_SAY: dict[type[RiskEvent], Callable[[Any, str], Words]] = {
    RiskStatus: _status,
    MarkTrustChanged: _trust,
    DataFaultFound: _fault,
    EquityDistrusted: _equity_doubted,
    EquityTrusted: _equity_believed,
    FundsMoved: _funds,
    FillRecorded: _fill,
    ForecastScored: _scored,
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
    LimitBreached: _breach,
    LimitCleared: _cleared,
    LimitUpdated: _limit,
    PolicyChanged: _policy,
    BookModelChanged: _model,
    RegimeChanged: _regime,
    ActionRefused: _refused,
    TradingLatched: _latch,
    TradingResumed: _resume,
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
    PersonSignedIn: _signed_in,
    SignInRefused: _sign_in_refused,
    PersonSignedOut: _signed_out,
    PersonChanged: _person,
    BookChanged: _book,
    JournalBroken: _broken,
    KeyChanged: _key,
    ActionDenied: _denied,
    ProposalMade: _proposed,
    ProposalDecided: _decided,
    OverrideReviewed: _reviewed,
}
