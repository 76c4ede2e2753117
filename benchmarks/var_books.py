"""The book's VaR on books that are not the market: ``python -m benchmarks.var_books FILE [SEED]``.

Fifteen books of a price file's assets, each gross one, are led day by day through the model that
ships (`risk.portfolio.forecasting`), and judged beside two models of the book's own series, led
through the past with the holdings of each day (`risk.portfolio.hindsight`).
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from benchmarks.tables import machine_line, print_table
from risk.domain.market import BarClose, Period
from risk.domain.model import DAY_MODEL, LEVELS, Model
from risk.errors import InsufficientData
from risk.feeds.daily_closes import daily_closes
from risk.feeds.files import load_bars
from risk.feeds.quality import CleanBars
from risk.feeds.replaying import closes_with_days
from risk.measures.backtest import (
    acerbi_szekely_z2,
    conditional_coverage,
    hits,
    kupiec,
    pinball_loss,
)
from risk.measures.returns import simple_returns
from risk.measures.types import FloatArray
from risk.measures.var import VarPath
from risk.measures.var.base import unforecast
from risk.portfolio.forecasting import advance, new_model, warm
from risk.portfolio.hindsight import hindsight, hypothetical_profit

#: Days before the first forecast.
WARM_UP = 500
_MOMENTUM_DAYS = (10, 30, 90)
_CHANCE = 0.05


class Book(NamedTuple):
    """What is held at each day's close, shape (days, A); rows of gross one, or flat."""

    name: str
    weights: FloatArray


class Result(NamedTuple):
    """A book's losses beside what was forecast, shapes (n,) and (n, L); NaN where nothing was."""

    book: str
    losses: FloatArray
    live: VarPath
    alone: VarPath
    plain: VarPath


# --- books ---------------------------------------------------------------------------------------


def books(closes: FloatArray, rng: np.random.Generator) -> list[Book]:
    """Equal weights; random ones, long or both ways, held or drawn anew each day; momentum.

    Parameters
    ----------
    closes : ndarray of shape (days, A)
        NaN where unobserved: what has no close is not held. A row of weights knows the closes of
        its own day and earlier ones only.
    rng : Generator
    """
    days, assets = closes.shape
    held = [Book("equal", np.ones((days, assets)))]
    for number in range(1, 5):
        held.append(Book(f"long {number}", np.tile(rng.dirichlet(np.ones(assets)), (days, 1))))
        both = rng.standard_normal(assets)
        held.append(Book(f"long/short {number}", np.tile(both, (days, 1))))
    held += [
        Book(f"anew each day {number}", rng.standard_normal((days, assets)))
        for number in range(1, 4)
    ]
    held += [Book(f"momentum {back} d", _momentum(closes, back)) for back in _MOMENTUM_DAYS]
    return [Book(book.name, _gross_one(book.weights, closes)) for book in held]


def _momentum(closes: FloatArray, back: int) -> FloatArray:
    """Long what rose over the last days, short what fell; nothing of what is too young."""
    weights = np.zeros_like(closes)
    weights[back:] = np.sign(closes[back:] - closes[:-back])
    return np.nan_to_num(weights)


def _gross_one(weights: FloatArray, closes: FloatArray) -> FloatArray:
    alive = np.where(np.isnan(closes), 0.0, weights)
    gross = np.abs(alive).sum(axis=1, keepdims=True)
    return np.where(gross > 0.0, alive / np.where(gross > 0.0, gross, 1.0), 0.0)


# --- forecasts -----------------------------------------------------------------------------------


def results(bars: CleanBars, rng: np.random.Generator) -> list[Result]:
    """Every book led through the file."""
    table = daily_closes(bars)
    days = _calendar(bars, len(table.closes))
    if len(days) < WARM_UP + 2:
        raise InsufficientData("books", needed=WARM_UP + 2, got=len(days))
    returns = np.where(table.begins[1:], np.nan, simple_returns(table.closes))
    started = warm(new_model(DAY_MODEL), (close for close in days[:WARM_UP] if close is not None))
    return [
        Result(
            book.name,
            -hypothetical_profit(held := book.weights[WARM_UP:-1], returns),
            _live(started, days[WARM_UP:-1], table.assets, held),
            hindsight("filtered_evt", held, returns, LEVELS),
            hindsight("historical_250", held, returns, LEVELS),
        )
        for book in books(table.closes, rng)
    ]


