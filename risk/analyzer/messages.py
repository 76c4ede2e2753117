"""What a table's figures are as events."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from risk.analyzer.estimates import filtered_correlation
from risk.analyzer.table import Table
from risk.domain.events import PortfolioRisk, PositionRisk
from risk.domain.market import Period
from risk.domain.model import LEVELS
from risk.measures.correlation import mean_correlation
from risk.measures.types import FloatArray
from risk.portfolio.exposure import concentration

#: Strategy and venue of positions that came in a table.
ORIGIN = "table"


class Header(NamedTuple):
    """When and about which book."""

    at: datetime
    portfolio: str
    cycle: str


def position_events(
    header: Header, period: Period, positions: Mapping[str, Mapping[str, Any]]
) -> Iterator[PositionRisk]:
    """One event a position held."""
    daily = period is Period.DAY
    for asset, told in positions.items():
        yield PositionRisk(
            at=header.at,
            portfolio=header.portfolio,
            cycle=header.cycle,
            strategy=ORIGIN,
            asset=asset,
            venue=ORIGIN,
            quantity=told["exposure"],
            exposure=told["exposure"],
            unrealised=0.0,
            var_1d_99=told["var"]["0.99"] if daily else None,
            es_1d_975=told["es"]["0.975"] if daily else None,
            component_var_1d_99=told["component_var"]["0.99"] if daily else None,
            marginal_var_1d_99=told["marginal_var"]["0.99"] if daily else None,
        )


def portfolio_event(
    header: Header,
    table: Table,
    var: FloatArray,
    shortfall: FloatArray,
    stress_loss: float | None,
) -> PortfolioRisk:
    """The event about the book."""
    exposure = dict(zip(table.assets, table.exposure.tolist(), strict=True))
    long = sum(value for value in exposure.values() if value > 0.0)
    short = -sum((value for value in exposure.values() if value < 0.0), 0.0)
    return PortfolioRisk(
        at=header.at,
        portfolio=header.portfolio,
        cycle=header.cycle,
        equity=table.equity,
        profit_today=None,
        profit_total=None,
        net_flows=0.0,
        unit_value=None,
        return_today=None,
        drawdown=None,
        gross=long + short,
        net=long - short,
        long=long,
        short=short,
        leverage=(long + short) / table.equity,
        concentration=concentration(exposure),
        mean_correlation=_mean_correlation(table),
        stress_loss=stress_loss,
        **_tails(Period.DAY, table.period, var, shortfall),
        **_tails(Period.HOUR, table.period, var, shortfall),
    )


def _mean_correlation(table: Table) -> float | None:
    if table.held.sum() < 2:
        return None
    return mean_correlation(filtered_correlation(table.returns[:, table.held]))


def _tails(
    horizon: Period, period: Period, var: FloatArray, shortfall: FloatArray
) -> dict[str, float | None]:
    """Fields of one horizon; None unless the table's bars have it."""
    known = horizon is period
    fields: dict[str, float | None] = {}
    for place, level in enumerate(LEVELS):
        name = f"{horizon}_{level:g}".replace("0.", "")
        fields[f"var_{name}"] = float(var[place]) if known else None
        fields[f"es_{name}"] = float(shortfall[place]) if known else None
    return fields
