"""Hourly returns as breakers see them: of the hours that closed, and of the one that runs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from risk.domain.breakers import HourReturns
from risk.domain.market import BarClose, Mark, Period, Trust
from risk.domain.model import Model

#: The largest return that is believed: a price of nearly nothing before would make it infinite, and
#: its square with it.
LARGEST_RETURN = 1e6


class Hours(NamedTuple):
    """What a step sees of the market's hours.

    Attributes
    ----------
    closed : tuple of HourReturns
        Since the last step, oldest first.
    running : mapping of asset to float
        Simple return since the last close, of trusted marks.
    closes : mapping of asset to float
        The last closes.
    """

    closed: tuple[HourReturns, ...]
    running: Mapping[str, float]
    closes: Mapping[str, float]


def next_hours(
    closes: Mapping[str, float],
    bars: Iterable[BarClose],
    marks: Mapping[str, Mark],
    model: Model,
) -> Hours:
    """The hours that closed, and the one that runs.

    A return over a hole is that of the hour which ends it: what was lost meanwhile is lost. Where a
    series breaks, as when a ticker is used again, there is none.

    Parameters
    ----------
    closes : mapping of asset to float
        After the last step; empty at first, when `model` knows them.
    bars : iterable of BarClose
        Of any period, oldest first.
    marks : mapping of asset to Mark
    model : Model
        Of the hour.
    """
    found: list[HourReturns] = []
    last = dict(closes)
    for bar in bars:
        if bar.period is not Period.HOUR:
            continue
        found.append(
            HourReturns(
                bar.closed,
                {
                    asset: _moved(each.close, last[asset])
                    for asset, each in sorted(bar.bars.items())
                    if asset in last and asset not in bar.breaks
                },
            )
        )
        last.update({asset: each.close for asset, each in bar.bars.items()})
    if not last:
        last = _known_closes(model)
    running = {
        asset: _moved(mark.price, last[asset])
        for asset, mark in sorted(marks.items())
        if mark.trust is Trust.TRUSTED and asset in last
    }
    return Hours(tuple(found), running, last)


def remembered_hours(model: Model, before: datetime | None) -> Iterator[HourReturns]:
    """The hours that a model remembers, oldest first: what a breaker that is new would have seen.

    Parameters
    ----------
    model : Model
        Of the hour.
    before : datetime or None
        Hours that closed then or later are left out: they are told as such.
    """
    closed = model.closed
    if closed is None:
        return
    rows = model.filter.returns
    first = closed - timedelta(hours=len(rows) - 1)
    for place, row in enumerate(rows):
        at = first + timedelta(hours=place)
        if before is not None and at >= before:
            return
        known = np.flatnonzero(~np.isnan(row))
        yield HourReturns(at, {model.assets[j]: min(float(row[j]), LARGEST_RETURN) for j in known})


def _moved(price: float, last: float) -> float:
    return min(price / last - 1.0, LARGEST_RETURN)


def _known_closes(model: Model) -> dict[str, float]:
    """Those that a model remembers: at the first step nobody else does."""
    closes = model.filter.close
    return {model.assets[j]: float(closes[j]) for j in np.flatnonzero(~np.isnan(closes))}
