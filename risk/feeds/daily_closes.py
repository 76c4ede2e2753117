"""The believable daily closes of a price file as one table, for those who work on history.

Days made of hours where the file has hours, one row for each calendar day, and nothing filled.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from risk.domain.market import BarClose, Period
from risk.feeds.quality import CleanBars, slot_of
from risk.feeds.replaying import closes_with_days
from risk.feeds.rows import names_of
from risk.measures.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class DailyCloses:
    """Closes by day and asset.

    Attributes
    ----------
    first_day : datetime or None
        When the first row opened; None without rows. UTC.
    assets : tuple of str
        By column, sorted.
    closes : ndarray of shape (days, A)
        Consecutive calendar days, oldest first; NaN where there is no close to believe.
    begins : ndarray of shape (days, A), bool
        Where a series begins anew (the ticker means something else, or it was silent for too
        long): what lies before says nothing of what follows.
    """

    first_day: datetime | None
    assets: tuple[str, ...]
    closes: FloatArray
    begins: BoolArray


def daily_closes(bars: CleanBars) -> DailyCloses:
    """Every day's closes of clean bars."""
    closes = [each for each, _ in closes_with_days(bars.closes()) if each.period is Period.DAY]
    days = _rows_of(closes)
    shape = (days[-1] + 1 if days else 0, len(bars.assets))
    table, begins = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    column = {asset: number for number, asset in enumerate(bars.assets)}
    for row, close in zip(days, closes, strict=True):
        for asset, bar in close.bars.items():
            table[row, column[asset]] = bar.close
        for asset in close.breaks:
            begins[row, column[asset]] = True
    return DailyCloses(closes[0].opened if closes else None, bars.assets, table, begins)


def rows_not_believed(rows: pd.DataFrame, bars: CleanBars) -> dict[str, int]:
    """How many rows of each asset made none of the bars that were cleaned from them.

    Parameters
    ----------
    rows : DataFrame
        As :func:`risk.feeds.quality.clean_bars` took them.
    bars : CleanBars

    Returns
    -------
    dict of asset to int
        Sorted by name; assets of which every row was believed are left out.
    """
    lost = Counter(names_of(rows["asset"]).tolist())
    lost.subtract(bars.bars_of)
    return {asset: count for asset, count in sorted(lost.items()) if count}


def _rows_of(closes: list[BarClose]) -> list[int]:
    days = [slot_of(close.opened, Period.DAY) for close in closes]
    return [day - days[0] for day in days]
