"""The book's course: flows are neither profit nor loss, and nothing re-bases by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.market import Trust
from risk.domain.positions import PositionKey
from risk.domain.state import Baseline, Performance
from risk.portfolio.performance import HIGH_DAYS, next_courses, next_performance
from tests.books import BTC, ETH, MIDNIGHT, book_of, held, marks_of, snapshot_of

MINUTE = timedelta(minutes=1)
EQUITY = st.floats(1.0, 1e9)
FLOW = st.floats(-1e9, 1e9)
#: Growth of a book in one interval, then money put in or taken out at its end.
COURSE = st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(-0.9, 5.0)), min_size=1, max_size=20)


def first(equity: float = 1_000.0, flows: float = 1_000.0) -> Performance:
    begun = next_performance(None, equity=equity, net_flows=flows, at=MIDNIGHT)
    assert begun is not None
    return begun


def after(
    before: Performance, equity: float | None, flows: float = 1_000.0, minutes: float = 1.0
) -> Performance:
    found = next_performance(
        before, equity=equity, net_flows=flows, at=before.at + minutes * MINUTE
    )
    assert found is not None
    return found


def test_the_first_known_equity_is_worth_one() -> None:
    begun = first(1_200.0)

    assert begun.unit_value == 1.0
    assert begun.inception == begun.day_start == begun.peak
    assert begun.inception == Baseline(MIDNIGHT, 1.0, 1_200.0, 1_000.0)
    assert (begun.drawdown, begun.profit_total, begun.return_today) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("equity", [None, 0.0, -5.0])
def test_the_course_begins_with_a_known_and_positive_equity(equity: float | None) -> None:
    assert next_performance(None, equity=equity, net_flows=0.0, at=MIDNIGHT) is None


@given(EQUITY, FLOW)
def test_a_deposit_is_no_profit_and_a_withdrawal_no_drawdown(equity: float, flow: float) -> None:
    begun = first(equity)
    moved = after(begun, equity + flow, 1_000.0 + flow)

    assert moved.unit_value == pytest.approx(1.0, rel=1e-6, abs=1e-6 * abs(flow) / equity)
    assert moved.profit_total == pytest.approx(0.0, abs=1e-6 * (equity + abs(flow)))


@given(COURSE)
def test_the_unit_value_compounds_growth_whatever_flows(course: list[tuple[float, float]]) -> None:
    """Oracle: the product of the intervals' growth."""
    book, equity, flows, expected, peak = first(), 1_000.0, 1_000.0, 1.0, 1.0
    for growth, share in course:
        flow = share * equity * growth
        equity, flows, expected = equity * growth + flow, flows + flow, expected * growth
        peak = max(peak, expected)
        book = after(book, equity, flows)

    assert book.unit_value == pytest.approx(expected, rel=1e-6)
    assert book.peak.unit_value == pytest.approx(peak, rel=1e-6)
    assert book.drawdown == pytest.approx(1.0 - expected / peak, abs=1e-6)
    assert book.profit_total == pytest.approx(equity - flows, rel=1e-6, abs=1e-6)


@given(COURSE, st.sampled_from((0.5, 2.0, 1_024.0)))
def test_scaling_all_money_changes_no_ratio(
    course: list[tuple[float, float]], scale: float
) -> None:
    here, there = first(), first(1_000.0 * scale, 1_000.0 * scale)
    equity, flows = 1_000.0, 1_000.0
    for growth, share in course:
        flow = share * equity * growth
        equity, flows = equity * growth + flow, flows + flow
        here, there = after(here, equity, flows), after(there, equity * scale, flows * scale)

    assert there.unit_value == here.unit_value
    assert there.drawdown == here.drawdown
    assert there.return_today == here.return_today
    assert there.profit_total == scale * here.profit_total


def test_an_unknown_equity_moves_nothing() -> None:
    before = after(first(), 900.0)

    assert after(before, None, 5_000.0) is before


def test_a_flow_while_equity_was_unknown_is_taken_out_once_it_is_known_again() -> None:
    blind = after(first(), None, 1_500.0)

    assert after(blind, 1_500.0, 1_500.0).unit_value == 1.0


def test_the_peak_stays_until_it_is_exceeded() -> None:
    up = after(first(), 1_100.0)
    level = after(after(up, 1_050.0), 1_100.0)

    assert level.peak == up.peak
    assert after(level, 1_101.0).peak.unit_value == pytest.approx(1.101)


def test_a_days_start_is_the_last_reading_of_the_day_before() -> None:
    evening = after(first(), 1_100.0, minutes=23 * 60)
    morning = after(evening, 1_210.0, minutes=120)
    noon = after(morning, 1_320.0, minutes=600)

    assert evening.day_start.equity == 1_000.0
    assert morning.day_start == Baseline(evening.at, 1.1, 1_100.0, 1_000.0)
    assert noon.day_start == morning.day_start
    assert morning.return_today == pytest.approx(0.10)
    assert noon.profit_today == pytest.approx(220.0)


