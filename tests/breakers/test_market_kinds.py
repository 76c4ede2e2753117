"""Correlation, liquidity, data quality and VaR exceptions: by hand, by time, and unknown."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from risk.breakers.base import Sight
from risk.domain.breakers import HourReturns
from risk.domain.market import DataFault, FaultKind, Mark, Period, Trust
from risk.domain.model import Models
from risk.domain.positions import Position
from risk.domain.scopes import Scope, ScopeKind
from risk.portfolio.forecasting import new_models
from tests.breakers.meters import NOON
from tests.breakers.sights import COINS, after, breaker, led, quoted, remembered, sight
from tests.builders import build_ledger, build_score, build_snapshot


def hourly(returns: np.ndarray) -> list[Sight]:
    """An hour after another, in which the coins did this."""
    return [
        sight(
            NOON + timedelta(hours=hour),
            hours=(
                HourReturns(
                    NOON + timedelta(hours=hour), dict(zip(COINS, map(float, row), strict=False))
                ),
            ),
        )
        for hour, row in enumerate(returns)
    ]


# --- correlation ---------------------------------------------------------------------------


def related(rho: float, hours: int, coins: int = 7, seed: int = 4) -> np.ndarray:
    """Returns whose pairs all have this correlation, each coin with a deviation of its own."""
    rng = np.random.default_rng(seed)
    common, own = rng.standard_normal((hours, 1)), rng.standard_normal((hours, coins))
    size = 0.002 * (1.0 + np.arange(coins))
    return size * (np.sqrt(rho) * common + np.sqrt(1.0 - rho) * own)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_mean_correlation_is_that_of_all_pairs(rho):
    returns = related(rho, 3_000)
    made = breaker("correlation_spike", half_life_hours=1_000.0, normal_days=60.0)
    pairs = np.corrcoef(returns[-2_000:].T)[np.triu_indices(7, 1)].mean()

    assert led(made, *hourly(returns))[-1].value == pytest.approx(pairs, abs=0.05)


def test_it_rises_within_days_of_all_moving_as_one():
    returns = np.vstack([related(0.5, 500), related(0.97, 72)])
    readings = led(breaker("correlation_spike"), *hourly(returns))

    assert readings[499].value < 0.85 < readings[-1].value


def test_a_coin_that_stands_still_and_one_that_is_not_asked_for_change_nothing():
    returns = related(0.6, 200)
    pegged = np.hstack([returns[:, :6], np.zeros((200, 1))])
    six = breaker("correlation_spike", assets=COINS[:6])

    expected = led(breaker("correlation_spike"), *hourly(returns[:, :6]))[-1].value
    assert led(breaker("correlation_spike"), *hourly(pegged))[-1].value == expected
    assert led(six, *hourly(returns))[-1].value == expected


def test_of_one_coin_there_is_no_correlation():
    assert led(breaker("correlation_spike"), *hourly(related(0.5, 200)[:, :1]))[-1] is None


def test_a_new_breaker_knows_what_the_models_remember():
    hour, returns = build_snapshot().models.hour, related(0.7, 300)
    remembering = replace(
        hour, assets=COINS, closed=NOON, filter=hour.filter._replace(returns=returns)
    )
    models = new_models(())._replace(hour=remembering)
    marks = {coin: quoted(coin) for coin in COINS}

    known = led(breaker("correlation_spike"), sight(marks=marks, models=models))[0]

    assert known.value == led(breaker("correlation_spike"), *hourly(returns))[-1].value
    assert known.inputs == COINS


# --- liquidity -----------------------------------------------------------------------------

DAY = 86_400
ON_BTC = Scope(ScopeKind.ASSET, COINS[0])


def quotes(*marks: Mark, every: float) -> list[Sight]:
    """Looks at one coin, so many seconds apart."""
    return [
        sight(after(every * tick), marks={mark.asset: replace(mark, at=after(every * tick))})
        for tick, mark in enumerate(marks)
    ]


def test_a_spread_that_stays_four_times_as_wide_reads_four_and_trips_within_half_an_hour():
    calm = quotes(*[quoted()] * (25 * 60), every=60.0)
    made = breaker("liquidity", ON_BTC)
    memory = remembered(made, *calm)[-1][0]
    begin = calm[-1].snapshot.at
    wide = [
        sight(begin + timedelta(minutes=m), marks={COINS[0]: quoted(spread=0.004)})
        for m in range(1, 61)
    ]

    readings = [reading.value for reading in led(made, *wide, memory=memory)]

    assert readings[0] < 1.5
    assert readings[29] > 3.0
    assert readings[:30] == sorted(readings[:30])


def test_how_often_it_looks_changes_nothing_of_what_is_normal_or_recent():
    """A window by count would hold minutes at one speed and hours at another."""
    made = breaker("liquidity", ON_BTC)
    memory = remembered(made, *quotes(*[quoted()] * 1_500, every=60.0))[-1][0]
    begin = after(60.0 * 1_499)

    def ten_minutes(step: float) -> float:
        marks = {COINS[0]: quoted(spread=0.003)}
        ticks = int(600 / step)
        course = [
            sight(begin + timedelta(seconds=step * n), marks=marks) for n in range(1, ticks + 1)
        ]
        return led(made, *course, memory=memory)[-1].value

    assert ten_minutes(0.5) == pytest.approx(ten_minutes(60.0), rel=1e-3)
    assert ten_minutes(60.0) == pytest.approx(2.0, rel=0.05), "half of the way to 3, one half-life"


def test_the_worse_of_spread_and_volume_is_told():
    made = breaker("liquidity", ON_BTC)
    calm = quotes(*[quoted()] * 1_500, every=60.0)
    begin, marks = calm[-1].snapshot.at, {COINS[0]: quoted(spread=0.0015, volume=2e5)}
    thin = [sight(begin + timedelta(minutes=m), marks=marks) for m in range(1, 181)]

    reading = led(made, *calm, *thin)[-1]

    assert reading.value == pytest.approx(5.0, rel=0.1)
    assert "24-hour volume" in reading.words


def test_half_of_the_market_in_trouble_is_not_yet_the_market():
    def market(wide: int, at: int) -> Sight:
        marks = {c: quoted(c, spread=0.01 if n < wide else 0.001) for n, c in enumerate(COINS[:4])}
        return sight(after(60.0 * at), marks=marks)

    calm = [market(0, minute) for minute in range(1_500)]
    memory = remembered(breaker("liquidity"), *calm)[-1][0]

    def after_an_hour(wide: int) -> float:
        course = [market(wide, 1_500 + minute) for minute in range(60)]
        return led(breaker("liquidity"), *course, memory=memory)[-1].value

    assert after_an_hour(2) == pytest.approx(1.0)
    assert after_an_hour(3) > 3.0


@pytest.mark.parametrize(
    "mark",
    [
        quoted(spread=None, volume=None),
        quoted(trust=Trust.STALE),
        replace(quoted(volume=None), bid=101.0, ask=99.0),
    ],
)
def test_without_quotes_and_volume_liquidity_is_unknown(mark):
    known = quotes(*[quoted()] * 1_500, every=60.0)
    unknown = sight(known[-1].snapshot.at + timedelta(minutes=1), marks={COINS[0]: mark})

    readings = led(breaker("liquidity", ON_BTC), *known, unknown)

    assert readings[-2] is not None
    assert readings[-1] is None


def test_before_a_day_nobody_knows_what_is_normal():
    readings = led(breaker("liquidity", ON_BTC), *quotes(*[quoted()] * 26, every=3_600.0))

    assert [reading is None for reading in readings] == [True] * 24 + [False] * 2


def test_a_venue_is_what_is_held_there():
    made = breaker("liquidity", Scope(ScopeKind.VENUE, "sim-a"))
    coin = next(iter(build_ledger(1).positions)).asset
    course = [
        replace(seen, snapshot=replace(seen.snapshot, ledger=build_ledger(1)))
        for seen in quotes(*[quoted(coin)] * 30, every=3_600.0)
    ]

    assert led(made, *course)[-1].inputs == (coin,)
    assert led(made, *quotes(*[quoted(coin)] * 30, every=3_600.0))[-1] is None


# --- data quality --------------------------------------------------------------------------


def doubted(count: int, seconds: float, *, faults: tuple[DataFault, ...] = ()) -> Sight:
    marks = {
        coin: quoted(coin, trust=Trust.SUSPECT if place < count else Trust.TRUSTED)
        for place, coin in enumerate(COINS)
    }
    return sight(after(seconds), marks=marks, faults=faults)


def test_marks_are_in_doubt_once_they_have_been_for_minutes_without_a_break():
    made = breaker("data_quality", minutes=5.0)
    course = [doubted(3, 0), doubted(3, 299), doubted(3, 300), doubted(0, 301), doubted(3, 302)]

    readings = led(made, doubted(0, -1), *course)[1:]

    assert [reading.numerator for reading in readings] == [0.0, 0.0, 3.0, 0.0, 0.0]
    assert readings[2].value == pytest.approx(3 / 7)
    assert readings[2].words == "3 of 7 marks cannot be believed"


def test_one_doubtful_mark_never_stops_a_book_however_few_there_are():
    made = breaker("data_quality", minutes=0.0)
    good, bad = (
        sight(after(seconds), marks={COINS[0]: quoted(trust=trust)})
        for seconds, trust in ((0, Trust.TRUSTED), (1, Trust.SUSPECT))
    )

    reading = led(made, good, bad)[-1]

    assert (reading.value, reading.holds) == (1.0, False)
    assert led(made, doubted(0, 0), doubted(2, 1))[-1].holds


def test_what_was_never_listed_or_is_so_no_longer_is_not_watched_unless_it_is_held():
    made = breaker("data_quality", minutes=0.0)
    week = 7 * 86_400.0

    never, gone = led(made, doubted(6, 0)), led(made, doubted(0, 0), doubted(6, week + 1))

    assert [reading.denominator for reading in (*never, gone[-1])] == [1.0, 1.0]
    assert led(made, doubted(0, 0), doubted(6, week))[-1].numerator == 6.0
    held = Position(
        strategy="trend", asset=COINS[0], venue="sim-a", quantity=1.0, entry_price=100.0
    )
    seen = doubted(7, 0)
    book = replace(seen.snapshot.ledger, positions={held.key: held})
    (reading,) = led(made, replace(seen, snapshot=replace(seen.snapshot, ledger=book)))
    assert (reading.numerator, reading.denominator) == (1.0, 1.0)


def test_many_faults_of_the_feed_are_a_doubt_of_their_own_and_time_forgets_them():
    def faults(count: int, seconds: float) -> tuple[DataFault, ...]:
        return tuple(
            DataFault(kind=FaultKind.OUTLIER, asset=coin, at=after(seconds), detail="", count=count)
            for coin in COINS[:2]
        )

    made = breaker("data_quality")
    old = tuple(replace(each, at=after(-7_200)) for each in faults(50, 0))
    course = [
        doubted(0, 0, faults=old),
        doubted(0, 10, faults=faults(11, 10)),
        doubted(0, 3_700),
    ]

    assert [reading.numerator for reading in led(made, *course)] == [0.0, 2.0, 0.0]


def test_where_nothing_is_watched_nothing_is_known_of_the_data():
    assert led(breaker("data_quality"), sight()) == [None]


# --- VaR exceptions ------------------------------------------------------------------------


def scored(day: int, *, passed: bool, period: Period = Period.DAY) -> Sight:
    at = NOON + timedelta(days=day)
    score = build_score(period)._replace(closed=at, exceeded=np.array([True, True, passed]))
    return sight(at, scores=(score,))


def test_exceptions_count_for_as_many_days_and_only_those_of_the_day():
    made = breaker("var_exceptions", days=10.0)
    course = [scored(day, passed=day in (0, 3, 4)) for day in range(14)]
    hours = scored(2, passed=True, period=Period.HOUR)

    counts = [reading.value for reading in led(made, course[0], course[1], hours, *course[3:])]

    assert counts == [1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 1.0]


def test_before_a_forecast_was_scored_it_is_unknown_whether_the_model_is_right():
    assert led(breaker("var_exceptions"), sight()) == [None]


def test_a_new_breaker_begins_with_the_models_own_record_and_counts_no_day_twice():
    passed = np.zeros((40, 3), dtype=bool)
    passed[[0, 35, 39], 2] = True
    day = replace(build_snapshot().models.day, closed=NOON, exceeded=passed)
    models = Models(day=day, hour=new_models(()).hour)
    again = build_score(Period.DAY)._replace(closed=NOON, exceeded=np.array([True, True, True]))

    def count(days: float) -> float:
        seen = sight(models=models, scores=(again,))
        return led(breaker("var_exceptions", days=days), seen)[0].value

    assert (count(250.0), count(10.0)) == (3.0, 2.0)


def test_after_a_pause_exceptions_count_anew():
    made = breaker("var_exceptions")
    course = [scored(day, passed=True) for day in range(4)]
    memory = remembered(made, *course[:3])[-1][0]

    assert led(made, course[3], memory=made.rearmed(memory, course[2]))[0].value == 1.0


# --- market volatility ---------------------------------------------------------------------


def test_against_a_market_that_stood_still_for_months_nothing_infinite_is_told():
    wild, still = np.tile([[0.1], [-0.05]], (5, 1)), np.zeros((2_600, 1))
    made = breaker("market_volatility", half_life_hours=87_600.0, normal_days=0.1)

    last = led(made, *hourly(np.vstack([wild, still])))[-1]

    assert last.value == 1_000.0
    assert np.isfinite([last.easing, last.numerator, last.denominator]).all()
