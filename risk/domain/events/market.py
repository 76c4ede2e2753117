"""What the market's data said of itself, of its state, and of the forecasts made of it."""

from dataclasses import dataclass

from risk.domain.events.base import RiskEvent, Severity
from risk.domain.market import FaultKind, Trust


@dataclass(frozen=True, kw_only=True)
class MarkTrustChanged(RiskEvent):
    """An asset's mark became less, or again more, believable.

    Attributes
    ----------
    asset : str
    trust, previous : Trust
    detail : str
        One plain sentence.
    severity : Severity
    """

    asset: str
    trust: Trust
    previous: Trust
    detail: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class DataFaultFound(RiskEvent):
    """Something was wrong in the market data, and this is what was done about it.

    Attributes
    ----------
    kind : FaultKind
    asset, detail : str
    count : int
        Data points concerned.
    """

    kind: FaultKind
    asset: str
    detail: str
    count: int


@dataclass(frozen=True, kw_only=True)
class RegimeChanged(RiskEvent):
    """The market's hours are calmer or more stressed than before. At most once a cycle.

    Attributes
    ----------
    regime, previous : str
        ``calm``, ``normal`` or ``stressed``; `previous` is ``unknown`` at first.
    probability : float
        Of the new regime, after the newest hour.
    severity : Severity
    """

    regime: str
    previous: str
    probability: float
    severity: Severity


#: What every book was measured by before its model could be chosen, by period.
_MODEL_BEFORE_ANY_CHOICE = {"1d": "filtered_evt", "1h": "filtered_historical"}


@dataclass(frozen=True, kw_only=True)
class ForecastScored(RiskEvent):
    """A bar closed, and the VaR forecast for it met what happened.

    Attributes
    ----------
    period : str
        ``1d`` or ``1h``.
    loss : float
        Of the holdings at the time of the forecast, quote currency; a gain is negative.
    var_95, var_975, var_99, es_975 : float
        As forecast, quote currency.
    exceeded_95, exceeded_975, exceeded_99 : bool
    model : str
        Name of the model that made the forecast. Empty in events from before a book's model
        could be chosen: ``filtered_evt`` for a day, ``filtered_historical`` for an hour.
    """

    period: str
    loss: float
    var_95: float
    var_975: float
    var_99: float
    es_975: float
    exceeded_95: bool
    exceeded_975: bool
    exceeded_99: bool
    model: str = ""

    @property
    def made_by(self) -> str:
        """Name of the model that made the forecast, of old events too."""
        return self.model or _MODEL_BEFORE_ANY_CHOICE[self.period]
