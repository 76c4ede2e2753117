"""The committed book: the worst that may come of what is held once pending orders are filled.

Everything it is measured from is kept in `Commitments`, so that the check of one more order
adds one column of scenarios (`what_if`) and measures nothing anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from risk.domain.assessment import (
    NOTHING_THERE,
    CommittedBook,
    HeldBook,
    ScopeReach,
    TailRisk,
)
from risk.domain.model import Model
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Pending, Snapshot
from risk.measures.types import FloatArray
from risk.portfolio import stress
from risk.portfolio.book_models import book_model
from risk.portfolio.exposure import Reach, net_by_asset, value_of_pending
from risk.portfolio.tails import committed_tail, project_one, raises, weights_of
from risk.portfolio.vectors import BookVectors, over_scenarios

#: A pending order, and what it would add, quote currency.
Change = tuple[Pending, float]
_NO_CHANGES: Mapping[tuple[str, bool], float] = {}


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
        # Not by `replace`, which looks at each field anew: orders wait for this.
        return Horizon(
            model=self.model,
            held=self.held,
            now=self.now,
            worst=self.worst.plus(added.losses_only()),
            filled=self.filled.plus(added),
            raising=self._raising_with(added),
        )

    def with_all(self, asset: str, change: float, *, bought: bool) -> "Horizon":
        """With several orders more on one side of an asset, or fewer: these lose together.

        Of a model that is monotone.

        Parameters
        ----------
        asset : str
            One that the model knows.
        change : float
            Of all of them, quote currency; of less that is bought negative, as of more sold.
        bought : bool
        """
        side = 1.0 if bought else -1.0
        one = project_one(self.model, asset, side)
        assert one is not None, "the model knows the asset"
        assert self.raising is None, "each order counts by itself"
        return Horizon(
            model=self.model,
            held=self.held,
            now=self.now,
            worst=self.worst.plus(one.losses_only().times(side * change)),
            filled=self.filled.plus(one.times(side * change)),
            raising=None,
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


class Outlook:
    """A horizon whose orders come and go, added up only once somebody looks.

    Between two cycles thousands come and go, and of a horizon that no limit caps nobody asks.

    Parameters
    ----------
    horizon : Horizon or None
    changes : mapping of (str, bool) to float, optional
        What came since, less what went: by asset, and whether it was bought. Quote currency.
    """

    __slots__ = ("_at",)

    def __init__(
        self, horizon: Horizon | None, changes: Mapping[tuple[str, bool], float] = _NO_CHANGES
    ) -> None:
        # One value, so that whoever looks from another thread sees both of one moment.
        self._at = horizon, changes

    @property
    def model(self) -> Model | None:
        """The horizon's; None where there is none."""
        horizon, _ = self._at
        return None if horizon is None else horizon.model

    @property
    def horizon(self) -> Horizon | None:
        """It, with all that came and went."""
        horizon, changes = self._at
        if horizon is None or not changes:
            return horizon
        for (asset, bought), change in changes.items():
            if change != 0.0:
                horizon = horizon.with_all(asset, change, bought=bought)
        self._at = horizon, _NO_CHANGES
        return horizon

    def after(self, added: Iterable[Change], gone: Iterable[Change]) -> "Outlook":
        """The outlook once these orders came, and those went."""
        horizon, known = self._at
        changes = dict(known)
        for sign, orders in ((1.0, added), (-1.0, gone)):
            for pending, change in orders:
                place = pending.key.asset, change > 0.0
                changes[place] = changes.get(place, 0.0) + sign * change
        return Outlook(horizon, changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Commitments:
    """Everything that the committed book is measured from; one more order is one step.

    Attributes
    ----------
    positions : mapping of PositionKey to Reach
    whole : ScopeReach
    scopes : mapping of Scope to ScopeReach
        Of each strategy, asset and venue.
    squares_by_asset : mapping of Scope to float
        The largest net exposure squared.
    squares : float
        Their sum.
    cash_high : float
        Cash if nothing but the pending sales is filled.
    day_ahead, hour_ahead : Outlook
    stress : ndarray of shape (scenarios,) or None
        Profit in each scenario, with those pending orders that would lose.
    """

    positions: Mapping[PositionKey, Reach]
    whole: ScopeReach
    scopes: Mapping[Scope, ScopeReach]
    squares_by_asset: Mapping[Scope, float]
    squares: float
    cash_high: float
    day_ahead: Outlook
    hour_ahead: Outlook
    stress: FloatArray | None

    @property
    def day(self) -> Horizon | None:
        """That of one day."""
        return self.day_ahead.horizon

    @property
    def hour(self) -> Horizon | None:
        """That of one hour."""
        return self.hour_ahead.horizon

    def reach(self, scope: Scope) -> ScopeReach:
        """How far a strategy, an asset or a venue may go."""
        return self.scopes.get(scope, NOTHING_THERE)


# Bounded, since whoever sends orders makes up the names in them.
@lru_cache(maxsize=2**14)
def scopes_of(key: PositionKey) -> tuple[Scope, Scope, Scope]:
    """The strategy, the asset and the venue that a position belongs to."""
    return (
        Scope(ScopeKind.STRATEGY, key.strategy),
        Scope(ScopeKind.ASSET, key.asset),
        Scope(ScopeKind.VENUE, key.venue),
    )


def enclosing(key: PositionKey, portfolio: str, policy: Policy | None) -> tuple[Scope, ...]:
    """Every scope that an order for a position lies in, the widest first.

    Parameters
    ----------
    key : PositionKey
    portfolio : str
    policy : Policy or None
        Says of which type a strategy is; without one it is of none.
    """
    strategy, asset, venue = scopes_of(key)
    kind = None if policy is None else policy.strategies.get(key.strategy)
    of_type = () if kind is None else (Scope(ScopeKind.STRATEGY_TYPE, kind),)
    return (Scope(ScopeKind.PORTFOLIO, portfolio), *of_type, strategy, asset, venue)


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
    for pending, change in changes:
        positions[pending.key] = positions.get(pending.key, Reach()).plus(change)
    scopes = _scopes(positions)
    net, squares = net_by_asset(values), _squares(scopes)
    return Commitments(
        positions=positions,
        whole=together(positions.values()),
        scopes=scopes,
        squares_by_asset=squares,
        squares=sum(squares.values()),
        cash_high=snapshot.ledger.cash - sum(min(0.0, change) for _, change in changes),
        day_ahead=Outlook(_horizon(snapshot.models.day, net, held.day, changes)),
        hour_ahead=Outlook(_horizon(snapshot.models.hour, net, held.hour, changes)),
        stress=_committed_stress(snapshot, net, changes),
    )


def _scopes(positions: Mapping[PositionKey, Reach]) -> dict[Scope, ScopeReach]:
    members: dict[Scope, list[Reach]] = {}
    for key, reach in positions.items():
        for scope in scopes_of(key):
            members.setdefault(scope, []).append(reach)
    return {scope: together(reaches) for scope, reaches in members.items()}


def together(reaches: Iterable[Reach]) -> ScopeReach:
    """How far several positions may go at once."""
    listed = list(reaches)
    return ScopeReach(
        gross=sum(reach.worst for reach in listed),
        held=sum(reach.held for reach in listed),
        buys=sum(reach.buys for reach in listed),
        sells=sum(reach.sells for reach in listed),
        positions=len(listed),
    )


def _squares(scopes: Mapping[Scope, ScopeReach]) -> dict[Scope, float]:
    return {
        scope: reach.worst_net**2
        for scope, reach in scopes.items()
        if scope.kind is ScopeKind.ASSET
    }


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
        raising=raising_orders(model, held, now, changes),
        worst=now.plus(over_scenarios(scenarios, reads, losing)),
        filled=now.plus(over_scenarios(scenarios, reads, all_filled)),
    )


