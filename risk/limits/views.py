"""What limits look at: a book as it stands or as it would be with one more order, and the order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Protocol

from risk.domain.assessment import NOTHING_THERE, ScopeReach, TailRisk
from risk.domain.market import Mark, Period, missing_mark
from risk.domain.orders import OrderType, Side
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Course, Performance
from risk.limits.clusters import Clusters
from risk.limits.sent import NOTHING_SENT, SentOrders
from risk.portfolio.what_if import WhatIf


class Figures(Protocol):
    """A committed book, or one with an order added: see `CommittedBook`."""

    @property
    def whole(self) -> ScopeReach:
        """How far the whole book may go."""
        ...

    @property
    def squares(self) -> float:
        """Sum over assets of the largest net exposure squared."""
        ...

    @property
    def cash_high(self) -> float:
        """Cash if nothing but the pending sales is filled."""
        ...

    @property
    def day(self) -> TailRisk | None:
        """One-day figures."""
        ...

    @property
    def hour(self) -> TailRisk | None:
        """One-hour figures."""
        ...

    @property
    def stress_loss(self) -> float | None:
        """Loss in the worst scenario."""
        ...

    def reach(self, scope: Scope) -> ScopeReach:
        """How far a strategy, an asset or a venue may go."""
        ...


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an order does not change.

    Attributes
    ----------
    at : datetime
    equity : float or None
        Quote currency.
    marks : mapping of asset to Mark
    performance : Performance or None
    courses : mapping of strategy to Course
    strategies : mapping of strategy to str
        The type of each.
    clusters : Clusters
    """

    at: datetime
    equity: float | None
    marks: Mapping[str, Mark]
    performance: Performance | None
    courses: Mapping[str, Course]
    strategies: Mapping[str, str]
    clusters: Clusters

    @cached_property
    def members(self) -> dict[str, tuple[Scope, ...]]:
        """The strategies of each type, as scopes."""
        found: dict[str, list[Scope]] = {}
        for strategy, kind in self.strategies.items():
            found.setdefault(kind, []).append(Scope(ScopeKind.STRATEGY, strategy))
        return {kind: tuple(scopes) for kind, scopes in found.items()}

    def mark(self, asset: str) -> Mark:
        """The asset's mark; a MISSING one if there is none."""
        return self.marks.get(asset) or missing_mark(asset, self.at)


class BookView:
    """A book as limits see it.

    Parameters
    ----------
    figures : Figures
    around : Surroundings

    Attributes
    ----------
    equity : float or None
        Quote currency.
    """

    def __init__(self, figures: Figures, around: Surroundings) -> None:
        self.figures = figures
        self.around = around
        self.equity = around.equity
        self._joined: dict[object, ScopeReach] = {}
        self._tails: dict[Period, TailRisk | None] = {}
        self._largest_cluster: float | None = None

    def following(self, figures: Figures, moved: Iterable[PositionKey]) -> "BookView":
        """The view of a book that differs in some positions, under the same surroundings.

        Parameters
        ----------
        figures : Figures
        moved : iterable of PositionKey
            The positions.
        """
        view, around = BookView(figures, self.around), self.around
        view._joined = dict(self._joined)
        for key in moved:
            view._joined.pop(around.clusters.number_of(key.asset), None)
            view._joined.pop(("type", around.strategies.get(key.strategy)), None)
        return view

    def reach(self, scope: Scope) -> ScopeReach:
        """How far the scope's exposure may go."""
        kind = scope.kind
        if kind is ScopeKind.PORTFOLIO:
            return self.figures.whole
        if kind is ScopeKind.STRATEGY_TYPE:
            return self.of_type(scope.name)
        return self.figures.reach(scope)

    def of_type(self, name: str) -> ScopeReach:
        """How far the strategies of one type may go together."""
        return self._together(("type", name), self.around.members.get(name, ()))

    def of_cluster(self, number: int) -> ScopeReach:
        """How far the assets of one cluster may go together."""
        return self._together(number, self.around.clusters.members[number])

    def _together(self, name: object, scopes: Sequence[Scope]) -> ScopeReach:
        if name not in self._joined:
            reaches = [self.figures.reach(scope) for scope in scopes]
            self._joined[name] = ScopeReach(*map(sum, zip(NOTHING_THERE, *reaches, strict=True)))
        return self._joined[name]

    @property
    def largest_cluster(self) -> float:
        """Largest net exposure that the assets of one cluster may reach, quote currency."""
        if self._largest_cluster is None:
            count = len(self.around.clusters.members)
            found = (self.of_cluster(number).worst_net for number in range(count))
            self._largest_cluster = max(found, default=0.0)
        return self._largest_cluster

    def tail(self, period: Period) -> TailRisk | None:
        """VaR and ES over a bar of `period`, quote currency."""
        if period not in self._tails:
            day = period is Period.DAY
            self._tails[period] = self.figures.day if day else self.figures.hour
        return self._tails[period]


