"""A past that is relived is the past that would have been lived."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from risk.domain.events import PolicyChanged
from risk.domain.market import Period
from risk.domain.model import Models
from risk.domain.ports import Carried, CycleRecord
from risk.domain.positions import PositionKey
from risk.engine.cycle import Cycle
from risk.engine.past import relive
from risk.errors import FeedUnavailable
from risk.executors.paper import PaperExecutor
from risk.feeds.simulated import SimulatedFeed
from risk.lab.paper import PaperDesk
from risk.portfolio.forecasting import warm
from risk.storage import tables
from risk.storage.engines import Engines, open_engines
from risk.storage.queries import FeedInfo, SqlBookReader
from risk.storage.rollups import keep_house
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore
from tests.engine.worlds import (
    BEGIN,
    PORTFOLIO,
    FakeAccount,
    gate_over,
    models_written,
    nothing_yet,
    written,
)
from tests.fakes import FakeClock
from tests.fakes_executors import FakeExecutor
from tests.fakes_feeds import FakeFeed
from tests.fakes_journal import FakeGateJournal
from tests.fakes_store import FakeActions, FakeStore
from tests.policy_files import policy_of
from tests.storage.rows import count, lease_token

HOUR = timedelta(hours=1)
#: Over two midnights, so that a forecast of a day meets its outcome.
HOURS = 40
SINCE = BEGIN - HOURS * HOUR
UNTIL = BEGIN + timedelta(minutes=17, seconds=5)


class DemoWorld:
    """The simulated market, its paper desk, and models that know what came before."""

    def __init__(self) -> None:
        self.feed = SimulatedFeed(seed=5, origin=BEGIN, since=SINCE)
        history = self.feed.history(Period.HOUR)
        self.desk = PaperDesk(seed=5, history=history)
        cold = nothing_yet(self.feed.assets)
        self.carried = Carried(
            state=cold.state,
            ledger=cold.ledger,
            models=Models(
                day=warm(cold.models.day, self.feed.history(Period.DAY)[-100:]),
                hour=warm(cold.models.hour, history[-100:]),
            ),
        )

    def relived(self) -> Iterator[CycleRecord]:
        executor = PaperExecutor()
        return relive(self.carried, self.feed, self.desk, executor, since=SINCE, until=UNTIL)

    def lived(self) -> list[CycleRecord]:
        """The same time, turn by turn."""
        clock, store = FakeClock(SINCE), FakeStore()
        gate = gate_over(self.carried, FakeGateJournal(), clock)
        cycle = Cycle(
            feed=self.feed,
            account=self.desk,
            executor=PaperExecutor(),
            actions=FakeActions(),
            store=store,
            clock=clock,
            gate=gate,
            carried=self.carried,
            token=1,
        )
        while clock.now() < UNTIL:
            clock.advance(min(HOUR, UNTIL - clock.now()))
            cycle.turn()
        return store.records


@pytest.fixture(scope="module")
def relived() -> list[CycleRecord]:
    return list(DemoWorld().relived())


@pytest.fixture(scope="module")
def lived() -> list[CycleRecord]:
    return DemoWorld().lived()


def test_it_equals_live_turns_hour_by_hour(relived, lived):
    assert len(relived) == HOURS + 1
    assert [written(record) for record in relived] == [written(record) for record in lived]


def test_it_is_a_past_with_trades_forecasts_and_one_deposit(relived):
    """Otherwise two equal pasts would say little."""
    assert sum(len(record.snapshot.fills) for record in relived) >= 3
    assert {score.period for r in relived for score in r.snapshot.scores} == set(Period)
    assert [record.number for record in relived if record.snapshot.flows] == [1]


def test_it_has_a_cycle_each_full_hour_and_one_at_the_end(relived):
    times = [record.snapshot.at for record in relived]

    assert times == [SINCE + (i + 1) * HOUR for i in range(HOURS)] + [UNTIL]


def test_what_was_asked_before_the_book_began_holds_from_its_first_cycle_on():
    world, actions = DemoWorld(), FakeActions()
    actions.adopt(policy_of())
    past = relive(
        world.carried,
        world.feed,
        world.desk,
        FakeExecutor(),
        since=SINCE,
        until=SINCE + 2 * HOUR,
        actions=actions.after(0),
    )
    first, second = past

    assert [e.number for e in first.events if isinstance(e, PolicyChanged)] == [1]
    assert not [e for e in second.events if isinstance(e, PolicyChanged)]
    assert second.state.policy == first.state.policy
    assert second.state.action_seq == 1


def test_no_time_no_past():
    feed = FakeFeed(BEGIN)
    carried = nothing_yet(feed.assets)

    past = relive(carried, feed, FakeAccount(), FakeExecutor(), since=BEGIN, until=BEGIN)

    assert list(past) == []


# --- kept whole or not at all --------------------------------------------------------------


def engines_of(file: Path) -> Iterator[Engines]:
    engines = open_engines(f"sqlite:///{file}")
    upgrade(engines)
    lease_token(engines, PORTFOLIO)
    yield engines
    engines.dispose()


@pytest.fixture
def engines(tmp_path) -> Iterator[Engines]:
    yield from engines_of(tmp_path / "seawall.db")


def test_a_past_that_was_saved_goes_on_where_it_ended(engines, relived):
    store = SqlStore(engines)
    assert store.save_history(relived, token=1) == HOURS + 1
    last, loaded = relived[-1], store.load(PORTFOLIO)

    assert loaded.state == last.state
    assert loaded.ledger == last.snapshot.ledger
    assert models_written(loaded.models) == models_written(last.snapshot.models)


def test_an_interrupted_past_leaves_nothing(engines):
    def interrupted() -> Iterator[CycleRecord]:
        for record in DemoWorld().relived():
            if record.number == 20:
                raise FeedUnavailable("the market went away")
            yield record

    store = SqlStore(engines)
    with pytest.raises(FeedUnavailable):
        store.save_history(interrupted(), token=1)

    assert store.load(PORTFOLIO) is None
    kept = (tables.cycle, tables.ledger_entry, tables.journal, tables.bar, tables.metric_sample)
    assert [count(engines, table) for table in kept] == [0] * len(kept)


def test_a_past_relived_after_an_interruption_is_the_same(engines, relived):
    store = SqlStore(engines)
    with pytest.raises(ZeroDivisionError):
        store.save_history((1 // 0 for _ in range(3)), token=1)
    store.save_history(DemoWorld().relived(), token=1)

    assert store.load(PORTFOLIO).state == relived[-1].state


# --- what is kept of positions -------------------------------------------------------------


@pytest.fixture
def live_engines(tmp_path) -> Iterator[Engines]:
    yield from engines_of(tmp_path / "live.db")


def exposures(engines: Engines, *, points: int) -> dict[PositionKey, dict[datetime, float]]:
    """What the screens would read of the whole past, by moment."""
    feed = FeedInfo(label="simulated", simulated=True)
    reader = SqlBookReader(
        engines, feed=feed, cycle_seconds=1.0, wall=lambda: UNTIL, first=PORTFOLIO
    )
    found = reader.position_history(
        PORTFOLIO, "exposure", since=SINCE, until=UNTIL, max_points=points
    )
    return {
        key: dict(zip(map(tables.from_ms, history.ts_ms.tolist()), history.values, strict=True))
        for key, history in found.items()
    }


def test_of_positions_it_keeps_by_the_hour_what_live_turns_would_have_kept(
    engines, live_engines, relived, lived
):
    SqlStore(engines).save_history(relived, token=1)
    live = SqlStore(live_engines)
    for record in lived:
        live.save(record, token=1)
    keep_house(engines)
    keep_house(live_engines)

    for points in (10, HOURS, 1_000):
        assert exposures(engines, points=points) == exposures(live_engines, points=points)


def test_what_was_held_all_day_has_every_hour_of_it(engines, relived):
    SqlStore(engines).save_history(relived, token=1)
    last_day = relived[-25:-1]

    kept = exposures(engines, points=1_000)

    held_all_day = set.intersection(*map(held, last_day))
    assert held_all_day
    for key in held_all_day:
        told = {
            record.snapshot.at: measures.exposure
            for record in last_day
            for measures in record.assessment.positions
            if measures.key == key
        }
        assert told.items() <= kept[key].items()


def held(record: CycleRecord) -> set[PositionKey]:
    return {measures.key for measures in record.assessment.positions}
