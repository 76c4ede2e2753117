"""``seawall replay``: what limits would have done to the strategies over a history of prices."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from risk.commands.output import as_json, print_json
from risk.commands.policy_files import read_policy_file
from risk.commands.replay_breakers import BreakerTask, Passed, breaker_tasks, judged, passed
from risk.commands.replay_report import document, print_report
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, Carried, CycleRecord, MarketReading
from risk.engine.cycle import carried_after, take_cycle
from risk.errors import InvalidInput, PriceFileInvalid
from risk.executors.paper import PaperExecutor
from risk.feeds.files import load_bars
from risk.feeds.quality import CleanBars
from risk.feeds.replaying import readings_of
from risk.lab.replay.defaults import default_policy
from risk.lab.replay.desk import PORTFOLIO, TOGETHER, mandates_of
from risk.lab.replay.result import Replayed, judge
from risk.lab.replay.rules import UpTo
from risk.lab.replay.run import WARM_UP, lead
from risk.lab.replay.statistics import LEAST_DAYS
from risk.lab.strategies import STRATEGIES

#: How many bars a process takes before it says so.
_TOLD_EVERY = 100
_LOOK_EVERY_SECONDS = 0.5


class Task(NamedTuple):
    """What one processor works on at a time: both books of a strategy, or of all together.

    Attributes
    ----------
    strategy : str
    policy : Policy
    begin, until : datetime
        The books live in (`begin`, `until`]. UTC.
    seed : int
    up_to : UpTo
    """

    strategy: str
    policy: Policy
    begin: datetime
    until: datetime
    seed: int
    up_to: UpTo


@click.command()
@click.option(
    "--prices",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="csv, csv.gz or parquet, long or wide, hourly or daily.",
)
@click.option("--strategy", help="A demo strategy, or each and all together: all.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    help="A file as docs/policy.md describes; else the limits that docs/replay.md names.",
)
@click.option("--from", "since", type=click.DateTime(), help="Let the books begin then. UTC.")
@click.option("--to", "until", type=click.DateTime(), help="Let them end then. UTC.")
@click.option(
    "--orders-up-to",
    "up_to",
    type=click.Choice([each.value for each in UpTo]),
    default=UpTo.SOFT.value,
    show_default=True,
    help="How far the managed book's own orders fill a limit: its soft threshold, or the hard one.",
)
@click.option(
    "--only-breakers",
    is_flag=True,
    help="Measure circuit breakers over the market alone, and lead no books; needs no strategy.",
)
@click.option(
    "--breakers-per-asset",
    "per_asset",
    is_flag=True,
    help="Measure breakers of market volatility on each asset by itself, too.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the resampling, and of bad prints.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="How many work side by side; as many as there are processors unless given.",
)
@as_json
def replay(
    file: Path,
    strategy: str | None,
    policy_file: Path | None,
    since: datetime | None,
    until: datetime | None,
    up_to: str,
    only_breakers: bool,
    per_asset: bool,
    seed: int,
    processes: int | None,
    as_json: bool,
) -> None:
    """Lead a managed and an unmanaged book of the same strategies through a price file.

    Both go through the real step at every bar, and want the same; orders of the managed one need
    the Risk Manager's answer. Decided at a close, filled at the next one, 10 basis points a trade.
    The first 150 days teach models and strategies. Nothing is kept. Circuit breakers are also
    measured over the market itself: trips, for nothing and for a reason.
    """
    names = () if only_breakers else _strategies(strategy)
    bars = _bars(file)
    given = None if policy_file is None else read_policy_file(policy_file, PORTFOLIO)
    if given is not None and not only_breakers:
        _tell_unnamed(given, bars)
    books = _book_tasks(names, file, bars, (since, until), given, UpTo(up_to), seed)
    breakers, left_out = breaker_tasks(
        file,
        bars,
        given or default_policy(bars.assets, ()),
        begin=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
        per_asset=per_asset,
        seed=seed,
    )
    tasks: list[Task | BreakerTask] = [*breakers, *books]
    found = _work(tasks, bars, min(processes or os.cpu_count() or 1, len(tasks)))
    replays = [each for each in found if isinstance(each, Replayed)]
    passes = [each for each in found if isinstance(each, Passed)]
    measured = judged(passes, breakers[0], left_out)
    if as_json:
        print_json(document(replays, measured))
    else:
        print_report(replays, measured)


def _book_tasks(
    names: Sequence[str],
    file: Path,
    bars: CleanBars,
    bounds: tuple[datetime | None, datetime | None],
    given: Policy | None,
    up_to: UpTo,
    seed: int,
) -> list[Task]:
    if not names:
        return []
    begin, end = _range(file, bars, *bounds)
    return [Task(name, _policy_for(name, given, bars), begin, end, seed, up_to) for name in names]


def _strategies(name: str | None) -> tuple[str, ...]:
    if name is None:
        raise InvalidInput("name a strategy, or all, with --strategy; or --only-breakers")
    if name == TOGETHER:
        return (*STRATEGIES, TOGETHER)
    if name not in STRATEGIES:
        there = ", ".join((*STRATEGIES, TOGETHER))
        raise InvalidInput(f"no strategy is called {name!r}; there are {there}")
    return (name,)


def _bars(file: Path) -> CleanBars:
    bars = load_bars(file)
    if not len(bars):
        raise PriceFileInvalid(f"{file} holds no bar that can be believed; see prices check")
    return bars


def _range(
    file: Path, bars: CleanBars, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """When the books begin and end; refused unless that is long enough to say anything."""
    assert bars.span is not None, "there are bars"
    first, last = bars.span
    begin = first + WARM_UP
    begin = begin if since is None else max(begin, since.replace(tzinfo=UTC))
    end = last if until is None else min(last, until.replace(tzinfo=UTC))
    # One more bar than days have: the first one has no return.
    least = timedelta(days=LEAST_DAYS) + 2 * bars.period.span
    if end - begin < least:
        raise InvalidInput(
            f"{file} has prices from {first:%Y-%m-%d} to {last:%Y-%m-%d}: with the first "
            f"{WARM_UP.days} days for models and strategies to learn from, "
            f"{max(0, (end - begin).days)} days are left to replay, and {LEAST_DAYS} are needed"
        )
    return begin, end


def _policy_for(name: str, given: Policy | None, bars: CleanBars) -> Policy:
    mandates = mandates_of(name)
    if given is None:
        return default_policy(bars.assets, mandates)
    unknown = sorted({m.strategy.name for m in mandates} - given.strategies.keys())
    if unknown:
        raise InvalidInput(f"the policy lets nobody called {', '.join(unknown)} trade")
    if not given.instruments.keys() & set(bars.assets):
        raise InvalidInput(
            f"the policy names none of the assets that the prices are of: {', '.join(bars.assets)}"
        )
    return given


def _tell_unnamed(policy: Policy, bars: CleanBars) -> None:
    """Say, beside the answer, which assets only the unmanaged book trades."""
    unnamed = [asset for asset in bars.assets if asset not in policy.instruments]
    if unnamed:
        click.echo(f"the policy does not let these be traded: {', '.join(unnamed)}", err=True)


# --- the work --------------------------------------------------------------------------------


def turn(
    carried: Carried, market: MarketReading, account: AccountReading
) -> tuple[CycleRecord, Carried]:
    """One turn of the engine, as the replay takes it."""
    record = take_cycle(carried, market, account)
    return record, carried_after(record)


def replayed(task: Task, bars: CleanBars, told: Callable[[], None]) -> Replayed:
    """Both books of a task led through the bars, and judged."""
    readings = takewhile(lambda market: market.at <= task.until, readings_of(bars))
    pair = lead(
        readings,
        mandates=mandates_of(task.strategy),
        policy=task.policy,
        assets=bars.assets,
        begin=task.begin,
        turn=turn,
        executor=PaperExecutor(),
        up_to=task.up_to,
        told=told,
    )
    seconds = bars.period.span.total_seconds()
    return judge(task.strategy, pair, task.policy, bar_seconds=seconds, seed=task.seed)


def _work(
    tasks: Sequence[Task | BreakerTask], bars: CleanBars, processes: int
) -> list[Replayed | Passed]:
    total = sum(_readings(task, bars) for task in tasks)
    with _progress() as progress:
        shown = progress.add_task("Replaying", total=total)
        if processes <= 1:
            told = partial(progress.advance, shown)
            return [_done(task, bars, told) for task in tasks]
        context = get_context("spawn")
        done = context.Value("q", 0)
        # A fresh interpreter each: a fork would inherit the threads of the progress bar.
        with ProcessPoolExecutor(
            processes, mp_context=context, initializer=_share, initargs=(done, bars)
        ) as pool:
            futures = [pool.submit(_done_apart, task) for task in tasks]
            try:
                for _ in _until_done(futures):
                    progress.update(shown, completed=done.value)
            finally:
                # Once one of them has failed, those that have not begun would be for nothing.
                pool.shutdown(wait=False, cancel_futures=True)
            return [future.result() for future in futures]


def _readings(task: Task | BreakerTask, bars: CleanBars) -> int:
    if isinstance(task, BreakerTask):
        return task.readings
    return math.ceil((task.until - task.begin) / bars.period.span)


def _done(task: Task | BreakerTask, bars: CleanBars, told: Callable[[], None]) -> Replayed | Passed:
    if isinstance(task, BreakerTask):
        return passed(task, bars, told)
    return replayed(task, bars, told)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _until_done(futures: Sequence[Future[Replayed | Passed]]) -> Iterator[None]:
    waiting = set(futures)
    while waiting:
        found = wait(waiting, timeout=_LOOK_EVERY_SECONDS, return_when=FIRST_EXCEPTION)
        for future in found.done:
            future.result()
        waiting = set(found.not_done)
        yield


class _Shared:
    """What a process of the pool has for all its tasks."""

    bars: CleanBars
    done: "Synchronized[int]"


def _share(done: "Synchronized[int]", bars: CleanBars) -> None:
    _Shared.done, _Shared.bars = done, bars


def _done_apart(task: Task | BreakerTask) -> Replayed | Passed:
    return _done(task, _Shared.bars, _Counter(_Shared.done))


class _Counter:
    """Counts bars for the process that shows them; seldom, since a lock is shared by all."""

    def __init__(self, done: "Synchronized[int]") -> None:
        self._done = done
        self._untold = 0

    def __call__(self) -> None:
        self._untold += 1
        if self._untold == _TOLD_EVERY:
            with self._done.get_lock():
                self._done.value += _TOLD_EVERY
            self._untold = 0
