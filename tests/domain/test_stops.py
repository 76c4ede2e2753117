"""Plans of stops that contradict themselves are refused; all others are plain values."""

import math
from dataclasses import fields

import msgspec
import pytest

from risk.domain.stops import (
    LONGEST_HOURS,
    VOLATILITY_STOP,
    StopPlan,
    StopReason,
    TakeProfit,
    TargetUnit,
)

NOT_NUMBERS = [math.nan, math.inf, -math.inf]


def test_the_default_is_four_average_ranges_and_a_day_of_cooling_down():
    assert VOLATILITY_STOP.atr_trail == 4.0
    assert VOLATILITY_STOP.cool_down.total_seconds() == 24 * 3600


@pytest.mark.parametrize("name", ["fixed", "percent_trail"])
@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -0.1, 1.0, 5.0])
def test_a_distance_that_is_no_fraction_is_refused_by_name(name, bad):
    with pytest.raises(ValueError, match=name):
        StopPlan(**{name: bad})


@pytest.mark.parametrize(
    "name",
    [
        "atr_trail",
        "sigma_trail",
        "break_even_after",
        "time_stop_hours",
        "fill_within_seconds",
        "escalate_every_seconds",
    ],
)
@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -1.0])
def test_what_must_be_positive_is_refused_by_name(name, bad):
    with pytest.raises(ValueError, match=name):
        StopPlan(**{"fixed": 0.1, name: bad})


@pytest.mark.parametrize("name", ["activation", "costs", "least_move", "cool_down_hours"])
@pytest.mark.parametrize("bad", [*NOT_NUMBERS, -1.0])
def test_what_must_not_be_negative_is_refused_by_name(name, bad):
    with pytest.raises(ValueError, match=name):
        StopPlan(percent_trail=0.1, **{name: bad})


@pytest.mark.parametrize("name", ["time_stop_hours", "cool_down_hours"])
def test_no_time_is_longer_than_ten_years(name):
    assert getattr(StopPlan(fixed=0.1, **{name: LONGEST_HOURS}), name) == LONGEST_HOURS
    with pytest.raises(ValueError, match=f"{name} must be 87600 at most"):
        StopPlan(fixed=0.1, **{name: LONGEST_HOURS + 1.0})


@pytest.mark.parametrize("name", ["fill_within_seconds", "escalate_every_seconds"])
def test_no_waiting_is_longer_either(name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        StopPlan(fixed=0.1, **{name: 1e9})


def test_a_plan_that_wants_nothing_must_say_that_it_does_not_apply():
    assert not StopPlan(applies=False).applies
    with pytest.raises(ValueError, match="needs a stop, a take-profit or a time stop"):
        StopPlan()


def test_an_activation_without_a_trail_is_refused():
    with pytest.raises(ValueError, match="the plan has none"):
        StopPlan(fixed=0.1, activation=0.05)


def test_break_even_must_be_reached_beyond_its_costs():
    with pytest.raises(ValueError, match=r"must exceed costs of 0\.002"):
        StopPlan(break_even_after=0.002)


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -1.0])
def test_a_rung_without_a_distance_or_a_share_is_refused(bad):
    with pytest.raises(ValueError, match="distance"):
        TakeProfit(distance=bad, share=0.5)
    with pytest.raises(ValueError, match="share"):
        TakeProfit(distance=0.1, share=bad)


def test_a_ladder_is_climbed_in_order_and_sells_no_more_than_there_is():
    near, far = TakeProfit(distance=0.1, share=0.5), TakeProfit(distance=0.2, share=0.5)

    assert StopPlan(take_profit=(near, far)).take_profit == (near, far)
    with pytest.raises(ValueError, match="nearest first"):
        StopPlan(take_profit=(far, near))
    with pytest.raises(ValueError, match="more than there is"):
        StopPlan(take_profit=(near, far, TakeProfit(distance=0.3, share=0.1)))


def test_ten_tenths_are_the_whole():
    rungs = tuple(TakeProfit(distance=0.1 * n, share=0.1) for n in range(1, 11))

    assert len(StopPlan(take_profit=rungs).take_profit) == 10


def test_a_plan_is_read_from_the_plain_values_of_a_file():
    written = {
        "atr_trail": 4,
        "activation": 0.05,
        "take_profit": [{"distance": 2, "share": 0.5}],
        "target_unit": "atr",
    }

    assert msgspec.convert(written, StopPlan) == StopPlan(
        atr_trail=4.0,
        activation=0.05,
        take_profit=(TakeProfit(distance=2.0, share=0.5),),
        target_unit=TargetUnit.ATR,
    )


def test_a_plan_holds_nothing_that_a_form_could_not():
    plain = (bool, float, str, tuple, type(None))
    plan = StopPlan(fixed=0.1)

    assert all(isinstance(getattr(plan, spec.name), plain) for spec in fields(plan))


def test_every_reason_has_words():
    assert all(reason.words for reason in StopReason)
