"""One bad print moves nothing, whatever level stays is believed, and doubt ends in a minute."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.equity_trust import EquityTrust
from risk.domain.market import Trust
from risk.domain.positions import PositionKey
from risk.domain.state import Performance, RiskState
from risk.portfolio.equity_trust import OF, PATIENCE, Reading, next_trust, reading_of
from risk.portfolio.performance import next_performance
from risk.storage.codec import decode_value, encode_value
from tests.books import BTC, ETH, MIDNIGHT, book_of, marks_of, snapshot_of

SECOND = timedelta(seconds=1)
START = 1_000.0

#: Seconds between readings: a live engine's, a slow one's, a replay's, and after days away.
GAPS = st.sampled_from((0.5, 1.0, 7.0, 59.0, 60.0, 61.0, 3_600.0, 4 * 86_400.0))
#: A book that goes its way: no step is a leap even within a second.
CALM = st.lists(st.tuples(GAPS, st.floats(0.96, 1.04)), max_size=8)
#: Equity as a multiple of what is right.
BAD = st.sampled_from((1_000.0, 30.0, 0.01, 1e-9, 0.0, -3.0))
ANYTHING = st.lists(
    st.tuples(GAPS, st.sampled_from((0.01, 0.3, 0.5, 0.9, 1.0, 1.3, 4.0, 900.0))), max_size=12
)


class Book(NamedTuple):
    """A book on its way, and what it is worth in truth or in error."""

    trust: EquityTrust | None
    performance: Performance
    at: float = 0.0

    def read(
        self, seconds: float, equity: float | None, *, flows: float = START, confirms: bool = True
    ) -> "Book":
        at = self.at + seconds
        moment = MIDNIGHT + at * SECOND
        found = next_trust(self.trust, self.performance, Reading(moment, equity, flows, confirms))
        after = next_performance(
            self.performance, equity=found.believed, net_flows=flows, at=moment
        )
        assert after is not None
        return Book(found.trust, after, at)

    def read_all(self, readings: Iterable[tuple[float, float]]) -> "Book":
        book = self
        for seconds, equity in readings:
            book = book.read(seconds, equity)
        return book

    @property
    def figures(self) -> tuple[float, float, float]:
        found = self.performance
        return found.unit_value, found.peak.unit_value, found.drawdown


def begun() -> Book:
    first = next_performance(None, equity=START, net_flows=START, at=MIDNIGHT)
    assert first is not None
    return Book(None, first)


def went(steps: Iterable[tuple[float, float]]) -> tuple[Book, float]:
    """A book after these steps, and its equity."""
    book, equity = begun(), START
    for seconds, factor in steps:
        equity *= factor
        book = book.read(seconds, equity)
    return book, equity


@given(CALM, GAPS, BAD, st.lists(GAPS, min_size=2, max_size=2))
def test_one_bad_print_moves_neither_peak_nor_drawdown(
    steps: list[tuple[float, float]], gap: float, bad: float, gaps: list[float]
) -> None:
    before, equity = went(steps)

    struck = before.read(gap, bad * equity)
    after = struck.read_all((seconds, equity) for seconds in gaps)

    assert struck.performance == before.performance
    assert struck.trust is not None
    assert after.trust is None
    assert after.figures == pytest.approx(before.figures)


@given(ANYTHING, GAPS, st.just(0.0) | st.floats(1e-6, 1e6))
def test_a_level_that_stays_is_believed_whatever_was_read_before(
    before: list[tuple[float, float]], gap: float, level: float
) -> None:
    book = begun().read_all((seconds, START * factor) for seconds, factor in before)

    after = book.read_all([(gap, START * level)] * OF)

    assert after.trust is None
    assert after.performance.unit_value == pytest.approx(level)


def test_a_collapse_at_one_reading_a_second_is_believed_at_its_third() -> None:
    fallen = [begun().read_all([(1.0, 100.0)] * count) for count in (1, 2, 3)]

    assert [book.performance.drawdown for book in fallen] == pytest.approx([0.0, 0.0, 0.9])


def test_between_hours_the_next_reading_decides() -> None:
    fallen = begun().read(3_600.0, 500.0)

    assert fallen.trust is not None
    assert fallen.read(3_600.0, 430.0).performance.drawdown == pytest.approx(0.57)
    assert fallen.read(3_600.0, 990.0).performance.drawdown == pytest.approx(0.01)


@given(ANYTHING, st.booleans())
def test_no_doubt_outlives_its_deadline(readings: list[tuple[float, float]], graded: bool) -> None:
    book = begun()
    for seconds, factor in readings:
        book = book.read(seconds, START * factor, confirms=graded)
        if book.trust is not None:
            assert book.trust.deadline - book.trust.distrusted_since == PATIENCE
            assert MIDNIGHT + book.at * SECOND < book.trust.deadline


def test_a_scatter_ends_for_the_worse_at_the_deadline_and_not_before() -> None:
    scattered = [200.0, 9_000.0, 550.0, 80.0, 2_000.0] * 12
    book = begun().read_all((1.0, equity) for equity in scattered)

    assert book.trust is not None
    assert book.performance == begun().performance

    ended = book.read(1.0, 3_000.0)
    assert ended.trust is None
    assert ended.performance.unit_value == 1.0
    assert book.read(1.0, 300.0).performance.unit_value == pytest.approx(0.55)


def test_a_collapse_seen_through_stale_marks_alone_counts_from_the_deadline() -> None:
    book = begun()
    for _ in range(60):
        book = book.read(1.0, 300.0, confirms=False)
        assert book.performance.drawdown == 0.0

    ended = book.read(1.0, 300.0, confirms=False)

    assert ended.trust is None
    assert ended.performance.drawdown == pytest.approx(0.7)


def test_a_reading_that_confirms_nothing_and_does_not_leap_is_believed() -> None:
    assert begun().read(1.0, 990.0, confirms=False).performance.unit_value == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("seconds", "fall"), [(1.0, 0.05), (60.0, 0.05), (3_600.0, 0.387), (864_000.0, 0.5)]
)
def test_what_is_a_leap_grows_with_the_root_of_the_time_up_to_a_half(
    seconds: float, fall: float
) -> None:
    assert begun().read(seconds, START * (1.001 - fall)).trust is None
    assert begun().read(seconds, START * (0.999 - fall)).trust is not None


@given(st.lists(st.tuples(GAPS, st.floats(0.96, 1.04), st.floats(-0.9, 5.0)), max_size=12))
def test_no_deposit_and_no_withdrawal_is_doubted(course: list[tuple[float, float, float]]) -> None:
    book, equity, flows = begun(), START, START
    for seconds, growth, flow in course:
        moved = flow * equity
        equity, flows = equity * growth + moved, flows + moved
        book = book.read(seconds, equity, flows=flows)
        assert book.trust is None


def test_a_deposit_while_equity_is_doubted_confirms_nothing() -> None:
    struck = begun().read(1.0, 100.0)
    paid = struck.read(1.0, 1_000.0, flows=START + 900.0)

    assert paid.trust is not None
    assert paid.read(1.0, 1_000.0, flows=START + 900.0).performance.drawdown == pytest.approx(0.9)


@given(ANYTHING)
def test_doubling_all_sizes_and_equity_changes_nothing(readings: list[tuple[float, float]]) -> None:
    one, two = begun(), begun()
    double = next_performance(None, equity=2 * START, net_flows=2 * START, at=MIDNIGHT)
    assert double is not None
    two = two._replace(performance=double)
    for seconds, factor in readings:
        one = one.read(seconds, START * factor)
        two = two.read(seconds, 2 * START * factor, flows=2 * START)
        assert one.figures == two.figures
        assert (one.trust and one.trust._replace(cause="")) == (
            two.trust and two.trust._replace(cause="")
        )


@settings(max_examples=25)
@given(ANYTHING)
def test_a_restart_at_any_step_changes_nothing(readings: list[tuple[float, float]]) -> None:
    lasting = restarted = begun()
    for seconds, factor in readings:
        lasting = lasting.read(seconds, START * factor)
        restarted = restarted.read(seconds, START * factor)
        state = RiskState(
            portfolio="demo", performance=restarted.performance, equity_trust=restarted.trust
        )
        read = decode_value(encode_value(state), RiskState)
        assert read.performance is not None
        restarted = Book(read.equity_trust, read.performance, restarted.at)
        assert restarted == lasting


def test_what_is_unknown_changes_nothing() -> None:
    struck = begun().read(1.0, 100.0)

    assert struck.read(5.0, None) == struck._replace(at=6.0)


def test_cycles_of_one_moment_count_once_and_in_any_order() -> None:
    twice = begun().read(1.0, 100.0).read(1.0, 100.0).read(0.0, 100.0).read(0.0, 100.0)
    orders = [
        begun().read(1.0, a).read(0.0, b).read(1.0, 990.0).read(1.0, 990.0)
        for a, b in ((100.0, 990.0), (990.0, 100.0))
    ]

    assert twice.trust is not None
    assert twice.read(1.0, 100.0).trust is None
    assert orders[0].trust is orders[1].trust is None
    assert orders[0].figures == orders[1].figures


def test_a_clock_that_went_back_ends_the_doubt_instead_of_prolonging_it() -> None:
    struck = begun().read(1.0, 100.0)

    assert struck.read(-3_600.0, 100.0).trust is None


@pytest.mark.parametrize(("part", "confirms"), [(0.04, True), (0.06, False)])
@pytest.mark.parametrize("trust", [Trust.STALE, Trust.SUSPECT])
def test_readings_confirm_while_old_marks_value_little_of_the_book(
    part: float, confirms: bool, trust: Trust
) -> None:
    held = {
        PositionKey("trend", BTC, "sim-a"): 1e5 * part,
        PositionKey("dip", ETH, "sim-a"): -1e5 * (1.0 - part),
    }
    snapshot = snapshot_of(book_of(held), marks=marks_of(trusts={BTC: trust}))

    assert reading_of(snapshot).confirms is confirms


@pytest.mark.parametrize(
    ("equity", "said"),
    [
        (120.0, "equity reads 120, 88 % under the last trusted 1,000"),
        (1_200.0, "equity reads 1,200, 20 % over the last trusted 1,000"),
        (1e6, "equity reads 1,000,000, 1,000 times the last trusted 1,000"),
        (-50.0, "equity reads -50, 100 % under the last trusted 1,000"),
    ],
)
def test_the_cause_has_the_numbers_the_rule_and_the_end(equity: float, said: str) -> None:
    trust = begun().read(9.0, equity).trust

    assert trust is not None
    assert trust.cause == (
        f"{said}: waiting for 3 of 5 readings that agree; until 00:01:09 UTC no new risk, "
        "reductions pass"
    )
