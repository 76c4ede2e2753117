"""Position Risk Calculator: one position's value, its risk alone and its part of the book's."""

from datetime import datetime
from typing import NamedTuple

from risk.domain.assessment import PositionMeasures, TailRisk
from risk.domain.events import PositionRisk
from risk.domain.market import Mark
from risk.domain.model import LEVELS
from risk.domain.positions import Position, PositionKey


class UnitRisk(NamedTuple):
    """What one asset contributes to a book, and is on its own.

    Attributes
    ----------
    long, short : TailRisk
        Of one unit of currency held that way and nothing else.
    marginal_var, marginal_es : tuple of float
        Change of the book's figures per unit of currency bought, by level.
    rest_var, rest_es : tuple of float
        What the asset's component has beyond marginal times net exposure, per unit of gross
        exposure; zero unless the book hedges itself completely.
    beta_btc : float or None
    """

    long: TailRisk
    short: TailRisk
    marginal_var: tuple[float, ...]
    marginal_es: tuple[float, ...]
    rest_var: tuple[float, ...]
    rest_es: tuple[float, ...]
    beta_btc: float | None

    def alone(self, exposure: float) -> TailRisk:
        """Figures of holding `exposure` and nothing else."""
        unit, size = (self.long if exposure >= 0.0 else self.short), abs(exposure)
        return TailRisk(tuple(v * size for v in unit.var), tuple(v * size for v in unit.es))


def measure_position(
    position: Position,
    mark: Mark,
    *,
    exposure: float,
    since_midnight: float | None,
    unit: UnitRisk | None,
    liquidation_move: float | None = None,
) -> PositionMeasures:
    """A position's measures.

    Parameters
    ----------
    position : Position
    mark : Mark
    exposure : float
        Market value, quote currency; at cost while the mark is missing.
    since_midnight : float or None
        The mark's change, a fraction.
    unit : UnitRisk or None
        None while the model cannot tell.
    liquidation_move : float or None
        Of its asset, a fraction; None where there is none.
    """
    price = mark.price if mark.known else position.entry_price
    return PositionMeasures(
        strategy=position.strategy,
        asset=position.asset,
        venue=position.venue,
        quantity=position.quantity,
        entry_price=position.entry_price,
        mark=price,
        trust=mark.trust,
        exposure=exposure,
        unrealised=position.unrealised(price),
        since_midnight=since_midnight,
        standalone=unit and unit.alone(exposure),
        component_var=unit and _component(unit.marginal_var, unit.rest_var, exposure),
        component_es=unit and _component(unit.marginal_es, unit.rest_es, exposure),
        marginal_var=unit and unit.marginal_var,
        beta_btc=unit and unit.beta_btc,
        liquidation_move=liquidation_move,
    )


def _component(
    marginal: tuple[float, ...], rest: tuple[float, ...], exposure: float
) -> tuple[float, ...]:
    return tuple(m * exposure + r * abs(exposure) for m, r in zip(marginal, rest, strict=True))


def position_risk(
    measures: PositionMeasures, *, at: datetime, portfolio: str, cycle: str
) -> PositionRisk:
    """The event about one position."""
    alone, level = measures.standalone, LEVELS.index(0.99)
    component, marginal = measures.component_var, measures.marginal_var
    return PositionRisk(
        at=at,
        portfolio=portfolio,
        cycle=cycle,
        strategy=measures.strategy,
        asset=measures.asset,
        venue=measures.venue,
        quantity=measures.quantity,
        exposure=measures.exposure,
        unrealised=measures.unrealised,
        var_1d_99=None if alone is None else alone.var_at(0.99),
        es_1d_975=None if alone is None else alone.es_at(0.975),
        component_var_1d_99=None if component is None else component[level],
        marginal_var_1d_99=None if marginal is None else marginal[level],
    )


def closed_position(key: PositionKey, *, at: datetime, portfolio: str, cycle: str) -> PositionRisk:
    """The last event about a position: nothing is held, so nothing is at risk."""
    return PositionRisk(
        at=at,
        portfolio=portfolio,
        cycle=cycle,
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        quantity=0.0,
        exposure=0.0,
        unrealised=0.0,
        var_1d_99=0.0,
        es_1d_975=0.0,
        component_var_1d_99=0.0,
        marginal_var_1d_99=None,
    )
