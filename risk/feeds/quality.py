"""The gatekeeper of price history: raw rows in, bars that can be believed and a list of faults out.

Pure. Nothing is filled or guessed: a row that cannot be believed is dropped and counted, and
the bar it stood for is missing. Prices that come one at a time are judged in
`marks`; reading files is the business of `files`.

What is believed and what is not:

- A close far from the median of the seven around it, both by a factor of 1.5 and by twelve
  local robust deviations, is an outlier: prices that were real stay, or fall step by step,
  or bounce in a market that already shakes. At a series' ends, where nothing later (or
  earlier) can speak for it, only a factor of 100 condemns it.
- A high or low more than a factor of 20 away from open and close is cut back to them: the close
  of such a bar is often a real one, in the middle of a crash.
- A price that leaps by more than a factor of 20 and stays is another coin (or another unit)
  under the same ticker: it is kept and the series starts anew. A fall that stays is a fall,
  whatever its size.
- After more than seven days without a bar a series starts anew; a shorter hole only costs the
  return into the bar after it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from risk.domain.market import Bar, BarClose, DataFault, FaultKind, Period
from risk.domain.model import PROVEN_AFTER
from risk.feeds.rows import (
    PRICE_COLUMNS,
    BoolArray,
    IntArray,
    ParsedRows,
    Rows,
    joined,
    parse_rows,
)
from risk.measures.types import FloatArray

#: No bar for at least this long is a hole; for less, bars are missing.
HOLE_FROM = timedelta(days=1)
#: After a longer hole a series starts anew.
BRIDGED_UP_TO = timedelta(days=7)
#: A price that rises by more in one step and stays there belongs to something else.
REUSE_FACTOR = 20.0
#: Interior closes further than both of these from their neighbours' median are outliers.
OUTLIER_FACTOR = 1.5
OUTLIER_DEVIATIONS = 12.0
#: At a series' ends only this is.
END_OUTLIER_FACTOR = 100.0
#: A high or low further than this from its bar's open and close is an outlier.
WICK_FACTOR = 20.0

_NEIGHBOURS = 3
_LOCAL_RETURNS = 24
# Turns a median absolute deviation into a standard deviation for a normal law.
_MAD_TO_DEVIATION = 1.4826
# Prices that went through text differ in their last digits.
_ROUNDING = 1e-9
_ONE_FALSE = np.zeros(1, dtype=np.bool_)


class FoundFault(NamedTuple):
    """A fault and the moment from which it could be known. UTC."""

    found: datetime
    fault: DataFault


class _Flag(NamedTuple):
    """One bad datum; flags of one kind in consecutive slots become one fault."""

    asset: str
    kind: FaultKind
    slot: int
    detail: str


@dataclass(frozen=True, eq=False)
class CleanBars:
    """Bars of one period that can be believed, and what was wrong with the rest.

    Attributes
    ----------
    period : Period
    assets : tuple of str
        Sorted; those with at least one bar.
    found : tuple of FoundFault
        Oldest finding first.
    """

    period: Period
    assets: tuple[str, ...]
    found: tuple[FoundFault, ...]
    _rows: Rows
    _breaks: BoolArray

    @property
    def faults(self) -> tuple[DataFault, ...]:
        """All faults, oldest finding first."""
        return tuple(each.fault for each in self.found)

    def __len__(self) -> int:
        """Number of bars."""
        return self._rows.slot.size

    @property
    def bars_of(self) -> dict[str, int]:
        """Number of bars of each asset."""
        assets, counts = np.unique(self._rows.asset.astype(str), return_counts=True)
        return dict(zip(assets.tolist(), counts.tolist(), strict=True))

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """Opening of the first bar and closing of the last; None without bars."""
        if not len(self):
            return None
        first, last = int(self._rows.slot.min()), int(self._rows.slot.max())
        return opening(first, self.period), opening(last + 1, self.period)

    def closes(self, *, opened_from: datetime | None = None) -> Iterator[BarClose]:
        """Bars together with those that closed at the same moment, oldest first.

        A period in which no asset has a bar is an empty close, so that a reader sees that time
        has passed; only holes too long to bridge are skipped.

        Parameters
        ----------
        opened_from : datetime, optional
            Leave out periods that opened earlier.
        """
        order = np.argsort(self._rows.slot, kind="stable")
        if opened_from is not None:
            order = order[self._rows.slot[order] >= slot_of(opened_from, self.period)]
        before: int | None = None
        for slot, rows in groupby(self._tuples(order), key=lambda row: row[1]):
            yield from self._empty_closes(before, slot)
            yield self._close(slot, list(rows))
            before = slot

    def _tuples(self, order: IntArray) -> Iterator[tuple[Any, ...]]:
        rows = self._rows
        # In pieces: the whole as Python objects would weigh ten times the arrays.
        for start in range(0, order.size, 65_536):
            piece = order[start : start + 65_536]
            yield from zip(
                rows.asset[piece].tolist(),
                rows.slot[piece].tolist(),
                rows.prices[piece].tolist(),
                rows.volume[piece].tolist(),
                self._breaks[piece].tolist(),
                strict=True,
            )

    def _empty_closes(self, before: int | None, slot: int) -> Iterator[BarClose]:
        if before is None or (slot - before) * self.period.span > BRIDGED_UP_TO:
            return
        for empty in range(before + 1, slot):
            yield self._close(empty, [])

    def _close(self, slot: int, rows: list[tuple[Any, ...]]) -> BarClose:
        opened = opening(slot, self.period)
        bars = {
            asset: Bar(
                asset=asset,
                period=self.period,
                opened=opened,
                open=prices[0],
                high=prices[1],
                low=prices[2],
                close=prices[3],
                volume=volume,
            )
            for asset, _, prices, volume, _ in rows
        }
        breaks = frozenset(row[0] for row in rows if row[4])
        return BarClose(period=self.period, opened=opened, bars=bars, breaks=breaks)


def slot_of(moment: datetime, period: Period) -> int:
    """Number of the bar of `period` that opens at, or last before, `moment`."""
    return int(moment.timestamp() // period.span.total_seconds())


def opening(slot: int, period: Period) -> datetime:
    """When bar number `slot` opens. UTC."""
    return datetime.fromtimestamp(0, UTC) + slot * period.span


def clean_bars(rows: pd.DataFrame, period: Period) -> CleanBars:
    """Judge raw rows and keep the bars that can be believed.

    Parameters
    ----------
    rows : DataFrame
        Columns ``timestamp`` (opening of the bar: times, text in ISO 8601 or seconds, milli-,
        micro- or nanoseconds since 1970; UTC where no zone is given), ``asset`` and
        ``close``; ``open``, ``high``, ``low`` (the close where the column is absent) and
        ``volume`` (zero where absent). Any type, any order, any content.
    period : Period
        Length of the bars.
    """
    timed, flags = _timed(rows, period)
    flags += _unordered(timed)
    kept, refused = _believable_rows(timed)
    flags += refused + _unknown_volumes(kept) + _wicks(kept)
    kept = kept._replace(volume=_known_volume(kept), prices=_without_wicks(kept))

    series = [_judge_series(kept.where(piece), period) for piece in kept.by_asset]
    flags += [flag for each in series for flag in each.flags]
    clean = joined([each.rows for each in series])
    breaks = np.concatenate([np.zeros(0, dtype=bool), *(each.breaks for each in series)])
    found = _found(flags, period)
    found += [each for one in series for each in one.found]
    found += _short_and_ended(clean, breaks, period)
    found.sort(key=lambda each: (each.found, each.fault.asset, each.fault.kind))
    assets = tuple(sorted(set(clean.asset.tolist())))
    return CleanBars(period=period, assets=assets, found=tuple(found), _rows=clean, _breaks=breaks)


# --- reading rows --------------------------------------------------------------------------


def _timed(rows: pd.DataFrame, period: Period) -> tuple[Rows, list[_Flag]]:
    parsed = parse_rows(rows, period)
    between = _flags(
        parsed.rows.where(parsed.between),
        FaultKind.INCONSISTENT_BAR,
        lambda _row: f"stamped between two openings of {period} bars; dropped",
    )
    return parsed.rows.where(parsed.timed & ~parsed.between), between + _timeless(parsed)


def _timeless(parsed: ParsedRows) -> list[_Flag]:
    # A fault needs a time: the first one that there is.
    times = parsed.rows.slot[parsed.timed]
    first = int(times.min()) if times.size else 0
    lost = parsed.rows.where(~parsed.timed)
    return [
        _Flag(asset, FaultKind.NOT_A_NUMBER, first, "the time cannot be read; dropped")
        for asset in lost.asset.tolist()
    ]


# --- rows that cannot be believed on their own ---------------------------------------------


def _unordered(rows: Rows) -> list[_Flag]:
    late = np.zeros(rows.slot.size, dtype=bool)
    for piece in rows.by_asset:
        slots = rows.slot[piece]
        late[piece] = slots < np.maximum.accumulate(slots)
    return _flags(
        rows.where(late),
        FaultKind.OUT_OF_ORDER,
        lambda _row: "came after a later bar; put in place",
    )


def _believable_rows(rows: Rows) -> tuple[Rows, list[_Flag]]:
    flags: list[_Flag] = []
    for kind, judge, detail in _ROW_JUDGES:
        bad = judge(rows)
        flags += _flags(rows.where(bad), kind, detail)
        rows = rows.where(~bad)
    return rows, flags


def _not_finite(rows: Rows) -> BoolArray:
    return np.asarray(~np.isfinite(rows.prices).all(axis=1))


def _not_positive(rows: Rows) -> BoolArray:
    return np.asarray((rows.prices <= 0.0).any(axis=1))


def _inconsistent(rows: Rows) -> BoolArray:
    opened, high, low, closed = rows.prices.T
    too_low = high < np.maximum(opened, closed) * (1.0 - _ROUNDING)
    too_high = low > np.minimum(opened, closed) * (1.0 + _ROUNDING)
    return np.asarray(too_low | too_high)


def _repeated(rows: Rows) -> BoolArray:
    keys = pd.DataFrame({"asset": rows.asset, "slot": rows.slot})
    return np.asarray(keys.duplicated(keep="first"))


def _prices_told(row: Rows) -> str:
    names = zip(PRICE_COLUMNS, row.prices[0].tolist(), strict=True)
    return ", ".join(f"{name} {price:g}" for name, price in names)


_ROW_JUDGES: tuple[tuple[FaultKind, Callable[[Rows], BoolArray], Callable[[Rows], str]], ...] = (
    (
        FaultKind.NOT_A_NUMBER,
        _not_finite,
        lambda row: f"a price is not a finite number ({_prices_told(row)}); dropped",
    ),
    (
        FaultKind.NOT_POSITIVE,
        _not_positive,
        lambda row: f"a price is zero or negative ({_prices_told(row)}); dropped",
    ),
    (
        FaultKind.INCONSISTENT_BAR,
        _inconsistent,
        lambda row: (
            f"open and close do not lie between low and high ({_prices_told(row)}); dropped"
        ),
    ),
    (
        FaultKind.DUPLICATE,
        _repeated,
        lambda row: f"a second bar at the same time (close {row.prices[0, 3]:g}); first one kept",
    ),
)


def _known_volume(rows: Rows) -> FloatArray:
    known = np.isfinite(rows.volume) & (rows.volume >= 0.0)
    return np.where(known, rows.volume, 0.0)


def _unknown_volumes(rows: Rows) -> list[_Flag]:
    def told(row: Rows) -> str:
        return f"the volume is {row.volume[0]:g}; taken as none"

    no_number = ~np.isfinite(rows.volume)
    negative = ~no_number & (rows.volume < 0.0)
    return [
        *_flags(rows.where(no_number), FaultKind.NOT_A_NUMBER, told),
        *_flags(rows.where(negative), FaultKind.NOT_POSITIVE, told),
    ]


def _wicks(rows: Rows) -> list[_Flag]:
    def told(row: Rows) -> str:
        return (
            f"high or low lies more than {WICK_FACTOR:g} times away from open and close "
            f"({_prices_told(row)}); cut back to them"
        )

    cut = (_without_wicks(rows) != rows.prices).any(axis=1)
    return _flags(rows.where(cut), FaultKind.OUTLIER, told)


def _without_wicks(rows: Rows) -> FloatArray:
    opened, high, low, closed = rows.prices.T
    top, bottom = np.maximum(opened, closed), np.minimum(opened, closed)
    # Divided, never multiplied: a price near the largest float must not become infinite.
    believed_high = np.where(high / WICK_FACTOR > top, top, high)
    believed_low = np.where(low < bottom / WICK_FACTOR, bottom, low)
    return np.column_stack([opened, believed_high, believed_low, closed])


# --- a series judged as a whole ------------------------------------------------------------


class _Judged(NamedTuple):
    """One asset's series after judgement, sorted by time.

    Attributes
    ----------
    rows : Rows
    breaks : ndarray of bool
        Where the series starts anew.
    flags : list of _Flag
        Outliers.
    found : list of FoundFault
        Missing bars, holes and reused tickers.
    """

    rows: Rows
    breaks: BoolArray
    flags: list[_Flag]
    found: list[FoundFault]


def _judge_series(rows: Rows, period: Period) -> _Judged:
    rows = rows.where(np.argsort(rows.slot, kind="stable"))
    unbridged = np.flatnonzero(np.diff(rows.slot) * period.span > BRIDGED_UP_TO) + 1
    stretches = np.split(rows.prices[:, 3], unbridged)
    outlying = np.concatenate([_outliers(stretch) for stretch in stretches])
    flags = _flags(rows.where(outlying), FaultKind.OUTLIER, _outlier_told)
    rows = rows.where(~outlying)
    reused = _reused(rows)
    breaks = reused | _after_long_hole(rows, period)
    return _Judged(rows, breaks, flags, _reuse_faults(rows, reused, period) + _gaps(rows, period))


def _outlier_told(row: Rows) -> str:
    return f"close {row.prices[0, 3]:g} is far from the bars before and after; dropped"


def _outliers(close: FloatArray) -> BoolArray:
    """Closes too far from the median of their neighbours, see the module's rules."""
    logs = np.log(close)
    distance = np.abs(logs - _neighbours_median(logs))
    outlying: BoolArray = distance > np.log(END_OUTLIER_FACTOR)
    interior = np.arange(_NEIGHBOURS, close.size - _NEIGHBOURS)
    for i in interior[distance[interior] > np.log(OUTLIER_FACTOR)]:
        outlying[i] = distance[i] > OUTLIER_DEVIATIONS * _local_deviation(logs, int(i))
    return outlying


