"""A day's events as entries of a timeline."""

from collections.abc import Sequence
from itertools import groupby, islice

from pages.components.timeline import TimelineEntry
from pages.format import Zone
from pages.views.happenings.orders import told_answers, told_fills
from pages.views.happenings.phrases import Words
from pages.views.happenings.telling import words
from risk.domain.events import (
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    FillRecorded,
    ForecastScored,
    LimitBreached,
    LimitCleared,
    OrderValidation,
    OverrideEnded,
    RiskEvent,
    RiskStatus,
    SignalValidation,
    TradingLatched,
    TradingResumed,
)
from risk.domain.market import Period
from risk.domain.policy import Policy


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
        return told_fills(fills, zone, currency)
    answers = [e for e in events if isinstance(e, (OrderValidation, SignalValidation))]
    return told_answers(answers, zone, currency)


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
