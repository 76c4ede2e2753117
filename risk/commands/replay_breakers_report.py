"""What ``seawall replay`` prints of breakers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from risk.commands.output import print_table
from risk.lab.replay.breakers.figures import Figures, Technical
from risk.lab.replay.breakers.study import BreakerOutcome, BreakersReplayed
from risk.lab.replay.breakers.trail import Trip

_HOW_TO_READ = """
Sigma: the root of 24 times the 60-day average of squared hourly returns, as known
24 hours before. Calm: a day in which no 24-hour return ends beyond 2 sigmas, up or
down; crash: one in which one ends at a loss of 3 or more. Shut: anything under the
whole size, the ramp of probation too; by size: weighted with what it takes. Caught:
crash days, and crashes (moments of crash less than a day apart), in which it was
shut; to come: how much of the fall was left then. By chance it would catch as many
as the time that it is shut. Prints: trips that single bad prints made, of all trips:
put into the file before it was cleaned, and believed by everybody for one bar.
Unasked: days that an episode went on, with re-trips and ramps, no person being asked.
"""


def breaker_document(found: BreakersReplayed) -> list[dict[str, Any]]:
    """One entry a breaker, as the command's JSON has it."""
    rates = {each.market: asdict(each) for each in found.base_rates}
    return [_entry(found, each, rates[each.market]) for each in found.breakers]


def _entry(
    found: BreakersReplayed, outcome: BreakerOutcome, rates: dict[str, Any]
) -> dict[str, Any]:
    return {
        "breaker": outcome.breaker,
        "kind": outcome.kind or None,
        "scope": outcome.scope or None,
        "begun": found.begun.isoformat(),
        "ended": found.ended.isoformat(),
        "base_rates": rates,
        "measured": outcome.measured,
        **_figures(outcome.figures),
        "asked": outcome.asked,
        "overdue": outcome.overdue,
        "unasked_hours": outcome.unasked_hours,
        "technical_false": outcome.technical and outcome.technical.share,
        "technical": outcome.technical and outcome.technical._asdict(),
        "trusted_prints": outcome.trusted and outcome.trusted._asdict(),
        "within_bars": outcome.within_bars and _figures(outcome.within_bars),
        "tripped": [_trip(each) for each in outcome.all_trips],
    }


def _trip(trip: Trip) -> dict[str, Any]:
    at = datetime.fromtimestamp(trip.at, UTC)
    return {"at": at.isoformat(), "again": trip.again, "value": trip.value}


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        **asdict(figures),
        "loss_remaining": figures.loss_remaining and figures.loss_remaining._asdict(),
        "hours_shut": figures.hours_shut and figures.hours_shut._asdict(),
    }


def print_breakers(found: BreakersReplayed) -> None:
    """Tables of breakers, and how to read them."""
    click.echo(f"breakers, {found.begun:%Y-%m-%d} to {found.ended:%Y-%m-%d}")
    for rates in found.base_rates:
        deepest = "" if rates.deepest is None else f", the deepest {100.0 * rates.deepest:.1f} %"
        click.echo(
            f"{rates.market}: {rates.days:,} days, {rates.calm_days:,} of them calm, "
            f"{rates.crash_days:,} of crash in {rates.crashes:,} crashes{deepest}"
        )
    measured = [each for each in found.breakers if each.measured != 0.0]
    _print_figures("at closes", measured, lambda each: each.figures)
    if any(each.within_bars for each in measured):
        click.echo()
        _print_figures("lows and highs seen", measured, lambda each: each.within_bars)
    _print_silent(found)
    click.echo(_HOW_TO_READ.rstrip())


def _print_silent(found: BreakersReplayed) -> None:
    never = [each.breaker for each in found.breakers if each.measured == 0.0]
    if never:
        click.echo(f"never to be measured from these prices: {', '.join(never)}")
    if found.left_out:
        click.echo(f"not of the market, and left out: {', '.join(found.left_out)}")


def _print_figures(
    title: str,
    outcomes: Sequence[BreakerOutcome],
    of: Callable[[BreakerOutcome], Figures | None],
) -> None:
    print_table(
        (
            title,
            "trips (again)",
            "a year",
            "false per calm day %",
            "calm time shut % (by size)",
            "time shut %",
            "days caught % (crashes)",
            "to come % (mean)",
            "hours shut: median, 90 %, longest",
            "asked",
            "unasked",
            "prints",
        ),
        [_row(each, figures) for each in outcomes if (figures := of(each)) is not None],
    )


def _row(outcome: BreakerOutcome, figures: Figures) -> tuple[object, ...]:
    shut, still = figures.hours_shut, figures.loss_remaining
    return (
        outcome.breaker,
        f"{figures.trips:,} ({figures.retrips:,})",
        _told(figures.trips_per_year, 1.0),
        _told(figures.false_per_calm_day, 100.0),
        f"{_told(figures.calm_time_shut, 100.0)} ({_told(figures.calm_size_lost, 100.0)})",
        _told(figures.time_shut, 100.0),
        f"{_told(figures.recall, 100.0, 0)} ({_told(figures.episode_recall, 100.0, 0)})",
        f"{100.0 * still.median:.0f} ({100.0 * still.mean:.0f})" if still else "-",
        f"{shut.median:,.0f}, {shut.most:,.0f}, {shut.largest:,.0f}" if shut else "-",
        outcome.asked,
        f"{outcome.unasked_hours / 24.0:.0f}",
        f"{_technical(outcome.technical)}, {_technical(outcome.trusted)}",
    )


def _told(value: float | None, scale: float, digits: int = 1) -> str:
    return "-" if value is None else f"{scale * value:.{digits}f}"


def _technical(found: Technical | None) -> str:
    return "-" if found is None else f"{found.trips}/{found.prints}"