def _neighbours_median(logs: FloatArray) -> FloatArray:
    window = pd.Series(logs).rolling(2 * _NEIGHBOURS + 1, center=True, min_periods=_NEIGHBOURS)
    return np.asarray(window.median().fillna(pd.Series(logs)), dtype=np.float64)


def _local_deviation(logs: FloatArray, at: int) -> float:
    around = logs[max(0, at - _LOCAL_RETURNS) : at + _LOCAL_RETURNS + 1]
    return float(_MAD_TO_DEVIATION * np.median(np.abs(np.diff(around))))


def _reused(rows: Rows) -> BoolArray:
    leap = np.diff(np.log(rows.prices[:, 3])) > np.log(REUSE_FACTOR)
    return np.concatenate([_ONE_FALSE, leap])[: rows.slot.size]


def _after_long_hole(rows: Rows, period: Period) -> BoolArray:
    long = np.diff(rows.slot) * period.span > BRIDGED_UP_TO
    return np.concatenate([_ONE_FALSE, long])[: rows.slot.size]


def _reuse_faults(rows: Rows, reused: BoolArray, period: Period) -> list[FoundFault]:
    faults = []
    for i in np.flatnonzero(reused):
        # Floats of Python, unlike numpy's, divide to infinity without a warning.
        before, after = float(rows.prices[i - 1, 3]), float(rows.prices[i, 3])
        silent = int(rows.slot[i] - rows.slot[i - 1]) - 1
        detail = (
            f"from {before:g} to {after:g}, {after / before:.3g} times the price, over {silent} "
            "missing bars, and it stayed: something else under this ticker; the series starts anew"
        )
        faults.append(_fault(FaultKind.TICKER_REUSE, rows, int(i), period, detail))
    return faults


