"""An order against every limit that encloses it, and the largest quantity that passes them.

An order is refused only for what it crosses or deepens: a limit that is in excess already, and
that the order does not touch, does not stop it. Limits that no order can mend (``Limit.stops``)
stop all new risk in their scope while they are breached.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from risk.assess import OrderCheck
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope
from risk.limits.base import Limit, LimitBase, OrderLimit
from risk.limits.largest import largest_passing
from risk.limits.rows import row_of
from risk.limits.rulebook import Rulebook
from risk.limits.views import (
    BookView,
    Enclosed,
    OneWayView,
    OrderedView,
    OrderView,
    Surroundings,
)
from risk.measures.reaches import COLUMNS, figures_with_more
from risk.measures.types import FloatArray
from risk.portfolio.what_if import OneWay, Touched, WhatIf

#: Two figures that differ by less than this share are the same figure, computed in another order.
_ROUNDING = 1e-12
#: Positions of which it is kept what their orders meet.
_REMEMBERED = 10_000


class Checked(NamedTuple):
    """One limit asked about one order.

    Attributes
    ----------
    limit : LimitBase
    value : float or None
        After the order.
    passed : bool
    """

    limit: LimitBase
    value: float | None
    passed: bool

    def reason(self) -> Reason:
        """What is told of it; of a value that no float can tell, nothing but that it failed."""
        limit, value, passed = self
        outcome = Outcome.PASSED if passed else Outcome.FAILED
        if value is not None and math.isfinite(value):
            known = limit.kind, outcome, limit.name, limit.scope, value, limit.hard, limit.unit
            return Reason(*known)
        code = ReasonCode.NOT_MEASURED if value is None or math.isnan(value) else limit.kind
        return Reason(code, outcome, limit.name, limit.scope, None, limit.hard, limit.unit)


class Checks(NamedTuple):
    """All limits asked about one order; who wants to know of each makes the words.

    Attributes
    ----------
    limits : sequence of LimitBase
    allowed : sequence of float
        What each value may be at the most, for this order.
    values : sequence of float or None
        After the order.
    """

    limits: Sequence[LimitBase]
    allowed: Sequence[float]
    values: Sequence[float | None]

    @property
    def passed(self) -> bool:
        """Whether every limit lets the order pass."""
        for value, allowed in zip(self.values, self.allowed, strict=True):
            if value is None or not value <= allowed:
                return False
        return True

    @property
    def each(self) -> Iterator[Checked]:
        """One by one."""
        for limit, allowed, value in zip(self.limits, self.allowed, self.values, strict=True):
            yield Checked(limit, value, value is not None and value <= allowed)

    def reasons(self) -> list[Reason]:
        """What is told of them."""
        told = []
        for limit, allowed, value in zip(self.limits, self.allowed, self.values, strict=True):
            if value is not None and value <= allowed and value < math.inf:
                known = limit.name, limit.scope, value, limit.hard, limit.unit
                told.append(Reason(limit.kind, Outcome.PASSED, *known))
            else:
                passed = value is not None and value <= allowed
                told.append(Checked(limit, value, passed).reason())
        return told


class Skipped(NamedTuple):
    """Limits that were not asked, because the answer was known before."""

    limits: Sequence[LimitBase]

    def reasons(self) -> Iterator[Reason]:
        """What is told of them."""
        for limit in self.limits:
            yield Reason(limit.kind, Outcome.SKIPPED, limit.name, limit.scope, unit=limit.unit)


class _Enclosing(NamedTuple):
    """The limits that one position's orders meet.

    Attributes
    ----------
    limits : tuple of LimitBase
        In the order in which they are asked: `order`, those that are settled, those with a row,
        `cheap`, `dear`.
    allowed : tuple of float
        What the value of each may be: its threshold, or what it is without the order; of `dear`
        ones their threshold, see `_keep_dear`.
    order : tuple of OrderLimit
    settled : tuple of float or None
        Values of the limits that no order changes.
    rows : ndarray of shape (n, columns)
        Of the limits that have one, see `row_of`.
    cheap, dear : tuple of Limit
        Those that have none.
    exceeded : tuple of (int, Limit)
        Those on exposure that are in excess without the order, and their places in `limits`.
    without : Enclosed
    touched : Touched
    """

    limits: tuple[LimitBase, ...]
    allowed: tuple[float, ...]
    order: tuple[OrderLimit, ...]
    settled: tuple[float | None, ...]
    rows: FloatArray
    cheap: tuple[Limit, ...]
    dear: tuple[Limit, ...]
    exceeded: tuple[tuple[int, Limit], ...]
    without: Enclosed
    touched: Touched


class _Met(NamedTuple):
    """What one position's orders meet, whatever the ledger says.

    Attributes
    ----------
    scopes : tuple of Scope
        All that the position lies in.
    cluster : int or None
        That of the asset; None for one that no model knows.
    limits : tuple of LimitBase
        All, in the order in which they are asked.
    order : tuple of OrderLimit
    settled : tuple of float or None
        What those say that no order changes.
    fixed : tuple of float
        What the values of these two may be.
    tabled : tuple of Limit
        Those with a row, see `row_of`.
    cheap, dear : tuple of Limit
        Those on the book that have none.
    """

    scopes: tuple[Scope, ...]
    cluster: int | None
    limits: tuple[LimitBase, ...]
    order: tuple[OrderLimit, ...]
    settled: tuple[float | None, ...]
    fixed: tuple[float, ...]
    tabled: tuple[Limit, ...]
    cheap: tuple[Limit, ...]
    dear: tuple[Limit, ...]


class LimitGuard:
    """The limits of a book, ready for one order after another.

    Everything that an order does not change is measured once, when it is first needed.

    Parameters
    ----------
    rulebook : Rulebook
    check : OrderCheck
    around : Surroundings
    base : BookView or None
        Of the check's book, where something of it is known already.
    met : dict of PositionKey to _Met, or None
        What is known of positions under these rules and surroundings; grows.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        check: OrderCheck,
        around: Surroundings,
        *,
        base: BookView | None = None,
        met: dict[PositionKey, _Met] | None = None,
    ) -> None:
        self._rulebook = rulebook
        self._check = check
        self._around = around
        self._base = base or BookView(check.lazily, around)
        self._met = {} if met is None else met
        self._before: dict[str, float | None] = {}
        self._enclosing: dict[PositionKey, _Enclosing] = {}

    def following(self, check: OrderCheck, moved: Iterable[PositionKey]) -> "LimitGuard":
        """The limits once the ledger has moved on, and neither equity nor the market has.

        Parameters
        ----------
        check : OrderCheck
            Of the ledger as it is now.
        moved : iterable of PositionKey
            Positions whose reach may be another one.
        """
        return LimitGuard(
            self._rulebook,
            check,
            self._around,
            base=self._base.following(check.lazily, moved),
            met=self._met,
        )

    def check(self, order: OrderView) -> Checks:
        """Every limit that encloses the order: first those on orders, last those on scenarios.

        Parameters
        ----------
        order : OrderView
            With a known mark.
        """
        enclosing = self._limits(order.key)
        values = self._values(enclosing, order, dear=True)
        return Checks(enclosing.limits, self._allowed(enclosing, order, values), values)

    def raised_by(self, order: OrderView) -> list[Checked]:
        """The limits of the book that a reduction crosses or deepens, and passes all the same."""
        enclosing = self._limits(order.key)
        values = self._book_values(enclosing, order, dear=True)
        first = len(enclosing.limits) - len(values)
        allowed = list(enclosing.allowed)
        self._keep_dear(enclosing, allowed, [None] * first + values)
        checks = Checks(enclosing.limits[first:], allowed[first:], values)
        return [] if checks.passed else [each for each in checks.each if not each.passed]

    def order_limits(self, key: PositionKey) -> tuple[OrderLimit, ...]:
        """The limits on single orders that enclose a position."""
        return self._limits(key).order

    def skipped(self, key: PositionKey) -> Skipped:
        """The limits that would have been asked."""
        return Skipped(self._limits(key).limits)

    def largest(self, order: OrderView, *, least: float) -> float:
        """The largest quantity up to the order's that passes every limit.

        Found on the real check: first of those limits that cost little, then of all.

        Parameters
        ----------
        order : OrderView
            With a known mark.
        least : float
            Units that need not be asked about: what only reduces.

        Returns
        -------
        float
            Units; `least` if nothing more passes.
        """
        enclosing = self._limits(order.key)

        def excess(quantity: float, *, dear: bool) -> float:
            resized = order.resized(quantity)
            values = self._values(enclosing, resized, dear=dear)
            allowed = self._allowed(enclosing, resized, values)
            return max(map(_excess, values, allowed), default=-math.inf)

        cheap = largest_passing(partial(excess, dear=False), least, order.quantity)
        if cheap <= least or not enclosing.dear:
            return cheap
        return largest_passing(partial(excess, dear=True), least, cheap)

    def _allowed(
        self, enclosing: _Enclosing, order: OrderView, values: Sequence[float | None]
    ) -> Sequence[float]:
        """What each value may be, at the most, for this order.

        What is in excess may stay as it is only if the order would not bring an excess about by
        itself, were it filled without the orders that go the other way, or in another cluster.
        """
        allowed, sign = list(enclosing.allowed), order.side.sign
        self._keep_dear(enclosing, allowed, values)
        if not enclosing.exceeded:
            return allowed
        before = self._one_way(enclosing, 0.0, sign)
        after = self._one_way(enclosing, sign * order.quantity * order.mark.price, sign)
        for place, limit in enclosing.exceeded:
            was, value = limit.measure(before), limit.measure(after)
            kept = max(limit.hard, 0.0 if was is None else was * (1.0 + _ROUNDING))
            if value is None or not value <= kept:
                allowed[place] = limit.hard
        return allowed

    def _keep_dear(
        self, enclosing: _Enclosing, allowed: list[float], values: Sequence[float | None]
    ) -> None:
        """Let limits on scenarios that fail stay where they are without the order.

        Only of those that fail, since their values without it cost as much as with it.
        """
        for place in range(len(enclosing.limits) - len(enclosing.dear), len(values)):
            value, limit = values[place], enclosing.limits[place]
            if value is not None and not value <= allowed[place]:
                assert isinstance(limit, Limit), "it looks at the book"
                allowed[place] = _allowed_from(limit, self._value(limit))

    def _one_way(self, enclosing: _Enclosing, change: float, sign: int) -> OneWayView:
        added = OneWay(enclosing.touched, change, sign)
        return OneWayView(self._around, enclosing.without, added)

    def _values(self, enclosing: _Enclosing, order: OrderView, *, dear: bool) -> list[float | None]:
        """What the limits say, in their order; those on scenarios only if `dear`."""
        values = [limit.measure_order(order) for limit in enclosing.order]
        values += enclosing.settled
        return values + self._book_values(enclosing, order, dear=dear)

    def _book_values(
        self, enclosing: _Enclosing, order: OrderView, *, dear: bool
    ) -> list[float | None]:
        """The same of those limits that look at the book and are not settled."""
        added = WhatIf(enclosing.touched, order.side.sign * order.quantity * order.mark.price)
        values: list[float | None] = list(added.figures(enclosing.rows))
        others = enclosing.cheap + enclosing.dear if dear else enclosing.cheap
        if others:
            book = OrderedView(self._around, enclosing.without, added)
            values += [limit.measure(book) for limit in others]
        return values

    def _limits(self, key: PositionKey) -> _Enclosing:
        found = self._enclosing.get(key)
        if found is None:
            found = self._found(key)
            if len(self._enclosing) < _REMEMBERED:
                self._enclosing[key] = found
        return found

    def _found(self, key: PositionKey) -> _Enclosing:
        met = self._met_at(key)
        without = self._without(met.scopes, met.cluster)
        listed = [row_of(limit, without) for limit in met.tabled]
        rows = np.array(listed, dtype=np.float64).reshape(len(listed), len(COLUMNS))
        # Without an order: what a row says of it is what the limit itself says of the book.
        values = [*figures_with_more(rows, 0.0, 0.0, 0.0, 0.0), *map(self._value, met.cheap)]
        exposed, first = (*met.tabled, *met.cheap), len(met.fixed)
        return _Enclosing(
            limits=met.limits,
            allowed=(
                *met.fixed,
                *map(_allowed_from, exposed, values),
                *(limit.hard for limit in met.dear),
            ),
            order=met.order,
            settled=met.settled,
            rows=rows,
            cheap=met.cheap,
            dear=met.dear,
            exceeded=tuple(
                (first + n, limit)
                for n, (limit, value) in enumerate(zip(exposed, values, strict=True))
                if value is not None and value > limit.hard
            ),
            without=without,
            touched=self._check.touched(key),
        )

    def _without(self, scopes: tuple[Scope, ...], cluster: int | None) -> Enclosed:
        base = self._base
        return Enclosed(
            book=base,
            reaches={scope: base.reach(scope) for scope in scopes},
            cluster=None if cluster is None else base.of_cluster(cluster),
        )

    def _met_at(self, key: PositionKey) -> _Met:
        found = self._met.get(key)
        if found is None:
            found = self._look(key)
            # Whoever sends orders makes up the names in them.
            if len(self._met) < _REMEMBERED:
                self._met[key] = found
        return found

    def _look(self, key: PositionKey) -> _Met:
        scopes, order, book = self._rulebook.around(key)
        cluster = self._around.clusters.number_of(key.asset)
        # Whether a limit has a row depends on rules, equity and market, which stay as they are.
        without = self._without(scopes, cluster)
        settled = tuple(limit for limit in book if limit.stops)
        moving = [(limit, row_of(limit, without)) for limit in book if not limit.stops]
        tabled = tuple(limit for limit, row in moving if row is not None)
        cheap = tuple(limit for limit, row in moving if row is None and not limit.dear)
        dear = tuple(limit for limit, row in moving if row is None and limit.dear)
        return _Met(
            scopes=scopes,
            cluster=cluster,
            limits=(*order, *settled, *tabled, *cheap, *dear),
            order=order,
            settled=tuple(map(self._value, settled)),
            fixed=tuple(limit.hard for limit in (*order, *settled)),
            tabled=tabled,
            cheap=cheap,
            dear=dear,
        )

    def _value(self, limit: Limit) -> float | None:
        """What the limit says of the book without the order."""
        if limit.name not in self._before:
            self._before[limit.name] = limit.measure(self._base)
        return self._before[limit.name]


def _allowed_from(limit: LimitBase, before: float | None) -> float:
    """What an order that does not deepen an excess may leave the limit's value at."""
    return limit.hard if before is None else max(limit.hard, before * (1.0 + _ROUNDING))


def _excess(value: float | None, allowed: float) -> float:
    """How far a value is beyond what is allowed, as a share of that; positive if it fails."""
    if value is None or math.isnan(value):
        return math.inf
    over = value - allowed
    if allowed > 0.0:
        return over / allowed
    return math.inf if over > 0.0 else over
