"""Facts that the risk engine establishes.

An event never changes once it is made, so that a replay, an audit and an alert all speak of
the same thing. To add one, write a class here: the codec, the journal, the schema and the
documentation find it through `RiskEvent.kinds`. Changing the meaning of a field, or removing
one, raises `version`; adding a field with a default does not.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from risk.domain.market import FaultKind, Trust


class Severity(StrEnum):
    """How much attention an event asks for."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Verdict(StrEnum):
    """The answer to an order or a signal."""

    APPROVE = "approve"
    RESIZE = "resize"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True)
class RiskEvent:
    """A fact about one portfolio at one moment.

    Attributes
    ----------
    at : datetime
        When it became true: the snapshot's time, not the time of writing. UTC.
    portfolio : str
    cycle : str
        The engine cycle that established it; ties an alert back to its numbers.
    """

    version: ClassVar[int] = 1
    #: Whether it is worth keeping for ever. Measurements are not: they are stored as metrics.
    journalled: ClassVar[bool] = True

    at: datetime
    portfolio: str
    cycle: str

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"{type(self).__name__}.at needs a timezone: {self.at!r}")
        for spec in fields(self):
            value = getattr(self, spec.name)
            # Most values are of these; their names need not be put together to be passed.
            if (type(value) is float and math.isfinite(value)) or type(value) is str:
                continue
            _refuse_not_finite(f"{type(self).__name__}.{spec.name}", value)

    @classmethod
    def kinds(cls) -> "dict[str, type[RiskEvent]]":
        """Every kind of event by its class name, in alphabetical order."""
        return {
            kind.__name__: kind for kind in sorted(cls.__subclasses__(), key=lambda k: k.__name__)
        }


