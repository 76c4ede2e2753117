"""Facts that the risk engine establishes.

An event never changes once it is made, so that a replay, an audit and an alert all speak of
the same thing. To add one, write a class in the file of its subject and name it here: the codec,
the journal, the schema and the documentation find it through `RiskEvent.kinds`. Changing the
meaning of a field, or removing one, raises `version`; adding a field with a default does not.
"""

from risk.domain.events.account import (
    EquityDistrusted,
    EquityTrusted,
    FillRecorded,
    FundsMoved,
    WhyTrusted,
)
from risk.domain.events.answers import OrderValidation, SignalValidation, Verdict
from risk.domain.events.base import RiskEvent, Severity
from risk.domain.events.choices import ActionRefused, BookModelChanged, PolicyChanged
from risk.domain.events.limits import RULE, LimitBreached, LimitCleared, LimitUpdated
from risk.domain.events.market import (
    DataFaultFound,
    ForecastScored,
    MarkTrustChanged,
    RegimeChanged,
)
from risk.domain.events.measurements import (
    BreakerReading,
    ExposureUpdate,
    LimitUtilization,
    PortfolioRisk,
    PositionRisk,
)
from risk.domain.events.orders import (
    AnswersLost,
    FillDisputed,
    FillUnexpected,
    LeaseOverspent,
    ListDisputed,
    OrderEnded,
    ReductionAcknowledged,
    ReservationOverdue,
    ReservationReleased,
)
from risk.domain.events.people import (
    PEOPLE_STREAM,
    ActionDenied,
    BookChanged,
    JournalBroken,
    KeyChanged,
    LoginDeed,
    OverrideReviewed,
    Parting,
    PersonChanged,
    PersonSignedIn,
    PersonSignedOut,
    ProposalDecided,
    ProposalMade,
    SignInRefused,
)
from risk.domain.events.reductions import (
    ReductionLate,
    ReductionRequested,
    StopEscalated,
    StopLossUpdate,
)
from risk.domain.events.trading import (
    BreakerActivated,
    BreakerAsksPerson,
    BreakerDeactivated,
    BreakerOverridden,
    BreakerStepped,
    BreakerWouldTrip,
    OverrideEnded,
    RiskStatus,
    TradingLatched,
    TradingResumed,
)

__all__ = [
    "PEOPLE_STREAM",
    "RULE",
    "ActionDenied",
    "ActionRefused",
    "AnswersLost",
    "BookChanged",
    "BookModelChanged",
    "BreakerActivated",
    "BreakerAsksPerson",
    "BreakerDeactivated",
    "BreakerOverridden",
    "BreakerReading",
    "BreakerStepped",
    "BreakerWouldTrip",
    "DataFaultFound",
    "EquityDistrusted",
    "EquityTrusted",
    "ExposureUpdate",
    "FillDisputed",
    "FillRecorded",
    "FillUnexpected",
    "ForecastScored",
    "FundsMoved",
    "JournalBroken",
    "KeyChanged",
    "LeaseOverspent",
    "LimitBreached",
    "LimitCleared",
    "LimitUpdated",
    "LimitUtilization",
    "ListDisputed",
    "LoginDeed",
    "MarkTrustChanged",
    "OrderEnded",
    "OrderValidation",
    "OverrideEnded",
    "OverrideReviewed",
    "Parting",
    "PersonChanged",
    "PersonSignedIn",
    "PersonSignedOut",
    "PolicyChanged",
    "PortfolioRisk",
    "PositionRisk",
    "ProposalDecided",
    "ProposalMade",
    "ReductionAcknowledged",
    "ReductionLate",
    "ReductionRequested",
    "RegimeChanged",
    "ReservationOverdue",
    "ReservationReleased",
    "RiskEvent",
    "RiskStatus",
    "Severity",
    "SignInRefused",
    "SignalValidation",
    "StopEscalated",
    "StopLossUpdate",
    "TradingLatched",
    "TradingResumed",
    "Verdict",
    "WhyTrusted",
]
