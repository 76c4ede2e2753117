"""Stops of one position, as laws over any course of prices, exits, entries and volatility."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.events import ReductionRequested, Severity, StopEscalated, StopLossUpdate
from risk.domain.market import Trust
from risk.domain.stops import StopPlan, StopReason, StopState, TakeProfit, TargetUnit, Volatility
from tests.position.courses import (
    CALM,
    KEY,
    NOON,
    Tick,
    courses,
    fill_of,
    led,
    mirrored,
    plans,
)

FIXED = StopPlan(fixed=0.2, least_move=0.0)
TRAIL = StopPlan(percent_trail=0.1, least_move=0.0)
ATR = StopPlan(atr_trail=4.0, least_move=0.0)
LADDER = StopPlan(
    fixed=0.2,
    take_profit=(TakeProfit(distance=0.1, share=0.5), TakeProfit(distance=0.2, share=0.25)),
)


def prices_of(told) -> list[float | None]:
    return [one.price for one in told]


# --- the ratchet ---------------------------------------------------------------------------


@given(plans(), courses())
def test_a_stop_only_moves_in_favour_of_its_position(plan, ticks):
    """Through partial exits, added entries, other averages, and volatility that comes and goes."""
    side = 1 if ticks[0].quantity > 0 else -1
    stood = None
    for told in led(plan, ticks):
        if stood is not None:
            assert told.price is not None
            assert side * (told.price - stood) >= 0.0
        stood = told.price


@given(courses(), st.floats(0.1, 5.0))
def test_however_volatility_changes_a_stop_does_not_give_way(ticks, times):
    """It tightens as volatility falls, and stays as it rises."""
    wild = [
        t._replace(price=100.0, entry=100.0, trust=Trust.TRUSTED, volatility=CALM) for t in ticks
    ]
    changed = [
        *wild[:1],
        *(t._replace(volatility=Volatility(0.04 * times, None)) for t in wild[1:]),
    ]
    first, *_, last = prices_of(led(ATR, [*changed, changed[-1]]))
    assert first is not None
    assert last is not None
    side = 1 if ticks[0].quantity > 0 else -1

    if len(ticks) == 1 or times >= 1.0:
        assert last == first
    else:
        assert side * (last - first) > 0.0


def test_a_trail_stands_below_the_best_price_and_stays_there():
    told = led(TRAIL, [Tick(100.0), Tick(150.0), Tick(140.0), Tick(200.0)])

    assert prices_of(told) == pytest.approx([90.0, 135.0, 135.0, 180.0])
    assert told[0].state.active_from == 100.0
    assert told[-1].state.best == 200.0


def test_the_tightest_of_several_rules_stands():
    plan = StopPlan(fixed=0.05, percent_trail=0.1, atr_trail=4.0, least_move=0.0)
    told = led(plan, [Tick(100.0), Tick(150.0), Tick(150.0, volatility=Volatility(0.01, None))])

    assert [one.state.reason for one in told] == [
        StopReason.FIXED,
        StopReason.PERCENT_TRAIL,
        StopReason.ATR_TRAIL,
    ]
    assert prices_of(told)[:2] == pytest.approx([95.0, 135.0])


def test_range_and_deviation_are_two_kinds_and_never_taken_for_each_other():
    (ranges,) = led(ATR, [Tick(100.0, volatility=Volatility(0.04, 0.9))])
    (deviations,) = led(StopPlan(sigma_trail=4.0), [Tick(100.0, volatility=Volatility(0.9, 0.04))])

    assert ranges.price == pytest.approx(100.0 * 2.718281828 ** (-0.16))
    assert deviations.price == pytest.approx(ranges.price)
    assert ranges.state.reason is StopReason.ATR_TRAIL
    assert deviations.state.reason is StopReason.SIGMA_TRAIL


def test_a_trail_whose_volatility_is_unknown_waits_for_it():
    unknown, known = led(ATR, [Tick(100.0, volatility=Volatility(None, 0.1)), Tick(100.0)])

    assert (unknown.price, unknown.state.reason) == (None, None)
    assert known.price is not None


def test_an_added_entry_forgets_no_best_price_and_loosens_nothing():
    told = led(TRAIL, [Tick(150.0), Tick(140.0, quantity=3.0, entry=130.0)])

    assert prices_of(told) == pytest.approx([135.0, 135.0])
    assert told[-1].state.best == 150.0


def test_distances_from_the_entry_follow_its_average_only_where_that_tightens():
    told = led(
        FIXED,
        [Tick(100.0), Tick(98.0, quantity=2.0, entry=99.0), Tick(120.0, quantity=3.0, entry=106.0)],
    )

    assert prices_of(told) == pytest.approx([80.0, 80.0, 84.8])


def test_a_stop_that_would_hardly_move_is_left_where_it_is_and_not_told():
    told = led(StopPlan(percent_trail=0.1, least_move=0.01), [Tick(100.0), Tick(100.9)])

    assert prices_of(told) == pytest.approx([90.0, 90.0])
    assert told[1].step.events == ()


# --- long and short ------------------------------------------------------------------------


@given(plans(), courses(longs=True), st.floats(1e2, 1e6))
def test_a_short_is_the_exact_mirror_of_a_long(plan, ticks, constant):
    """Prices p become c/p and quantities turn: stops, triggers, rungs and alarms do likewise."""
    longs = led(plan, ticks)
    shorts = led(plan, [mirrored(tick, constant) for tick in ticks])
    for long, short in zip(longs, shorts, strict=True):
        ours, theirs = long.state, short.state
        if ours.price is None:
            assert theirs.price is None
        else:
            assert theirs.price == pytest.approx(constant / ours.price, rel=1e-9)
        assert theirs.best == pytest.approx(constant / ours.best, rel=1e-9)
        assert (theirs.quantity, theirs.rungs) == (-ours.quantity, ours.rungs)
        assert (theirs.reason, theirs.since) == (ours.reason, ours.since)
        assert [type(e) for e in short.step.events] == [type(e) for e in long.step.events]
        assert [(t.reason, -t.target_quantity) for t in short.step.triggered] == [
            (t.reason, t.target_quantity) for t in long.step.triggered
        ]


# --- quantity ------------------------------------------------------------------------------


@given(plans(), courses())
def test_a_stop_closes_what_is_held_and_never_more(plan, ticks):
    for told in led(plan, ticks):
        held = told.tick.quantity
        assert told.state.quantity == held
        for update in told.events(StopLossUpdate):
            assert update.quantity == held
        for asked in told.events(ReductionRequested):
            assert 0.0 <= asked.target_quantity * held <= held * held


def test_a_stop_is_resized_to_what_a_partial_exit_leaves():
    _, told = led(FIXED, [Tick(100.0, quantity=2.0), Tick(100.0, quantity=0.5)])
    (update,) = told.events(StopLossUpdate)

    assert (update.quantity, update.stop_price, update.previous_price) == (0.5, 80.0, 80.0)
    assert update.reason == "resized to what is held"


@given(plans(), courses())
def test_every_change_of_a_stop_is_told_and_nothing_else_is(plan, ticks):
    before = (None, None)
    for told in led(plan, ticks):
        now = (told.price, told.tick.quantity if told.price is not None else None)
        updates = told.events(StopLossUpdate)
        assert len(updates) == (now != before)
        for update in updates:
            assert (update.stop_price, update.previous_price) == (told.price, before[0])
        before = now


@given(plans(), courses(), st.sampled_from([0.125, 2.0, 64.0]))
def test_the_size_of_a_position_moves_no_stop(plan, ticks, times):
    larger = led(plan, [tick._replace(quantity=times * tick.quantity) for tick in ticks])
    for one, other in zip(led(plan, ticks), larger, strict=True):
        assert other.price == one.price
        assert [t.target_quantity for t in other.step.triggered] == [
            times * t.target_quantity for t in one.step.triggered
        ]


# --- activation and break-even -------------------------------------------------------------


def test_a_trail_starts_once_the_position_is_that_far_in_profit():
    plan = StopPlan(percent_trail=0.1, activation=0.25, least_move=0.0)
    told = led(plan, [Tick(100.0), Tick(124.0), Tick(60.0), Tick(125.0), Tick(120.0)])

    assert prices_of(told)[:3] == [None, None, None]
    assert prices_of(told)[3:] == pytest.approx([112.5, 112.5])
    assert told[-1].state.active_from == 125.0


@given(courses(), st.sampled_from([0.05, 0.2, 0.5]))
def test_before_its_activation_nothing_trails(ticks, activation):
    plan = StopPlan(percent_trail=0.01, activation=activation)
    for told in led(plan, ticks):
        start = told.state.active_from
        assert (told.price is None) == (start is None)
        if start is None and told.tick.trust is Trust.TRUSTED:
            price, entry = told.tick.price, told.tick.entry
            gain = price / entry if told.tick.quantity > 0 else entry / price
            assert gain < (1.0 + activation) * (1.0 + 1e-9)


def test_what_the_price_was_before_a_trail_started_is_not_trailed():
    """Averaging down can start a trail below an older high: that high is no profit of its."""
    plan = StopPlan(percent_trail=0.05, activation=0.1, least_move=0.0)
    told = led(plan, [Tick(108.0), Tick(100.0, quantity=2.0, entry=90.0)])

    assert told[-1].price == pytest.approx(95.0)
    assert told[-1].triggered is None


def test_break_even_stands_at_the_entry_plus_costs():
    plan = StopPlan(break_even_after=0.05, costs=0.002, least_move=0.0)
    told = led(plan, [Tick(104.0), Tick(105.1), Tick(101.0), Tick(100.1)])

    assert prices_of(told) == [None, *[pytest.approx(100.2)] * 3]
    assert [one.triggered is not None for one in told] == [False, False, False, True]


# --- the gap rule --------------------------------------------------------------------------


def test_a_price_that_jumps_over_a_stop_triggers_it_at_the_price_behind():
    _, told = led(FIXED, [Tick(100.0), Tick(55.0)])
    (asked,) = told.events(ReductionRequested)

    assert told.triggered == (KEY, 0.0, StopReason.FIXED, 55.0)
    assert asked.target_quantity == 0.0
    assert asked.reason == "fixed stop of 80 reached at a mark of 55"
    assert (asked.venue, asked.deadline) == ("sim-a", told.at + timedelta(seconds=60))


@given(plans(ladder=False, clock=False), courses())
def test_the_first_trusted_mark_at_or_beyond_a_stop_triggers_it_and_no_other_does(plan, ticks):
    side = 1 if ticks[0].quantity > 0 else -1
    is_triggered = False
    for told in led(plan, ticks):
        trusted, level = told.tick.trust is Trust.TRUSTED, told.price
        reached = trusted and level is not None and side * (told.tick.price - level) <= 0.0
        assert (told.triggered is not None) == (reached and not is_triggered)
        if told.triggered is not None:
            assert told.triggered.price == told.tick.price
        is_triggered = is_triggered or reached
        assert told.state.is_closing == is_triggered


@pytest.mark.parametrize("trust", [Trust.STALE, Trust.SUSPECT, Trust.MISSING])
@given(plan=plans(clock=False), ticks=courses(), price=st.floats(1.0, 1e4))
def test_a_mark_that_is_not_trusted_neither_moves_nor_triggers(trust, plan, ticks, price):
    *_, before = led(plan, ticks)
    (after,) = led(
        plan,
        [before.tick._replace(price=price, trust=trust, volatility=Volatility(0.001, 0.001))],
        after=before.step,
        begins=before.at,
    )
    kept = ("price", "reason", "moved_at", "best", "active_from", "rungs")

    assert [getattr(after.state, name) for name in kept] == [
        getattr(before.state, name) for name in kept
    ]
    assert after.step.triggered == ()


def test_what_was_triggered_stays_so_when_the_price_comes_back():
    told = led(FIXED, [Tick(100.0), Tick(79.0), Tick(150.0), Tick(150.0)])

    assert [one.state.is_closing for one in told] == [False, True, True, True]
    assert [len(one.events(ReductionRequested)) for one in told] == [0, 1, 0, 0]


# --- the life of a position ----------------------------------------------------------------


def test_a_position_that_was_closed_takes_its_stop_along():
    _, told = led(TRAIL, [Tick(150.0), Tick(150.0, quantity=0.0)])
    (update,) = told.events(StopLossUpdate)

    assert told.step.states == {}
    assert (update.stop_price, update.previous_price, update.quantity) == (None, 135.0, 0.0)
    assert update.reason == "taken away: the position was closed"


@pytest.mark.parametrize(
    ("quantity", "fills"),
    [(-1.0, [-2.0]), (1.0, [-1.0, 1.0]), (1.0, [-3.0, 3.0]), (0.3, [-0.6, -0.4, 0.3])],
)
def test_a_position_that_turned_or_was_flat_in_between_starts_anew(quantity, fills):
    """Also where no step saw it flat: its fills tell."""
    first = Tick(150.0)
    second = Tick(110.0, quantity=quantity, entry=110.0)
    _, after = led(TRAIL, [first, second], fills={1: [fill_of(q) for q in fills]})
    gone, new = after.events(StopLossUpdate)

    assert after.state.since == after.at
    assert after.state.best == 110.0
    assert after.state.entry_quantity == abs(quantity)
    assert (gone.stop_price, new.previous_price) == (None, None)


def test_a_partial_exit_and_an_entry_in_one_step_are_still_the_same_position():
    before, after = led(
        TRAIL,
        [Tick(150.0), Tick(140.0, quantity=1.5)],
        fills={1: [fill_of(-0.5), fill_of(1.0)]},
    )

    assert after.state.since == before.at
    assert after.state.best == 150.0


def test_a_strategy_whose_plan_does_not_apply_has_no_stop():
    assert (
        led(replace(FIXED, applies=False), [Tick(50.0)])[0].step == led(None, [Tick(50.0)])[0].step
    )
    assert led(None, [Tick(50.0)])[0].step.states == {}


def test_a_plan_that_is_withdrawn_takes_stop_and_cool_down_along():
    *_, before = led(FIXED, [Tick(100.0), Tick(70.0)])
    (after,) = led(None, [Tick(70.0)], after=before.step, begins=before.at)
    (update,) = after.events(StopLossUpdate)

    assert before.step.cool_downs.keys() == {KEY}
    assert (after.step.states, after.step.cool_downs) == ({}, {})
    assert update.reason == "taken away: no plan applies any more"


@given(plans(), courses(), st.data())
def test_stopping_in_the_middle_and_going_on_changes_nothing(plan, ticks, data):
    """A restart keeps the state; no high is based anew, no rung sold twice."""
    cut = data.draw(st.integers(1, len(ticks)))
    whole = led(plan, ticks)
    rest = led(plan, ticks[cut:], after=whole[cut - 1].step, begins=whole[cut - 1].at)

    assert [one.step.states for one in rest] == [one.step.states for one in whole[cut:]]


# --- time ----------------------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 3_000.0), min_size=1, max_size=40))
def test_a_time_stop_goes_by_the_clock_and_not_by_ticks(pauses):
    plan = StopPlan(time_stop_hours=2.0)
    told = led(plan, [Tick(100.0, seconds=pause) for pause in pauses])
    first = told[0].at
    for one in told:
        assert one.state.is_closing == (one.at - first >= timedelta(hours=2))
    assert sum(len(one.step.triggered) for one in told) <= 1


def test_a_clock_needs_no_price():
    plan = StopPlan(time_stop_hours=1.0)
    *_, told = led(plan, [Tick(100.0), Tick(100.0, trust=Trust.MISSING, seconds=3_600.0)])

    assert told.triggered == (KEY, 0.0, StopReason.TIME, None)
    assert told.events(ReductionRequested)[0].reason == "time stop"


# --- the ladder ----------------------------------------------------------------------------


def test_each_rung_sells_its_share_of_the_entry_once():
    told = led(
        LADDER,
        [
            Tick(111.0, quantity=2.0),
            Tick(112.0, quantity=1.0),
            Tick(105.0, quantity=1.0),
            Tick(113.0, quantity=1.0),
            Tick(121.0, quantity=1.0),
            Tick(150.0, quantity=0.5),
        ],
    )
    asked = {n: one.triggered for n, one in enumerate(told) if one.triggered}

    assert asked == {
        0: (KEY, 1.0, StopReason.TAKE_PROFIT, 111.0),
        4: (KEY, 0.5, StopReason.TAKE_PROFIT, 121.0),
    }


def test_a_jump_over_two_rungs_sells_both():
    (told,) = led(LADDER, [Tick(130.0, quantity=2.0)])

    assert told.triggered == (KEY, 0.5, StopReason.TAKE_PROFIT, 130.0)
    assert told.state.rungs == 2


def test_a_rung_that_waits_to_be_filled_is_not_sold_by_the_next_one_as_well():
    _, told = led(LADDER, [Tick(111.0, quantity=2.0), Tick(121.0, quantity=2.0)])

    assert told.triggered is not None
    assert told.triggered.target_quantity == 0.5


def test_what_is_entered_while_a_rung_waits_may_stay():
    _, told = led(LADDER, [Tick(111.0, quantity=2.0), Tick(112.0, quantity=3.0)])
    (asked,) = told.events(ReductionRequested)

    assert asked.target_quantity == 2.0
    assert asked.id == told.state.reduction.id
    assert told.step.triggered == ()


def test_a_rung_sells_no_more_than_is_left():
    (told,) = led(LADDER, [Tick(100.0, quantity=2.0), Tick(111.0, quantity=0.5)])[1:]

    assert told.triggered == (KEY, 0.0, StopReason.TAKE_PROFIT, 111.0)


@given(plans(clock=False), courses())
def test_no_rung_is_sold_twice(plan, ticks):
    told = led(plan, ticks)
    climbed = [one.state.rungs for one in told]
    sold = [t for one in told for t in one.step.triggered if t.reason is StopReason.TAKE_PROFIT]

    assert climbed == sorted(climbed)
    assert climbed[-1] <= len(plan.take_profit)
    assert len(sold) <= len(plan.take_profit)


def test_targets_in_ranges_move_with_volatility():
    plan = StopPlan(take_profit=(TakeProfit(distance=2.0, share=0.5),), target_unit=TargetUnit.ATR)
    wild, unknown, calm = (
        led(plan, [Tick(109.0, volatility=Volatility(atr, None))])[0] for atr in (0.1, None, 0.04)
    )

    assert (wild.triggered, unknown.triggered) == (None, None)
    assert calm.triggered == (KEY, 0.5, StopReason.TAKE_PROFIT, 109.0)


# --- late ----------------------------------------------------------------------------------

SLOW = StopPlan(fixed=0.2, fill_within_seconds=60.0, escalate_every_seconds=900.0)


def test_a_stop_that_is_not_filled_in_time_is_told_once_and_then_now_and_again():
    waits = [0.0, 59.0, 1.0, 1.0, 898.0, 1.0, 1.0]
    _, *told = led(SLOW, [Tick(100.0), *(Tick(70.0, seconds=wait) for wait in waits)])
    alarms = [one.events(StopEscalated) for one in told]

    assert [len(each) for each in alarms] == [0, 0, 1, 0, 0, 1, 0]
    (first,) = alarms[2]
    assert (first.times, first.quantity, first.target_quantity) == (1, 1.0, 0.0)
    assert first.severity is Severity.CRITICAL
    assert first.request == told[0].events(ReductionRequested)[0].id
    assert alarms[5][0].times == 2


def test_a_stop_that_is_filled_in_part_is_late_all_the_same():
    *_, told = led(SLOW, [Tick(100.0), Tick(70.0), Tick(70.0, quantity=0.1, seconds=60.0)])

    assert [event.quantity for event in told.events(StopEscalated)] == [0.1]


def test_what_is_filled_in_time_raises_no_alarm():
    told = led(SLOW, [Tick(100.0), Tick(70.0), *[Tick(70.0, quantity=0.0, seconds=60.0)] * 3])

    assert not any(one.events(StopEscalated) for one in told)


@given(plans(), courses())
def test_alarms_come_after_the_deadline_and_no_more_often_than_the_plan_says(plan, ticks):
    last = {}
    for told in led(plan, ticks):
        for alarm in told.events(StopEscalated):
            assert told.at >= alarm.deadline
            if alarm.request in last:
                assert told.at - last[alarm.request] >= plan.escalate_every
            last[alarm.request] = told.at


@given(plans(), courses())
def test_changes_are_told_before_requests_and_those_before_alarms(plan, ticks):
    order = [StopLossUpdate, ReductionRequested, StopEscalated]
    for told in led(plan, ticks):
        places = [order.index(type(event)) for event in told.step.events]
        assert places == sorted(places)


def test_a_request_that_another_one_replaced_raises_no_alarm_of_its_own():
    told = led(
        LADDER,
        [
            Tick(111.0, quantity=2.0),
            Tick(111.0, quantity=2.0, seconds=30.0),
            Tick(70.0, quantity=2.0, seconds=20.0),
            Tick(70.0, quantity=2.0, seconds=30.0),
            Tick(70.0, quantity=2.0, seconds=30.0),
        ],
    )
    alarms = [event.reason for one in told for event in one.events(StopEscalated)]

    assert alarms == ["fixed stop of 80 reached at a mark of 70"]


# --- cooling down --------------------------------------------------------------------------


def test_what_is_bought_back_too_soon_after_a_stop_is_asked_back():
    told = led(
        FIXED,
        [
            Tick(100.0),
            Tick(70.0),
            Tick(70.0, quantity=0.0),
            Tick(70.0, quantity=-1.0, entry=70.0, seconds=3_600.0),
            Tick(70.0, quantity=0.0),
            Tick(70.0, entry=70.0, seconds=82_797.0),
            Tick(70.0, quantity=0.0),
            Tick(70.0, entry=70.0),
        ],
    )
    triggers = [one.triggered and one.triggered.reason for one in told]

    assert triggers == [
        None,
        StopReason.FIXED,
        None,
        StopReason.COOL_DOWN,
        None,
        StopReason.COOL_DOWN,
        None,
        None,
    ]
    assert told[1].step.cool_downs == {KEY: told[1].at + timedelta(hours=24)}
    assert told[-1].step.cool_downs == {}


def test_a_taken_profit_is_no_reason_to_stay_out():
    (told,) = led(LADDER, [Tick(130.0, quantity=2.0)])

    assert told.step.cool_downs == {}


def test_a_time_stop_is_one():
    *_, told = led(StopPlan(time_stop_hours=1.0), [Tick(100.0), Tick(100.0, seconds=3_600.0)])

    assert told.step.cool_downs.keys() == {KEY}


# --- what a state says ---------------------------------------------------------------------


def test_a_state_knows_its_side():
    state = StopState(since=NOON, quantity=-1.0, entry_quantity=1.0, best=100.0)

    assert (state.side, replace(state, quantity=2.0).side) == (-1, 1)
    assert not state.is_closing
