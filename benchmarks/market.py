"""A market and a book of any size, the same ones at every run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Bar, BarClose, Mark, Period
from risk.domain.model import Models, ModelSpec
from risk.domain.orders import Order, Side
from risk.domain.ports import AccountReading, Carried, CycleRecord, MarketReading
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.engine.cycle import carried_after, take_cycle
from risk.measures.types import FloatArray
from risk.portfolio.forecasting import new_models, warm

PORTFOLIO = "bench"
#: History ends and cycles begin here.
START = datetime(2024, 6, 3, tzinfo=UTC)

_SEED = 20240603
_STRATEGIES = ("trend", "dip", "noise")
_VENUE = "sim"
_MONEY_A_POSITION = 10_000.0
_HOURLY_MARKET, _HOURLY_OWN = 0.006, 0.004
# More bars than a model remembers, so that its windows are full.
_SURPLUS = 60


def asset_names(count: int) -> tuple[str, ...]:
    """The first is bitcoin, as in every real book."""
    return ("BTC/USDT", *(f"C{number:03d}/USDT" for number in range(1, count)))


class Market:
    """Correlated random prices of `count` assets that go on for ever."""

    def __init__(self, count: int) -> None:
        self.assets = asset_names(count)
        self._rng = np.random.default_rng(_SEED)
        self._prices = np.exp(self._rng.normal(2.0, 1.5, count))

    def history(self, spec: ModelSpec) -> Iterator[BarClose]:
        """Enough bars to fill a model's windows, ending at `START` with the present prices."""
        bars = spec.window + _SURPLUS
        backwards = np.cumsum(self._moves(bars, spec.period.span), axis=0)
        course = self._prices * np.exp(np.vstack([backwards[::-1], np.zeros(len(self.assets))]))
        for number in range(bars):
            opened = START - (bars - number) * spec.period.span
            yield self._bar_close(spec.period, opened, course[number], course[number + 1])

    def close(self, period: Period, opened: datetime) -> BarClose:
        """A bar of every asset, after moving on by its length."""
        before = self._prices
        return self._bar_close(period, opened, before, self._moved(period.span))

    def marks(self, at: datetime) -> dict[str, Mark]:
        """A trusted mark of every asset, one second's move from the last one."""
        moved = zip(self.assets, self._moved(timedelta(seconds=1)).tolist(), strict=True)
        return {asset: Mark(asset=asset, price=price, at=at) for asset, price in moved}

    def _moved(self, span: timedelta) -> FloatArray:
        self._prices = self._prices * np.exp(self._moves(1, span)[0])
        return self._prices

    def _moves(self, rows: int, span: timedelta) -> FloatArray:
        own = self._rng.standard_t(4, (rows, len(self.assets))) * _HOURLY_OWN
        together = self._rng.standard_t(4, (rows, 1)) * _HOURLY_MARKET
        return np.asarray((own + together) * np.sqrt(span / timedelta(hours=1)))

    def _bar_close(
        self, period: Period, opened: datetime, before: FloatArray, after: FloatArray
    ) -> BarClose:
        prices = zip(self.assets, before.tolist(), after.tolist(), strict=True)
        bars = {asset: _bar(asset, period, opened, *course) for asset, *course in prices}
        return BarClose(period=period, opened=opened, bars=bars)


def _bar(asset: str, period: Period, opened: datetime, first: float, last: float) -> Bar:
    return Bar(
        asset=asset,
        period=period,
        opened=opened,
        open=first,
        high=max(first, last),
        low=min(first, last),
        close=last,
    )


@dataclass
class Book:
    """A book that holds every asset of its market, and goes from one cycle to the next."""

    market: Market
    carried: Carried
    at: datetime = START

    def take(self, reading: MarketReading) -> CycleRecord:
        """The cycle that a reading leads to; the book goes on from there."""
        record = take_cycle(self.carried, reading, AccountReading())
        self.carried = carried_after(record)
        return record

    def second(self) -> MarketReading:
        """A second later: the marks have moved, no bar has closed."""
        return self._reading(self.at + timedelta(seconds=1))

    def hour(self) -> MarketReading:
        """At the close of the next hour."""
        close = self.next_close(Period.HOUR)
        return self._reading(close.closed, close)

    def day(self) -> MarketReading:
        """At the close of the next day, whose other hours the models have seen."""
        until = self._closed(Period.DAY) + Period.DAY.span - Period.HOUR.span
        self._see_hours(until)
        day = self.market.close(Period.DAY, self._closed(Period.DAY))
        return self._reading(day.closed, self.next_close(Period.HOUR), day)

    def next_close(self, period: Period) -> BarClose:
        """The bar that the book's model takes in next."""
        return self.market.close(period, self._closed(period))

    def snapshot(self) -> Snapshot:
        """Of a cycle a second later."""
        return self.take(self.second()).snapshot

    def order(self, number: int = 0) -> Order:
        """To buy for a hundredth of the money in a position."""
        asset = self.market.assets[number % len(self.market.assets)]
        price = self.market.marks(self.at)[asset].price
        return Order(
            client_order_id=f"order-{number}",
            portfolio=PORTFOLIO,
            strategy=_STRATEGIES[0],
            asset=asset,
            venue=_VENUE,
            side=Side.BUY,
            quantity=_MONEY_A_POSITION / 100.0 / price,
        )

    def _reading(self, at: datetime, *closes: BarClose) -> MarketReading:
        self.at = at
        return MarketReading(at=at, marks=self.market.marks(at), closes=closes)

    def _closed(self, period: Period) -> datetime:
        closed = self.carried.models.of(period).closed
        assert closed is not None
        return closed

    def _see_hours(self, until: datetime) -> None:
        hours = (until - self._closed(Period.HOUR)) // Period.HOUR.span
        opened = [self._closed(Period.HOUR) + k * Period.HOUR.span for k in range(hours)]
        closes = (self.market.close(Period.HOUR, moment) for moment in opened)
        models = self.carried.models
        self.carried = replace(self.carried, models=models.with_model(warm(models.hour, closes)))


def build_book(count: int) -> Book:
    """A book of `count` positions, long and short, whose models have full windows."""
    market = Market(count)
    cold = new_models(market.assets)
    models = Models(*(warm(model, market.history(model.spec)) for model in cold))
    carried = Carried(state=RiskState(portfolio=PORTFOLIO), ledger=_ledger(market), models=models)
    return Book(market, carried)


def _ledger(market: Market) -> Ledger:
    deposit = Flow(id="start", amount=_MONEY_A_POSITION * len(market.assets), at=START)
    marks = market.marks(START)
    fills = [_fill(number, marks[asset]) for number, asset in enumerate(market.assets)]
    return Ledger().after_all(fills=fills, flows=[deposit])


def _fill(number: int, mark: Mark) -> Fill:
    return Fill(
        id=f"fill-{number}",
        strategy=_STRATEGIES[number % len(_STRATEGIES)],
        asset=mark.asset,
        venue=_VENUE,
        side=Side.SELL if number % 3 == 2 else Side.BUY,
        quantity=_MONEY_A_POSITION / mark.price,
        price=mark.price,
        at=START,
    )
