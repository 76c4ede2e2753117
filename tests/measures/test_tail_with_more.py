"""One more order's tails: what measuring its books anew says, found from the largest loss down."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk.errors import InsufficientData
from risk.measures.tail import TAIL_WEIGHT, blended_var_es, historical_var_es
from risk.measures.tail_with_more import (
    BlendedWithMore,
    HistoricalWithMore,
    blended_with_one_more,
    worst_loss_with_more,
)
from risk.measures.tracking import tracked_var_es
from risk.measures.types import FloatArray

LEVELS = (0.95, 0.975, 0.99)
N = 240

# Few different values, so that many losses are tied.
profits = arrays(np.float64, N, elements=st.integers(-30, 30).map(float))
returns = arrays(np.float64, N, elements=st.integers(-20, 20).map(lambda x: x / 16.0))
changes = st.sampled_from((0.0, 0.25, -0.25, 3.0, -3.0, 4e3, -4e3))
multipliers = arrays(np.float64, 3, elements=st.sampled_from((0.7, 1.0, 1.6)))
least = arrays(np.float64, (2, 3), elements=st.sampled_from((0.0, 5.0, 40.0)))


def largest(least: FloatArray, multipliers: FloatArray, *figures: tuple) -> FloatArray:
    tracked = [tracked_var_es(var, es, multipliers) for var, es in figures]
    return np.maximum.reduce([least, *map(np.array, tracked)])


def once_of(
    worst: tuple[FloatArray, FloatArray],
    filled: tuple[FloatArray, FloatArray],
    returns: FloatArray,
    change: float,
    multipliers: FloatArray,
    least: FloatArray,
) -> FloatArray:
    return blended_with_one_more(
        worst,
        filled,
        returns,
        change,
        levels=np.array(LEVELS),
        multipliers=multipliers,
        least=least,
        tail_weight=TAIL_WEIGHT,
    )


def losing(returns: FloatArray, change: float) -> FloatArray:
    return np.minimum(returns * change, 0.0)


@given(profits, profits, returns, changes, multipliers, least)
def test_plain_figures_are_those_of_both_books_measured_anew(
    worst: FloatArray,
    filled: FloatArray,
    returns: FloatArray,
    change: float,
    multipliers: FloatArray,
    least: FloatArray,
) -> None:
    expected = largest(
        least,
        multipliers,
        historical_var_es(-(worst + losing(returns, change)), LEVELS),
        historical_var_es(-(filled + returns * change), LEVELS),
    )
    found = HistoricalWithMore(worst, filled, LEVELS, multipliers, least)

    np.testing.assert_array_equal(found(returns, change), expected)


@given(
    st.tuples(profits, profits),
    st.tuples(profits, profits),
    st.tuples(returns, returns),
    changes,
    multipliers,
    least,
)
def test_blended_figures_are_those_of_both_books_measured_anew(
    worst: tuple[FloatArray, FloatArray],
    filled: tuple[FloatArray, FloatArray],
    returns: tuple[FloatArray, FloatArray],
    change: float,
    multipliers: FloatArray,
    least: FloatArray,
) -> None:
    losses = [-(book + losing(r, change)) for book, r in zip(worst, returns, strict=True)]
    all_of_it = [-(book + r * change) for book, r in zip(filled, returns, strict=True)]
    expected = largest(
        least,
        multipliers,
        blended_var_es(*losses, LEVELS),
        blended_var_es(*all_of_it, LEVELS),
    )
    found = BlendedWithMore(worst, filled, LEVELS, multipliers, least, TAIL_WEIGHT)
    once = once_of(worst, filled, np.array(returns), change, multipliers, least)

    np.testing.assert_array_equal(found(np.array(returns), change), expected)
    np.testing.assert_array_equal(once, expected)


@given(profits, returns, st.floats(-1e3, 1e3))
def test_an_answer_does_not_depend_on_what_was_asked_before(
    book: FloatArray, returns: FloatArray, other: float
) -> None:
    ready = HistoricalWithMore(book, book, LEVELS, np.ones(3), np.zeros((2, 3)))
    first = ready(returns, 2.0)
    ready(returns, other)

    np.testing.assert_array_equal(ready(returns, 2.0), first)


@given(arrays(np.float64, 12, elements=st.integers(-30, 30).map(float)), changes, st.data())
def test_the_worst_scenario_counts_what_the_order_loses_and_not_what_it_gains(
    book: FloatArray, change: float, data: st.DataObject
) -> None:
    shocks = data.draw(arrays(np.float64, 12, elements=st.integers(-9, 9).map(lambda x: x / 8.0)))
    expected = max(0.0, -float((book + losing(shocks, change)).min()))

    assert worst_loss_with_more(book, shocks, change) == expected


@pytest.mark.parametrize("change", [math.inf, -math.inf, math.nan, 1e308])
def test_an_order_beyond_any_float_has_an_infinite_loss(change: float) -> None:
    rng = np.random.default_rng(3)
    book, returns = rng.normal(size=N), 1e3 * rng.normal(size=N)
    books = (book, book)
    plain = HistoricalWithMore(book, book, LEVELS, np.ones(3), np.zeros((2, 3)))
    blended = BlendedWithMore(books, books, LEVELS, np.ones(3), np.zeros((2, 3)), TAIL_WEIGHT)

    assert np.isposinf(plain(returns, change)).all()
    assert np.isposinf(blended(np.array([returns, returns]), change)).all()
    once = once_of(books, books, np.array([returns, returns]), change, np.ones(3), np.zeros((2, 3)))
    assert np.isposinf(once).all()
    assert worst_loss_with_more(book, returns, change) == math.inf


def test_too_few_scenarios_and_gaps_are_refused() -> None:
    none, gap = np.empty(0), np.array([1.0, np.nan])
    with pytest.raises(InsufficientData, match="1 or more observations, got 0"):
        HistoricalWithMore(none, none, LEVELS, np.ones(3), np.zeros((2, 3)))
    few = (np.ones(49), np.ones(49))
    with pytest.raises(InsufficientData, match="50 or more observations, got 49"):
        BlendedWithMore(few, few, LEVELS, np.ones(3), np.zeros((2, 3)), TAIL_WEIGHT)
    with pytest.raises(ValueError, match="NaN or infinity"):
        HistoricalWithMore(gap, gap, LEVELS, np.ones(3), np.zeros((2, 3)))


def test_levels_and_shapes_that_do_not_fit_are_refused() -> None:
    book = np.ones(N)
    with pytest.raises(ValueError, match="rise within"):
        HistoricalWithMore(book, book, (0.99, 0.95), np.ones(2), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="3 levels, 2 multipliers"):
        HistoricalWithMore(book, book, LEVELS, np.ones(2), np.zeros((2, 3)))
