"""What the correlation screen shows of one cycle, read and measured once a day for everybody."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from pages.components.metrics import Rank
from pages.context import CHART_POINTS, Book, CompleteCycle, MetricHistory
from pages.figures.correlation import (
    CorrelationMap,
    Level,
    PairDays,
    framed,
    map_figure,
    mean_figure,
    pair_figure,
    scatter_figure,
)
from pages.query import Query
from pages.readings import Readings
from pages.views.correlation.study import (
    Group,
    Market,
    Pair,
    PairValue,
    ends_of,
    pairs_of,
    study_group,
    study_market,
    study_pair,
)
from pages.views.correlation.words import ASSETS, OF, ORDER, PAIR, VIEW, VIEWS
from pages.views.holdings import coin
from pages.views.ranking import rank
from risk.domain.market import Period
from risk.measures.types import FloatArray

#: Cycles for which the model is not asked for anew; it changes once a day.
_REUSE = 60
#: The difference view's colours end here at least, lest noise look like a storm.
_LEAST_SPAN = 0.2

_LEVEL_DASHES = {"calm": "dot", "now": "dash", "stressed": "dashdot"}


@dataclass(frozen=True, kw_only=True)
class Held:
    """One asset of the book: a side, and how much.

    Attributes
    ----------
    asset : str
    net : float
        Quote currency; negative when short.
    """

    asset: str
    net: float

    @property
    def sign(self) -> float:
        """-1 when short."""
        return -1.0 if self.net < 0.0 else 1.0


@dataclass(frozen=True, kw_only=True)
class CorrelationData:
    """Everything the correlation screen shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    market : Market or None
        None while the model measures nothing.
    held : tuple of Held
        What the model knows of it, the largest first.
    unmodelled : tuple of str
        Held assets that the model has never heard of.
    group : Group or None
        The assets chosen; None while fewer than two are.
    place : Rank or None
        Of the present mean among those of the window.
    trend, baseline : MetricHistory
        Of the mean of what was held, newer days weighing more.
    pair : Pair or None
    pair_note : str
        What the address asked for that is no pair here; mostly empty.
    ends : tuple of PairValue
        The lowest and the highest pair of the map; empty if none is known.
    figures : mapping of name to dict
        ``map``, ``pair``, ``scatter``, ``mean``; empty without a group.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    market: Market | None
    held: tuple[Held, ...]
    unmodelled: tuple[str, ...]
    group: Group | None
    place: Rank | None
    trend: MetricHistory
    baseline: MetricHistory
    pair: Pair | None
    pair_note: str
    ends: tuple[PairValue, ...]
    figures: Mapping[str, dict[str, Any]]

    @property
    def names(self) -> Mapping[str, str]:
        """What the screen calls each asset."""
        return names_of(self.market.assets if self.market else ())

    @property
    def shorts(self) -> frozenset[str]:
        """Assets that count with their sign turned."""
        return short_assets(self.held, self.query)

    @property
    def turned(self) -> bool:
        """Whether a sign is turned: profits of positions are compared, not moves of assets."""
        return bool(self.shorts)


