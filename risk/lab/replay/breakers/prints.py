"""What feeds say that was never a price: one bad print, trusted by whoever heard it.

Cleaning throws nearly all of them away before a breaker hears of them. Here one gets through, as
the mark and the close of one bar, as if every gate before had failed. A price that is zero or
negative cannot be tried so: no gate has to know anything to refuse it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from risk.domain.market import Bar, BarClose, Mark, Trust
from risk.domain.ports import MarketReading

#: What a price is multiplied by in a bad print, in turn: units mistaken, and a decimal lost.
FACTORS = (1000.0, 0.01)
#: How long after a print a trip is its work.
ITS_WORK = timedelta(days=1)

_DAYS_OF_MONTH = 28


class Print(NamedTuple):
    """One bad print.

    Attributes
    ----------
    asset : str
    factor : float
        Of the price that was right.
    """

    asset: str
    factor: float


class Printed(NamedTuple):
    """What one bad print led to.

    Attributes
    ----------
    print : Print
    at : int
        Seconds since 1970.
    trips : tuple of (str, int)
        Breakers that tripped within a day after it, and when, whether or not they would have
        without it.
    """

    print: Print
    at: int
    trips: tuple[tuple[str, int], ...]


def drawn_prints(
    assets: Sequence[str],
    begin: datetime,
    end: datetime,
    *,
    period: timedelta,
    rng: np.random.Generator,
) -> Mapping[datetime, tuple[Print, ...]]:
    """One bad print a month and asset, by the close at which it is heard.

    Parameters
    ----------
    assets : sequence of str
    begin, end : datetime
        UTC.
    period : timedelta
        Length of a bar.
    rng : Generator
    """
    found: dict[datetime, tuple[Print, ...]] = {}
    bars = timedelta(days=_DAYS_OF_MONTH) // period
    for number, month in enumerate(_months(begin, end)):
        for turn, asset in enumerate(sorted(assets)):
            at = month + int(rng.integers(1, bars)) * period
            factor = FACTORS[(number + turn) % len(FACTORS)]
            if begin < at <= end:
                found[at] = (*found.get(at, ()), Print(asset, factor))
    return found


def _months(begin: datetime, end: datetime) -> Iterator[datetime]:
    month = begin.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= end:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def spoiled(market: MarketReading, bad: Print) -> MarketReading | None:
    """The reading with a bad print in it; None where the asset has no bar that just closed."""
    if not any(bad.asset in close.bars for close in market.closes):
        return None
    mark = market.marks[bad.asset]
    marks = {**market.marks, bad.asset: replace(mark, price=bad.factor * mark.price)}
    closes = tuple(_spoiled_close(close, bad) for close in market.closes)
    return replace(market, marks=marks, closes=closes)


def _spoiled_close(close: BarClose, bad: Print) -> BarClose:
    bar = close.bars.get(bad.asset)
    if bar is None:
        return close
    price = bad.factor * bar.close
    wrong = replace(bar, close=price, high=max(bar.high, price), low=min(bar.low, price))
    return replace(close, bars={**close.bars, bad.asset: wrong})


# --- within a bar ------------------------------------------------------------------------------


def within_bars(readings: Iterable[MarketReading]) -> Iterator[MarketReading]:
    """Readings with two more in each bar: every asset at its low and at its high.

    Whoever watches live sees more than closes. An asset that closed lower than it opened was at
    its high first, all others at their low; the two lie a third of the bar apart. That all assets
    are at theirs at the same time is worse than it was.

    Parameters
    ----------
    readings : iterable of MarketReading
        One at each close, oldest first.
    """
    marks: Mapping[str, Mark] = {}
    for market in readings:
        shortest = min(market.closes, key=lambda close: close.period.span, default=None)
        if shortest is not None:
            for third, first in ((1, True), (2, False)):
                at = shortest.opened + third * shortest.period.span / 3
                seen = {
                    asset: _marked(bar, at, first=first)
                    for asset, bar in shortest.bars.items()
                    if asset not in shortest.breaks
                }
                yield MarketReading(at=at, marks={**marks, **seen}, closes=(), faults=())
        yield market
        marks = market.marks


def _marked(bar: Bar, at: datetime, *, first: bool) -> Mark:
    fell = bar.close < bar.open
    price = bar.high if fell is first else bar.low
    return Mark(asset=bar.asset, price=price, at=at, trust=Trust.TRUSTED)
