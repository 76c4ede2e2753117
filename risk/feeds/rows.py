"""Raw rows as columns: times, names and numbers parsed, nothing judged.

What cannot be parsed becomes NaT or NaN; `quality` decides what that means.
"""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from risk.domain.market import Period
from risk.measures.types import FloatArray

PRICE_COLUMNS = ("open", "high", "low", "close")

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_FIRST_TIME = pd.Timestamp("1970-01-01", tz="UTC")
_LAST_TIME = pd.Timestamp("2200-01-01", tz="UTC")
# Up to which size a number is a date or counts in a unit: 2200-12-31, and 2200 in each unit.
_UNITS = ((22_001_232.0, "date"), (7.26e9, "s"), (7.26e12, "ms"), (7.26e15, "us"))
_MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_MICROSECONDS_OF_2200 = 7.26e15


class Rows(NamedTuple):
    """Rows as columns of equal length, in the file's order or sorted by asset and time.

    Attributes
    ----------
    asset : ndarray of str
    slot : ndarray of int
        Number of the bar since 1970; its opening time over its length.
    prices : ndarray of shape (n, 4)
        Open, high, low, close.
    volume : ndarray
    """

    asset: NDArray[np.object_]
    slot: IntArray
    prices: FloatArray
    volume: FloatArray

    def where(self, chosen: BoolArray | IntArray) -> "Rows":
        """These rows only, or in this order."""
        return Rows(self.asset[chosen], self.slot[chosen], self.prices[chosen], self.volume[chosen])

    @property
    def by_asset(self) -> list[IntArray]:
        """Positions of each asset's rows, in their order; assets sorted by name."""
        if not self.slot.size:
            return []
        codes, _ = pd.factorize(self.asset, sort=True)
        order = np.argsort(codes, kind="stable")
        return list(np.split(order, np.flatnonzero(np.diff(codes[order])) + 1))


class ParsedRows(NamedTuple):
    """What a frame holds, row by row.

    Attributes
    ----------
    rows : Rows
        All of them, in the frame's order; the slot of a row without a time means nothing.
    timed : ndarray of bool
        Whether the row's time could be read.
    between : ndarray of bool
        Whether that time is no opening of a bar.
    """

    rows: Rows
    timed: BoolArray
    between: BoolArray


def parse_rows(frame: pd.DataFrame, period: Period) -> ParsedRows:
    """Rows of a frame in long form, see :func:`risk.feeds.quality.clean_bars`."""
    times = parse_times(frame["timestamp"])
    timed = times.notna().to_numpy()
    micros = times.dt.as_unit("us").astype("int64").to_numpy()
    span = period.span // timedelta(microseconds=1)
    close = _numbers(frame["close"])
    prices = [_numbers(frame[name]) if name in frame else close for name in PRICE_COLUMNS]
    volume = _numbers(frame["volume"]) if "volume" in frame else np.zeros(len(frame))
    rows = Rows(names_of(frame["asset"]), micros // span, np.column_stack(prices), volume)
    return ParsedRows(rows, timed, timed & (micros % span != 0))


def joined(pieces: list[Rows]) -> Rows:
    """All rows of the pieces, one after another."""
    none = Rows(
        np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64), np.zeros((0, 4)), np.zeros(0)
    )
    pieces = [none, *pieces]
    return Rows(
        np.concatenate([piece.asset for piece in pieces]),
        np.concatenate([piece.slot for piece in pieces]),
        np.concatenate([piece.prices for piece in pieces]),
        np.concatenate([piece.volume for piece in pieces]),
    )


def parse_times(raw: pd.Series) -> pd.Series:
    """Times in UTC; NaT for what is no time between 1970 and 2200.

    Numbers are dates like 20211231, or count seconds, milli-, micro- or nanoseconds since
    1970: whichever puts their median into these years.
    """
    if pd.api.types.is_datetime64_any_dtype(raw):
        times = pd.to_datetime(raw, utc=True)
    else:
        times = _parse_text_or_number(raw)
    sane = (times >= _FIRST_TIME) & (times < _LAST_TIME)
    return times.where(sane)


def names_of(column: pd.Series) -> NDArray[np.object_]:
    """Names of assets as text without spaces around it; ``(no name)`` where there is none."""
    missing = column.isna().to_numpy()
    names = column.map(str).str.strip().to_numpy(dtype=object)
    return np.where(missing | (names == ""), "(no name)", names)


def _parse_text_or_number(raw: pd.Series) -> pd.Series:
    text = raw.map(str)
    numbers = _numbers(text)
    finite = numbers[np.isfinite(numbers)]
    if finite.size * 2 <= numbers.size:
        return pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    unit = next((unit for top, unit in _UNITS if np.median(finite) < top), "ns")
    if unit == "date":
        return pd.to_datetime(text.str[:8], utc=True, errors="coerce", format="%Y%m%d")
    micros = numbers * _MICROSECONDS[unit]
    micros[~(np.abs(micros) < _MICROSECONDS_OF_2200)] = np.nan
    return pd.to_datetime(pd.Series(micros, index=raw.index), unit="us", utc=True)


def _numbers(column: pd.Series) -> FloatArray:
    if pd.api.types.is_bool_dtype(column):
        return np.full(len(column), np.nan)
    if not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(column.map(str), errors="coerce")
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
