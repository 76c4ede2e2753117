"""Every kind of breaker by name. A kind is a file in this room and a line here."""

from dataclasses import fields

from risk.breakers.agent_runaway import AgentRunawayBreaker
from risk.breakers.base import Breaker
from risk.breakers.correlation_spike import CorrelationSpikeBreaker
from risk.breakers.daily_loss import DailyLossBreaker
from risk.breakers.data_quality import DataQualityBreaker
from risk.breakers.drawdown import DrawdownBreaker
from risk.breakers.hit_rate import HitRateBreaker
from risk.breakers.liquidity import LiquidityBreaker
from risk.breakers.loss_streak import LossStreakBreaker
from risk.breakers.manual import ManualBreaker, is_manual
from risk.breakers.market_volatility import MarketVolatilityBreaker
from risk.breakers.sharpe import SharpeBreaker
from risk.breakers.var_exceptions import VarExceptionsBreaker
from risk.domain.breakers import BreakerDefinition
from risk.errors import PolicyInvalid

BREAKER_TYPES: dict[str, type[Breaker]] = {
    kind.kind: kind
    for kind in (
        MarketVolatilityBreaker,
        DrawdownBreaker,
        DailyLossBreaker,
        LossStreakBreaker,
        HitRateBreaker,
        SharpeBreaker,
        CorrelationSpikeBreaker,
        LiquidityBreaker,
        DataQualityBreaker,
        VarExceptionsBreaker,
        AgentRunawayBreaker,
    )
}
#: What boards and histories show: these, and what people stopped, which no policy sets.
SHOWN_TYPES: dict[str, type[Breaker]] = {**BREAKER_TYPES, ManualBreaker.kind: ManualBreaker}


def breaker_of(definition: BreakerDefinition) -> Breaker:
    """The breaker that a definition describes.

    Raises
    ------
    PolicyInvalid
        If there is no such kind, or the definition does not fit it.
    """
    if is_manual(definition.name):
        raise PolicyInvalid(definition.name, "begins as only what people stopped may be called")
    kind = BREAKER_TYPES.get(definition.kind)
    if kind is None:
        raise PolicyInvalid(
            definition.name,
            f"is of kind {definition.kind}, which there is not; there are "
            f"{', '.join(BREAKER_TYPES)}",
        )
    try:
        return kind(
            name=definition.name,
            scope=definition.scope,
            trip=definition.trip,
            release=definition.release,
            **definition.parameters,
        )
    except TypeError as error:
        own = ", ".join(own_settings(kind)) or "none"
        raise PolicyInvalid(
            definition.name, f"has settings that its kind does not know; it has {own}"
        ) from error
    except ValueError as error:
        raise PolicyInvalid(definition.name, str(error)) from error


def own_settings(kind: type[Breaker]) -> tuple[str, ...]:
    """Names of the settings that a kind adds to those of every breaker, sorted."""
    common = {spec.name for spec in fields(Breaker)}
    return tuple(sorted(spec.name for spec in fields(kind) if spec.name not in common))