def _refuse_not_finite(name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_not_finite(f"{name}[{key}]", inner)
    elif isinstance(value, tuple):
        for position, inner in enumerate(value):
            _refuse_not_finite(f"{name}[{position}]", inner)


@dataclass(frozen=True, kw_only=True)
class SignalValidation(RiskEvent):
    """The Risk Manager answered a trading signal, before any order exists.

    Attributes
    ----------
    strategy, asset : str
    verdict : Verdict
    requested_quantity, allowed_quantity : float
        Signed units; `allowed_quantity` is what would pass now.
    reasons : tuple of str
        Codes of the checks that decided.
    """

    strategy: str
    asset: str
    verdict: Verdict
    requested_quantity: float
    allowed_quantity: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrderValidation(RiskEvent):
    """The Risk Manager answered an order.

    Attributes
    ----------
    client_order_id, strategy, asset : str
    verdict : Verdict
    requested_quantity, allowed_quantity : float
        Signed units; zero allowed when rejected.
    reasons : tuple of str
        Codes of the checks that decided.
    """

    client_order_id: str
    strategy: str
    asset: str
    verdict: Verdict
    requested_quantity: float
    allowed_quantity: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RiskStatus(RiskEvent):
    """A scope's trading state changed.

    Attributes
    ----------
    scope_kind, scope : str
        What it applies to, e.g. ``portfolio`` and ``demo``.
    state, previous : str
        A trading state's name, e.g. ``REDUCE_ONLY``.
    cause : str
        One plain sentence.
    severity : Severity
    """

    scope_kind: str
    scope: str
    state: str
    previous: str
    cause: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class PositionRisk(RiskEvent):
    """One position's risk, told when the position changes and once a bar.

    Attributes
    ----------
    strategy, asset, venue : str
    quantity : float
        Units; negative when short.
    exposure, unrealised : float
        Quote currency.
    var_1d_99, es_1d_975 : float or None
        Of the position alone, quote currency.
    component_var_1d_99 : float or None
        Its part of the book's VaR; negative if it offsets risk.
    marginal_var_1d_99 : float or None
        Change of the book's VaR per unit of currency bought.
    """

    journalled: ClassVar[bool] = False

    strategy: str
    asset: str
    venue: str
    quantity: float
    exposure: float
    unrealised: float
    var_1d_99: float | None
    es_1d_975: float | None
    component_var_1d_99: float | None
    marginal_var_1d_99: float | None


@dataclass(frozen=True, kw_only=True)
class StopLossUpdate(RiskEvent):
    """A position's stop was set, moved, resized or taken away.

    Attributes
    ----------
    strategy, asset, venue : str
    stop_price : float or None
        Quote currency; None when none stands any more.
    previous_price : float or None
        None for a new stop.
    quantity : float
        Signed units that the stop would close.
    reason : str
    """

    version: ClassVar[int] = 2

    strategy: str
    asset: str
    venue: str
    stop_price: float | None
    previous_price: float | None
    quantity: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class PortfolioRisk(RiskEvent):
    """The book's measures in this cycle. Every number here is stored as a metric.

    A figure that could not be measured is None: it leaves a gap in its chart, never a zero.

    Attributes
    ----------
    equity, profit_today, profit_total, net_flows : float or None
        Quote currency; flows are not profit.
    unit_value : float or None
        Value of one unit of the book, 1 at inception.
    return_today : float or None
        Fraction.
    drawdown : float or None
        Fraction of the peak.
    gross, net, long, short : float
        Exposure, quote currency.
    leverage : float or None
        Gross exposure over equity.
    concentration : float
        Herfindahl index of the assets' net exposure.
    mean_correlation : float or None
    var_1d_95, var_1d_975, var_1d_99, es_1d_95, es_1d_975, es_1d_99 : float or None
        One day, fraction of equity.
    var_1h_95, var_1h_975, var_1h_99, es_1h_95, es_1h_975, es_1h_99 : float or None
        One hour, fraction of equity.
    stress_loss : float or None
        Worst scenario, fraction of equity.
    """

    journalled: ClassVar[bool] = False

    equity: float | None
    profit_today: float | None
    profit_total: float | None
    net_flows: float
    unit_value: float | None
    return_today: float | None
    drawdown: float | None
    gross: float
    net: float
    long: float
    short: float
    leverage: float | None
    concentration: float
    mean_correlation: float | None
    var_1d_95: float | None
    var_1d_975: float | None
    var_1d_99: float | None
    es_1d_95: float | None
    es_1d_975: float | None
    es_1d_99: float | None
    var_1h_95: float | None
    var_1h_975: float | None
    var_1h_99: float | None
    es_1h_95: float | None
    es_1h_975: float | None
    es_1h_99: float | None
    stress_loss: float | None


@dataclass(frozen=True, kw_only=True)
class ExposureUpdate(RiskEvent):
    """Exposure changed by a trade, or drifted by more than a hundredth of equity.

    Attributes
    ----------
    by_asset, by_strategy, by_venue : mapping of name to float
        Net exposure, quote currency.
    gross, net : float
        Quote currency.
    changed : tuple of str
        The assets that caused it.
    """

    journalled: ClassVar[bool] = False

    by_asset: Mapping[str, float]
    by_strategy: Mapping[str, float]
    by_venue: Mapping[str, float]
    gross: float
    net: float
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LimitBreached(RiskEvent):
    """A limit was crossed in this cycle. Not repeated while it stays crossed.

    Attributes
    ----------
    limit : str
        Its configured name.
    episode : str
        Ties the breach to its end.
    value, threshold : float
        In the limit's own unit.
    severity : Severity
    """

    limit: str
    episode: str
    value: float
    threshold: float
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class LimitCleared(RiskEvent):
    """A limit that was breached is kept again, or there is no such limit any more.

    Attributes
    ----------
    limit : str
    episode : str
        Of the breach that is over.
    value : float or None
        In the limit's own unit; None if the limit is gone.
    threshold : float
        The soft one now, which `value` is below; of a limit that is gone its last one.
    """

    limit: str
    episode: str
    value: float | None
    threshold: float


@dataclass(frozen=True, kw_only=True)
class LimitUtilization(RiskEvent):
    """How full one limit is in this cycle.

    Attributes
    ----------
    limit : str
    utilization : float or None
        Share of the hard threshold, ``MOST_USED`` at most; None while it cannot be measured.
    """

    journalled: ClassVar[bool] = False

    limit: str
    utilization: float | None


@dataclass(frozen=True, kw_only=True)
class LimitUpdated(RiskEvent):
    """A limit's threshold changed.

    Attributes
    ----------
    limit : str
    threshold, previous : float or None
        Hard threshold in the limit's own unit; None where there was no such limit, or is none now.
    reason, changed_by : str
    soft, previous_soft : float or None
        Soft threshold; None too in events from before it was told.
    """

    version: ClassVar[int] = 2

    limit: str
    threshold: float | None
    previous: float | None
    reason: str
    changed_by: str
    soft: float | None = None
    previous_soft: float | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyChanged(RiskEvent):
    """A policy was adopted, or a temporary limit of it was set or ended.

    Attributes
    ----------
    number : int
        Version of the policy that is in force now.
    action : int
        Number of what a person asked for.
    by : str
    what : tuple of str
        What is different, a line each.
    """

    number: int
    action: int
    by: str
    what: tuple[str, ...]


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


@dataclass(frozen=True, kw_only=True)
class BookModelChanged(RiskEvent):
    """Another model measures the book's day from this cycle on.

    Attributes
    ----------
    previous, model : str
        Their names.
    by : str
        Who chose it, or the setting.
    """

    previous: str
    model: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ActionRefused(RiskEvent):
    """Something that a person asked for changed nothing.

    Attributes
    ----------
    asked : str
        What was asked for, as the end of a sentence: *asked to*.
    by : str
    reason : str
        One plain sentence.
    """

    asked: str
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BreakerActivated(RiskEvent):
    """A circuit breaker tripped.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    value, threshold : float
        In the breaker's own unit.
    state : str
        The trading state it imposes.
    cause : str
        One plain sentence.
    severity : Severity
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    value: float
    threshold: float
    state: str
    cause: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class BreakerDeactivated(RiskEvent):
    """A circuit breaker let go.

    Attributes
    ----------
    breaker, episode, scope_kind, scope : str
    reason, released_by : str
        `released_by` is ``rule`` or a person.
    """

    breaker: str
    episode: str
    scope_kind: str
    scope: str
    reason: str
    released_by: str


@dataclass(frozen=True, kw_only=True)
class ReductionRequested(RiskEvent):
    """Somebody must make a position smaller by a deadline. Told once, and again if stricter.

    A newer request about the same position takes the place of the one before.

    Attributes
    ----------
    strategy, asset : str
    target_quantity : float
        Signed units to end at.
    reason : str
        Which rule asks, and why.
    deadline : datetime
        UTC. A stricter request has that of the one whose place it takes.
    id : str
        Unique in the portfolio; empty in events from before requests were kept.
    venue : str
        Empty in those too.
    """

    strategy: str
    asset: str
    target_quantity: float
    reason: str
    deadline: datetime
    id: str = ""
    venue: str = ""


@dataclass(frozen=True, kw_only=True)
class ReductionLate(RiskEvent):
    """A position is still too large after the deadline. Told once.

    Attributes
    ----------
    id : str
        Of the request.
    strategy, asset, venue : str
    quantity, target_quantity : float
        Signed units held, and to end at.
    reason : str
        Of the request.
    deadline : datetime
        UTC.
    """

    id: str
    strategy: str
    asset: str
    venue: str
    quantity: float
    target_quantity: float
    reason: str
    deadline: datetime


@dataclass(frozen=True, kw_only=True)
class StopEscalated(RiskEvent):
    """What a stop asked for was not done by its deadline. Told again while it is not.

    Attributes
    ----------
    strategy, asset, venue : str
    request : str
        Id of the `ReductionRequested`.
    quantity, target_quantity : float
        Signed units still held, and to end at.
    reason : str
    deadline : datetime
        UTC.
    times : int
        How often it was told, this time included.
    severity : Severity
    """

    strategy: str
    asset: str
    venue: str
    request: str
    quantity: float
    target_quantity: float
    reason: str
    deadline: datetime
    times: int
    severity: Severity


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