def raising_orders(
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


def nothing_pending(
    values: Mapping[PositionKey, float], held: HeldBook, cash: float
) -> CommittedBook:
    """The committed book where no order may still be filled: the held one.

    Parameters
    ----------
    values : mapping of PositionKey to float
        Market value of each position, quote currency.
    held : HeldBook
        Measured from the same values.
    cash : float
    """
    positions = {key: Reach(held=value) for key, value in values.items()}
    scopes = _scopes(positions)
    return CommittedBook(
        whole=together(positions.values()),
        scopes=scopes,
        squares=sum(_squares(scopes).values()),
        cash_high=cash,
        day=held.day,
        hour=held.hour,
        stress_loss=held.stress_loss,
    )


def committed_book(commitments: Commitments) -> CommittedBook:
    """The worst that commitments may lead to."""
    return CommittedBook(
        whole=commitments.whole,
        scopes=commitments.scopes,
        squares=commitments.squares,
        cash_high=commitments.cash_high,
        day=tail_or_none(commitments.day),
        hour=tail_or_none(commitments.hour),
        stress_loss=stress.worst_loss(commitments.stress),
    )


class CommittedLazily:
    """A committed book whose figures over scenarios are measured only if somebody looks.

    Parameters
    ----------
    commitments : Commitments
    """

    def __init__(self, commitments: Commitments) -> None:
        self._commitments = commitments
        self.whole = commitments.whole
        self.squares = commitments.squares
        self.cash_high = commitments.cash_high

    def reach(self, scope: Scope) -> ScopeReach:
        """How far a strategy, an asset or a venue may go."""
        return self._commitments.reach(scope)

    @cached_property
    def day(self) -> TailRisk | None:
        """One-day figures."""
        return tail_or_none(self._commitments.day)

    @cached_property
    def hour(self) -> TailRisk | None:
        """One-hour figures."""
        return tail_or_none(self._commitments.hour)

    @cached_property
    def stress_loss(self) -> float | None:
        """Loss in the worst scenario."""
        return stress.worst_loss(self._commitments.stress)


def tail_or_none(horizon: Horizon | None) -> TailRisk | None:
    """What a horizon's pending orders may lead to; None if it is unknown."""
    return None if horizon is None else horizon.tail()