def _calendar(bars: CleanBars, days: int) -> list[BarClose | None]:
    """Each calendar day's close, in step with the table's rows; None in holes."""
    calendar: list[BarClose | None] = [None] * days
    closes = [close for close, _ in closes_with_days(bars.closes()) if close.period is Period.DAY]
    for close in closes:
        calendar[(close.opened - closes[0].opened).days] = close
    return calendar


def _live(
    model: Model, days: Sequence[BarClose | None], assets: Sequence[str], held: FloatArray
) -> VarPath:
    """What the model that ships forecasts at each close, for the holdings of that close."""
    path = unforecast(len(held), np.array(LEVELS))
    for row, (close, weights) in enumerate(zip(days, held, strict=True)):
        if close is None:
            continue
        model = advance(model, close, dict(zip(assets, weights.tolist(), strict=True)))
        if model.forecast is not None:
            path.var[row], path.es[row] = model.forecast.var, model.forecast.es
    return path


# --- what is printed -----------------------------------------------------------------------------


class Verdict(NamedTuple):
    """How a book's live forecasts did."""

    book: str
    days: int
    rates: tuple[float, ...]
    kupiec_p: tuple[float, ...]
    coverage_p: tuple[float, ...]
    z2: float
    relative_live: float
    relative_alone: float


def verdict(result: Result) -> Verdict:
    """Counts over the days that the live model forecast; losses where all three models did."""
    judged = result.live.forecast & ~np.isnan(result.losses)
    losses, var, es = result.losses[judged], result.live.var[judged], result.live.es[judged]
    exceeded = hits(losses, var)
    shared = judged & result.alone.forecast & result.plain.forecast
    live, alone, plain = (
        pinball_loss(result.losses[shared], path.var[shared, -1], LEVELS[-1])
        for path in (result.live, result.alone, result.plain)
    )
    return Verdict(
        result.book,
        losses.size,
        tuple(exceeded.mean(axis=0).tolist()),
        tuple(
            kupiec(int(column.sum()), column.size, level).p_value
            for column, level in zip(exceeded.T, LEVELS, strict=True)
        ),
        tuple(
            conditional_coverage(column, level).p_value
            for column, level in zip(exceeded.T, LEVELS, strict=True)
        ),
        acerbi_szekely_z2(losses, var[:, 1], es[:, 1], LEVELS[1]),
        live / plain,
        alone / plain,
    )


_HEAD = (
    "book", "days", "95 %", "97.5 %", "99 %", "Kupiec p", "coverage p", "Z2", "live / 250 d",
    "alone / 250 d",
)  # fmt: skip


def _row(found: Verdict) -> tuple[str, ...]:
    return (
        found.book,
        f"{found.days:,}",
        *(f"{rate:.2%}" for rate in found.rates),
        " ".join(f"{p:.2f}" for p in found.kupiec_p),
        " ".join(f"{p:.2f}" for p in found.coverage_p),
        f"{found.z2:+.3f}",
        f"{found.relative_live:.3f}",
        f"{found.relative_alone:.3f}",
    )


def main(file: Path, seed: int) -> None:
    """Judge the books and print what was found."""
    begun = perf_counter()
    bars = load_bars(file)
    found = [verdict(result) for result in results(bars, np.random.default_rng(seed))]
    print(f"machine   {machine_line()}")
    print(f"market    {', '.join(bars.assets)}; books drawn with seed {seed}")
    print(f"run       {perf_counter() - begun:.0f} s")
    print()
    print_table(_HEAD, [_row(each) for each in found])
    print()
    _print_totals(found)


def _print_totals(found: Sequence[Verdict]) -> None:
    counts = [p for each in found for p in each.kupiec_p]
    orders = [p for each in found for p in each.coverage_p]
    rates = np.average(
        [each.rates for each in found], axis=0, weights=[each.days for each in found]
    )
    live = [each.relative_live for each in found]
    print(f"all days together: {' / '.join(f'{rate:.2%}' for rate in rates)}")
    print(f"Kupiec does not reject {_kept(counts)} of {len(counts)} cells at 5 %,")
    print(f"conditional coverage {_kept(orders)} of {len(orders)}.")
    print(f"99 % pinball loss relative to 250-day history: {min(live):.3f} to {max(live):.3f},")
    print(f"mean {np.mean(live):.3f}; of the book's own series alone", end=" ")
    print(f"{np.mean([each.relative_alone for each in found]):.3f}.")


def _kept(p_values: Sequence[float]) -> int:
    return sum(p_value >= _CHANCE for p_value in p_values)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit("usage: python -m benchmarks.var_books FILE [SEED]")
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else 0)
