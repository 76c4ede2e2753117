"""The committed book: the worst that may come of what is held once pending orders are filled.

Everything it is measured from is kept in `Commitments`, so that the check of one more order
adds one column of scenarios (`one_more`) and measures nothing anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from risk.domain.assessment import CommittedBook, HeldBook, TailRisk
from risk.domain.model import Model
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Pending, Snapshot
from risk.measures.types import FloatArray
from risk.portfolio import stress
from risk.portfolio.book_models import book_model
from risk.portfolio.exposure import Reach, net_by_asset, value_of_pending
from risk.portfolio.tails import committed_tail, project_one, raises, weights_of
from risk.portfolio.vectors import BookVectors, over_scenarios


@dataclass(frozen=True, kw_only=True, slots=True)
class Horizon:
    """One model's view of the committed book.

    Attributes
    ----------
    model : Model
    held : TailRisk
    now : BookVectors
        Held profits.
    worst, filled, raising : BookVectors
        As :func:`risk.portfolio.tails.committed_tail` takes them; `raising` is None for a model
        that is monotone.
    """

    model: Model
    held: TailRisk
    now: BookVectors
    worst: BookVectors
    filled: BookVectors
    raising: BookVectors | None

    def plus(self, asset: str, change: float) -> "Horizon | None":
        """With one more pending order; None if the model does not know the asset."""
        added = project_one(self.model, asset, change)
        if added is None:
            return None
        return replace(
            self,
            worst=self.worst.plus(added.losses_only()),
            filled=self.filled.plus(added),
            raising=self._raising_with(added),
        )

    def _raising_with(self, added: BookVectors) -> BookVectors | None:
        if self.raising is None or not raises(self.model, self.held, self.now.plus(added)):
            return self.raising
        return self.raising.plus(added)

    def tail(self) -> TailRisk:
        """The largest figures that the pending orders may lead to."""
        return committed_tail(
            self.model,
            held=self.held,
            worst=self.worst,
            filled=self.filled,
            raising=self.raising,
        )


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

    def losing(returns: FloatArray) -> FloatArray:
        return np.asarray(np.minimum(returns[:, chosen] * values, 0.0).sum(axis=1))

    def all_filled(returns: FloatArray) -> FloatArray:
        return np.asarray((returns[:, chosen] * values).sum(axis=1))

    reads = book_model(model.spec.method).reads
    now = over_scenarios(scenarios, reads, lambda returns: returns @ weights)
    return Horizon(
        model=model,
        held=held,
        now=now,
        raising=_raising(model, held, now, changes),
        worst=now.plus(over_scenarios(scenarios, reads, losing)),
        filled=now.plus(over_scenarios(scenarios, reads, all_filled)),
    )


def _raising(
    model: Model, held: TailRisk, now: BookVectors, changes: list[tuple[Pending, float]]
) -> BookVectors | None:
    """Held profits plus the orders that would each raise the figures; None if not asked for."""
    if book_model(model.spec.method).monotone:
        return None
    found = now
    for pending, change in changes:
        added = project_one(model, pending.key.asset, change)
        assert added is not None, "the model knows every asset that an order is pending in"
        if raises(model, held, now.plus(added)):
            found = found.plus(added)
    return found


def _committed_stress(
    snapshot: Snapshot, net: Mapping[str, float], changes: list[tuple[Pending, float]]
) -> FloatArray | None:
    profit = stress.profits(snapshot.shocks, net)
    for pending, change in changes:
        profit = stress.with_pending(profit, snapshot.shocks, pending.key.asset, change)
    return profit


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
        stress=stress.with_pending(commitments.stress, snapshot.shocks, key.asset, change),
    )


def nothing_pending(held: HeldBook) -> CommittedBook:
    """The committed book where no order may still be filled: the held one."""
    return CommittedBook(
        gross=held.exposure.gross,
        net_high=held.exposure.net,
        net_low=held.exposure.net,
        by_asset={asset: abs(exposure.net) for asset, exposure in held.by_asset.items()},
        day=held.day,
        hour=held.hour,
        stress_loss=held.stress_loss,
    )


def committed_book(commitments: Commitments) -> CommittedBook:
    """The worst that commitments may lead to."""
    reaches = commitments.assets.values()
    return CommittedBook(
        gross=sum(reach.worst for reach in commitments.positions.values()),
        net_high=sum(reach.held + reach.buys for reach in reaches),
        net_low=sum(reach.held + reach.sells for reach in reaches),
        by_asset={asset: reach.worst for asset, reach in commitments.assets.items()},
        day=_tail_or_none(commitments.day),
        hour=_tail_or_none(commitments.hour),
        stress_loss=stress.worst_loss(commitments.stress),
    )


def _tail_or_none(horizon: Horizon | None) -> TailRisk | None:
    return None if horizon is None else horizon.tail()
