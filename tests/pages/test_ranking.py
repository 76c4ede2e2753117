"""Percentiles of a book's own history."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import MetricHistory
from pages.views.ranking import rank

HOUR_MS = 3_600_000


def history(values, step_ms: int = HOUR_MS) -> MetricHistory:
    array = np.asarray(values, dtype=float)
    return MetricHistory(np.arange(array.size, dtype=np.int64) * step_ms, array)


def test_the_highest_value_so_far_stands_at_the_99th_percentile():
    assert rank(100.0, history(range(100))).percentile == 99


def test_a_value_in_the_middle_stands_at_the_50th():
    found = rank(49.5, history(range(100)))

    assert found.percentile == 50
    assert found.values == 100
    assert found.span == timedelta(hours=99)


def test_a_figure_that_never_moves_stands_in_the_middle_not_at_an_end():
    assert rank(1.0, history(np.ones(80))).percentile == 50


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=80),
    st.floats(-1e6, 1e6),
    st.floats(0, 1e6),
)
def test_a_higher_value_never_ranks_lower(values, value, more):
    stored = history(values)

    assert rank(value, stored).percentile <= rank(value + more, stored).percentile


@pytest.mark.parametrize(
    "stored", [history(range(49)), history(range(100), step_ms=60_000), history([])]
)
def test_too_little_history_ranks_nothing(stored):
    assert rank(1.0, stored) is None


def test_an_unknown_value_has_no_rank():
    assert rank(None, history(range(100))) is None