def test_the_first_reading_of_midnight_itself_belongs_to_the_new_day() -> None:
    late = after(first(), 1_100.0, minutes=24 * 60 - 1)

    assert after(late, 1_200.0).day_start.equity == 1_100.0


def test_a_wiped_out_book_has_lost_everything_and_new_money_does_not_cure_it() -> None:
    ruined = after(first(), -200.0)
    refilled = after(ruined, 800.0, 2_000.0)

    assert (ruined.unit_value, ruined.drawdown) == (0.0, 1.0)
    assert (refilled.unit_value, refilled.drawdown) == (0.0, 1.0)
    assert refilled.profit_total == -1_200.0


def test_a_wiped_out_book_whose_marks_recover_has_lost_only_what_is_missing() -> None:
    ruined = after(first(), -200.0)
    recovered = after(ruined, 900.0)

    assert recovered.unit_value == pytest.approx(0.9)
    assert recovered.drawdown == pytest.approx(0.1)


def test_a_book_ruined_overnight_shows_no_return_from_nothing() -> None:
    ruined = after(first(), 0.0)
    next_day = after(ruined, 500.0, 1_500.0, minutes=25 * 60)

    assert next_day.return_today == 0.0


def test_a_book_withdrawn_in_full_keeps_its_worth_for_the_next_money() -> None:
    grown = after(first(), 1_500.0)
    emptied = after(grown, 0.0, -500.0)
    refilled = after(emptied, 2_000.0, 1_500.0)

    assert emptied.unit_value == refilled.unit_value == 1.5
    assert refilled.drawdown == 0.0


@given(st.floats(1e-12, 1e-8), st.floats(1e3, 1e9))
def test_rounding_dust_left_by_a_full_withdrawal_is_no_return(dust: float, flow: float) -> None:
    emptied = after(first(), dust, dust)
    refilled = after(emptied, flow, flow)

    assert refilled.unit_value == pytest.approx(1.0, rel=1e-6)


# --- the high of the last days -------------------------------------------------------------

DAY = 24 * 60.0


def test_the_recent_fall_is_measured_from_the_high_of_ninety_days_and_no_longer() -> None:
    high = after(first(), 2_000.0, minutes=1.0)
    fallen = after(high, 1_500.0, minutes=DAY)
    within = after(fallen, 1_500.0, minutes=(HIGH_DAYS - 2) * DAY)
    beyond = after(within, 1_500.0, minutes=DAY)

    assert fallen.recent_drawdown == within.recent_drawdown == pytest.approx(0.25)
    assert beyond.recent_drawdown == 0.0
    assert beyond.drawdown == pytest.approx(0.25)


def test_of_one_day_only_the_highest_reading_is_kept() -> None:
    up = after(first(), 1_500.0)
    down = after(up, 1_200.0)

    assert [high.unit_value for high in down.highs] == [1.5]


def test_a_book_that_was_wiped_out_long_ago_has_still_lost_everything() -> None:
    """Longer ago than its high is remembered: there is nothing left to divide by."""
    ruined = after(first(), -10.0)
    for _ in range(HIGH_DAYS + 1):
        ruined = after(ruined, -10.0, minutes=DAY)

    assert ruined.highs[0].unit_value == 0.0
    assert ruined.recent_drawdown == 1.0


# --- the course of each strategy -----------------------------------------------------------


def test_a_strategys_course_is_its_own_profit_over_the_equity_of_the_book() -> None:
    """Held at the price paid, then worth 10,000 less of a million."""
    position = book_of({PositionKey("trend", BTC, "sim-a"): 1e5}, cash=9e5)
    begun = next_courses({}, snapshot_of(position, at=MIDNIGHT))
    marks = marks_of()
    fallen = {**marks, BTC: replace(marks[BTC], price=0.9 * marks[BTC].price)}
    lost = next_courses(begun, snapshot_of(position, at=MIDNIGHT + MINUTE, marks=fallen))

    assert begun.keys() == lost.keys() == {"trend"}
    assert lost["trend"].loss_today == pytest.approx(1e4 / 1e6)
    assert lost["trend"].drawdown == pytest.approx(1e4 / 1e6)
    overnight = snapshot_of(position, at=MIDNIGHT + DAY * MINUTE, marks=fallen)
    next_day = next_courses(lost, overnight)["trend"]
    assert (next_day.loss_today, next_day.day_equity) == (0.0, pytest.approx(9.9e5))
    assert next_day.drawdown == lost["trend"].drawdown


def test_an_unknown_equity_moves_no_course() -> None:
    begun = next_courses({}, snapshot_of(held(ETH, 1e5), at=MIDNIGHT))
    blind = marks_of(trusts={ETH: Trust.MISSING})
    later = snapshot_of(held(ETH, 1e5), at=MIDNIGHT + MINUTE, marks=blind)

    assert next_courses(begun, later) is begun
