"""Ages as people say them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.ages import age_in_words

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5.0, "0 s"),
        (0.9, "0 s"),
        (119.0, "119 s"),
        (120.0, "2 min"),
        (7_199.0, "119 min"),
        (7_200.0, "2 h"),
        (2 * DAY - 1, "47 h"),
        (2 * DAY, "2 days"),
        (800.5 * DAY, "800 days"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_of_which_there_are_two(seconds, words):
    assert age_in_words(timedelta(seconds=seconds)) == words


@given(st.timedeltas(min_value=timedelta(seconds=2), max_value=timedelta(days=9_999)))
def test_no_age_is_told_older_than_it_is_nor_much_younger(age):
    number, unit = age_in_words(age).split()
    told = int(number) * {"s": 1, "min": 60, "h": 3_600, "days": DAY}[unit]

    assert told <= age.total_seconds() < 1.5 * told
