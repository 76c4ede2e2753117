"""Price files: read, checked, and played back as a feed.

Long (``timestamp, asset, open, high, low, close, volume``; only time, asset and close are
needed) or wide (``date, ASSET, ASSET, ...``, closes only); csv, csv.gz or parquet; hourly or
daily. Names of assets are kept as the file has them. What is believed of the content is
decided in `quality`.
"""

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from risk.domain.market import BarClose, DataFault, FaultKind, Period
from risk.domain.ports import MarketReading
from risk.errors import PriceFileInvalid
from risk.feeds.quality import CleanBars, clean_bars
from risk.feeds.replaying import Board, Findings, closes_with_days
from risk.feeds.rows import parse_times

#: How much of a file is history before the first reading, unless told: this, at most half.
WARM_UP = timedelta(days=500)
HISTORY = {Period.HOUR: 4500, Period.DAY: 1000}

_TIME_NAMES = ("timestamp", "time", "datetime", "date", "open_time")
_ASSET_NAMES = ("asset", "symbol", "ticker")
_VALUE_NAMES = ("open", "high", "low", "close", "volume")
# Long enough for any series without a single whole day to have started anew.
_DAYS_OF_LEAD = timedelta(days=8)


class PriceFile(NamedTuple):
    """A file's rows in long form.

    Attributes
    ----------
    path : Path
    form : str
        ``long`` or ``wide``.
    period : Period
    rows : DataFrame
        Columns as :func:`risk.feeds.quality.clean_bars` takes them.
    empty : tuple of str
        Assets whose column of a wide file holds nothing at all: no row tells of them.
    """

    path: Path
    form: str
    period: Period
    rows: pd.DataFrame
    empty: tuple[str, ...]


def read_prices(path: Path, period: Period | None = None) -> PriceFile:
    """Read a price file.

    Parameters
    ----------
    path : Path
    period : Period, optional
        Length of its bars; found by the commonest distance between them if absent.

    Raises
    ------
    PriceFileInvalid
        If there is no such file, it cannot be read, or has neither form.
    """
    table = _read_table(path)
    form, rows = _long_form(path, table)
    rows["timestamp"] = parse_times(rows["timestamp"])
    empty = tuple(str(name).strip() for name in table.columns[table.isna().all()])
    return PriceFile(
        path=path,
        form=form,
        period=period or _period_of(path, rows["timestamp"]),
        rows=rows,
        empty=empty if form == "wide" else (),
    )


def load_bars(path: Path, period: Period | None = None) -> CleanBars:
    """Bars of a price file that can be believed, see :func:`read_prices`."""
    file = read_prices(path, period)
    return clean_bars(file.rows, file.period)


def label_of(path: Path) -> str:
    """How prices of a file are called on the screens."""
    return f"file {path.name}"


# --- reading -------------------------------------------------------------------------------


def _read_table(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise PriceFileInvalid(f"{path} is no price file: csv, csv.gz and parquet can be read")
    try:
        table = pd.read_parquet(path) if name.endswith(".parquet") else _read_csv(path)
    except FileNotFoundError as error:
        raise PriceFileInvalid(f"there is no file {path}") from error
    except (OSError, EOFError, ValueError, zlib.error, pa.ArrowException) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise PriceFileInvalid(f"{path} cannot be read: {reason[0]}") from error
    if isinstance(table.index, pd.DatetimeIndex):
        table = table.reset_index(names=[table.index.name or "timestamp"])
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, low_memory=False, skipinitialspace=True)


