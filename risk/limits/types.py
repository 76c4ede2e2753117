"""Every kind of limit by name. A kind is a file in this room and a line here."""

from risk.limits.base import Limit, LimitBase, OrderLimit
from risk.limits.concentration import ConcentrationLimit
from risk.limits.correlation_cluster import CorrelationClusterLimit
from risk.limits.daily_loss import DailyLossLimit
from risk.limits.days_to_flat import DaysToFlatLimit
from risk.limits.drawdown import DrawdownLimit
from risk.limits.expected_shortfall import ExpectedShortfallLimit
from risk.limits.gross_exposure import GrossExposureLimit
from risk.limits.leverage import LeverageLimit
from risk.limits.net_exposure import NetExposureLimit
from risk.limits.open_positions import OpenPositionsLimit
from risk.limits.order_notional import OrderNotionalLimit
from risk.limits.order_quantity import OrderQuantityLimit
from risk.limits.order_rate import OrderRateLimit
from risk.limits.order_volume_share import OrderVolumeShareLimit
from risk.limits.price_collar import PriceCollarLimit
from risk.limits.repeated_order import RepeatedOrderLimit
from risk.limits.stablecoin_exposure import StablecoinExposureLimit
from risk.limits.stress_loss import StressLossLimit
from risk.limits.value_at_risk import ValueAtRiskLimit

BOOK_LIMITS: dict[str, type[Limit]] = {
    kind.kind: kind
    for kind in (
        GrossExposureLimit,
        NetExposureLimit,
        LeverageLimit,
        ConcentrationLimit,
        OpenPositionsLimit,
        StablecoinExposureLimit,
        CorrelationClusterLimit,
        DaysToFlatLimit,
        ValueAtRiskLimit,
        ExpectedShortfallLimit,
        StressLossLimit,
        DailyLossLimit,
        DrawdownLimit,
    )
}
ORDER_LIMITS: dict[str, type[OrderLimit]] = {
    kind.kind: kind
    for kind in (
        OrderNotionalLimit,
        OrderQuantityLimit,
        OrderVolumeShareLimit,
        OrderRateLimit,
        RepeatedOrderLimit,
        PriceCollarLimit,
    )
}
LIMIT_TYPES: dict[str, type[LimitBase]] = {**BOOK_LIMITS, **ORDER_LIMITS}
