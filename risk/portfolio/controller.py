"""Portfolio Risk Controller: the held book's measures, and the events about the book."""

from collections.abc import Mapping

import numpy as np

from risk.domain.assessment import Assessment, Exposure, HeldBook, TailRisk
from risk.domain.events import ExposureUpdate, PortfolioRisk
from risk.domain.model import LEVELS, Model
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Snapshot
from risk.domain.state import Performance
from risk.measures.correlation import mean_correlation
from risk.portfolio import stress
from risk.portfolio.exposure import concentration, exposure_by, exposure_of, net_by_asset
from risk.portfolio.tails import book_tail, weights_of

#: A drift of exposure smaller than this fraction of equity is not announced; of gross
#: exposure while there is no equity to compare with.
TOLD_DRIFT = 0.01


def measure_held(snapshot: Snapshot, values: Mapping[PositionKey, float]) -> HeldBook:
    """Measures of what is held.

    Parameters
    ----------
    snapshot : Snapshot
    values : mapping of PositionKey to float
        Market value of each position, quote currency.
    """
    net = net_by_asset(values)
    profit = stress.profits(snapshot.shocks, net)
    worst = stress.worst_scenario(snapshot.shocks, profit)
    return HeldBook(
        exposure=exposure_of(values.values()),
        by_asset=exposure_by(values, "asset"),
        by_strategy=exposure_by(values, "strategy"),
        by_venue=exposure_by(values, "venue"),
        concentration=concentration(net),
        largest_asset=max(net, key=lambda asset: (abs(net[asset]), asset), default=None),
        day=_tail(snapshot.models.day, net),
        hour=_tail(snapshot.models.hour, net),
        mean_correlation=_mean_correlation(snapshot.models.day, net),
        stress_loss=stress.worst_loss(profit),
        stress_scenario=worst,
        stress_proxies=stress.held_by_proxy(snapshot.shocks, worst, net),
    )


def _tail(model: Model, net: Mapping[str, float]) -> TailRisk | None:
    weights = weights_of(model, net)
    return None if weights is None else book_tail(model, weights)


def _mean_correlation(model: Model, net: Mapping[str, float]) -> float | None:
    columns = [c for a, value in net.items() if value and (c := model.column(a)) is not None]
    if model.scenarios is None or len(columns) < 2:
        return None
    return mean_correlation(model.scenarios.correlation[np.ix_(columns, columns)])


# --- events --------------------------------------------------------------------------------


def portfolio_risk(assessment: Assessment, performance: Performance | None) -> PortfolioRisk:
    """The book's measures as an event; tails as fractions of equity."""
    held = assessment.held
    known = performance if assessment.equity is not None else None
    return PortfolioRisk(
        at=assessment.at,
        portfolio=assessment.portfolio,
        cycle=assessment.snapshot_id,
        equity=assessment.equity,
        profit_today=known.profit_today if known else None,
        profit_total=known.profit_total if known else None,
        net_flows=assessment.net_flows,
        unit_value=known.unit_value if known else None,
        return_today=known.return_today if known else None,
        drawdown=known.drawdown if known else None,
        gross=held.exposure.gross,
        net=held.exposure.net,
        long=held.exposure.long,
        short=held.exposure.short,
        leverage=assessment.leverage,
        concentration=held.concentration,
        mean_correlation=held.mean_correlation,
        stress_loss=_share(held.stress_loss, assessment.equity),
        **_tail_fields("1d", held.day, assessment.equity),
        **_tail_fields("1h", held.hour, assessment.equity),
    )


def _tail_fields(
    horizon: str, tail: TailRisk | None, equity: float | None
) -> dict[str, float | None]:
    fields: dict[str, float | None] = {}
    for position, level in enumerate(LEVELS):
        name = f"{horizon}_{level:g}".replace("0.", "")
        fields[f"var_{name}"] = _share(tail.var[position] if tail else None, equity)
        fields[f"es_{name}"] = _share(tail.es[position] if tail else None, equity)
    return fields


def _share(value: float | None, equity: float | None) -> float | None:
    """As a fraction of equity; None unless both are known and equity is positive."""
    return None if value is None or equity is None or equity <= 0.0 else value / equity


def exposure_update(
    assessment: Assessment, told: Mapping[str, float], traded: frozenset[str]
) -> ExposureUpdate | None:
    """The event about changed exposure; None if nothing was traded or drifted far.

    Parameters
    ----------
    assessment : Assessment
    told : mapping of asset to float
        Net exposure when it was last announced.
    traded : frozenset of str
        Assets traded since the last step.
    """
    net = {asset: exposure.net for asset, exposure in assessment.held.by_asset.items()}
    far = TOLD_DRIFT * abs(assessment.equity or assessment.held.exposure.gross)
    changed = {
        asset
        for asset in net.keys() | told.keys()
        if asset in traded or abs(net.get(asset, 0.0) - told.get(asset, 0.0)) > far
    }
    if not changed:
        return None
    return ExposureUpdate(
        at=assessment.at,
        portfolio=assessment.portfolio,
        cycle=assessment.snapshot_id,
        by_asset=net,
        by_strategy=_nets(assessment.held.by_strategy),
        by_venue=_nets(assessment.held.by_venue),
        gross=assessment.held.exposure.gross,
        net=assessment.held.exposure.net,
        changed=tuple(sorted(changed)),
    )


def _nets(exposures: Mapping[str, Exposure]) -> dict[str, float]:
    return {name: exposure.net for name, exposure in exposures.items()}
