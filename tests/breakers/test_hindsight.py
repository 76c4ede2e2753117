"""What is said of the past follows from the past alone, and money adds up."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.breakers.hindsight import (
    HORIZON,
    Closes,
    Hours,
    StoppedOrder,
    counterfactual_of,
    is_stopped_by,
    judged_until,
    peaks,
    trip_history,
)
from risk.domain.decisions import Outcome
from risk.domain.messages import ReasonMessage
from risk.domain.scopes import Scope
from risk.domain.state import Standing
from risk.domain.trading import TradingState
from risk.storage.codec import decode_answer
from risk.storage.tables import to_ms
from tests.builders import NOON
from tests.fakes_book import AFTERNOON
from tests.fakes_episodes import build_episode
from tests.fakes_orders import answer, body
from tests.fakes_web import FakeBookReader

HOUR = timedelta(hours=1)
values = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=120)


def hours_before(course: list[float], end: datetime = NOON) -> Hours:
    """The last of them is the hour that ended then."""
    begins = [end - (len(course) - n) * HOUR for n in range(len(course))]
    return Hours(np.array([to_ms(at) for at in begins], dtype=np.int64), np.array(course))


# --- history -------------------------------------------------------------------------------


@given(values, st.integers(0, 6).map(float))
def test_the_percentile_is_the_share_of_hours_below(course: list[float], value: float):
    history = trip_history(value, NOON, hours_before(course), lambda _: None)

    assert history.percentile == pytest.approx(np.mean(np.array(course) < value))
    assert history.hours == len(course)


@given(values, values)
def test_nothing_that_came_after_changes_it(course: list[float], later: list[float]):
    known = hours_before(course)
    more = hours_before(course + later, NOON + len(later) * HOUR)

    def then(peak):
        return float(peak.hour)

    assert trip_history(2.5, NOON, known, then) == trip_history(2.5, NOON, more, then)


@given(values)
def test_a_peak_is_above_the_day_before_and_not_below_the_day_after(course: list[float]):
    """Oracle: by looking at each hour's surroundings."""
    expected = [
        n
        for n, value in enumerate(course)
        if n
        and max(course[max(0, n - 24) : n]) < value >= max(course[n + 1 : n + 25], default=0.0)
        and len(course) - n > 24
    ]

    hours = hours_before(course)
    found = peaks(NOON, hours)

    assert found.begins_ms.tolist() == hours.begins_ms[expected].tolist()
    assert found.values.tolist() == hours.values[expected].tolist()


def test_the_nearest_peak_is_another_storm_and_not_the_run_up():
    calm, storm, other = [1.0] * 30, [1.0, 2.6, 1.5], [1.0, 4.0, 1.2]
    course = [*calm, *other, *calm, *storm, *calm, 1.5, 1.9, 2.2]

    history = trip_history(2.3, NOON, hours_before(course), lambda at: -0.04 if at < NOON else None)

    assert history.nearest_value == 2.6
    assert history.nearest_at == NOON - 35 * HOUR
    assert history.nearest_then == -0.04


@pytest.mark.parametrize("course", [[], [0.0] * 90])
def test_what_was_never_measured_or_never_moved_has_no_event_like_it(course: list[float]):
    history = trip_history(0.05, NOON, hours_before(course), lambda _: 1.0)

    assert (history.nearest_at, history.nearest_value, history.nearest_then) == (None, None, None)
    assert history.percentile == (1.0 if course else 0.0)
    assert history.hours == len(course)


# --- counterfactual ------------------------------------------------------------------------


def closes(*prices: float, breaks: tuple[int, ...] = ()) -> Closes:
    """By the hour, the first one at noon."""
    return Closes(
        np.array([to_ms(NOON + n * HOUR) for n in range(len(prices))], dtype=np.int64),
        np.array(prices),
        np.array([n in breaks for n in range(len(prices))]),
    )


def judged(*orders: StoppedOrder, known: Closes, until=NOON + 48 * HOUR):
    return counterfactual_of(orders, {"BTC": known}, until=until, fee=0.001)


def test_an_order_goes_in_at_the_next_close_and_out_a_day_after_it_was_decided():
    order = StoppedOrder(NOON + HOUR / 2, "BTC", -2.0)
    prices = [100.0 - n for n in range(48)]

    found = judged(order, known=closes(*prices))

    assert found.stopped == 2.0 * 99.0
    assert found.profit == -2.0 * (prices[24] - prices[1]), "sold at 13:00, back at 12:00"
    assert found.fees == pytest.approx(0.001 * 2.0 * (prices[1] + prices[24]))
    assert (found.orders, found.unpriced) == (1, 0)


