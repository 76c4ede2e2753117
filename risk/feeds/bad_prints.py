"""Rows of a price file with bad prints put in, to see what becomes of them in cleaning.

Pure. The counterpart of `quality`: what feeds really send, one print at a time among right ones.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

#: What a bad print says instead of the price, in turn.
BAD_PRINTS: dict[str, Callable[[float], float]] = {
    "x1000": lambda price: 1000.0 * price,
    "zero": lambda _price: 0.0,
    "-99 %": lambda price: 0.01 * price,
    "negative": lambda price: -price,
}


class Spoiled(NamedTuple):
    """Rows with bad prints.

    Attributes
    ----------
    rows : DataFrame
        As they came, but for the prints.
    prints : int
    """

    rows: pd.DataFrame
    prints: int


def with_bad_prints(
    rows: pd.DataFrame, *, begin: datetime, end: datetime, rng: np.random.Generator
) -> Spoiled:
    """Rows in which one close a month and asset is a bad print, its high or low with it.

    Parameters
    ----------
    rows : DataFrame
        As :func:`risk.feeds.quality.clean_bars` takes them, times read. Left as they are.
    begin, end : datetime
        Only bars that open between may be hit, the last one not among them. UTC.
    rng : Generator
    """
    spoiled = rows.reset_index(drop=True)
    for name in _prices(spoiled):
        spoiled[name] = pd.to_numeric(spoiled[name], errors="coerce").astype(np.float64)
    kinds = list(BAD_PRINTS.values())
    places = _drawn(spoiled, begin, end, rng)
    for number, place in enumerate(places):
        price = kinds[number % len(kinds)](float(spoiled["close"].iat[place]))
        for name, kept in (("high", max), ("low", min)):
            if name in spoiled:
                spoiled.loc[place, name] = kept(float(spoiled[name].iat[place]), price)
        spoiled.loc[place, "close"] = price
    return Spoiled(spoiled, len(places))


def _drawn(
    rows: pd.DataFrame, begin: datetime, end: datetime, rng: np.random.Generator
) -> list[int]:
    """Places of the rows to hit, month by month, so that later ones change none before."""
    times = rows["timestamp"]
    inside = rows[(times >= begin) & (times < end)]
    groups = inside.groupby([inside["timestamp"].dt.strftime("%Y-%m"), "asset"]).groups
    return [int(rng.choice(groups[key].to_numpy())) for key in sorted(groups)]


def _prices(rows: pd.DataFrame) -> list[str]:
    return [name for name in ("open", "high", "low", "close") if name in rows]
