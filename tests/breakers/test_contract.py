"""Laws of every kind of breaker, whatever happens to the market and the book."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from risk.breakers.base import Breaker, Sight
from risk.breakers.hours import LARGEST_RETURN, next_hours
from risk.breakers.standard import standard_breakers
from risk.breakers.types import BREAKER_TYPES, breaker_of
from risk.domain.breakers import Breakers, BreakerState, HourReturns, Memory, Phase, Reading
from risk.domain.conduct import Conduct
from risk.domain.market import DataFault, FaultKind, Mark, Period, Trust, missing_mark
from risk.domain.model import LEVELS, Score
from risk.domain.scopes import ScopeKind
from risk.domain.state import Course, RiskState
from risk.portfolio.forecasting import new_model
from risk.portfolio.performance import next_performance
from risk.storage.codec import decode_value, encode_value
from tests.breakers.meters import NOON
from tests.breakers.sights import COINS, TREND, breaker, quoted, remembered, sight, trip
from tests.builders import HOUR_MODEL, build_ledger, build_score

KINDS = sorted(BREAKER_TYPES)
SEEDS = (1, 2)
#: Steps between two readings, seconds: ticks, a cycle, and outages.
STEPS = (0.0, 0.2, 1.0, 30.0, 600.0, 3_600.0, 90_000.0)
LIKELY = (0.05, 0.05, 0.05, 0.05, 0.05, 0.5, 0.25)
ODD = (math.nan, math.inf, -1.0, 0.0, 1e-300, 1e300, 0.99, 1.0, 1.01)


def made_of(kind: str) -> list[Breaker]:
    """One of each scope that it may be set on, with short windows so that there are readings."""
    quick = {
        "sharpe": {"days": 5.0},
        "hit_rate": {"trades": 3.0},
        "market_volatility": {"fall_sigmas": 1.0},
        "data_quality": {"minutes": 0.0},
    }
    scopes = BREAKER_TYPES[kind].scopes
    found = [breaker(kind, **quick.get(kind, {}))]
    if ScopeKind.STRATEGY in scopes:
        found.append(breaker(kind, TREND, **quick.get(kind, {})))
    return found


@cache
def wild(seed: int, steps: int = 60) -> list[Sight]:
    """Whatever may happen, and much that should not."""
    rng = np.random.default_rng(seed)
    at, found, performance = NOON, list[Sight](), None
    for number in range(steps):
        at += timedelta(seconds=float(rng.choice(STEPS, p=LIKELY)))
        equity = float(rng.choice([0.0, 1e-9, 900.0, 1_000.0, 1_100.0, 1e9]))
        performance = next_performance(performance, equity=equity, net_flows=1_000.0, at=at)
        found.append(
            sight(
                at,
                cycle=str(number),
                marks={COINS[j]: _mark(rng, COINS[j], at) for j in rng.permutation(len(COINS))},
                hours=tuple(_hour(rng, at + timedelta(hours=h - 4)) for h in range(5)),
                running={c: float(rng.choice([-1.0, 0.0, 0.01, LARGEST_RETURN])) for c in COINS},
                performance=performance,
                courses={"trend": _course(rng, at)} if rng.random() < 0.9 else {},
                trades=tuple(trip(float(p)) for p in rng.choice([-1e9, -1.0, 0.0, 2.0], 3)),
                scores=tuple(_score(rng, at + timedelta(days=d)) for d in range(2)),
                faults=tuple(_fault(rng, at) for _ in range(6)),
                conduct={"trend": Conduct(int(rng.integers(200)), 7), "dip": Conduct(1, 1)},
                ledger=build_ledger(),
            )
        )
    return found


def _mark(rng: np.random.Generator, coin: str, at: datetime) -> Mark:
    if rng.random() < 0.5:
        return quoted(coin, at=at, spread=float(rng.choice([0.001, 0.01])))
    trust = list(Trust)[rng.integers(0, len(Trust))]
    if trust is Trust.MISSING:
        return missing_mark(coin, at)
    odd = [None, *ODD, 100.0, 100.1, 5e6]
    bid, ask, volume = (odd[place] for place in rng.integers(0, len(odd), 3))
    price = float(rng.choice([1e-300, 100.0, 1e300]))
    return Mark(asset=coin, price=price, at=at, trust=trust, bid=bid, ask=ask, volume=volume)


def _hour(rng: np.random.Generator, at: datetime) -> HourReturns:
    moves = rng.choice([-1.0, -0.5, -0.01, 0.0, 0.01, 0.02, LARGEST_RETURN], len(COINS))
    known = rng.random(len(COINS)) < 0.8
    return HourReturns(at, {c: float(moves[j]) for j, c in enumerate(COINS) if known[j]})


def _course(rng: np.random.Generator, at: datetime) -> Course:
    profit, start = (float(each) for each in rng.choice([-1e9, -10.0, 0.0, 10.0, 1e9], 2))
    return Course(profit, start, 1_000.0, max(0.0, profit), 1_000.0, at)


def _score(rng: np.random.Generator, closed: datetime) -> Score:
    passed = rng.random(len(LEVELS)) < 0.5
    return build_score(Period.DAY)._replace(closed=closed, exceeded=passed)


def _fault(rng: np.random.Generator, at: datetime) -> DataFault:
    kind, coin = list(FaultKind)[rng.integers(0, len(FaultKind))], str(rng.choice(COINS))
    return DataFault(kind=kind, asset=coin, at=at, detail="", count=3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_is_read_or_remembered_is_anything_but_a_finite_number(kind, seed):
    for made in made_of(kind):
        read = 0
        for memory, reading in remembered(made, *wild(seed)):
            read += reading is not None
            assert all(map(math.isfinite, _numbers(memory, reading)))
        assert read, "a course in which it never read anything holds it to nothing"


def _numbers(memory: Memory | None, reading: Reading | None) -> list[float]:
    found = [] if memory is None else [*memory.numbers.values(), *(t.value for t in memory.window)]
    if reading is not None:
        ratio = (reading.numerator, reading.denominator)
        found += [reading.value, reading.easing, *(each for each in ratio if each is not None)]
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_to_see_the_same_cycle_twice_is_to_see_it_once(kind, seed):
    for made in made_of(kind):
        memory = None
        for seen in wild(seed):
            once = made.observe(memory, seen)
            # The hours that closed are told in one cycle, and not in another of the same moment.
            again = made.observe(once[0], replace(seen, hours=()))
            assert again == once
            memory = once[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_assets_and_strategies_are_told_does_not_matter(kind, seed):
    for made in made_of(kind):
        there = remembered(made, *wild(seed))
        back = remembered(made, *_backwards(seed))
        assert back == there


@cache
def _backwards(seed: int) -> list[Sight]:
    return [_reversed(seen) for seen in wild(seed)]


def _reversed(seen: Sight) -> Sight:
    snapshot = seen.snapshot
    return replace(
        seen,
        snapshot=replace(
            snapshot,
            marks=_turned(snapshot.marks),
            conduct=_turned(snapshot.conduct),
            faults=snapshot.faults[::-1],
            ledger=replace(snapshot.ledger, positions=_turned(snapshot.ledger.positions)),
        ),
        hours=tuple(hour._replace(returns=_turned(hour.returns)) for hour in seen.hours),
        running=_turned(seen.running),
        courses=_turned(seen.courses),
    )


def _turned(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    return dict(reversed(list(mapping.items())))


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_after_any_step_changes_nothing(kind):
    for made in made_of(kind):
        memory = None
        for seen, (known, reading) in zip(wild(1), remembered(made, *wild(1)), strict=True):
            memory, again = made.observe(memory, seen)
            assert (memory, again) == (known, reading)
            memory = _stored(memory)


def _stored(memory: Memory | None) -> Memory | None:
    kept = Breakers({"it": BreakerState(Phase.ARMED, NOON, memory=memory)})
    state = RiskState(portfolio="demo", breakers=kept)
    return decode_value(encode_value(state), RiskState).breakers.states["it"].memory


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_remembered_stays_small_however_often_it_looks(kind):
    begin = NOON + timedelta(days=400)
    for made in made_of(kind):
        memory = remembered(made, *wild(1))[-1][0]
        for tick in range(1_200):
            at = begin + timedelta(seconds=0.1 * tick)
            conduct = {"trend": Conduct(1, 1)}
            memory, _ = made.observe(memory, sight(at, conduct=conduct, trades=(trip(-1.0),)))
        assert memory is None or len(encode_value(_state_with(memory))) < 8_000


def _state_with(memory: Memory) -> RiskState:
    kept = Breakers({"it": BreakerState(Phase.ARMED, NOON, memory=memory)})
    return RiskState(portfolio="demo", breakers=kept)


# --- one bad print -------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1_000.0, 1e-9, 0.01])
def test_after_calm_days_one_bad_print_of_one_asset_trips_nothing(times):
    """Whether the print came as a mark that was trusted, or was noticed and doubted."""
    calm = _calm_days()
    last = calm[-1].snapshot.at
    marks = dict(calm[-1].marks)
    wrong = replace(marks[COINS[0]], price=100.0 * times, bid=0.5 * times, ask=199.0 * times)
    moved = dict.fromkeys(COINS, 0.0) | {COINS[0]: min(times - 1.0, LARGEST_RETURN)}
    doubted = replace(marks[COINS[0]], trust=Trust.SUSPECT)
    for definition in standard_breakers("demo", ["trend"], COINS):
        made = breaker_of(definition)
        memory = remembered(made, *calm)[-1][0]
        for mark in (replace(wrong, volume=1e6 * times), doubted):
            seen = sight(
                last + timedelta(hours=1),
                marks={**marks, COINS[0]: mark},
                running=moved if mark.trust is Trust.TRUSTED else {},
            )
            _, reading = made.observe(memory, seen)
            assert reading is None or not (reading.holds and reading.value > definition.trip)


def _calm_days() -> list[Sight]:
    """Two weeks of hours, with quotes and volumes; the market kinds read something at the end."""
    rng = np.random.default_rng(5)
    found = []
    for hour in range(24 * 14):
        at = NOON + timedelta(hours=hour)
        moves = 0.004 * rng.standard_normal() + 0.004 * rng.standard_normal(len(COINS))
        returns = dict(zip(COINS, map(float, moves), strict=True))
        marks = {coin: quoted(coin, at=at) for coin in COINS}
        found.append(sight(at, marks=marks, hours=(HourReturns(at, returns),)))
    for definition in standard_breakers("demo", [], COINS)[:5]:
        assert remembered(breaker_of(definition), *found)[-1][1] is not None
    return found


def test_no_price_makes_a_return_that_has_no_square():
    dear = Mark(asset="C0", price=1e300, at=NOON)
    hours = next_hours({"C0": 1e-300}, (), {"C0": dear}, new_model(HOUR_MODEL))

    assert hours.running == {"C0": LARGEST_RETURN}


# --- size ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drawdown", "daily_loss", "loss_streak", "hit_rate", "sharpe"])
def test_doubling_all_sizes_and_the_equity_changes_no_ratio(kind):
    for made in made_of(kind):
        once, twice = remembered(made, *_days(1.0)), remembered(made, *_days(2.0))
        values = [reading.value for _, reading in once if reading is not None]
        assert len(values) > 10
        assert values == pytest.approx([r.value for _, r in twice if r is not None])


def _days(size: float) -> list[Sight]:
    """Forty days of a book and a strategy of that size."""
    rng = np.random.default_rng(3)
    performance, profit, found = None, 0.0, []
    for day in range(40):
        at = NOON + timedelta(days=day)
        before, profit = profit, profit + size * float(rng.normal(0.0, 20.0))
        equity = 1_000.0 * size + profit
        performance = next_performance(performance, equity=equity, net_flows=size, at=at)
        course = Course(profit, before, equity, max(0.0, profit), equity, at)
        trades = (trip(profit - before),)
        found.append(sight(at, performance=performance, courses={"trend": course}, trades=trades))
    return found