def _gaps(rows: Rows, period: Period) -> list[FoundFault]:
    steps = np.diff(rows.slot)
    return [_gap(rows, int(i), int(steps[i]) - 1, period) for i in np.flatnonzero(steps > 1)]


def _gap(rows: Rows, last: int, missing: int, period: Period) -> FoundFault:
    long = missing * period.span >= HOLE_FROM and missing > 1
    anew = (missing + 1) * period.span > BRIDGED_UP_TO
    first = opening(int(rows.slot[last]) + 1, period)
    then = "the series starts anew" if anew else "no return into the bar after it"
    fault = DataFault(
        kind=FaultKind.HOLE if long else FaultKind.MISSING_BAR,
        asset=rows.asset[last],
        at=first,
        detail=f"{missing} {'bar' if missing == 1 else 'bars'} of {period} missing; {then}",
        count=missing,
    )
    return FoundFault(first + (missing + 1) * period.span, fault)


def _short_and_ended(rows: Rows, breaks: BoolArray, period: Period) -> list[FoundFault]:
    if not rows.slot.size:
        return []
    end = int(rows.slot.max())
    found: list[FoundFault] = []
    for piece in rows.by_asset:
        one = rows.where(piece)
        found += _too_short(one, breaks[piece], period) + _ended(one, end, period)
    return found


