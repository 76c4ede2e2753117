"""The committed book with one more pending order, measured only where somebody looks.

What orders for one position have in common is looked up once (`Touched`); what an order does
not touch is what it was, so that its cost does not grow with the book.
"""

import math
from functools import cached_property

import numpy as np

from risk.domain.assessment import NOTHING_THERE, CommittedBook, ScopeReach, TailRisk
from risk.domain.model import LEVELS, Model
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.measures.reaches import figures_with_more
from risk.measures.tail_with_more import worst_loss_with_more
from risk.measures.types import FloatArray
from risk.portfolio import stress
from risk.portfolio.book_models import BookModel, WithMore, book_model
from risk.portfolio.committed import Commitments, Horizon, scopes_of, tail_or_none
from risk.portfolio.exposure import Reach
from risk.portfolio.vectors import Reads

_NOTHING = Reach()
#: An order of this value or more loses more than any float can tell.
_BEYOND = 1e300
_INFINITE = TailRisk((math.inf,) * len(LEVELS), (math.inf,) * len(LEVELS))


class Beforehand:
    """A committed book, ready for what-ifs about any position.

    Parameters
    ----------
    base : Commitments
    snapshot : Snapshot
    """

    def __init__(self, base: Commitments, snapshot: Snapshot) -> None:
        self.base = base
        self.snapshot = snapshot
        self._touched: dict[PositionKey, Touched] = {}
        self._asked: set[str] = set()

    def is_asked_again(self, horizon: str) -> bool:
        """Whether a horizon's figures were asked for before.

        Compiling them pays from the second time on; a book that follows its ledger is often asked
        once.
        """
        if horizon in self._asked:
            return True
        self._asked.add(horizon)
        return False

    def touched(self, key: PositionKey) -> "Touched":
        """What every order for one position touches."""
        found = self._touched.get(key)
        if found is None:
            found = self._touched[key] = Touched(self, key)
        return found

    @cached_property
    def day(self) -> WithMore | None:
        """The compiled one-day figures; None where there are none."""
        return _ready(self.base.day)

    @cached_property
    def hour(self) -> WithMore | None:
        """The compiled one-hour figures; None where there are none."""
        return _ready(self.base.hour)


def _ready(horizon: Horizon | None) -> WithMore | None:
    if horizon is None:
        return None
    method = book_model(horizon.model.spec.method)
    if method.ready is None:
        return None
    return method.ready(horizon.worst, horizon.filled, *_bounds(horizon, method))


def _bounds(horizon: Horizon, method: BookModel) -> tuple[FloatArray, FloatArray]:
    """The multipliers of tracking, and what is told at the least."""
    multipliers = horizon.model.tracking if method.tracks else np.ones(len(LEVELS))
    return multipliers, np.array(horizon.held)


class Touched:
    """What every order for one position touches, as it is without the order.

    Parameters
    ----------
    before : Beforehand
    key : PositionKey

    Attributes
    ----------
    key : PositionKey
    base : Commitments
    scopes : tuple of Scope
        The strategy, the asset and the venue.
    reach : Reach
        Of the position.
    opens : int
        Positions that an order opens: 1 if there is none yet.
    asset : ScopeReach
        Of all positions in the asset.
    """

    def __init__(self, before: Beforehand, key: PositionKey) -> None:
        base = before.base
        self._before = before
        self.base = base
        self.key = key
        self.scopes = scopes_of(key)
        self.opens = int(key not in base.positions)
        self.reach = base.positions.get(key, _NOTHING)
        self.asset = base.scopes.get(self.scopes[1], NOTHING_THERE)

    def day(self, change: float) -> TailRisk | None:
        """One-day figures with an order over `change`."""
        compiled = self._before.day if self._before.is_asked_again("day") else None
        return _tail(self.base.day, compiled, self._day_returns, self.key.asset, change)

    def hour(self, change: float) -> TailRisk | None:
        """One-hour figures with an order over `change`."""
        compiled = self._before.hour if self._before.is_asked_again("hour") else None
        return _tail(self.base.hour, compiled, self._hour_returns, self.key.asset, change)

    def stress_loss(self, change: float) -> float | None:
        """Loss in the worst scenario with an order over `change`."""
        profits, unit = self.base.stress, self._shocks
        if profits is None or (unit is None and change != 0.0):
            return None
        if unit is None:
            return stress.worst_loss(profits)
        return worst_loss_with_more(profits, unit, change)

    @cached_property
    def _day_returns(self) -> FloatArray | None:
        return _returns(self.base.day, self.key.asset)

    @cached_property
    def _hour_returns(self) -> FloatArray | None:
        return _returns(self.base.hour, self.key.asset)

    @cached_property
    def _shocks(self) -> FloatArray | None:
        """Profit of one unit of currency in each stress scenario."""
        return stress.per_unit(self._before.snapshot.shocks, self.key.asset)


def _tail(
    horizon: Horizon | None,
    compiled: WithMore | None,
    returns: FloatArray | None,
    asset: str,
    change: float,
) -> TailRisk | None:
    if horizon is None or returns is None:
        return None
    if not abs(change) < _BEYOND:
        return _INFINITE
    if compiled is not None:
        return _told(compiled(returns, change))
    method = book_model(horizon.model.spec.method)
    if method.at_once is None:
        return tail_or_none(horizon.plus(asset, change))
    bounds = _bounds(horizon, method)
    return _told(method.at_once(horizon.worst, horizon.filled, *bounds, returns, change))


