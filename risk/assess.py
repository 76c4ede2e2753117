"""`assess`: everything that can be said of one snapshot; and its twin for one more order.

The law that both keep: ``OrderCheck(snapshot).after(order)`` equals
``assess(snapshot.after(order)).committed``.
"""

from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np

from risk.domain.ages import age_in_words
from risk.domain.assessment import (
    Assessment,
    CommittedBook,
    Doubt,
    DoubtKind,
    HeldBook,
    PositionMeasures,
    TailRisk,
)
from risk.domain.market import Mark, Trust
from risk.domain.model import LEVELS, PROVEN_AFTER, Model
from risk.domain.orders import Order
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Pending, Snapshot
from risk.measures.types import FloatArray
from risk.measures.volatility import DEFAULT_GJR
from risk.portfolio.benchmark import betas, change_since_midnight, measure_benchmark
from risk.portfolio.book_models import book_model
from risk.portfolio.committed import (
    Commitments,
    CommittedLazily,
    commitments_of,
    committed_book,
    nothing_pending,
)
from risk.portfolio.controller import measure_held
from risk.portfolio.exposure import net_by_asset, value_of_pending, values_by_position
from risk.portfolio.following import Moved, commitments_following, moved_between
from risk.portfolio.tails import split_by_asset, standalone_tails, weights_of
from risk.portfolio.what_if import Beforehand, Touched, WhatIf
from risk.position.calculator import UnitRisk, measure_position
from risk.position.liquidation import liquidation_moves, nearest_liquidation


def assess(snapshot: Snapshot) -> Assessment:
    """All measures of a snapshot. Pure: the same snapshot, the same assessment.

    Parameters
    ----------
    snapshot : Snapshot

    Returns
    -------
    Assessment
        What could not be measured is None there, and `doubts` says why.
    """
    values = values_by_position(snapshot)
    held = measure_held(snapshot, values)
    committed = _committed(snapshot, values, held)
    equity = snapshot.equity
    moves = liquidation_moves(held.by_asset, equity, maintenance=snapshot.maintenance_margin)
    return Assessment(
        snapshot_id=snapshot.id,
        portfolio=snapshot.portfolio,
        at=snapshot.at,
        ledger_seq=snapshot.ledger_seq,
        action_seq=snapshot.action_seq,
        equity=equity,
        cash=snapshot.ledger.cash,
        net_flows=snapshot.ledger.net_flows,
        fees=snapshot.ledger.fees,
        leverage=held.exposure.gross / equity if equity is not None and equity > 0.0 else None,
        held=held,
        committed=committed,
        positions=_positions(snapshot, values, held, moves),
        benchmark=measure_benchmark(snapshot.models.day, snapshot.marks),
        doubts=_doubts(snapshot, measured=held.day is not None and committed.day is not None),
        nearest_liquidation=nearest_liquidation(moves),
    )


def _committed(
    snapshot: Snapshot, values: dict[PositionKey, float], held: HeldBook
) -> CommittedBook:
    # Most cycles find nothing pending, and need no scenario for what is held already.
    if not snapshot.pending:
        return nothing_pending(values, held, snapshot.ledger.cash)
    return committed_book(commitments_of(snapshot, values, held))