def _too_short(rows: Rows, breaks: BoolArray, period: Period) -> list[FoundFault]:
    start = int(np.flatnonzero(breaks).max(initial=0))
    bars = rows.slot.size - start
    if bars >= PROVEN_AFTER:
        return []
    detail = f"only {bars} bars of {period} since its series began; {PROVEN_AFTER} are needed"
    return [_fault(FaultKind.SHORT_HISTORY, rows, start, period, detail)]


def _ended(rows: Rows, end: int, period: Period) -> list[FoundFault]:
    silent = end - int(rows.slot[-1])
    if silent * period.span < HOLE_FROM or silent < 2:
        return []
    first = opening(int(rows.slot[-1]) + 1, period)
    detail = f"no bar in the last {silent} periods of the data: delisted or cut off"
    fault = DataFault(
        kind=FaultKind.STALE, asset=rows.asset[0], at=first, detail=detail, count=silent
    )
    return [FoundFault(first + max(HOLE_FROM, 2 * period.span), fault)]


# --- small change --------------------------------------------------------------------------


def _fault(kind: FaultKind, rows: Rows, i: int, period: Period, detail: str) -> FoundFault:
    slot = int(rows.slot[i])
    fault = DataFault(kind=kind, asset=rows.asset[i], at=opening(slot, period), detail=detail)
    return FoundFault(opening(slot + 1, period), fault)


