"""One row a breaker, and one for several together: the table that people read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.breakers import BreakerDefinition
from risk.domain.scopes import ScopeKind
from risk.domain.trading import TradingState
from risk.lab.replay.breakers.days import Days, days_of
from risk.lab.replay.breakers.figures import (
    Figures,
    Technical,
    edges,
    figures_of,
    technical,
    technical_of_each,
)
from risk.lab.replay.breakers.trail import LADDER, Trail, Trip
from risk.measures.types import FloatArray

#: Rows of several together: of those on the whole portfolio.
UNION = "union of all"
UNION_WITH_LADDER = "union of all and the ladder"
UNION_OF_VOLATILITY = "union of volatility breakers"
UNION_OF_HALTS = "union of volatility halts"
#: What the mean of all assets is called.
MARKET = "market"

_VOLATILITY = "market_volatility"


@dataclass(frozen=True, kw_only=True)
class BreakerOutcome:
    """What one breaker did over a history.

    Attributes
    ----------
    breaker, kind, scope : str
        Empty kind and scope for rows of several, and of the ladder.
    market : str
        Whose days it is judged by, see `BaseRates`.
    measured : float or None
        The share of readings at which it could be measured; None for rows of several.
    figures : Figures
        At closes.
    within_bars : Figures or None
        With every bar's low and high seen before its close.
    technical : Technical or None
        Of prints before the cleaning.
    trusted : Technical or None
        Of prints after it; None for rows of several, as above.
    asked, overdue : int
        How often a person was asked; at how many readings an episode had outlived its greatest
        dwell, and nobody had been asked for that long.
    unasked_hours : float
        Longest time that an episode, re-trips and ramps with it, went on without a person asked.
    all_trips : tuple of Trip
        At closes.
    """

    breaker: str
    kind: str
    scope: str
    market: str
    measured: float | None
    figures: Figures
    within_bars: Figures | None
    technical: Technical | None
    trusted: Technical | None
    asked: int
    overdue: int
    unasked_hours: float
    all_trips: tuple[Trip, ...]


@dataclass(frozen=True, kw_only=True)
class BaseRates:
    """How many days of each kind a market had.

    Attributes
    ----------
    market : str
        ``market``, or an asset.
    days, calm_days, crash_days, crashes : int
    deepest : float or None
        The largest fall of a crash, a fraction.
    """

    market: str
    days: int
    calm_days: int
    crash_days: int
    crashes: int
    deepest: float | None


@dataclass(frozen=True, kw_only=True)
class BreakersReplayed:
    """What the breakers of a policy did over a price file.

    Attributes
    ----------
    begun, ended : datetime
        Of what is judged. UTC.
    breakers : tuple of BreakerOutcome
    base_rates : tuple of BaseRates
        Of every market that a breaker of the table watches.
    left_out : tuple of str
        Breakers of which a book of the market can tell nothing.
    """

    begun: datetime
    ended: datetime
    breakers: tuple[BreakerOutcome, ...]
    base_rates: tuple[BaseRates, ...]
    left_out: tuple[str, ...]


class Trails(NamedTuple):
    """The same breakers through one history seen in three ways.

    Attributes
    ----------
    closes : Trail
        As cleaned, one reading a close.
    dirty : Trail
        With bad prints in the file before it was cleaned.
    within : Trail or None
        With every bar's low and high; None where the file has none.
    prints : int
        How many there are in `dirty`.
    """

    closes: Trail
    dirty: Trail
    within: Trail | None
    prints: int


def judge_breakers(
    trails: Trails, *, begin: datetime, end: datetime, left_out: Sequence[str]
) -> BreakersReplayed:
    """The table of what breakers did.

    Parameters
    ----------
    trails : Trails
    begin, end : datetime
        Of what is judged. UTC.
    left_out : sequence of str
        Names of breakers that were not led.
    """
    markets = _Markets(trails.closes, begin, end)
    rows = tuple(_rows(trails, markets))
    return BreakersReplayed(
        begun=begin,
        ended=end,
        breakers=rows,
        base_rates=tuple(markets.base_rates()),
        left_out=tuple(left_out),
    )


class _Markets:
    """Days of the market and of single assets, made when somebody asks."""

    def __init__(self, trail: Trail, begin: datetime, end: datetime) -> None:
        self._trail, self._begin, self._end = trail, begin, end
        self._known: dict[str, Days] = {}

    def days(self, market: str) -> Days:
        if market not in self._known:
            seen = self._trail.moves
            moves = seen.whole() if market == MARKET else seen.of(market)
            self._known[market] = days_of(moves, self._begin, self._end)
        return self._known[market]

    def base_rates(self) -> Iterator[BaseRates]:
        for market, days in self._known.items():
            yield BaseRates(
                market=market,
                days=len(days.judged),
                calm_days=len(days.calm),
                crash_days=len(days.crash),
                crashes=len(days.crashes),
                deepest=max((crash.fall for crash in days.crashes), default=None),
            )


def _rows(trails: Trails, markets: _Markets) -> Iterator[BreakerOutcome]:
    for definition in trails.closes.definitions:
        yield _of_breaker(definition, trails, markets)
    if LADDER in trails.closes.left:
        yield _of_several(LADDER, (LADDER,), trails, markets)
    for name, together in _unions(trails.closes).items():
        yield _of_several(name, together, trails, markets)


def _unions(trail: Trail) -> Mapping[str, Sequence[str]]:
    """Names of rows of several, and of what is in them."""
    whole = [
        each
        for each in trail.definitions
        if each.scope.kind is ScopeKind.PORTFOLIO and trail.read[each.name]
    ]
    volatile = [each for each in whole if each.kind == _VOLATILITY]
    halts = [each for each in volatile if each.state is not TradingState.THROTTLED]
    names = {
        UNION_OF_HALTS: [each.name for each in halts],
        UNION_OF_VOLATILITY: [each.name for each in volatile],
        UNION: [each.name for each in whole],
    }
    if LADDER in trail.left:
        names[UNION_WITH_LADDER] = [*names[UNION], LADDER]
    return {name: together for name, together in names.items() if together}


def _of_breaker(definition: BreakerDefinition, trails: Trails, markets: _Markets) -> BreakerOutcome:
    name, trail = definition.name, trails.closes
    on_asset = definition.scope.kind is ScopeKind.ASSET
    market = definition.scope.name if on_asset else MARKET
    days = markets.days(market)
    clean = [trip.at for trip in trail.trips.get(name, ())]
    dirty = [trip.at for trip in trails.dirty.trips.get(name, ())]
    readings = len(trail.times)
    return BreakerOutcome(
        breaker=name,
        kind=definition.kind,
        scope=definition.scope.label,
        market=market,
        measured=trail.read[name] / readings if readings else None,
        figures=_figures(name, trail, days),
        within_bars=None if trails.within is None else _figures(name, trails.within, days),
        technical=technical(trails.prints, clean, dirty),
        trusted=technical_of_each(
            name,
            clean,
            [each for each in trail.printed if market in (MARKET, each.print.asset)],
        ),
        asked=trail.asked[name],
        overdue=trail.overdue[name],
        unasked_hours=trail.unasked.get(name, 0.0),
        all_trips=tuple(trail.trips.get(name, ())),
    )


def _figures(name: str, trail: Trail, days: Days) -> Figures:
    if not trail.read[name]:
        # What was never measured was not calm, it was blind: none of its figures is a nought.
        nothing = days._replace(calm=frozenset(), crash=frozenset(), crashes=())
        return figures_of(np.empty(0, dtype=np.int64), np.empty(0), (), nothing)
    left = np.array(trail.left.get(name, ()))
    return figures_of(_times(trail), left, trail.trips.get(name, ()), days)


def _of_several(
    name: str, together: Sequence[str], trails: Trails, markets: _Markets
) -> BreakerOutcome:
    days, trail = markets.days(MARKET), trails.closes
    left = _least_left(together, trail)
    within = trails.within
    return BreakerOutcome(
        breaker=name,
        kind="",
        scope="",
        market=MARKET,
        measured=None,
        figures=_figures_of_several(trail, left, days),
        within_bars=None
        if within is None
        else _figures_of_several(within, _least_left(together, within), days),
        technical=None,
        trusted=None,
        asked=sum(trail.asked[each] for each in together),
        overdue=sum(trail.overdue[each] for each in together),
        unasked_hours=max(trail.unasked.get(each, 0.0) for each in together),
        all_trips=edges(_times(trail), left),
    )


def _figures_of_several(trail: Trail, left: FloatArray, days: Days) -> Figures:
    times = _times(trail)
    return figures_of(times, left, edges(times, left), days)


def _least_left(together: Sequence[str], trail: Trail) -> FloatArray:
    return np.asarray(np.min([trail.left[name] for name in together], axis=0), dtype=np.float64)


def _times(trail: Trail) -> NDArray[np.int64]:
    return np.array(trail.times, dtype=np.int64)
