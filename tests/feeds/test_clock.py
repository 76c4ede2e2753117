"""A market's clock: as fast as asked, never thrown about by the wall's."""

from datetime import UTC, datetime, timedelta

import pytest

from risk.feeds.clock import SimulatedClock
from tests.fakes import FakeClock

MARKET = datetime(2020, 5, 1, tzinfo=UTC)
WALL = datetime(2024, 1, 1, tzinfo=UTC)


def market_clock(wall: FakeClock, *, speed: float = 60.0) -> SimulatedClock:
    return SimulatedClock(
        wall=wall.wall,
        monotonic=wall.monotonic,
        market_anchor=MARKET,
        wall_anchor=WALL,
        speed=speed,
    )


def test_a_second_of_the_wall_is_as_many_of_the_market_as_asked():
    wall = FakeClock(WALL)
    clock = market_clock(wall)
    wall.advance(2.0)

    assert clock.now() == MARKET + timedelta(minutes=2)
    assert (clock.wall(), clock.monotonic()) == (WALL + timedelta(seconds=2), 2.0)


def test_what_passed_while_nobody_watched_has_passed_for_the_market_too():
    wall = FakeClock(WALL + timedelta(hours=1))

    assert market_clock(wall).now() == MARKET + timedelta(hours=60)


def test_stepping_the_wall_clock_does_not_move_the_market():
    wall = FakeClock(WALL)
    clock = market_clock(wall)
    wall.step_wall(timedelta(hours=-1))

    assert clock.now() == MARKET


def test_a_wall_set_back_while_we_were_down_does_not_take_the_market_back():
    wall = FakeClock(WALL - timedelta(days=1))

    assert market_clock(wall).now() == MARKET


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_a_speed_that_is_none(speed: float):
    with pytest.raises(ValueError, match="finite and positive"):
        market_clock(FakeClock(WALL), speed=speed)


def test_refuses_an_anchor_without_a_zone():
    wall = FakeClock(WALL)
    with pytest.raises(ValueError, match="timezone"):
        SimulatedClock(
            wall=wall.wall,
            monotonic=wall.monotonic,
            market_anchor=MARKET.replace(tzinfo=None),
            wall_anchor=WALL,
            speed=1.0,
        )
