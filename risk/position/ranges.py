"""How far assets move: average ranges of hourly bars, and both volatilities that stops use."""

import math
from collections.abc import Iterable, Mapping

from risk.domain.market import Bar, BarClose, Period
from risk.domain.model import Model
from risk.domain.stops import HourlyRange, Volatility
from risk.measures.stops import NO_RANGE, day_range, next_average_range, true_range


def next_ranges(
    before: Mapping[str, HourlyRange], closes: Iterable[BarClose]
) -> Mapping[str, HourlyRange]:
    """Each asset's average range after these bars, of which only hours count.

    A series that breaks starts anew. After a bar that is missing the gap is not part of the next
    one's range: how much of it fell into one hour nobody knows.

    Parameters
    ----------
    before : mapping of asset to HourlyRange
    closes : iterable of BarClose
        Oldest first.
    """
    ranges = dict(before)
    for close in closes:
        if close.period is not Period.HOUR:
            continue
        for asset, bar in close.bars.items():
            ranges[asset] = _after(None if asset in close.breaks else ranges.get(asset), bar)
    return ranges


def _after(known: HourlyRange | None, bar: Bar) -> HourlyRange:
    average = NO_RANGE if known is None else known.average
    follows = known is not None and known.closed == bar.opened
    previous = known.close if known is not None and follows else None
    # All four, since a file's high may lie below its close by a rounding.
    prices = (bar.open, bar.high, bar.low, bar.close)
    found = true_range(max(prices), min(prices), previous)
    return HourlyRange(next_average_range(average, found), bar.close, bar.closed)


def volatility_of(asset: str, ranges: Mapping[str, HourlyRange], day: Model) -> Volatility:
    """Both measures of one asset; None where history is too short to believe one, or never moved.

    Parameters
    ----------
    asset : str
    ranges : mapping of asset to HourlyRange
    day : Model
        The one-day model, whose forecast holds until the next close.
    """
    known = ranges.get(asset)
    atr = None if known is None else day_range(known.average)
    # A distance of so many times zero is none: the stop would be reached where it is set.
    return Volatility(atr=atr or None, sigma=_sigma(asset, day) or None)


def _sigma(asset: str, day: Model) -> float | None:
    column = day.column(asset)
    if column is None or not day.proven(asset):
        return None
    return math.sqrt(float(day.filter.variance[column]))
