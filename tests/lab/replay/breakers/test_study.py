"""Breakers over a history made by hand: what must trip trips then, and nothing else does."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from risk.breakers.standard import standard_breakers
from risk.domain.market import Bar, BarClose, Period
from risk.domain.policy import DeRisking, Policy, Rung
from risk.feeds.bad_prints import with_bad_prints
from risk.feeds.quality import clean_bars
from risk.feeds.replaying import readings, readings_of
from risk.lab.replay.breakers.days import LEARNING, Moves, days_of
from risk.lab.replay.breakers.prints import drawn_prints, within_bars
from risk.lab.replay.breakers.study import MARKET, UNION, Trails, judge_breakers
from risk.lab.replay.breakers.trail import LADDER, lead_breakers
from risk.lab.replay.desk import PORTFOLIO
from tests.lab.replay.markets import ASSETS, BEGIN, HOUR
from tests.price_tables import START, table, walk

DAY = timedelta(days=1)
#: Every quiet hour moves by this much, up and down in turn.
QUIET = 0.005
#: Hours from the beginning: five in which the market loses 6 % each, and six in which it shakes.
CRASH, STORM = 65 * 24 + 6, 72 * 24 + 6
HOURS = 74 * 24
BEGUN = BEGIN + LEARNING
TIER_1, TIER_2, DRAWDOWN, DAILY = NAMES = (
    "Market volatility",
    "Market fall",
    "Drawdown",
    "Daily loss",
)
POLICY = Policy(
    by="test",
    breakers=tuple(b for b in standard_breakers(PORTFOLIO, (), ASSETS) if b.name in NAMES),
    derisking=DeRisking(ladder=(Rung(drawdown=0.25, size=0.5),)),
)


def history() -> np.ndarray:
    returns = QUIET * np.resize([1.0, -1.0], HOURS)
    returns[CRASH : CRASH + 5] = -0.06
    returns[STORM : STORM + 6] = 0.03 * np.resize([1.0, -1.0], 6)
    return 100.0 * np.cumprod(1.0 + returns)


def closes_of(prices: np.ndarray, assets=ASSETS, lows=None):
    lows = prices if lows is None else lows
    for hour, (price, low) in enumerate(zip(prices.tolist(), lows.tolist(), strict=True)):
        opened = BEGIN + hour * HOUR
        yield BarClose(
            period=Period.HOUR,
            opened=opened,
            bars={
                asset: Bar(
                    asset=asset,
                    period=Period.HOUR,
                    opened=opened,
                    open=price,
                    high=price,
                    low=low,
                    close=price,
                )
                for asset in assets
            },
        )


def led(assets=ASSETS, prints=None):
    market = readings(closes_of(history(), assets), assets=assets)
    return lead_breakers(market, policy=POLICY, begin=BEGUN, prints=prints)


@pytest.fixture(scope="module")
def trail():
    """With bad prints tried on the way, which must not show."""
    prints = drawn_prints(
        ASSETS, BEGUN, BEGIN + 64 * DAY, period=HOUR, rng=np.random.default_rng(3)
    )
    return led(prints=prints)


@pytest.fixture(scope="module")
def found(trail):
    trails = Trails(closes=trail, dirty=trail, within=None, prints=0)
    end = BEGIN + HOURS * HOUR
    return judge_breakers(trails, begin=BEGUN, end=end, left_out=())


def test_every_breaker_trips_in_the_hour_in_which_the_fall_has_reached_its_level(found):
    first = {each.breaker: each.all_trips[0].at for each in found.breakers if each.all_trips}
    fell = {name: (at - BEGIN.timestamp()) / 3600.0 - CRASH for name, at in first.items()}

    # 6 % pass a daily loss of 5 %; 1.75 times normal needs a second such hour, twice normal and
    # 15 % of drawdown a third.
    assert fell == {
        DAILY: 1,
        TIER_1: 3,
        TIER_2: 2,
        DRAWDOWN: 3,
        LADDER: 5,
        "union of volatility halts": 2,
        "union of volatility breakers": 2,
        UNION: 1,
        "union of all and the ladder": 1,
    }


def test_the_days_and_the_loss_still_to_come_are_those_that_were_made(found):
    (rates,) = found.base_rates
    by = {each.breaker: each.figures for each in found.breakers}

    assert (rates.market, rates.days, rates.crashes) == (MARKET, 14, 1)
    assert rates.crash_days == 2  # the last 24 hours still hold the fall until noon of the next day
    assert rates.deepest == pytest.approx(1.0 - 0.94**5, abs=0.01)
    for name, hours in {DAILY: 1, TIER_1: 3, TIER_2: 2, DRAWDOWN: 3}.items():
        left = (0.94**hours - 0.94**5) / (1.0 - 0.94**5)
        assert by[name].loss_remaining.median == pytest.approx(left, abs=0.02)
        assert (by[name].recall, by[name].episode_recall) == (1.0, 1.0)


def test_a_storm_that_goes_nowhere_is_a_false_trip_of_what_looks_at_volatility_alone(found):
    by = {each.breaker: each.figures for each in found.breakers}

    assert by[TIER_1].trips == 2
    assert by[TIER_1].false_trips == 1
    assert by[TIER_1].false_per_calm_day == 1 / found.base_rates[0].calm_days
    assert by[TIER_1].calm_size_lost < by[TIER_1].calm_time_shut < 0.3
    assert [by[name].false_trips for name in (TIER_2, DRAWDOWN, DAILY)] == [0, 0, 0]


def test_together_they_are_shut_whenever_one_of_them_is(found, trail):
    shut = np.min([trail.left[name] for name in (TIER_1, TIER_2, DRAWDOWN, DAILY)], axis=0) < 1.0
    together = next(each for each in found.breakers if each.breaker == UNION)

    assert together.figures.time_shut == pytest.approx(shut.mean())
    assert all(each.overdue == 0 for each in found.breakers)


def test_neither_bad_prints_tried_on_copies_nor_the_order_of_assets_leave_a_trace(trail, found):
    plain = led(ASSETS[::-1])

    assert (plain.left, plain.trips) == (trail.left, trail.trips)
    # A third of the book at a hundredth of its price is a loss; a wild hour is not yet a storm.
    losses = [each for each in trail.printed if each.print.factor < 1.0]
    tried = {each.breaker: each.trusted for each in found.breakers if each.trusted}
    assert tried[DAILY].trips == len(losses) > 0
    assert tried[TIER_2].trips == 0


def test_bad_prints_in_a_file_trip_nothing_that_right_ones_do_not():
    """x1000, zero, -99 % and negative, of each one."""
    hours, begin, end = 20 * 24, START + 12 * DAY, START + 40 * DAY
    rows = pd.concat(
        [
            table(walk(hours, seed=n), asset=asset)
            for n, asset in enumerate(("BTC", "ETH", "XRP", "SOL"))
        ],
        ignore_index=True,
    )
    spoiled = with_bad_prints(rows, begin=begin, end=end, rng=np.random.default_rng(1))
    clean, dirty = (clean_bars(each, Period.HOUR) for each in (rows, spoiled.rows))
    right, wrong = (
        lead_breakers(readings_of(bars), policy=POLICY, begin=begin) for bars in (clean, dirty)
    )

    assert spoiled.prints == 4
    assert len(clean) - len(dirty) == 4
    assert wrong.trips == right.trips


def test_a_low_that_no_close_shows_is_seen_within_the_bar():
    prices = np.full(48, 100.0)
    lows = prices.copy()
    lows[30] = 80.0
    policy = replace(POLICY, breakers=POLICY.breakers[2:])
    market = list(readings(closes_of(prices, lows=lows), assets=ASSETS))
    at_closes, within = (
        lead_breakers(each, policy=policy, begin=BEGIN) for each in (market, within_bars(market))
    )

    assert at_closes.trips == {}
    low = BEGIN + 30 * HOUR + HOUR / 3
    assert {name: trips[0].at for name, trips in within.trips.items()} == dict.fromkeys(
        (DRAWDOWN, DAILY), round(low.timestamp())
    )
    assert len(within.times) == 3 * len(at_closes.times)


def test_what_comes_later_changes_no_day_that_is_over():
    rng = np.random.default_rng(5)
    returns = 0.01 * rng.standard_t(3, 100 * 24)
    later = returns.copy()
    later[80 * 24 :] *= 5.0
    end = BEGIN + 80 * DAY
    first = round((BEGIN + HOUR).timestamp())
    one, two = (days_of(Moves(first, 3600, each), BEGUN, end) for each in (returns, later))

    assert (one.judged, one.calm, one.crash, one.crashes) == (
        two.judged, two.calm, two.crash, two.crashes
    )  # fmt: skip
    assert len(one.judged) == 20
    assert 0 < len(one.calm) < 20