def _long_form(path: Path, table: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    table = table.rename(columns=lambda name: str(name).strip())
    known = {name.lower(): name for name in reversed(table.columns.tolist())}
    time = next((known[name] for name in _TIME_NAMES if name in known), None)
    if time is None:
        raise PriceFileInvalid(
            f"{path} has no column of times: one of {', '.join(_TIME_NAMES)} is needed, "
            f"there is {_listed(table.columns)}"
        )
    asset = next((known[name] for name in _ASSET_NAMES if name in known), None)
    if asset is None:
        return "wide", _unpivoted(path, table, time)
    return "long", _selected(path, table, known, time, asset)


def _listed(columns: "pd.Index[str]") -> str:
    names = [str(name) for name in columns[:8]]
    return ", ".join(names) + (", ..." if len(columns) > len(names) else "") or "nothing"


def _selected(
    path: Path, table: pd.DataFrame, known: Mapping[str, str], time: str, asset: str
) -> pd.DataFrame:
    if "close" not in known:
        raise PriceFileInvalid(f"{path} has no column close")
    values = {known[name]: name for name in _VALUE_NAMES if name in known}
    chosen = table[[time, asset, *values]]
    return chosen.set_axis(["timestamp", "asset", *values.values()], axis=1)


def _unpivoted(path: Path, table: pd.DataFrame, time: str) -> pd.DataFrame:
    assets = [name for name in table.columns if name != time]
    lower = {name.lower() for name in assets}
    if not assets or lower & set(_VALUE_NAMES):
        raise PriceFileInvalid(
            f"{path} has neither form: a long file needs the columns timestamp, asset and close, "
            f"a wide one date and a column of closes for each asset; there is "
            f"{_listed(table.columns)}"
        )
    rows = table.melt(id_vars=[time], value_vars=assets, var_name="asset", value_name="close")
    rows = rows.rename(columns={time: "timestamp"})
    # An empty cell says that the asset had no bar, which is no bad price.
    return rows[rows["close"].notna()].reset_index(drop=True)


def _period_of(path: Path, times: pd.Series) -> Period:
    known = np.unique(times.dropna().dt.as_unit("s").astype("int64").to_numpy())
    steps, counts = np.unique(np.diff(known), return_counts=True)
    if times.size and not known.size:
        raise PriceFileInvalid(
            f"none of the {times.size:,} times in {path} can be read: ISO 8601 is, such as "
            "2024-12-31, and numbers such as 20241231 or seconds since 1970"
        )
    if not steps.size:
        raise PriceFileInvalid(
            f"{path} has prices at {known.size} moments; two or more are needed to see whether "
            "they are hourly or daily"
        )
    commonest = timedelta(seconds=int(steps[np.argmax(counts)]))
    for period in Period:
        if commonest == period.span:
            return period
    raise PriceFileInvalid(
        f"{path} has a bar every {_in_words(commonest)}; hourly or daily bars are needed"
    )


def _in_words(step: timedelta) -> str:
    return str(step).removesuffix(", 0:00:00")


# --- checking ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetCheck:
    """What was found about one asset.

    Attributes
    ----------
    asset : str
    bars : int
        Bars that can be believed.
    counts : mapping of FaultKind to int
        Data points concerned; kinds that did not occur are absent.
    """

    asset: str
    bars: int
    counts: Mapping[FaultKind, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceReport:
    """What is right and wrong with a price file.

    Attributes
    ----------
    path, form : str
    period : Period
    rows, bars : int
        As read, and what is left that can be believed.
    span : tuple of datetime or None
        Opening of the first bar and closing of the last. UTC.
    assets : tuple of AssetCheck
        Sorted by name.
    faults : tuple of DataFault
        Oldest finding first.
    usable : bool
        Whether any bar is left.
    verdict : str
        One or two sentences.
    """

    path: str
    form: str
    period: Period
    rows: int
    bars: int
    span: tuple[datetime, datetime] | None
    assets: tuple[AssetCheck, ...]
    faults: tuple[DataFault, ...]
    usable: bool
    verdict: str

    @property
    def counts(self) -> Mapping[FaultKind, int]:
        """Data points concerned, over all assets."""
        return _counted(self.faults)

    def examples(self, kind: FaultKind, most: int = 3) -> tuple[DataFault, ...]:
        """The first faults of a kind."""
        return tuple(fault for fault in self.faults if fault.kind is kind)[:most]


def check_prices(path: Path, period: Period | None = None) -> PriceReport:
    """Say what is wrong with a price file, without changing or keeping anything.

    Raises
    ------
    PriceFileInvalid
        If it cannot be read at all.
    """
    file = read_prices(path, period)
    clean = clean_bars(file.rows, file.period)
    bars = clean.bars_of
    names = sorted({*bars, *(fault.asset for fault in clean.faults)})
    return PriceReport(
        path=str(path),
        form=file.form,
        period=file.period,
        rows=len(file.rows),
        bars=len(clean),
        span=clean.span,
        assets=tuple(_asset_check(name, bars.get(name, 0), clean.faults) for name in names),
        faults=clean.faults,
        usable=len(clean) > 0,
        verdict=_verdict(len(file.rows), clean),
    )


def _asset_check(asset: str, bars: int, faults: tuple[DataFault, ...]) -> AssetCheck:
    own = tuple(fault for fault in faults if fault.asset == asset)
    return AssetCheck(asset=asset, bars=bars, counts=_counted(own))


def _counted(faults: tuple[DataFault, ...]) -> dict[FaultKind, int]:
    counts: Counter[FaultKind] = Counter()
    for fault in faults:
        counts[fault.kind] += fault.count
    return dict(counts)


def _verdict(rows: int, clean: CleanBars) -> str:
    if not len(clean):
        return f"Not usable: none of its {rows:,} rows holds a bar that can be believed."
    kept = f"{len(clean):,} of {rows:,} rows are bars that can be believed"
    if not clean.faults:
        return f"Clean: {kept}."
    counts = sorted(_counted(clean.faults).items(), key=lambda item: -item[1])
    told = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts)
    return f"Usable: {kept}. Data points with faults: {told}. Nothing is filled."


# --- the feed ------------------------------------------------------------------------------


class FilesFeed:
    """A price file played back as if it were happening.

    Parameters
    ----------
    path : Path
    since : datetime, optional
        Where readings begin (or go on after a restart). If absent, after `WARM_UP` of
        history, or half of the file where it is short; the first reading then tells the
        faults of that history too. UTC.

    Raises
    ------
    PriceFileInvalid
        If the file cannot be read or holds no bar that can be believed.
    """

    def __init__(self, path: Path, *, since: datetime | None = None) -> None:
        self._bars = load_bars(path)
        if self._bars.span is None:
            raise PriceFileInvalid(f"{path} holds no bar that can be believed")
        self._end = self._bars.span[1]
        self.label = label_of(path)
        self.starts_at = since or _after_warm_up(*self._bars.span)
        self._findings = Findings(self._bars.found, after=since)
        self._board = Board(self._bars.assets)
        begin = Period.DAY.open_of(self.starts_at) - _DAYS_OF_LEAD
        self._coming = closes_with_days(self._bars.closes(opened_from=begin))
        self._next = next(self._coming, None)
        self._advance(self.starts_at)

    @property
    def assets(self) -> tuple[str, ...]:
        """Assets of the file, by the names it gives them."""
        return self._bars.assets

    def history(self, period: Period) -> list[BarClose]:
        """The last 4,500 hours or 1,000 days that closed before the first reading."""
        begin = Period.DAY.open_of(self.starts_at) - HISTORY[period] * period.span - _DAYS_OF_LEAD
        closes = [
            close
            for close, _ in closes_with_days(self._bars.closes(opened_from=begin))
            if close.period is period and close.closed <= self.starts_at
        ]
        return closes[-HISTORY[period] :]

    def read(self, at: datetime) -> MarketReading:
        """Marks at `at`, and every bar that closed since the last reading.

        Marks are the last closes; they grow stale at holes and after the end of the file, and
        then the reading says that the prices have ended.
        """
        closes, faults = self._advance(at)
        return MarketReading(
            at=at,
            marks=self._board.marks(at),
            closes=tuple(closes),
            faults=(*self._findings.until(at), *faults),
            prices_end=self._end if at >= self._end + self._bars.period.span else None,
        )

    def _advance(self, at: datetime) -> tuple[list[BarClose], list[DataFault]]:
        closes: list[BarClose] = []
        faults: list[DataFault] = []
        while self._next is not None and self._next[0].closed <= at:
            close, lacking = self._next
            self._board.note(close)
            closes.append(close)
            faults += lacking
            self._next = next(self._coming, None)
        return closes, faults


def _after_warm_up(first: datetime, last: datetime) -> datetime:
    return Period.DAY.open_of(first + min(WARM_UP, (last - first) / 2))
