"""A past that is relived is the past that would have been lived."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from risk.domain.market import Period
from risk.domain.model import Models
from risk.domain.ports import Carried, CycleRecord
from risk.engine.cycle import Cycle
from risk.engine.past import relive
from risk.errors import FeedUnavailable
from risk.feeds.simulated import SimulatedFeed
from risk.lab.paper import PaperDesk
from risk.portfolio.forecasting import warm
from risk.storage import tables
from risk.storage.engines import Engines, open_engines
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore
from tests.engine.worlds import BEGIN, PORTFOLIO, FakeAccount, models_written, nothing_yet, written
from tests.fakes import FakeClock
from tests.fakes_feeds import FakeFeed
from tests.fakes_store import FakeStore
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
        return relive(self.carried, self.feed, self.desk, since=SINCE, until=UNTIL)

    def lived(self) -> list[CycleRecord]:
        """The same time, turn by turn."""
        clock, store = FakeClock(SINCE), FakeStore()
        cycle = Cycle(
            feed=self.feed,
            account=self.desk,
            store=store,
            clock=clock,
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


def test_it_equals_live_turns_hour_by_hour(relived):
    lived = DemoWorld().lived()

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


def test_no_time_no_past():
    feed = FakeFeed(BEGIN)
    carried = nothing_yet(feed.assets)

    assert list(relive(carried, feed, FakeAccount(), since=BEGIN, until=BEGIN)) == []


# --- kept whole or not at all --------------------------------------------------------------


@pytest.fixture
def engines(tmp_path) -> Iterator[Engines]:
    engines = open_engines(f"sqlite:///{tmp_path}/seawall.db")
    upgrade(engines)
    lease_token(engines, PORTFOLIO)
    yield engines
    engines.dispose()


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
