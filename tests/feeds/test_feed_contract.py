"""What every feed promises, the fake included."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from risk.config import FEEDS_OFFERED
from risk.domain.market import BarClose, Period, Trust
from risk.domain.ports import Feed, MarketReading
from risk.errors import SettingInvalid
from risk.feeds import FEEDS, FeedRequest
from risk.feeds.files import FilesFeed
from risk.feeds.simulated import SimulatedFeed
from tests.fakes_feeds import FakeFeed
from tests.price_tables import table, walk

BEGIN = datetime(2024, 3, 10, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)

MakeFeed = Callable[[datetime], Feed]


@pytest.fixture(params=["fake", "simulated", "files"])
def make_feed(request: pytest.FixtureRequest, tmp_path: Path) -> MakeFeed:
    """Makes a feed whose first reading comes after a given time."""
    if request.param == "fake":
        return FakeFeed
    if request.param == "simulated":
        return lambda since: SimulatedFeed(seed=5, origin=BEGIN, since=since)
    coins = [table(walk(400, seed=i), asset=name, start=BEGIN - 300 * HOUR) for i, name in
             enumerate(("BTC", "ETH"))]  # fmt: skip
    rows = pd.concat(coins)
    rows.to_parquet(tmp_path / "prices.parquet")
    return lambda since: FilesFeed(tmp_path / "prices.parquet", since=since)


def in_steps(feed: Feed, step: timedelta, until: datetime) -> list[MarketReading]:
    count = int((until - BEGIN) / step)
    return [feed.read(BEGIN + (i + 1) * step) for i in range(count)]


def closes_in(readings: list[MarketReading]) -> list[BarClose]:
    return [close for reading in readings for close in reading.closes]


@pytest.mark.parametrize("period", list(Period))
def test_history_is_bars_of_its_period_oldest_first_up_to_the_beginning(
    make_feed: MakeFeed, period: Period
):
    history = make_feed(BEGIN).history(period)

    assert history
    assert {close.period for close in history} == {period}
    assert all(b.opened - a.opened == period.span for a, b in pairwise(history))
    assert BEGIN - period.span < history[-1].closed <= BEGIN


def test_readings_go_on_where_history_ends(make_feed: MakeFeed):
    feed = make_feed(BEGIN)
    last = feed.history(Period.HOUR)[-1]
    reading = feed.read(BEGIN + HOUR)

    assert [close.opened for close in reading.closes] == [last.closed]


def test_every_asset_has_a_mark_not_newer_than_the_reading(make_feed: MakeFeed):
    feed = make_feed(BEGIN)
    at = BEGIN + timedelta(minutes=7, seconds=3)
    marks = feed.read(at).marks

    assert set(marks) == set(feed.assets)
    assert all(asset == mark.asset for asset, mark in marks.items())
    assert all(mark.at <= at for mark in marks.values())
    assert {mark.trust for mark in marks.values()} == {Trust.TRUSTED}


@pytest.mark.parametrize("step", [timedelta(minutes=20), timedelta(hours=5), timedelta(days=2)])
def test_each_bar_is_told_once_in_order_however_seldom_we_look(
    make_feed: MakeFeed, step: timedelta
):
    closes = closes_in(in_steps(make_feed(BEGIN), step, BEGIN + timedelta(days=2)))
    hours = [close for close in closes if close.period is Period.HOUR]
    days = [close for close in closes if close.period is Period.DAY]

    assert len(closes) > 1
    assert [close.opened for close in hours] == [BEGIN + i * HOUR for i in range(len(hours))]
    assert hours[-1].closed + HOUR > BEGIN + step * int(timedelta(days=2) / step)
    assert [close.closed.hour for close in days] == [0] * len(days)
    assert all(a.closed <= b.closed for a, b in pairwise(closes))


def test_an_hour_comes_before_the_day_that_it_ends(make_feed: MakeFeed):
    closes = make_feed(BEGIN).read(BEGIN + timedelta(days=1)).closes
    (day,) = [place for place, close in enumerate(closes) if close.period is Period.DAY]

    assert closes[day - 1].period is Period.HOUR
    assert closes[day - 1].closed == closes[day].closed


def test_no_bar_is_told_before_it_has_closed(make_feed: MakeFeed):
    readings = in_steps(make_feed(BEGIN), timedelta(minutes=7), BEGIN + timedelta(hours=30))

    assert all(close.closed <= reading.at for reading in readings for close in reading.closes)
    assert all(
        reading.at - close.closed < timedelta(minutes=7)
        for reading in readings
        for close in reading.closes
    )


def test_looking_back_tells_nothing_again(make_feed: MakeFeed):
    feed = make_feed(BEGIN)
    feed.read(BEGIN + 3 * HOUR)

    assert feed.read(BEGIN + HOUR).closes == ()
    assert feed.read(BEGIN + 3 * HOUR).closes == ()


def test_readings_up_to_a_time_do_not_depend_on_what_is_asked_later(make_feed: MakeFeed):
    """Look-ahead: whoever knew the later readings would have learnt nothing earlier."""
    times = [BEGIN + timedelta(minutes=m, seconds=11) for m in (1, 30, 59, 75, 200)]
    curious, patient = make_feed(BEGIN), make_feed(BEGIN)
    early = [curious.read(at) for at in times]
    curious.read(BEGIN + timedelta(hours=40))

    assert [patient.read(at) for at in times] == early


def test_after_a_restart_nothing_is_lost_and_nothing_told_twice(make_feed: MakeFeed):
    stopped = BEGIN + timedelta(hours=4, minutes=31)
    whole = closes_in([make_feed(BEGIN).read(BEGIN + timedelta(days=2))])
    before = closes_in([make_feed(BEGIN).read(stopped)])
    after = closes_in([make_feed(stopped).read(BEGIN + timedelta(days=2))])

    assert [c.opened for c in before + after] == [c.opened for c in whole]


def test_the_same_start_gives_the_same_market(make_feed: MakeFeed):
    first, second = (
        in_steps(make_feed(BEGIN), timedelta(hours=1), BEGIN + timedelta(hours=30))
        for _ in range(2)
    )

    assert first == second


def test_feeds_are_found_by_name(tmp_path: Path):
    table(walk(100)).to_csv(tmp_path / "prices.csv")
    request = FeedRequest(seed=1, origin=BEGIN, prices=tmp_path / "prices.csv")
    labels = {name: make(request).label for name, make in FEEDS.items()}

    assert labels == {"simulated": "simulated", "files": "file prices.csv"}


def test_the_setting_offers_every_feed_that_there_is():
    """Written twice, since settings are answered without loading what feeds need."""
    assert set(FEEDS_OFFERED) == FEEDS.keys()


def test_the_feed_of_files_needs_a_file():
    with pytest.raises(SettingInvalid, match="SEAWALL_PRICES must name a price file"):
        FEEDS["files"](FeedRequest(seed=1, origin=BEGIN))
