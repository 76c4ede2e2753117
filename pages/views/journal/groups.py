"""Kinds of events as people ask for them: what belongs together in the journal."""

from collections.abc import Collection, Mapping

from risk.domain.events import (
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
    SignalValidation,
    SignInRefused,
    StopEscalated,
    StopLossUpdate,
    TradingLatched,
    TradingResumed,
)

STORY, EVERYTHING, CHANGES, PEOPLE = "story", "everything", "changes", "people"
#: What the address may choose, and how the page calls it.
GROUPS: Mapping[str, str] = {
    STORY: "Story",
    PEOPLE: "People",
    CHANGES: "Changes",
    "breakers": "Breakers and halts",
    "orders": "Orders",
    "data": "Data",
    EVERYTHING: "Everything",
}
_MEMBERS: Mapping[str, tuple[type[RiskEvent], ...]] = {
    PEOPLE: (
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
#: What people do that stands in other groups too, in whichever stream. Of some of them a rule does
#: most: those are left out where people are asked for.
_BY_PEOPLE = frozenset(
    kind.__name__
    for kind in (
        ActionRefused,
        BookChanged,
        BookModelChanged,
        BreakerDeactivated,
        BreakerOverridden,
        BreakerStepped,
        LimitUpdated,
        OverrideEnded,
        OverrideReviewed,
        PolicyChanged,
        ProposalDecided,
        ProposalMade,
        ReservationReleased,
        TradingLatched,
        TradingResumed,
    )
)
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
    others = _BY_PEOPLE if group == PEOPLE else frozenset()
    return frozenset(kind for kind in present if group_of(kind) == group or kind in others)
