"""The largest quantity that passes: found near the edge, on the passing side, in few questions."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.limits.largest import CLOSENESS, NEGLIGIBLE, largest_passing

edges = st.floats(1e-4, 1.0)
highs = st.sampled_from((1.0, 7.5, 1e6))


def kinked(edge: float) -> Callable[[float], float]:
    """Flat below half the edge, steeper and steeper above it: several limits in one."""
    return lambda q: max(-0.5, q / edge - 1.0, 3.0 * (q / edge - 1.0))


def bent(edge: float) -> Callable[[float], float]:
    return lambda q: math.sqrt(q / edge) - 1.0


def blind(edge: float) -> Callable[[float], float]:
    """Nothing is known but whether it passes."""
    return lambda q: math.inf if q > edge else -1.0


@pytest.mark.parametrize("shape", [kinked, bent, blind])
@given(share=edges, high=highs)
def test_what_is_found_passes_and_a_little_more_does_not(
    shape: Callable[[float], Callable[[float], float]], share: float, high: float
) -> None:
    excess = shape(share * high)
    found = largest_passing(excess, 0.0, high)

    assert excess(found) <= 0.0
    if found < high:
        assert excess(found + 1.01 * max(CLOSENESS * share * high, NEGLIGIBLE * high)) > 0.0


@given(st.lists(st.booleans(), min_size=8, max_size=8), highs)
def test_whatever_the_answers_are_what_is_found_has_passed(passed: list[bool], high: float) -> None:
    """Even where the check goes up and down, so that no largest one exists."""

    def excess(quantity: float) -> float:
        return -1.0 if passed[int(7.999 * quantity / high)] else 1.0

    found = largest_passing(excess, 0.0, high)

    assert found == 0.0 or excess(found) <= 0.0


def test_all_of_it_passes_at_the_price_of_one_question() -> None:
    asked: list[float] = []

    assert largest_passing(lambda q: asked.append(q) or -1.0, 0.0, 5.0) == 5.0
    assert asked == [5.0]


def test_where_even_what_is_exempt_is_in_excess_nothing_more_passes() -> None:
    asked: list[float] = []

    assert largest_passing(lambda q: asked.append(q) or 1.0, 2.0, 5.0) == 2.0
    assert asked == [5.0, 2.0]


@pytest.mark.parametrize("least", [0.0, 3.0])
def test_what_is_next_to_nothing_of_what_was_asked_for_is_nothing(least: float) -> None:
    """A limit in excess lets pass what could be rounding: no order is made of that."""
    edge = least + 0.9 * NEGLIGIBLE * 8.0

    assert largest_passing(lambda q: q - edge, least, 8.0) == least


@pytest.mark.parametrize("high", [5e-324, 1e-310, 1.7e308])
def test_the_search_ends_where_floats_do(high: float) -> None:
    """Of the smallest of all orders a share is nothing: there is none to look for."""
    assert largest_passing(lambda q: q, 0.0, high) == 0.0
    assert largest_passing(lambda q: math.inf if q > 0.0 else -1.0, 0.0, high) == 0.0


def test_a_straight_line_is_found_in_a_handful_of_questions() -> None:
    asked: list[float] = []
    found = largest_passing(lambda q: asked.append(q) or q / 0.003 - 1.0, 0.0, 1_000.0)

    assert found == pytest.approx(0.003, rel=0.2)
    assert len(asked) <= 6


@given(edges, highs)
def test_no_shape_needs_more_than_three_times_the_questions_of_halving(
    share: float, high: float
) -> None:
    asked: list[float] = []
    step = blind(share * high)
    largest_passing(lambda q: asked.append(q) or step(q), 0.0, high)

    assert len(asked) <= 2 + 3 * 34


@pytest.mark.parametrize("high", [5e-324, 1e-323, 1e-320, 1e-310])
def test_among_the_smallest_floats_it_comes_to_an_end(high: float) -> None:
    asked: list[float] = []

    def excess(quantity: float) -> float:
        asked.append(quantity)
        assert len(asked) < 5_000, "asked without end"
        return 1.0 if quantity > 0.0 else -1.0

    assert largest_passing(excess, 0.0, high) == 0.0
