"""What ``seawall replay`` prints: one document for programs, tables for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from risk.commands.output import print_table
from risk.commands.replay_breakers_report import breaker_document, print_breakers
from risk.lab.replay.baselines import MANAGED
from risk.lab.replay.breaches import QUANTILES, Counted, LimitOutcome, Overshoots
from risk.lab.replay.breakers.study import BreakersReplayed
from risk.lab.replay.result import Replayed
from risk.lab.replay.rules import HeldBack
from risk.lab.replay.statistics import BookFigures, Compared, Interval
from risk.limits.types import LIMIT_TYPES

#: How many of the causes that held a book back are named.
_CAUSES = 6

_HOW_TO_READ = """
Held back by: what kept orders of the managed book smaller than wished, or from
being sent at all, and how often. What is not_measured lets no new risk pass.

In brackets: where the figure lies in 95 of 100 resamples of the days. Managed
beside: the managed book's drawdown and volatility divided by this book's, and
its Sharpe ratio less this one's, resampled together. A book that only trades
less has a smaller drawdown too: what limits add is what is left beside
same_exposure and equal_volatility.

Potential: crossings of the hard limit in the unmanaged book, those within a day
taken as one; prevented: the managed book was measured to be within it at every
bar meanwhile. By order: the book was above with its orders, at the prices at
which they were decided; gate: how often orders of the managed book did that. By
drift: all others. Worst: how far the managed book was ever above the limit, in
its unit.
"""


# --- for programs ----------------------------------------------------------------------------


def document(found: Sequence[Replayed], breakers: BreakersReplayed) -> dict[str, Any]:
    """Runs by strategy and book, breakers over the market, and limits by strategy."""
    return {
        "runs": [_run(each.strategy, book) for each in found for book in each.books],
        "breakers": breaker_document(breakers),
        "limits": [_limit(each.strategy, limit) for each in found for limit in each.limits],
    }


def _run(strategy: str, figures: BookFigures) -> dict[str, Any]:
    return {
        "strategy": strategy,
        "book": figures.book,
        "sharpe": figures.sharpe,
        "volatility": figures.volatility,
        "max_drawdown": figures.max_drawdown,
        "intervals": figures.intervals,
        "size": figures.size,
        "managed_sharpe_less": figures.managed_sharpe_less._asdict(),
        "managed_volatility_over": figures.managed_volatility_over._asdict(),
        "managed_drawdown_over": figures.managed_drawdown_over._asdict(),
    }


def _limit(strategy: str, outcome: LimitOutcome) -> dict[str, Any]:
    told = asdict(outcome)
    told["order_caused"] = outcome.order_caused._asdict()
    told["drift_caused"] = outcome.drift_caused._asdict()
    told["managed"] = _overshoots(outcome.managed)
    told["unmanaged"] = _overshoots(outcome.unmanaged)
    return {"strategy": strategy, **told}


def _overshoots(overshoots: Overshoots) -> dict[str, Any]:
    known = overshoots.quantiles
    return {
        "breaches": overshoots.breaches,
        "overshoots": known and dict(zip(map(str, QUANTILES), known, strict=True)),
    }


# --- for people ------------------------------------------------------------------------------


def print_report(found: Sequence[Replayed], breakers: BreakersReplayed) -> None:
    """Tables of each strategy and of the breakers, and how to read them."""
    for each in found:
        click.echo(_heading(each))
        if each.held_back:
            click.echo(f"held back by: {_held_back(each.held_back)}")
        _print_books(each.books)
        click.echo()
        _print_limits(each.limits)
        _print_losses(each.limits)
        click.echo()
    if found:
        click.echo(f"{_HOW_TO_READ.strip()}\n")
    print_breakers(breakers)


def _heading(each: Replayed) -> str:
    answers = ", ".join(
        f"{number:,} {verdict}" for verdict, number in sorted(each.verdicts.items())
    )
    nothing = "none" if each.held_back else "none, it wanted to trade nothing"
    return (
        f"{each.strategy}, {each.begun:%Y-%m-%d} to {each.ended:%Y-%m-%d}; "
        f"answers to orders: {answers or nothing}"
    )


def _held_back(causes: Mapping[HeldBack, int]) -> str:
    """``40 x BTC/USDT exposure``: the most frequent first, with the reason where it is another."""
    often = sorted(causes.items(), key=lambda each: (-each[1], each[0]))
    told = [f"{number:,} x {_cause(cause)}" for cause, number in often[:_CAUSES]]
    rest = len(often) - len(told)
    return ", ".join([*told, *([f"{rest} more"] if rest else [])])


def _cause(cause: HeldBack) -> str:
    return cause.subject if cause.code in LIMIT_TYPES else f"{cause.subject} ({cause.code})"


def _print_books(books: Sequence[BookFigures]) -> None:
    print_table(
        (
            "book",
            "Sharpe",
            "volatility %",
            "drawdown %",
            "managed beside: drawdown",
            "volatility",
            "Sharpe",
        ),
        [_book_row(book) for book in books],
    )


def _book_row(book: BookFigures) -> tuple[object, ...]:
    intervals = book.intervals
    size = "" if book.size in (None, 1.0) else f" ({book.size:.2f})"
    own = book.book == MANAGED
    return (
        f"{book.book}{size}",
        _told(book.sharpe, intervals["sharpe"], "+.2f"),
        _told(book.volatility, intervals["volatility"], ".1f", scale=100.0),
        _told(book.max_drawdown, intervals["max_drawdown"], ".1f", scale=100.0),
        *(
            "" if own else _told(compared.value, compared.interval, how)
            for compared, how in _beside(book)
        ),
    )


def _beside(book: BookFigures) -> Iterator[tuple[Compared, str]]:
    yield book.managed_drawdown_over, ".2f"
    yield book.managed_volatility_over, ".2f"
    yield book.managed_sharpe_less, "+.2f"


def _told(value: float | None, interval: Interval | None, how: str, scale: float = 1.0) -> str:
    if value is None:
        return "-"
    told = format(scale * value, how)
    if interval is None:
        return told
    return f"{told} [{scale * interval.low:{how}}, {scale * interval.high:{how}}]"


def _print_limits(limits: Sequence[LimitOutcome]) -> None:
    mendable = [limit for limit in limits if not limit.stops]
    told = [limit for limit in mendable if limit.potential or limit.worst_overshoot]
    print_table(
        ("limit", "hard", "potential", "prevented", "by order", "gate", "by drift", "worst"),
        [_limit_row(limit) for limit in told],
    )
    quiet = [limit.limit for limit in mendable if limit not in told]
    if quiet:
        click.echo(f"never crossed: {', '.join(quiet)}")


def _limit_row(limit: LimitOutcome) -> tuple[object, ...]:
    return (
        limit.limit,
        limit.hard,
        limit.potential,
        _share(Counted(limit.potential, limit.prevented)),
        _share(limit.order_caused),
        limit.order_caused_managed,
        _share(limit.drift_caused),
        f"+{limit.worst_overshoot:.4g}" if limit.worst_overshoot else "",
    )


def _share(counted: Counted) -> str:
    if not counted.potential:
        return "none"
    share = 100.0 * counted.prevented / counted.potential
    return f"{counted.prevented}/{counted.potential} ({share:.0f} %)"


def _print_losses(limits: Sequence[LimitOutcome]) -> None:
    rows = [
        (limit.limit, limit.hard, book, *_overshoot_cells(overshoots))
        for limit in limits
        if limit.stops
        for book, overshoots in (("managed", limit.managed), ("unmanaged", limit.unmanaged))
    ]
    if rows:
        click.echo()
        print_table(("loss limit", "hard", "book", "passed", "median", "90 %", "most beyond"), rows)


def _overshoot_cells(overshoots: Overshoots) -> tuple[object, ...]:
    if overshoots.quantiles is None:
        return (0, "", "", "")
    return (overshoots.breaches, *(f"{value:.4f}" for value in overshoots.quantiles))
