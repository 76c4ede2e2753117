"""Days made of hours: whole enough, or not at all."""

from datetime import timedelta

from risk.domain.market import Bar, BarClose, DataFault, Period
from risk.feeds.days import HOURS_NEEDED, DayBuilder
from tests.price_tables import START


def hour(
    number: int, price: float = 100.0, *, anew: bool = False, absent: bool = False
) -> BarClose:
    opened = START + timedelta(hours=number)
    bar = Bar(
        asset="BTC",
        period=Period.HOUR,
        opened=opened,
        open=price,
        high=price + 1.0,
        low=price - 1.0,
        close=price + 0.5,
        volume=2.0,
    )
    return BarClose(
        period=Period.HOUR,
        opened=opened,
        bars={} if absent else {"BTC": bar},
        breaks=frozenset({"BTC"}) if anew else frozenset(),
    )


def days_of(hours: list[BarClose]) -> tuple[list[BarClose], list[DataFault]]:
    builder = DayBuilder()
    made = [builder.add(each) for each in hours]
    return [day for day, _ in made if day], [fault for _, faults in made for fault in faults]


def test_a_day_spans_its_hours():
    (day,), faults = days_of([hour(i, 100.0 + i) for i in range(24)])
    bar = day.bars["BTC"]

    assert (day.opened, day.closed) == (START, START + timedelta(days=1))
    assert (bar.open, bar.high, bar.low, bar.close) == (100.0, 124.0, 99.0, 123.5)
    assert bar.volume == 48.0
    assert faults == []


def test_a_day_is_known_only_when_its_last_hour_has_closed():
    days, _ = days_of([hour(i) for i in range(23)])

    assert days == []


def test_twenty_hours_make_a_day_and_nineteen_do_not():
    enough, _ = days_of([hour(i) for i in range(24 - HOURS_NEEDED, 24)])
    scarce, faults = days_of([hour(i) for i in range(25 - HOURS_NEEDED, 24)])

    assert "BTC" in enough[0].bars
    assert scarce[0].bars == {}
    assert "19 of 24 hours" in faults[0].detail


def test_without_its_last_hour_a_day_has_no_close():
    (day,), faults = days_of([*[hour(i) for i in range(23)], hour(23, absent=True)])

    assert day.bars == {}
    assert "not the last one" in faults[0].detail


def test_hours_before_a_break_do_not_count():
    broken = [hour(i, 5.0) for i in range(3)] + [hour(3, 100.0, anew=True)]
    (day,), _ = days_of(broken + [hour(i) for i in range(4, 24)])

    assert day.bars["BTC"].low == 99.0
    assert day.breaks == {"BTC"}


def test_a_break_waits_for_the_first_day_that_the_asset_has():
    listed = [hour(12, anew=True)] + [hour(i) for i in range(13, 24)]
    days, _ = days_of(listed + [hour(i) for i in range(24, 72)])

    assert [day.breaks for day in days] == [frozenset(), {"BTC"}, frozenset()]


def test_a_day_cut_short_by_a_hole_leaves_nothing_behind():
    days, _ = days_of([hour(i) for i in range(20)] + [hour(i) for i in range(28, 48)])

    assert [day.opened for day in days] == [START + timedelta(days=1)]
    assert len(days[0].bars) == 1