class OrderCheck:
    """What the committed book of a snapshot would become with one more order.

    Measures the snapshot once; each order then costs one column of scenarios.

    Parameters
    ----------
    snapshot : Snapshot
    commitments : Commitments or None
        Of the snapshot, where they are known already.
    """

    def __init__(self, snapshot: Snapshot, commitments: Commitments | None = None) -> None:
        self._snapshot = snapshot
        self._commitments = commitments or _commitments(snapshot)
        self._beforehand = Beforehand(self._commitments, snapshot)

    def following(self, snapshot: Snapshot, moved: Moved | None = None) -> "OrderCheck":
        """The check of a snapshot that differs in its ledger and working orders alone.

        Costs what moved: an order is one column of scenarios.

        Parameters
        ----------
        snapshot : Snapshot
        moved : Moved or None
            Between this check's snapshot and that one, where it is known.
        """
        before = self._snapshot
        known = moved_between(before, snapshot) if moved is None else moved
        moved_on = commitments_following(self._commitments, before, snapshot, known)
        return OrderCheck(snapshot, moved_on)

    @cached_property
    def book(self) -> CommittedBook:
        """The committed book without another order."""
        return committed_book(self._commitments)

    @cached_property
    def lazily(self) -> "CommittedLazily":
        """The same, its dear figures measured where somebody looks."""
        return CommittedLazily(self._commitments)

    def touched(self, key: PositionKey) -> Touched:
        """What every order for one position touches: `WhatIf` asks it about one of them."""
        return self._beforehand.touched(key)

    def after(self, order: Order) -> CommittedBook:
        """The committed book with room reserved for `order`.

        Raises
        ------
        ValueError
            If an order of that id is pending already: it has its room.
        """
        if self.is_pending(order.client_order_id):
            raise ValueError(f"order {order.client_order_id} is pending already")
        change = value_of_pending(self._snapshot, Pending(order.key, order.signed_quantity))
        return WhatIf(self.touched(order.key), change).book()

    def is_pending(self, client_order_id: str) -> bool:
        """Whether an order of that id has its room already."""
        return (
            client_order_id in self._snapshot.ledger.reservations
            or client_order_id in self._snapshot.working_orders
        )


def _commitments(snapshot: Snapshot) -> Commitments:
    values = values_by_position(snapshot)
    return commitments_of(snapshot, values, measure_held(snapshot, values))


# --- positions -----------------------------------------------------------------------------


def _positions(
    snapshot: Snapshot,
    values: dict[PositionKey, float],
    held: HeldBook,
    liquidations: dict[str, float | None],
) -> tuple[PositionMeasures, ...]:
    day = snapshot.models.day
    units = _unit_risks(day, values, held.day)
    return tuple(
        measure_position(
            position,
            snapshot.mark(key.asset),
            exposure=values[key],
            since_midnight=change_since_midnight(day, key.asset, snapshot.marks.get(key.asset)),
            unit=units.get(key.asset),
            liquidation_move=liquidations[key.asset],
        )
        for key, position in sorted(snapshot.ledger.positions.items())
    )


def _unit_risks(
    day: Model, values: dict[PositionKey, float], tail: TailRisk | None
) -> dict[str, UnitRisk]:
    net = net_by_asset(values)
    weights, alone = weights_of(day, net), standalone_tails(day)
    if tail is None or weights is None or alone is None:
        return {}
    units = _units_by_column(alone, _split(day, values, weights, tail), betas(day))
    return {a: units[column] for a in net if (column := day.column(a)) is not None}


class _Split(NamedTuple):
    """What one unit of each asset adds to the book's figures; arrays of shape (A, L).

    For the meaning of `rest` see `UnitRisk`.
    """

    marginal_var: FloatArray
    marginal_es: FloatArray
    rest_var: FloatArray
    rest_es: FloatArray


def _split(
    day: Model, values: dict[PositionKey, float], weights: FloatArray, tail: TailRisk
) -> _Split:
    parts = split_by_asset(day, weights, tail)
    if parts is None:  # every position is offset by another one of the same asset
        return _Split(*[np.zeros((len(weights), len(LEVELS)))] * 4)
    gross = np.zeros(len(weights))
    for key, value in values.items():
        column = day.column(key.asset)
        if column is not None:
            gross[column] += abs(value)
    return _Split(
        parts.marginal_var.T,
        parts.marginal_es.T,
        _rest(parts.var, parts.marginal_var * weights, gross).T,
        _rest(parts.es, parts.marginal_es * weights, gross).T,
    )


def _rest(components: FloatArray, linear: FloatArray, gross: FloatArray) -> FloatArray:
    missing = components - linear
    return np.divide(missing, gross, out=np.zeros_like(missing), where=gross > 0.0)


