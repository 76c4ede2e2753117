"""The simulated market: one market for a seed and an origin, whoever asks and when."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from risk.domain.market import Period, Trust
from risk.errors import FeedUnavailable
from risk.feeds.market_model import COINS
from risk.feeds.simulated import (
    HISTORY_DAYS,
    HISTORY_HOURS,
    SimulatedFeed,
    SimulatedMarket,
)

ORIGIN = datetime(2024, 3, 10, 7, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)


def feed(*, seed: int = 42, since: datetime | None = None) -> SimulatedFeed:
    return SimulatedFeed(seed=seed, origin=ORIGIN, since=since)


def test_at_the_origin_each_coin_costs_what_the_table_says():
    marks = feed().read(Period.HOUR.open_of(ORIGIN)).marks

    assert {asset: mark.price for asset, mark in marks.items()} == pytest.approx(
        {coin.asset: coin.price for coin in COINS}
    )


def test_there_is_history_for_every_chart_on_the_first_day():
    days, hours = feed().history(Period.DAY), feed().history(Period.HOUR)

    assert (len(days), len(hours)) == (HISTORY_DAYS, HISTORY_HOURS) == (1000, 4500)
    assert days[-1].closed == Period.DAY.open_of(ORIGIN)
    assert hours[-1].closed == Period.HOUR.open_of(ORIGIN)


def test_a_book_led_through_the_past_has_a_full_history_behind_it():
    early = feed(since=ORIGIN - HISTORY_HOURS * HOUR)

    assert len(early.history(Period.DAY)) == HISTORY_DAYS
    assert len(early.history(Period.HOUR)) == HISTORY_HOURS


def test_the_past_replayed_is_the_past_remembered():
    early = feed(since=ORIGIN - 100 * HOUR)
    replayed = early.read(ORIGIN).closes

    remembered = feed().history(Period.HOUR)[-100:]
    assert [c for c in replayed if c.period is Period.HOUR] == remembered


def test_an_hour_is_the_same_whatever_was_asked_before():
    late, early = SimulatedMarket(seed=1, origin=ORIGIN), SimulatedMarket(seed=1, origin=ORIGIN)
    hour = late.hour_at(ORIGIN) + 2000

    assert late.hour_close(hour) == [early.hour_close(n) for n in range(hour - 30, hour + 1)][-1]


def test_seeds_make_different_markets():
    later = ORIGIN + 5 * HOUR

    assert feed(seed=1).read(later).marks != feed(seed=2).read(later).marks


def test_marks_meet_their_bars():
    """The bar of an hour spans exactly the marks that were shown in it."""
    market = SimulatedMarket(seed=9, origin=ORIGIN)
    opened = market.origin
    shown = np.array([market.prices(opened + timedelta(seconds=s)) for s in range(3601)])
    bars = market.hour_close(market.hour_at(opened)).bars

    for column, coin in enumerate(COINS):
        bar = bars[coin.asset]
        assert bar.open == pytest.approx(shown[0, column])
        assert bar.close == pytest.approx(shown[-1, column])
        assert bar.high == pytest.approx(shown[:, column].max())
        assert bar.low == pytest.approx(shown[:, column].min())


def test_hours_join_without_a_gap():
    closes = feed().history(Period.HOUR)[-50:]

    for before, after in pairwise(closes):
        for coin in COINS:
            assert after.bars[coin.asset].open == before.bars[coin.asset].close


def test_a_day_is_made_of_its_hours():
    market = SimulatedMarket(seed=9, origin=ORIGIN)
    day = market.day_close(1000).bars["BTC/USDT"]
    hours = [market.hour_close(24_000 + i).bars["BTC/USDT"] for i in range(24)]

    assert (day.open, day.close) == (hours[0].open, hours[-1].close)
    assert day.high == max(hour.high for hour in hours)
    assert day.low == min(hour.low for hour in hours)
    assert day.volume == pytest.approx(sum(hour.volume for hour in hours))


def test_all_prices_are_sound_bars():
    for period in Period:
        for close in feed().history(period):
            for bar in close.bars.values():
                assert 0.0 < bar.low <= min(bar.open, bar.close)
                assert max(bar.open, bar.close) <= bar.high < 1e9
                assert 0.0 < bar.volume < 1e15


def test_quotes_stand_around_the_mark_a_few_basis_points_apart():
    reading = feed().read(ORIGIN + timedelta(hours=3, seconds=17))
    for mark in reading.marks.values():
        assert mark.bid is not None
        assert mark.ask is not None
        assert mark.bid < mark.price < mark.ask
        assert mark.ask / mark.bid - 1.0 < 0.005
        assert mark.trust is Trust.TRUSTED
        assert mark.volume is not None
        assert 1e6 < mark.volume < 1e11


def test_prices_move_every_second_and_do_not_reveal_the_hour_s_close():
    """The distance left to the close shrinks like a walk's, not before its time."""
    market = SimulatedMarket(seed=3, origin=ORIGIN)
    first = market.hour_at(market.origin)
    prices = np.array([
        [market.prices(market.opening(hour) + timedelta(seconds=s)) for s in (0, 1, 1800, 3600)]
        for hour in range(first, first + 400)
    ])  # fmt: skip
    logs = np.log(prices)
    early, late = logs[:, 2] - logs[:, 0], logs[:, 3] - logs[:, 2]

    assert np.all(prices[:, 0] != prices[:, 1])
    assert abs(np.corrcoef(early.ravel(), late.ravel())[0, 1]) < 0.15


def test_after_five_hours_down_all_missed_bars_come_in_order():
    stopped = datetime(2024, 3, 10, 21, 30, tzinfo=UTC)
    reading = feed(since=stopped).read(stopped + 5 * HOUR)

    assert [(close.period.value, close.opened.hour) for close in reading.closes] == [
        ("1h", 21),
        ("1h", 22),
        ("1h", 23),
        ("1d", 0),
        ("1h", 0),
        ("1h", 1),
    ]


def test_before_the_market_began_there_is_no_price():
    began = SimulatedMarket(seed=1, origin=ORIGIN).begins
    with pytest.raises(FeedUnavailable, match="the simulated market began at"):
        feed().read(began - HOUR)
    with pytest.raises(FeedUnavailable, match="the simulated market began at"):
        feed(since=began - HOUR)


def test_the_market_has_prices_from_its_very_beginning():
    market = SimulatedMarket(seed=1, origin=ORIGIN)
    first = market.hour_close(0).bars["BTC/USDT"]

    assert market.marks(market.begins)["BTC/USDT"].price == first.open
    assert market.marks(market.begins)["BTC/USDT"].volume == 0.0


def test_refuses_an_origin_without_a_zone():
    with pytest.raises(ValueError, match="timezone"):
        SimulatedFeed(seed=1, origin=ORIGIN.replace(tzinfo=None))
