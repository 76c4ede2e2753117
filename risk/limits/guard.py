"""An order against every limit that encloses it, and the largest quantity that passes them.

An order is refused only for what it crosses or deepens: a limit that is in excess already, and
that the order does not touch, does not stop it. Limits that no order can mend (``Limit.stops``)
stop all new risk in their scope while they are breached.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from risk.assess import OrderCheck
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.positions import PositionKey
from risk.limits.base import Limit, LimitBase, OrderLimit
from risk.limits.rulebook import Rulebook, on
from risk.limits.views import BookView, OrderedView, OrderView, Surroundings

#: Two figures that differ by less than this share are the same figure, computed in another order.
_ROUNDING = 1e-9
#: How closely the largest passing quantity is found, as a share of what was asked for.
CLOSENESS = 2.0**-13
#: What is less than this share of what was asked for is nothing.
_NEGLIGIBLE = 2.0**-20


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
        """What is told of it."""
        outcome = Outcome.PASSED if self.passed else Outcome.FAILED
        limit = self.limit
        code = ReasonCode.NOT_MEASURED if self.value is None else limit.kind
        return Reason(code, outcome, limit.name, limit.scope, self.value, limit.hard, limit.unit)


class Skipped(NamedTuple):
    """One limit that was not asked, because the answer was known before."""

    limit: LimitBase

    def reason(self) -> Reason:
        """What is told of it."""
        limit = self.limit
        return Reason(limit.kind, Outcome.SKIPPED, limit.name, limit.scope, unit=limit.unit)


class _Enclosing(NamedTuple):
    """The limits that one position's orders meet, the cheap ones apart."""

    order: tuple[OrderLimit, ...]
    cheap: tuple[tuple[Limit, float | None], ...]
    dear: tuple[tuple[Limit, float | None], ...]


class LimitGuard:
    """The limits of a book, ready for one order after another.

    Everything that an order does not change is measured once, when it is first needed.

    Parameters
    ----------
    rulebook : Rulebook
    check : OrderCheck
    around : Surroundings
    """

    def __init__(self, rulebook: Rulebook, check: OrderCheck, around: Surroundings) -> None:
        self._rulebook = rulebook
        self._check = check
        self._base = BookView(check.book, around)
        self._before: dict[str, float | None] = {}
        self._enclosing: dict[PositionKey, _Enclosing] = {}

    def check(self, order: OrderView) -> list[Checked]:
        """Every limit that encloses the order: first those on orders, last those on scenarios.

        Parameters
        ----------
        order : OrderView
            With a known mark.
        """
        enclosing, book = self._limits(order.key), self._book_after(order)
        asked = [_ask_order(limit, order) for limit in enclosing.order]
        asked += [_ask(limit, before, book) for limit, before in enclosing.cheap]
        asked += [_ask(limit, before, book) for limit, before in enclosing.dear]
        return asked

    def raised_by(self, order: OrderView) -> list[Checked]:
        """The limits of the book that a reduction crosses or deepens, and passes all the same."""
        enclosing, book = self._limits(order.key), self._book_after(order)
        asked = [_ask(limit, before, book) for limit, before in enclosing.cheap + enclosing.dear]
        return [each for each in asked if not each.passed]

    def skipped(self, key: PositionKey) -> list[Skipped]:
        """The limits that would have been asked."""
        enclosing = self._limits(key)
        book = [limit for limit, _ in enclosing.cheap + enclosing.dear]
        return [Skipped(limit) for limit in (*enclosing.order, *book)]

    def largest(self, order: OrderView, *, least: float) -> float:
        """The largest quantity up to the order's that passes every limit.

        By bisection on the real check: first of those limits that cost little, then of all.

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

        def passes(quantity: float, limits: Sequence[tuple[Limit, float | None]]) -> bool:
            smaller = order.resized(quantity)
            book = self._book_after(smaller)
            return all(_ask_order(limit, smaller).passed for limit in enclosing.order) and all(
                _ask(limit, before, book).passed for limit, before in limits
            )

        cheap = _bisect(lambda q: passes(q, enclosing.cheap), least, order.quantity)
        if cheap <= least or not enclosing.dear:
            return cheap
        return _bisect(lambda q: passes(q, enclosing.cheap + enclosing.dear), least, cheap)

    def _book_after(self, order: OrderView) -> OrderedView:
        change = order.side.sign * order.quantity * order.mark.price
        return OrderedView(self._base, self._check.with_more(order.key, change), order.key)

    def _limits(self, key: PositionKey) -> _Enclosing:
        found = self._enclosing.get(key)
        if found is None:
            scopes = self._rulebook.enclosing(key)
            book = [(each, self._value(each)) for each in on(self._rulebook.book_limits, scopes)]
            found = self._enclosing[key] = _Enclosing(
                order=on(self._rulebook.order_limits, scopes),
                cheap=tuple(each for each in book if not each[0].dear),
                dear=tuple(each for each in book if each[0].dear),
            )
        return found

    def _value(self, limit: Limit) -> float | None:
        """What the limit says of the book without the order."""
        if limit.name not in self._before:
            self._before[limit.name] = limit.measure(self._base)
        return self._before[limit.name]


def _ask_order(limit: OrderLimit, order: OrderView) -> Checked:
    value = limit.measure_order(order)
    return Checked(limit, value, value is not None and value <= limit.hard)


def _ask(limit: Limit, before: float | None, book: BookView) -> Checked:
    value = limit.measure(book)
    if value is None:
        return Checked(limit, None, False)
    if value <= limit.hard:
        return Checked(limit, value, True)
    kept = before is not None and not limit.stops and value <= before * (1.0 + _ROUNDING)
    return Checked(limit, value, kept)


def _bisect(passes: Callable[[float], bool], low: float, high: float) -> float:
    """The largest quantity that passes, to within a share of itself; `low` is known to."""
    if passes(high):
        return high
    negligible = _NEGLIGIBLE * high
    while high - low > max(CLOSENESS * high, negligible):
        middle = 0.5 * (low + high)
        if passes(middle):
            low = middle
        else:
            high = middle
    return low
