"""Portfolio Risk Controller: the held and the committed book, and the events about them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from risk.domain.assessment import (
    Assessment,
    Benchmark,
    CommittedBook,
    Exposure,
    HeldBook,
    TailRisk,
)
from risk.domain.events import ExposureUpdate, PortfolioRisk
from risk.domain.market import Mark
from risk.domain.model import LEVELS, Model
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Pending, Snapshot
from risk.domain.state import Performance
from risk.measures.correlation import mean_correlation
from risk.measures.returns import annualised_volatility
from risk.measures.types import FloatArray, IntArray
from risk.portfolio import stress
from risk.portfolio.exposure import (
    Reach,
    concentration,
    exposure_by,
    exposure_of,
    net_by_asset,
    value_of_pending,
)
from risk.portfolio.tails import (
    BookVectors,
    book_tail,
    committed_tail,
    project_one,
    standalone_tails,
    weights_of,
)

#: A drift of exposure smaller than this fraction of equity is not announced; of gross
#: exposure while there is no equity to compare with.
TOLD_DRIFT = 0.01

_LEADING = ("BTC", "XBT")


# --- the book as it stands -----------------------------------------------------------------


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
        stress_scenario=stress.worst_scenario(snapshot.shocks, profit),
    )


def _tail(model: Model, net: Mapping[str, float]) -> TailRisk | None:
    weights = weights_of(model, net)
    return None if weights is None else book_tail(model, weights)


def _mean_correlation(model: Model, net: Mapping[str, float]) -> float | None:
    columns = [c for a, value in net.items() if value and (c := model.column(a)) is not None]
    if model.scenarios is None or len(columns) < 2:
        return None
    return mean_correlation(model.scenarios.correlation[np.ix_(columns, columns)])


def measure_benchmark(model: Model, marks: Mapping[str, Mark]) -> Benchmark | None:
    """Bitcoin held alone; None if the model does not know it well enough."""
    column, units = leading_column(model), standalone_tails(model)
    if column is None or units is None:
        return None
    asset, (var, es) = model.assets[column], units
    return Benchmark(
        asset=asset,
        var_99=float(var[0, column, LEVELS.index(0.99)]),
        es_975=float(es[0, column, LEVELS.index(0.975)]),
        volatility=annualised_volatility(
            float(np.sqrt(model.filter.variance[column])), model.spec.period.per_year
        ),
        since_midnight=change_since_midnight(model, asset, marks.get(asset)),
    )


def leading_column(model: Model) -> int | None:
    """The model's column of bitcoin; None unless it knows bitcoin well enough."""
    return next(
        (
            column
            for column, asset in enumerate(model.assets)
            if asset.upper().startswith(_LEADING) and model.proven(asset)
        ),
        None,
    )


def change_since_midnight(day: Model, asset: str, mark: Mark | None) -> float | None:
    """Change of an asset's mark since the last daily close, a fraction; None if unknown."""
    column = day.column(asset)
    if column is None or mark is None or not mark.known or not _is_of_today(day.closed, mark.at):
        return None
    close = float(day.filter.close[column])
    return mark.price / close - 1.0 if np.isfinite(close) else None


def _is_of_today(closed: datetime | None, at: datetime) -> bool:
    return closed is not None and closed.date() == at.date()


# --- the book that pending orders may lead to ----------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Horizon:
    """One model's view of the committed book.

    Attributes
    ----------
    model : Model
    held : TailRisk
    worst, filled : BookVectors
        As :func:`risk.portfolio.tails.committed_tail` takes them.
    """

    model: Model
    held: TailRisk
    worst: BookVectors
    filled: BookVectors

    def plus(self, asset: str, change: float) -> "Horizon | None":
        """With one more pending order; None if the model does not know the asset."""
        added = project_one(self.model, asset, change)
        if added is None:
            return None
        return replace(
            self, worst=self.worst.plus(added.losses_only()), filled=self.filled.plus(added)
        )

    def tail(self) -> TailRisk:
        """The largest figures that the pending orders may lead to."""
        return committed_tail(self.model, held=self.held, worst=self.worst, filled=self.filled)


@dataclass(frozen=True, kw_only=True, slots=True)
class Commitments:
    """Everything that the committed book is measured from; one more order is one step.

    Attributes
    ----------
    positions : mapping of PositionKey to Reach
    assets : mapping of asset to Reach
        Net over strategies and venues.
    day, hour : Horizon or None
    stress : ndarray of shape (scenarios,) or None
        Profit in each scenario, with those pending orders that would lose.
    """

    positions: Mapping[PositionKey, Reach]
    assets: Mapping[str, Reach]
    day: Horizon | None
    hour: Horizon | None
    stress: FloatArray | None


