"""Whether the loop of the authority grows: resident memory over thousands of saved cycles."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.equal_weight import EqualWeightAccount
from benchmarks.market import PORTFOLIO, START
from benchmarks.stores import new_database
from benchmarks.timing import Timing
from risk.domain.actions import Action
from risk.domain.ledger import Ledger
from risk.domain.model import Models
from risk.domain.ports import Carried
from risk.domain.state import RiskState
from risk.engine.cycle import Cycle
from risk.engine.gate import Gate
from risk.executors import EXECUTORS
from risk.feeds.simulated import SimulatedFeed
from risk.portfolio.forecasting import new_models, warm
from risk.storage.decisions import SqlGateJournal
from risk.storage.store import SqlStore

_SEED = 7
_CYCLE = timedelta(seconds=1)


class StepClock:
    """A `Clock` that a loop moves on; no real time passes."""

    def __init__(self, start: datetime) -> None:
        self._start = self._now = start

    def pass_(self, span: timedelta) -> None:
        self._now += span

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()


class NobodyAsks:
    """No actions of people, ever."""

    def after(self, seq: int) -> Sequence[Action]:  # noqa: ARG002
        return ()


def run(cycles: int = 10_000, warm_up: int = 1_000) -> Iterator[Timing]:
    """Growth over `cycles` of one second each, after `warm_up` that fill what is kept."""
    feed = SimulatedFeed(seed=_SEED, origin=START)
    clock = StepClock(START)
    with new_database() as (engines, token):
        carried = _carried(feed)
        gate = Gate(
            carried=carried,
            journal=SqlGateJournal(engines, PORTFOLIO),
            token=token,
            clock=clock,
            patience=1.0,
            stale_after=5.0,
        )
        cycle = Cycle(
            feed=feed,
            account=EqualWeightAccount(),
            executor=EXECUTORS["advise"](),
            actions=NobodyAsks(),
            store=SqlStore(engines),
            clock=clock,
            gate=gate,
            carried=carried,
            token=token,
        )
        _turn(cycle, clock, warm_up)
        before = _resident_mib()
        _turn(cycle, clock, cycles)
        after = _resident_mib()
    yield Timing("memory after the warm-up", len(feed.assets), "MiB", before, before, warm_up)
    yield Timing("memory at the end", len(feed.assets), "MiB", after, after, cycles)
    growth = 100.0 * (after / before - 1.0)
    yield Timing("  growth", len(feed.assets), "%", growth, growth, cycles)


def _carried(feed: SimulatedFeed) -> Carried:
    cold = new_models(feed.assets)
    models = Models(*(warm(model, feed.history(model.spec.period)) for model in cold))
    return Carried(state=RiskState(portfolio=PORTFOLIO), ledger=Ledger(), models=models)


def _turn(cycle: Cycle, clock: StepClock, times: int) -> None:
    for _ in range(times):
        clock.pass_(_CYCLE)
        if cycle.turn() is None:
            raise RuntimeError(f"the cycle at {clock.now()} was missed")


def _resident_mib() -> float:
    """Resident memory now; on Linux only."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
