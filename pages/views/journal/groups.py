"""Kinds of events as people ask for them: what belongs together in the journal."""

from collections.abc import Collection, Mapping

from risk.domain.events import (
    ActionDenied,
    AnswersLost,
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
    KeyChanged,
    LeaseOverspent,
    LimitBreached,
    LimitCleared,
    ListDisputed,
    MarkTrustChanged,
    OrderEnded,
    OrderValidation,
    OverrideEnded,
    OverrideReviewed,
    PersonChanged,
    PersonSignedIn,
    PersonSignedOut,
    ReductionAcknowledged,
    ReductionLate,
    ReductionRequested,
    RegimeChanged,
    ReservationOverdue,
    ReservationReleased,
    RiskEvent,
    RiskStatus,
    SignalValidation,
    SignInRefused,
    StopEscalated,
    StopLossUpdate,
    TradingLatched,
    TradingResumed,
)

STORY, EVERYTHING, CHANGES = "story", "everything", "changes"
#: What the address may choose, and how the page calls it.
GROUPS: Mapping[str, str] = {
    STORY: "Story",
    "people": "People",
    CHANGES: "Changes",
    "breakers": "Breakers and halts",
    "orders": "Orders",
    "data": "Data",
    EVERYTHING: "Everything",
}
_MEMBERS: Mapping[str, tuple[type[RiskEvent], ...]] = {
    "people": (
        PersonSignedIn,
        SignInRefused,
        PersonSignedOut,
        PersonChanged,
        KeyChanged,
        ActionDenied,
    ),
    "breakers": (
        BreakerActivated,
        BreakerAsksPerson,
        BreakerDeactivated,
        BreakerOverridden,
        BreakerStepped,
        BreakerWouldTrip,
        LimitBreached,
        LimitCleared,
        OverrideEnded,
        OverrideReviewed,
        RiskStatus,
        TradingLatched,
        TradingResumed,
    ),
    "orders": (
        AnswersLost,
        FillDisputed,
        FillRecorded,
        FillUnexpected,
        LeaseOverspent,
        ListDisputed,
        OrderEnded,
        OrderValidation,
        ReductionAcknowledged,
        ReductionLate,
        ReductionRequested,
        ReservationOverdue,
        ReservationReleased,
        SignalValidation,
        StopEscalated,
        StopLossUpdate,
    ),
    "data": (
        DataFaultFound,
        EquityDistrusted,
        EquityTrusted,
        ForecastScored,
        MarkTrustChanged,
        RegimeChanged,
    ),
}
#: Of these there may be thousands a minute: in the story they would hide everything else.
ROUTINE = frozenset(
    kind.__name__ for kind in (OrderValidation, SignalValidation, FillRecorded, StopLossUpdate)
)
#: By the name of a kind; what stands in no group is a change.
_GROUP_OF: Mapping[str, str] = {
    kind.__name__: group for group, kinds in _MEMBERS.items() for kind in kinds
}


def group_of(kind: str) -> str:
    """The group of a kind, also of one that this program does not know."""
    return _GROUP_OF.get(kind, CHANGES)


def kinds_of_group(group: str, present: Collection[str]) -> frozenset[str] | None:
    """Those kinds of all that there are that belong to a group; None for every one."""
    if group == EVERYTHING:
        return None
    if group == STORY:
        return frozenset(present) - ROUTINE
    return frozenset(kind for kind in present if group_of(kind) == group)
