"""``seawall var``: how value-at-risk models do on a history, and which one measures a book."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import click
import numpy as np
from rich.console import Console
from rich.progress import track

from risk.commands.output import as_json, print_json, print_table
from risk.commands.var_models import models, use
from risk.errors import InsufficientData, InvalidInput, PriceFileInvalid
from risk.feeds.daily_closes import daily_closes, rows_not_believed
from risk.feeds.files import read_prices
from risk.feeds.quality import CleanBars, clean_bars
from risk.lab.var_backtest import (
    EQUAL_WEIGHT,
    LEAST_WARM_UP,
    Cell,
    Task,
    judge,
    series_of,
    tasks,
)
from risk.lab.var_summary import ModelSummary, summarise
from risk.measures.backtest import chance_inside_region
from risk.measures.types import BoolArray, FloatArray
from risk.measures.var import VAR_MODELS

_EVERY = "all"
_BESIDE = ("historical_250", "adaptive")
_HOW_TO_READ = """
Beyond: days whose loss exceeded VaR; in brackets a right model's. Kupiec (how
many), order (hits after hits) and both are tests: above, cells not rejected at
5 % of those that could be judged; below, p-values. Z2 is below zero where risk
was understated; above, of all days together at 97.5 %. Pinball loss: lower is
better; above, at the highest level and relative to another model's. Red:
windows of 250 days in Basel's red zone.
"""
_ORDER_IS_SEEN_UP_TO = 0.95
# A fault that one would like a test to find.
_TOO_OFTEN = 1.5


def _levels(_ctx: click.Context, _parameter: click.Parameter, text: str) -> tuple[float, ...]:
    try:
        levels = sorted({float(part) for part in text.split(",")})
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no list of numbers such as 0.95,0.99") from error
    if not all(0.0 < level < 1.0 for level in levels):
        raise click.BadParameter(f"{text!r} holds a level that is not between 0 and 1")
    return tuple(levels)


def _names(
    _ctx: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(filter(None, parts)))


@click.group()
def var() -> None:
    """Compare value-at-risk models; choose the one that measures a book."""


var.add_command(models)
var.add_command(use)


@var.command()
@click.option(
    "--prices",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="csv, csv.gz or parquet, long or wide, hourly or daily.",
)
@click.option("--model", required=True, help="A registered model, or all of them: all.")
@click.option(
    "--levels",
    default="0.95,0.975,0.99",
    show_default=True,
    callback=_levels,
    help="Confidence; 0.9 or more for a model with a fitted tail.",
)
@click.option(
    "--assets", multiple=True, callback=_names, help="Only these, such as BTC,ETH; else all."
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="How many work side by side; as many as there are processors unless given.",
)
@as_json
def backtest(
    file: Path,
    model: str,
    levels: tuple[float, ...],
    assets: tuple[str, ...],
    processes: int | None,
    as_json: bool,
) -> None:
    """Judge what models would have forecast for each day of a price file.

    Every asset alone and the book of equal weights. Forecasts know earlier days only; the first
    500 days of a series, or half of a short one but no fewer than 120, are not judged. Nothing
    is kept. Rows that cannot be believed are left out, and counted by asset on standard error.
    """
    chosen = _models(model)
    _check_served(chosen, levels)
    table = _table(file, assets)
    # A return into a series that begins anew may be too large for a float; it is thrown away.
    with np.errstate(over="ignore"):
        series = series_of(*table)
    todo = tasks(series, chosen, levels)
    with _workers(processes or os.cpu_count() or 1, len(todo)) as work:
        cells = [cell for found in _shown(work(todo), len(todo)) for cell in found]
    if as_json:
        print_json({"cells": [asdict(cell) for cell in cells]})
    else:
        _print_report(cells)


def _models(name: str) -> tuple[str, ...]:
    if name == _EVERY:
        return tuple(VAR_MODELS)
    if name not in VAR_MODELS:
        raise InvalidInput(f"no VaR model is called {name!r}; there are {', '.join(VAR_MODELS)}")
    return (name,)


def _check_served(models: Sequence[str], levels: Sequence[float]) -> None:
    for model in (VAR_MODELS[name] for name in models):
        if min(levels) < model.lowest_level:
            raise InvalidInput(
                f"{model.name} forecasts levels of {model.lowest_level:g} and above, "
                f"not {min(levels):g}"
            )


def _table(file: Path, chosen: tuple[str, ...]) -> tuple[tuple[str, ...], FloatArray, BoolArray]:
    read = read_prices(file)
    bars = clean_bars(read.rows, read.period)
    if not len(bars):
        raise PriceFileInvalid(f"{file} holds no bar that can be believed; see prices check")
    names = _judged_assets(file, bars.assets, chosen)
    lost = dict.fromkeys(read.empty, 0) | rows_not_believed(read.rows, bars)
    _tell_losses(lost, bars, chosen)
    table = daily_closes(bars)
    columns = [table.assets.index(asset) for asset in names]
    return names, table.closes[:, columns], table.begins[:, columns]


def _judged_assets(file: Path, there: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [asset for asset in chosen if asset not in there]
    if unknown:
        raise InvalidInput(
            f"{file} has no believable prices of {', '.join(unknown)}; it has {', '.join(there)}"
        )
    names = chosen or there
    if EQUAL_WEIGHT in names:
        raise InvalidInput(
            f"no asset can be called {EQUAL_WEIGHT}, as the book of all of them is; name others "
            "with --assets"
        )
    return names


def _tell_losses(lost: Mapping[str, int], bars: CleanBars, chosen: tuple[str, ...]) -> None:
    """Say, beside the answer, which rows it does not rest on."""
    told = {asset: count for asset, count in lost.items() if asset in (chosen or lost)}
    for asset, count in told.items():
        rows = "1 row" if count == 1 else f"{count:,} rows"
        gone = f"no price that can be believed, and no part in {EQUAL_WEIGHT}"
        what = f"{rows} not believed" if asset in bars.assets else gone
        click.echo(f"{asset}: {what}; see prices check", err=True)


# --- the work --------------------------------------------------------------------------------


@contextmanager
def _workers(
    processes: int, tasks: int
) -> Iterator[Callable[[Sequence[Task]], Iterator[tuple[Cell, ...]]]]:
    """Something that judges tasks in their order, by several processes where that is wanted."""
    judged = partial(judge, seconds=perf_counter)
    processes = min(processes, tasks)
    if processes <= 1:
        yield partial(map, judged)
        return
    # A fresh interpreter each: a fork would inherit the threads of a progress bar.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield partial(pool.map, judged)


def _shown(results: Iterable[tuple[Cell, ...]], total: int) -> Iterable[tuple[Cell, ...]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        return results
    return track(results, "Judging", total=total, console=console, transient=True)


# --- what a person reads -----------------------------------------------------------------------


def _print_report(cells: Sequence[Cell]) -> None:
    beside = [name for name in _BESIDE if any(cell.model == name for cell in cells)]
    summaries = summarise(cells, beside=beside)
    _print_summaries(summaries)
    click.echo(_HOW_TO_READ)
    for summary in summaries:
        _print_cells(summary, [cell for cell in cells if cell.model == summary.model])
    for sentence in limits_of_the_tests(cells):
        click.echo(sentence)


def _print_summaries(summaries: Sequence[ModelSummary]) -> None:
    levels = [level for level, _ in summaries[0].hit_rates]
    print_table(
        (
            "model",
            f"% beyond ({_joined(f'{100.0 * (1.0 - level):.3g}' for level in levels)})",
            "Kupiec",
            "both",
            "Z2",
            *(_pinball_to(name) for name in summaries[0].relative_pinball),
            "red",
        ),
        [_summary_row(summary) for summary in summaries],
    )


def _pinball_to(model: str) -> str:
    """A heading that wraps: names are the widest words of the table."""
    return f"pinball to {model.replace('historical_', 'hist. ')}"


def _joined(parts: Iterable[str]) -> str:
    return "/".join(parts)


def _summary_row(summary: ModelSummary) -> tuple[object, ...]:
    rates = (rate for _, rate in summary.hit_rates)
    return (
        summary.model,
        _joined("-" if rate is None else f"{100.0 * rate:.1f}" for rate in rates),
        "{}/{}".format(*summary.kupiec),
        "{}/{}".format(*summary.coverage),
        _shortly(summary.z2, "+.3f"),
        *(_shortly(ratio, ".3f") for ratio in summary.relative_pinball.values()),
        summary.red_windows,
    )


def _print_cells(summary: ModelSummary, cells: Sequence[Cell]) -> None:
    micros = "" if summary.micros is None else f", {summary.micros:,.1f} µs an update"
    click.echo(f"{summary.model}{micros}")
    print_table(
        ("series", "level", "days", "hits", "Kupiec", "order", "both", "Z2", "pinball %", "red"),
        [_cell_row(cell) for cell in cells],
    )
    click.echo()


def _cell_row(cell: Cell) -> tuple[object, ...]:
    return (
        cell.series,
        cell.level,
        cell.forecasts,
        cell.hits,
        _shortly(cell.kupiec_p, ".3f"),
        _shortly(cell.independence_p, ".3f"),
        _shortly(cell.conditional_coverage_p, ".3f"),
        _shortly(cell.z2, "+.2f"),
        _shortly(None if cell.pinball is None else 100.0 * cell.pinball, ".3f"),
        cell.red_windows,
    )


def _shortly(number: float | None, how: str) -> str:
    return "" if number is None else format(number, how)


def limits_of_the_tests(cells: Sequence[Cell]) -> Iterator[str]:
    """Lines on what these days cannot tell."""
    judged = [cell for cell in cells if cell.forecasts]
    if not judged:
        yield f"No day could be judged: models are given {LEAST_WARM_UP} returns before one."
        return
    level, fewest = max(cell.level for cell in judged), min(cell.forecasts for cell in judged)
    yield "Of 100 cells of a right model about five are rejected: count them, trust no single one."
    missed = _missed(fewest, level)
    if missed is not None:
        yield (
            f"Over {fewest:,} days, the fewest here, Kupiec's test at {level:.4g} passes "
            f"{100.0 * missed:.0f} of 100 models\nthat are exceeded {_TOO_OFTEN} times as often as "
            "they should be."
        )
    if level > _ORDER_IS_SEEN_UP_TO:
        yield (
            f"Exceptions at {level:.4g} are too rare for the test of their order to find much; "
            "judge order at 0.95."
        )


def _missed(days: int, level: float) -> float | None:
    try:
        return chance_inside_region(days, level, times=_TOO_OFTEN)
    except InsufficientData:
        return None