def _told(figures: FloatArray) -> TailRisk:
    var, es = figures.tolist()
    return TailRisk(tuple(var), tuple(es))


def _returns(horizon: Horizon | None, asset: str) -> FloatArray | None:
    """The asset's scenarios that the model reads, contiguous; None if it does not know it."""
    if horizon is None:
        return None
    model: Model = horizon.model
    column, scenarios = model.column(asset), model.scenarios
    if column is None or scenarios is None:
        return None
    reads = book_model(model.spec.method).reads
    if reads is Reads.BOTH:
        return np.array([scenarios.filtered[:, column], scenarios.raw[:, column]])
    read = scenarios.raw if reads is Reads.RAW else scenarios.filtered
    return np.ascontiguousarray(read[:, column])


class WhatIf:
    """The committed book with one more pending order.

    Parameters
    ----------
    touched : Touched
    change : float
        Value of the order at the mark, quote currency; a sale is negative.
    """

    __slots__ = ("_bought", "_grown", "_sold", "_touched")

    def __init__(self, touched: Touched, change: float) -> None:
        self._touched = touched
        self._bought, self._sold = (change, 0.0) if change >= 0.0 else (0.0, change)
        held, buys, sells = touched.reach
        after = max(abs(held + (buys + self._bought)), abs(held + (sells + self._sold)))
        self._grown = after - max(abs(held + buys), abs(held + sells))

    def grow(self, reach: ScopeReach) -> ScopeReach:
        """How far anything that contains the order's position may go, from how far it might."""
        gross, held, buys, sells, positions = reach
        return ScopeReach(
            gross + self._grown,
            held,
            buys + self._bought,
            sells + self._sold,
            positions + self._touched.opens,
        )

    def figures(self, rows: FloatArray) -> list[float]:
        """What rows say of exposures that contain the order's position: `figures_with_more`."""
        opened = self._touched.opens
        return figures_with_more(rows, self._grown, self._bought, self._sold, opened)

    def reach(self, scope: Scope) -> ScopeReach:
        """How far a strategy, an asset or a venue may go."""
        before = self._touched.base.reach(scope)
        return self.grow(before) if scope in self._touched.scopes else before

    @property
    def whole(self) -> ScopeReach:
        """How far the whole book may go."""
        return self.grow(self._touched.base.whole)

    @property
    def squares(self) -> float:
        """Sum over assets of the largest net exposure squared."""
        before = self._touched.asset.worst_net
        after = self.grow(self._touched.asset).worst_net
        # Not to the power of two, which raises where a product is infinite.
        return self._touched.base.squares + after * after - before * before

    @property
    def cash_high(self) -> float:
        """Cash if nothing but the pending sales is filled."""
        return self._touched.base.cash_high - self._sold

    @property
    def _change(self) -> float:
        return self._bought + self._sold

    @property
    def day(self) -> TailRisk | None:
        """One-day figures."""
        return self._touched.day(self._change)

    @property
    def hour(self) -> TailRisk | None:
        """One-hour figures."""
        return self._touched.hour(self._change)

    @property
    def stress_loss(self) -> float | None:
        """Loss in the worst scenario."""
        return self._touched.stress_loss(self._change)

    def book(self) -> CommittedBook:
        """The whole of it."""
        scopes = self._touched.base.scopes
        return CommittedBook(
            whole=self.whole,
            scopes={**scopes, **{scope: self.reach(scope) for scope in self._touched.scopes}},
            squares=self.squares,
            cash_high=self.cash_high,
            day=self.day,
            hour=self.hour,
            stress_loss=self.stress_loss,
        )


class OneWay(WhatIf):
    """The same if only those pending orders are filled that go the way of the one more.

    Where the committed book is beyond a limit because of orders that go the other way, its worst
    says nothing of this order, which may be filled without them.

    Parameters
    ----------
    touched : Touched
    change : float
        As there.
    sign : int
        1 of a purchase, -1 of a sale; `change` may be zero.
    """

    __slots__ = ("_opens", "_sign")

    def __init__(self, touched: Touched, change: float, sign: int) -> None:
        super().__init__(touched, change)
        self._sign = sign
        before = self._end(touched.reach)
        self._grown = max(0.0, abs(before + change) - abs(before))
        self._opens = int(change != 0.0 and touched.reach.held == 0.0)

    def _end(self, reach: Reach | ScopeReach) -> float:
        """Net value with all that is pending on the order's side, and without the order."""
        return reach.held + (reach.buys if self._sign > 0 else reach.sells)

    def grow(self, reach: ScopeReach) -> ScopeReach:
        """How far that way anything goes that contains the order's position."""
        end = self._end(reach) + self._change
        return ScopeReach(reach.gross + self._grown, end, 0.0, 0.0, reach.positions + self._opens)

    @property
    def squares(self) -> float:
        """Sum over assets of the largest net exposure squared, and what the order adds to it."""
        before = self._end(self._touched.asset)
        after = before + self._change
        return self._touched.base.squares + max(0.0, after * after - before * before)
