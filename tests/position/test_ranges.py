"""Average ranges are led from bar to bar; a range and a deviation stay apart."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.market import BarClose, Period
from risk.measures.stops import ATR_NEEDS, true_range
from risk.position.ranges import next_ranges, volatility_of
from tests.books import ALIEN, BTC, KNOWN, LATE, MIDNIGHT, as_close, warmed_models
from tests.builders import build_close

ASSET = "C000/USDT"
HOUR = timedelta(hours=1)


def hours(*closes: float, opened=MIDNIGHT, **changes) -> list[BarClose]:
    return [
        as_close([BTC], [close], period=Period.HOUR, opened=opened + number * HOUR, **changes)
        for number, close in enumerate(closes)
    ]


def test_a_range_is_that_of_the_bar_and_its_gap():
    known = next_ranges({}, [build_close(opened=MIDNIGHT)])[ASSET]
    again = next_ranges({ASSET: replace_close(known, 90.0)}, [build_close(opened=MIDNIGHT + HOUR)])

    assert known.average == (pytest.approx(true_range(103.0, 99.0, None)), 1)
    assert (known.close, known.closed) == (102.0, MIDNIGHT + HOUR)
    both = (true_range(103.0, 99.0, None) + true_range(103.0, 99.0, 90.0)) / 2.0
    assert again[ASSET].average == (pytest.approx(both), 2)


def replace_close(known, close):
    return known._replace(close=close)


def test_bars_of_closes_alone_range_from_one_close_to_the_next():
    known = next_ranges({}, hours(100.0, 110.0, 99.0))[BTC]

    assert known.average.mean == pytest.approx((math.log(1.1) + math.log(110.0 / 99.0)) / 3.0)


def test_bar_by_bar_and_all_at_once_are_the_same():
    closes = hours(100.0, 110.0, 99.0, 104.0)
    one_by_one = {}
    for close in closes:
        one_by_one = next_ranges(one_by_one, [close])

    assert one_by_one == next_ranges({}, closes)


def test_days_do_not_count():
    assert next_ranges({}, [as_close([BTC], [100.0], period=Period.DAY)]) == {}


def test_after_a_missing_bar_the_gap_is_no_part_of_the_range():
    first, *_, last = hours(100.0, 150.0, 300.0)

    assert next_ranges({}, [first, last])[BTC].average == (0.0, 2)


def test_a_series_that_breaks_starts_anew():
    known = next_ranges({}, [*hours(100.0, 110.0), *hours(5.0, breaks=frozenset([BTC]))])[BTC]

    assert known.average == (0.0, 1)
    assert known.close == 5.0


def test_a_high_that_lies_below_the_close_by_a_rounding_is_no_error():
    close = build_close()
    bar = replace(close.bars[ASSET], high=102.0 * (1.0 - 1e-12), low=102.0)

    assert next_ranges({}, [replace(close, bars={ASSET: bar})])[ASSET].average.bars == 1


def test_an_asset_of_whom_little_is_known_has_no_volatility():
    ranges = next_ranges({}, hours(*([100.0, 101.0] * ATR_NEEDS)[: ATR_NEEDS - 1]))
    day = warmed_models().day

    assert volatility_of(BTC, ranges, day).atr is None
    assert volatility_of(LATE, {}, day) == (None, None)
    assert volatility_of(ALIEN, {}, day) == (None, None)


def test_a_price_that_never_moved_has_no_volatility_to_measure_a_distance_in():
    """Four times nothing would be a stop at the price itself, reached as soon as it stands."""
    day = warmed_models().day
    still = day.filter.variance.copy()
    still[KNOWN.index(BTC)] = 0.0
    day = replace(day, filter=day.filter._replace(variance=still))
    ranges = next_ranges({}, hours(*[1.0] * ATR_NEEDS))

    assert ranges[BTC].average == (0.0, ATR_NEEDS)
    assert volatility_of(BTC, ranges, day) == (None, None)


def test_a_deviation_is_the_days_forecast_and_a_range_is_that_of_the_hours():
    ranges = next_ranges({}, hours(*[100.0, 101.0] * ATR_NEEDS))
    day = warmed_models().day
    found = volatility_of(BTC, ranges, day)

    assert found.sigma == pytest.approx(math.sqrt(day.filter.variance[KNOWN.index(BTC)]))
    assert found.atr == pytest.approx(ranges[BTC].average.mean * math.sqrt(24.0))
