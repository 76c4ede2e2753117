"""What was measured in a cycle: stored as metrics, not journalled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from risk.domain.events.base import RiskEvent


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
class PositionRisk(RiskEvent):
    """One position's risk, told when the position changes and once an hour.

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
class BreakerReading(RiskEvent):
    """What one breaker measures in this cycle; none while it cannot be measured.

    Attributes
    ----------
    breaker : str
    breaker_reading : float
        In the breaker's own unit.
    """

    journalled: ClassVar[bool] = False

    breaker: str
    breaker_reading: float
