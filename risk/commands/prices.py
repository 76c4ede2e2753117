"""``seawall prices``: look at a price file, and keep its bars."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.store import checked_engines_of
from risk.config import load_settings
from risk.domain.actors import Ability
from risk.domain.market import BarClose, DataFault, FaultKind
from risk.errors import PriceFileInvalid
from risk.feeds.files import PriceReport, check_prices, load_bars
from risk.feeds.quality import CleanBars
from risk.feeds.replaying import closes_with_days
from risk.storage.bars import REAL_MARKET, keep_rows, rows_of_close
from risk.storage.engines import Engines, transaction

_EXAMPLES = 3
_UNUSABLE = 2
# A transaction of this many rows takes milliseconds: an engine that runs need not wait.
_ROWS_AT_ONCE = 2_000

price_file = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def prices() -> None:
    """Check and import price files: csv, csv.gz or parquet, long or wide, hourly or daily."""


@prices.command()
@price_file
@as_json
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Say what is wrong with FILE, changing nothing.

    Exits with 2 if no bar in it can be believed.
    """
    report = check_prices(file)
    if as_json:
        print_json(report_document(report))
    else:
        _print_report(report)
    ctx.exit(0 if report.usable else _UNUSABLE)


@prices.command("import")
@price_file
@as_json
@needs(Ability.MANAGE_BOOKS)
def import_(file: Path, as_json: bool) -> None:
    """Keep the believable bars of FILE, and the days that its hours make, in the database.

    Bars kept before are left alone, so that importing again, or after an interruption, is
    harmless.
    """
    settings = load_settings()
    clean = load_bars(file)
    if not len(clean):
        raise PriceFileInvalid(f"{file} holds no bar that can be believed; see prices check")
    with checked_engines_of(settings) as engines:
        kept, new = _keep(engines, clean)
    if as_json:
        print_json({"file": str(file), "bars": kept, "new": new, "assets": list(clean.assets)})
    else:
        click.echo(f"{new:,} new bars of {kept:,} kept, {len(clean.assets)} assets, from {file}.")


def report_document(report: PriceReport) -> dict[str, Any]:
    """A report as JSON takes it."""
    return {
        "file": report.path,
        "form": report.form,
        "period": report.period.value,
        "rows": report.rows,
        "bars": report.bars,
        "span": [moment.isoformat() for moment in report.span] if report.span else None,
        "usable": report.usable,
        "verdict": report.verdict,
        "counts": _by_name(report.counts.items()),
        "assets": [
            {"asset": one.asset, "bars": one.bars, "counts": _by_name(one.counts.items())}
            for one in report.assets
        ],
        "faults": [_fault_document(fault) for fault in report.faults],
    }


def _by_name(counts: Iterable[tuple[FaultKind, int]]) -> dict[str, int]:
    return {kind.value: count for kind, count in counts}


def _fault_document(fault: DataFault) -> dict[str, Any]:
    return {
        "kind": fault.kind.value,
        "asset": fault.asset,
        "at": fault.at.isoformat(),
        "count": fault.count,
        "detail": fault.detail,
    }


def _print_report(report: PriceReport) -> None:
    click.echo(report.verdict)
    if report.span is not None:
        begin, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in report.span)
        click.echo(f"{report.form} form, bars of {report.period.value}, {begin} to {end} UTC.")
    kinds = list(report.counts)
    click.echo()
    print_table(
        ("asset", "bars", *(_in_words(kind) for kind in kinds)),
        [(one.asset, one.bars, *(one.counts.get(kind) for kind in kinds)) for one in report.assets],
    )
    for kind in kinds:
        _print_examples(report, kind)


def _print_examples(report: PriceReport, kind: FaultKind) -> None:
    click.echo(f"\n{_in_words(kind)}:")
    for fault in report.examples(kind, _EXAMPLES):
        click.echo(f"  {fault.asset}, {fault.at:%Y-%m-%d %H:%M}: {fault.detail}")
    more = sum(fault.kind is kind for fault in report.faults) - _EXAMPLES
    if more > 0:
        click.echo(f"  and {more:,} more")


def _in_words(kind: FaultKind) -> str:
    return kind.value.replace("_", " ")


def _keep(engines: Engines, clean: CleanBars) -> tuple[int, int]:
    closes = (close for close, _ in closes_with_days(clean.closes()))
    total: Counter[str] = Counter()
    for rows in _shown(_portions(closes), expected=len(clean) / _ROWS_AT_ONCE):
        with transaction(engines.writer) as connection:
            total.update(kept=len(rows), new=keep_rows(connection, rows))
    return total["kept"], total["new"]


def _shown(portions: Iterator[list[Any]], *, expected: float) -> Iterable[list[Any]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        return portions
    return track(portions, "Importing", total=expected, console=console, transient=True)


def _portions(closes: Iterable[BarClose]) -> Iterator[list[Any]]:
    portion: list[Any] = []
    for close in closes:
        portion += rows_of_close(REAL_MARKET, close)
        if len(portion) >= _ROWS_AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion
