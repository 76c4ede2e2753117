"""The commonest limits as rows of one table, which costs less than asking each.

What a limit measures is said by its own ``measure``; a row says the same of the book with one
more order, which a test holds. A kind without a row here is asked like any other.
"""

from collections.abc import Callable
from typing import Any

from risk.domain.assessment import NOTHING_THERE, ScopeReach
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.base import Limit
from risk.limits.concentration import ConcentrationLimit
from risk.limits.correlation_cluster import CorrelationClusterLimit
from risk.limits.days_to_flat import DaysToFlatLimit
from risk.limits.gross_exposure import GrossExposureLimit
from risk.limits.leverage import LeverageLimit
from risk.limits.net_exposure import NetExposureLimit
from risk.limits.open_positions import OpenPositionsLimit
from risk.limits.stablecoin_exposure import StablecoinExposureLimit
from risk.limits.views import Enclosed
from risk.measures.reaches import Figure

#: See :func:`risk.measures.reaches.figures_with_more`.
Row = tuple[float, ...]


def row_of(limit: Limit, without: Enclosed) -> Row | None:
    """The limit's row for orders that the scopes of `without` enclose; None if it has none."""
    make = _ROWS.get(type(limit))
    return None if make is None else make(limit, without)


def _gross(limit: Limit, without: Enclosed) -> Row | None:
    return _over_equity(Figure.GROSS, without, start=without.reaches[limit.scope].gross)


def _net(limit: Limit, without: Enclosed) -> Row | None:
    return _over_equity(Figure.NET, without, without.reaches[limit.scope])


def _positions(limit: Limit, without: Enclosed) -> Row:
    return _row(Figure.COUNT, 1.0, start=without.reaches[limit.scope].positions)


def _concentration(_: Limit, without: Enclosed) -> Row | None:
    asset = next(r for s, r in without.reaches.items() if s.kind is ScopeKind.ASSET)
    others = without.book.figures.squares - asset.worst_net**2
    return _over_equity(Figure.SQUARES, without, asset, start=others)


def _cluster(_: Limit, without: Enclosed) -> Row | None:
    if without.cluster is None:
        return None
    largest = without.book.largest_cluster
    return _over_equity(Figure.NET, without, without.cluster, least=largest)


def _days(limit: DaysToFlatLimit, without: Enclosed) -> Row | None:
    volume = without.book.around.mark(limit.scope.name).volume
    if not volume or volume <= 0.0:
        return None
    reach = without.reaches[limit.scope]
    return _row(Figure.NET, limit.participation * volume, reach)


def _stablecoins(limit: StablecoinExposureLimit, without: Enclosed) -> Row | None:
    scopes = [Scope(ScopeKind.ASSET, asset) for asset in limit.assets]
    if limit.counts_cash != "yes" or any(scope in without.reaches for scope in scopes):
        return None
    held = sum(max(0.0, without.book.reach(scope).net_high) for scope in scopes)
    cash = ScopeReach(held=without.book.figures.cash_high)
    return _over_equity(Figure.CASH, without, cash, start=held)


def _over_equity(
    figure: Figure,
    without: Enclosed,
    reach: ScopeReach = NOTHING_THERE,
    *,
    start: float = 0.0,
    least: float = 0.0,
) -> Row | None:
    equity = without.book.equity
    if equity is None or equity <= 0.0:
        return None
    return _row(figure, equity, reach, start=start, least=least)


def _row(
    figure: Figure,
    divisor: float,
    reach: ScopeReach = NOTHING_THERE,
    *,
    start: float = 0.0,
    least: float = 0.0,
) -> Row:
    _, held, buys, sells, _ = reach
    return (float(figure), start, held, buys, sells, least, divisor)


_ROWS: dict[type[Limit], Callable[[Any, Enclosed], Row | None]] = {
    GrossExposureLimit: _gross,
    LeverageLimit: _gross,
    NetExposureLimit: _net,
    OpenPositionsLimit: _positions,
    ConcentrationLimit: _concentration,
    CorrelationClusterLimit: _cluster,
    DaysToFlatLimit: _days,
    StablecoinExposureLimit: _stablecoins,
}
