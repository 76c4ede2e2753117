"""Live quotes: what moves a mark, what does not, and how often we speak of it."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.market import DataFault, FaultKind, Mark, Trust
from risk.feeds.marks import AGREEING, ONE_SIDED, MarkKeeper, Quote

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


class Desk:
    """A keeper of one asset, asked once a second."""

    def __init__(self, *, settled_at: float | None = 100.0) -> None:
        self.keeper = MarkKeeper(("BTC",))
        self.now = NOON
        self.faults: list[DataFault] = []
        if settled_at is not None:
            self.receive(*[settled_at] * AGREEING)

    def receive(self, *prices: object, **rest: object) -> Mark:
        for price in prices:
            self.now += timedelta(seconds=1)
            self._read([Quote("BTC", self.now, price, **rest)])
        return self.mark

    def wait(self, seconds: float) -> Mark:
        self.now += timedelta(seconds=seconds)
        self._read([])
        return self.mark

    def take(self, quote: Quote) -> Mark:
        self._read([quote])
        return self.mark

    @property
    def kinds(self) -> list[FaultKind]:
        return [fault.kind for fault in self.faults]

    def _read(self, quotes: list[Quote]) -> None:
        self.keeper, marks, faults = self.keeper.read(quotes, self.now)
        self.mark = marks["BTC"]
        self.faults += faults


def test_a_fresh_price_is_trusted_with_its_quotes():
    mark = Desk().receive(101.0, bid=100.9, ask=101.1, volume=5e6)

    assert (mark.price, mark.trust) == (101.0, Trust.TRUSTED)
    assert (mark.bid, mark.ask, mark.volume) == (100.9, 101.1, 5e6)


def test_an_asset_never_quoted_is_missing():
    assert Desk(settled_at=None).wait(1).trust is Trust.MISSING


def test_a_first_price_needs_others_to_agree():
    desk = Desk(settled_at=None)

    assert desk.receive(100_000.0).trust is Trust.MISSING
    assert desk.receive(100.0, 100.1).trust is Trust.MISSING
    assert desk.receive(100.2).price == 100.2
    assert desk.faults == []


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (None, FaultKind.NOT_A_NUMBER),
        (math.nan, FaultKind.NOT_A_NUMBER),
        (math.inf, FaultKind.NOT_A_NUMBER),
        ("NaN", FaultKind.NOT_A_NUMBER),
        ("", FaultKind.NOT_A_NUMBER),
        (True, FaultKind.NOT_A_NUMBER),
        ([100.0], FaultKind.NOT_A_NUMBER),
        (10**400, FaultKind.NOT_A_NUMBER),
        (0, FaultKind.NOT_POSITIVE),
        (-5.0, FaultKind.NOT_POSITIVE),
        ("-5", FaultKind.NOT_POSITIVE),
    ],
)
def test_what_is_no_price_never_becomes_a_mark(bad: object, kind: FaultKind):
    desk = Desk()

    assert desk.receive(bad).price == 100.0
    assert desk.kinds == [kind]


def test_a_price_written_as_text_is_a_price():
    assert Desk().receive("100.5").price == 100.5


@pytest.mark.parametrize("factor", [1000.0, 0.001, 1.5, 0.5])
@pytest.mark.parametrize("prints", range(1, AGREEING))
def test_bad_prints_never_move_the_book(factor: float, prints: int):
    desk = Desk()

    during = desk.receive(*[100.0 * factor] * prints)
    after = desk.receive(100.2)

    assert (during.price, during.trust) == (100.0, Trust.SUSPECT)
    assert (after.price, after.trust) == (100.2, Trust.TRUSTED)
    assert desk.kinds == [FaultKind.OUTLIER]


@pytest.mark.parametrize("level", [40.0, 250.0])
def test_a_real_leap_is_accepted_at_the_third_agreeing_reading(level: float):
    desk = Desk()

    assert desk.receive(level, level * 1.01).trust is Trust.SUSPECT
    assert desk.receive(level * 0.99).price == level * 0.99
    assert desk.mark.trust is Trust.TRUSTED


def test_a_free_fall_that_never_prints_twice_is_accepted_at_the_fifth_reading():
    desk = Desk()
    fall = [80.0, 60.0, 40.0, 25.0, 10.0]

    assert desk.receive(*fall[: ONE_SIDED - 1]).price == 100.0
    assert desk.receive(fall[-1]).price == 10.0


def test_doubts_on_both_sides_do_not_add_up():
    desk = Desk()

    assert desk.receive(150.0, 50.0, 150.0, 50.0, 150.0, 50.0).trust is Trust.SUSPECT


def test_the_same_reading_seen_twice_confirms_nothing():
    desk = Desk()
    quote = Quote("BTC", desk.now + timedelta(seconds=1), 50.0)
    desk.now += timedelta(seconds=1)

    marks = [desk.take(quote) for _ in range(10)]

    assert {mark.price for mark in marks} == {100.0}


def test_a_quiet_feed_goes_stale_by_our_own_time_of_receipt():
    desk = Desk()

    assert desk.wait(30).trust is Trust.TRUSTED
    assert desk.wait(1).trust is Trust.STALE
    assert desk.mark.price == 100.0
    assert desk.kinds == [FaultKind.STALE]


def test_a_connection_that_sends_rubbish_for_long_is_stale_too():
    desk = Desk()

    assert desk.receive(*[None] * 31).trust is Trust.STALE


def test_after_a_long_silence_a_larger_move_is_believed_but_no_doubling():
    ten_percent, day = 111.0, 24 * 3600

    assert Desk().receive(ten_percent).trust is Trust.SUSPECT
    desk = Desk()
    desk.wait(day)
    assert desk.receive(ten_percent).trust is Trust.TRUSTED
    desk.wait(day)
    assert desk.receive(2.01 * ten_percent).trust is Trust.SUSPECT


def test_a_quote_older_than_one_already_used_is_not_used():
    desk = Desk()
    late = desk.take(Quote("BTC", desk.now - timedelta(seconds=1), 99.0))

    assert late.price == 100.0
    assert desk.kinds == [FaultKind.OUT_OF_ORDER]


def test_a_quote_from_the_future_is_not_used():
    desk = Desk()

    assert desk.take(Quote("BTC", desk.now + timedelta(hours=1), 99.0)).price == 100.0
    assert desk.kinds == [FaultKind.OUT_OF_ORDER]


def test_a_lasting_fault_is_told_once_and_a_new_one_again():
    desk = Desk()
    desk.receive(*[None] * 20)
    assert desk.kinds == [FaultKind.NOT_A_NUMBER]

    desk.receive(*[100.0] * 61)
    desk.receive(None)
    assert desk.kinds == [FaultKind.NOT_A_NUMBER] * 2


def test_a_flapping_fault_does_not_flood():
    desk = Desk()
    desk.receive(*[None, 100.0] * 30)

    assert desk.kinds == [FaultKind.NOT_A_NUMBER]


@pytest.mark.parametrize(
    ("bid", "ask", "kept"),
    [
        (99.0, 101.0, (99.0, 101.0)),
        (101.0, 99.0, (None, None)),
        (None, 101.0, (None, 101.0)),
        ("-5", math.nan, (None, None)),
    ],
)
def test_crossed_or_impossible_quotes_are_left_out(bid: Any, ask: Any, kept: tuple[Any, Any]):
    mark = Desk().receive(100.0, bid=bid, ask=ask, volume=-1.0)

    assert (mark.bid, mark.ask) == kept
    assert mark.volume is None


def test_quotes_of_other_assets_are_left_alone():
    desk = Desk()
    marks = desk.keeper.read([Quote("ETH", desk.now, 5.0)], desk.now).marks

    assert set(marks) == {"BTC"}


def test_reading_changes_no_keeper():
    keeper = MarkKeeper(("BTC",))
    keeper.read([Quote("BTC", NOON, 5.0)], NOON)

    assert keeper == MarkKeeper(("BTC",))


prices = st.one_of(
    st.floats(),
    st.floats(1.0, 1000.0),
    st.sampled_from([None, "", "-5", "100", math.nan, math.inf, 0, True, [1], 10**400]),
)


@given(st.lists(st.tuples(prices, st.floats(-5.0, 90.0)), max_size=40))
def test_no_quotes_whatever_raise_or_make_an_impossible_mark(received: list[tuple[Any, float]]):
    desk = Desk(settled_at=None)
    for price, step in received:
        desk.now += timedelta(seconds=max(step, 0.0))
        mark = desk.take(Quote("BTC", desk.now + timedelta(seconds=min(step, 0.0)), price))
        assert mark.trust is Trust.MISSING or (math.isfinite(mark.price) and mark.price > 0.0)
        assert mark.at <= desk.now
