"""What a card's sparkline draws."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pages.context import MetricHistory
from pages.query import parse
from pages.views.trend import spark_course

NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
PAST = MetricHistory(np.array([1, 2]), np.array([3.0, 4.0]))


@pytest.mark.parametrize(
    ("address", "newest", "course"),
    [
        ({}, 5.0, [3.0, 4.0, 5.0]),
        ({}, None, [3.0, 4.0]),
        ({"from": "2026-11-01T00:00Z", "to": "2026-12-01T00:00Z"}, 5.0, [3.0, 4.0, 5.0]),
        ({"from": "2026-11-01T00:00Z", "to": "2026-11-02T00:00Z"}, 5.0, [3.0, 4.0]),
    ],
)
def test_the_value_of_now_is_no_part_of_a_range_that_is_over(address, newest, course):
    assert spark_course(PAST, newest, parse(address), NOW) == course
