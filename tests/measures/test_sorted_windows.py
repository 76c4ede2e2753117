"""Windows that are kept in order hold what sorting the last values gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.sorted_windows import windows_push, windows_start
from tests.oracles.sorted_windows import falling_by_sorting

# Few different values, so that many tie; and a bar without one.
VALUES = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e9, 1e9), st.just(np.nan))


@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=40),
    size=st.integers(1, 7),
)
def test_they_are_the_last_values_sorted(rows, size):
    windows = windows_start(2, size)
    for row in rows:
        windows_push(windows, np.array(row))

    for j, count in enumerate(windows.counts()):
        expected = falling_by_sorting([row[j] for row in rows], size)
        assert windows.falling[j, :count].tolist() == expected


def test_they_stay_sorted_over_thousands_of_values():
    rng = np.random.default_rng(3)
    values = np.round(rng.standard_t(3, 3000), 1)
    windows = windows_start(1, 500)

    for t, value in enumerate(values):
        windows_push(windows, np.array([value]))
        if t % 97 == 0 or t > 2990:
            count = windows.counts()[0]
            expected = falling_by_sorting(values[: t + 1], 500)
            assert windows.falling[0, :count].tolist() == expected


def test_a_series_without_a_value_stays_as_it_is_beside_one_with():
    windows = windows_start(2, 3)
    windows_push(windows, np.array([1.0, 2.0]))

    windows_push(windows, np.array([np.nan, 3.0]))

    assert windows.counts().tolist() == [1, 2]
    assert windows.falling[0, 0] == 1.0
    assert windows.falling[1, :2].tolist() == [3.0, 2.0]


def test_the_same_value_again_and_again_fills_a_window():
    windows = windows_start(1, 4)
    for _ in range(9):
        windows_push(windows, np.array([0.5]))

    assert windows.falling.tolist() == [[0.5] * 4]


def test_a_copy_does_not_change_with_its_origin():
    windows = windows_start(1, 2)
    windows_push(windows, np.array([1.0]))
    kept = windows.copy()

    windows_push(windows, np.array([2.0]))

    assert kept.counts().tolist() == [1]
    assert kept.falling[0, 0] == 1.0


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_refuses_infinity_and_has_not_changed_then(value):
    windows = windows_start(2, 2)

    with pytest.raises(ValueError, match="infinity"):
        windows_push(windows, np.array([1.0, value]))

    assert windows.counts().tolist() == [0, 0]


def test_refuses_what_is_not_one_value_a_series():
    with pytest.raises(ValueError, match="3 values for 2 windows"):
        windows_push(windows_start(2, 2), np.zeros(3))


def test_refuses_a_window_of_nothing():
    with pytest.raises(ValueError, match="1 value or more, not 0"):
        windows_start(2, 0)
