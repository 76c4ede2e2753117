"""What was booked in the ledger, and whether what it is worth is believed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from risk.domain.events.base import RiskEvent, Severity


@dataclass(frozen=True, kw_only=True)
class FundsMoved(RiskEvent):
    """A deposit or a withdrawal was booked; it is neither profit nor loss.

    Attributes
    ----------
    amount : float
        Quote currency; a deposit is positive.
    equity : float or None
        After it, quote currency.
    note : str
    """

    amount: float
    equity: float | None
    note: str


@dataclass(frozen=True, kw_only=True)
class FillRecorded(RiskEvent):
    """A trade entered the ledger.

    Attributes
    ----------
    strategy, asset, venue : str
    quantity : float
        Signed units.
    price, fee : float
        Quote currency.
    """

    strategy: str
    asset: str
    venue: str
    quantity: float
    price: float
    fee: float


@dataclass(frozen=True, kw_only=True)
class EquityDistrusted(RiskEvent):
    """Equity leapt: until readings agree, or to the deadline, the book stays as last trusted.

    No new risk is let through meanwhile; reductions are. Told once.

    Attributes
    ----------
    read : float
        The equity that is not believed, quote currency.
    trusted : float
        What was believed last, deposits and withdrawals since counted in, quote currency.
    deadline : datetime
        The first reading from then on decides. UTC, the market's time.
    cause : str
        One plain sentence.
    severity : Severity
    """

    read: float
    trusted: float
    deadline: datetime
    cause: str
    severity: Severity


class WhyTrusted(StrEnum):
    """Why equity is believed again: readings that agreed, or the worse once time was up."""

    CONFIRMED = "confirmed"
    DEADLINE = "deadline"


@dataclass(frozen=True, kw_only=True)
class EquityTrusted(RiskEvent):
    """Equity that was distrusted is believed again. Told once.

    Attributes
    ----------
    equity : float
        What is believed now, quote currency.
    before : float
        What was believed while it was distrusted, deposits and withdrawals since counted in.
    why : WhyTrusted
    distrusted_since : datetime
        UTC.
    cause : str
        One plain sentence.
    severity : Severity
    """

    equity: float
    before: float
    why: WhyTrusted
    distrusted_since: datetime
    cause: str
    severity: Severity