def _flags(rows: Rows, kind: FaultKind, told: Callable[[Rows], str]) -> list[_Flag]:
    return [
        _Flag(asset, kind, slot, told(rows.where(np.array([i]))))
        for i, (asset, slot) in enumerate(zip(rows.asset.tolist(), rows.slot.tolist(), strict=True))
    ]


def _found(flags: Iterable[_Flag], period: Period) -> list[FoundFault]:
    """One fault for each run of flags of a kind."""
    found: list[FoundFault] = []
    ordered = sorted(flags, key=lambda flag: (flag.asset, flag.kind, flag.slot))
    run: list[_Flag] = []
    for flag in ordered:
        if run and not _continues(run[-1], flag):
            found.append(_run_fault(run, period))
            run = []
        run.append(flag)
    return [*found, _run_fault(run, period)] if run else found


def _continues(before: _Flag, flag: _Flag) -> bool:
    same = (before.asset, before.kind) == (flag.asset, flag.kind)
    return same and flag.slot - before.slot <= 1


def _run_fault(run: list[_Flag], period: Period) -> FoundFault:
    first = run[0]
    more = f" (and {len(run) - 1} more in a row)" if len(run) > 1 else ""
    fault = DataFault(
        kind=first.kind,
        asset=first.asset,
        at=opening(first.slot, period),
        detail=first.detail + more,
        count=len(run),
    )
    return FoundFault(opening(run[-1].slot + 1, period), fault)
