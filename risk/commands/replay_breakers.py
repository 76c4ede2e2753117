"""The part of ``seawall replay`` that is about circuit breakers: what is led through the prices."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from risk.breakers.standard import standard_breakers
from risk.domain.policy import Policy
from risk.domain.ports import MarketReading
from risk.errors import InvalidInput
from risk.feeds.bad_prints import with_bad_prints
from risk.feeds.files import read_prices
from risk.feeds.quality import CleanBars, clean_bars
from risk.feeds.replaying import readings_of
from risk.lab.replay.breakers.days import LEARNING
from risk.lab.replay.breakers.levels import asset_breakers
from risk.lab.replay.breakers.prints import drawn_prints, within_bars
from risk.lab.replay.breakers.study import BreakersReplayed, Trails, judge_breakers
from risk.lab.replay.breakers.trail import Trail, lead_breakers, measurable
from risk.lab.replay.desk import PORTFOLIO

#: What is shorter has no quiet day to speak of.
_LEAST = timedelta(days=2)


class Seen(StrEnum):
    """In which way the prices of the file are seen; each is a pass of its own."""

    WITHIN = "every bar's low and high"
    CLOSES = "closes"
    DIRTY = "closes of a file with bad prints"


class BreakerTask(NamedTuple):
    """One pass of breakers through a price file.

    Attributes
    ----------
    seen : Seen
    file : Path
        Read anew where bad prints are put in before the cleaning.
    policy : Policy
        With breakers that a book of the market can tell of, and no others.
    begin, until : datetime
        Judged is (`begin`, `until`]. UTC.
    readings : int
        How many there are, about.
    seed : int
    """

    seen: Seen
    file: Path
    policy: Policy
    begin: datetime
    until: datetime
    readings: int
    seed: int


class Passed(NamedTuple):
    """What one pass gave.

    Attributes
    ----------
    seen : Seen
    trail : Trail
    prints : int
        Bad ones that were put into the file.
    """

    seen: Seen
    trail: Trail
    prints: int


def breaker_tasks(
    file: Path,
    bars: CleanBars,
    policy: Policy,
    *,
    begin: datetime | None,
    until: datetime | None,
    per_asset: bool,
    seed: int,
) -> tuple[list[BreakerTask], tuple[str, ...]]:
    """The passes that are needed, the longest first; and breakers that none of them can measure.

    Parameters
    ----------
    file : Path
    bars : CleanBars
        Of that file.
    policy : Policy
        One that names no breakers is measured with those that the managed book of a replay obeys
        where no policy is given.
    begin : datetime or None
        Not before what teaches what is normal, whatever is asked. UTC.
    until : datetime or None
        UTC.
    per_asset : bool
        Measure the tiers of market volatility on each asset by itself, too.
    seed : int
        Of the bad prints.

    Raises
    ------
    InvalidInput
        If no day is left to judge.
    """
    assert bars.span is not None, "there are bars"
    first, last = bars.span
    breakers = policy.breakers or standard_breakers(PORTFOLIO, (), bars.assets)
    if per_asset:
        breakers = (*breakers, *asset_breakers(bars.assets))
    measured, left_out = measurable(replace(policy, breakers=breakers))
    since = first + LEARNING
    begin = since if begin is None else max(begin, since)
    until = last if until is None else min(until, last)
    if until - begin < _LEAST:
        raise InvalidInput(
            f"{file} has prices from {first:%Y-%m-%d} to {last:%Y-%m-%d}: the first "
            f"{LEARNING.days} days teach what is normal, and {_LEAST.days} are needed after them"
        )
    whole = math.ceil((until - first) / bars.period.span)
    passes = {Seen.WITHIN: 3 * whole} if has_ranges(bars) else {}
    passes |= {Seen.CLOSES: whole, Seen.DIRTY: whole}
    tasks = [
        BreakerTask(seen, file, measured, begin, until, readings, seed)
        for seen, readings in passes.items()
    ]
    return tasks, left_out


def has_ranges(bars: CleanBars) -> bool:
    """Whether bars have highs and lows of their own."""
    return any(
        bar.high > bar.low and {bar.high, bar.low} != {bar.open, bar.close}
        for close in bars.closes()
        for bar in close.bars.values()
    )


def passed(task: BreakerTask, bars: CleanBars, told: Callable[[], None]) -> Passed:
    """One pass."""
    rng = np.random.default_rng(task.seed)
    prints, number = None, 0
    if task.seen is Seen.DIRTY:
        dirty = with_bad_prints(
            read_prices(task.file, bars.period).rows, begin=task.begin, end=task.until, rng=rng
        )
        bars, number = clean_bars(dirty.rows, bars.period), dirty.prints
    if task.seen is Seen.CLOSES:
        span = bars.period.span
        prints = drawn_prints(bars.assets, task.begin, task.until, period=span, rng=rng)
    readings: Iterator[MarketReading] = takewhile(
        lambda market: market.at <= task.until, readings_of(bars)
    )
    if task.seen is Seen.WITHIN:
        readings = within_bars(readings)
    trail = lead_breakers(readings, policy=task.policy, begin=task.begin, prints=prints, told=told)
    return Passed(task.seen, trail, number)


def judged(
    passes: Sequence[Passed], task: BreakerTask, left_out: Sequence[str]
) -> BreakersReplayed:
    """The table that the passes give."""
    by = {each.seen: each for each in passes}
    within = by.get(Seen.WITHIN)
    trails = Trails(
        closes=by[Seen.CLOSES].trail,
        dirty=by[Seen.DIRTY].trail,
        within=within.trail if within else None,
        prints=by[Seen.DIRTY].prints,
    )
    return judge_breakers(trails, begin=task.begin, end=task.until, left_out=left_out)