class OrderedView(BookView):
    """A book with one more pending order; what the order does not touch is not looked at again.

    Parameters
    ----------
    around : Surroundings
    without : Enclosed
        The book without the order.
    added : WhatIf
    """

    def __init__(self, around: Surroundings, without: "Enclosed", added: WhatIf) -> None:
        super().__init__(added, around)
        self._without = without
        self._added = added
        self._grown: dict[Scope, ScopeReach] = {}

    def reach(self, scope: Scope) -> ScopeReach:
        """How far the scope's exposure may go."""
        found = self._grown.get(scope)
        if found is None:
            before = self._without.reaches.get(scope)
            if before is None:
                return self._without.book.reach(scope)
            found = self._grown[scope] = self._added.grow(before)
        return found

    def of_type(self, name: str) -> ScopeReach:
        """How far the strategies of one type may go together."""
        return self.reach(Scope(ScopeKind.STRATEGY_TYPE, name))

    def of_cluster(self, number: int) -> ScopeReach:
        """How far the assets of one cluster may go together."""
        before, mine = self._without.book.of_cluster(number), self._without.cluster
        return self._added.grow(before) if before is mine else before

    @property
    def largest_cluster(self) -> float:
        """Largest net exposure that the assets of one cluster may reach, quote currency."""
        before, mine = self._without.book.largest_cluster, self._without.cluster
        # One more order never makes a reach smaller.
        return before if mine is None else max(before, self._added.grow(mine).worst_net)


class OneWayView(OrderedView):
    """A book with one more pending order, of which only what goes the order's way counts.

    Parameters
    ----------
    around : Surroundings
    without : Enclosed
    added : OneWay
    """

    @property
    def largest_cluster(self) -> float:
        """Net exposure of the order's own cluster: whatever others hold, it may not pass."""
        mine = self._without.cluster
        return 0.0 if mine is None else self._added.grow(mine).worst_net


class Enclosed(NamedTuple):
    """A book without an order, as limits on what encloses the order's position look at it.

    Attributes
    ----------
    book : BookView
    reaches : mapping of Scope to ScopeReach
        Of all scopes that the position lies in.
    cluster : ScopeReach or None
        Of the assets in the cluster of its own; None for an asset that no model knows.
    """

    book: BookView
    reaches: Mapping[Scope, ScopeReach]
    cluster: ScopeReach | None

    @property
    def equity(self) -> float | None:
        """Of the book, quote currency; None unless it is known and positive."""
        equity = self.book.equity
        return equity if equity is not None and equity > 0.0 else None


@dataclass(kw_only=True, slots=True)
class OrderView:
    """One order as limits on orders see it; nothing changes it.

    Not frozen, which would take as long as asking three limits.

    Attributes
    ----------
    at : datetime
        When it is checked. UTC.
    key : PositionKey
    side : Side
    quantity : float
        Units.
    mark : Mark
    order_type : OrderType
    limit_price : float or None
    sent : SentOrders
        By the same strategy.
    requested : float or None
        Units that the strategy asked for; None says that they are `quantity`.
    """

    at: datetime
    key: PositionKey
    side: Side
    quantity: float
    mark: Mark
    order_type: OrderType
    limit_price: float | None
    sent: SentOrders = NOTHING_SENT
    requested: float | None = None

    @property
    def as_sent(self) -> float:
        """Units that the strategy asked for, however much smaller the order was made since."""
        return self.quantity if self.requested is None else self.requested

    @property
    def value(self) -> float | None:
        """At the mark, or at the limit price where that costs more; None without a mark."""
        if not self.mark.known:
            return None
        return self.quantity * max(self.mark.price, self.limit_price or 0.0)

    def resized(self, quantity: float) -> "OrderView":
        """The same order for another quantity."""
        return OrderView(
            at=self.at,
            key=self.key,
            side=self.side,
            quantity=quantity,
            mark=self.mark,
            order_type=self.order_type,
            limit_price=self.limit_price,
            sent=self.sent,
            requested=self.as_sent,
        )

    def sent_within(self, seconds: float) -> int:
        """How many orders the strategy sent in the last `seconds`."""
        return self.sent.count(at=self.at, seconds=seconds)

    def repeated_within(self, seconds: float) -> int:
        """How many of them were this one: as it was sent, a little less of it is no other."""
        likeness = self.key.asset, self.side, self.as_sent
        return self.sent.count_alike(likeness, at=self.at, seconds=seconds)
