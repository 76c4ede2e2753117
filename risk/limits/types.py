"""Every kind of limit by name. A kind is a file in this room and a line here."""

from dataclasses import fields

from risk.domain.limits import LimitDefinition, Thresholds
from risk.errors import PolicyInvalid
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


def limit_of(definition: LimitDefinition, thresholds: Thresholds | None = None) -> LimitBase:
    """The limit that a definition describes.

    Parameters
    ----------
    definition : LimitDefinition
    thresholds : Thresholds or None
        Those in force; None takes them as defined.

    Raises
    ------
    PolicyInvalid
        If there is no such kind, or the definition does not fit it.
    """
    kind = LIMIT_TYPES.get(definition.kind)
    if kind is None:
        raise PolicyInvalid(
            definition.name,
            f"is of kind {definition.kind}, which there is not; there are {', '.join(LIMIT_TYPES)}",
        )
    try:
        return kind(
            name=definition.name,
            scope=definition.scope,
            hard=definition.hard if thresholds is None else thresholds.hard,
            soft=definition.soft if thresholds is None else thresholds.soft,
            **definition.parameters,
        )
    except TypeError as error:
        own = ", ".join(own_settings(kind)) or "none"
        raise PolicyInvalid(
            definition.name, f"has settings that its kind does not know; it has {own}"
        ) from error
    except ValueError as error:
        raise PolicyInvalid(definition.name, str(error)) from error


def own_settings(kind: type[LimitBase]) -> tuple[str, ...]:
    """Names of the settings that a kind adds to those of every limit, sorted."""
    common = {spec.name for spec in fields(LimitBase)}
    return tuple(sorted(spec.name for spec in fields(kind) if spec.name not in common))