def test_a_decision_at_a_close_goes_in_at_that_close():
    assert judged(StoppedOrder(NOON, "BTC", 1.0), known=closes(100.0, 110.0)).profit == 10.0


@pytest.mark.parametrize(
    ("order", "known"),
    [
        (StoppedOrder(NOON, "BTC", 1.0), closes()),
        (StoppedOrder(NOON, "DOGE", 1.0), closes(1.0, 2.0)),
        (StoppedOrder(NOON + HOUR, "BTC", 1.0), closes(1.0, 2.0)),
        (StoppedOrder(NOON, "BTC", 1.0), closes(100.0, 1.0, breaks=(1,))),
    ],
    ids=["no prices", "another asset", "no later price", "a ticker used again"],
)
def test_what_cannot_be_priced_is_counted_and_left_out(order: StoppedOrder, known: Closes):
    found = judged(order, known=known)

    assert (found.orders, found.unpriced) == (1, 1)
    assert (found.stopped, found.profit, found.fees) == (0.0, 0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([-2.0, 0.5, 3.0])), max_size=8))
def test_long_and_short_are_mirrors_and_orders_add_up(asked: list[tuple[int, float]]):
    known = closes(*(100.0 + 7.0 * np.sin(n) for n in range(40)))
    orders = [StoppedOrder(NOON + n * HOUR, "BTC", quantity) for n, quantity in asked]
    mirrored = [order._replace(quantity=-order.quantity) for order in orders]

    found, other = judged(*orders, known=known), judged(*mirrored, known=known)

    assert other.profit == pytest.approx(-found.profit)
    assert (other.stopped, other.fees) == pytest.approx((found.stopped, found.fees))
    assert found.profit == pytest.approx(sum(judged(one, known=known).profit for one in orders))


# --- which orders, and when ----------------------------------------------------------------

SHUT = build_episode(at=NOON, state=TradingState.REDUCE_ONLY)


def reason(code: str, scope: str = "portfolio:demo", outcome: Outcome = Outcome.FAILED):
    return ReasonMessage(code=code, outcome=outcome, subject="demo", scope=scope)


def test_an_order_is_stopped_by_what_was_imposed_where_it_was_imposed():
    assert is_stopped_by([reason("var"), reason("reductions_only")], SHUT)
    assert is_stopped_by([reason("throttled")], SHUT), "while it re-opens"
    assert not is_stopped_by([reason("halted")], SHUT), "which is somebody else's"
    assert not is_stopped_by([reason("reductions_only", "asset:BTC")], SHUT)
    assert not is_stopped_by([reason("reductions_only", outcome=Outcome.SKIPPED)], SHUT)
    assert not is_stopped_by([reason("var")], SHUT)


def test_an_episode_is_judged_a_day_after_its_end_and_each_day_while_it_lasts():
    over = SHUT._replace(ended_at=NOON + HOUR)

    assert judged_until(over, None, NOON + HORIZON) is None
    assert judged_until(over, None, NOON + 90 * HOUR) == NOON + HOUR + HORIZON
    assert judged_until(over, NOON + HOUR + HORIZON, NOON + 90 * HOUR) is None, "once for all"
    assert judged_until(SHUT, None, NOON + 23 * HOUR) is None
    assert judged_until(SHUT, None, NOON + 24 * HOUR) == NOON + 24 * HOUR
    assert judged_until(SHUT, NOON + 24 * HOUR, NOON + 47 * HOUR) is None
    assert judged_until(over, NOON + 24 * HOUR, NOON + 25 * HOUR) == NOON + 25 * HOUR


@pytest.mark.parametrize(
    ("state", "size"),
    [
        (TradingState.THROTTLED, 0.5),
        (TradingState.REDUCE_ONLY, 1.0),
        (TradingState.HALTED, 1.0),
    ],
)
def test_what_the_gate_really_says_is_understood(state: TradingState, size: float):
    reader = FakeBookReader(trading=state)
    basis = reader.decision_basis("demo")
    scope = build_episode().scope
    shut = replace(basis.state, standings={scope: Standing(state, NOON, "it tripped", size=size)})
    told = answer(shut, basis.snapshot, body(900, quantity=0.02), at=AFTERNOON)

    assert told.order.allowed < told.order.requested
    reasons = decode_answer(told.order.answer).reasons
    assert is_stopped_by(reasons, build_episode(state=state))
    assert not is_stopped_by(reasons, build_episode(state=state, scope=Scope(scope.kind, "other")))