def _units_by_column(
    alone: tuple[FloatArray, FloatArray], split: _Split, beta_by_column: FloatArray | None
) -> list[UnitRisk]:
    var, es = alone
    long, short = _tails(var[0], es[0]), _tails(var[1], es[1])
    beta = [None] * len(long) if beta_by_column is None else beta_by_column.tolist()
    columns = zip(long, short, *map(_tuples, split), beta, strict=True)
    return [UnitRisk(*column) for column in columns]


def _tails(var: FloatArray, es: FloatArray) -> list[TailRisk]:
    return list(map(TailRisk, _tuples(var), _tuples(es)))


def _tuples(rows: FloatArray) -> list[tuple[float, ...]]:
    return list(map(tuple, rows.tolist()))


# --- doubts --------------------------------------------------------------------------------

_MARK_DOUBTS = {
    Trust.STALE: DoubtKind.MARK_STALE,
    Trust.SUSPECT: DoubtKind.MARK_SUSPECT,
    Trust.MISSING: DoubtKind.MARK_MISSING,
}


def _doubts(snapshot: Snapshot, *, measured: bool) -> tuple[Doubt, ...]:
    marks = _mark_doubts(snapshot)
    histories = [_history_doubt(snapshot.models.day, asset) for asset in snapshot.concerned]
    whole = [_no_equity(snapshot), None if measured else _no_model(snapshot)]
    return tuple(doubt for doubt in [*whole, *marks, *histories] if doubt is not None)


def _mark_doubts(snapshot: Snapshot) -> list[Doubt | None]:
    doubts = [_mark_doubt(snapshot, snapshot.mark(asset)) for asset in snapshot.concerned]
    if snapshot.prices_end is None:
        return doubts
    # Of course they are old then: one sentence says why, instead of one an asset.
    others = [doubt for doubt in doubts if doubt and doubt.kind is not DoubtKind.MARK_STALE]
    return [_prices_ended(snapshot.prices_end), *others]


def _prices_ended(end: datetime) -> Doubt:
    day = f"{end.day} {end:%B %Y, %H:%M}"
    return Doubt(DoubtKind.PRICES_ENDED, None, f"the prices end on {day} UTC; the replay is over")


def _mark_doubt(snapshot: Snapshot, mark: Mark) -> Doubt | None:
    kind = _MARK_DOUBTS.get(mark.trust)
    if kind is None:
        return None
    if mark.trust is Trust.MISSING:
        return Doubt(kind, mark.asset, f"{mark.asset} has no mark")
    age = age_in_words(snapshot.at - mark.at)
    return Doubt(kind, mark.asset, f"{mark.asset} mark is {mark.trust} and {age} old")


def _history_doubt(day: Model, asset: str) -> Doubt | None:
    if day.proven(asset):
        return None
    column = day.column(asset)
    if column is None:
        return Doubt(DoubtKind.SHORT_HISTORY, asset, f"{asset} has no history")
    return Doubt(
        DoubtKind.SHORT_HISTORY,
        asset,
        f"{asset} has {day.filter.observed[column]} of {PROVEN_AFTER} days of history; "
        "its risk is estimated by a proxy",
    )


def _no_equity(snapshot: Snapshot) -> Doubt | None:
    unvalued = snapshot.unvalued
    if not unvalued:
        return None
    return Doubt(DoubtKind.NO_EQUITY, None, f"equity is unknown: no mark of {', '.join(unvalued)}")


def _no_model(snapshot: Snapshot) -> Doubt:
    day = snapshot.models.day
    if day.scenarios is not None:
        unknown = [asset for asset in snapshot.concerned if day.column(asset) is None]
        return Doubt(DoubtKind.NO_MODEL, None, f"no model of {', '.join(unknown)}")
    return Doubt(
        DoubtKind.NO_MODEL,
        None,
        f"VaR needs about {_days_needed(day)} days of prices, the model has seen {day.version}",
    )


def _days_needed(day: Model) -> int:
    """Those that set an asset's volatility, and as many as the model of the book looks at."""
    return DEFAULT_GJR.start_bars + book_model(day.spec.method).needs
