"""What was booked in the ledger."""

from dataclasses import dataclass

from risk.domain.events.base import RiskEvent


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
