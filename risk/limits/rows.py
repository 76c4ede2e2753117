"""The commonest limits as rows of one table, which costs less than asking each.

What a limit measures is said by its own ``measure``; a row says the same of the book with one
more order, which a test holds. A kind without a row here is asked like any other.
"""

from collections.abc import Callable
from typing import Any

from risk.domain.assessment import ScopeReach
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
    equity = without.equity
    if equity is None:
        return None
    return (_GROSS, without.reaches[limit.scope].gross, 0.0, 0.0, 0.0, 0.0, equity)


def _net(limit: Limit, without: Enclosed) -> Row | None:
    equity = without.equity
    return None if equity is None else _net_over(equity, without.reaches[limit.scope])


def _positions(limit: Limit, without: Enclosed) -> Row:
    return (_COUNT, without.reaches[limit.scope].positions, 0.0, 0.0, 0.0, 0.0, 1.0)


def _concentration(_: Limit, without: Enclosed) -> Row | None:
    equity = without.equity
    if equity is None:
        return None
    asset = next(r for s, r in without.reaches.items() if s.kind is ScopeKind.ASSET)
    others = without.book.figures.squares - asset.worst_net**2
    return (_SQUARES, others, asset.held, asset.buys, asset.sells, 0.0, equity)


def _cluster(_: Limit, without: Enclosed) -> Row | None:
    equity = without.equity
    if without.cluster is None or equity is None:
        return None
    return _net_over(equity, without.cluster, least=without.book.largest_cluster)


def _days(limit: DaysToFlatLimit, without: Enclosed) -> Row | None:
    volume = without.book.around.mark(limit.scope.name).volume
    if not volume or volume <= 0.0:
        return None
    return _net_over(limit.participation * volume, without.reaches[limit.scope])


def _stablecoins(limit: StablecoinExposureLimit, without: Enclosed) -> Row | None:
    equity = without.equity
    scopes = [Scope(ScopeKind.ASSET, asset) for asset in limit.assets]
    if limit.counts_cash != "yes" or any(scope in without.reaches for scope in scopes):
        return None
    if equity is None:
        return None
    held = sum(max(0.0, without.book.reach(scope).net_high) for scope in scopes)
    return (_CASH, held, without.book.figures.cash_high, 0.0, 0.0, 0.0, equity)


def _net_over(divisor: float, reach: ScopeReach, *, least: float = 0.0) -> Row:
    _, held, buys, sells, _ = reach
    return (_NET, 0.0, held, buys, sells, least, divisor)


_GROSS, _NET, _COUNT, _SQUARES, _CASH = map(
    float, (Figure.GROSS, Figure.NET, Figure.COUNT, Figure.SQUARES, Figure.CASH)
)

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
