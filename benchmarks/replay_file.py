"""Price files through the whole engine, flat out: ``python -m benchmarks.replay_file FILE...``.

Every close is a cycle of the real step, with models that knew nothing before the first bar and
an equal-weight book of the assets alive. Several files are merged in time, as one market.
"""

import math
import resource
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.equal_weight import EqualWeightAccount
from benchmarks.tables import machine_line, print_table
from risk.domain.events import ForecastScored
from risk.domain.ledger import Ledger
from risk.domain.market import Period
from risk.domain.model import LEVELS
from risk.domain.ports import Account, Carried, CycleRecord, MarketReading
from risk.domain.state import RiskState
from risk.engine.cycle import carried_after, take_cycle
from risk.errors import PriceFileInvalid
from risk.feeds.files import read_prices
from risk.feeds.quality import CleanBars, clean_bars
from risk.feeds.replaying import readings_of
from risk.measures.backtest import kupiec, kupiec_region
from risk.portfolio.forecasting import new_models

_PORTFOLIO = "equal-weight"
_LEVEL_FIELDS = ("exceeded_95", "exceeded_975", "exceeded_99")


class NotFiniteError(ArithmeticError):
    """A measure came out as NaN or infinite: a defect of the engine, never of the data."""


@dataclass
class Tally:
    """What a replay counted."""

    readings: int = 0
    events: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    exceeded: dict[Period, list[tuple[bool, ...]]] = field(
        default_factory=lambda: {period: [] for period in Period}
    )
    cycle_ms: list[float] = field(default_factory=list)
    last: CycleRecord | None = None

    def add(self, record: CycleRecord) -> None:
        self.readings += 1
        self.cycle_ms.append(record.duration_ms)
        self.events.update(type(event).__name__ for event in record.events)
        for fault in record.snapshot.faults:
            self.faults[fault.kind.value] += fault.count
        for event in record.events:
            if isinstance(event, ForecastScored):
                hits = tuple(getattr(event, name) for name in _LEVEL_FIELDS)
                self.exceeded[Period(event.period)].append(hits)
        self.last = record


def merged_bars(paths: Iterable[Path]) -> tuple[int, CleanBars]:
    """Rows read and bars believed of files that hold bars of one length."""
    files = [read_prices(path) for path in paths]
    periods = {file.period for file in files}
    if len(periods) != 1:
        raise PriceFileInvalid("hourly and daily files cannot be merged into one market")
    rows = pd.concat([file.rows for file in files], ignore_index=True)
    return len(rows), clean_bars(rows, periods.pop())


def replay(readings: Iterable[MarketReading], account: Account) -> Iterator[CycleRecord]:
    """A cycle at each reading, from models that know nothing.

    Raises
    ------
    NotFiniteError
        If any event or measure holds a NaN or an infinity.
    """
    carried = Carried(state=RiskState(portfolio=_PORTFOLIO), ledger=Ledger(), models=new_models())
    for market in readings:
        begun = perf_counter()
        record = take_cycle(carried, market, account.read(market, carried))
        record = replace(record, duration_ms=(perf_counter() - begun) * 1000.0)
        refuse_not_finite(record)
        carried = carried_after(record)
        yield record


def refuse_not_finite(record: CycleRecord) -> None:
    """Go through every number that a cycle said or measured."""
    for where, number in _numbers((record.events, record.assessment), "cycle"):
        if not math.isfinite(number):
            raise NotFiniteError(f"{where} is {number} at {record.snapshot.at}")


def _numbers(value: Any, where: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield where, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _numbers(part, f"{where}[{key}]")
    elif isinstance(value, tuple):
        for part in value:
            yield from _numbers(part, where)
    elif is_dataclass(value):
        for spec in fields(value):
            yield from _numbers(getattr(value, spec.name), f"{type(value).__name__}.{spec.name}")


# --- what is printed -----------------------------------------------------------------------


def main(names: list[str]) -> None:
    """Replay the files and print what happened."""
    begun = perf_counter()
    rows, bars = merged_bars(map(Path, names))
    read = perf_counter() - begun
    tally = Tally()
    for record in replay(readings_of(bars), EqualWeightAccount()):
        tally.add(record)
    print(f"machine   {machine_line()}")
    print(f"market    {', '.join(bars.assets)}, {bars.period.value} bars")
    print(f"span      {_span(bars)}")
    print(f"bars      {len(bars):,} believed of {rows:,} rows, read and judged in {read:.1f} s")
    _print_run(tally, perf_counter() - begun)
    print(f"events    {_counted(tally.events)}")
    print(f"faults    {_counted(tally.faults)}")
    print()
    print_table(_BACKTEST_HEAD, [row for period in Period for row in _backtest(tally, period)])
    print("\nThe book trades at each midnight without costs, at the closes just seen.")


def _print_run(tally: Tally, seconds: float) -> None:
    median, most = np.quantile(tally.cycle_ms, (0.5, 0.99))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(f"readings  {tally.readings:,}, each a cycle, none with a number that is not finite")
    print(f"cycle     median {median:.2f} ms, 99 % of them within {most:.2f} ms")
    print(f"run       {seconds:.1f} s, peak memory {peak:,.0f} MiB")


def _span(bars: CleanBars) -> str:
    if bars.span is None:
        return "nothing"
    first, last = bars.span
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common()) or "none"


_BACKTEST_HEAD = (
    "one-step VaR", "forecasts", "exceptions", "not rejected", "share", "Kupiec p", "unscored",
)  # fmt: skip


def _backtest(tally: Tally, period: Period) -> Iterator[tuple[str, ...]]:
    exceeded = np.array(tally.exceeded[period], dtype=bool).reshape(-1, len(LEVELS))
    for level, hits in zip(LEVELS, exceeded.sum(axis=0).tolist(), strict=True):
        yield (
            f"{period.value} {level:.1%}",
            *_judged(hits, len(exceeded), level),
            f"{_unscored(tally, period):,}",
        )


def _judged(hits: int, forecasts: int, level: float) -> tuple[str, ...]:
    if not forecasts:
        return "0", "-", "-", "-", "-"
    low, high = kupiec_region(forecasts, level)
    found = kupiec(hits, forecasts, level)
    return (
        f"{forecasts:,}",
        f"{hits:,}",
        f"{low:,} to {high:,}",
        f"{found.hit_rate:.2%}",
        f"{found.p_value:.3f}",
    )


def _unscored(tally: Tally, period: Period) -> int:
    return 0 if tally.last is None else tally.last.snapshot.models.of(period).unscored


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m benchmarks.replay_file FILE [FILE...]")
    main(sys.argv[1:])
