"""Loss streak, hit rate and Sharpe floor: what a strategy earned, by the trade and by the day."""

import math
from datetime import timedelta

import numpy as np
import pytest

from risk.breakers.base import Sight
from risk.breakers.evaluation import next_breakers
from risk.domain.breakers import NO_BREAKERS, BreakerDefinition, Phase
from risk.domain.policy import Policy
from risk.domain.state import Course
from risk.portfolio.performance import next_performance
from tests.breakers.meters import NOON
from tests.breakers.sights import TREND, after, breaker, led, remembered, sight, trip


def closing(*profits: float, at: float = 0.0, strategy: str = "trend") -> Sight:
    """A step in which trades with these profits were closed."""
    return sight(after(at), trades=tuple(trip(each, strategy) for each in profits))


def values(readings: list) -> list:
    return [None if reading is None else reading.value for reading in readings]


# --- by the trade --------------------------------------------------------------------------


def test_a_streak_counts_losers_in_a_row_and_a_winner_ends_it():
    course = [
        closing(-1.0, -2.0, at=0),
        closing(at=1),
        closing(-1.0, at=2),
        closing(3.0, -1.0, at=3),
    ]

    assert values(led(breaker("loss_streak", TREND), *course)) == [2.0, 2.0, 3.0, 1.0]


def test_a_trade_without_profit_or_loss_neither_lengthens_a_streak_nor_ends_it():
    assert values(led(breaker("loss_streak", TREND), closing(-1.0, 0.0, -1.0))) == [2.0]


def test_what_another_strategy_lost_is_the_books_and_not_this_ones():
    course = closing(-1.0), closing(-1.0, at=1, strategy="dip")

    assert values(led(breaker("loss_streak", TREND), *course)) == [1.0, 1.0]
    assert values(led(breaker("loss_streak"), *course)) == [1.0, 2.0]


def test_a_winner_never_re_arms_what_a_streak_has_locked_and_after_the_pause_it_counts_anew():
    policy = Policy(
        breakers=(
            BreakerDefinition(
                name="streak", kind="loss_streak", scope=TREND, trip=2.0, release=0.0,
                least_hours=1.0, greatest_hours=24.0, probation_hours=3.0,
            ),
        )
    )  # fmt: skip

    def course(*steps: Sight):
        before = NO_BREAKERS
        for seen in steps:
            before = next_breakers(
                before, (policy, policy), seen.snapshot, performance=None, courses={}, latches={}
            ).breakers
            yield before.states["streak"]

    *_, tripped, won, eased, alone, again = course(
        closing(-1.0, -1.0, -1.0),
        closing(50.0, 50.0, at=60),
        closing(at=2 * 3_600),
        closing(-1.0, at=2 * 3_600 + 1),
        closing(-1.0, at=2 * 3_600 + 2),
    )

    assert (tripped.phase, won.phase) == (Phase.TRIPPED, Phase.TRIPPED)
    assert (eased.phase, eased.reading.value) == (Phase.PROBATION, 0.0)
    assert (alone.phase, alone.reading.value) == (Phase.PROBATION, 1.0)
    assert again.phase is Phase.TRIPPED


def test_a_hit_rate_is_the_share_lost_of_the_last_trades_and_unknown_before_there_are_so_many():
    made = breaker("hit_rate", TREND, trades=4.0)
    course = closing(-1.0, -1.0, 1.0), closing(-1.0, at=1), closing(1.0, 1.0, at=2)

    assert values(led(made, *course)) == [None, 0.75, 0.25]


def test_trades_of_long_ago_say_nothing_of_now_however_few_came_since():
    made = breaker("hit_rate", TREND, trades=2.0, days=1.0)

    assert values(led(made, closing(-1.0, -1.0), closing(at=86_399), closing(at=86_400))) == [
        1.0, 1.0, None,
    ]  # fmt: skip


# --- by the day ----------------------------------------------------------------------------


def test_the_sharpe_ratio_is_that_of_daily_returns_by_hand_and_ticks_do_not_fill_its_window():
    """Two readings of each half second of a minute make no return; a midnight makes one."""
    returns = np.random.default_rng(2).normal(-0.004, 0.02, 12)
    made, performance, unit, course = breaker("sharpe", days=10.0), None, 1_000.0, []
    for day, moved in enumerate(returns):
        for tick in range(120):
            at = NOON + timedelta(days=day, seconds=0.5 * tick)
            equity = unit * (1.0 + moved * (tick + 1) / 120)
            performance = next_performance(performance, equity=equity, net_flows=0.0, at=at)
            course.append(sight(at, performance=performance))
        unit *= 1.0 + moved

    read = remembered(made, *course)

    # The first day began at its first reading, and the last one has not ended.
    first = (1.0 + returns[0]) / (1.0 + returns[0] / 120) - 1.0
    ended = np.array([first, *returns[1:11]])[-10:]
    expected = -ended.mean() / ended.std(ddof=1) * math.sqrt(365.0)
    assert read[-1][1].value == pytest.approx(expected)
    assert all(len(memory.window) <= 10 for memory, _ in read)
    known_from = next(place for place, (_, reading) in enumerate(read) if reading is not None)
    assert known_from == 7 * 120, "two thirds of ten days, and then a midnight"


def earning(*profits: float, equity: float = 1_000.0) -> list[Sight]:
    """A strategy whose days end with these profits so far."""
    starts = (0.0, *profits[:-1])
    return [
        sight(
            NOON + timedelta(days=day),
            courses={
                "trend": Course(
                    profit, start, equity, max(0.0, profit), equity, NOON + timedelta(days=day)
                )
            },
        )
        for day, (start, profit) in enumerate(zip(starts, profits, strict=True))
    ]


def test_a_strategy_that_loses_steadily_lies_far_below_zero_and_one_that_earns_above():
    steps = np.cumsum([1.0, 2.0] * 10)
    made = breaker("sharpe", TREND, days=15.0)

    lost, earned = led(made, *earning(*-steps))[-1], led(made, *earning(*steps))[-1]

    assert lost.value == pytest.approx(-earned.value)
    assert lost.value > 20.0
    assert lost.numerator / lost.denominator == pytest.approx(lost.value)


def test_one_that_stands_still_has_no_sharpe_ratio():
    assert led(breaker("sharpe", TREND, days=10.0), *earning(*[5.0] * 20))[-1] is None


def test_after_a_pause_only_what_comes_then_counts():
    made, course = breaker("sharpe", TREND, days=6.0), earning(*-np.cumsum([1.0, 2.0] * 6))
    memory = remembered(made, *course[:8])[-1][0]

    rest = led(made, *course[8:], memory=made.rearmed(memory, course[7]))

    assert led(made, *course[:8])[-1] is not None
    assert rest[:3] == [None] * 3
    assert rest[3].words == "trend had a Sharpe ratio of \N{MINUS SIGN}23.4 over its last 4 days"
