"""Every kind of breaker by name. A kind is a file in this room and a line here."""

from dataclasses import fields

from risk.breakers.base import Breaker
from risk.breakers.daily_loss import DailyLossBreaker
from risk.breakers.drawdown import DrawdownBreaker
from risk.breakers.market_volatility import MarketVolatilityBreaker
from risk.domain.breakers import BreakerDefinition
from risk.errors import PolicyInvalid

BREAKER_TYPES: dict[str, type[Breaker]] = {
    kind.kind: kind
    for kind in (
        MarketVolatilityBreaker,
        DrawdownBreaker,
        DailyLossBreaker,
    )
}


def breaker_of(definition: BreakerDefinition) -> Breaker:
    """The breaker that a definition describes.

    Raises
    ------
    PolicyInvalid
        If there is no such kind, or the definition does not fit it.
    """
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