def read_correlation(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> CorrelationData:
    """Everything that the correlation screen shows of one cycle."""
    return _Reading(readings, query, book, cycle).data()


class _Reading:
    """One view of one cycle; what was measured for it is remembered in `readings`."""

    def __init__(self, readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> None:
        self.readings, self.query, self.book, self.cycle = readings, query, book, cycle
        self.market = self._market()
        self.held, self.unmodelled = _held(cycle, self.market)
        self.shorts = short_assets(self.held, query)

    def _once(self, what: str, key: Hashable, ask: Callable[[], Any]) -> Any:
        market = self.market
        day = None if market is None else (market.version, market.closed)
        return self.readings.once(("correlation", what, self.book.name, day, key), ask)

    def _market(self) -> Market | None:
        epoch = self.cycle.pulse.cycle // _REUSE
        return self.readings.once(("correlation market", self.book.name, epoch), self._read_market)

    def _read_market(self) -> Market | None:
        model = self.readings.reader.model(self.book.name, Period.DAY)
        if model is None:
            return None
        return self.readings.once(
            ("correlation study", self.book.name, model.version, model.closed),
            lambda: study_market(model),
        )

    def data(self) -> CorrelationData:
        group = self._group()
        wanted, note = self._wanted(group)
        pair, figures = self._of_pair(group, wanted)
        rolling = self._rolling(group)
        now = float(rolling.values[-1]) if rolling.values.size else None
        return CorrelationData(
            book=self.book,
            query=self.query,
            cycle=self.cycle,
            market=self.market,
            held=self.held,
            unmodelled=self.unmodelled,
            group=group,
            place=_days_ranked(rank(now, rolling)),
            trend=self.readings.trend(self.book, "mean_correlation", self.query, self.cycle),
            baseline=self.readings.baseline(self.book, "mean_correlation", self.cycle),
            pair=pair,
            pair_note=note,
            ends=() if group is None else self._ends(group),
            figures=figures,
        )

    # -- what is measured ---------------------------------------------------------------------

    def _group(self) -> Group | None:
        market = self.market
        if market is None:
            return None
        every = self.query.choice(ASSETS.name) == "all"
        chosen = market.assets if every else tuple(sorted(held.asset for held in self.held))
        if len(chosen) < 2:
            return None
        return self._once("group", chosen, lambda: study_group(market, chosen))

    def _rolling(self, group: Group | None) -> MetricHistory:
        """The means that are known, as a history to rank in; the last is the present one."""
        market = self.market
        if market is None or group is None or np.isnan(group.rolling[-1:]).any():
            return MetricHistory(np.empty(0, dtype=np.int64), np.empty(0))
        known = ~np.isnan(group.rolling)
        return MetricHistory(market.days_ms[known], group.rolling[known])

    def _wanted(self, group: Group | None) -> tuple[tuple[str, str], str]:
        """The pair to look at, and what to say if the address asked for another one."""
        if group is None:
            return ("", ""), ""
        asked = self.query.choice(PAIR.name)
        first, _, second = asked.partition(",")
        if first != second and {first, second} <= set(group.assets):
            return (first, second), ""
        note = f"There is no pair {asked[:40]!r} among the assets shown." if asked else ""
        return self._largest(group), note

    def _largest(self, group: Group) -> tuple[str, str]:
        """The two largest held; for a while, so that the charts do not swap with every tick."""
        epoch = self.cycle.pulse.cycle // _REUSE
        by_size = [held.asset for held in self.held]
        ranked = [*by_size, *(asset for asset in group.assets if asset not in by_size)]
        return self._once(
            "largest", (epoch, group.assets, frozenset(by_size)), lambda: (ranked[0], ranked[1])
        )

    def _of_pair(
        self, group: Group | None, wanted: tuple[str, str]
    ) -> tuple[Pair | None, dict[str, dict[str, Any]]]:
        if self.market is None or group is None:
            return None, {}
        pair = self._pair(self.market, group, wanted)
        return pair, self._figures(self.market, group, pair)

    def _pair(self, market: Market, group: Group, wanted: tuple[str, str]) -> Pair:
        signs = (self._sign(wanted[0]), self._sign(wanted[1]))
        return self._once(
            "pair", (group.assets, wanted, signs), lambda: study_pair(market, group, wanted, signs)
        )

    def _sign(self, asset: str) -> float:
        return -1.0 if asset in self.shorts else 1.0

    def _ends(self, group: Group) -> tuple[PairValue, ...]:
        view = self.query.choice(VIEW.name)
        signs = np.array([self._sign(asset) for asset in group.assets])
        return self._once(
            "ends",
            (group.assets, self.shorts, view),
            lambda: ends_of(group.matrices[view] * np.outer(signs, signs), group.assets),
        )

    # -- figures ------------------------------------------------------------------------------

    def _figures(self, market: Market, group: Group, pair: Pair) -> dict[str, dict[str, Any]]:
        """The same objects until something in them changes: comparing them is then free."""
        query = self.query
        look = (query.scheme, query.zone.name, group.assets)
        pair_key = (*look, pair.assets, pair.signs)
        return {
            "map": self._framed(market, group, pair),
            "pair": self._once("pair course", pair_key, lambda: self._course_of(market, pair)),
            "scatter": self._once("scatter", pair_key, lambda: self._scatter_of(market, pair)),
            "mean": self._once("mean", look, lambda: self._mean_of(market, group)),
        }

    def _framed(self, market: Market, group: Group, pair: Pair) -> dict[str, Any]:
        """The map of each view is built once, whichever pair is looked at."""
        scheme = self.query.scheme
        view, order = self.query.choice(VIEW.name), self.query.choice(ORDER.name)
        key = (scheme, group.assets, self.shorts, view, order)
        cells = self._once(
            "map", key, lambda: map_figure(self._map(market, group, view, order), scheme)
        )
        return self._once(
            "framed map", (key, pair.assets), lambda: framed(cells, pair.assets, scheme)
        )

    def _map(self, market: Market, group: Group, view: str, order: str) -> CorrelationMap:
        names = names_of(market.assets)
        assets = group.assets if order == "cluster" else tuple(sorted(group.assets))
        place = np.array([group.assets.index(asset) for asset in assets])
        signs = np.array([self._sign(asset) for asset in assets])
        turned = {
            name: group.matrices[key][np.ix_(place, place)] * np.outer(signs, signs)
            for key, name in VIEWS.items()
        }
        values = turned[VIEWS[view]]
        return CorrelationMap(
            assets=assets,
            rows=[named(names[asset], short=asset in self.shorts) for asset in assets],
            columns=[names[asset] for asset in assets],
            values=values,
            span=span_of(view, group),
            signed=view == "difference",
            hover=turned,
        )

    def _course_of(self, market: Market, pair: Pair) -> dict[str, Any]:
        levels = [
            Level(name, pair.levels[name], dash)
            for name, dash in _LEVEL_DASHES.items()
            if not np.isnan(pair.levels[name])
        ]
        return pair_figure(
            market.days_ms, pair.rolling, levels, zone=self.query.zone, scheme=self.query.scheme
        )

    def _scatter_of(self, market: Market, pair: Pair) -> dict[str, Any]:
        names = names_of(market.assets)
        days = PairDays(
            names=(
                named(names[pair.assets[0]], short=pair.signs[0] < 0.0),
                named(names[pair.assets[1]], short=pair.signs[1] < 0.0),
            ),
            days_ms=market.days_ms,
            x=pair.x,
            y=pair.y,
            worst=pair.worst,
            slope=pair.beta,
        )
        return scatter_figure(days, zone=self.query.zone, scheme=self.query.scheme)

    def _mean_of(self, market: Market, group: Group) -> dict[str, Any]:
        modelled = self.readings.reader.metric_history(
            self.book.name,
            "mean_correlation",
            since=datetime.fromtimestamp(int(market.days_ms[0]) / 1000.0, UTC),
            until=market.closed,
            max_points=CHART_POINTS // 2,
        )
        return mean_figure(
            market.days_ms,
            group.rolling,
            group.usual,
            modelled,
            zone=self.query.zone,
            scheme=self.query.scheme,
        )


def _days_ranked(place: Rank | None) -> Rank | None:
    """Each value is a day's: the rank reaches over as many days as there are values."""
    return None if place is None else replace(place, span=timedelta(days=place.values))


def _held(cycle: CompleteCycle, market: Market | None) -> tuple[tuple[Held, ...], tuple[str, ...]]:
    known = frozenset(market.assets if market else ())
    exposures = cycle.assessment.held.by_asset
    held = [Held(asset=asset, net=exposure.net) for asset, exposure in exposures.items()]
    held.sort(key=lambda one: (-abs(one.net), one.asset))
    unmodelled = sorted(one.asset for one in held if one.asset not in known)
    return tuple(one for one in held if one.asset in known), tuple(unmodelled)


def short_assets(held: Sequence[Held], query: Query) -> frozenset[str]:
    """Assets whose sign is turned, if positions are what is looked at."""
    if query.choice(OF.name) == "assets":
        return frozenset()
    return frozenset(one.asset for one in held if one.sign < 0.0)


@lru_cache(maxsize=64)
def names_of(assets: tuple[str, ...]) -> Mapping[str, str]:
    """The coin's name, or the whole one where several assets share it."""
    coins = [coin(asset) for asset in assets]
    return {
        asset: name if coins.count(name) == 1 else asset
        for asset, name in zip(assets, coins, strict=True)
    }


def named(name: str, *, short: bool) -> str:
    """A name with its side, where that is short."""
    return f"{name} short" if short else name


def span_of(view: str, group: Group) -> float:
    """Where the colours of a view end: at one, or where differences do."""
    if view != "difference":
        return 1.0
    differences = pairs_of(group.matrices[view])
    known: FloatArray = np.abs(differences[~np.isnan(differences)])
    largest = float(known.max()) if known.size else 0.0
    return max(_LEAST_SPAN, np.ceil(10.0 * largest) / 10.0)
