"""Small random markets, and strategies that want much and change their minds."""

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, islice

import numpy as np
import pytest

from risk.domain.market import Bar, BarClose, Period
from risk.domain.model import Models
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, Carried, CycleRecord, MarketReading
from risk.engine.cycle import carried_after, take_cycle
from risk.executors.paper import PaperExecutor
from risk.feeds.replaying import readings
from risk.lab.replay import run
from risk.lab.replay.run import Pair, lead
from risk.lab.wishing import Mandate

ASSETS = ("BTC", "ETH", "XRP")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Long enough for the models to measure a book: 120 days and some.
PAST_HOURS = 125 * 24
TRADING_FROM = BEGIN + PAST_HOURS * HOUR


def prices(hours: int, *, seed: int, volatility: float = 0.01) -> np.ndarray:
    """Closes of three assets that move together, shape (hours, 3)."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_t(4, (hours, 1))
    own = rng.standard_t(4, (hours, len(ASSETS)))
    return 100.0 * np.exp(np.cumsum(volatility * (0.6 * shared + 0.4 * own), axis=0))


def closes_of(table: np.ndarray, *, begin: datetime = BEGIN) -> Iterator[BarClose]:
    """Hourly bars around closes; NaN where an asset has none."""
    for hour, row in enumerate(table.tolist()):
        opened = begin + hour * HOUR
        bars = {
            asset: Bar(
                asset=asset, period=Period.HOUR, opened=opened, open=p, high=p, low=p, close=p
            )
            for asset, p in zip(ASSETS, row, strict=True)
            if not math.isnan(p)
        }
        yield BarClose(period=Period.HOUR, opened=opened, bars=bars)


PAST = prices(PAST_HOURS, seed=99)


def with_past(future: np.ndarray) -> np.ndarray:
    """A history that the models know, and `future` from where it ended."""
    return np.vstack([PAST, PAST[-1] * future / 100.0])


@cache
def _past() -> tuple[MarketReading, ...]:
    return tuple(readings(closes_of(PAST), assets=ASSETS))


def _warmed(assets: Sequence[str], past: Sequence[BarClose]) -> Models:
    """As the replay does it, but once for a past that is always the same: a second each."""
    known = [close for market in _past() for close in market.closes]
    if len(past) == len(known) and all(map(operator.is_, past, known)):
        return _warmed_on_the_past(tuple(assets))
    return _WARMED(assets, past)


@cache
def _warmed_on_the_past(assets: tuple[str, ...]) -> Models:
    return _WARMED(assets, [close for market in _past() for close in market.closes])


_WARMED = run._warmed


def market_of(future: np.ndarray) -> Iterator[MarketReading]:
    """Readings over the past and `future`; those of the past, always the same, are made once."""
    day = 24
    table = with_past(future)[PAST_HOURS - day :]
    later = readings(closes_of(table, begin=TRADING_FROM - day * HOUR), assets=ASSETS)
    return chain(_past(), islice(later, day, None))


@dataclass(frozen=True)
class Wild:
    """Wants whatever the last digits of the newest closes say, up to `size` in each asset."""

    size: float = 1.5
    name: str = "wild"

    def targets(self, closes: Mapping[str, Sequence[float]]) -> Mapping[str, float]:
        return {asset: self.size * math.sin(1e5 * series[-1]) for asset, series in closes.items()}


@dataclass(frozen=True)
class Still:
    """Wants the same for ever."""

    weights: Mapping[str, float]
    name: str = "wild"

    def targets(self, closes: Mapping[str, Sequence[float]]) -> Mapping[str, float]:
        return {asset: weight for asset, weight in self.weights.items() if asset in closes}


def alone(strategy: object) -> tuple[Mandate, ...]:
    return (Mandate(strategy=strategy, venue="sim-a", share=1.0),)


def turn(
    carried: Carried, market: MarketReading, account: AccountReading
) -> tuple[CycleRecord, Carried]:
    record = take_cycle(carried, market, account)
    return record, carried_after(record)


def led(future: np.ndarray, policy: Policy, mandates: Sequence[Mandate], **terms: object) -> Pair:
    """Both books through `future`, with the past before it."""
    terms = {"turn": turn, "begin": TRADING_FROM, "executor": PaperExecutor(), **terms}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_warmed", _warmed)
        return lead(market_of(future), mandates=mandates, policy=policy, assets=ASSETS, **terms)
