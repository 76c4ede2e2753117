"""Times as files write them."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from risk.feeds.rows import parse_times

MOMENT = datetime(2024, 3, 1, 5, tzinfo=UTC)
EPOCH = int(MOMENT.timestamp())


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-01T05:00:00Z",
        "2024-03-01 05:00",
        "2024-03-01T07:00:00+02:00",
        EPOCH,
        EPOCH * 1000,
        EPOCH * 1_000_000,
        EPOCH * 1_000_000_000,
        float(EPOCH),
        str(EPOCH),
        MOMENT,
        MOMENT.replace(tzinfo=None),
        pd.Timestamp(MOMENT).tz_convert("Asia/Tokyo"),
    ],
)
def test_a_time_is_understood_in_each_way_it_is_written(written: object):
    parsed = parse_times(pd.Series([written] * 3))

    assert list(parsed) == [MOMENT] * 3


def test_a_date_in_eight_digits_is_no_count_of_seconds():
    assert list(parse_times(pd.Series([20240301, 20240302]))) == [
        datetime(2024, 3, 1, tzinfo=UTC),
        datetime(2024, 3, 2, tzinfo=UTC),
    ]


@pytest.mark.parametrize("no_time", ["soon", "", None, float("nan"), "1969-12-31", "2200-01-01"])
def test_what_is_no_time_of_ours_is_not_a_time(no_time: object):
    parsed = parse_times(pd.Series(["2024-03-01", "2024-03-02", no_time], dtype=object))

    assert parsed.notna().tolist() == [True, True, False]


def test_a_count_far_out_of_range_is_not_a_time():
    parsed = parse_times(pd.Series([EPOCH, EPOCH + 3600, 1e300]))

    assert parsed.notna().tolist() == [True, True, False]