def commitments_of(
    snapshot: Snapshot, values: Mapping[PositionKey, float], held: HeldBook
) -> Commitments:
    """What the snapshot's positions and pending orders commit the book to.

    Parameters
    ----------
    snapshot : Snapshot
    values : mapping of PositionKey to float
        Market value of each position, quote currency.
    held : HeldBook
        Measured from the same values.
    """
    changes = [(p, value_of_pending(snapshot, p)) for p in snapshot.pending]
    positions = {key: Reach(held=value) for key, value in values.items()}
    net = net_by_asset(values)
    assets = {asset: Reach(held=value) for asset, value in net.items()}
    for pending, change in changes:
        key = pending.key
        positions[key] = positions.get(key, Reach()).plus(change)
        assets[key.asset] = assets.get(key.asset, Reach()).plus(change)
    return Commitments(
        positions=positions,
        assets=assets,
        day=_horizon(snapshot.models.day, net, held.day, changes),
        hour=_horizon(snapshot.models.hour, net, held.hour, changes),
        stress=_committed_stress(snapshot, net, changes),
    )


def _horizon(
    model: Model,
    net: Mapping[str, float],
    held: TailRisk | None,
    changes: list[tuple[Pending, float]],
) -> Horizon | None:
    columns = [model.column(pending.key.asset) for pending, _ in changes]
    weights, scenarios = weights_of(model, net), model.scenarios
    if held is None or weights is None or scenarios is None or None in columns:
        return None
    chosen = np.array(columns, dtype=np.int64)
    values = np.array([change for _, change in changes])
    worst, filled = _with_pending(scenarios.filtered, weights, chosen, values)
    if scenarios.raw is scenarios.filtered:
        raw_worst, raw_filled = worst, filled
    else:
        raw_worst, raw_filled = _with_pending(scenarios.raw, weights, chosen, values)
    return Horizon(
        model=model,
        held=held,
        worst=BookVectors(worst, raw_worst),
        filled=BookVectors(filled, raw_filled),
    )


def _with_pending(
    returns: FloatArray, weights: FloatArray, columns: IntArray, values: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Profit in each scenario with those orders that would lose, and with all of them."""
    now, added = returns @ weights, returns[:, columns] * values
    return now + np.minimum(added, 0.0).sum(axis=1), now + added.sum(axis=1)


def _committed_stress(
    snapshot: Snapshot, net: Mapping[str, float], changes: list[tuple[Pending, float]]
) -> FloatArray | None:
    profit = stress.profits(snapshot.shocks, net)
    for pending, change in changes:
        profit = _stress_with(profit, snapshot, pending.key.asset, change)
    return profit


def _stress_with(
    profit: FloatArray | None, snapshot: Snapshot, asset: str, change: float
) -> FloatArray | None:
    added = stress.profits(snapshot.shocks, {asset: change})
    if profit is None or added is None:
        return None
    return np.asarray(profit + np.minimum(added, 0.0))


def one_more(
    commitments: Commitments, snapshot: Snapshot, key: PositionKey, change: float
) -> Commitments:
    """The commitments with one more pending order, without measuring anything anew.

    Parameters
    ----------
    commitments : Commitments
    snapshot : Snapshot
    key : PositionKey
        What the order would change.
    change : float
        Value of the order at the mark, quote currency; a sale is negative.
    """
    return Commitments(
        positions={
            **commitments.positions,
            key: commitments.positions.get(key, Reach()).plus(change),
        },
        assets={
            **commitments.assets,
            key.asset: commitments.assets.get(key.asset, Reach()).plus(change),
        },
        day=commitments.day and commitments.day.plus(key.asset, change),
        hour=commitments.hour and commitments.hour.plus(key.asset, change),
        stress=_stress_with(commitments.stress, snapshot, key.asset, change),
    )


def committed_book(commitments: Commitments, held: HeldBook, *, idle: bool) -> CommittedBook:
    """Measures of the committed book.

    Parameters
    ----------
    commitments : Commitments
    held : HeldBook
    idle : bool
        True if nothing is pending: then the held tails are the committed ones.
    """
    reaches = commitments.assets.values()
    return CommittedBook(
        gross=sum(reach.worst for reach in commitments.positions.values()),
        net_high=sum(reach.held + reach.buys for reach in reaches),
        net_low=sum(reach.held + reach.sells for reach in reaches),
        by_asset={asset: reach.worst for asset, reach in commitments.assets.items()},
        day=held.day if idle else _tail_or_none(commitments.day),
        hour=held.hour if idle else _tail_or_none(commitments.hour),
        stress_loss=stress.worst_loss(commitments.stress),
    )


def _tail_or_none(horizon: Horizon | None) -> TailRisk | None:
    return None if horizon is None else horizon.tail()


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
